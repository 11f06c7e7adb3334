//! Laws of PATCH, and what large requests cost.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::scim::fixtures::{group, groups, patched, patched_in, read, user, users};
use crate::scim::{AttributePath, Dialect, Resource};

fn split(operations: Value) -> Option<(CollectionDelta, PatchRequest)> {
    let (request, _) = read(&groups(), &Dialect::lenient(), operations).unwrap();
    request.split_collection(&AttributePath::of("members"))
}

/// Quadratic work would take hours, and the tests would not end.
#[test]
fn a_hundred_thousand_members_cost_no_more_than_their_number() {
    let many: Vec<Value> = (0..100_000)
        .map(|n| json!({ "value": format!("id-{n}") }))
        .collect();
    let before = group(json!({ "members": many }));
    let mut operations: Vec<Value> = (0..500)
        .flat_map(|n| {
            [
                json!({ "op": "remove", "path": format!("members[value eq \"id-{n}\"]") }),
                json!({ "op": "add", "path": "members", "value": [{ "value": format!("new-{n}") }] }),
            ]
        })
        .collect();
    operations.truncate(998);
    operations.push(json!({ "op": "remove", "path": "members", "value": many }));
    operations.push(json!({ "op": "add", "path": "members", "value": many }));
    let after = patched_in(&groups(), &Dialect::lenient(), &before, json!(operations)).unwrap();
    assert_eq!(after.elements(&AttributePath::of("members")).len(), 100_499);
    let (delta, _) = split(json!(operations)).unwrap();
    assert_eq!(delta.add.len(), 100_499);
}

/// Operations as identity providers combine them.
fn operation() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        Just(json!("")),
        Just(Value::Null),
        "[a-cA-C]{1,2}".prop_map(Value::from)
    ];
    let op = prop_oneof![Just("add"), Just("Replace"), Just("remove")];
    let single = (
        op.clone(),
        prop_oneof![
            Just("title"),
            Just("name.givenName"),
            Just("manager"),
            Just("name")
        ],
        text.clone(),
    )
        .prop_filter("a complex value needs parts", |(op, path, value)| {
            *path != "name" || *op == "remove" || value.is_null() || value == ""
        })
        .prop_map(|(op, path, value)| json!({ "op": op, "path": path, "value": value }));
    let element = (op.clone(), prop_oneof![Just("work"), Just("home")], prop_oneof![Just("value"), Just("display")], text)
        .prop_map(|(op, kind, sub, value)| json!({ "op": op, "path": format!("emails[type eq \"{kind}\"].{sub}"), "value": value }));
    let collection = (op, "[a-c]{1}", any::<bool>(), prop_oneof![Just("work"), Just("home"), Just("other")]).prop_map(
        |(op, value, primary, kind)| {
            let primary = if op == "remove" { Value::Null } else { json!(primary) };
            json!({ "op": op, "path": "emails", "value": [{ "value": value, "type": kind, "primary": primary }] })
        },
    );
    prop_oneof![single, element, collection]
}

proptest! {
    #[test]
    fn patch_twice_is_patch_once(start in proptest::collection::vec(operation(), 0..4), operation in operation()) {
        let empty = user(json!({}));
        let before = if start.is_empty() { empty } else {
            patched_in(&users(), &Dialect::lenient(), &empty, json!(start)).unwrap()
        };
        patched(&before, json!([operation]));
    }

    #[test]
    fn folding_members_is_what_applying_does(
        start in proptest::collection::vec("[a-e]", 0..5),
        steps in proptest::collection::vec((0..4u8, proptest::collection::vec("[a-eA-E]", 0..4)), 1..6),
    ) {
        let operations: Vec<Value> = steps.iter().map(|(kind, ids)| match kind {
            0 => json!({ "op": "add", "path": "members", "value": ids }),
            1 => json!({ "op": "remove", "path": "members", "value": ids }),
            2 => json!({ "op": "replace", "path": "members", "value": ids }),
            _ => json!({ "op": "remove", "path": format!("members[value eq \"{}\"]", ids.first().map_or("z", |id| id)) }),
        }).collect();
        let before = group(json!({ "members": start }));
        let after = patched_in(&groups(), &Dialect::lenient(), &before, json!(operations)).unwrap();
        let ids = |resource: &Resource| -> BTreeSet<String> {
            let path = AttributePath::of("members").sub("value");
            resource.values(&path).map(|id| id.as_str().unwrap().to_lowercase()).collect()
        };
        let (delta, rest) = split(json!(operations)).unwrap();
        prop_assert!(rest.is_empty());
        let mut folded = if delta.replace { Default::default() } else { ids(&before) };
        folded.extend(delta.add.iter().map(|id| id.to_lowercase()));
        for id in &delta.remove {
            folded.remove(&id.to_lowercase());
        }
        prop_assert_eq!(folded, ids(&after));
    }
}
