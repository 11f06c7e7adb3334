//! Schemas and resource types as the documents of RFC 7643 §6 and §7.

use serde_json::{Map, Value, json};

use super::attribute::{Attribute, Kind};
use super::{ResourceType, Schema};

impl Schema {
    /// The schema document, RFC 7643 §7. `location` is the document's own URL.
    pub fn to_json(&self, location: &str) -> Value {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "attributes": self.attributes.iter().map(Attribute::to_json).collect::<Vec<_>>(),
            "meta": { "resourceType": "Schema", "location": location },
        })
    }
}

impl Attribute {
    fn to_json(&self) -> Value {
        let mut body = Map::new();
        let mut put = |key: &str, value: Value| {
            body.insert(key.to_owned(), value);
        };
        put("name", self.name.as_str().into());
        put("type", self.kind.name().into());
        if self.kind == Kind::Complex {
            put(
                "subAttributes",
                self.sub_attributes.iter().map(Attribute::to_json).collect(),
            );
        }
        put("multiValued", self.multi_valued.into());
        put("description", self.description.as_str().into());
        // RFC 7643 §7 has one word for what no resource is without, whoever gives the value.
        put("required", (self.required || self.defaulted).into());
        if !self.canonical_values.is_empty() {
            put("canonicalValues", self.canonical_values.clone().into());
        }
        if self.kind != Kind::Complex {
            put("caseExact", self.case_exact.into());
        }
        put("mutability", self.mutability.name().into());
        put("returned", self.returned.name().into());
        put("uniqueness", self.uniqueness.name().into());
        if !self.reference_types.is_empty() {
            put("referenceTypes", self.reference_types.clone().into());
        }
        Value::Object(body)
    }
}

impl ResourceType {
    /// The resource type document, RFC 7643 §6. `location` is the document's own URL.
    pub fn to_json(&self, location: &str) -> Value {
        let extensions: Vec<Value> = self
            .extensions
            .iter()
            .map(|(urn, required)| json!({ "schema": urn, "required": required }))
            .collect();
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": self.name,
            "name": self.name,
            "endpoint": self.endpoint,
            "description": self.description,
            "schema": self.schema,
            "schemaExtensions": extensions,
            "meta": { "resourceType": "ResourceType", "location": location },
        })
    }
}
