//! PATCH, RFC 7644 §3.5.2: reading the body, applying it, and taking collection changes out of it.
//!
//! Reading does the hard part. Whatever an identity provider wrote (no path, dotted keys, URN keys,
//! nested objects, plain strings, nulls) becomes a list of operations with canonical paths and typed
//! values, so that applying knows only three cases.

mod apply;
mod collection;
mod elements;
mod expand;
#[cfg(test)]
mod law_tests;
mod parse;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::path::Path;

pub use collection::CollectionDelta;

/// URN of the PATCH message.
pub const PATCH_URN: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// Most operations in one request, as sent.
pub const MAX_OPERATIONS: usize = 1000;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Add values, or set what is not there.
    Add,
    /// Set.
    Replace,
    /// Take away.
    Remove,
}

impl Op {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Op::Add => "add",
            Op::Replace => "replace",
            Op::Remove => "remove",
        }
    }
}

/// One step, after reading: the path is canonical, the value typed.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// What to do. A replace by nothing has become a remove.
    pub op: Op,
    /// Where; names an attribute the definition knows and a client may write.
    pub path: Path,
    /// Always there for add and replace. For a remove: only these elements; none means the whole target.
    pub value: Option<Value>,
}

/// A PATCH request, after reading.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PatchRequest {
    /// In the order in which they apply.
    pub operations: Vec<Operation>,
}

impl PatchRequest {
    /// Whether nothing is left to do.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }
}
