//! Changes to a collection of references, without knowing what it holds.
//!
//! A group of a hundred thousand members must not be read to add one. The operations on `members` fold
//! into what has to be there and what has to be gone, in their order, the last word on each id winning.

use std::collections::HashMap;

use serde_json::Value;

use super::{Op, Operation, PatchRequest};
use crate::scim::filter::{Filter, Literal, Operator};
use crate::scim::path::AttributePath;
use crate::scim::resource::fold_id;

/// What a request does to a collection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CollectionDelta {
    /// The collection becomes exactly `add`; what else it holds has to go.
    pub replace: bool,
    /// Ids that must be members afterwards, as sent, each once in any spelling.
    pub add: Vec<String>,
    /// Ids that must not be members afterwards, as sent, each once; empty with `replace`.
    pub remove: Vec<String>,
}

impl CollectionDelta {
    /// The collection becomes empty.
    pub fn everything_goes() -> Self {
        CollectionDelta {
            replace: true,
            ..CollectionDelta::default()
        }
    }

    /// Whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        !self.replace && self.add.is_empty() && self.remove.is_empty()
    }
}

impl PatchRequest {
    /// Takes the operations on one attribute of references (`members`) out of the request: what they do to
    /// it, and the request that remains. None when they cannot be said without reading the collection, such
    /// as `members[type eq "User"]`; then `apply` does it.
    ///
    /// Ids are the same in any spelling of the UUID, and are given back as sent. That a removed id
    /// was a member is not checked, which is what every dialect with `RemoveNothing` wants.
    pub fn split_collection(
        &self,
        attribute: &AttributePath,
    ) -> Option<(CollectionDelta, PatchRequest)> {
        let mut folding = Folding::default();
        let mut rest = PatchRequest::default();
        for operation in &self.operations {
            if !operation.path.attribute_path().same_attribute(attribute) {
                rest.operations.push(operation.clone());
                continue;
            }
            folding.fold(operation)?;
        }
        Some((folding.finish(), rest))
    }
}

#[derive(Default)]
struct Folding<'a> {
    replace: bool,
    /// By [`fold_id`]: the place in `order`.
    known: HashMap<String, usize>,
    /// The ids in the order of their first mention, and whether they must be members.
    order: Vec<(&'a str, bool)>,
}

impl<'a> Folding<'a> {
    /// None when the operation needs the collection.
    fn fold(&mut self, operation: &'a Operation) -> Option<()> {
        let path = &operation.path;
        if path.sub.is_some() {
            return None;
        }
        match (operation.op, &path.filter, &operation.value) {
            (Op::Remove, Some(filter), None) => {
                for id in selected(filter)? {
                    self.say(id, false);
                }
            }
            (Op::Remove, None, None) => self.clear(),
            (op, None, Some(Value::Array(elements))) => {
                let ids: Vec<&str> = elements
                    .iter()
                    .map(|element| element.get("value").and_then(Value::as_str))
                    .collect::<Option<_>>()?;
                if op == Op::Replace {
                    self.clear();
                }
                for id in ids {
                    self.say(id, op != Op::Remove);
                }
            }
            _ => return None,
        }
        Some(())
    }

    fn clear(&mut self) {
        *self = Folding {
            replace: true,
            ..Folding::default()
        };
    }

    fn say(&mut self, id: &'a str, member: bool) {
        let next = self.order.len();
        let place = *self.known.entry(fold_id(id)).or_insert(next);
        match self.order.get_mut(place) {
            Some(known) => known.1 = member,
            None => self.order.push((id, member)),
        }
    }

    fn finish(self) -> CollectionDelta {
        let mut delta = CollectionDelta {
            replace: self.replace,
            ..CollectionDelta::default()
        };
        for (id, member) in self.order {
            if member {
                delta.add.push(id.to_owned());
            } else if !self.replace {
                delta.remove.push(id.to_owned());
            }
        }
        delta
    }
}

/// The ids that `value eq "…"`, alone or joined by `or`, selects.
pub(super) fn selected(filter: &Filter) -> Option<Vec<&str>> {
    match filter {
        Filter::Compare {
            path,
            operator: Operator::Equal,
            value: Literal::String(id),
        } if path.attribute.eq_ignore_ascii_case("value") => Some(vec![id]),
        Filter::Or(parts) => {
            let mut ids = Vec::new();
            for part in parts {
                ids.extend(selected(part)?);
            }
            Some(ids)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scim::Dialect;
    use crate::scim::fixtures::{groups, read};

    const ID: &str = "0b0f6a52-2f4b-4a3f-9f5b-6c1d2e3f4a5b";
    const SAME: &str = "0B0F6A522F4B4A3F9F5B6C1D2E3F4A5B";

    fn split(operations: Value) -> Option<(CollectionDelta, PatchRequest)> {
        let (request, _) = read(&groups(), &Dialect::lenient(), operations).unwrap();
        request.split_collection(&AttributePath::of("members"))
    }

    fn delta(replace: bool, add: &[&str], remove: &[&str]) -> CollectionDelta {
        let own = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect();
        CollectionDelta {
            replace,
            add: own(add),
            remove: own(remove),
        }
    }

    #[test]
    fn member_changes_fold_without_reading_the_group() {
        for (operations, expected) in [
            (
                json!([{ "op": "Add", "path": "members", "value": [{ "value": "a" }, { "value": "A" }] }]),
                delta(false, &["a"], &[]),
            ),
            (
                json!([{ "op": "add", "path": "members", "value": { "value": "a" } }]),
                delta(false, &["a"], &[]),
            ),
            (
                json!([{ "op": "add", "path": "members", "value": "a" }]),
                delta(false, &["a"], &[]),
            ),
            (
                json!([{ "op": "add", "path": "members", "value": ["a", "b"] }]),
                delta(false, &["a", "b"], &[]),
            ),
            (
                json!([{ "op": "add", "value": { "members": [{ "value": "a" }] } }]),
                delta(false, &["a"], &[]),
            ),
            (
                json!([{ "op": "remove", "path": "members", "value": [{ "value": "a" }] }]),
                delta(false, &[], &["a"]),
            ),
            (
                json!([{ "op": "remove", "path": "members[value eq \"a\" or value eq \"b\"]" }]),
                delta(false, &[], &["a", "b"]),
            ),
            (
                json!([{ "op": "remove", "path": "members[value eq \"a\"]" }, { "op": "add", "path": "members", "value": [{ "value": "b" }] }]),
                delta(false, &["b"], &["a"]),
            ),
            (
                json!([{ "op": "add", "path": "members", "value": ["a"] }, { "op": "remove", "path": "members", "value": ["A"] }]),
                delta(false, &[], &["a"]),
            ),
            (
                json!([{ "op": "add", "path": "members", "value": [ID] }, { "op": "remove", "path": format!("members[value eq \"{SAME}\"]") }]),
                delta(false, &[], &[ID]),
            ),
            (
                json!([{ "op": "remove", "path": "members", "value": [SAME] }, { "op": "add", "path": "members", "value": [ID] }]),
                delta(false, &[SAME], &[]),
            ),
            (
                json!([{ "op": "remove", "path": "members" }]),
                delta(true, &[], &[]),
            ),
            (
                json!([{ "op": "replace", "path": "members", "value": [] }]),
                delta(true, &[], &[]),
            ),
            (
                json!([{ "op": "replace", "path": "members", "value": null }]),
                delta(true, &[], &[]),
            ),
            (
                json!([{ "op": "add", "path": "members", "value": ["x"] }, { "op": "replace", "path": "members", "value": ["a", "b"] }, { "op": "remove", "path": "members", "value": ["b"] }]),
                delta(true, &["a"], &[]),
            ),
            (
                json!([{ "op": "add", "path": "members", "value": null }]),
                delta(false, &[], &[]),
            ),
        ] {
            let (found, rest) = split(operations.clone()).unwrap();
            assert_eq!(found, expected, "{operations}");
            assert!(rest.is_empty());
        }
        let (found, rest) = split(json!([
            { "op": "replace", "value": { "id": "g", "displayName": "Ops EU", "members": ["a"] } }
        ]))
        .unwrap();
        assert_eq!(found, delta(true, &["a"], &[]));
        assert_eq!(rest.operations.len(), 1);
        assert_eq!(
            split(json!([{ "op": "remove", "path": "members[type eq \"User\"]" }])),
            None
        );
        let error = read(
            &groups(),
            &Dialect::lenient(),
            json!([{ "op": "remove", "path": "members.value" }]),
        );
        assert_eq!(error.unwrap_err().scim_type.unwrap().name(), "invalidPath");
    }
}
