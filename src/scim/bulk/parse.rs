//! The structure of a bulk body. What is wrong with it as a whole refuses the whole, before anything is done.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{BULK_REQUEST_URN, BulkRequest, Operation};
use crate::scim::dialect::{Dialect, Leniency};
use crate::scim::error::{Error, quoted};
use crate::scim::message::{Message, at_operation, take};

impl BulkRequest {
    /// Reads a bulk body of at most `most` operations.
    ///
    /// Fails with `invalidSyntax` for the structure, `invalidValue` for a `failOnErrors` that is no number above zero and
    /// for a `bulkId` that two operations have, and with 413 beyond `most` operations (RFC 7644 §3.7.4).
    pub fn parse(value: Value, dialect: &Dialect, most: usize) -> Result<BulkRequest, Error> {
        let lenient = dialect.allows(Leniency::UndeclaredSchema);
        let mut message = Message::of(value, BULK_REQUEST_URN, "`Operations`", lenient)?;
        let fail_on_errors = match message.take("failOnErrors") {
            None | Some(Value::Null) => None,
            Some(limit) => Some(error_limit(&limit)?),
        };
        let operations = message.operations()?;
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
            .map(|(position, operation)| read(operation).map_err(at_operation(position)))
            .collect::<Result<_, _>>()?;
        check_distinct(&operations)?;
        Ok(BulkRequest {
            fail_on_errors,
            operations,
        })
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
    let full = |text: &String| !text.is_empty();
    let required = |name: &str, value: Option<String>| {
        value
            .filter(full)
            .ok_or_else(|| Error::invalid_syntax(format!("`{name}` is missing; add it.")))
    };
    Ok(Operation {
        method: required("method", text(&mut operation, "method")?)?,
        bulk_id: text(&mut operation, "bulkId")?.filter(full),
        // An empty one is no absent one: a condition that is not understood is never taken for none.
        version: text(&mut operation, "version")?,
        path: required("path", text(&mut operation, "path")?)?,
        data: take(&mut operation, "data").unwrap_or_default(),
    })
}

/// A text that may be absent or null, which mean the same.
fn text(operation: &mut Map<String, Value>, name: &str) -> Result<Option<String>, Error> {
    match take(operation, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
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
