//! Filters on elements of multi-valued attributes: which lines they speak of, and what the mapping itself can answer.

use std::ptr;

use serde_json::Value;

use super::{Pushdown, Test, Tested, is_id, positive};
use crate::ldap::Filter as LdapFilter;
use crate::mapping::codec::boolean;
use crate::mapping::line::Line;
use crate::mapping::resource_mapping::{Collection, Group};
use crate::scim::error::quoted;
use crate::scim::{AttributePath, Error, Filter, Literal, Operator};

/// The sub-attribute that is told by the lines there are (RFC 7643 §2.4).
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
    pub(super) fn group_exists(&self, group: &Group, sub: Option<&str>) -> Test {
        let lines = self
            .lines_in(group)
            .filter(|line| sub.is_none_or(|sub| line.place.sub.as_deref() == Some(sub)));
        Test::any(lines.map(|line| Test::Ask(LdapFilter::Present(line.ldap.clone()))))
    }

    /// The test of a comparison with a group's elements; of `ne` that of `eq`, which the caller negates.
    pub(super) fn compare_in_group(
        &self,
        collection: &Collection,
        group: &Group,
        sub: &str,
        operator: Operator,
        value: &Literal,
    ) -> Tested {
        if let Some(test) = self.known(collection, group, sub, positive(operator), value) {
            return Ok(Test::all([test?, self.group_exists(group, None)]));
        }
        let line = self.lines_in(group).find(|line| {
            line.place
                .sub
                .as_deref()
                .is_some_and(|of| of.eq_ignore_ascii_case(sub))
        });
        match line {
            Some(line) => self.ask_line(line, operator, value),
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
                    let inner = self.in_group(collection, group, filter)?;
                    Ok(Test::all([self.group_exists(group, None), inner]))
                })
                .collect::<Result<Vec<_>, Error>>()?;
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
            Filter::And(all) => {
                let tests = parts(all)?;
                let asked = all.iter().zip(&tests);
                let asked = asked
                    .filter(|(part, test)| test.is_asked() && !asks_primary(part))
                    .count();
                Ok(match Test::all(tests) {
                    Test::Ask(_) if group.many && asked > 1 => one_comparison(collection),
                    test => test,
                })
            }
            Filter::Or(any) => Ok(Test::any(parts(any)?)),
            Filter::Not(inner) => {
                let test = self.in_group(collection, group, inner)?;
                if asks_primary(inner) {
                    return Ok(test.negate());
                }
                Ok(negated(collection, group, "not", test))
            }
            Filter::Present(path) => {
                let sub = self.sub_of(collection, path)?;
                if sub == PRIMARY {
                    return Ok(self.is_primary(collection, group));
                }
                Ok(match self.group_exists(group, Some(&sub)) {
                    // An element of a line for many values is its value.
                    Test::Ask(_) if group.many => Test::Always,
                    _ if group.term(&sub).is_some() => Test::Always,
                    test => test,
                })
            }
            Filter::Compare {
                path,
                operator,
                value,
            } => {
                let sub = self.sub_of(collection, path)?;
                if let Some(test) = self.known(collection, group, &sub, *operator, value) {
                    return test;
                }
                let test = self.compare_in_group(collection, group, &sub, *operator, value)?;
                Ok(match operator {
                    Operator::NotEqual => negated(collection, group, operator.name(), test),
                    _ => test,
                })
            }
            Filter::ValuePath { path, .. } => Err(Error::invalid_filter(format!(
                "Brackets inside brackets are not part of the grammar ({}).",
                quoted(&path.to_string())
            ))),
        }
    }

    /// The test of a comparison with what the mapping itself says of a group's elements, if it says anything.
    fn known(
        &self,
        collection: &Collection,
        group: &Group,
        sub: &str,
        operator: Operator,
        value: &Literal,
    ) -> Option<Tested> {
        let path = collection.place.clone().sub(sub);
        if let Some(known) = group.term(sub) {
            return Some(compare_known(&path, known, operator, value));
        }
        // RFC 7643 §2.4 takes absence for false.
        (sub == PRIMARY).then(|| {
            let primary = self.is_primary(collection, group);
            Ok(
                match compare_known(&path, &Value::Bool(true), operator, value)? {
                    Test::Never => primary.negate(),
                    _ => primary,
                },
            )
        })
    }

    /// Whether the group's element is the one that is shown as primary: that of the primary line or, without it, the
    /// first. Of a line for many values LDAP cannot tell the first from the others; any of them will do.
    fn is_primary(&self, collection: &Collection, group: &Group) -> Test {
        if group.primary {
            return Test::Always;
        }
        if !collection.has_primary() {
            return Test::Never;
        }
        let before = collection
            .groups
            .iter()
            .take_while(|one| !ptr::eq(*one, group));
        let before = before.filter(|one| !one.primary);
        let preferred = collection.groups.iter().filter(|one| one.primary);
        Test::all(
            preferred
                .chain(before)
                .map(|one| self.group_exists(one, None).negate()),
        )
    }

    /// The sub-attribute that a path inside brackets names, in the definition's spelling.
    fn sub_of(&self, collection: &Collection, path: &AttributePath) -> Result<String, Error> {
        let full = collection.place.clone().sub(path.attribute.clone());
        Ok(self.resolve(&full)?.sub.unwrap_or_default())
    }

    /// A filter inside the brackets of `members[…]`: on the id only. "A member with another id" cannot be asked: LDAP
    /// tells whether a value is there, and its negation that it is not.
    fn in_reference(&self, line: &Line, filter: &Filter) -> Tested {
        match filter {
            Filter::Compare {
                path,
                operator,
                value,
            } if *operator != Operator::NotEqual
                && is_id(Some(&path.attribute))
                && path.sub.is_none() =>
            {
                self.compare_line(line, *operator, value)
            }
            Filter::Or(parts) => Ok(Test::any(
                parts
                    .iter()
                    .map(|part| self.in_reference(line, part))
                    .collect::<Result<Vec<_>, _>>()?,
            )),
            _ => {
                let path = line.place.whole();
                Err(Error::invalid_filter(format!(
                    "Inside `{path}[…]` only `value eq` with an id can be asked, and `or` of these, not {}; `{path}.value ne` finds what does not have that id at all.",
                    quoted(&filter.to_string())
                )))
            }
        }
    }
}

impl Group {
    /// The value that every element of this group has in a sub-attribute.
    fn term(&self, sub: &str) -> Option<&Value> {
        self.terms
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(sub))
            .map(|(_, value)| value)
    }

    /// Whether every element of this group has the sub-attribute, or, of `primary`, one of the collection has.
    pub(super) fn has(&self, sub: &str) -> bool {
        match self.term(sub) {
            Some(Value::Bool(flag)) => *flag,
            Some(_) => true,
            None => sub == PRIMARY,
        }
    }
}

/// Whether a filter inside brackets asks for nothing but `primary`, which is answered by what else the entry has and not
/// by the element.
fn asks_primary(filter: &Filter) -> bool {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => parts.iter().all(asks_primary),
        Filter::Not(inner) => asks_primary(inner),
        Filter::Present(path) | Filter::Compare { path, .. } => {
            path.attribute.eq_ignore_ascii_case(PRIMARY)
        }
        Filter::ValuePath { .. } => false,
    }
}

/// Of an LDAP attribute with several values two comparisons may be true of different ones.
fn one_comparison(collection: &Collection) -> Test {
    Test::Refused(Error::invalid_filter(format!(
        "Inside `{}[…]` one comparison of a value can be made here: LDAP cannot tell whether two are true of the same element. Leave one out, or name a type with one value.",
        collection.place
    )))
}

/// The opposite of a test inside brackets. Of an LDAP attribute with several values the negation says that none is so,
/// where the brackets ask for one that is not.
fn negated(collection: &Collection, group: &Group, operator: &str, test: Test) -> Test {
    match test {
        Test::Ask(_) if group.many => Test::Refused(Error::invalid_filter(format!(
            "Inside `{0}[…]` a value cannot be compared by {operator} here: LDAP cannot tell whether another element has a different one. `not ({0}[…])` and `{0}.value ne` find what has no such element; or name a type with one value.",
            collection.place
        ))),
        test => test.negate(),
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
