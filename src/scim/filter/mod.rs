//! Filters: the tree, its printed form, the parser and the evaluation in memory.
//!
//! The grammar is the whole of RFC 7644 §3.4.2.2. Parsing is bounded in length and depth; evaluation
//! serves the value filters of PATCH, where the elements are already at hand, and what a directory could
//! not answer.

mod literal;
mod matching;
mod parser;
mod resolve;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fmt;

use super::error::Error;
use super::path::AttributePath;

pub use literal::{Literal, Operator};
pub(super) use matching::matches_element;
pub(super) use parser::{MAX_LENGTH, parse_path};
pub(super) use resolve::text_as_boolean;

/// A filter, RFC 7644 §3.4.2.2.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All must match; two or more when parsed. None at all: everything matches.
    And(Vec<Filter>),
    /// One must match; two or more when parsed. None at all: nothing matches.
    Or(Vec<Filter>),
    /// Must not match.
    Not(Box<Filter>),
    /// `path operator value`
    Compare {
        /// Inside a value path, the sub-attribute's name alone.
        path: AttributePath,
        /// The comparison.
        operator: Operator,
        /// What to compare with.
        value: Literal,
    },
    /// `path pr`: has a value.
    Present(AttributePath),
    /// `path[filter]`: one element of the attribute matches.
    ValuePath {
        /// A complex attribute.
        path: AttributePath,
        /// Its paths name sub-attributes.
        filter: Box<Filter>,
    },
}

impl Filter {
    /// Reads a filter. Operators may be in any case; `emails[type eq "work"].value eq "x"` is read as
    /// `emails[type eq "work" and value eq "x"]`.
    ///
    /// Fails with `invalidFilter`, naming the position. Bounds: 64 KiB, 50 levels.
    pub fn parse(text: &str) -> Result<Filter, Error> {
        parser::parse_filter(text)
    }

    /// The number of comparisons and connectives, for bounding work.
    pub fn size(&self) -> usize {
        match self {
            Filter::And(parts) | Filter::Or(parts) => {
                1 + parts.iter().map(Filter::size).sum::<usize>()
            }
            Filter::Not(inner) | Filter::ValuePath { filter: inner, .. } => 1 + inner.size(),
            Filter::Compare { .. } | Filter::Present(_) => 1,
        }
    }

    /// Whether the filter asks for an attribute of this name anywhere, in a value path's brackets too.
    pub fn mentions(&self, name: &str) -> bool {
        match self {
            Filter::And(parts) | Filter::Or(parts) => parts.iter().any(|part| part.mentions(name)),
            Filter::Not(inner) => inner.mentions(name),
            Filter::ValuePath { path, filter } => {
                path.attribute.eq_ignore_ascii_case(name) || filter.mentions(name)
            }
            Filter::Compare { path, .. } | Filter::Present(path) => {
                path.attribute.eq_ignore_ascii_case(name)
                    || path
                        .sub
                        .as_deref()
                        .is_some_and(|sub| sub.eq_ignore_ascii_case(name))
            }
        }
    }

    /// Whether the filter asks for this sub-attribute of that attribute.
    pub fn asks_for(&self, attribute: &AttributePath, sub: &str) -> bool {
        match self {
            Filter::And(parts) | Filter::Or(parts) => {
                parts.iter().any(|part| part.asks_for(attribute, sub))
            }
            Filter::Not(inner) => inner.asks_for(attribute, sub),
            Filter::ValuePath { path, filter } => {
                path.same_attribute(attribute) && filter.mentions(sub)
            }
            Filter::Compare { path, .. } | Filter::Present(path) => {
                let own = path.sub.as_deref();
                path.same_attribute(attribute)
                    && own.is_some_and(|own| own.eq_ignore_ascii_case(sub))
            }
        }
    }

    /// The attributes and sub-attributes that the filter asks for, each once; of a value path the attribute before the
    /// brackets.
    pub fn paths(&self) -> Vec<&AttributePath> {
        let (mut known, mut found) = (HashSet::new(), Vec::new());
        self.each_path(&mut |path| {
            if known.insert(path) {
                found.push(path);
            }
        });
        found
    }

    fn each_path<'a>(&'a self, see: &mut dyn FnMut(&'a AttributePath)) {
        match self {
            Filter::And(parts) | Filter::Or(parts) => {
                parts.iter().for_each(|part| part.each_path(see));
            }
            Filter::Not(inner) => inner.each_path(see),
            Filter::ValuePath { path, .. }
            | Filter::Compare { path, .. }
            | Filter::Present(path) => see(path),
        }
    }

    /// The same filter without the terms that say what this is equal to, which may be all; none where the filter
    /// says more than what is equal.
    pub(super) fn without_equality(&self, name: &str) -> Option<Filter> {
        let terms = self.equalities()?.into_iter();
        let others = terms.filter(|(path, _)| !path.attribute.eq_ignore_ascii_case(name));
        let rest = others.map(|(path, value)| Filter::Compare {
            path: path.clone(),
            operator: Operator::Equal,
            value: value.clone(),
        });
        Some(Filter::And(rest.collect()))
    }

    /// The bytes of all values that the filter compares with.
    pub(super) fn text_len(&self) -> usize {
        match self {
            Filter::And(parts) | Filter::Or(parts) => parts.iter().map(Filter::text_len).sum(),
            Filter::Not(inner) | Filter::ValuePath { filter: inner, .. } => inner.text_len(),
            Filter::Compare { value, .. } => value.text().map_or(0, str::len),
            Filter::Present(_) => 0,
        }
    }

    /// The `attribute eq value` terms that must all hold: of a comparison, or of a conjunction of
    /// comparisons. None when the filter says anything else, so that no single element follows from it.
    pub fn equalities(&self) -> Option<Vec<(&AttributePath, &Literal)>> {
        match self {
            Filter::Compare {
                path,
                operator: Operator::Equal,
                value,
            } => Some(vec![(path, value)]),
            Filter::And(parts) => {
                let mut all = Vec::new();
                for part in parts {
                    all.extend(part.equalities()?);
                }
                Some(all)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Filter::And(parts) => joined(f, parts, " and ", |part| {
                matches!(part, Filter::And(_) | Filter::Or(_))
            }),
            Filter::Or(parts) => joined(f, parts, " or ", |part| matches!(part, Filter::Or(_))),
            Filter::Not(inner) => write!(f, "not ({inner})"),
            Filter::Compare {
                path,
                operator,
                value,
            } => write!(f, "{path} {} {value}", operator.name()),
            Filter::Present(path) => write!(f, "{path} pr"),
            Filter::ValuePath { path, filter } => write!(f, "{path}[{filter}]"),
        }
    }
}

fn joined(
    f: &mut fmt::Formatter<'_>,
    parts: &[Filter],
    word: &str,
    needs_parentheses: impl Fn(&Filter) -> bool,
) -> fmt::Result {
    for (position, part) in parts.iter().enumerate() {
        if position > 0 {
            f.write_str(word)?;
        }
        if needs_parentheses(part) {
            write!(f, "({part})")?;
        } else {
            write!(f, "{part}")?;
        }
    }
    Ok(())
}
