//! The structure of a PATCH body.

use serde_json::Value;

use super::expand::Expander;
use super::{MAX_OPERATIONS, Op, PATCH_URN, PatchRequest};
use crate::scim::dialect::{Dialect, Leniency};
use crate::scim::error::{Error, quoted};
use crate::scim::message::{Message, at_operation, take};
use crate::scim::path::Path;
use crate::scim::resource::Ignored;
use crate::scim::schema::Definition;

impl PatchRequest {
    /// Reads a PATCH body into operations with canonical paths and typed values.
    ///
    /// Fails with `invalidSyntax` for the structure, `invalidPath` and `invalidFilter` for paths,
    /// `invalidValue` for values, `mutability` for read-only attributes and for the removal of required
    /// ones, `noTarget` for a remove without path, and `tooMany` beyond [`MAX_OPERATIONS`].
    pub fn parse(
        value: Value,
        definition: &Definition,
        dialect: &Dialect,
    ) -> Result<(PatchRequest, Ignored), Error> {
        let operations = operations(value, dialect)?;
        let mut expander = Expander::new(definition, dialect);
        for (position, operation) in operations.into_iter().enumerate() {
            read(operation, dialect, &mut expander).map_err(at_operation(position))?;
        }
        Ok(expander.finish())
    }
}

fn operations(body: Value, dialect: &Dialect) -> Result<Vec<Value>, Error> {
    let lenient = dialect.allows(Leniency::UndeclaredPatch);
    let operations = Message::of(body, PATCH_URN, "`Operations`", lenient)?.operations()?;
    if operations.len() > MAX_OPERATIONS {
        return Err(Error::too_many(format!(
            "`Operations` has {} operations, the most is {MAX_OPERATIONS}; send them in several requests.",
            operations.len()
        )));
    }
    Ok(operations)
}

fn read(operation: Value, dialect: &Dialect, expander: &mut Expander<'_>) -> Result<(), Error> {
    let Value::Object(mut operation) = operation else {
        return Err(Error::invalid_syntax(
            "an operation must be an object; send one with `op`, `path` and `value`.",
        ));
    };
    let op = match take(&mut operation, "op") {
        Some(Value::String(name)) => op(&name, dialect)?,
        _ => {
            return Err(Error::invalid_syntax(
                "`op` is missing or no string; send add, replace or remove.",
            ));
        }
    };
    let value = take(&mut operation, "value");
    let path = match take(&mut operation, "path") {
        None => None,
        Some(Value::String(path)) if !path.is_empty() => Some(Path::parse(&path)?),
        Some(Value::Null | Value::String(_)) if dialect.allows(Leniency::NullPath) => None,
        Some(_) => {
            return Err(Error::invalid_path(
                "`path` must be an attribute path; leave it out to change several attributes at once.",
            ));
        }
    };
    match (path, value) {
        (Some(path), value) => expander.with_path(op, path, value),
        (None, _) if op == Op::Remove => Err(Error::no_target(
            "a remove needs a `path` that says what to remove; add one.",
        )),
        (None, Some(Value::Object(attributes))) => expander.without_path(op, attributes),
        (None, _) => Err(Error::invalid_syntax(format!(
            "an {} without `path` needs a `value` that is an object of attributes; send one.",
            op.name()
        ))),
    }
}

fn op(name: &str, dialect: &Dialect) -> Result<Op, Error> {
    let found = [Op::Add, Op::Replace, Op::Remove].into_iter().find(|op| {
        op.name() == name
            || (op.name().eq_ignore_ascii_case(name) && dialect.allows(Leniency::OperatorCase))
    });
    found.ok_or_else(|| {
        Error::invalid_syntax(format!(
            "`op` is {}; send add, replace or remove.",
            quoted(name)
        ))
    })
}
