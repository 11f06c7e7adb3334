//! What clients are told of a mapping, as documents.

use serde_json::Value;

use super::*;
use crate::scim::discovery;

const BASE: &str = "https://bridge.example/scim/v2";

/// The documents, one line for each attribute. A change here is a change of what identity providers read.
fn published(mapping: &Mapping) -> String {
    let mut text = String::new();
    for of in discovery::resource_types(mapping.definitions(), BASE) {
        text.push_str(&format!(
            "{} {} {}: {}\n",
            of["id"], of["endpoint"], of["schema"], of["schemaExtensions"]
        ));
    }
    for schema in discovery::schemas(mapping.definitions(), BASE) {
        text.push_str(&format!("\n{} ({})\n", schema["id"], schema["name"]));
        lines(&schema["attributes"], "", &mut text);
    }
    text.replace('"', "")
}

fn lines(attributes: &Value, above: &str, text: &mut String) {
    for one in attributes.as_array().unwrap() {
        let flag = |name: &str| (one[name] == true).then(|| name.to_owned());
        let unlike =
            |name: &str, usual: &str| (one[name] != usual).then(|| format!("{name}={}", one[name]));
        let list = |name: &str| one.get(name).map(|values| format!("{name}={values}"));
        let facts: Vec<String> = [
            flag("multiValued"),
            flag("required"),
            flag("caseExact"),
            unlike("mutability", "readWrite"),
            unlike("returned", "default"),
            unlike("uniqueness", "none"),
            list("canonicalValues"),
            list("referenceTypes"),
        ]
        .into_iter()
        .flatten()
        .collect();
        let name = format!("{above}{}", one["name"]);
        let line = format!("  {name}: {} {}", one["type"], facts.join(" "));
        text.push_str(line.trim_end());
        text.push('\n');
        if one["type"] == "complex" {
            lines(&one["subAttributes"], &format!("{name}."), text);
        }
    }
}

#[test]
fn what_the_built_in_mappings_publish() {
    for built_in in Mapping::builtin_names() {
        insta::assert_snapshot!(built_in, published(&mapping(built_in)));
    }
}

#[test]
fn an_attribute_of_ones_own_says_what_its_line_says() {
    let mapping = custom(
        "openldap",
        r#"
        "urn:example:scim:extension:acme:2.0:User:badge" = { ldap = "employeeNumber", unique = "bridge", description = "On the card.", case_exact = true }
        "urn:example:scim:extension:acme:2.0:User:rooms" = { ldap = "roomNumber", many = true, values = ["1.01", "1.02"] }
        "urn:example:scim:extension:acme:2.0:User:size" = { ldap = "uidNumber", codec = "integer", required = true }
        "urn:example:scim:extension:acme:2.0:User:seen" = { ldap = "authTimestamp", codec = "generalized-time", direction = "read" }
        "urn:example:scim:extension:acme:2.0:User:pin" = { ldap = "destinationIndicator", direction = "write" }
        "urn:example:scim:extension:acme:2.0:User:origin" = { ldap = "employeeType", constant = "acme" }
        "urn:example:scim:extension:acme:2.0:User:mentor" = { ldap = "secretary", codec = "reference", to = ["User"] }
        'urn:example:scim:extension:acme:2.0:User:lockers[kind eq "tall"].number' = "carLicense"
        "#,
    );
    insta::assert_snapshot!(published(&mapping), @r"
    User /Users urn:ietf:params:scim:schemas:core:2.0:User: [{schema:urn:example:scim:extension:acme:2.0:User,required:true}]

    urn:ietf:params:scim:schemas:core:2.0:User (User)
      userName: string required

    urn:example:scim:extension:acme:2.0:User (User)
      badge: string caseExact uniqueness=server
      rooms: string multiValued canonicalValues=[1.01,1.02]
      size: integer required
      seen: dateTime mutability=readOnly
      pin: string mutability=writeOnly returned=never
      origin: string mutability=readOnly
      mentor: complex
      mentor.value: string
      mentor.$ref: reference caseExact mutability=readOnly referenceTypes=[User]
      mentor.type: string mutability=readOnly canonicalValues=[User]
      mentor.display: string mutability=readOnly returned=request
      lockers: complex multiValued
      lockers.number: string
      lockers.kind: string canonicalValues=[tall]
    ");
}

#[test]
fn a_second_written_list_of_references_is_refused() {
    let text = Mapping::builtin("openldap").unwrap().replace(
        "\nmembers = {",
        "\nowners = { ldap = \"owner\", codec = \"reference\", to = [\"User\"], many = true }\nmembers = {",
    );
    let text = text.replace(
        "schema = \"urn:ietf:params:scim:schemas:core:2.0:Group\"",
        "schema = \"urn:example:scim:Group\"",
    );
    let text = text.replace(
        "to = [\"User\", \"Group\"] }",
        "to = [\"User\", \"Group\"], many = true }",
    );
    let report = Mapping::load("m.toml", &text).unwrap_err().report();
    assert!(
        report.contains("writes one list of references, and `owners` is one already")
            && report.contains("hint: add `direction = \"read\"`"),
        "{report}"
    );
}
