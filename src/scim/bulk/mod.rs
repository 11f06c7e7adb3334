//! Bulk requests, RFC 7644 §3.7: many operations in one body, which may refer to each other's new resources.
//!
//! `parse` reads the body, `reference` finds and fills in `bulkId:…`, `order` says what must wait for what.

mod order;
mod parse;
mod reference;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::error::{Error, quoted};

pub use order::Order;
pub use reference::{filled_in, named_in};

/// URN of a bulk request.
pub const BULK_REQUEST_URN: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// URN of the answer to one.
pub const BULK_RESPONSE_URN: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

/// A bulk request whose structure is right; what each operation asks for is judged with that operation.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkRequest {
    /// After so many errors nothing more is begun; never zero.
    pub fail_on_errors: Option<usize>,
    /// In the order of the request. No two have the same `bulkId`.
    pub operations: Vec<Operation>,
}

/// What one operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Create.
    Post,
    /// Replace.
    Put,
    /// Change.
    Patch,
    /// Delete.
    Delete,
}

/// One operation of a bulk request, as it was sent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Operation {
    /// The HTTP method it stands for.
    pub method: String,
    /// The client's name for the resource that a POST makes.
    pub bulk_id: Option<String>,
    /// The version that the resource must have, as in `If-Match`.
    pub version: Option<String>,
    /// Below the base URL: `/Users`, `/Users/{id}`, `/Users/bulkId:{bulkId}`.
    pub path: String,
    /// The body; null where there is none.
    pub data: Value,
}

impl Operation {
    /// What it does. Fails with `invalidSyntax` for any other method, for a POST without `bulkId`, and for a method that
    /// needs `data` and has none.
    pub fn method(&self) -> Result<Method, Error> {
        let method = match self.method.as_str() {
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "PATCH" => Method::Patch,
            "DELETE" => Method::Delete,
            other => {
                return Err(Error::invalid_syntax(format!(
                    "`method` is {}; an operation of a bulk request is a POST, PUT, PATCH or DELETE.",
                    quoted(other)
                )));
            }
        };
        if method == Method::Post && self.bulk_id.is_none() {
            return Err(Error::invalid_syntax(
                "a POST needs a `bulkId`, by which its answer is told from the others; add one that no other operation has.",
            ));
        }
        if method != Method::Delete && self.data.is_null() {
            return Err(Error::invalid_syntax(format!(
                "a {} needs `data`, the body it would have as a request of its own; add it.",
                self.method
            )));
        }
        Ok(method)
    }

    /// The `bulkId`s this operation refers to, in `path` and `data`.
    pub fn refers_to(&self) -> Vec<&str> {
        named_in(&self.path, &self.data)
    }

    /// Whether `data` says something of an attribute: as a key, or in the path of a PATCH. One that is called the same
    /// elsewhere in the resource counts, too.
    pub fn mentions(&self, attribute: &str) -> bool {
        mentions(&self.data, attribute)
    }
}

fn mentions(value: &Value, attribute: &str) -> bool {
    let named_in = |path: &str| {
        path.split(['.', ':', '[', ']'])
            .any(|name| name.eq_ignore_ascii_case(attribute))
    };
    match value {
        Value::Array(values) => values.iter().any(|value| mentions(value, attribute)),
        Value::Object(members) => members.iter().any(|(name, value)| match value {
            Value::String(path) if name.eq_ignore_ascii_case("path") => named_in(path),
            value => named_in(name) || mentions(value, attribute),
        }),
        _ => false,
    }
}
