//! One test per leniency, named after it: what is accepted, and what the RFC answers instead.

use serde_json::{Value, json};

use super::fixtures::{groups, json_of, patched_in, read, user, users};
use super::schema::{ENTERPRISE_URN, USER_URN};
use super::{AttributePath, Definition, Dialect, Error, Filter, Leniency, PatchRequest, Resource};

/// The body as stored by a dialect with only this leniency, and the error without any.
fn post(leniency: Leniency, body: Value) -> (Value, Error) {
    let kind = |dialect| Resource::normalize(body.clone(), &users(), &dialect);
    let (resource, _) = kind(Dialect::strict().with(leniency)).unwrap();
    (
        json_of(&resource),
        kind(Dialect::strict()).expect_err("strict must refuse"),
    )
}

fn patch(
    definition: &Definition,
    leniency: Leniency,
    before: &Resource,
    operations: Value,
) -> (Value, Error) {
    let lenient = Dialect::strict().with(leniency);
    let after = patched_in(definition, &lenient, before, operations.clone()).unwrap();
    let error = patched_in(definition, &Dialect::strict(), before, operations)
        .expect_err("strict must refuse");
    (json_of(&after), error)
}

fn scim_type(error: &Error) -> &'static str {
    assert_eq!(error.status, 400);
    error.scim_type.unwrap().name()
}

#[test]
fn operator_case() {
    let operations = json!([{ "op": "Replace", "path": "title", "value": "Dr" }]);
    let (after, error) = patch(
        &users(),
        Leniency::OperatorCase,
        &user(json!({})),
        operations,
    );
    assert_eq!(after["title"], "Dr");
    assert_eq!(scim_type(&error), "invalidSyntax");
    assert!(
        error.detail.contains("Operation 1: `op` is `Replace`"),
        "{error}"
    );
}

#[test]
fn string_boolean() {
    let body = json!({ "schemas": [USER_URN], "userName": "a", "active": "False" });
    let (after, error) = post(Leniency::StringBoolean, body);
    assert_eq!(after["active"], false);
    assert_eq!(scim_type(&error), "invalidValue");
    assert!(
        error.detail.starts_with("active must be true or false"),
        "{error}"
    );

    let filter = Filter::parse("emails[primary eq \"True\"]").unwrap();
    let lenient = Dialect::strict().with(Leniency::StringBoolean);
    assert_eq!(
        filter
            .clone()
            .resolve(&users(), &lenient)
            .unwrap()
            .to_string(),
        "emails[primary eq true]"
    );
    let error = filter.resolve(&users(), &Dialect::strict()).unwrap_err();
    assert_eq!(scim_type(&error), "invalidFilter");
}

#[test]
fn email_in_filter() {
    let filter = Filter::parse("email co \"ana\"").unwrap();
    let lenient = Dialect::strict().with(Leniency::EmailInFilter);
    let shown = |dialect| {
        filter
            .clone()
            .resolve(&users(), dialect)
            .unwrap()
            .to_string()
    };
    assert_eq!(shown(&lenient), "emails.value co \"ana\"");
    assert_eq!(
        shown(&Dialect::strict()),
        "email co \"ana\"",
        "which names nothing"
    );
}

#[test]
fn user_name_from_email() {
    let named = |emails: Value, dialect: &Dialect| {
        let body = json!({ "schemas": [USER_URN], "emails": emails });
        let (mut user, _) = Resource::normalize(body, &users(), dialect).unwrap();
        user.name_by_mail(&users(), dialect);
        user.get(&AttributePath::of("userName")).cloned()
    };
    let lenient = Dialect::strict().with(Leniency::UserNameFromEmail);
    let two = json!([{ "value": "a@x.test" }, { "value": "b@x.test", "primary": true }]);
    assert_eq!(named(two.clone(), &lenient), Some(json!("b@x.test")));
    assert_eq!(named(two, &Dialect::strict()), None);
    let one = json!([{ "value": "a@x.test" }]);
    assert_eq!(named(one, &lenient), Some(json!("a@x.test")));
    for nothing in [
        json!([]),
        json!([{ "type": "work" }]),
        json!([{ "value": "" }]),
    ] {
        assert_eq!(named(nothing, &lenient), None);
    }
}

#[test]
fn empty_string_removes() {
    let before = user(json!({ "title": "Dr", "nickName": "An" }));
    let operations = json!([{ "op": "replace", "path": "title", "value": "" }]);
    let dialect = Dialect::strict().with(Leniency::EmptyStringRemoves);
    let after = patched_in(&users(), &dialect, &before, operations.clone()).unwrap();
    assert_eq!(json_of(&after).get("title"), None);
    let after = patched_in(&users(), &Dialect::strict(), &before, operations).unwrap();
    assert_eq!(
        json_of(&after)["title"],
        "",
        "an empty string is a value to the RFC"
    );
}

#[test]
fn add_creates_element() {
    let operations = json!([{ "op": "add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+34 600" }]);
    let (after, error) = patch(
        &users(),
        Leniency::AddCreatesElement,
        &user(json!({})),
        operations,
    );
    assert_eq!(
        after["phoneNumbers"],
        json!([{ "type": "mobile", "value": "+34 600" }])
    );
    assert_eq!(scim_type(&error), "noTarget");
}

#[test]
fn replace_creates_element() {
    let operations =
        json!([{ "op": "replace", "path": "phoneNumbers[type eq \"work\"].value", "value": "1" }]);
    let (after, error) = patch(
        &users(),
        Leniency::ReplaceCreatesElement,
        &user(json!({})),
        operations,
    );
    assert_eq!(
        after["phoneNumbers"],
        json!([{ "type": "work", "value": "1" }])
    );
    assert_eq!(scim_type(&error), "noTarget");
    assert!(
        error
            .detail
            .contains("phoneNumbers[type eq \"work\"].value"),
        "{error}"
    );
}

#[test]
fn plain_value() {
    let operations =
        json!([{ "op": "add", "path": format!("{ENTERPRISE_URN}:manager"), "value": "77" }]);
    let (after, error) = patch(&users(), Leniency::PlainValue, &user(json!({})), operations);
    assert_eq!(after[ENTERPRISE_URN]["manager"], json!({ "value": "77" }));
    assert_eq!(scim_type(&error), "invalidValue");
}

#[test]
fn array_for_single() {
    let operations = json!([{ "op": "add", "path": format!("{ENTERPRISE_URN}:manager"), "value": [{ "$ref": null, "value": "77" }] }]);
    let (after, error) = patch(
        &users(),
        Leniency::ArrayForSingle,
        &user(json!({})),
        operations,
    );
    assert_eq!(after[ENTERPRISE_URN]["manager"], json!({ "value": "77" }));
    assert_eq!(scim_type(&error), "invalidValue");
}

#[test]
fn single_for_array() {
    let body =
        json!({ "schemas": [USER_URN], "userName": "a", "emails": { "value": "a@example.com" } });
    let (after, error) = post(Leniency::SingleForArray, body);
    assert_eq!(after["emails"], json!([{ "value": "a@example.com" }]));
    assert_eq!(scim_type(&error), "invalidValue");
}

#[test]
fn unqualified_extension() {
    let operations = json!([{ "op": "add", "path": "manager", "value": { "value": "77" } }]);
    let (after, error) = patch(
        &users(),
        Leniency::UnqualifiedExtension,
        &user(json!({})),
        operations,
    );
    assert_eq!(after[ENTERPRISE_URN]["manager"]["value"], "77");
    assert_eq!(scim_type(&error), "invalidPath");
}

#[test]
fn remove_by_value() {
    let before = super::fixtures::group(json!({ "members": [{ "value": "a" }, { "value": "b" }] }));
    let operations = json!([{ "op": "remove", "path": "members", "value": [{ "value": "A" }] }]);
    let (after, error) = patch(&groups(), Leniency::RemoveByValue, &before, operations);
    assert_eq!(after["members"], json!([{ "value": "b" }]));
    assert_eq!(scim_type(&error), "invalidSyntax");
}

#[test]
fn remove_nothing() {
    let operations = json!([{ "op": "remove", "path": "members[value eq \"a\"]" }]);
    let before = super::fixtures::group(json!({}));
    let (after, error) = patch(&groups(), Leniency::RemoveNothing, &before, operations);
    assert_eq!(after.get("members"), None);
    assert_eq!(scim_type(&error), "noTarget");
}

#[test]
fn unknown_attribute() {
    let body = json!({ "schemas": [USER_URN], "userName": "a", "shoeSize": 44, "emails": [{ "value": "a@b", "verified": true }] });
    let (after, error) = post(Leniency::UnknownAttribute, body.clone());
    assert_eq!(after["emails"], json!([{ "value": "a@b" }]));
    assert_eq!(scim_type(&error), "invalidSyntax");
    assert!(error.detail.contains("`shoeSize`"), "{error}");
    let (_, ignored) = Resource::normalize(body, &users(), &Dialect::lenient()).unwrap();
    assert_eq!(ignored.names, ["shoeSize", "emails.verified"]);

    let operations = json!([{ "op": "add", "path": "shoeSize", "value": 44 }]);
    let before = user(json!({}));
    let (after, error) = patch(&users(), Leniency::UnknownAttribute, &before, operations);
    assert_eq!(after, json_of(&before));
    assert_eq!(scim_type(&error), "invalidPath");
}

#[test]
fn unknown_schema() {
    let body = json!({ "schemas": [USER_URN, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/User"], "userName": "a" });
    let (after, error) = post(Leniency::UnknownSchema, body);
    assert_eq!(after["schemas"], json!([USER_URN]));
    assert_eq!(scim_type(&error), "invalidSyntax");
}

#[test]
fn undeclared_schema() {
    let body =
        json!({ "schemas": [USER_URN], "userName": "a", ENTERPRISE_URN: { "department": "Labs" } });
    let (after, error) = post(Leniency::UndeclaredSchema, body);
    assert_eq!(after["schemas"], json!([USER_URN, ENTERPRISE_URN]));
    assert_eq!(scim_type(&error), "invalidSyntax");
    assert!(error.detail.contains(ENTERPRISE_URN), "{error}");
    let (_, error) = post(Leniency::UndeclaredSchema, json!({ "userName": "a" }));
    assert!(error.detail.contains(USER_URN), "{error}");
}

#[test]
fn undeclared_patch() {
    let bare = json!({ "Operations": [{ "op": "remove", "path": "title" }] });
    let lenient = Dialect::strict().with(Leniency::UndeclaredPatch);
    assert!(PatchRequest::parse(bare.clone(), &users(), &lenient).is_ok());
    let error = PatchRequest::parse(bare, &users(), &Dialect::strict()).unwrap_err();
    assert_eq!(scim_type(&error), "invalidSyntax");
}

#[test]
fn null_path() {
    for path in [json!(null), json!("")] {
        let operations = json!([{ "op": "replace", "path": path, "value": { "title": "Dr" } }]);
        let (after, error) = patch(&users(), Leniency::NullPath, &user(json!({})), operations);
        assert_eq!(after["title"], "Dr");
        assert_eq!(scim_type(&error), "invalidPath");
    }
}

#[test]
fn path_key() {
    let operations = json!([{ "op": "replace", "value": {
        "name.givenName": "Ana",
        (format!("{ENTERPRISE_URN}:employeeNumber")): "701985",
    } }]);
    let before = user(json!({ "name": { "givenName": "A", "middleName": "M" } }));
    let (after, error) = patch(&users(), Leniency::PathKey, &before, operations);
    assert_eq!(
        after["name"],
        json!({ "givenName": "Ana", "middleName": "M" })
    );
    assert_eq!(after[ENTERPRISE_URN]["employeeNumber"], "701985");
    assert_eq!(scim_type(&error), "invalidSyntax");
}

#[test]
fn common_attribute_in_patch() {
    let operations =
        json!([{ "op": "replace", "value": { "id": "g1", "meta": {}, "displayName": "Ops EU" } }]);
    let before = super::fixtures::group(json!({}));
    let (after, error) = patch(
        &groups(),
        Leniency::CommonAttributeInPatch,
        &before,
        operations.clone(),
    );
    assert_eq!(after["displayName"], "Ops EU");
    assert_eq!(scim_type(&error), "mutability");
    let (_, ignored) = read(&groups(), &Dialect::lenient(), operations).unwrap();
    assert_eq!(ignored.id.as_deref(), Some("g1"));
    for schemas in [
        json!([{ "op": "replace", "value": { "schemas": [] } }]),
        json!([{ "op": "replace", "path": "schemas", "value": [] }]),
    ] {
        let (after, error) = patch(
            &groups(),
            Leniency::CommonAttributeInPatch,
            &before,
            schemas,
        );
        assert_eq!(after["schemas"], json_of(&before)["schemas"]);
        assert_eq!(scim_type(&error), "mutability");
    }
}

#[test]
fn last_primary_wins() {
    let body = json!({ "schemas": [USER_URN], "userName": "a", "emails": [
        { "value": "a@b", "primary": true }, { "value": "c@d", "primary": true } ] });
    let (after, error) = post(Leniency::LastPrimaryWins, body);
    assert_eq!(after["emails"][0]["primary"], false);
    assert_eq!(after["emails"][1]["primary"], true);
    assert_eq!(scim_type(&error), "invalidValue");
}
