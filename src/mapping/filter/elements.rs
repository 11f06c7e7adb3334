//! Filters on elements of multi-valued attributes: which lines they speak of, and what the mapping itself can answer.

use serde_json::Value;

use super::{Pushdown, Test, Tested, is_id};
use crate::ldap::Filter as LdapFilter;
use crate::mapping::codec::boolean;
use crate::mapping::line::Line;
use crate::mapping::resource_mapping::{Collection, Group};
use crate::scim::error::quoted;
use crate::scim::{AttributePath, Error, Filter, Literal, Operator};

impl Pushdown<'_> {
    pub(super) fn collection(&self, path: &AttributePath) -> Option<&Collection> {
        self.mapping
            .collections
            .iter()
            .find(|collection| collection.place.same_attribute(path))
    }

    fn lines_in<'g>(&'g self, group: &'g Group) -> impl Iterator<Item = &'g Line> {
        group
            .parts
            .iter()
            .filter_map(|index| self.mapping.lines.get(*index))
            .filter(|line| line.is_read())
    }

    /// Whether the group's element is there; or, of a part of it, whether that is.
    pub(super) fn group_exists(&self, group: &Group, sub: Option<&str>) -> Test {
        let lines = self
            .lines_in(group)
            .filter(|line| sub.is_none_or(|sub| line.place.sub.as_deref() == Some(sub)));
        Test::any(lines.map(|line| Test::Ask(LdapFilter::Present(line.ldap.clone()))))
    }

    pub(super) fn compare_in_group(
        &self,
        collection: &Collection,
        group: &Group,
        sub: &str,
        operator: Operator,
        value: &Literal,
    ) -> Tested {
        let path = collection.place.clone().sub(sub);
        if let Some(known) = group.value_of(sub) {
            let test = compare_known(&path, &known, operator, value)?;
            return Ok(Test::all([test, self.group_exists(group, None)]));
        }
        let line = self.lines_in(group).find(|line| {
            line.place
                .sub
                .as_deref()
                .is_some_and(|of| of.eq_ignore_ascii_case(sub))
        });
        match line {
            Some(line) => self.compare_line(line, operator, value),
            None => Ok(Test::Never),
        }
    }

    pub(super) fn value_path(&self, path: &AttributePath, filter: &Filter) -> Tested {
        let path = self.resolve(path)?;
        if let Some(collection) = self.collection(&path) {
            let tests = collection
                .groups
                .iter()
                .map(|group| {
                    if group.many && questions(filter, group) > 1 {
                        return Err(Error::invalid_filter(format!(
                            "Inside `{path}[…]` one comparison of a value can be made here: LDAP cannot tell whether two are true of the same element."
                        )));
                    }
                    let inner = self.in_group(collection, group, filter)?;
                    Ok(Test::all([self.group_exists(group, None), inner]))
                })
                .collect::<Result<Vec<_>, _>>()?;
            return Ok(Test::any(tests));
        }
        match self
            .mapping
            .lines_of(&path)
            .find(|line| line.is_reference())
        {
            Some(line) => self.in_reference(line, filter),
            None => Err(Error::invalid_filter(format!(
                "The attribute `{path}` has no elements, so that brackets select nothing; write the comparison without them."
            ))),
        }
    }

    /// A filter inside brackets, for the element of one group.
    fn in_group(&self, collection: &Collection, group: &Group, filter: &Filter) -> Tested {
        let parts = |parts: &[Filter]| {
            parts
                .iter()
                .map(|part| self.in_group(collection, group, part))
                .collect::<Result<Vec<_>, _>>()
        };
        match filter {
            Filter::And(all) => Ok(Test::all(parts(all)?)),
            Filter::Or(any) => Ok(Test::any(parts(any)?)),
            Filter::Not(inner) => Ok(self.in_group(collection, group, inner)?.negate()),
            Filter::Present(path) => {
                let sub = self.sub_of(collection, path)?;
                Ok(match group.value_of(&sub) {
                    Some(_) => Test::Always,
                    None => self.group_exists(group, Some(&sub)),
                })
            }
            Filter::Compare {
                path,
                operator,
                value,
            } => {
                let sub = self.sub_of(collection, path)?;
                if let Some(known) = group.value_of(&sub) {
                    return compare_known(
                        &collection.place.clone().sub(sub),
                        &known,
                        *operator,
                        value,
                    );
                }
                let (operator, negated) = if *operator == Operator::NotEqual {
                    (Operator::Equal, true)
                } else {
                    (*operator, false)
                };
                let test = self.compare_in_group(collection, group, &sub, operator, value)?;
                Ok(if negated { test.negate() } else { test })
            }
            Filter::ValuePath { path, .. } => Err(Error::invalid_filter(format!(
                "Brackets inside brackets are not part of the grammar ({}).",
                quoted(&path.to_string())
            ))),
        }
    }

    /// The sub-attribute that a path inside brackets names, in the definition's spelling.
    fn sub_of(&self, collection: &Collection, path: &AttributePath) -> Result<String, Error> {
        let full = collection.place.clone().sub(path.attribute.clone());
        Ok(self.resolve(&full)?.sub.unwrap_or_default())
    }

    /// A filter inside the brackets of `members[…]`: on the id only.
    fn in_reference(&self, line: &Line, filter: &Filter) -> Tested {
        match filter {
            Filter::Compare {
                path,
                operator,
                value,
            } if is_id(Some(&path.attribute)) && path.sub.is_none() => {
                self.compare_line(line, *operator, value)
            }
            Filter::Or(parts) => Ok(Test::any(
                parts
                    .iter()
                    .map(|part| self.in_reference(line, part))
                    .collect::<Result<Vec<_>, _>>()?,
            )),
            _ => Err(Error::invalid_filter(format!(
                "Inside `{}[…]` only `value eq` and `value ne` with an id can be asked, and `or` of these.",
                line.place.attribute
            ))),
        }
    }
}

impl Group {
    /// The value that every element of this group has in a sub-attribute.
    fn value_of(&self, sub: &str) -> Option<Value> {
        let term = self
            .terms
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(sub))
            .map(|(_, value)| value.clone());
        // Elements not marked as primary are not: RFC 7643 §2.4 takes absence for false.
        term.or_else(|| {
            sub.eq_ignore_ascii_case("primary")
                .then_some(Value::Bool(self.primary))
        })
    }

    pub(super) fn has(&self, sub: &str) -> bool {
        match self.value_of(sub) {
            Some(Value::Bool(flag)) => flag,
            Some(_) => true,
            None => false,
        }
    }
}

/// How many comparisons inside brackets the directory would have to make for a group.
fn questions(filter: &Filter, group: &Group) -> usize {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => {
            parts.iter().map(|part| questions(part, group)).sum()
        }
        Filter::Not(inner) | Filter::ValuePath { filter: inner, .. } => questions(inner, group),
        Filter::Compare { path, .. } | Filter::Present(path) => {
            usize::from(group.value_of(&path.attribute).is_none())
        }
    }
}

/// A comparison with a value that the mapping itself gives.
pub(super) fn compare_known(
    path: &AttributePath,
    known: &Value,
    operator: Operator,
    value: &Literal,
) -> Tested {
    let holds = match (known, operator) {
        (Value::String(known), _) => {
            let (known, text) = (
                known.to_lowercase(),
                value.text().unwrap_or_default().to_lowercase(),
            );
            match operator {
                Operator::Equal => known == text,
                Operator::NotEqual => known != text,
                Operator::Contains => known.contains(&text),
                Operator::StartsWith => known.starts_with(&text),
                Operator::EndsWith => known.ends_with(&text),
                _ => {
                    return Err(Error::invalid_filter(format!(
                        "The attribute `{path}` supports eq, ne, co, sw, ew and pr, not {}.",
                        operator.name()
                    )));
                }
            }
        }
        (known, Operator::Equal) => {
            Some(known.clone()) == boolean(&value.to_value()).map(Value::Bool)
        }
        (known, Operator::NotEqual) => {
            Some(known.clone()) != boolean(&value.to_value()).map(Value::Bool)
        }
        _ => {
            return Err(Error::invalid_filter(format!(
                "The attribute `{path}` supports eq, ne and pr, not {}.",
                operator.name()
            )));
        }
    };
    Ok(if holds { Test::Always } else { Test::Never })
}
