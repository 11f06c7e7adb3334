//! Which line holds which value of a resource.

use serde_json::{Map, Value};

use super::line::Shape;
use super::resource_mapping::{Collection, Group, ResourceMapping, reference_ids};
use crate::scim::Resource;

/// The values of a resource, line by line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Assigned {
    /// For each line of the mapping, in its order.
    pub(super) values: Vec<Vec<Value>>,
    /// Elements that no line can hold, for the journal.
    pub(super) ignored: Vec<String>,
}

impl ResourceMapping {
    /// Finds the values of every line. Null is no value; empty text is one, which no directory can hold.
    pub(super) fn assign(&self, resource: &Resource) -> Assigned {
        let mut assigned = Assigned {
            values: vec![Vec::new(); self.lines.len()],
            ignored: Vec::new(),
        };
        for (line, values) in self.lines.iter().zip(&mut assigned.values) {
            *values = match &line.shape {
                Shape::Single => resource
                    .get(&line.place)
                    .filter(|value| is_value(value))
                    .cloned()
                    .into_iter()
                    .collect(),
                Shape::Values => distinct(resource.values(&line.place)),
                Shape::Reference => reference_ids(line, resource)
                    .into_iter()
                    .take(1)
                    .map(Value::from)
                    .collect(),
                Shape::References => distinct(
                    reference_ids(line, resource)
                        .into_iter()
                        .map(Value::from)
                        .collect::<Vec<_>>()
                        .iter(),
                ),
                Shape::Element { .. } => Vec::new(),
            };
        }
        for collection in &self.collections {
            self.assign_collection(collection, resource, &mut assigned);
        }
        assigned
    }

    fn assign_collection(
        &self,
        collection: &Collection,
        resource: &Resource,
        assigned: &mut Assigned,
    ) {
        let elements: Vec<&Map<String, Value>> = resource
            .elements(&collection.place)
            .iter()
            .filter_map(Value::as_object)
            .collect();
        // Who takes which element: for groups of one element at most one, and an element that says it is the primary
        // one before the others.
        let mut held: Vec<Vec<usize>> = vec![Vec::new(); collection.groups.len()];
        let mut left = Vec::new();
        let (preferred, others): (Vec<usize>, Vec<usize>) =
            (0..elements.len()).partition(|index| {
                elements
                    .get(*index)
                    .is_some_and(|element| is_primary(element))
            });
        for index in preferred.into_iter().chain(others) {
            let Some(element) = elements.get(index) else {
                continue;
            };
            let fitting = collection
                .groups
                .iter()
                .zip(&mut held)
                .find(|(group, held)| {
                    !group.terms.is_empty()
                        && (group.many || held.is_empty())
                        && fits(group, element)
                });
            match fitting {
                Some((_, held)) => held.push(index),
                None => left.push(index),
            }
        }
        left.sort_unstable();
        for index in left {
            let Some(element) = elements.get(index) else {
                continue;
            };
            let known_type = collection
                .groups
                .iter()
                .any(|group| !group.terms.is_empty() && fits(group, element));
            let to_primary =
                !known_type && (is_primary(element) || !self.says_what_it_is(collection, element));
            let fitting = collection
                .groups
                .iter()
                .zip(&mut held)
                .find(|(group, held)| {
                    (to_primary && group.primary && (group.many || held.is_empty()))
                        || (group.many && group.terms.is_empty())
                });
            match fitting {
                Some((_, held)) => held.push(index),
                None => assigned.ignored.push(name_of(collection, element)),
            }
        }
        for (group, mut held) in collection.groups.iter().zip(held) {
            held.sort_unstable();
            for line in &group.parts {
                let Some(sub) = self
                    .lines
                    .get(*line)
                    .and_then(|line| line.place.sub.as_ref())
                else {
                    continue;
                };
                let values = held
                    .iter()
                    .filter_map(|index| elements.get(*index)?.get(sub));
                if let Some(place) = assigned.values.get_mut(*line) {
                    *place = distinct(values);
                }
            }
        }
    }

    /// Whether the element has any sub-attribute by which the mapping tells elements apart.
    fn says_what_it_is(&self, collection: &Collection, element: &Map<String, Value>) -> bool {
        let mut terms = collection.groups.iter().flat_map(|group| &group.terms);
        terms.any(|(sub, _)| element.get(sub).is_some_and(is_value))
    }
}

fn fits(group: &Group, element: &Map<String, Value>) -> bool {
    group
        .terms
        .iter()
        .all(|(sub, expected)| match (element.get(sub), expected) {
            // RFC 7643 §2.4: types are compared without case.
            (Some(Value::String(found)), Value::String(expected)) => {
                found.to_lowercase() == expected.to_lowercase()
            }
            (Some(found), expected) => found == expected,
            (None, _) => false,
        })
}

fn is_primary(element: &Map<String, Value>) -> bool {
    element.get("primary") == Some(&Value::Bool(true))
}

pub(super) fn is_value(value: &Value) -> bool {
    !value.is_null()
}

fn distinct<'a>(values: impl Iterator<Item = &'a Value>) -> Vec<Value> {
    let mut seen = std::collections::HashSet::new();
    values
        .filter(|value| is_value(value) && seen.insert(value.to_string()))
        .cloned()
        .collect()
}

fn name_of(collection: &Collection, element: &Map<String, Value>) -> String {
    match element.get("type").and_then(Value::as_str) {
        Some(kind) => format!(
            "{}[type eq {:?}]",
            collection.place,
            kind.chars().take(40).collect::<String>()
        ),
        None => format!("{} without a type", collection.place),
    }
}
