//! SCIM filters as LDAP filters, as far as LDAP means the same; the rest is left over, to be evaluated on what matches so
//! far.
//!
//! SCIM's `ne` and `not` match resources that lack the attribute (RFC 7644 §3.4.2.2 compares with no value), and so does
//! LDAP's `(!(a=b))` while the comparison is defined. It is not when the schema does not know the attribute, when the
//! attribute has no rule of that kind, or when the value is none of the rule's syntax (RFC 4511 §4.5.1.7); then the
//! negation is undefined too and matches nothing. So no such comparison is sent: a value outside the syntax is equal to
//! nothing, which needs no directory, and where there is no rule the directory is asked for a superset.

mod bounds;
mod common;
mod compare;
mod elements;
mod order;

use bounds::Bounds;

use super::codec::Codec;
use super::line::Line;
use super::references::ReferenceTable;
use super::resource_mapping::ResourceMapping;
use crate::ldap::{DirectoryKind, Filter as LdapFilter};
use crate::scim::error::quoted;
use crate::scim::{AttributePath, Error, Filter, Literal, Operator};

/// A SCIM filter as far as a directory can answer it.
#[derive(Debug, Clone, PartialEq)]
pub struct Translation {
    /// Matches every entry whose resource matches the SCIM filter; and no other, where nothing is left over.
    pub filter: LdapFilter,
    /// What else must be true of the resource.
    pub residual: Option<Filter>,
}

/// An error is a fault of the filter itself, such as an attribute that nobody knows.
type Tested = Result<Bounds, Error>;

impl ResourceMapping {
    /// What to ask the directory for, and what is left to look at in its answer. The filter is
    /// [resolved](Filter::resolve).
    ///
    /// # Errors
    /// invalidFilter, naming the attribute and what can be asked of it.
    pub fn filter(
        &self,
        filter: &Filter,
        references: &ReferenceTable,
    ) -> Result<Translation, Error> {
        let pushdown = Pushdown {
            mapping: self,
            references,
        };
        let parts = match filter {
            Filter::And(parts) => parts.as_slice(),
            one => std::slice::from_ref(one),
        };
        let bounds = pushdown.tests(parts)?;
        let left = || {
            let inexact = parts.iter().zip(&bounds).filter(|(_, of)| !of.is_exact());
            let mut left: Vec<Filter> = inexact.map(|(part, _)| part.clone()).collect();
            match (left.pop(), left.is_empty()) {
                (Some(only), true) => only,
                (last, _) => {
                    left.extend(last);
                    Filter::And(left)
                }
            }
        };
        let all = Bounds::all(bounds.iter().cloned());
        Ok(Translation {
            residual: (!all.is_exact()).then(left),
            filter: self.as_asked(all.most.into_filter()),
        })
    }

    /// 389 DS (2.3.1) finds too few for `(|(a=*)(!(|(a=*)(b=*))))`, where a group is negated inside another.
    fn as_asked(&self, filter: LdapFilter) -> LdapFilter {
        match self.kind {
            DirectoryKind::Ds389 => filter.with_negations_inside(),
            DirectoryKind::ActiveDirectory | DirectoryKind::OpenLdap => filter,
        }
    }

    /// The ids that a filter compares references with; `filter` wants to find their DNs in its table.
    pub fn references_in_filter(&self, filter: &Filter) -> Vec<String> {
        let mut ids = Vec::new();
        self.collect_ids(filter, None, &mut ids);
        ids
    }

    fn collect_ids(&self, filter: &Filter, within: Option<&AttributePath>, ids: &mut Vec<String>) {
        match filter {
            Filter::And(parts) | Filter::Or(parts) => parts
                .iter()
                .for_each(|part| self.collect_ids(part, within, ids)),
            Filter::Not(inner) => self.collect_ids(inner, within, ids),
            Filter::ValuePath { path, filter } => self.collect_ids(filter, Some(path), ids),
            Filter::Compare {
                path,
                value: Literal::String(id),
                ..
            } => {
                let attribute = within.unwrap_or(path);
                if self.lines_of(attribute).any(Line::is_reference) && !ids.contains(id) {
                    ids.push(id.clone());
                }
            }
            Filter::Compare { .. } | Filter::Present(_) => {}
        }
    }

    /// The lines of an attribute, whatever the sub-attribute.
    fn lines_of(&self, path: &AttributePath) -> impl Iterator<Item = &Line> {
        let whole = self.definition.canonical(&path.whole());
        self.lines.iter().filter(move |line| {
            whole
                .as_ref()
                .is_some_and(|whole| line.place.same_attribute(whole))
        })
    }
}

struct Pushdown<'a> {
    mapping: &'a ResourceMapping,
    references: &'a ReferenceTable,
}

impl Pushdown<'_> {
    fn tests(&self, parts: &[Filter]) -> Result<Vec<Bounds>, Error> {
        parts.iter().map(|part| self.test(part)).collect()
    }

    fn test(&self, filter: &Filter) -> Tested {
        match filter {
            Filter::And(parts) => Ok(Bounds::all(self.tests(parts)?)),
            Filter::Or(parts) => Ok(Bounds::any(self.tests(parts)?)),
            Filter::Not(inner) => Ok(self.test(inner)?.negate()),
            Filter::Present(path) => self.present(path),
            Filter::Compare {
                path,
                operator,
                value,
            } => self.compare(path, *operator, value),
            Filter::ValuePath { path, filter } => self.value_path(path, filter),
        }
    }

    fn kind(&self) -> DirectoryKind {
        self.mapping.kind
    }

    /// The path as the definition spells it; one that is not mapped cannot be asked for.
    fn resolve(&self, path: &AttributePath) -> Result<AttributePath, Error> {
        let resolved = self.mapping.definition.canonical(path).ok_or_else(|| {
            let resource = &self.mapping.definition.resource_type.name;
            Error::invalid_filter(format!(
                "The attribute {} is not mapped for {resource}, so that nothing can be compared with it; use one of those that /Schemas lists.",
                quoted(&path.to_string())
            ))
        })?;
        if self
            .mapping
            .lines_of(&resolved)
            .any(|line| line.codec == Codec::Password)
        {
            return Err(Error::invalid_filter(format!(
                "The attribute `{resolved}` can never be part of a filter; leave it out."
            )));
        }
        // That it has a value is already something that nobody is to be shown.
        let of_this = |line: &&Line| {
            resolved.sub.is_none() || line.is_reference() || line.place.sub == resolved.sub
        };
        let lines = || self.mapping.lines_of(&resolved).filter(of_this);
        if lines().next().is_some() && !lines().any(Line::is_read) {
            return Err(Error::invalid_filter(format!(
                "The attribute `{resolved}` is only written, never read; leave it out."
            )));
        }
        Ok(resolved)
    }

    fn present(&self, path: &AttributePath) -> Tested {
        let path = self.resolve(path)?;
        if let Some(tested) = self.present_common(&path) {
            return tested;
        }
        if let Some(collection) = self.collection(&path) {
            let tests = collection.groups.iter().map(|group| match &path.sub {
                Some(sub) => self.group_has(collection, group, sub),
                None => self.group_exists(group, None),
            });
            return Ok(Bounds::any(tests));
        }
        let lines = self
            .mapping
            .lines_of(&path)
            .filter(|line| line.is_read())
            .filter(|line| path.sub.is_none() || line.is_reference() || line.place.sub == path.sub);
        Ok(Bounds::any(lines.map(|line| self.line_present(line))))
    }

    fn compare(&self, path: &AttributePath, operator: Operator, value: &Literal) -> Tested {
        let path = self.resolve(path)?;
        if *value == Literal::Null {
            let absent = self.present(&path)?.negate();
            return match operator {
                Operator::Equal => Ok(absent),
                Operator::NotEqual => Ok(absent.negate()),
                _ => Err(Error::invalid_filter(format!(
                    "Null is compared with eq and ne only, not with {} (attribute `{path}`); use one of these.",
                    operator.name()
                ))),
            };
        }
        // "Not equal" is the opposite of "equal": that no value is.
        let bounds = self.ask(&path, positive(operator), value)?;
        Ok(match operator {
            Operator::NotEqual => bounds.negate(),
            _ => bounds,
        })
    }

    /// Any comparison but `ne`.
    fn ask(&self, path: &AttributePath, operator: Operator, value: &Literal) -> Tested {
        if let Some(tested) = self.compare_common(path, operator, value) {
            return tested;
        }
        if let Some(collection) = self.collection(path) {
            let sub = path.sub.as_deref().unwrap_or("value");
            let tests = collection
                .groups
                .iter()
                .map(|group| self.compare_in_group(collection, group, sub, operator, value))
                .collect::<Result<Vec<_>, _>>()?;
            return Ok(Bounds::any(tests));
        }
        for line in self.mapping.lines_of(path).filter(|line| line.is_read()) {
            if line.is_reference() {
                return if is_id(path.sub.as_deref()) {
                    self.compare_line(line, operator, value)
                } else {
                    Ok(self.line_present(line).unsure())
                };
            }
            if line.place.sub == path.sub {
                return self.compare_line(line, operator, value);
            }
        }
        Err(Error::invalid_filter(format!(
            "The attribute `{path}` cannot be compared as a whole; name one of its sub-attributes that /Schemas lists."
        )))
    }
}

fn is_id(sub: Option<&str>) -> bool {
    sub.is_none_or(|sub| sub.eq_ignore_ascii_case("value"))
}

/// The operator that is asked for: `ne` asks for `eq`.
fn positive(operator: Operator) -> Operator {
    match operator {
        Operator::NotEqual => Operator::Equal,
        operator => operator,
    }
}
