//! Elements of a resource that no line of the mapping writes.

use serde_json::Value;

use crate::scim::schema::{Holder, Kept};
use crate::scim::{AttributePath, Error};

/// Longest type that the log repeats. What is longer, or no word, may be anything: a name, a mail address.
const LONGEST: usize = 20;

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftOut {
    /// What it is, such as `emails[type eq "home"]`.
    pub element: String,
    /// Why it is not written.
    pub reason: &'static str,
    /// What a client is told that wants to hear of it.
    pub refusal: Error,
}

impl LeftOut {
    pub(super) fn new(
        place: &AttributePath,
        holders: &[Holder],
        element: &Value,
        kept: Kept,
    ) -> Self {
        let is_word = |kind: &&str| {
            kind.len() <= LONGEST && kind.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let name = match element["type"].as_str() {
            None => format!("{place} without a type"),
            Some(kind) => match Some(kind).filter(is_word) {
                Some(kind) => format!("{place}[type eq {kind:?}]"),
                None => format!("{place} of another type"),
            },
        };
        let (reason, rule) = match kept {
            Kept::Nowhere => (
                "the mapping has no line that writes it",
                "has no place in the directory",
            ),
            Kept::By(_) | Kept::Occupied(_) => (
                "the mapping's line for it writes another element",
                "has no place in the directory beside another one",
            ),
        };
        let kinds = Holder::kinds(holders);
        Self {
            refusal: Error::invalid_value(format!(
                "`{name}` {rule}, which keeps these {place}: {kinds}; send one of these, each once."
            )),
            element: name,
            reason,
        }
    }
}
