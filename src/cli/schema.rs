//! The mapping against the directory's schema.

use super::check::Site;
use super::report::Report;
use crate::ldap::{DirectoryKind, Schema};
use crate::mapping::{MappedAttribute, Mapping};

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
    if attribute.many && known.single_valued {
        return finding(
            true,
            "holds one value, and the mapping gives it several",
            "map a single value, or a multi-valued attribute",
        );
    }
    // Active Directory's schema as shown over LDAP names no matching rules.
    if attribute.equality
        && known.equality.is_none()
        && mapping.kind != DirectoryKind::ActiveDirectory
    {
        return finding(
            false,
            "has no equality rule: filters on it find nothing",
            "no identity provider should match on it",
        );
    }
    if attribute.written && !known.operational && !allowed(mapping, schema, attribute) {
        return finding(
            true,
            "is allowed by none of the object classes",
            "add an object class that allows it, or map another attribute",
        );
    }
    None
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
