//! What Entra ID and Okta send in a PATCH, and what the resource is afterwards.

use serde_json::{Value, json};

use super::*;
use crate::scim::fixtures::{body, group, groups, json_of, patched, patched_in, read, user, users};
use crate::scim::schema::{ENTERPRISE_URN, USER_URN};
use crate::scim::{AttributePath, Dialect, Resource};

fn refused(resource: &Resource, operations: Value) -> (String, String) {
    let definition = if resource.as_map().contains_key("userName") {
        users()
    } else {
        groups()
    };
    let error =
        patched_in(&definition, &Dialect::lenient(), resource, operations).expect_err("refused");
    assert_eq!(error.status, 400);
    assert!(error.detail.len() < 500, "{error}");
    (error.scim_type.unwrap().name().to_owned(), error.detail)
}

#[test]
fn entra_sends_one_operation_per_attribute() {
    let before = user(json!({
        "displayName": "Ana", "title": "Dr",
        "emails": [{ "type": "work", "value": "ana@example.com", "primary": true }, { "type": "home", "value": "h@example.com" }],
    }));
    let after = json_of(&patched(
        &before,
        json!([
            { "op": "Replace", "path": "displayName", "value": "Ana R." },
            { "op": "Replace", "path": "name.familyName", "value": "R." },
            { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "ana.r@example.com" },
            { "op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+34 600 000 000" },
            { "op": "Add", "path": "addresses[type eq \"work\"].locality", "value": "Bilbao" },
            { "op": "Add", "path": "addresses[type eq \"work\"].country", "value": "ES" },
            { "op": "Replace", "path": "addresses[type eq \"work\"].postalCode", "value": "48001" },
            { "op": "Replace", "path": format!("{ENTERPRISE_URN}:department"), "value": "R&D" },
            { "op": "Replace", "path": "active", "value": "False" },
            { "op": "Remove", "path": "title" },
            { "op": "Remove", "path": "nickName" },
        ]),
    ));
    assert_eq!(
        after,
        json!({
            "schemas": [USER_URN, ENTERPRISE_URN],
            "userName": "ana@example.com",
            "name": { "familyName": "R." },
            "displayName": "Ana R.",
            "active": false,
            "emails": [
                { "type": "work", "value": "ana.r@example.com", "primary": true },
                { "type": "home", "value": "h@example.com" },
            ],
            "phoneNumbers": [{ "type": "mobile", "value": "+34 600 000 000" }],
            "addresses": [{ "type": "work", "locality": "Bilbao", "country": "ES", "postalCode": "48001" }],
            ENTERPRISE_URN: { "department": "R&D" },
        })
    );
}

#[test]
fn entra_with_the_flag_sends_an_object_without_path() {
    let before = user(json!({ "name": { "givenName": "A", "middleName": "M" } }));
    let after = json_of(&patched(
        &before,
        json!([
            { "op": "replace", "path": "emails[type eq \"work\"].value", "value": "ana.r@example.com" },
            { "op": "replace", "value": {
                "displayName": "Ana R.",
                "name.givenName": "Ana",
                "NAME": { "familyName": "R.", "honorificPrefix": null },
                "active": "True",
                "phoneNumbers[type eq \"fax\"].value": "9",
                (format!("{}:employeeNumber", ENTERPRISE_URN.to_uppercase())): "701985",
                (ENTERPRISE_URN): { "department": "X", "manager": "m1" },
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0User:division": "ignored",
            } },
        ]),
    ));
    assert_eq!(
        after["name"],
        json!({ "givenName": "Ana", "familyName": "R.", "middleName": "M" })
    );
    assert_eq!(after["active"], true);
    assert_eq!(
        after["phoneNumbers"],
        json!([{ "type": "fax", "value": "9" }])
    );
    assert_eq!(
        after[ENTERPRISE_URN],
        json!({ "employeeNumber": "701985", "department": "X", "manager": { "value": "m1" } })
    );
}

#[test]
fn a_cleared_value_is_gone_however_it_is_cleared() {
    let before = user(json!({
        "title": "Dr", "name": { "givenName": "A" }, "roles": ["Admin"],
        "emails": [{ "type": "work", "value": "w@example.com", "primary": true }],
        "addresses": [{ "type": "work", "locality": "Bilbao" }],
        ENTERPRISE_URN: { "department": "X" },
    }));
    for nothing in [json!(""), Value::Null] {
        let after = json_of(&patched(
            &before,
            json!([
                { "op": "Replace", "path": "title", "value": nothing },
                { "op": "Replace", "path": "name.givenName", "value": nothing },
                { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": nothing },
                { "op": "Replace", "path": "phoneNumbers[type eq \"work\"].value", "value": nothing },
                { "op": "Replace", "path": "addresses[type eq \"work\"].locality", "value": nothing },
                { "op": "Replace", "path": "roles", "value": nothing },
                { "op": "Replace", "path": format!("{ENTERPRISE_URN}:department"), "value": nothing },
            ]),
        ));
        assert_eq!(
            after,
            json!({ "schemas": [USER_URN], "userName": "ana@example.com" })
        );
    }
}

#[test]
fn a_manager_comes_and_goes_in_every_shape() {
    let urn = format!("{ENTERPRISE_URN}:manager");
    for (path, value) in [
        (urn.as_str(), json!("m2")),
        (
            urn.as_str(),
            json!({ "value": "m2", "displayName": "Bo", "$ref": "../Users/m2" }),
        ),
        (urn.as_str(), json!([{ "$ref": null, "value": "m2" }])),
        (
            "manager",
            json!([{ "$ref": "http://x/Users/m2", "value": "m2" }]),
        ),
        ("Manager.Value", json!("m2")),
    ] {
        for op in ["Add", "Replace"] {
            let mut before = user(json!({}));
            let old = AttributePath::of("manager").in_schema(ENTERPRISE_URN);
            before.set(
                &old,
                json!({ "value": "m1", "$ref": "…/m1", "displayName": "Old" }),
            );
            let after = json_of(&patched(
                &before,
                json!([{ "op": op, "path": path, "value": value }]),
            ));
            assert_eq!(
                after[ENTERPRISE_URN],
                json!({ "manager": { "value": "m2" } }),
                "{op} {path} {value}"
            );
        }
    }
    let before = user(json!({ ENTERPRISE_URN: { "manager": "m1" } }));
    for operation in [
        json!({ "op": "Replace", "path": urn, "value": "" }),
        json!({ "op": "Replace", "path": urn, "value": null }),
        json!({ "op": "Replace", "path": urn, "value": { "value": "" } }),
        json!({ "op": "Replace", "path": urn, "value": [] }),
        json!({ "op": "Remove", "path": urn }),
        json!({ "op": "Remove", "path": urn, "value": "m1" }),
        json!({ "op": "remove", "path": "manager" }),
        json!({ "op": "remove", "path": ENTERPRISE_URN }),
        json!({ "op": "replace", "value": { (urn.as_str()): null } }),
    ] {
        let after = json_of(&patched(&before, json!([operation])));
        assert_eq!(
            after,
            json!({ "schemas": [USER_URN], "userName": "ana@example.com" }),
            "{operation}"
        );
    }
}

#[test]
fn roles_arrive_as_entra_sends_them() {
    let document = "{\"id\":\"06b0\",\"value\":\"Admin\",\"displayName\":\"Admin\"}";
    let after = patched(
        &user(json!({})),
        json!([{ "op": "Add", "path": "roles", "value": [{ "value": document }] }]),
    );
    assert_eq!(json_of(&after)["roles"], json!([{ "value": document }]));

    let path = "roles[primary eq \"True\"]";
    let after = patched(
        &user(json!({})),
        json!([
            { "op": "Add", "path": format!("{path}.display"), "value": "Administrator" },
            { "op": "Add", "path": format!("{path}.value"), "value": "Admin" },
            { "op": "Add", "path": format!("{path}.type"), "value": "Custom" },
        ]),
    );
    assert_eq!(
        json_of(&after)["roles"],
        json!([{ "primary": true, "display": "Administrator", "value": "Admin", "type": "Custom" }])
    );
}

#[test]
fn the_newly_primary_value_is_the_only_one() {
    let before = user(json!({ "emails": [
        { "type": "work", "value": "w@x", "primary": true }, { "type": "home", "value": "h@x" } ] }));
    for operation in [
        json!({ "op": "add", "path": "emails", "value": [{ "type": "home", "value": "H@x", "primary": true }] }),
        json!({ "op": "replace", "path": "emails[type eq \"home\"].primary", "value": "true" }),
        json!({ "op": "replace", "path": "emails[type eq \"home\"]", "value": { "value": "h@x", "primary": true } }),
    ] {
        let after = json_of(&patched(&before, json!([operation])));
        let emails = after["emails"].as_array().unwrap();
        assert_eq!(emails.len(), 2, "{operation}");
        assert_eq!(emails[0]["primary"], false, "{operation}");
        assert_eq!(emails[1]["primary"], true, "{operation}");
        assert_eq!(emails[1]["type"], "home", "{operation}");
    }
    let added = json!([{ "op": "add", "path": "emails[type eq \"other\" and primary eq true].value", "value": "o@x" }]);
    let after = json_of(&patched(&before, added));
    assert_eq!(after["emails"][0]["primary"], false);
    assert_eq!(
        after["emails"][2],
        json!({ "type": "other", "primary": true, "value": "o@x" })
    );
}

#[test]
fn members_are_added_and_taken_away() {
    let before = group(json!({ "members": [{ "value": "a" }, { "value": "b" }] }));
    let members = |operations: Value| json_of(&patched(&before, operations))["members"].clone();
    let add = json!([{ "op": "Add", "path": "members", "value": [{ "$ref": null, "value": "c" }, { "value": "a", "display": "Ana" }] }]);
    assert_eq!(
        members(add),
        json!([{ "value": "a" }, { "value": "b" }, { "value": "c" }])
    );
    let remove = json!([{ "op": "Remove", "path": "members", "value": [{ "$ref": null, "value": "b" }, { "value": "x" }] }]);
    assert_eq!(members(remove), json!([{ "value": "a" }]));
    let flag = json!([{ "op": "remove", "path": "members[value eq \"a\"]" }, { "op": "remove", "path": "members[value eq \"x\"]" }]);
    assert_eq!(members(flag), json!([{ "value": "b" }]));
    let okta = json!([{ "op": "replace", "path": "members", "value": [{ "value": "z", "display": "Z" }] }]);
    assert_eq!(members(okta), json!([{ "value": "z" }]));
    assert_eq!(
        members(json!([{ "op": "Replace", "path": "members", "value": null }])),
        Value::Null
    );
    assert_eq!(
        members(json!([{ "op": "Remove", "path": "members", "value": [] }])),
        json!([{ "value": "a" }, { "value": "b" }])
    );
}

#[test]
fn many_members_leave_a_large_group_by_one_filter() {
    let members: Vec<Value> = (0..5_000)
        .map(|number| json!({ "value": format!("{number:036}") }))
        .collect();
    let before = group(json!({ "members": members }));
    let named: Vec<String> = (0..1_000)
        .map(|number| format!("value eq \"{number:036}\""))
        .collect();
    let path = format!("members[{}]", named.join(" or "));
    let remove = json!([{ "op": "remove", "path": path }]);
    // For a strict client the list is read, to tell who is no member.
    let after = patched_in(&groups(), &Dialect::strict(), &before, remove).unwrap();
    assert_eq!(
        after.elements(&AttributePath::of("members")),
        &members[1_000..]
    );
}

#[test]
fn a_member_is_one_however_its_id_is_spelt() {
    let (id, same) = (
        "0b0f6a52-2f4b-4a3f-9f5b-6c1d2e3f4a5b",
        "{0B0F6A52-2F4B-4A3F-9F5B-6C1D2E3F4A5B}",
    );
    let before =
        group(json!({ "members": [{ "value": id }, { "value": same }, { "value": "a" }] }));
    let after = |operation: Value| {
        let after = patched_in(&groups(), &Dialect::strict(), &before, json!([operation]));
        json_of(&after.unwrap())["members"].clone()
    };
    assert_eq!(
        after(json!({ "op": "add", "path": "members", "value": [{ "value": same }] })),
        json!([{ "value": id }, { "value": "a" }])
    );
    for path in [
        format!("members[value eq \"{same}\"]"),
        format!("members[value eq \"b\" or value eq \"{same}\"]"),
    ] {
        assert_eq!(
            after(json!({ "op": "remove", "path": path })),
            json!([{ "value": "a" }])
        );
    }
}

#[test]
fn a_removal_that_names_nobody_never_empties_the_group() {
    let before = group(json!({ "members": [{ "value": "a" }] }));
    for value in [
        json!([{ "value": null }]),
        json!([{}]),
        json!(""),
        json!([{ "display": "a" }]),
    ] {
        for op in ["remove", "replace"] {
            if op == "replace" && value == "" {
                continue;
            }
            let (kind, detail) = refused(
                &before,
                json!([{ "op": op, "path": "members", "value": value }]),
            );
            assert_eq!(kind, "invalidValue");
            assert!(detail.contains("members"), "{detail}");
        }
    }
}

#[test]
fn what_cannot_be_done_is_refused_by_name() {
    let before = user(json!({ "title": "Dr", "emails": [{ "type": "work", "value": "w@x" }] }));
    for (operation, kind, mention) in [
        (
            json!({ "op": "add", "path": "groups", "value": [{ "value": "g" }] }),
            "mutability",
            "members",
        ),
        (
            json!({ "op": "replace", "path": "id", "value": "x" }),
            "mutability",
            "id",
        ),
        (
            json!({ "op": "replace", "value": { "groups": [] } }),
            "mutability",
            "groups",
        ),
        (
            json!({ "op": "remove", "path": "userName" }),
            "mutability",
            "userName is required",
        ),
        (
            json!({ "op": "replace", "path": "userName", "value": "" }),
            "mutability",
            "userName is required",
        ),
        (json!({ "op": "remove" }), "noTarget", "path"),
        (
            json!({ "op": "replace", "path": "emails.value", "value": "x" }),
            "invalidPath",
            "emails[type eq",
        ),
        (
            json!({ "op": "replace", "path": "name[givenName eq \"a\"].familyName", "value": "x" }),
            "invalidPath",
            "name",
        ),
        (
            json!({ "op": "replace", "path": "emails[type eq]", "value": "x" }),
            "invalidFilter",
            "position",
        ),
        (
            json!({ "op": "replace", "path": "emails[type ne \"work\"].value", "value": "x" }),
            "noTarget",
            "emails",
        ),
        (
            json!({ "op": "replace", "path": "emails[primary eq \"maybe\"].value", "value": "x" }),
            "invalidFilter",
            "emails.primary",
        ),
        (
            json!({ "op": "replace", "path": "title", "value": 5 }),
            "invalidValue",
            "title must be a string",
        ),
        (
            json!({ "op": "replace", "path": "title", "value": {} }),
            "invalidValue",
            "title",
        ),
        (
            json!({ "op": "replace", "path": "title", "value": ["a", "b"] }),
            "invalidValue",
            "title",
        ),
        (
            json!({ "op": "replace", "path": "title", "value": "a\0b" }),
            "invalidValue",
            "NUL",
        ),
        (
            json!({ "op": "replace", "path": "title", "value": "x".repeat(100_000) }),
            "invalidValue",
            "title is 100000 bytes",
        ),
        (
            json!({ "op": "replace", "path": "title" }),
            "invalidSyntax",
            "no `value`",
        ),
        (
            json!({ "op": "replace", "value": "x" }),
            "invalidSyntax",
            "object",
        ),
        (
            json!({ "op": "move", "path": "title" }),
            "invalidSyntax",
            "`move`",
        ),
        (json!({ "op": 1 }), "invalidSyntax", "op"),
        (json!("x"), "invalidSyntax", "object"),
        (
            json!({ "op": "add", "path": "title[", "value": "x" }),
            "invalidFilter",
            "position 7",
        ),
        (
            json!({ "op": "add", "path": "a b", "value": "x" }),
            "invalidPath",
            "`a b`",
        ),
        (
            json!({ "op": "add", "path": USER_URN, "value": "x" }),
            "invalidValue",
            "whole schema",
        ),
    ] {
        let shown = operation.to_string();
        // The first operation would work: nothing of it may stay.
        let (found, detail) = refused(
            &before,
            json!([{ "op": "add", "path": "nickName", "value": "An" }, operation]),
        );
        assert_eq!(found, kind, "{} {detail}", &shown[..shown.len().min(200)]);
        assert!(detail.contains(mention), "{detail}");
        assert!(
            detail.starts_with("Operation 2") || found == "noTarget",
            "{detail}"
        );
    }
}

/// A remedy that cannot work here is worse than none.
#[test]
fn the_remedy_is_one_for_this_attribute() {
    for (definition, dialect, operation, words, never) in [
        (
            groups(),
            Dialect::lenient(),
            json!({ "op": "add", "path": "members.value", "value": "a" }),
            "name members alone",
            "type eq",
        ),
        (
            users(),
            Dialect::strict(),
            json!({ "op": "remove", "path": "externalId", "value": "a" }),
            "leave `value` out",
            "members",
        ),
        (
            groups(),
            Dialect::strict(),
            json!({ "op": "remove", "path": "members", "value": [{ "value": "a" }] }),
            "`members[value eq \"…\"]`",
            "leave",
        ),
        (
            groups(),
            Dialect::lenient(),
            json!({ "op": "replace", "path": "members[value eq \"a\"]", "value": [{ "value": "a" }, { "value": "b" }] }),
            "the one element",
            "has one value",
        ),
    ] {
        let error = read(&definition, &dialect, json!([operation])).unwrap_err();
        assert!(error.detail.contains(words), "{error}");
        assert!(!error.detail.contains(never), "{error}");
    }
}

#[test]
fn a_body_without_the_right_structure_is_refused() {
    for broken in [
        json!([]),
        json!({}),
        json!({ "Operations": {} }),
        json!({ "Operations": [] }),
        body(json!(null)),
    ] {
        let error = PatchRequest::parse(broken, &users(), &Dialect::lenient()).unwrap_err();
        assert_eq!(error.scim_type.unwrap().name(), "invalidSyntax");
    }
    let many = vec![json!({ "op": "remove", "path": "title" }); MAX_OPERATIONS + 1];
    let error = read(&users(), &Dialect::lenient(), json!(many)).unwrap_err();
    assert_eq!(error.scim_type.unwrap().name(), "tooMany");
}

#[test]
fn a_contradiction_between_filter_and_value_is_done_once() {
    let before = user(json!({ "emails": [{ "type": "work", "value": "w@x" }] }));
    let change =
        json!([{ "op": "replace", "path": "emails[type eq \"work\"].type", "value": "home" }]);
    let after = patched(&before, change.clone());
    assert_eq!(
        json_of(&after)["emails"],
        json!([{ "type": "home", "value": "w@x" }])
    );
    assert_eq!(refused(&user(json!({})), change).0, "noTarget");
}

#[test]
fn values_are_removed_by_what_was_said_of_them() {
    let before = user(json!({ "emails": [
        { "type": "work", "value": "a@x" }, { "type": "home", "value": "a@x" }, { "type": "home", "value": "b@x" } ] }));
    let remove = |value: Value| {
        json_of(&patched(
            &before,
            json!([{ "op": "remove", "path": "emails", "value": value }]),
        ))["emails"]
            .clone()
    };
    assert_eq!(
        remove(json!([{ "value": "A@x" }])),
        json!([{ "type": "home", "value": "b@x" }])
    );
    assert_eq!(
        remove(json!([{ "value": "a@x", "type": "work" }])),
        json!([{ "type": "home", "value": "a@x" }, { "type": "home", "value": "b@x" }])
    );
}

#[test]
fn filters_that_cost_too_much_are_refused() {
    let many: Vec<Value> = (0..20_000)
        .map(|n| json!({ "value": format!("a{n}@x"), "type": "t" }))
        .collect();
    let before = user(json!({ "emails": many }));
    let operation = json!({ "op": "remove", "path": "emails[value eq \"none\"]" });
    let (kind, detail) = refused(&before, json!(vec![operation; 1000]));
    assert_eq!(kind, "tooMany");
    assert!(detail.contains("emails"), "{detail}");

    // What counts is how much is read, not only how often.
    let long: Vec<Value> = (0..60)
        .map(|n| json!({ "value": format!("{}{n}", "É".repeat(8_000)), "type": "t" }))
        .collect();
    let before = user(json!({ "emails": long }));
    let operation = json!({ "op": "remove", "path": "emails[value co \"none\"]" });
    let (kind, _) = refused(&before, json!(vec![operation; 1000]));
    assert_eq!(kind, "tooMany");
    let path = |long: usize| format!("emails[value co \"{}\"]", "x".repeat(long));
    let operation = json!({ "op": "remove", "path": path(60 * 1024) });
    let (kind, _) = refused(&before, json!(vec![operation; 100]));
    assert_eq!(kind, "tooMany");
    let (kind, detail) = refused(
        &before,
        json!([{ "op": "remove", "path": path(64 * 1024) }]),
    );
    assert_eq!(kind, "invalidFilter");
    assert!(detail.contains("65536"), "{detail}");
    let long = format!("{}[value eq \"x\"]", "x".repeat(8 * 1024 + 1));
    let (kind, detail) = refused(&before, json!([{ "op": "remove", "path": long }]));
    assert_eq!(kind, "invalidPath");
    assert!(detail.contains("8192"), "{detail}");
}
