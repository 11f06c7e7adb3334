//! Bodies that are broken, deep, ambiguous, or of the wrong types.

use reqwest::Method;
use serde_json::{Value, json};

use super::{leaks_nothing, refused};
use crate::support::people::{create_group_of, create_user, entra_user};
use crate::support::{Bridge, ENTERPRISE, USER, both};

both!(stories: [
    deep_and_broken_json,
    lone_surrogates_and_bytes_that_are_no_text,
    duplicate_keys,
    numbers_and_objects_where_text_belongs,
]);

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
