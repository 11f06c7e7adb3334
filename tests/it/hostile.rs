//! Values meant to do harm: each is a clear 4xx, or is stored as what it is: text. Nothing else changes, nothing leaks.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::people::{create_group_of, create_user, entra_user};
use crate::support::{Answer, Bridge, ENTERPRISE, GROUP, USER, both, percent};

both!(stories: [
    filter_metacharacters_in_values_are_text,
    dn_metacharacters_in_names_are_text,
    nul_is_stored_or_refused_everywhere,
    a_hundred_kilobytes_of_text,
    ten_thousand_nested_parentheses,
    deep_and_broken_json,
    lone_surrogates_and_bytes_that_are_no_text,
    duplicate_keys,
    numbers_and_objects_where_text_belongs,
    ids_that_are_no_ids,
    query_parameters_that_are_no_numbers,
    attributes_nobody_may_ask_for,
    too_much_of_everything,
    methods_and_paths_that_mean_nothing,
    read_only_attributes_cannot_be_written,
    an_answer_for_everything_leaves_the_bridge_alive,
]);

/// Asserts that a refusal tells the caller nothing about the inside.
#[track_caller]
fn leaks_nothing(bridge: &Bridge, answer: &Answer) {
    let told = answer.text.to_lowercase();
    for inner in [
        &bridge.root.to_lowercase(),
        &bridge.lab.get("BASE").to_lowercase(),
        "ldap://",
        "ldaps://",
        "ldaperr",
        "dsid",
        "panicked",
        "src/",
        "diagnostic",
    ] {
        assert!(
            !told.contains(inner),
            "the answer tells of `{inner}`: {}",
            answer.text
        );
    }
}

async fn refused(bridge: &Bridge, answer: &Answer) {
    answer.client_error();
    leaks_nothing(bridge, answer);
}

async fn filter_metacharacters_in_values_are_text(bridge: &Bridge) {
    let ana = create_user(bridge, "ana").await;
    let client = bridge.entra();
    let before = bridge.everything().await;
    for value in [
        "*",
        "*)(uid=*",
        "*)(objectClass=*))(|(uid=*",
        "\\2a",
        "a\\",
        "ana*",
        "(",
        ")",
        "&",
        "\u{0}*",
    ] {
        let literal = Value::from(value);
        for filter in [
            format!("userName eq {literal}"),
            format!("externalId eq {literal}"),
            format!("emails[type eq \"work\"].value eq {literal}"),
            format!("displayName co {literal} and userName eq {literal}"),
            format!("id eq {literal}"),
            format!("{ENTERPRISE}:manager eq {literal}"),
        ] {
            let answer = client.filter("/Users", &filter).await;
            if answer.status == 200 {
                answer.empty_list();
            } else {
                answer.bad_request("invalidFilter");
                leaks_nothing(bridge, &answer);
            }
        }
        let remove = json!([{"op": "remove", "path": format!("members[value eq {literal}]")}]);
        let group = create_group_of(bridge, &format!("Ops {}", value.len()), &[&ana]).await;
        let answer = client.patch(&format!("/Groups/{group}"), remove).await;
        if answer.status >= 400 {
            refused(bridge, &answer).await;
        }
        assert_eq!(
            bridge.held(&group).await.members().len(),
            1,
            "{value} is nobody's id"
        );
        client
            .delete(&format!("/Groups/{group}"))
            .await
            .no_content();
    }
    assert_eq!(bridge.everything().await.len(), before.len());
    // As a value to store it is what it is.
    let operations = json!([{"op": "Replace", "path": "title", "value": "*)(uid=*"}]);
    client
        .patch(&format!("/Users/{ana}"), operations)
        .await
        .resource();
    bridge.held(&ana).await.holds(&[("title", "*)(uid=*")]);
    let found = client.filter("/Users", "title eq \"*)(uid=*\"").await;
    assert_eq!(found.only()["id"], ana.as_str());
    client.filter("/Users", "title eq \"*\"").await.empty_list();
}

async fn dn_metacharacters_in_names_are_text(bridge: &Bridge) {
    let client = bridge.entra();
    let ana = create_user(bridge, "ana").await;
    let people = bridge.people.to_lowercase();
    for value in [
        "evil,ou=x",
        "evil+cn=x",
        "a=b",
        "#hash",
        " space",
        "space ",
        "\"q\"",
        "<a>;b",
        "a\\,b",
        "cn=a,dc=example",
    ] {
        let name = format!(
            "{value}{}",
            if value.ends_with(' ') {
                ""
            } else {
                bridge.tag.as_str()
            }
        );
        let group = json!({"schemas": [GROUP], "displayName": name, "members": [{"value": ana}]});
        let answer = client.post("/Groups", group).await;
        if answer.status == 201 {
            let id = answer.created("/Groups");
            let entry = bridge.held(&id).await;
            entry.holds(&[("group.displayName", &name)]);
            let in_place = bridge
                .admin
                .find(&bridge.groups, "(!(objectClass=organizationalUnit))")
                .await;
            assert!(
                in_place.iter().any(|held| held.dn == entry.dn),
                "{} is not where groups are",
                entry.dn
            );
            client.delete(&format!("/Groups/{id}")).await.no_content();
        } else {
            assert!(
                answer.bad_request("invalidValue").contains("displayName"),
                "{}",
                answer.text
            );
            leaks_nothing(bridge, &answer);
        }
        let mut user = entra_user(bridge, "bo");
        user["userName"] = json!(name);
        user["displayName"] = json!(name);
        let answer = client.post("/Users", user).await;
        if answer.status == 201 {
            let id = answer.created("/Users");
            let entry = bridge.held(&id).await;
            entry.holds(&[("userName", &name), ("displayName", &name)]);
            assert!(entry.dn.to_lowercase().ends_with(&people), "{}", entry.dn);
            client.delete(&format!("/Users/{id}")).await.no_content();
        } else {
            assert!(
                answer.bad_request("invalidValue").contains("userName"),
                "{}",
                answer.text
            );
            leaks_nothing(bridge, &answer);
        }
        assert_eq!(
            bridge.count(&bridge.root).await,
            1,
            "{value}: nothing is left"
        );
    }
}

async fn nul_is_stored_or_refused_everywhere(bridge: &Bridge) {
    let client = bridge.entra();
    let id = create_user(bridge, "ana").await;
    for path in [
        "title",
        "displayName",
        "userName",
        "name.givenName",
        "emails[type eq \"work\"].value",
        "externalId",
    ] {
        let value = format!("a\u{0}b.{}@example.test", bridge.tag);
        let before = bridge.held(&id).await;
        let answer = client
            .patch(
                &format!("/Users/{id}"),
                json!([{"op": "replace", "path": path, "value": value}]),
            )
            .await;
        if answer.status == 200 {
            assert!(
                answer.text.contains("a\\u0000b"),
                "{path} was cut: {}",
                answer.text
            );
        } else {
            let detail = answer.bad_request("invalidValue");
            let attribute = path.split(['[', '.']).next().expect("a name");
            assert!(detail.contains(attribute), "{path}: {detail}");
            leaks_nothing(bridge, &answer);
            assert_eq!(bridge.held(&id).await, before);
        }
    }
    for path in [
        "/Users/%00",
        "/Users?filter=userName%20eq%20%22a%00%22",
        "/Users?attributes=user%00Name",
        "/%00",
    ] {
        let answer = client.get(path).await;
        if answer.status != 200 {
            refused(bridge, &answer).await;
        }
    }
    // At the end of a password, where C programs would stop reading.
    let mut user = entra_user(bridge, "bo");
    user["password"] = json!("Correct-Horse-7\u{0}Battery");
    let answer = client.post("/Users", user).await;
    if answer.status == 201 {
        let dn = bridge.held(&answer.created("/Users")).await.dn;
        assert_ne!(
            bridge.admin.bind_as(&dn, "Correct-Horse-7").await,
            0,
            "the password was cut"
        );
    } else {
        answer.bad_request("invalidValue");
    }
}

async fn a_hundred_kilobytes_of_text(bridge: &Bridge) {
    let client = bridge.entra();
    let id = create_user(bridge, "ana").await;
    let long = "x".repeat(100_000);
    for path in [
        "userName",
        "displayName",
        "title",
        "name.familyName",
        "externalId",
        "phoneNumbers[type eq \"work\"].value",
        "password",
    ] {
        let before = bridge.held(&id).await;
        let answer = client
            .patch(
                &format!("/Users/{id}"),
                json!([{"op": "replace", "path": path, "value": long}]),
            )
            .await;
        if answer.status == 200 {
            assert!(
                path == "password" || answer.text.contains(&long),
                "{path} was cut"
            );
        } else {
            let detail = answer.bad_request("invalidValue");
            assert!(detail.len() < 2_000, "{path}: the detail repeats the value");
            leaks_nothing(bridge, &answer);
            assert_eq!(
                bridge.held(&id).await.without_bookkeeping(),
                before.without_bookkeeping()
            );
        }
    }
    let group = json!({"schemas": [GROUP], "displayName": long});
    refused(bridge, &client.post("/Groups", group).await).await;
    refused(
        bridge,
        &client.get(&format!("/Users/{}", &long[..50_000])).await,
    )
    .await;
    let answer = client
        .filter("/Users", &format!("userName eq \"{}\"", &long[..60_000]))
        .await;
    if answer.status == 200 {
        answer.empty_list();
    } else {
        refused(bridge, &answer).await;
    }
    assert_eq!(bridge.count(&bridge.root).await, 1);
}

async fn ten_thousand_nested_parentheses(bridge: &Bridge) {
    let client = bridge.entra();
    let id = create_user(bridge, "ana").await;
    let open = "(".repeat(10_000);
    let close = ")".repeat(10_000);
    for filter in [
        format!("{open}userName pr{close}"),
        open.clone(),
        format!("{}userName pr", "not (".repeat(2_000)),
        format!("{}userName pr", "emails[".repeat(2_000)),
        format!("userName pr{}", " and userName pr".repeat(3_000)),
    ] {
        let answer = client
            .get(&format!(
                "/Users?filter={}",
                filter.replace(' ', "+").replace('[', "%5B")
            ))
            .await;
        if answer.status == 200 {
            answer.list(1);
        } else {
            answer.client_error();
            leaks_nothing(bridge, &answer);
        }
    }
    let operations =
        json!([{"op": "remove", "path": format!("members[{open}value eq \"x\"{close}]")}]);
    refused(
        bridge,
        &client.patch(&format!("/Users/{id}"), operations).await,
    )
    .await;
    bridge.entra().get(&format!("/Users/{id}")).await.resource();
}

async fn deep_and_broken_json(bridge: &Bridge) {
    let client = bridge.entra();
    let id = create_user(bridge, "ana").await;
    let before = bridge.everything().await;
    let nested = |count: usize| {
        format!(
            "{{\"schemas\":[\"{USER}\"],\"userName\":\"x\",\"a\":{}{}}}",
            "[".repeat(count),
            "]".repeat(count)
        )
    };
    let bodies: Vec<Vec<u8>> = vec![
        nested(10_000).into_bytes(),
        format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000)).into_bytes(),
        Vec::new(),
        b"{".to_vec(),
        b"[]".to_vec(),
        b"null".to_vec(),
        b"\"userName\"".to_vec(),
        b"{\"userName\":\"x\"} trailing".to_vec(),
        b"{\"userName\":'x'}".to_vec(),
        b"{\"userName\":NaN}".to_vec(),
        b"userName=x".to_vec(),
        b"<user/>".to_vec(),
        vec![0; 100],
    ];
    for body in bodies {
        for (method, path) in [
            (Method::POST, "/Users".to_owned()),
            (Method::PUT, format!("/Users/{id}")),
            (Method::PATCH, format!("/Users/{id}")),
        ] {
            let answer = client.send(method, &path, Some(body.clone())).await;
            answer.bad_request("invalidSyntax");
            leaks_nothing(bridge, &answer);
        }
    }
    assert_eq!(bridge.everything().await, before);
}

async fn lone_surrogates_and_bytes_that_are_no_text(bridge: &Bridge) {
    let client = bridge.entra();
    let id = create_user(bridge, "ana").await;
    let before = bridge.everything().await;
    let text = |value: &[u8]| {
        let mut body = format!("{{\"schemas\":[\"{USER}\"],\"userName\":\"").into_bytes();
        body.extend_from_slice(value);
        body.extend_from_slice(b"\"}");
        body
    };
    for value in [
        b"\\ud800".as_slice(),
        b"a\\udc00b",
        b"\\ud800\\ud800",
        b"\\ud8",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"\xc0\x80",
        b"a\x01b",
        b"\\x41",
    ] {
        let answer = client.send(Method::POST, "/Users", Some(text(value))).await;
        answer.bad_request("invalidSyntax");
        leaks_nothing(bridge, &answer);
        let answer = client
            .send(Method::PUT, &format!("/Users/{id}"), Some(text(value)))
            .await;
        answer.bad_request("invalidSyntax");
    }
    for query in [
        "filter=userName%20eq%20%22%ff%22",
        "filter=%ed%a0%80",
        "filter=userName%20eq%20%22%5Cud800%22",
        "filter=%",
        "filter=%zz",
    ] {
        let answer = client.get(&format!("/Users?{query}")).await;
        refused(bridge, &answer).await;
        assert_eq!(answer.status, 400, "{query}");
    }
    assert_eq!(bridge.everything().await, before);
}

async fn duplicate_keys(bridge: &Bridge) {
    let client = bridge.entra();
    let id = create_user(bridge, "ana").await;
    let before = bridge.everything().await;
    let bodies = [
        format!(
            r#"{{"schemas":["{USER}"],"userName":"a.{0}","userName":"b.{0}"}}"#,
            bridge.tag
        ),
        format!(
            r#"{{"schemas":["{USER}"],"userName":"a.{0}","USERNAME":"b.{0}"}}"#,
            bridge.tag
        ),
        format!(
            r#"{{"schemas":["{USER}"],"userName":"a.{0}","name":{{"givenName":"a","givenName":"b"}}}}"#,
            bridge.tag
        ),
    ];
    for body in bodies {
        let answer = client
            .send(Method::POST, "/Users", Some(body.clone().into_bytes()))
            .await;
        refused(bridge, &answer).await;
        assert_eq!(answer.status, 400, "{body}");
        let answer = client
            .send(
                Method::PUT,
                &format!("/Users/{id}"),
                Some(body.into_bytes()),
            )
            .await;
        assert_eq!(answer.status, 400);
    }
    let patch = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations":[{"op":"replace","op":"remove","path":"title","value":"x"}]}"#;
    let answer = client
        .send(
            Method::PATCH,
            &format!("/Users/{id}"),
            Some(patch.as_bytes().to_vec()),
        )
        .await;
    assert_eq!(answer.status, 400);
    refused(bridge, &answer).await;
    assert_eq!(bridge.everything().await, before);
}

async fn numbers_and_objects_where_text_belongs(bridge: &Bridge) {
    let client = bridge.entra();
    let id = create_user(bridge, "ana").await;
    let group = create_group_of(bridge, "Ops", &[&id]).await;
    let before = bridge.everything().await;
    let wrong: Vec<(&str, Value)> = vec![
        ("userName", json!(7)),
        ("userName", json!({"value": "x"})),
        ("userName", json!(["a", "b"])),
        ("userName", json!(true)),
        ("displayName", json!(1.5)),
        ("name", json!("Ana")),
        ("name", json!([1])),
        ("emails", json!(7)),
        ("emails", json!([7])),
        ("emails", json!([[]])),
        ("active", json!(1)),
        ("active", json!("yes")),
        ("active", json!({})),
        ("password", json!(12_345_678)),
        (
            "password",
            json!(["Correct-Horse-7-Battery", "Correct-Horse-8-Battery"]),
        ),
        (ENTERPRISE, json!("Labs")),
        (ENTERPRISE, json!({"department": 7})),
        ("schemas", json!([7])),
    ];
    for (name, value) in wrong {
        let mut user = entra_user(bridge, "bo");
        user[name] = value.clone();
        let answer = client.post("/Users", user.clone()).await;
        refused(bridge, &answer).await;
        assert_eq!(answer.status, 400, "{name} = {value}");
        user["userName"] = user["userName"]
            .as_str()
            .map_or(user["userName"].clone(), |_| json!(bridge.name("ana")));
        assert_eq!(
            client.put(&format!("/Users/{id}"), user).await.status,
            400,
            "{name} = {value}"
        );
    }
    for operations in [
        json!("text"),
        json!({}),
        json!([]),
        json!([7]),
        json!([{}]),
        json!([{"op": 7, "path": "title", "value": "x"}]),
        json!([{"op": "replace", "path": 7, "value": "x"}]),
        json!([{"op": "replace", "path": ["title"], "value": "x"}]),
        json!([{"op": "replace", "path": "title"}]),
        json!([{"op": "replace", "value": "x"}]),
        json!([{"op": "add", "value": 7}]),
        json!([{"op": "replace", "path": "userName", "value": 7}]),
    ] {
        let answer = client
            .patch(&format!("/Users/{id}"), operations.clone())
            .await;
        refused(bridge, &answer).await;
        assert_eq!(answer.status, 400, "{operations}");
    }
    for members in [
        json!(7),
        json!("text"),
        json!([7]),
        json!([[id]]),
        json!({"value": {"value": id}}),
    ] {
        let answer = client
            .patch(
                &format!("/Groups/{group}"),
                json!([{"op": "replace", "path": "members", "value": members}]),
            )
            .await;
        refused(bridge, &answer).await;
        assert_eq!(answer.status, 400, "{members}");
    }
    assert_eq!(
        bridge.everything().await,
        before,
        "nothing of it changed anything"
    );
}

async fn ids_that_are_no_ids(bridge: &Bridge) {
    let client = bridge.entra();
    let id = create_user(bridge, "ana").await;
    let before = bridge.everything().await;
    let dn = percent(&bridge.held(&id).await.dn);
    for wrong in [
        "*",
        "%2A",
        "%2A%29%28uid%3D%2A",
        "..",
        "%2e%2e",
        "%2e%2e%2f%2e%2e%2fadmin",
        "%3CGUID%3D*%3E",
        "null",
        "undefined",
        "-1",
        "0",
        "9999999999999999999999",
        "00000000-0000-0000-0000-000000000000",
        "%F0%9F%90%8E",
        "a%2Fb",
        &dn,
        "%20",
        &format!("{id}x"),
        &format!("%20{id}"),
    ] {
        for endpoint in ["/Users", "/Groups"] {
            let path = format!("{endpoint}/{wrong}");
            for answer in [
                client.get(&path).await,
                client.delete(&path).await,
                client
                    .patch(
                        &path,
                        json!([{"op": "replace", "path": "displayName", "value": "Changed"}]),
                    )
                    .await,
            ] {
                // A client library folds `..` away before anything is sent: then it is the collection that answers.
                if !(wrong == ".." || wrong == "%2e%2e") {
                    answer.client_error();
                    assert!(answer.status == 404, "{path}: {}", answer.status);
                }
                if wrong != dn {
                    leaks_nothing(bridge, &answer); // The caller may be told what the caller said.
                }
            }
        }
    }
    // Upper case is the same id: UUIDs have no case (RFC 9562 §4).
    let upper = client.get(&format!("/Users/{}", id.to_uppercase())).await;
    assert!(
        upper.status == 200 || upper.status == 404,
        "{}",
        upper.status
    );
    let braces = client.get(&format!("/Users/%7B{id}%7D")).await;
    assert!(
        braces.status == 404 || braces.body["id"] == id.as_str(),
        "{}",
        braces.text
    );
    assert_eq!(bridge.everything().await, before);
}

async fn query_parameters_that_are_no_numbers(bridge: &Bridge) {
    let client = bridge.entra();
    create_user(bridge, "ana").await;
    for query in [
        "count=abc",
        "startIndex=abc",
        "count=1e3",
        "count=99999999999999999999",
        "startIndex=-99999999999999999999",
        "count=%00",
        "startIndex=",
    ] {
        let answer = client.get(&format!("/Users?{query}")).await;
        if answer.status == 200 {
            answer.list(1);
        } else {
            assert_eq!(answer.status, 400, "{query}");
            refused(bridge, &answer).await;
        }
    }
    let many = client.get("/Users?count=1000000").await;
    assert_eq!(many.list(1).len(), 1);
    let twice = client.get("/Users?count=1&count=2").await;
    assert!(twice.status == 200 || twice.status == 400);
}

async fn attributes_nobody_may_ask_for(bridge: &Bridge) {
    let client = bridge.entra();
    let id = create_user(bridge, "ana").await;
    for attributes in [
        "*",
        "%2B",
        "userPassword",
        "unicodePwd",
        "nTSecurityDescriptor",
        "*)(uid%3D*",
        "a,,b",
        ",",
        "name.",
        "urn:x:y",
    ] {
        for parameter in ["attributes", "excludedAttributes"] {
            let answer = client
                .get(&format!("/Users/{id}?{parameter}={attributes}"))
                .await;
            if answer.status == 200 {
                let told = answer.text.to_lowercase();
                for secret in [
                    "userpassword",
                    "unicodepwd",
                    "ntsecurity",
                    "entryuuid",
                    "objectguid",
                    "pwd",
                ] {
                    assert!(
                        !told.contains(secret),
                        "{parameter}={attributes}: {}",
                        answer.text
                    );
                }
                assert_eq!(answer.body["id"], id.as_str(), "the id is always there");
            } else {
                refused(bridge, &answer).await;
            }
        }
    }
    for filter in [
        "userPassword pr",
        "unicodePwd pr",
        "objectClass eq \"x\"",
        "uid pr",
        "memberOf pr",
        "sAMAccountName eq \"x\"",
    ] {
        let answer = client.filter("/Users", filter).await;
        assert_eq!(
            answer.status, 400,
            "{filter}: LDAP names are nobody's business"
        );
        answer.bad_request("invalidFilter");
        leaks_nothing(bridge, &answer);
    }
}

async fn too_much_of_everything(bridge: &Bridge) {
    let client = bridge.entra();
    let id = create_user(bridge, "ana").await;
    let group = create_group_of(bridge, "Ops", &[&id]).await;
    let before = bridge.everything().await;
    let operations: Vec<Value> = (0..5_000)
        .map(|number| json!({"op": "replace", "path": "title", "value": number.to_string()}))
        .collect();
    let answer = client
        .patch(&format!("/Users/{id}"), json!(operations))
        .await;
    refused(bridge, &answer).await;
    // A body of more than a mebibyte.
    let mut user = entra_user(bridge, "bo");
    user["title"] = json!("x".repeat(1_200_000));
    let answer = client.post("/Users", user).await;
    answer.error(413, None);
    // Ten thousand members of whom nobody is known.
    let members: Vec<Value> = (0..10_000)
        .map(|_| json!({"value": uuid::Uuid::new_v4()}))
        .collect();
    let answer = client
        .patch(
            &format!("/Groups/{group}"),
            json!([{"op": "add", "path": "members", "value": members}]),
        )
        .await;
    refused(bridge, &answer).await;
    assert!(
        answer.text.len() < 4_000,
        "the detail names not all of them"
    );
    assert_eq!(bridge.everything().await, before);
    // A head of more than the bridge takes.
    let answer = client
        .clone()
        .header("x-padding", &"x".repeat(100_000))
        .get("/Users")
        .await;
    assert!((400..500).contains(&answer.status), "{}", answer.status);
}

async fn methods_and_paths_that_mean_nothing(bridge: &Bridge) {
    let client = bridge.entra();
    let id = create_user(bridge, "ana").await;
    let before = bridge.everything().await;
    for (method, path) in [
        (Method::DELETE, "/Users"),
        (Method::PUT, "/Users"),
        (Method::PATCH, "/Users"),
        (Method::POST, &format!("/Users/{id}") as &str),
        (Method::POST, "/Schemas"),
        (Method::DELETE, "/ServiceProviderConfig"),
        (Method::TRACE, "/Users"),
        (Method::OPTIONS, "/Users"),
        (Method::GET, "/Nothing"),
        (Method::GET, &format!("/Users/{id}/nothing")),
        (Method::GET, "/users/../Users"),
        (Method::GET, ""),
        (Method::GET, "/"),
        (Method::POST, "/Bulk"),
        (Method::GET, "/Me"),
    ] {
        let answer = client.send(method.clone(), path, None).await;
        assert!(
            answer.status < 500 || answer.status == 501,
            "{method} {path}: {}",
            answer.status
        );
        if answer.status >= 400 {
            assert_eq!(
                answer.body["status"],
                answer.status.to_string().as_str(),
                "{method} {path} {}",
                answer.text
            );
            leaks_nothing(bridge, &answer);
        }
    }
    assert_eq!(bridge.everything().await, before);
}

async fn read_only_attributes_cannot_be_written(bridge: &Bridge) {
    let client = bridge.entra();
    let id = create_user(bridge, "ana").await;
    let before = bridge.held(&id).await;
    let other = uuid::Uuid::new_v4().to_string();
    for (path, value) in [
        ("id", json!(other)),
        ("meta", json!({"created": "2000-01-01T00:00:00Z"})),
        ("meta.created", json!("2000-01-01T00:00:00Z")),
        ("meta.resourceType", json!("Group")),
        ("schemas", json!([])),
        ("groups", json!([{"value": other}])),
    ] {
        let answer = client
            .patch(
                &format!("/Users/{id}"),
                json!([{"op": "replace", "path": path, "value": value}]),
            )
            .await;
        if answer.status == 200 {
            assert_eq!(answer.body["id"], id.as_str());
        } else {
            refused(bridge, &answer).await;
        }
        assert_eq!(bridge.held(&id).await, before, "{path}");
    }
    // In a create they are the server's to decide.
    let mut user = entra_user(bridge, "bo");
    user["id"] = json!(other);
    user["meta"] = json!({"resourceType": "Group", "created": "2000-01-01T00:00:00Z", "location": "http://evil.example/"});
    let answer = client.post("/Users", user).await;
    let made = answer.created("/Users");
    assert_ne!(made, other);
    assert!(
        !answer.text.contains("evil") && !answer.text.contains("2000-01-01"),
        "{}",
        answer.text
    );
    // Another resource's id in a PUT's body is not this resource's.
    let mut user = entra_user(bridge, "ana");
    user["id"] = json!(made);
    user["displayName"] = json!("Changed");
    let answer = client.put(&format!("/Users/{id}"), user).await;
    if answer.status == 200 {
        assert_eq!(answer.body["id"], id.as_str());
        bridge.held(&id).await.holds(&[("displayName", "Changed")]);
    } else {
        refused(bridge, &answer).await;
    }
    bridge
        .held(&made)
        .await
        .holds(&[("displayName", "Bo Ruiz")]);
}

async fn an_answer_for_everything_leaves_the_bridge_alive(bridge: &Bridge) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    // Not even HTTP.
    for bytes in [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        b"GET /scim/v2/Users HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello".to_vec(),
        b"POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".to_vec(),
        vec![b'A'; 200_000],
        vec![0; 5_000],
    ] {
        let mut socket = tokio::net::TcpStream::connect(bridge.address).await.expect("the bridge listens");
        let _ = socket.write_all(&bytes).await;
        let mut answer = vec![0; 4_096];
        let read = tokio::time::timeout(std::time::Duration::from_secs(2), socket.read(&mut answer)).await;
        if let Ok(Ok(read)) = read {
            let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
            assert!(!answer.starts_with("HTTP/1.1 2") && !answer.contains("panicked"), "{answer}");
        }
    }
    create_user(bridge, "ana").await;
    assert!(
        !bridge.log_text().contains("panicked"),
        "{}",
        bridge.log_text()
    );
}
