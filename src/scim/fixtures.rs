//! Definitions and short-hands for this room's tests.

use serde_json::{Value, json};

use super::schema::{ENTERPRISE_URN, GROUP_URN, USER_URN, core_group, core_user, enterprise_user};
use super::{Definition, Dialect, Error, Ignored, PatchRequest, Resource, ResourceType};

pub(super) fn users() -> Definition {
    Definition::new(
        ResourceType {
            name: "User".to_owned(),
            endpoint: "/Users".to_owned(),
            description: "People".to_owned(),
            schema: USER_URN.to_owned(),
            extensions: vec![(ENTERPRISE_URN.to_owned(), false)],
        },
        core_user(),
        vec![enterprise_user()],
    )
}

pub(super) fn groups() -> Definition {
    Definition::new(
        ResourceType {
            name: "Group".to_owned(),
            endpoint: "/Groups".to_owned(),
            description: "Groups".to_owned(),
            schema: GROUP_URN.to_owned(),
            extensions: Vec::new(),
        },
        core_group(),
        Vec::new(),
    )
}

/// A user as a POST body makes it.
pub(super) fn user(mut body: Value) -> Resource {
    if body.get("userName").is_none() {
        body["userName"] = "ana@example.com".into();
    }
    Resource::normalize(body, &users(), &Dialect::lenient())
        .unwrap()
        .0
}

pub(super) fn group(mut body: Value) -> Resource {
    body["displayName"] = "Ops".into();
    Resource::normalize(body, &groups(), &Dialect::lenient())
        .unwrap()
        .0
}

pub(super) fn body(operations: Value) -> Value {
    json!({ "schemas": [super::patch::PATCH_URN], "Operations": operations })
}

pub(super) fn read(
    definition: &Definition,
    dialect: &Dialect,
    operations: Value,
) -> Result<(PatchRequest, Ignored), Error> {
    PatchRequest::parse(body(operations), definition, dialect)
}

/// The resource after the operations, read and applied in that dialect.
pub(super) fn patched_in(
    definition: &Definition,
    dialect: &Dialect,
    resource: &Resource,
    operations: Value,
) -> Result<Resource, Error> {
    let (request, _) = read(definition, dialect, operations)?;
    let mut after = resource.clone();
    let result = request.apply(&mut after, definition, dialect);
    if result.is_err() {
        assert_eq!(&after, resource, "a refused PATCH changes nothing");
    }
    result.map(|()| after)
}

/// As an identity provider sees it: applied once, and the same when it repeats itself.
pub(super) fn patched(resource: &Resource, operations: Value) -> Resource {
    let definition = if resource.as_map().contains_key("userName") {
        users()
    } else {
        groups()
    };
    let lenient = Dialect::lenient();
    let once = patched_in(&definition, &lenient, resource, operations.clone()).unwrap();
    let twice = patched_in(&definition, &lenient, &once, operations).unwrap();
    assert_eq!(once, twice, "PATCH twice is PATCH once");
    once
}

pub(super) fn json_of(resource: &Resource) -> Value {
    resource.clone().into_value()
}
