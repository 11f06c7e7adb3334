//! The mapping against the directory's schema.

use super::check::Site;
use super::report::Report;
use crate::ldap::schema::AttributeType;
use crate::ldap::{AttributeName, DirectoryKind, Schema};
use crate::mapping::{Check, MappedAttribute, Mapping};

/// Every mapped attribute exists, is writable where it is written, and holds as many values as the mapping says.
pub(super) async fn check(site: &Site<'_>, report: &mut Report) {
    match site.directory.schema(site.deadline()).await {
        Ok(schema) => compare(&site.config.mapping, &schema, report),
        Err(error) => report.fail(
            format!("the directory's schema cannot be read: {error}"),
            "",
        ),
    }
}

fn compare(mapping: &Mapping, schema: &Schema, report: &mut Report) {
    let mut good = 0;
    for attribute in mapping.attributes() {
        match fault(mapping, schema, &attribute) {
            None => good += 1,
            Some(Finding {
                wrong: true,
                text,
                hint,
            }) => report.fail(place(mapping, &attribute, &text), hint),
            Some(Finding {
                wrong: false,
                text,
                hint,
            }) => report.warn(place(mapping, &attribute, &text), hint),
        }
    }
    report.ok(format!(
        "{good} mapped attributes are in the directory's schema as mapped"
    ));
}

fn place(mapping: &Mapping, attribute: &MappedAttribute, text: &str) -> String {
    let MappedAttribute {
        name,
        resource_type,
        scim,
        line,
        ..
    } = attribute;
    format!(
        "{}:{line}: {resource_type}, {scim}: `{name}` {text}",
        mapping.source_name()
    )
}

struct Finding {
    wrong: bool,
    text: String,
    hint: &'static str,
}

fn fault(mapping: &Mapping, schema: &Schema, attribute: &MappedAttribute) -> Option<Finding> {
    let finding = |wrong, text: &str, hint| {
        Some(Finding {
            wrong,
            text: text.to_owned(),
            hint,
        })
    };
    let Some(known) = schema.attribute(&attribute.name) else {
        let (text, hint) = (
            "is not in the directory's schema",
            "map another attribute, or extend the schema",
        );
        // What may be left out is left out; the bridge serves without it.
        return if attribute.optional {
            finding(false, text, "the line is optional and left out")
        } else {
            finding(true, text, hint)
        };
    };
    if attribute.written && !known.user_modifiable {
        return finding(
            true,
            "cannot be written by anyone",
            "give the line `direction = \"read\"`",
        );
    }
    // Both are ppolicy's own; the second came with 2.5.
    let of_policy = attribute.name.is("pwdAccountLockedTime");
    if mapping.kind == DirectoryKind::OpenLdap
        && of_policy
        && schema
            .attribute(&AttributeName::known("pwdLastSuccess"))
            .is_none()
    {
        return finding(
            true,
            "is that of a password policy older than OpenLDAP 2.5, which unlocks a disabled account whose password is set",
            "use OpenLDAP 2.5 or newer",
        );
    }
    if attribute.many && known.single_valued {
        return finding(
            true,
            "holds one value, and the mapping gives it several",
            "map a single value, or a multi-valued attribute",
        );
    }
    // Active Directory's schema as shown over LDAP names no matching rules, and Active Directory compares anything. 389 DS
    // compares by the syntax where its schema names no rule, and what is not of the syntax is simply unequal.
    if mapping.kind == DirectoryKind::OpenLdap
        && let Some((text, hint)) = incomparable(attribute, known)
    {
        return finding(false, &text, hint);
    }
    if attribute.written && !known.operational && !allowed(mapping, schema, attribute) {
        return finding(
            true,
            "is allowed by none of the object classes",
            "add an object class that allows it, or map another attribute",
        );
    }
    if let Some(rule) = known.equality.as_deref().filter(|rule| is_exact(rule))
        && attribute.caseless
        && attribute.equality
    {
        return finding(
            false,
            &format!(
                "is compared by `{rule}`, which minds the case of letters where SCIM does not: filters miss what is written in another case"
            ),
            "give the line `case_exact = true`, or map an attribute whose rule ignores case",
        );
    }
    None
}

/// Equality rules that mind the case of letters (RFC 4517 §4.2), by name and OID.
const EXACT: [&str; 6] = [
    "caseExactMatch",
    "2.5.13.5",
    "caseExactIA5Match",
    "1.3.6.1.4.1.1466.109.114.1",
    "octetStringMatch",
    "2.5.13.17",
];

fn is_exact(rule: &str) -> bool {
    EXACT.iter().any(|exact| exact.eq_ignore_ascii_case(rule))
}

/// Equality rules that compare any text (RFC 4517 §4.2), by name and OID.
const ANY_TEXT: [&str; 6] = [
    "caseIgnoreMatch",
    "2.5.13.2",
    "caseExactMatch",
    "2.5.13.5",
    "octetStringMatch",
    "2.5.13.17",
];

/// What is asked of the directory by the mapping, and the directory has no rule for. Such a filter is undefined, and finds
/// nothing even when it is negated (RFC 4511 §4.5.1.7).
fn incomparable(
    attribute: &MappedAttribute,
    known: &AttributeType,
) -> Option<(String, &'static str)> {
    if !attribute.equality {
        return None;
    }
    let Some(rule) = &known.equality else {
        return Some((
            "has no equality rule: filters on it find nothing".into(),
            "give the line `equality = false`, so that the bridge compares the values itself; no identity provider should match on it",
        ));
    };
    if attribute.substring && known.substring.is_none() {
        return Some((
            "has no substrings rule: filters with co, sw and ew on it find nothing".into(),
            "give the line `substring = false`, so that the bridge compares the values itself",
        ));
    }
    let check = Check::of_equality_rule(rule);
    if !attribute.any_text
        || attribute.check.is_some() && attribute.check == check
        || ANY_TEXT.iter().any(|any| any.eq_ignore_ascii_case(rule))
    {
        return None;
    }
    let text = format!(
        "is compared by `{rule}` with values of its own form only: filters with ne and not on any other find nothing"
    );
    Some((
        text,
        match check {
            Some(Check::Ascii) => "give the line `check = \"ascii\"`",
            Some(Check::TelephoneNumber) => "give the line `check = \"telephone-number\"`",
            _ => "give the line the codec of such values, or `equality = false`",
        },
    ))
}

/// Whether an entry of the mapped object classes may hold the attribute (RFC 4512 §2.4).
fn allowed(mapping: &Mapping, schema: &Schema, attribute: &MappedAttribute) -> bool {
    let Some(of) = mapping.resource(&attribute.resource_type) else {
        return true;
    };
    let classes = of
        .object_classes
        .iter()
        .map(String::as_str)
        .chain(attribute.object_class.as_deref());
    let classes: Vec<&str> = classes.collect();
    // Nothing can be said where the schema does not show the classes.
    if classes
        .iter()
        .any(|class| schema.object_class(class).is_none())
    {
        return true;
    }
    let allowed = schema.allowed_attributes(classes);
    schema.attribute(&attribute.name).is_none_or(|known| {
        known.names.iter().any(|name| allowed.contains(name)) || allowed.contains(&attribute.name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As slapd prints them.
    const SCHEMA: [&str; 6] = [
        "( 0.9.2342.19200300.100.1.1 NAME ( 'uid' 'userid' ) EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{256} )",
        "( 1.3.6.1.4.1.250.1.57 NAME 'labeledURI' EQUALITY caseExactMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )",
        "( 0.9.2342.19200300.100.1.3 NAME ( 'mail' 'rfc822Mailbox' ) EQUALITY caseIgnoreIA5Match SUBSTR caseIgnoreIA5SubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.26{256} )",
        "( 2.5.4.20 NAME 'telephoneNumber' EQUALITY telephoneNumberMatch SUBSTR telephoneNumberSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.50{32} )",
        "( 2.5.4.23 NAME ( 'facsimileTelephoneNumber' 'fax' ) SYNTAX 1.3.6.1.4.1.1466.115.121.1.22 )",
        "( 1.3.6.1.1.1.1.0 NAME 'uidNumber' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )",
    ];

    /// What is found about the line `nickName` of a mapping for this directory.
    fn found(directory: &str, line: &str) -> Option<(String, &'static str)> {
        let text = format!(
            "[mapping]\nname = \"t\"\ndirectory = \"{directory}\"\n[resource.User]\nendpoint = \"/Users\"\nschema = \"urn:ietf:params:scim:schemas:core:2.0:User\"\nobject_classes = [\"person\"]\nfilter = \"(objectClass=person)\"\nrdn = \"uid\"\n[resource.User.attributes]\nuserName = {{ ldap = \"uid\", required = true }}\nnickName = {line}\n"
        );
        let mapping = Mapping::load("t.toml", &text).unwrap();
        let schema = Schema::parse(SCHEMA, []);
        let attributes = mapping.attributes();
        assert_eq!(
            fault(&mapping, &schema, &attributes[0]).map(|of| of.text),
            None
        );
        let finding = fault(&mapping, &schema, &attributes[1])?;
        assert!(!finding.wrong);
        Some((finding.text, finding.hint))
    }

    #[test]
    fn what_filters_cannot_ask_is_found_with_the_option_that_says_so() {
        for (line, text, option) in [
            (
                r#"{ ldap = "fax" }"#,
                "no equality rule",
                "`equality = false`, so that the bridge compares",
            ),
            (
                r#"{ ldap = "labeledURI" }"#,
                "no substrings rule",
                "`substring = false`, so that the bridge compares",
            ),
            (
                r#"{ ldap = "mail" }"#,
                "compared by `caseIgnoreIA5Match`",
                "\"ascii\"",
            ),
            (
                r#"{ ldap = "mail", check = "telephone-number" }"#,
                "compared by `caseIgnoreIA5Match`",
                "\"ascii\"",
            ),
            (
                r#"{ ldap = "telephoneNumber" }"#,
                "compared by `telephoneNumberMatch`",
                "\"telephone-number\"",
            ),
            (
                r#"{ ldap = "uidNumber", substring = false }"#,
                "compared by `integerMatch`",
                "the codec",
            ),
        ] {
            let (found, hint) = found("openldap", line).unwrap();
            assert!(
                found.contains(text) && hint.contains(option),
                "{line}: {found}\n{hint}"
            );
        }
        // The rule minds the case, wherever it is.
        for line in [
            ("openldap", r#"{ ldap = "labeledURI", substring = false }"#),
            ("389ds", r#"{ ldap = "labeledURI" }"#),
        ] {
            let (found, hint) = found(line.0, line.1).unwrap();
            assert!(
                found.contains("`caseExactMatch`") && hint.contains("case_exact = true"),
                "{line:?}: {found}\n{hint}"
            );
        }
        for (directory, line) in [
            ("openldap", r#"{ ldap = "fax", equality = false }"#),
            (
                "openldap",
                r#"{ ldap = "labeledURI", substring = false, case_exact = true }"#,
            ),
            ("389ds", r#"{ ldap = "labeledURI", case_exact = true }"#),
            ("openldap", r#"{ ldap = "mail", check = "ascii" }"#),
            (
                "openldap",
                r#"{ ldap = "telephoneNumber", check = "telephone-number" }"#,
            ),
            ("389ds", r#"{ ldap = "fax" }"#),
            ("389ds", r#"{ ldap = "telephoneNumber" }"#),
            ("active-directory", r#"{ ldap = "fax" }"#),
            ("active-directory", r#"{ ldap = "mail" }"#),
        ] {
            assert_eq!(found(directory, line), None, "{directory}: {line}");
        }
    }

    #[test]
    fn a_password_policy_that_unlocks_is_found() {
        let mapping = Mapping::builtin("openldap").unwrap();
        let mapping = Mapping::load("openldap", mapping).unwrap();
        let attributes = mapping.attributes();
        let lock = attributes
            .iter()
            .find(|one| one.name.is("pwdAccountLockedTime"));
        let lock = lock.unwrap();
        let time = |number, name| {
            format!(
                "( 1.3.6.1.4.1.42.2.27.8.1.{number} NAME '{name}' EQUALITY generalizedTimeMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 SINGLE-VALUE USAGE directoryOperation )"
            )
        };
        let old = time(17, "pwdAccountLockedTime");
        let found = |schema: &[String]| {
            let schema = Schema::parse(schema.iter().map(String::as_str), []);
            fault(&mapping, &schema, lock).map(|one| (one.wrong, one.hint))
        };
        let older = found(std::slice::from_ref(&old));
        assert_eq!(older, Some((true, "use OpenLDAP 2.5 or newer")));
        assert_eq!(found(&[old, time(29, "pwdLastSuccess")]), None);
    }
}
