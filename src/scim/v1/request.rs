//! What a 1.1 client sends, as SCIM 2.0 says it.

use serde_json::{Map, Value};

use super::{CORE_URN, ENTERPRISE_URN, modern};
use crate::scim::Definition;
use crate::scim::schema;

/// The body of a POST or PUT. `schemas`, `meta` and a null `id` say nothing that the endpoint does not know.
pub fn resource(body: Value, definition: &Definition) -> Value {
    let Value::Object(body) = body else {
        return body;
    };
    let mut schemas = vec![Value::from(definition.core.id.as_str())];
    let mut resource = Map::with_capacity(body.len());
    for (name, value) in body {
        if ["schemas", "meta"]
            .iter()
            .any(|common| name.eq_ignore_ascii_case(common))
            || (name.eq_ignore_ascii_case("id") && value.is_null())
        {
            continue;
        }
        let name = modern(&name).to_owned();
        if let Some(extension) = definition.extension(&name) {
            schemas.push(extension.id.as_str().into());
            resource.insert(name, attributes(value));
        } else {
            resource.insert(name, value);
        }
    }
    resource.insert("schemas".into(), schemas.into());
    Value::Object(resource)
}

/// An extension's attributes.
fn attributes(extension: Value) -> Value {
    match extension {
        Value::Object(attributes) => attributes
            .into_iter()
            .map(|(name, value)| {
                let value = if name.eq_ignore_ascii_case("manager") {
                    manager(value)
                } else {
                    value
                };
                (name, value)
            })
            .collect(),
        other => other,
    }
}

/// `managerId` became `value` (SCIM Core Schema 1.1 §7.1).
pub(super) fn manager(manager: Value) -> Value {
    match manager {
        Value::Object(parts) => parts
            .into_iter()
            .map(|(name, value)| {
                let name = if name.eq_ignore_ascii_case("managerId") {
                    "value".to_owned()
                } else {
                    name
                };
                (name, value)
            })
            .collect(),
        other => other,
    }
}

/// A filter or a list of attributes with the names that SCIM 2.0 has for them. What stands in quotes is a value and
/// stays as it is.
pub fn query_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(quote) = rest.find('"') {
        let (names, value) = rest.split_at(quote);
        out.push_str(&names_in(names));
        let end = end_of_string(value);
        let (value, after) = value.split_at(end);
        out.push_str(value);
        rest = after;
    }
    out.push_str(&names_in(rest));
    out
}

/// Where the string that begins with a quote ends.
fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    for (position, letter) in text.char_indices().skip(1) {
        match letter {
            '"' if !escaped => return position + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

fn names_in(text: &str) -> String {
    let enterprise = format!("{}:", schema::ENTERPRISE_URN);
    let text = replaced(text, &format!("{ENTERPRISE_URN}:"), &enterprise);
    let text = replaced(&text, &format!("{CORE_URN}:"), "");
    replaced(&text, ".managerId", ".value")
}

/// Every occurrence, in any case. The needle is ASCII, so that positions are the same in the lower-case copy.
fn replaced(text: &str, needle: &str, instead: &str) -> String {
    let (lower, needle) = (text.to_ascii_lowercase(), needle.to_ascii_lowercase());
    let mut out = String::with_capacity(text.len());
    let mut begin = 0;
    for (at, found) in lower.match_indices(&needle) {
        out.push_str(text.get(begin..at).unwrap_or_default());
        out.push_str(instead);
        begin = at + found.len();
    }
    out.push_str(text.get(begin..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::fixtures::users;
    use serde_json::json;

    #[test]
    fn a_user_of_1_1_becomes_one_of_2_0() {
        let sent = json!({
            "schemas": [CORE_URN, ENTERPRISE_URN], "id": null, "meta": {"location": ""},
            "userName": "ana", "active": true,
            ENTERPRISE_URN: {"department": "Labs", "manager": {"managerId": "77", "displayName": "Bo"}},
        });
        assert_eq!(
            resource(sent, &users()),
            json!({
                "userName": "ana", "active": true,
                schema::ENTERPRISE_URN: {"department": "Labs", "manager": {"value": "77", "displayName": "Bo"}},
                "schemas": [schema::USER_URN, schema::ENTERPRISE_URN],
            })
        );
    }

    #[test]
    fn names_are_translated_and_values_are_not() {
        let enterprise = schema::ENTERPRISE_URN;
        for (sent, meant) in [
            (
                "userName eq \"ana\"".to_owned(),
                "userName eq \"ana\"".to_owned(),
            ),
            (
                format!("{ENTERPRISE_URN}:Department eq \"{ENTERPRISE_URN}:x .managerId\""),
                format!("{enterprise}:Department eq \"{ENTERPRISE_URN}:x .managerId\""),
            ),
            (
                format!(
                    "{}:manager.MANAGERID eq \"a\\\"b .managerId\" and {CORE_URN}:userName pr",
                    ENTERPRISE_URN.to_uppercase()
                ),
                format!("{enterprise}:manager.value eq \"a\\\"b .managerId\" and userName pr"),
            ),
            (
                format!("userName,{ENTERPRISE_URN}:division"),
                format!("userName,{enterprise}:division"),
            ),
            (
                "ß.managerId pr \"open".to_owned(),
                "ß.value pr \"open".to_owned(),
            ),
        ] {
            assert_eq!(query_text(&sent), meant);
        }
    }
}
