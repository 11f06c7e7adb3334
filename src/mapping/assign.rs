//! Which line holds which value of a resource.

use std::collections::HashSet;

use serde_json::Value;

use super::left_out::LeftOut;
use super::line::{Line, Shape};
use super::resource_mapping::{Collection, ResourceMapping, reference_ids};
use crate::scim::Resource;
use crate::scim::schema::{Holder, Kept};

/// The values of a resource, line by line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Assigned {
    /// For each line of the mapping, in its order.
    pub(super) values: Vec<Vec<Value>>,
    /// Elements that no line writes.
    pub(super) ignored: Vec<LeftOut>,
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
                Shape::References => {
                    let ids: Vec<Value> = reference_ids(line, resource)
                        .into_iter()
                        .map(Value::from)
                        .collect();
                    distinct(ids.iter())
                }
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
        let Some(resolved) = self.definition.lookup(&collection.place) else {
            return;
        };
        let holders = &resolved.attribute.holders;
        let elements: Vec<&Value> = resource.elements(&collection.place).iter().collect();
        let mut kept = Holder::keep(holders, &elements);
        stand_in(holders, &elements, &mut kept);
        let mut held: Vec<Vec<usize>> = vec![Vec::new(); collection.groups.len()];
        for (index, (element, kept)) in elements.iter().zip(kept).enumerate() {
            match kept {
                Kept::By(group) => held
                    .get_mut(group)
                    .into_iter()
                    .for_each(|of| of.push(index)),
                Kept::Occupied(_) | Kept::Nowhere => {
                    let left_out = LeftOut::new(&collection.place, holders, element, kept);
                    assigned.ignored.push(left_out);
                }
            }
        }
        for (group, held) in collection.groups.iter().zip(held) {
            for index in &group.parts {
                let Some(line) = self.lines.get(*index) else {
                    continue;
                };
                let Some(sub) = &line.place.sub else {
                    continue;
                };
                let values = held
                    .iter()
                    .filter_map(|index| elements.get(*index)?.get(sub));
                if let Some(place) = assigned.values.get_mut(*index) {
                    *place = distinct(values);
                }
            }
        }
    }

    /// The values that the directory can tell apart: of those that it cannot, what it holds already, or else the first.
    pub(super) fn told_apart(&self, line: &Line, held: &[Value], values: &[Value]) -> Vec<Value> {
        if values.len() < 2 || !line.codec.is_text() {
            return values.to_vec();
        }
        let minds_case = self.minds_case(line);
        let key = |value: &Value| line.key(value.as_str().unwrap_or_default(), minds_case);
        let held: HashSet<&str> = held.iter().filter_map(Value::as_str).collect();
        let is_held = |value: &Value| value.as_str().is_some_and(|text| held.contains(text));
        let kept = values.iter().filter(|value| is_held(value));
        let mut seen: HashSet<String> = kept.map(key).collect();
        let mut is_new = |value: &Value| is_held(value) || seen.insert(key(value));
        values
            .iter()
            .filter(|value| is_new(value))
            .cloned()
            .collect()
    }
}

/// The primary line takes an element of a kind that has no line and is marked as primary, where it has none of its own. Not
/// where somebody lives: that is not to stand where everybody looks for the workplace.
fn stand_in(holders: &[Holder], elements: &[&Value], kept: &mut [Kept]) {
    let Some(primary) = holders.iter().position(|holder| holder.primary) else {
        return;
    };
    if kept.contains(&Kept::By(primary)) {
        return;
    }
    let stands_in = |element: &Value| {
        let kind = element["type"].as_str().unwrap_or_default();
        let is_home = element["value"].is_null() && kind.eq_ignore_ascii_case("home");
        element["primary"] == Value::Bool(true) && !is_home
    };
    let marked = elements
        .iter()
        .zip(&*kept)
        .position(|(element, kept)| *kept == Kept::Nowhere && stands_in(element));
    if let Some(place) = marked.and_then(|one| kept.get_mut(one)) {
        *place = Kept::By(primary);
    }
}

pub(super) fn is_value(value: &Value) -> bool {
    !value.is_null()
}

fn distinct<'a>(values: impl Iterator<Item = &'a Value>) -> Vec<Value> {
    let mut seen = HashSet::new();
    values
        .filter(|value| is_value(value) && seen.insert(value.to_string()))
        .cloned()
        .collect()
}
