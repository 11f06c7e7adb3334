//! New entries.

use serde_json::json;

use super::*;
use crate::ldap::Rdn;

/// A user as Entra ID creates one, with everything it can send.
pub(super) fn ana() -> Resource {
    resource(json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "externalId": "ana",
        "userName": "ana@example.com",
        "active": true,
        "displayName": "Ana Ruiz",
        "nickName": "Ani",
        "title": "Engineer",
        "userType": "Employee",
        "preferredLanguage": "es-ES",
        "locale": "es-ES",
        "timezone": "Ma4GtJ",
        "profileUrl": "https://example.com/ana",
        "name": { "formatted": "Ana Ruiz", "familyName": "Ruiz", "givenName": "Ana", "middleName": "María",
                  "honorificPrefix": "Dra.", "honorificSuffix": "II" },
        "emails": [
            { "value": "ana@example.com", "type": "work", "primary": true },
            { "value": "ana@elsewhere.example", "type": "other" },
        ],
        "phoneNumbers": [
            { "value": "+34 600 000 001", "type": "work", "primary": true },
            { "value": "+34 600 000 002", "type": "mobile" },
            { "value": "+34 600 000 003", "type": "fax" },
        ],
        "addresses": [{ "formatted": "Calle Mayor 1\n28001 Madrid", "streetAddress": "Calle Mayor 1", "locality": "Madrid",
                        "region": "MD", "postalCode": "28001", "country": "ES", "type": "work", "primary": true }],
        ENTERPRISE: { "employeeNumber": "701984", "costCenter": "CC1", "organization": "Example", "division": "North",
                      "department": "Labs", "manager": { "value": id(3).to_string() } },
    }))
}

fn texts<'a>(attributes: &'a [(AttributeName, Values)], ldap: &str) -> Vec<&'a str> {
    attributes
        .iter()
        .filter(|(known, _)| known.is(ldap))
        .flat_map(|(_, values)| values.plain())
        .map(|value| std::str::from_utf8(value).unwrap())
        .collect()
}

fn write(directory: &str, of: &str, value: Resource) -> super::super::NewEntry {
    let mapping = mapping(directory);
    let (table, password) = (table(), password());
    match mapping
        .resource(of)
        .unwrap()
        .write_new(&value, &context(&table, &password))
    {
        Ok(new) => new,
        Err(fault) => panic!("{fault}"),
    }
}

fn fault(directory: &str, of: &str, value: Value) -> String {
    let mapping = mapping(directory);
    let (table, password) = (table(), password());
    let result = mapping
        .resource(of)
        .unwrap()
        .write_new(&resource(value), &context(&table, &password));
    crate::scim::Error::from(result.unwrap_err()).detail
}

#[test]
fn a_user_in_active_directory_is_one_complete_add() {
    let new = write("active-directory", "User", ana());
    let best = &new.alternatives[0];
    assert_eq!(best.rdn, Rdn::new(name("cn"), "Ana Ruiz"));
    for (ldap, value) in [
        ("cn", "Ana Ruiz"),
        ("sAMAccountName", "ana"),
        ("userPrincipalName", "ana@example.com"),
        ("userAccountControl", "512"),
        ("msDS-cloudExtensionAttribute1", "ana"),
        ("mail", "ana@example.com"),
        ("otherMailbox", "ana@elsewhere.example"),
        ("sn", "Ruiz"),
        ("co", "ES"),
        ("postalAddress", "Calle Mayor 1\n28001 Madrid"),
        ("manager", "<GUID=00000000-0000-0000-0000-000000000003>"),
    ] {
        assert_eq!(texts(&best.attributes, ldap), [value], "{ldap}");
    }
    let (_, secret) = best
        .attributes
        .iter()
        .find(|(known, _)| known.is("unicodePwd"))
        .unwrap();
    assert!(
        matches!(secret, Values::Secret(octets) if octets.expose() == super::super::codec::unicode_password("Generated-1"))
    );
    assert_eq!(format!("{secret:?}"), "Secret([redacted])");
    assert_eq!(best.attributes[0].0, name("objectClass"));
}

#[test]
fn names_that_are_taken_have_others_behind_them() {
    let new = write("active-directory", "User", ana());
    let names: Vec<(&str, &str)> = new
        .alternatives
        .iter()
        .map(|one| (one.rdn.value(), texts(&one.attributes, "sAMAccountName")[0]))
        .collect();
    // Each name changes on its own first: which of them is taken, only the directory knows.
    assert_eq!(
        names[..5],
        [
            ("Ana Ruiz", "ana"),
            ("Ana Ruiz 2", "ana"),
            ("Ana Ruiz", "ana2"),
            ("Ana Ruiz 2", "ana2"),
            ("Ana Ruiz 3", "ana")
        ]
    );
    assert!(
        names.contains(&("Ana Ruiz", "AnaRuiz")) && names.contains(&("ana@example.com", "AnaRuiz"))
    );
    let distinct: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(distinct.len(), names.len(), "nothing is tried twice");
}

#[test]
fn a_user_in_openldap_has_what_the_classes_want_even_when_the_provider_sends_little() {
    let new = write(
        "openldap",
        "User",
        resource(json!({ "userName": "bo@example.com", "active": true })),
    );
    let best = &new.alternatives[0];
    assert_eq!(new.alternatives.len(), 1);
    assert_eq!(best.rdn, Rdn::new(name("uid"), "bo@example.com"));
    assert_eq!(texts(&best.attributes, "sn"), ["bo"]);
    assert_eq!(texts(&best.attributes, "cn"), ["bo@example.com"]);
    assert!(texts(&best.attributes, "pwdAccountLockedTime").is_empty());
    assert!(!texts(&best.attributes, "objectClass").contains(&"scimbridgeObject"));
}

#[test]
fn the_auxiliary_class_comes_with_the_first_value_that_needs_it() {
    let new = write("openldap", "User", ana());
    assert_eq!(
        texts(&new.alternatives[0].attributes, "objectClass")
            .iter()
            .filter(|class| **class == "scimbridgeObject")
            .count(),
        1
    );
    assert_eq!(
        texts(&new.alternatives[0].attributes, "postalAddress"),
        ["Calle Mayor 1$28001 Madrid"]
    );
}

#[test]
fn a_user_can_be_created_disabled() {
    let inactive = || resource(json!({ "userName": "bo@example.com", "active": false }));
    let new = write("active-directory", "User", inactive());
    assert_eq!(
        texts(&new.alternatives[0].attributes, "userAccountControl"),
        ["514"]
    );
    let new = write("openldap", "User", inactive());
    assert_eq!(
        texts(&new.alternatives[0].attributes, "pwdAccountLockedTime"),
        ["000001010000Z"]
    );
    let new = write(
        "active-directory",
        "User",
        resource(json!({ "userName": "bo@example.com" })),
    );
    assert_eq!(
        texts(&new.alternatives[0].attributes, "userAccountControl"),
        ["512"]
    );
}

#[test]
fn without_a_password_the_mapping_decides() {
    let text = Mapping::builtin("active-directory").unwrap();
    let load = |decision: &str| {
        let text = text.replace(
            "without_password = \"generate\"",
            &format!("without_password = \"{decision}\""),
        );
        Mapping::load("t.toml", &text).unwrap()
    };
    let references = table();
    let context = WriteContext {
        references: &references,
        generated_password: None,
    };
    let bo = resource(json!({ "userName": "bo@example.com", "active": true }));
    let with =
        resource(json!({ "userName": "bo@example.com", "active": true, "password": "S3cret!" }));

    let disabled = load("disabled");
    let user = disabled.resource("User").unwrap();
    let flags = |new: &Resource| {
        texts(
            &user.write_new(new, &context).unwrap().alternatives[0].attributes,
            "userAccountControl",
        )
        .concat()
    };
    assert_eq!(
        (flags(&bo), flags(&with)),
        ("514".to_owned(), "512".to_owned())
    );

    let refuse = load("refuse");
    let fault = refuse
        .resource("User")
        .unwrap()
        .write_new(&bo, &context)
        .unwrap_err();
    assert_eq!(fault.attribute, "password");

    let generate = load("generate");
    let user = generate.resource("User").unwrap();
    assert!(user.needs_generated_password(&bo) && !user.needs_generated_password(&with));
    assert!(
        user.write_new(&bo, &context).is_err(),
        "nobody generated one"
    );
}

#[test]
fn a_group_begins_with_a_member_that_is_nobody_where_the_class_wants_one() {
    let ops = |members: Value| {
        resource(json!({ "displayName": "Ops", "members": members, "externalId": "8aa1" }))
    };
    let new = write(
        "openldap",
        "Group",
        ops(json!([{ "value": id(1).to_string() }])),
    );
    assert_eq!(
        texts(&new.alternatives[0].attributes, "member"),
        ["", "uid=p1,ou=people,dc=example"]
    );
    let new = write("openldap", "Group", ops(json!([])));
    assert_eq!(texts(&new.alternatives[0].attributes, "member"), [""]);

    let new = write("active-directory", "Group", ops(json!([])));
    let best = &new.alternatives[0];
    assert!(texts(&best.attributes, "member").is_empty());
    assert_eq!(texts(&best.attributes, "groupType"), ["-2147483646"]);
    assert_eq!(texts(&best.attributes, "sAMAccountName"), ["Ops"]);
    assert_eq!(best.rdn, Rdn::new(name("cn"), "Ops"));
}

#[test]
fn an_element_without_a_home_is_ignored_and_named() {
    let new = write(
        "active-directory",
        "User",
        resource(json!({
            "userName": "bo@example.com",
            "emails": [{ "value": "a@x", "type": "home" }, { "value": "b@x", "type": "work" }, { "value": "c@x", "type": "WORK" }],
        })),
    );
    assert_eq!(texts(&new.alternatives[0].attributes, "mail"), ["b@x"]);
    let ignored: Vec<&str> = new.ignored.iter().map(|of| of.element.as_str()).collect();
    assert_eq!(
        ignored,
        ["emails[type eq \"home\"]", "emails[type eq \"WORK\"]"]
    );
}

#[test]
fn an_element_without_a_type_or_marked_as_primary_falls_to_the_primary_line() {
    for emails in [
        json!([{ "value": "a@x" }]),
        json!([{ "value": "b@x", "type": "home" }, { "value": "a@x", "type": "home", "primary": true }]),
        json!([{ "value": "a@x", "type": "work" }, { "value": "b@x" }]),
        json!([{ "value": "b@x", "type": "work" }, { "value": "a@x", "type": "work", "primary": true }]),
    ] {
        let new = write(
            "active-directory",
            "User",
            resource(json!({ "userName": "bo@example.com", "emails": emails })),
        );
        assert_eq!(
            texts(&new.alternatives[0].attributes, "mail"),
            ["a@x"],
            "{emails}"
        );
    }
}

#[test]
fn a_value_that_the_directory_would_refuse_is_refused_with_its_rule() {
    let long = "é".repeat(65);
    for (of, value, expected) in [
        (
            "User",
            json!({ "userName": "a@b@c" }),
            "`userName` may contain one `@` only",
        ),
        (
            "User",
            json!({ "userName": "bo@x", "name": { "familyName": long } }),
            "`name.familyName` may have at most 64 characters, and this value has 65",
        ),
        (
            "User",
            json!({ "userName": "bo@x", "title": "a\u{0}b" }),
            "`title` must not contain the character NUL",
        ),
        (
            "User",
            json!({ "userName": "bo@x", "password": "a\u{0}b" }),
            "`password` must not contain the character NUL",
        ),
        ("User", json!({ "title": "Boss" }), "`userName` is required"),
        (
            "Group",
            json!({ "displayName": long }),
            "`displayName` may have at most 64",
        ),
        (
            "Group",
            json!({ "displayName": "Ops", "members": [{ "value": "nobody" }] }),
            "`members` refers to id `nobody`",
        ),
    ] {
        let detail = fault("active-directory", of, value);
        assert!(detail.starts_with(expected), "{detail}");
    }
}

#[test]
fn a_name_of_characters_that_windows_refuses_gets_an_account_name_all_the_same() {
    let new = write(
        "active-directory",
        "User",
        resource(json!({ "userName": "田中/太郎[1]@example.com", "displayName": "田中 太郎" })),
    );
    let best = &new.alternatives[0];
    assert_eq!(best.rdn.value(), "田中 太郎");
    let account = texts(&best.attributes, "sAMAccountName")[0];
    assert!(
        super::super::Check::SamAccountName
            .broken_by(account)
            .is_none(),
        "{account}"
    );
}

#[test]
fn constants_and_defaults_are_written_once() {
    let mapping = custom(
        "openldap",
        "userType = { ldap = \"employeeType\", constant = \"scim\" }\ntitle = { ldap = \"title\", default = \"Employee\" }\n[resource.User.constant]\ndescription = [\"one\", \"two\"]",
    );
    let user = mapping.resource("User").unwrap();
    let (table, password) = (table(), password());
    let new = user
        .write_new(
            &resource(json!({ "userName": "bo", "userType": "other" })),
            &context(&table, &password),
        )
        .unwrap();
    let attributes = &new.alternatives[0].attributes;
    assert_eq!(texts(attributes, "employeeType"), ["scim"]);
    assert_eq!(texts(attributes, "title"), ["Employee"]);
    assert_eq!(texts(attributes, "description"), ["one", "two"]);
}

#[test]
fn values_that_must_be_unique_are_searched_for_where_the_directory_does_not_see_to_it() {
    let mapping = custom(
        "openldap",
        "'emails[type eq \"work\"].value' = { ldap = \"mail\", unique = \"bridge\" }\ntitle = { ldap = \"title\", unique = \"directory\" }",
    );
    let user = mapping.resource("User").unwrap();
    let bo = resource(
        json!({ "userName": "bo", "title": "Only one", "emails": [{ "value": "b)o@x", "type": "work" }] }),
    );
    let checks: Vec<String> = user
        .unique_checks(&bo)
        .iter()
        .map(|(path, filter)| format!("{path} {filter}"))
        .collect();
    assert_eq!(checks, [r"emails.value (mail=b\29o@x)"]);
    assert_eq!(user.identity_checks(&bo).len(), 2);
}
