//! The mappings that come with the program.

use serde_json::json;

use super::*;
use crate::scim::AttributePath;
use crate::scim::schema::{Mutability, Returned, Uniqueness};

const ALL: [&str; 3] = ["active-directory", "openldap", "389ds"];

#[test]
fn all_load_and_serve_users_and_groups() {
    for built_in in ALL {
        let mapping = mapping(built_in);
        assert_eq!(
            (mapping.name.as_str(), mapping.kind.name()),
            (built_in, built_in)
        );
        assert!(mapping.by_endpoint("/Users").is_some() && mapping.resource("Group").is_some());
        assert!(mapping.resource("Group").unwrap().members().is_some());
        assert!(mapping.resource("User").unwrap().members().is_none());
    }
    assert_eq!(Mapping::builtin_names().collect::<Vec<_>>(), ALL);
    assert_eq!(Mapping::builtin("novell"), None);
}

/// Everything that Entra and Okta send by default has a home in every directory.
#[test]
fn every_attribute_that_providers_send_is_mapped() {
    for built_in in ALL {
        let mapping = mapping(built_in);
        let user = mapping.resource("User").unwrap();
        for path in [
            "userName",
            "externalId",
            "active",
            "password",
            "displayName",
            "nickName",
            "title",
            "userType",
            "preferredLanguage",
            "locale",
            "timezone",
            "profileUrl",
            "name.formatted",
            "name.givenName",
            "name.familyName",
            "name.middleName",
            "name.honorificPrefix",
            "name.honorificSuffix",
            "emails.value",
            "emails.type",
            "emails.primary",
            "phoneNumbers.value",
            "phoneNumbers.type",
            "addresses.formatted",
            "addresses.streetAddress",
            "addresses.locality",
            "addresses.region",
            "addresses.postalCode",
            "addresses.country",
            "addresses.type",
            "groups.value",
            "groups.$ref",
            "groups.display",
        ] {
            assert!(
                user.definition
                    .lookup(&AttributePath::parse(path).unwrap())
                    .is_some(),
                "{built_in}: {path}"
            );
        }
        for name in [
            "employeeNumber",
            "costCenter",
            "organization",
            "division",
            "department",
            "manager",
        ] {
            assert!(
                user.definition
                    .lookup(&AttributePath::of(name).in_schema(ENTERPRISE))
                    .is_some(),
                "{built_in}: {name}"
            );
        }
        let group = mapping.resource("Group").unwrap();
        for path in [
            "displayName",
            "externalId",
            "members.value",
            "members.$ref",
            "members.type",
        ] {
            assert!(
                group
                    .definition
                    .lookup(&AttributePath::parse(path).unwrap())
                    .is_some(),
                "{built_in}: {path}"
            );
        }
    }
}

#[test]
fn clients_are_told_what_each_attribute_may_do() {
    let mapping = mapping("active-directory");
    let user = &mapping.resource("User").unwrap().definition;
    let attribute = |path: &str| {
        user.lookup(&AttributePath::parse(path).unwrap())
            .unwrap()
            .leaf()
            .clone()
    };
    assert!(attribute("userName").required);
    assert_eq!(attribute("userName").uniqueness, Uniqueness::Server);
    assert_eq!(attribute("groups").mutability, Mutability::ReadOnly);
    assert_eq!(
        (
            attribute("password").mutability,
            attribute("password").returned
        ),
        (Mutability::WriteOnly, Returned::Never)
    );
    assert_eq!(attribute("emails.type").canonical_values, ["work", "other"]);
    assert_eq!(attribute("emails.primary").canonical_values, ["true"]);
    assert!(attribute("active").defaulted && !attribute("active").required);
    assert!(!attribute("name").defaulted);
    assert_eq!(
        attribute("phoneNumbers.type").canonical_values,
        ["work", "mobile", "fax", "home", "pager", "other"]
    );
    for absent in [
        "photos",
        "ims",
        "roles",
        "entitlements",
        "x509Certificates",
        "emails.display",
    ] {
        assert!(
            user.lookup(&AttributePath::parse(absent).unwrap())
                .is_none(),
            "{absent}"
        );
    }
}

#[test]
fn without_the_auxiliary_schema_the_optional_lines_are_left_out() {
    let fitted = mapping("openldap")
        .fitted(|name| !name.as_str().starts_with("scim"))
        .unwrap();
    let user = &fitted.resource("User").unwrap().definition;
    assert!(user.lookup(&AttributePath::of("externalId")).is_none());
    assert!(user.lookup(&AttributePath::of("userName")).is_some());
    assert!(
        fitted
            .attributes()
            .iter()
            .all(|attribute| !attribute.name.as_str().starts_with("scim"))
    );
}

#[test]
fn every_attribute_is_listed_with_its_line_for_the_schema_check() {
    let mapping = mapping("openldap");
    let attributes = mapping.attributes();
    let find = |ldap: &str| {
        attributes
            .iter()
            .find(|attribute| attribute.name.is(ldap))
            .unwrap()
    };
    assert_eq!(find("uid").scim, "userName");
    let text = Mapping::builtin("openldap").unwrap();
    assert!(
        text.lines()
            .nth(find("uid").line - 1)
            .unwrap()
            .starts_with("userName")
    );
    assert!(find("member").many && find("scimOtherMail").many && !find("mail").many);
    assert!(find("memberOf").read && !find("memberOf").written);
    assert!(!find("userPassword").read && find("userPassword").written);
    assert!(!find("facsimileTelephoneNumber").equality);
    assert!(find("labeledURI").equality && !find("labeledURI").substring && find("uid").substring);
}

#[test]
fn a_conflict_is_named_in_scim_words() {
    let mapping = mapping("active-directory");
    let user = mapping.resource("User").unwrap();
    assert_eq!(
        user.scim_name_of(&name("USERPRINCIPALNAME")).as_deref(),
        Some("userName")
    );
    assert_eq!(
        user.scim_name_of(&name("sAMAccountName")).as_deref(),
        Some("name.familyName, name.givenName, userName")
    );
    assert_eq!(user.scim_name_of(&name("objectSid")), None);
}

#[test]
fn reading_asks_for_what_is_wanted_and_no_more() {
    let mapping = mapping("active-directory");
    let group = mapping.resource("Group").unwrap();
    let plan = |attributes: Option<&str>, excluded: Option<&str>| {
        group.read_plan(
            &crate::scim::Projection::parse(attributes, excluded, &group.definition).unwrap(),
        )
    };
    let all = plan(None, None);
    assert!(all.references.contains(&name("member")));
    assert!(
        all.attributes.contains(&name("whenCreated"))
            && all.attributes.contains(&name("objectGUID"))
    );
    let without = plan(None, Some("members"));
    assert!(without.references.is_empty() && without.attributes.contains(&name("cn")));
    let only_id = plan(Some("id"), None);
    assert_eq!(only_id.references, Vec::new());
    assert!(
        only_id.attributes.contains(&name("objectGUID"))
            && !only_id.attributes.contains(&name("cn"))
    );
    assert!(
        !group
            .update_plan(false)
            .references
            .contains(&name("member"))
    );
    assert!(group.update_plan(true).references.contains(&name("member")));
}

/// The files beside this one are what an administrator reads; the schema they speak of is the one that is shipped.
#[test]
fn the_shipped_schema_has_every_attribute_of_our_own() {
    for (built_in, schema) in [
        (
            "openldap",
            include_str!("../../../mappings/openldap-schema.ldif"),
        ),
        ("389ds", include_str!("../../../mappings/389ds-schema.ldif")),
    ] {
        for attribute in mapping(built_in).attributes() {
            if attribute.object_class.as_deref() == Some("scimbridgeObject") {
                assert!(
                    schema.contains(attribute.name.as_str()),
                    "{}",
                    attribute.name
                );
                assert!(attribute.optional, "{}", attribute.name);
            }
        }
    }
}

#[test]
fn what_no_entry_is_without_is_required_of_nobody_and_published_as_required() {
    let mapping = mapping("openldap");
    let user = &mapping.resource("User").unwrap().definition;
    let document = user.core.to_json("https://scim.example/v2/Schemas/User");
    let required = |attributes: &Value| -> Vec<String> {
        let all = attributes.as_array().unwrap().iter();
        all.filter(|one| one["required"] == true)
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        required(&document["attributes"]),
        ["userName", "name", "active"]
    );
    assert_eq!(
        required(&document["attributes"][1]["subAttributes"]),
        ["formatted", "familyName"]
    );
    let person = Resource::from_map(json!({ "userName": "ana" }).as_object().unwrap().clone());
    assert_eq!(person.check_required(user), Ok(()));
}

#[test]
fn names_of_others_are_shown_on_request() {
    let mapping = mapping("openldap");
    for (of, path) in [
        ("User", format!("{ENTERPRISE}:manager.displayName")),
        ("Group", "members.display".into()),
    ] {
        let definition = &mapping.resource(of).unwrap().definition;
        let path = AttributePath::parse(&path).unwrap();
        assert_eq!(
            definition.lookup(&path).unwrap().leaf().returned,
            Returned::Request
        );
    }
}
