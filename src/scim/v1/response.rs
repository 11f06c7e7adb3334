//! What SCIM 2.0 answers, as a 1.1 client reads it.

use serde_json::{Map, Value, json};

use super::{CORE_URN, older};
use crate::scim::{Error, schema};

/// A resource.
pub fn resource(resource: Value) -> Value {
    let Value::Object(resource) = resource else {
        return resource;
    };
    let mut schemas = vec![Value::from(CORE_URN)];
    let mut answer = Map::with_capacity(resource.len());
    // The first key, as in every example of the specification.
    answer.insert("schemas".into(), Value::Null);
    for (name, value) in resource {
        match name.as_str() {
            "schemas" => {}
            "meta" => {
                answer.insert(name, meta(value));
            }
            urn if urn.starts_with("urn:") => {
                schemas.push(older(urn).into());
                answer.insert(older(urn).to_owned(), extension(urn, value));
            }
            _ => {
                answer.insert(name, without_references(value));
            }
        }
    }
    answer.insert("schemas".into(), schemas.into());
    Value::Object(answer)
}

/// A list of resources, SCIM Protocol 1.1 §3.2.2.
pub fn list(list: Value) -> Value {
    let field = |name: &str| list.get(name).cloned().unwrap_or_default();
    let resources = match field("Resources") {
        Value::Array(resources) => resources.into_iter().map(resource).collect(),
        _ => Vec::new(),
    };
    json!({
        "schemas": [CORE_URN],
        "totalResults": field("totalResults"),
        "startIndex": field("startIndex"),
        "itemsPerPage": field("itemsPerPage"),
        "Resources": resources,
    })
}

/// An error, SCIM Protocol 1.1 §3.9. The code is text.
pub fn error(error: &Error) -> Value {
    json!({ "Errors": [{ "description": error.detail, "code": error.status.to_string() }] })
}

/// `meta.resourceType` came with 2.0.
fn meta(meta: Value) -> Value {
    match meta {
        Value::Object(parts) => parts
            .into_iter()
            .filter(|(name, _)| name != "resourceType")
            .collect(),
        other => other,
    }
}

fn extension(urn: &str, value: Value) -> Value {
    let Value::Object(attributes) = value else {
        return value;
    };
    attributes
        .into_iter()
        .map(|(name, value)| {
            let value = without_references(value);
            match value {
                Value::Object(parts) if urn == schema::ENTERPRISE_URN && name == "manager" => {
                    (name, manager(parts))
                }
                value => (name, value),
            }
        })
        .collect()
}

fn manager(parts: Map<String, Value>) -> Value {
    parts
        .into_iter()
        .map(|(name, value)| {
            (
                if name == "value" {
                    "managerId".to_owned()
                } else {
                    name
                },
                value,
            )
        })
        .collect()
}

/// `$ref` came with 2.0: an element's `value` is the id.
fn without_references(value: Value) -> Value {
    match value {
        Value::Array(elements) => elements.into_iter().map(without_references).collect(),
        Value::Object(parts) => parts
            .into_iter()
            .filter(|(name, _)| name != "$ref")
            .collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::v1::ENTERPRISE_URN;

    #[test]
    fn a_user_of_2_0_becomes_one_of_1_1() {
        let held = json!({
            "schemas": [schema::USER_URN, schema::ENTERPRISE_URN], "id": "1", "userName": "ana",
            "groups": [{"value": "9", "$ref": "http://x/Groups/9", "display": "Ops"}],
            schema::ENTERPRISE_URN: {"department": "Labs", "manager": {"value": "7", "$ref": "http://x/Users/7"}},
            "meta": {"resourceType": "User", "location": "http://x/scim/v1/Users/1"},
        });
        assert_eq!(
            resource(held),
            json!({
                "schemas": [CORE_URN, ENTERPRISE_URN], "id": "1", "userName": "ana",
                "groups": [{"value": "9", "display": "Ops"}],
                ENTERPRISE_URN: {"department": "Labs", "manager": {"managerId": "7"}},
                "meta": {"location": "http://x/scim/v1/Users/1"},
            })
        );
    }

    #[test]
    fn lists_and_errors_have_the_older_form() {
        let answer = json!({"schemas": ["x"], "totalResults": 1, "startIndex": 1, "itemsPerPage": 1, "Resources": [{"id": "1"}]});
        assert_eq!(
            list(answer),
            json!({"schemas": [CORE_URN], "totalResults": 1, "startIndex": 1, "itemsPerPage": 1,
                "Resources": [{"schemas": [CORE_URN], "id": "1"}]})
        );
        assert_eq!(
            error(&Error::uniqueness("taken")),
            json!({"Errors": [{"description": "taken", "code": "409"}]})
        );
    }
}
