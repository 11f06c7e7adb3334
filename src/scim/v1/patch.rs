//! PATCH of SCIM 1.1 as the operations of SCIM 2.0.
//!
//! A 1.1 PATCH is a piece of the resource (SCIM Protocol 1.1 §3.3.2): simple attributes are replaced, complex ones
//! merged, elements of plural ones added, or removed where they say `"operation": "delete"`; `meta.attributes` names
//! what is emptied first.

use serde_json::{Map, Value, json};

use super::modern;
use super::request::{manager, query_text};
use crate::scim::filter::MAX_LENGTH;
use crate::scim::patch::PATCH_URN;
use crate::scim::{Attribute, AttributePath, Definition, Error, Kind};

/// The PATCH body as a PatchOp of SCIM 2.0.
///
/// # Errors
/// `invalidSyntax` for what is no object, or names no attributes as text.
pub fn patch_request(body: Value, definition: &Definition) -> Result<Value, Error> {
    let Value::Object(body) = body else {
        return Err(Error::invalid_syntax(
            "The body of a PATCH is an object with the attributes to change.",
        ));
    };
    let mut patch = Patch {
        definition,
        emptied: emptied(&body)?,
        operations: Vec::new(),
    };
    patch.empty();
    for (name, value) in body {
        if ["schemas", "meta", "id"]
            .iter()
            .any(|common| name.eq_ignore_ascii_case(common))
        {
            continue;
        }
        match (definition.extension(modern(&name)), value) {
            (Some(extension), Value::Object(attributes)) => {
                for (name, value) in attributes {
                    let path = AttributePath::of(name).in_schema(extension.id.as_str());
                    patch.attribute(&path, value);
                }
            }
            (_, value) => patch.attribute(&AttributePath::of(name), value),
        }
    }
    if patch.operations.is_empty() {
        return Err(Error::invalid_syntax(
            "The body of the PATCH changes nothing; send attributes, or name those to remove in `meta.attributes`.",
        ));
    }
    Ok(json!({ "schemas": [PATCH_URN], "Operations": patch.operations }))
}

/// What `meta.attributes` says.
fn emptied(body: &Map<String, Value>) -> Result<Vec<String>, Error> {
    let meta = body
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("meta"))
        .map(|(_, meta)| meta);
    let Some(names) = meta.and_then(|meta| meta.get("attributes")) else {
        return Ok(Vec::new());
    };
    let names = names.as_array().and_then(|names| {
        names
            .iter()
            .map(|name| name.as_str().map(query_text))
            .collect::<Option<Vec<String>>>()
    });
    names.ok_or_else(|| {
        Error::invalid_syntax(
            "`meta.attributes` is a list of attribute names, such as [\"title\"].",
        )
    })
}

struct Patch<'a> {
    definition: &'a Definition,
    emptied: Vec<String>,
    operations: Vec<Value>,
}

impl Patch<'_> {
    /// Removals of what is emptied. A plural attribute that is emptied and sent is replaced instead, in one operation.
    fn empty(&mut self) {
        for path in &self.emptied {
            self.operations
                .push(json!({ "op": "remove", "path": path }));
        }
    }

    fn attribute(&mut self, path: &AttributePath, value: Value) {
        let known = self.definition.lookup(path).map(|found| found.attribute);
        match known {
            Some(attribute) if attribute.multi_valued => self.plural(path, attribute, value),
            Some(attribute) if attribute.kind == Kind::Complex => self.complex(path, value),
            // What is not known is the dialect's business: ignored, or refused by name.
            _ => self.push("replace", &path.to_string(), value),
        }
    }

    fn complex(&mut self, path: &AttributePath, value: Value) {
        let value = if path.attribute.eq_ignore_ascii_case("manager") {
            manager(value)
        } else {
            value
        };
        match value {
            Value::Object(parts) => {
                for (sub, value) in parts {
                    self.push("replace", &path.clone().sub(sub).to_string(), value);
                }
            }
            value => self.push("replace", &path.to_string(), value),
        }
    }

    fn plural(&mut self, path: &AttributePath, attribute: &Attribute, value: Value) {
        let elements = match value {
            Value::Array(elements) => elements,
            one => vec![one],
        };
        let (deleted, added): (Vec<Value>, Vec<Value>) = elements.into_iter().partition(is_deleted);
        let deleted = deleted.iter();
        let filters = deleted.filter_map(|element| filter_of(element, attribute));
        for path in selecting(path, filters) {
            self.operations
                .push(json!({ "op": "remove", "path": path }));
        }
        if added.is_empty() {
            return;
        }
        let name = path.to_string();
        let before = self.operations.len();
        self.operations.retain(|operation| {
            operation["op"] != "remove"
                || !operation["path"]
                    .as_str()
                    .is_some_and(|removed| removed.eq_ignore_ascii_case(&name))
        });
        let op = if self.operations.len() < before {
            "replace"
        } else {
            "add"
        };
        self.push(op, &name, added.into());
    }

    fn push(&mut self, op: &str, path: &str, value: Value) {
        self.operations
            .push(json!({ "op": op, "path": path, "value": value }));
    }
}

fn is_deleted(element: &Value) -> bool {
    element
        .get("operation")
        .and_then(Value::as_str)
        .is_some_and(|operation| operation.eq_ignore_ascii_case("delete"))
}

/// Which element is meant: the one with this `value`, or, without one, with these texts.
fn filter_of(element: &Value, attribute: &Attribute) -> Option<String> {
    if let Some(value) = element.get("value").filter(|value| value.is_string()) {
        return Some(format!("value eq {value}"));
    }
    let terms: Vec<String> = element
        .as_object()?
        .iter()
        .filter(|(name, value)| value.is_string() && attribute.sub_attribute(name).is_some())
        .map(|(name, value)| format!("{name} eq {value}"))
        .collect();
    (!terms.is_empty()).then(|| terms.join(" and "))
}

/// Paths that select what any of the filters does. As few as can be: a request has a limit of operations, and a path one of
/// bytes.
fn selecting(path: &AttributePath, filters: impl Iterator<Item = String>) -> Vec<String> {
    const OR: &str = " or ";
    let mut paths: Vec<String> = Vec::new();
    for filter in filters {
        match paths.last_mut() {
            Some(last) if last.len() + OR.len() + filter.len() < MAX_LENGTH => {
                last.push_str(OR);
                last.push_str(&filter);
            }
            _ => paths.push(format!("{path}[{filter}")),
        }
    }
    paths.iter_mut().for_each(|path| path.push(']'));
    paths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::fixtures::{groups, users};
    use crate::scim::v1::ENTERPRISE_URN;
    use crate::scim::{Dialect, PatchRequest, schema};

    fn operations(body: Value, definition: &Definition) -> Vec<Value> {
        let patch = patch_request(body, definition).unwrap();
        PatchRequest::parse(patch.clone(), definition, &Dialect::strict())
            .expect("SCIM 2.0 understands it");
        patch["Operations"].as_array().unwrap().clone()
    }

    #[test]
    fn members_come_and_go_in_one_body() {
        let sent = json!({"schemas": ["urn:scim:schemas:core:1.0"], "members": [
            {"display": "Ana", "value": "1"},
            {"display": "Bo", "value": "2", "operation": "delete"},
        ]});
        assert_eq!(
            operations(sent, &groups()),
            [
                json!({"op": "remove", "path": "members[value eq \"2\"]"}),
                json!({"op": "add", "path": "members", "value": [{"display": "Ana", "value": "1"}]}),
            ]
        );
    }

    #[test]
    fn as_many_members_leave_as_may_come() {
        for (count, long) in [(5_000, 36), (100, 2_000)] {
            let gone: Vec<Value> = (0..count)
                .map(|number| json!({"value": format!("{number:0long$}"), "operation": "delete"}))
                .collect();
            let patch = patch_request(json!({ "members": gone }), &groups()).unwrap();
            let (patch, _) = PatchRequest::parse(patch, &groups(), &Dialect::lenient()).unwrap();
            let (delta, rest) = patch
                .split_collection(&AttributePath::of("members"))
                .unwrap();
            assert_eq!(delta.remove.len(), count);
            assert!(rest.operations.is_empty());
        }
    }

    #[test]
    fn what_is_emptied_and_sent_is_replaced() {
        let sent = json!({"meta": {"attributes": ["members"]}, "members": [{"value": "1"}]});
        assert_eq!(
            operations(sent, &groups()),
            [json!({"op": "replace", "path": "members", "value": [{"value": "1"}]})]
        );
        let sent = json!({"meta": {"attributes": ["members"]}});
        assert_eq!(
            operations(sent, &groups()),
            [json!({"op": "remove", "path": "members"})]
        );
    }

    #[test]
    fn simple_attributes_are_replaced_and_complex_ones_merged() {
        let enterprise = schema::ENTERPRISE_URN;
        let sent = json!({
            "meta": {"attributes": ["title", format!("{ENTERPRISE_URN}:division")]},
            "displayName": "Ana R.", "name": {"givenName": "Ana"},
            ENTERPRISE_URN: {"department": "Labs", "manager": {"managerId": "7"}},
        });
        assert_eq!(
            operations(sent, &users()),
            [
                json!({"op": "remove", "path": "title"}),
                json!({"op": "remove", "path": format!("{enterprise}:division")}),
                json!({"op": "replace", "path": "displayName", "value": "Ana R."}),
                json!({"op": "replace", "path": "name.givenName", "value": "Ana"}),
                json!({"op": "replace", "path": format!("{enterprise}:department"), "value": "Labs"}),
                json!({"op": "replace", "path": format!("{enterprise}:manager.value"), "value": "7"}),
            ]
        );
    }

    #[test]
    fn an_element_without_value_is_known_by_its_other_texts() {
        let sent = json!({"emails": [{"type": "work", "operation": "Delete"}]});
        assert_eq!(
            operations(sent, &users()),
            [json!({"op": "remove", "path": "emails[type eq \"work\"]"})]
        );
    }

    #[test]
    fn a_patch_that_says_nothing_is_refused() {
        for body in [
            json!([]),
            json!({}),
            json!({"meta": {"attributes": [1]}}),
            json!({"meta": {"attributes": "title"}}),
        ] {
            assert_eq!(patch_request(body, &users()).unwrap_err().status, 400);
        }
    }
}
