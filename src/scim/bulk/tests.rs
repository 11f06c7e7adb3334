use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::scim::{Dialect, ScimType};

fn read(operations: Value) -> Result<BulkRequest, Error> {
    let body = json!({ "schemas": [BULK_REQUEST_URN], "Operations": operations });
    BulkRequest::parse(body, &Dialect::strict(), 100)
}

fn post(bulk_id: &str, data: Value) -> Operation {
    Operation {
        method: "POST".to_owned(),
        bulk_id: Some(bulk_id.to_owned()),
        path: "/Groups".to_owned(),
        data,
        version: None,
    }
}

fn patch(path: &str, data: Value) -> Operation {
    Operation {
        method: "PATCH".to_owned(),
        path: path.to_owned(),
        data,
        ..Operation::default()
    }
}

fn delete(path: &str) -> Operation {
    Operation {
        method: "DELETE".to_owned(),
        path: path.to_owned(),
        ..Operation::default()
    }
}

/// In which `userName` is what only one can have.
fn order_of(operations: &[Operation]) -> Order {
    Order::of(operations, &|operation| operation.mentions("userName"))
}

fn rename(path: &str) -> Operation {
    patch(
        path,
        json!({ "Operations": [{ "op": "replace", "path": "userName", "value": "ana" }] }),
    )
}

fn with_members(method: &str, path: &str, ids: &[&str]) -> Operation {
    let members: Vec<Value> = ids.iter().map(|id| json!({ "value": id })).collect();
    let mut operation = patch(path, json!({ "members": members }));
    operation.method = method.to_owned();
    operation.bulk_id = (method == "POST").then(|| "team".to_owned());
    operation
}

fn members(bulk_ids: &[&str]) -> Value {
    let members: Vec<Value> = bulk_ids
        .iter()
        .map(|one| json!({ "value": format!("bulkId:{one}") }))
        .collect();
    json!({ "members": members })
}

#[test]
fn the_request_of_the_rfc_is_read() {
    let request = read(json!([
        { "method": "POST", "path": "/Users", "bulkId": "qwerty", "data": { "userName": "Alice" } },
        { "METHOD": "PUT", "path": "/Users/b7c14771", "version": "W/\"3694e05e9dff591\"", "data": { "userName": "Bob" } },
        { "method": "DELETE", "path": "/Users/e9025315", "bulkId": null },
    ]))
    .unwrap();
    assert_eq!(request.fail_on_errors, None);
    let [alice, bob, gone] = &request.operations[..] else {
        panic!("three operations")
    };
    assert_eq!(alice.method(), Ok(Method::Post));
    assert_eq!(alice.bulk_id.as_deref(), Some("qwerty"));
    assert_eq!(bob.version.as_deref(), Some("W/\"3694e05e9dff591\""));
    assert_eq!(
        (gone.method(), &gone.data),
        (Ok(Method::Delete), &Value::Null)
    );
}

#[test]
fn an_empty_version_is_a_condition_and_no_absent_one() {
    let version = |version: Value| {
        let operation = json!({ "method": "DELETE", "path": "/Users/1", "version": version });
        read(json!([operation])).unwrap().operations[0]
            .version
            .clone()
    };
    assert_eq!(version(json!("")).as_deref(), Some(""));
    assert_eq!(version(Value::Null), None);
}

#[test]
fn what_is_wrong_as_a_whole_refuses_the_whole() {
    let one = || json!({ "method": "POST", "path": "/Users", "bulkId": "a", "data": {} });
    for (body, status, words) in [
        (json!([]), 400, "JSON object"),
        (
            json!({ "Operations": [one()] }),
            400,
            "schemas does not list",
        ),
        (
            json!({ "schemas": [BULK_REQUEST_URN] }),
            400,
            "`Operations` is missing",
        ),
        (
            json!({ "schemas": [BULK_REQUEST_URN], "Operations": [] }),
            400,
            "empty",
        ),
        (
            json!({ "schemas": [BULK_REQUEST_URN], "Operations": [1] }),
            400,
            "Operation 1: an operation must be",
        ),
        (
            json!({ "schemas": [BULK_REQUEST_URN], "Operations": [one(), { "method": "PUT" }] }),
            400,
            "Operation 2: `path`",
        ),
        (
            json!({ "schemas": [BULK_REQUEST_URN], "Operations": [{ "method": 1, "path": "/" }] }),
            400,
            "`method`",
        ),
        (
            json!({ "schemas": [BULK_REQUEST_URN], "Operations": [one(), one()] }),
            400,
            "`bulkId` `a`",
        ),
        (
            json!({ "schemas": [BULK_REQUEST_URN], "failOnErrors": 0, "Operations": [one()] }),
            400,
            "`failOnErrors`",
        ),
        (
            json!({ "schemas": [BULK_REQUEST_URN], "failOnErrors": "1", "Operations": [one()] }),
            400,
            "`failOnErrors`",
        ),
        (
            json!({ "schemas": [BULK_REQUEST_URN], "Operations": vec![one(); 10_000] }),
            413,
            "the most is 100",
        ),
    ] {
        let error = BulkRequest::parse(body.clone(), &Dialect::strict(), 100).unwrap_err();
        assert_eq!(error.status, status, "{body}");
        assert!(error.detail.contains(words), "{}", error.detail);
    }
    let undeclared = json!({ "Operations": [one()] });
    assert!(BulkRequest::parse(undeclared, &Dialect::lenient(), 100).is_ok());
}

#[test]
fn an_operation_that_means_nothing_is_refused_alone() {
    let mut get = delete("/Users/1");
    get.method = "GET".to_owned();
    let mut nameless = post("a", json!({}));
    nameless.bulk_id = None;
    let mut small = delete("/Users/1");
    small.method = "delete".to_owned();
    for wrong in [get, nameless, patch("/Users/1", Value::Null), small] {
        let order = order_of(&[delete("/Users/2"), wrong]);
        assert_eq!(order.refused(0), None);
        let error = order.refused(1).unwrap();
        assert_eq!(error.scim_type, Some(ScimType::InvalidSyntax));
    }
}

#[test]
fn references_stand_in_paths_values_and_filters() {
    let operation = patch(
        "/Groups/bulkId:g",
        json!({ "Operations": [
            { "op": "add", "path": "members", "value": [{ "value": "bulkId:a" }, { "value": "1" }] },
            { "op": "remove", "path": "members[value eq \"bulkId:b\" or value eq \"bulkId:c\"]" },
            { "op": "replace", "value": { "manager": "bulkId:d", "title": "the bulkId: of d", "path": "bulkId:e" } },
        ] }),
    );
    assert_eq!(operation.refers_to(), ["g", "a", "b", "c", "d", "e"]);
    let (path, data) = filled_in(&operation.path, &operation.data, &|bulk_id| {
        (bulk_id != "c").then(|| format!("<{bulk_id}>"))
    });
    assert_eq!(path, "/Groups/<g>");
    assert_eq!(
        data["Operations"],
        json!([
            { "op": "add", "path": "members", "value": [{ "value": "<a>" }, { "value": "1" }] },
            { "op": "remove", "path": "members[value eq \"<b>\" or value eq \"bulkId:c\"]" },
            { "op": "replace", "value": { "manager": "<d>", "title": "the bulkId: of d", "path": "<e>" } },
        ])
    );
}

#[test]
fn a_reference_waits_wherever_its_resource_is_made() {
    let order = order_of(&[
        post("group", members(&["user", "user"])),
        patch("/Groups/bulkId:group", json!({})),
        post("user", json!({})),
        patch("/Groups/1", members(&["nobody"])),
    ]);
    assert_eq!(order.waits_for(0), [2]);
    assert_eq!(order.waits_for(1), [0]);
    assert!(order.waits_for(2).is_empty());
    let error = order.refused(3).unwrap();
    assert_eq!(error.scim_type, Some(ScimType::InvalidValue));
    assert!(error.detail.contains("`nobody`"), "{}", error.detail);
}

#[test]
fn a_circle_is_refused_and_what_only_leads_into_it_is_not_part_of_it() {
    let order = order_of(&[
        post("into", members(&["a"])),
        post("a", members(&["b"])),
        post("b", members(&["a", "end"])),
        post("end", json!({})),
        post("self", members(&["self"])),
    ]);
    let status: Vec<_> = (0..5)
        .map(|one| order.refused(one).map(|error| error.status))
        .collect();
    assert_eq!(status, [None, Some(409), Some(409), None, Some(409)]);
    assert_eq!(order.refers_to(0), [1], "it fails because `a` does");
}

#[test]
fn the_same_resource_is_changed_in_the_order_given() {
    let order = order_of(&[
        patch("/Users/A1", json!({})),
        patch("/Users/b2", json!({})),
        delete("/Users/a1/"),
        patch("/Users/a1", json!({})),
    ]);
    assert!(order.waits_for(1).is_empty());
    assert_eq!(
        (order.waits_for(2), order.waits_for(3)),
        (&[0][..], &[2][..])
    );
}

#[test]
fn one_resource_is_one_however_its_id_is_spelt() {
    let order = order_of(&[
        patch("/Users/0B0F6A52-2F4B-4A3F-9F5B-6C1D2E3F4A5B", json!({})),
        patch("/Users/0b0f6a522f4b4a3f9f5b6c1d2e3f4a5b", json!({})),
        delete("/users/0b0f6a52-2f4b-4a3f-9f5b-6c1d2e3f4a5b/"),
        patch("/Groups/0b0f6a52-2f4b-4a3f-9f5b-6c1d2e3f4a5b", json!({})),
    ]);
    assert_eq!(
        (order.waits_for(1), order.waits_for(2)),
        (&[0][..], &[1][..])
    );
    assert_eq!(order.waits_for(3), [2], "whichever endpoint shows it");
}

#[test]
fn a_new_resource_waits_for_a_name_that_is_given_up_after_another_change() {
    let order = order_of(&[
        patch("/Users/1", json!({})),
        delete("/Users/1"),
        patch("/Groups/2", members(&["namesake"])),
        delete("/Groups/2"),
        post("namesake", json!({})),
    ]);
    assert_eq!(
        order.waits_for(4),
        [1],
        "the other DELETE waits for this very POST"
    );
}

#[test]
fn a_new_resource_waits_for_the_names_that_are_given_up_before_it() {
    let order = order_of(&[
        post("before", json!({})),
        delete("/Users/1"),
        delete("/Users/2"),
        post("after", json!({})),
    ]);
    assert!(order.waits_for(0).is_empty());
    assert!(order.waits_for(2).is_empty());
    assert_eq!(order.waits_for(3), [1, 2]);
}

#[test]
fn what_may_take_a_name_waits_for_what_may_give_it_up() {
    let put = |path: &str| {
        let mut put = patch(path, json!({ "userName": "ana", "active": true }));
        put.method = "PUT".to_owned();
        put
    };
    let active = json!({ "Operations": [{ "op": "replace", "path": "active", "value": false }] });
    let order = order_of(&[
        delete("/Users/1"),
        rename("/Users/2"),
        put("/Users/3"),
        put("/Users/4"),
        patch("/Users/5", active),
        rename("/Users/6"),
        delete("/Users/7"),
        post("ana", json!({})),
    ]);
    let waits: Vec<&[usize]> = (0..8).map(|one| order.waits_for(one)).collect();
    assert_eq!(
        waits,
        [
            &[][..],
            &[0],
            &[0, 1],
            &[0, 1],
            &[],
            &[0, 1, 2, 3],
            &[],
            &[0, 1, 2, 3, 5, 6]
        ]
    );
}

#[test]
fn a_change_waits_for_changes_of_what_it_names_and_they_for_it() {
    let filter = "members[value eq \"A1\" or value eq \"x\"]";
    let order = order_of(&[
        rename("/Users/a1"),
        patch(
            "/Groups/g",
            json!({ "Operations": [{ "op": "remove", "path": filter }] }),
        ),
        with_members("PATCH", "/Groups/h", &["a1", "b2"]),
        rename("/Users/A1"),
        with_members("POST", "/Groups", &["a1", "b2"]),
        delete("/Users/b2"),
        patch("/Users/c3", json!({ "title": "a" })),
        post("ana", json!({})),
    ]);
    let waits: Vec<&[usize]> = (0..8).map(|one| order.waits_for(one)).collect();
    assert_eq!(
        waits,
        [
            &[][..],
            &[0],
            &[0],
            &[0, 1, 2],
            &[0, 3],
            &[2, 4],
            &[],
            &[0, 3, 5]
        ]
    );
}

#[test]
fn an_attribute_is_mentioned_as_a_key_or_in_a_path() {
    for data in [
        json!({ "USERNAME": "a" }),
        json!({ "Operations": [{ "op": "replace", "value": { "userName": "a" } }] }),
        json!({ "Operations": [{ "op": "replace", "path": "urn:x:User:username", "value": "a" }] }),
        json!({ "Operations": [{ "op": "replace", "value": { "urn:x:User:userName": "a" } }] }),
    ] {
        assert!(
            patch("/Users/1", data.clone()).mentions("userName"),
            "{data}"
        );
    }
    let data = json!({ "Operations": [{ "op": "replace", "path": "title", "value": "userName" }] });
    assert!(!patch("/Users/1", data).mentions("userName"));
}

/// Few names, so that they meet.
fn operation() -> impl Strategy<Value = Operation> {
    let name = || prop::sample::select(vec!["a", "b", "c", "d", "e", "f"]);
    let member = || prop_oneof![2 => name().prop_map(|one| format!("bulkId:{one}")), 1 => name().prop_map(str::to_owned)];
    let members =
        || prop::collection::vec(member(), 0..3).prop_map(|ids| json!({ "members": ids }));
    let path = || {
        prop_oneof![
            name().prop_map(|one| format!("/Groups/bulkId:{one}")),
            name().prop_map(|one| format!("/Groups/{one}")),
        ]
    };
    prop_oneof![
        3 => (name(), members()).prop_map(|(own, members)| post(own, members)),
        3 => (path(), members()).prop_map(|(path, members)| patch(&path, members)),
        1 => path().prop_map(|path| rename(&path)),
        1 => path().prop_map(|path| delete(&path)),
    ]
}

proptest! {
    #[test]
    fn every_operation_has_its_turn_after_what_it_needs(operations in prop::collection::vec(operation(), 1..24)) {
        let mut seen = std::collections::HashSet::new();
        let operations: Vec<Operation> = operations
            .into_iter()
            .filter(|one| one.bulk_id.clone().is_none_or(|bulk_id| seen.insert(bulk_id)))
            .collect();
        let order = order_of(&operations);
        let mut over: Vec<usize> = Vec::new();
        while let Some(next) = (0..operations.len())
            .find(|one| !over.contains(one) && order.waits_for(*one).iter().all(|before| over.contains(before)))
        {
            over.push(next);
        }
        prop_assert_eq!(over.len(), operations.len(), "something waits for ever");
        let turn = |one: usize| over.iter().position(|other| *other == one).unwrap();
        for (position, operation) in operations.iter().enumerate() {
            if order.refused(position).is_some() {
                continue;
            }
            for bulk_id in operation.refers_to() {
                let maker = operations.iter().position(|one| one.bulk_id.as_deref() == Some(bulk_id)).unwrap();
                prop_assert!(turn(maker) < turn(position));
                prop_assert!(order.refers_to(position).contains(&maker));
            }
            let later = operations.iter().enumerate().skip(position + 1);
            for (later, other) in later.filter(|(later, _)| order.refused(*later).is_none()) {
                let posts = operation.bulk_id.is_some() || other.bulk_id.is_some();
                if !posts && other.path == operation.path {
                    prop_assert!(turn(position) < turn(later), "the same resource");
                }
                let id = |of: &Operation| of.path.rsplit('/').next().map(str::to_owned);
                let names = |one: &Operation, of: &Operation| {
                    reference::texts_in(&one.data).iter().any(|text| id(of).as_deref() == Some(text))
                };
                if !posts && (names(operation, other) || names(other, operation)) {
                    prop_assert!(turn(position) < turn(later), "one names the other");
                }
            }
        }
    }

    #[test]
    fn no_text_is_changed_where_nothing_is_known(text in "[ -~é\"]{0,40}", path in "/[ -~]{0,20}") {
        let data = json!({ "Operations": [{ "path": text, "value": text }] });
        let (same_path, same) = filled_in(&path, &data, &|_| None);
        prop_assert_eq!((same_path.as_ref(), same), (path.as_str(), data));
    }
}
