//! Filters on elements of multi-valued attributes: which lines they speak of, and what the mapping itself can answer.

use serde_json::Value;

use super::bounds::Bounds;
use super::{Pushdown, Tested, is_id, positive};
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
    pub(super) fn group_exists(&self, group: &Group, sub: Option<&str>) -> Bounds {
        let lines = self
            .lines_in(group)
            .filter(|line| sub.is_none_or(|sub| line.place.sub.as_deref() == Some(sub)));
        Bounds::any(lines.map(|line| self.line_present(line)))
    }

    /// Any comparison but `ne` with a group's elements.
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
            let test = self.compare_known(&path, &known, operator, value);
            return Ok(Bounds::all([test, self.group_exists(group, None)]));
        }
        let line = self.lines_in(group).find(|line| {
            line.place
                .sub
                .as_deref()
                .is_some_and(|of| of.eq_ignore_ascii_case(sub))
        });
        match line {
            Some(line) => self.compare_line(line, operator, value),
            None => Ok(Bounds::NEVER),
        }
    }

    /// Any comparison but `ne` with a value that the mapping itself gives.
    pub(super) fn compare_known(
        &self,
        path: &AttributePath,
        known: &Value,
        operator: Operator,
        value: &Literal,
    ) -> Bounds {
        let resolved = self.mapping.definition.lookup(path);
        Bounds::known(resolved.is_some_and(|of| operator.holds(known, of.leaf(), value)))
    }

    pub(super) fn value_path(&self, path: &AttributePath, filter: &Filter) -> Tested {
        let path = self.resolve(path)?;
        if let Some(collection) = self.collection(&path) {
            let tests = collection
                .groups
                .iter()
                .map(|group| {
                    let inner = self.in_group(collection, group, filter)?;
                    Ok(Bounds::all([self.group_exists(group, None), inner]))
                })
                .collect::<Result<Vec<_>, Error>>()?;
            return Ok(Bounds::any(tests));
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

    /// A filter inside brackets, for the element of one group; of a group of many, whether one of them is so.
    fn in_group(&self, collection: &Collection, group: &Group, filter: &Filter) -> Tested {
        let parts = |parts: &[Filter]| {
            parts
                .iter()
                .map(|part| self.in_group(collection, group, part))
                .collect::<Result<Vec<_>, _>>()
        };
        match filter {
            Filter::And(all) => {
                let tests = parts(all)?;
                let asked = tests.iter().filter(|test| !test.is_known()).count();
                let all = Bounds::all(tests);
                // Of an LDAP attribute with several values two comparisons may be true of different ones.
                Ok(if group.many && asked > 1 {
                    all.unsure()
                } else {
                    all
                })
            }
            Filter::Or(any) => Ok(Bounds::any(parts(any)?)),
            Filter::Not(inner) => Ok(opposite(group, self.in_group(collection, group, inner)?)),
            Filter::Present(path) => {
                let sub = self.sub_of(&collection.place, path)?;
                let here = self.group_exists(group, Some(&sub));
                // An element of a line for many values is its value.
                let certain = group.has(&sub) || (group.many && here != Bounds::NEVER);
                Ok(if certain { Bounds::ALWAYS } else { here })
            }
            Filter::Compare {
                path,
                operator,
                value,
            } => {
                let sub = self.sub_of(&collection.place, path)?;
                let test = if *value == Literal::Null {
                    let present = Filter::Present(path.clone());
                    opposite(group, self.in_group(collection, group, &present)?)
                } else if let Some(known) = group.value_of(&sub) {
                    let path = collection.place.clone().sub(sub);
                    self.compare_known(&path, &known, positive(*operator), value)
                } else {
                    self.compare_in_group(collection, group, &sub, positive(*operator), value)?
                };
                Ok(match operator {
                    Operator::NotEqual => opposite(group, test),
                    _ => test,
                })
            }
            Filter::ValuePath { path, .. } => Err(nested(path)),
        }
    }

    /// The sub-attribute that a path inside brackets names, in the definition's spelling.
    fn sub_of(&self, place: &AttributePath, path: &AttributePath) -> Result<String, Error> {
        let full = place.whole().sub(path.attribute.clone());
        Ok(self.resolve(&full)?.sub.unwrap_or_default())
    }

    /// A filter inside the brackets of `members[…]`. LDAP tells whether an id is there; whether another one is, or what
    /// is true of the one that is, takes a look.
    fn in_reference(&self, line: &Line, filter: &Filter) -> Tested {
        let parts = |parts: &[Filter]| {
            parts
                .iter()
                .map(|part| self.in_reference(line, part))
                .collect::<Result<Vec<_>, _>>()
        };
        let present = self.line_present(line).unsure();
        match filter {
            Filter::Or(any) => Ok(Bounds::any(parts(any)?)),
            Filter::And(all) => Ok(Bounds::all(parts(all)?).unsure()),
            Filter::Not(inner) => self.in_reference(line, inner).map(|_| present),
            Filter::Present(path) => self.sub_of(&line.place, path).map(|_| present),
            Filter::Compare {
                path,
                operator,
                value,
            } => {
                let sub = self.sub_of(&line.place, path)?;
                match operator {
                    Operator::Equal if is_id(Some(&sub)) && *value != Literal::Null => {
                        self.compare_line(line, *operator, value)
                    }
                    _ => Ok(present),
                }
            }
            Filter::ValuePath { path, .. } => Err(nested(path)),
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

/// The opposite inside brackets. Of an LDAP attribute with several values the negation says that none is so, where the
/// brackets ask for one that is not.
fn opposite(group: &Group, test: Bounds) -> Bounds {
    if group.many && !test.is_known() {
        Bounds::ANYBODY
    } else {
        test.negate()
    }
}

fn nested(path: &AttributePath) -> Error {
    Error::invalid_filter(format!(
        "Brackets inside brackets are not part of the grammar ({}).",
        quoted(&path.to_string())
    ))
}
