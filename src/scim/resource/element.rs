//! Elements of multi-valued attributes: which two are the same, and which of them is primary.
//!
//! Two references are the same when their `value` is; other complex elements when `value` and `type`
//! are (RFC 7643 §2.4); elements without `value`, such as addresses, when everything but `primary` is.
//! All of it goes through hash maps, because one body may carry a hundred thousand members.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::scim::schema::{Attribute, Kind};

/// The text under which a simple value is compared: without case unless the schema says otherwise.
pub(in crate::scim) fn fold(value: &Value, leaf: &Attribute) -> String {
    match value {
        Value::String(text) if leaf.case_exact => text.clone(),
        Value::String(text) => text.to_lowercase(),
        other => other.to_string(),
    }
}

/// The text under which ids are compared: a UUID may be spelt in several ways. What is none names nothing in a directory.
pub(in crate::scim) fn fold_id(id: &str) -> String {
    Uuid::try_parse(id).map_or_else(|_| id.to_lowercase(), |id| id.to_string())
}

/// The part of an element's sub-attributes that are set, folded, as one text. NUL separates: no value
/// that came through the normaliser contains it.
fn signature(attribute: &Attribute, inner: &Map<String, Value>, leave_out: &str) -> String {
    let parts: BTreeMap<&str, String> = inner
        .iter()
        .filter(|(name, _)| *name != leave_out)
        .map(|(name, value)| {
            let folded = match attribute.sub_attribute(name) {
                Some(sub) => fold(value, sub),
                None => value.to_string(),
            };
            (name.as_str(), folded)
        })
        .collect();
    let mut signature = String::new();
    for (name, folded) in parts {
        signature.push_str(name);
        signature.push('\0');
        signature.push_str(&folded);
        signature.push('\0');
    }
    signature
}

fn value_of(attribute: &Attribute, inner: &Map<String, Value>) -> Option<String> {
    let sub = attribute.sub_attribute("value")?;
    inner.get(&sub.name).map(|value| fold(value, sub))
}

/// What two elements must share to be the same element.
fn key(attribute: &Attribute, element: &Value) -> String {
    let Value::Object(inner) = element else {
        return fold(element, attribute);
    };
    match value_of(attribute, inner) {
        Some(value) if attribute.is_resource_reference() => fold_id(&value),
        Some(mut value) => {
            value.push('\0');
            if let Some(kind) = inner.get("type").and_then(Value::as_str) {
                value.push_str(&kind.to_lowercase());
            }
            value
        }
        None => signature(attribute, inner, "primary"),
    }
}

/// Finds the element that is the same as another, in constant time.
#[derive(Debug, Default)]
pub(in crate::scim) struct Index {
    by_key: HashMap<String, usize>,
    /// For an element without `type`, which is the same as any with its `value`.
    by_value: HashMap<String, usize>,
}

impl Index {
    /// The position of the same element.
    pub(in crate::scim) fn find(&self, attribute: &Attribute, element: &Value) -> Option<usize> {
        let exact = self.by_key.get(&key(attribute, element)).copied();
        exact.or_else(|| {
            let inner = element.as_object()?;
            if inner.contains_key("type") {
                return None;
            }
            self.by_value.get(&value_of(attribute, inner)?).copied()
        })
    }

    /// The position of the reference with that `value`.
    pub(in crate::scim) fn find_reference(&self, value: &str) -> Option<usize> {
        self.by_key.get(&fold_id(value)).copied()
    }

    /// Notes where an element stands.
    pub(in crate::scim) fn insert(
        &mut self,
        attribute: &Attribute,
        element: &Value,
        position: usize,
    ) {
        self.by_key.insert(key(attribute, element), position);
        if !attribute.is_resource_reference()
            && let Some(value) = element
                .as_object()
                .and_then(|inner| value_of(attribute, inner))
        {
            self.by_value.entry(value).or_insert(position);
        }
    }
}

/// Lays what `change` says over `element`.
pub(in crate::scim) fn merge(element: &mut Value, change: Value) {
    match (element, change) {
        (Value::Object(inner), Value::Object(change)) => inner.extend(change),
        (element, change) => *element = change,
    }
}

/// Lays an element over the same one. A reference keeps the spelling of its `value`, which is the
/// directory's; anything else takes the new one, since a client compares what it reads with what it sent.
pub(in crate::scim) fn merge_same(attribute: &Attribute, known: &mut Value, mut again: Value) {
    if attribute.is_resource_reference()
        && let Some(inner) = again.as_object_mut()
    {
        inner.shift_remove("value");
    }
    merge(known, again);
}

/// Whether nothing is left of an element but what it was used for.
pub(in crate::scim) fn is_hollow(inner: &Map<String, Value>) -> bool {
    inner.keys().all(|name| name == "type" || name == "primary")
}

/// Whether the element is marked primary.
fn is_primary(element: &Value) -> bool {
    element.get("primary") == Some(&Value::Bool(true))
}

/// Leaves `primary` true on the last of the `set` elements that has it and makes it false on every
/// other, RFC 7644 §3.5.2. Returns how many of the set elements were marked.
pub(in crate::scim) fn settle_primary<'a>(
    elements: impl DoubleEndedIterator<Item = (usize, &'a mut Value)>,
    is_set: impl Fn(usize) -> bool,
) -> usize {
    let mut marked: Vec<(bool, &mut Value)> = elements
        .filter(|(_, element)| is_primary(element))
        .map(|(position, element)| (is_set(position), element))
        .collect();
    let count = marked.iter().filter(|(set, _)| *set).count();
    let Some(keep) = marked.iter().rposition(|(set, _)| *set) else {
        return 0;
    };
    for (position, (_, element)) in marked.iter_mut().enumerate() {
        if position != keep {
            merge(element, serde_json::json!({ "primary": false }));
        }
    }
    count
}

/// Elements as they were named in a removal: an element goes when everything that was said of one of
/// them holds of it. Of a reference only `value` counts.
#[derive(Debug)]
pub(in crate::scim) struct Selection<'a> {
    attribute: &'a Attribute,
    simple: HashSet<String>,
    /// By the names that were given, so that each element is looked up once per such set of names.
    complex: BTreeMap<Vec<String>, HashSet<String>>,
}

impl<'a> Selection<'a> {
    /// Takes the elements of a removal in.
    pub(in crate::scim) fn new(attribute: &'a Attribute, elements: &[Value]) -> Self {
        let mut selection = Selection {
            attribute,
            simple: HashSet::new(),
            complex: BTreeMap::new(),
        };
        for element in elements {
            let Value::Object(inner) = element else {
                selection.simple.insert(fold(element, attribute));
                continue;
            };
            let mut names: Vec<String> = if attribute.is_resource_reference() {
                vec!["value".to_owned()]
            } else {
                inner.keys().cloned().collect()
            };
            names.sort_unstable();
            if let Some(wanted) = selection.part(inner, &names) {
                selection.complex.entry(names).or_default().insert(wanted);
            }
        }
        selection
    }

    fn part(&self, inner: &Map<String, Value>, names: &[String]) -> Option<String> {
        let mut part = Map::new();
        for name in names {
            part.insert(name.clone(), inner.get(name)?.clone());
        }
        Some(signature(self.attribute, &part, ""))
    }

    /// How many look-ups one element costs.
    pub(in crate::scim) fn cost(&self) -> usize {
        1 + self.complex.keys().map(Vec::len).sum::<usize>()
    }

    /// Whether the element was named.
    pub(in crate::scim) fn contains(&self, element: &Value) -> bool {
        match element {
            Value::Object(inner) if self.attribute.kind == Kind::Complex => {
                self.complex.iter().any(|(names, wanted)| {
                    self.part(inner, names)
                        .is_some_and(|part| wanted.contains(&part))
                })
            }
            simple => self.simple.contains(&fold(simple, self.attribute)),
        }
    }
}
