//! The structure of a bulk body. What is wrong with it as a whole refuses the whole, before anything is done.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{BULK_REQUEST_URN, BulkRequest, Operation};
use crate::scim::dialect::{Dialect, Leniency};
use crate::scim::error::{Error, quoted};

impl BulkRequest {
    /// Reads a bulk body of at most `most` operations.
    ///
    /// Fails with `invalidSyntax` for the structure, `invalidValue` for a `failOnErrors` that is no number above zero and
    /// for a `bulkId` that two operations have, and with 413 beyond `most` operations (RFC 7644 §3.7.4).
    pub fn parse(value: Value, dialect: &Dialect, most: usize) -> Result<BulkRequest, Error> {
        let Value::Object(mut body) = value else {
            return Err(Error::invalid_syntax(
                "The body must be a JSON object with `schemas` and `Operations`.",
            ));
        };
        check_declared(take(&mut body, "schemas").as_ref(), dialect)?;
        let fail_on_errors = match take(&mut body, "failOnErrors") {
            None | Some(Value::Null) => None,
            Some(limit) => Some(error_limit(&limit)?),
        };
        let Some(Value::Array(operations)) = take(&mut body, "Operations") else {
            return Err(Error::invalid_syntax(
                "`Operations` is missing or no array; send an array of operations.",
            ));
        };
        if operations.is_empty() {
            return Err(Error::invalid_syntax(
                "`Operations` is empty; send at least one operation.",
            ));
        }
        if operations.len() > most {
            return Err(Error::new(
                413,
                None,
                format!(
                    "`Operations` has {} operations, the most is {most}; send them in several requests.",
                    operations.len()
                ),
            ));
        }
        let operations: Vec<Operation> = operations
            .into_iter()
            .enumerate()
            .map(|(position, operation)| {
                read(operation).map_err(|mut error| {
                    error.detail = format!("Operation {}: {}", position + 1, error.detail);
                    error
                })
            })
            .collect::<Result<_, _>>()?;
        check_distinct(&operations)?;
        Ok(BulkRequest {
            fail_on_errors,
            operations,
        })
    }
}

fn check_declared(schemas: Option<&Value>, dialect: &Dialect) -> Result<(), Error> {
    let declared = schemas
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .any(|urn| urn.eq_ignore_ascii_case(BULK_REQUEST_URN));
    if declared || dialect.allows(Leniency::UndeclaredSchema) {
        Ok(())
    } else {
        Err(Error::invalid_syntax(format!(
            "schemas does not list {BULK_REQUEST_URN}; add it."
        )))
    }
}

fn error_limit(limit: &Value) -> Result<usize, Error> {
    limit
        .as_u64()
        .filter(|limit| *limit > 0)
        .map(|limit| usize::try_from(limit).unwrap_or(usize::MAX))
        .ok_or_else(|| {
            Error::invalid_value(
                "`failOnErrors` must be a whole number above zero; leave it out to try every operation.",
            )
        })
}

fn read(operation: Value) -> Result<Operation, Error> {
    let Value::Object(mut operation) = operation else {
        return Err(Error::invalid_syntax(
            "an operation must be an object; send one with `method`, `path`, `bulkId` and `data`.",
        ));
    };
    let required = |name: &str, value: Option<String>| {
        value.ok_or_else(|| Error::invalid_syntax(format!("`{name}` is missing; add it.")))
    };
    Ok(Operation {
        method: required("method", text(&mut operation, "method")?)?,
        bulk_id: text(&mut operation, "bulkId")?,
        version: text(&mut operation, "version")?,
        path: required("path", text(&mut operation, "path")?)?,
        data: take(&mut operation, "data").unwrap_or_default(),
    })
}

/// A text that may be absent, null or empty, which all mean the same.
fn text(operation: &mut Map<String, Value>, name: &str) -> Result<Option<String>, Error> {
    match take(operation, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
        Some(_) => Err(Error::invalid_syntax(format!(
            "`{name}` must be a string; correct its type."
        ))),
    }
}

/// A `bulkId` that means two things means nothing.
fn check_distinct(operations: &[Operation]) -> Result<(), Error> {
    let mut seen = HashSet::new();
    for bulk_id in operations.iter().filter_map(|one| one.bulk_id.as_deref()) {
        if !seen.insert(bulk_id) {
            return Err(Error::invalid_value(format!(
                "two operations have the `bulkId` {}; give each one of its own. Nothing was done.",
                quoted(bulk_id)
            )));
        }
    }
    Ok(())
}

/// The value of a key in any case; RFC 7643 §2.1 makes names the same in any case.
fn take(object: &mut Map<String, Value>, name: &str) -> Option<Value> {
    let key = object
        .keys()
        .find(|key| key.eq_ignore_ascii_case(name))?
        .clone();
    object.swap_remove(&key)
}
