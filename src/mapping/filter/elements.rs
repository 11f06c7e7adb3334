//! Filters on elements of multi-valued attributes: which lines they speak of, and what the mapping itself can answer.

use std::ptr;

use serde_json::Value;

use super::bounds::Bounds;
use super::{Pushdown, Tested, is_id, positive};
use crate::mapping::line::Line;
use crate::mapping::resource_mapping::{Collection, Group};
use crate::scim::error::quoted;
use crate::scim::{AttributePath, Error, Filter, Literal, Operator};

/// The sub-attribute that no line holds: which element is primary is told by the elements there are (RFC 7643 §2.4).
const PRIMARY: &str = "primary";

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

    /// Whether the group's element is there and has the sub-attribute; of `primary`, whether it is there: then one element
    /// of the collection is the primary one.
    pub(super) fn group_has(&self, collection: &Collection, group: &Group, sub: &str) -> Bounds {
        match group.value_of(collection, sub) {
            Some(Value::Bool(false)) => Bounds::NEVER,
            Some(_) => self.group_exists(group, None),
            None if sub == PRIMARY => self.group_exists(group, None),
            None => self.group_exists(group, Some(sub)),
        }
    }

    /// Whether the group's element is the one that is shown as primary: that of the primary line or, without it, the
    /// first. Which of a primary line for many values it is, LDAP cannot tell.
    fn is_primary(&self, collection: &Collection, group: &Group) -> Bounds {
        if group.primary {
            return Bounds::ANYBODY;
        }
        let before = collection
            .groups
            .iter()
            .take_while(|one| !ptr::eq(*one, group))
            .filter(|one| !one.primary);
        let preferred = collection.groups.iter().filter(|one| one.primary);
        Bounds::all(
            preferred
                .chain(before)
                .map(|one| self.group_exists(one, None).negate()),
        )
    }

    /// A comparison with `primary` where it depends on the other elements. RFC 7643 §2.4 takes absence for false.
    fn compare_primary(
        &self,
        collection: &Collection,
        group: &Group,
        operator: Operator,
        value: &Literal,
    ) -> Bounds {
        let path = collection.place.clone().sub(PRIMARY);
        let when = |is: bool| self.compare_known(&path, &Value::Bool(is), operator, value);
        let primary = self.is_primary(collection, group);
        // Of a line for many values only the first can be it.
        let other = if group.many {
            Bounds::ANYBODY
        } else {
            primary.clone().negate()
        };
        Bounds::any([
            Bounds::all([primary, when(true)]),
            Bounds::all([other, when(false)]),
        ])
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
        if let Some(known) = group.value_of(collection, sub) {
            let test = self.compare_known(&path, &known, operator, value);
            return Ok(Bounds::all([test, self.group_exists(group, None)]));
        }
        if sub == PRIMARY {
            let test = self.compare_primary(collection, group, operator, value);
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
                let known = group.value_of(collection, &sub);
                if sub == PRIMARY && known.is_none() {
                    return Ok(self.is_primary(collection, group));
                }
                let here = self.group_has(collection, group, &sub);
                // An element of a line for many values is its value.
                let certain = here != Bounds::NEVER && (known.is_some() || group.many);
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
                } else if let Some(known) = group.value_of(collection, &sub) {
                    let path = collection.place.clone().sub(sub);
                    self.compare_known(&path, &known, positive(*operator), value)
                } else if sub == PRIMARY {
                    self.compare_primary(collection, group, positive(*operator), value)
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
    /// The value that every element of this group has in a sub-attribute; none where it depends on the other elements,
    /// which it does for `primary` while another line is preferred, or where only the first of many is it.
    fn value_of(&self, collection: &Collection, sub: &str) -> Option<Value> {
        let term = self
            .terms
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(sub))
            .map(|(_, value)| value.clone());
        term.or_else(|| {
            let alone = self.primary && !self.many;
            let known = sub == PRIMARY && (alone || !collection.has_primary());
            known.then_some(Value::Bool(self.primary))
        })
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
        "Brackets inside brackets are not part of the grammar ({}); write one level.",
        quoted(&path.to_string())
    ))
}
