//! What the messages of RFC 7644 §3.3 to §3.7 (SearchRequest, PatchOp, BulkRequest) have in common.

use serde_json::{Map, Value};

use super::error::Error;

/// A message: an object that says by `schemas` which one it is.
pub(super) struct Message(Map<String, Value>);

impl Message {
    /// Takes a body for the message of this URN. `content` says what else is in it.
    ///
    /// # Errors
    /// `invalidSyntax` for what is no object, and for one that does not name the URN unless that is `lenient`ly let pass.
    pub(super) fn of(body: Value, urn: &str, content: &str, lenient: bool) -> Result<Self, Error> {
        let Value::Object(body) = body else {
            return Err(Error::invalid_syntax(format!(
                "The body must be a JSON object with `schemas` and {content}."
            )));
        };
        let mut message = Self(body);
        let schemas = message.take("schemas");
        let named = schemas.iter().filter_map(Value::as_array).flatten();
        let declared = named
            .filter_map(Value::as_str)
            .any(|one| one.eq_ignore_ascii_case(urn));
        if declared || lenient {
            Ok(message)
        } else {
            Err(Error::invalid_syntax(format!(
                "schemas does not list {urn}; add it."
            )))
        }
    }

    /// Takes out the value of a member.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        take(&mut self.0, name)
    }

    /// Takes out `Operations`: at least one.
    ///
    /// # Errors
    /// `invalidSyntax` where they are missing, empty or no array.
    pub(super) fn operations(&mut self) -> Result<Vec<Value>, Error> {
        match self.take("Operations") {
            Some(Value::Array(operations)) if operations.is_empty() => Err(Error::invalid_syntax(
                "`Operations` is empty; send at least one operation.",
            )),
            Some(Value::Array(operations)) => Ok(operations),
            _ => Err(Error::invalid_syntax(
                "`Operations` is missing or no array; send an array of operations.",
            )),
        }
    }
}

/// Takes out the value of a key in any case; RFC 7643 §2.1 makes names the same in any case.
pub(super) fn take(object: &mut Map<String, Value>, name: &str) -> Option<Value> {
    let key = object
        .keys()
        .find(|key| key.eq_ignore_ascii_case(name))?
        .clone();
    object.swap_remove(&key)
}

/// Says which of the operations an error is about.
pub(super) fn at_operation(position: usize) -> impl FnOnce(Error) -> Error {
    move |mut error| {
        error.detail = format!("Operation {}: {}", position + 1, error.detail);
        error
    }
}
