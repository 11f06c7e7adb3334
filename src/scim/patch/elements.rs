//! Operations on one multi-valued attribute.
//!
//! Elements that go leave an empty slot, so that positions stay true and thousands of operations on a
//! large collection cost what they touch, not what it holds.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::collection::selected;
use super::{Op, Operation};
use crate::scim::dialect::{Dialect, Leniency};
use crate::scim::error::Error;
use crate::scim::filter::{Filter, Literal, matches_element};
use crate::scim::path::{AttributePath, Path};
use crate::scim::resource::{
    Index, Normalizer, Selection, fold, is_hollow, merge, merge_same, settle_primary,
};
use crate::scim::schema::{Attribute, Holder, Kept, Kind, Mutability};

/// What one entry of the index costs, in comparisons.
const INDEX_COST: usize = 4;

/// So many bytes are read, folded and compared at the cost of one comparison.
const BYTES: usize = 64;

pub(super) struct Collection<'a> {
    path: AttributePath,
    attribute: &'a Attribute,
    slots: Vec<Option<Value>>,
    index: Option<Index>,
}

impl<'a> Collection<'a> {
    pub(super) fn new(path: AttributePath, attribute: &'a Attribute, elements: Vec<Value>) -> Self {
        Collection {
            path,
            attribute,
            slots: elements.into_iter().map(Some).collect(),
            index: None,
        }
    }

    pub(super) fn into_elements(self) -> Vec<Value> {
        self.slots.into_iter().flatten().collect()
    }

    pub(super) fn step(
        &mut self,
        operation: &Operation,
        dialect: &Dialect,
        budget: &mut usize,
    ) -> Result<(), Error> {
        let mut round = Round {
            collection: self,
            dialect,
            budget,
        };
        match (&operation.path.filter, operation.op, &operation.value) {
            (Some(filter), Op::Remove, _) => round.remove_selected(filter, &operation.path),
            (Some(filter), op, Some(value)) => {
                round.set_selected(op, filter, &operation.path, value)
            }
            (None, Op::Remove, None) => {
                round.collection.clear();
                Ok(())
            }
            (None, Op::Remove, Some(Value::Array(values))) => round.remove_values(values),
            (None, Op::Add, Some(Value::Array(values))) => round.add(values),
            (None, Op::Replace, Some(Value::Array(values))) => {
                round.collection.clear();
                round.add(values)
            }
            _ => Err(Error::invalid_value(format!(
                "{} needs an array of values; send one.",
                self.path
            ))),
        }
    }

    fn clear(&mut self) {
        self.slots.clear();
        self.index = None;
    }

    /// What it costs to compare every element once.
    fn cost(&self) -> usize {
        self.slots.len() + self.slots.iter().flatten().map(text_len).sum::<usize>() / BYTES
    }

    fn element_mut(&mut self, position: usize) -> Option<&mut Value> {
        self.slots.get_mut(position)?.as_mut()
    }
}

/// One operation at work.
struct Round<'r, 'a> {
    collection: &'r mut Collection<'a>,
    dialect: &'r Dialect,
    budget: &'r mut usize,
}

impl Round<'_, '_> {
    fn pay(&mut self, cost: usize) -> Result<(), Error> {
        match self.budget.checked_sub(cost) {
            Some(left) => {
                *self.budget = left;
                Ok(())
            }
            None => Err(Error::too_many(format!(
                "The operations on {} compare too many values; send them in several requests.",
                self.collection.path
            ))),
        }
    }

    /// Makes the index if there is none.
    fn build_index(&mut self) -> Result<(), Error> {
        if self.collection.index.is_some() {
            return Ok(());
        }
        self.pay(self.collection.cost().saturating_mul(INDEX_COST))?;
        let mut index = Index::default();
        for (position, slot) in self.collection.slots.iter().enumerate() {
            if let Some(element) = slot {
                index.insert(self.collection.attribute, element, position);
            }
        }
        self.collection.index = Some(index);
        Ok(())
    }

    /// The position of the same element, if it is still there.
    fn same(&self, element: &Value) -> Option<usize> {
        let index = self.collection.index.as_ref()?;
        let position = index.find(self.collection.attribute, element)?;
        self.collection.slots.get(position)?.as_ref()?;
        Some(position)
    }

    /// Adds an element or lays it over the same one. Returns its position.
    fn put(&mut self, element: Value) -> Result<usize, Error> {
        self.build_index()?;
        if let Some(position) = self.same(&element) {
            let attribute = self.collection.attribute;
            if let Some(known) = self.collection.element_mut(position) {
                merge_same(attribute, known, element);
            }
            return Ok(position);
        }
        let position = self.collection.slots.len();
        if let Some(index) = &mut self.collection.index {
            index.insert(self.collection.attribute, &element, position);
        }
        self.collection.slots.push(Some(element));
        Ok(position)
    }

    fn add(&mut self, values: &[Value]) -> Result<(), Error> {
        let mut set = Vec::with_capacity(values.len());
        for value in values {
            set.push(self.put(value.clone())?);
        }
        self.make_room(&set)?;
        let marks = |value: &Value| value.get("primary") == Some(&Value::Bool(true));
        if values.iter().any(marks) {
            // An array keeps one primary at most, so these are the positions it was put at.
            let set = set
                .into_iter()
                .zip(values)
                .filter(|(_, value)| marks(value))
                .map(|(position, _)| position)
                .collect();
            self.settle_primary(&set)?;
        }
        Ok(())
    }

    /// What becomes of the element at each position; of nothing where any is kept.
    fn kept(&mut self) -> Result<Vec<Option<Kept>>, Error> {
        let holders = &self.collection.attribute.holders;
        if holders.is_empty() {
            return Ok(Vec::new());
        }
        self.pay(self.collection.cost().saturating_mul(holders.len()))?;
        let elements: Vec<&Value> = self.collection.slots.iter().flatten().collect();
        let mut kept = Holder::keep(holders, &elements).into_iter();
        let slots = self.collection.slots.iter();
        Ok(slots
            .map(|slot| slot.as_ref().and_then(|_| kept.next()))
            .collect())
    }

    /// What was just put takes the place of what was kept there, as an added value takes that of a single attribute. A
    /// strict client hears that only one is kept.
    fn make_room(&mut self, set: &[usize]) -> Result<(), Error> {
        if !self.dialect.allows(Leniency::UnknownAttribute) {
            return Ok(());
        }
        let kept = self.kept()?;
        let set: HashSet<usize> = set.iter().copied().collect();
        let wanted: Vec<usize> = set
            .iter()
            .filter_map(|&position| match kept.get(position)? {
                Some(Kept::Occupied(by)) => Some(*by),
                _ => None,
            })
            .collect();
        for (position, kept) in kept.iter().enumerate() {
            if let Some(Kept::By(by)) = kept
                && wanted.contains(by)
                && !set.contains(&position)
            {
                self.take(position);
            }
        }
        Ok(())
    }

    /// Refuses a change of what an element says of itself after which it would not be kept any more, or in another place
    /// than `may_move` allows: its value would be lost without having been named.
    fn check_kept(
        &mut self,
        before: &[Option<Kept>],
        may_move: bool,
        path: &Path,
    ) -> Result<(), Error> {
        let after = self.kept()?;
        let is_lost = |(before, after): (&Option<Kept>, &Option<Kept>)| match (before, after) {
            (Some(Kept::By(_)), Some(Kept::By(_))) if may_move => false,
            (Some(Kept::By(_)), Some(_)) => before != after,
            _ => false,
        };
        if !before.iter().zip(&after).any(is_lost) {
            return Ok(());
        }
        let name = &self.collection.path;
        Err(Error::invalid_value(format!(
            "{} cannot be changed so: the element would not be kept, since the directory has places for these {name} only: {}; \
             remove the element and add one of these.",
            shown(path),
            Holder::kinds(&self.collection.attribute.holders)
        )))
    }

    fn remove_values(&mut self, values: &[Value]) -> Result<(), Error> {
        if self.collection.attribute.is_resource_reference() {
            self.build_index()?;
            for value in values {
                if let Some(position) = self.same(value) {
                    self.take(position);
                }
            }
            return Ok(());
        }
        let selection = Selection::new(self.collection.attribute, values);
        let cost = self.collection.cost() + values.len();
        self.pay(cost.saturating_mul(selection.cost()))?;
        for slot in &mut self.collection.slots {
            if slot.as_ref().is_some_and(|one| selection.contains(one)) {
                *slot = None;
            }
        }
        self.collection.index = None;
        Ok(())
    }

    fn take(&mut self, position: usize) {
        if let Some(slot) = self.collection.slots.get_mut(position) {
            *slot = None;
        }
    }

    /// The positions of the elements that match.
    fn select(&mut self, filter: &Filter) -> Result<Vec<usize>, Error> {
        let attribute = self.collection.attribute;
        if attribute.is_resource_reference()
            && let Some(ids) = selected(filter)
        {
            self.build_index()?;
            let index = self.collection.index.as_ref();
            let found = ids
                .into_iter()
                .filter_map(|id| index.and_then(|index| index.find_reference(id)));
            return Ok(found
                .filter(|&position| matches!(self.collection.slots.get(position), Some(Some(_))))
                .collect());
        }
        // Every term reads one text of each element, and its own text for each element.
        let elements = self.collection.cost().saturating_mul(filter.size());
        let terms = self
            .collection
            .slots
            .len()
            .saturating_mul(filter.text_len())
            / BYTES;
        self.pay(elements.saturating_add(terms))?;
        Ok(self
            .collection
            .slots
            .iter()
            .enumerate()
            .filter(|(_, slot)| {
                slot.as_ref()
                    .is_some_and(|element| matches_element(filter, element, attribute))
            })
            .map(|(position, _)| position)
            .collect())
    }

    fn remove_selected(&mut self, filter: &Filter, path: &Path) -> Result<(), Error> {
        let selected = self.select(filter)?;
        if selected.is_empty() && !self.dialect.allows(Leniency::RemoveNothing) {
            return Err(no_target(path));
        }
        let before = match &path.sub {
            Some(_) => self.kept()?,
            None => Vec::new(),
        };
        for position in selected {
            let Some(sub) = &path.sub else {
                self.take(position);
                continue;
            };
            let Some(Value::Object(inner)) = self.collection.element_mut(position) else {
                continue;
            };
            inner.shift_remove(sub);
            // An element without its value is none, and one that says only what it is for neither.
            if sub == "value" || is_hollow(inner) {
                self.take(position);
            }
        }
        if !self.collection.attribute.is_resource_reference() || path.sub.is_some() {
            self.collection.index = None;
        }
        self.check_kept(&before, false, path)
    }

    fn set_selected(
        &mut self,
        op: Op,
        filter: &Filter,
        path: &Path,
        value: &Value,
    ) -> Result<(), Error> {
        let change = match &path.sub {
            Some(sub) => Value::Object(Map::from_iter([(sub.clone(), value.clone())])),
            None => value.clone(),
        };
        let mut selected = self.select(filter)?;
        if selected.is_empty() {
            match self.create(op, filter, path, &change)? {
                Some(position) => selected.push(position),
                None => return Ok(()),
            }
            // Only what brings a value takes the place of one: `primary` of an element that was never kept does not.
            let attribute = self.collection.attribute;
            let has_value = attribute.sub_attribute("value").is_some();
            if path
                .sub
                .as_ref()
                .is_none_or(|sub| sub == "value" || !has_value)
            {
                self.make_room(&selected)?;
            }
        } else {
            let before = self.kept()?;
            let whole = op == Op::Replace && path.sub.is_none();
            let template = self.template(filter);
            for &position in &selected {
                let Some(element) = self.collection.element_mut(position) else {
                    continue;
                };
                if whole && template.is_some() {
                    // What the filter says of the element stays true unless the value says otherwise,
                    // so that a repeated request finds it again.
                    *element = template.clone().unwrap_or_default();
                }
                merge(element, change.clone());
            }
            self.collection.index = None;
            self.drop_duplicates()?;
            self.check_kept(&before, true, path)?;
            selected.retain(|&position| self.collection.element_mut(position).is_some());
        }
        if change.get("primary") == Some(&Value::Bool(true)) || path_marks_primary(filter) {
            self.settle_primary(&selected.into_iter().collect())?;
        }
        Ok(())
    }

    /// An element that the filter's eq terms describe, for a selection that found none.
    fn create(
        &mut self,
        op: Op,
        filter: &Filter,
        path: &Path,
        change: &Value,
    ) -> Result<Option<usize>, Error> {
        let leniency = match op {
            Op::Add => Leniency::AddCreatesElement,
            _ => Leniency::ReplaceCreatesElement,
        };
        let Some(mut element) = self.template(filter) else {
            return Err(no_target(path));
        };
        if !self.dialect.allows(leniency) {
            return Err(no_target(path));
        }
        // `emails[type eq "work"].type := "home"`: what was asked for cannot match the filter. It is done
        // when such an element is there, as after a first, successful request.
        if let (Some(sub), Some(value)) =
            (&path.sub, path.sub.as_ref().and_then(|sub| change.get(sub)))
            && let Some(leaf) = self.collection.attribute.sub_attribute(sub)
            && element
                .get(sub)
                .is_some_and(|said| fold(said, leaf) != fold(value, leaf))
        {
            self.pay(self.collection.cost())?;
            let wanted = fold(value, leaf);
            let done = self.collection.slots.iter().flatten().any(|element| {
                element
                    .get(sub)
                    .is_some_and(|now| fold(now, leaf) == wanted)
            });
            return if done { Ok(None) } else { Err(no_target(path)) };
        }
        merge(&mut element, change.clone());
        self.put(element).map(Some)
    }

    /// What the filter's eq terms say of an element. None when the filter is no conjunction of such
    /// terms, or the elements are simple and it says nothing of use.
    fn template(&self, filter: &Filter) -> Option<Value> {
        let attribute = self.collection.attribute;
        let terms = filter.equalities()?;
        if attribute.kind != Kind::Complex {
            return Some(Value::Null);
        }
        let mut element = Map::new();
        for (path, literal) in terms {
            let sub = attribute.sub_attribute(&path.attribute)?;
            if sub.mutability != Mutability::ReadOnly && *literal != Literal::Null {
                element.insert(sub.name.clone(), literal.to_value());
            }
        }
        Some(Value::Object(element))
    }

    /// Two elements may have become the same; the later one is laid over the earlier.
    fn drop_duplicates(&mut self) -> Result<(), Error> {
        self.pay(self.collection.cost().saturating_mul(INDEX_COST))?;
        let attribute = self.collection.attribute;
        let mut index = Index::default();
        for position in 0..self.collection.slots.len() {
            let Some(element) = self.collection.element_mut(position) else {
                continue;
            };
            match index.find(attribute, element) {
                None => index.insert(attribute, element, position),
                Some(earlier) => {
                    let later = self
                        .collection
                        .slots
                        .get_mut(position)
                        .and_then(Option::take);
                    if let (Some(known), Some(later)) =
                        (self.collection.element_mut(earlier), later)
                    {
                        merge(known, later);
                    }
                }
            }
        }
        self.collection.index = Some(index);
        Ok(())
    }

    /// After setting primary at these positions, no other element is primary, RFC 7644 §3.5.2.
    fn settle_primary(&mut self, set: &HashSet<usize>) -> Result<(), Error> {
        self.pay(self.collection.slots.len())?;
        let elements = self
            .collection
            .slots
            .iter_mut()
            .enumerate()
            .filter_map(|(position, slot)| Some((position, slot.as_mut()?)));
        let marked = settle_primary(elements, |position| set.contains(&position));
        Normalizer::new(self.dialect).check_primary(&self.collection.path, marked)
    }
}

/// The bytes of all texts in a value.
fn text_len(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(elements) => elements.iter().map(text_len).sum(),
        Value::Object(inner) => inner.values().map(text_len).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

fn path_marks_primary(filter: &Filter) -> bool {
    filter.equalities().is_some_and(|terms| {
        terms.iter().any(|(path, literal)| {
            path.attribute == "primary" && **literal == Literal::Boolean(true)
        })
    })
}

fn no_target(path: &Path) -> Error {
    Error::no_target(format!(
        "{} selects no element; add the element first, or correct the filter.",
        shown(path)
    ))
}

fn shown(path: &Path) -> String {
    path.to_string().chars().take(100).collect()
}
