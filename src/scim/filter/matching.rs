//! Evaluating a filter in memory.
//!
//! Strings compare without case unless the schema says `caseExact`, and are equal whatever the spaces
//! between and around their words, as in a directory; points in time compare as such.
//! `ne` is the opposite of `eq`, so on several values it means that none is equal and on no value it
//! holds, which is also what its translation to LDAP means. An element that does not say whether it is
//! `primary` is not (RFC 7643 §2.4).

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::{Filter, Literal, Operator};
use crate::scim::path::AttributePath;
use crate::scim::resource::Resource;
use crate::scim::schema::{Attribute, Definition, Kind};

impl Filter {
    /// Whether the resource matches. An attribute the definition does not know matches nothing.
    pub fn matches(&self, resource: &Resource, definition: &Definition) -> bool {
        match self {
            Filter::And(parts) => parts.iter().all(|part| part.matches(resource, definition)),
            Filter::Or(parts) => parts.iter().any(|part| part.matches(resource, definition)),
            Filter::Not(inner) => !inner.matches(resource, definition),
            Filter::Compare {
                path,
                operator,
                value,
            } => {
                let Some(resolved) = definition.lookup(path) else {
                    return false;
                };
                let (canonical, leaf) = (resolved.path(), resolved.leaf());
                if resolved.attribute.multi_valued && resolved.sub.is_some() {
                    let elements = resource.elements(&canonical).iter();
                    let parts = elements
                        .filter_map(|element| said(leaf, element.as_object()?.get(&leaf.name)));
                    return compare(parts, leaf, *operator, value);
                }
                compare(resource.values(&canonical), leaf, *operator, value)
            }
            Filter::Present(path) => definition
                .canonical(path)
                .is_some_and(|path| resource.values(&path).any(is_present)),
            Filter::ValuePath { path, filter } => definition.lookup(path).is_some_and(|resolved| {
                resource
                    .elements(&resolved.path())
                    .iter()
                    .any(|element| matches_element(filter, element, resolved.attribute))
            }),
        }
    }
}

/// Whether one element of an attribute matches a value filter, whose paths name sub-attributes. Of a
/// simple element `value` names the element itself.
pub(in crate::scim) fn matches_element(
    filter: &Filter,
    element: &Value,
    attribute: &Attribute,
) -> bool {
    let part = |path: &AttributePath| match element {
        Value::Object(inner) => attribute
            .sub_attribute(&path.attribute)
            .map(|sub| (sub, inner.get(&sub.name))),
        simple if path.attribute.eq_ignore_ascii_case("value") => Some((attribute, Some(simple))),
        _ => None,
    };
    match filter {
        Filter::And(parts) => parts
            .iter()
            .all(|part| matches_element(part, element, attribute)),
        Filter::Or(parts) => parts
            .iter()
            .any(|part| matches_element(part, element, attribute)),
        Filter::Not(inner) => !matches_element(inner, element, attribute),
        Filter::Compare {
            path,
            operator,
            value,
        } => part(path).is_some_and(|(leaf, found)| {
            compare(said(leaf, found).into_iter(), leaf, *operator, value)
        }),
        Filter::Present(path) => part(path).is_some_and(|(_, found)| found.is_some_and(is_present)),
        Filter::ValuePath { .. } => false,
    }
}

/// What an element says of a sub-attribute that was found in it, or not.
fn said<'a>(sub: &Attribute, found: Option<&'a Value>) -> Option<&'a Value> {
    found.or_else(|| (sub.name == "primary").then_some(&Value::Bool(false)))
}

impl Operator {
    /// Whether the comparison of a value of this attribute holds. `ne` is that of one value here.
    pub fn holds(self, value: &Value, of: &Attribute, wanted: &Literal) -> bool {
        match self {
            Operator::NotEqual => !holds(value, of, Operator::Equal, wanted),
            _ => holds(value, of, self, wanted),
        }
    }
}

fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(elements) => elements.iter().any(is_present),
        Value::Object(inner) => inner.values().any(is_present),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn compare<'a>(
    mut found: impl Iterator<Item = &'a Value>,
    leaf: &Attribute,
    operator: Operator,
    wanted: &Literal,
) -> bool {
    if *wanted == Literal::Null {
        let present = found.any(is_present);
        return (operator == Operator::NotEqual && present)
            || (operator == Operator::Equal && !present);
    }
    if operator == Operator::NotEqual {
        return !found.any(|value| holds(value, leaf, Operator::Equal, wanted));
    }
    found.any(|value| holds(value, leaf, operator, wanted))
}

fn holds(value: &Value, leaf: &Attribute, operator: Operator, wanted: &Literal) -> bool {
    match (value, wanted) {
        // `members eq "x"` speaks of the elements' `value`.
        (Value::Object(inner), _) => leaf.sub_attribute("value").is_some_and(|sub| {
            inner
                .get(&sub.name)
                .is_some_and(|value| holds(value, sub, operator, wanted))
        }),
        (Value::Bool(value), Literal::Boolean(wanted)) => {
            operator == Operator::Equal && value == wanted
        }
        (Value::Number(value), Literal::Number(wanted)) => {
            numbers(value, wanted).is_some_and(|order| agrees(operator, order))
        }
        (Value::String(value), Literal::String(wanted)) => {
            if leaf.kind == Kind::DateTime
                && !operator.is_about_text()
                && let (Ok(value), Ok(wanted)) = (
                    value.parse::<jiff::Timestamp>(),
                    wanted.parse::<jiff::Timestamp>(),
                )
            {
                return agrees(operator, value.cmp(&wanted));
            }
            // Base64 has letters of both cases.
            let exact = leaf.case_exact || leaf.kind == Kind::Binary;
            strings(value, wanted, operator, exact)
        }
        _ => false,
    }
}

fn numbers(one: &Number, other: &Number) -> Option<Ordering> {
    if let (Some(one), Some(other)) = (one.as_i64(), other.as_i64()) {
        return Some(one.cmp(&other));
    }
    if let (Some(one), Some(other)) = (one.as_u64(), other.as_u64()) {
        return Some(one.cmp(&other));
    }
    one.as_f64()?.partial_cmp(&other.as_f64()?)
}

fn strings(value: &str, wanted: &str, operator: Operator, case_exact: bool) -> bool {
    if case_exact {
        return text(value, wanted, operator);
    }
    if operator == Operator::Equal && value.is_ascii() && wanted.is_ascii() {
        return same_words(value, wanted, str::eq_ignore_ascii_case);
    }
    text(&value.to_lowercase(), &wanted.to_lowercase(), operator)
}

fn text(value: &str, wanted: &str, operator: Operator) -> bool {
    match operator {
        Operator::Contains => value.contains(wanted),
        Operator::StartsWith => value.starts_with(wanted),
        Operator::EndsWith => value.ends_with(wanted),
        Operator::Equal => same_words(value, wanted, |one, other| one == other),
        _ => agrees(operator, value.cmp(wanted)),
    }
}

/// Whether two texts are equal but for spaces: those at the ends count for nothing, several together for one, as in
/// every directory (RFC 4518 §2.6.1).
fn same_words(one: &str, other: &str, same: fn(&str, &str) -> bool) -> bool {
    let words = |text| str::split(text, ' ').filter(|word| !word.is_empty());
    let (mut one, mut other) = (words(one), words(other));
    loop {
        match (one.next(), other.next()) {
            (Some(one), Some(other)) if same(one, other) => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

fn agrees(operator: Operator, order: Ordering) -> bool {
    match operator {
        Operator::Equal => order.is_eq(),
        Operator::NotEqual => order.is_ne(),
        Operator::Greater => order.is_gt(),
        Operator::GreaterOrEqual => order.is_ge(),
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Contains | Operator::StartsWith | Operator::EndsWith => false,
    }
}
