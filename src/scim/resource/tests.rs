//! Bodies of POST and PUT, and the accessors.

use serde_json::{Value, json};

use super::*;
use crate::scim::fixtures::{groups, json_of, user, users};
use crate::scim::schema::{ENTERPRISE_URN, USER_URN};
use crate::scim::{Dialect, Error};

fn normalize(body: Value) -> Result<(Resource, Ignored), Error> {
    Resource::normalize(body, &users(), &Dialect::lenient())
}

#[test]
fn entra_creates_a_user() {
    let (resource, ignored) = normalize(json!({
        "schemas": [USER_URN, ENTERPRISE_URN, "urn:other"],
        "externalId": "ana", "USERNAME": "ana@example.com", "active": "True", "displayName": "Ana Ruiz",
        "emails": [{ "primary": "True", "type": "work", "VALUE": "ana@example.com" }],
        "meta": { "resourceType": "User" },
        "name": { "formatted": "Ana Ruiz", "familyName": "Ruiz", "middleName": null },
        "roles": [], "addresses": null, "title": "", "manager": null, "timezone": "nowhere",
        "phoneNumbers": [{ "type": "work", "value": null }, { "type": "mobile", "value": "+34" }],
        "groups": [{ "value": "g" }], "password": "1mz050nq", "id": "mine",
        ENTERPRISE_URN: { "employeeNumber": "701984", "manager": "unknown-id" },
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0User": { "division": "x" },
        "urn:custom:2.0:User": { "a": 1 },
    }))
    .unwrap();
    assert_eq!(
        serde_json::to_string(&resource).unwrap(),
        json!({
            "schemas": [USER_URN, ENTERPRISE_URN],
            "externalId": "ana",
            "userName": "ana@example.com",
            "name": { "formatted": "Ana Ruiz", "familyName": "Ruiz" },
            "displayName": "Ana Ruiz",
            "timezone": "nowhere",
            "active": true,
            "password": "1mz050nq",
            "emails": [{ "primary": true, "type": "work", "value": "ana@example.com" }],
            "phoneNumbers": [{ "type": "mobile", "value": "+34" }],
            "roles": [],
            ENTERPRISE_URN: { "employeeNumber": "701984", "manager": { "value": "unknown-id" } },
        })
        .to_string()
    );
    assert_eq!(ignored.id.as_deref(), Some("mine"));
    assert_eq!(
        ignored.names,
        [
            "groups",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0User",
            "urn:custom:2.0:User",
            "urn:other"
        ]
    );
    resource.check_required(&users()).unwrap();
}

#[test]
fn onelogin_sends_a_template() {
    let (resource, _) = normalize(json!({
        "schemas": ["urn:scim:schemas:core:1.0"], "id": null, "meta": { "location": "" },
        "userName": "ana", "active": "true", "emails": { "value": "ana@example.com" },
        ENTERPRISE_URN: { "department": "Labs", "manager": { "managerId": "77", "displayName": "Bo" } },
    }))
    .unwrap();
    assert_eq!(
        json_of(&resource),
        json!({
            "schemas": [USER_URN, ENTERPRISE_URN], "userName": "ana", "active": true,
            "emails": [{ "value": "ana@example.com" }], ENTERPRISE_URN: { "department": "Labs" },
        })
    );
}

#[test]
fn a_group_tells_empty_members_from_none() {
    let members = |body: Value| {
        let (group, _) = Resource::normalize(body, &groups(), &Dialect::lenient()).unwrap();
        group.get(&AttributePath::of("members")).cloned()
    };
    assert_eq!(members(json!({ "displayName": "Ops" })), None);
    assert_eq!(
        members(json!({ "displayName": "Ops", "members": null })),
        None
    );
    assert_eq!(
        members(json!({ "displayName": "Ops", "members": [] })),
        Some(json!([]))
    );
    assert_eq!(
        members(
            json!({ "displayName": "Ops", "members": [{ "value": "a", "display": "Ana", "$ref": null }, { "value": "A" }, "b"] })
        ),
        Some(json!([{ "value": "a" }, { "value": "b" }]))
    );
}

#[test]
fn wrong_types_are_refused_by_name() {
    for (body, mention) in [
        (
            json!({ "userName": 5 }),
            "userName must be a string, but a number was sent",
        ),
        (
            json!({ "userName": ["a", "b"] }),
            "userName must be a string, but an array",
        ),
        (
            json!({ "userName": {} }),
            "userName must be a string, but an object",
        ),
        (json!({ "userName": "a\0b" }), "userName contains a NUL"),
        (
            json!({ "userName": "x".repeat(100_000) }),
            "userName is 100000 bytes",
        ),
        (
            json!({ "active": "perhaps" }),
            "active must be true or false",
        ),
        (
            json!({ "active": 1 }),
            "active must be true or false, but a number",
        ),
        (json!({ "name": "Ana" }), "name must be an object"),
        (
            json!({ "name": { "givenName": [{}] } }),
            "name.givenName must be a string",
        ),
        (json!({ "emails": [5] }), "emails must be an object"),
        (
            json!({ "emails": [[{ "value": "x" }]] }),
            "emails must be an element",
        ),
        (
            json!({ "emails": [{ "value": 5 }] }),
            "emails.value must be a string",
        ),
        (
            json!({ "x509Certificates": [{ "value": "<pem>" }] }),
            "x509Certificates.value must be base64",
        ),
        (
            json!({ ENTERPRISE_URN: "x" }),
            "must be an object with the extension's attributes",
        ),
        (
            json!({ "userName": "a", "username": "b" }),
            "`userName` twice",
        ),
        (
            json!({ "emails": [{ "value": "a", "Value": "b" }] }),
            "`emails.value` twice",
        ),
        (json!({ "schemas": "x", "SCHEMAS": [] }), "`schemas` twice"),
        (json!({ "schemas": [1] }), "schemas must be an array"),
        (json!([]), "must be a JSON object"),
    ] {
        let error =
            normalize(body.clone()).expect_err(&body.to_string()[..60.min(body.to_string().len())]);
        assert_eq!(error.status, 400);
        assert!(error.detail.contains(mention), "{error}");
    }
    let (bare, _) = normalize(json!({ "displayName": "A" })).unwrap();
    let error = bare.check_required(&users()).unwrap_err();
    assert_eq!(
        error.detail,
        "userName is required and missing; send a value for it."
    );
}

#[test]
fn values_are_read_and_set_by_path() {
    let mut ana = user(json!({ "emails": [{ "value": "a" }, { "value": "b" }] }));
    let manager = AttributePath::of("manager").in_schema(ENTERPRISE_URN);
    ana.set(&manager.clone().sub("value"), "m".into());
    assert_eq!(ana.text(&manager.clone().sub("value")), Some("m"));
    assert_eq!(
        ana.text(&AttributePath::of("USERNAME")),
        Some("ana@example.com")
    );
    let values = AttributePath::of("emails").sub("value");
    assert_eq!(ana.values(&values).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(ana.get(&values), None);
    assert_eq!(ana.values(&manager.clone().sub("value")).count(), 1);
    let mut emails = ana.take_elements(&AttributePath::of("emails"));
    emails.pop();
    ana.set_elements(&AttributePath::of("emails"), emails);
    assert_eq!(ana.values(&values).collect::<Vec<_>>(), ["a"]);
    assert_eq!(ana.remove(&manager.clone().sub("value")), Some("m".into()));
    assert!(
        !ana.as_map().contains_key(ENTERPRISE_URN),
        "an empty extension is gone"
    );
    ana.set(&AttributePath::of("userName"), Value::Null);
    assert_eq!(ana.get(&AttributePath::of("userName")), None);
}
