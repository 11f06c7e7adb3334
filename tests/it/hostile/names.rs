//! Values that mean something to LDAP filters, DNs and C strings are text.

use serde_json::{Value, json};

use super::{leaks_nothing, refused};
use crate::support::people::{create_group_of, create_user, entra_user};
use crate::support::{Bridge, ENTERPRISE, GROUP, both};

both!(stories: [
    filter_metacharacters_in_values_are_text,
    dn_metacharacters_in_names_are_text,
    nul_is_stored_or_refused_everywhere,
    attributes_nobody_may_ask_for,
    read_only_attributes_cannot_be_written,
]);

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
