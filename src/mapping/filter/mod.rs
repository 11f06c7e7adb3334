//! SCIM filters as LDAP filters. Everything is pushed down whole, or refused with the reason.
//!
//! SCIM's `ne` and `not` match resources that lack the attribute (RFC 7644 §3.4.2.2 compares with no value), and so does
//! LDAP's `(!(a=b))` while the comparison is defined. It is not when the schema does not know the attribute, when the
//! attribute has no rule of that kind, or when the value is none of the rule's syntax (RFC 4511 §4.5.1.7); then the
//! negation is undefined too and matches nothing. So no such comparison is sent: a value outside the syntax is equal to
//! nothing, which needs no directory, and where there is no rule the filter is refused, unless its answer does not
//! depend on that part.

mod compare;
mod elements;

use serde_json::Value;
use uuid::Uuid;

use elements::compare_known;

use super::codec::Codec;
use super::line::{Line, Shape};
use super::references::ReferenceTable;
use super::resource_mapping::ResourceMapping;
use crate::ldap::{AttributeName, DirectoryKind, Filter as LdapFilter, GeneralizedTime};
use crate::scim::error::quoted;
use crate::scim::{AttributePath, Error, Filter, Literal, Operator};

/// A filter, or the answer where it needs no directory, or why there is none.
#[derive(Debug, Clone, PartialEq)]
enum Test {
    Always,
    Never,
    Ask(LdapFilter),
    /// This directory cannot tell. Only a refusal if the whole depends on it: `and` with what is never true is never
    /// true, whatever this is.
    Refused(Error),
}

impl Test {
    fn all(tests: impl IntoIterator<Item = Test>) -> Test {
        let (mut parts, mut refused) = (Vec::new(), None);
        for test in tests {
            match test {
                Test::Never => return Test::Never,
                Test::Always => {}
                Test::Ask(filter) => parts.push(filter),
                Test::Refused(error) => refused = refused.or(Some(error)),
            }
        }
        match refused {
            Some(error) => Test::Refused(error),
            None if parts.is_empty() => Test::Always,
            None => Test::Ask(LdapFilter::and(parts)),
        }
    }

    fn any(tests: impl IntoIterator<Item = Test>) -> Test {
        let (mut parts, mut refused) = (Vec::new(), None);
        for test in tests {
            match test {
                Test::Always => return Test::Always,
                Test::Never => {}
                Test::Ask(filter) => parts.push(filter),
                Test::Refused(error) => refused = refused.or(Some(error)),
            }
        }
        match refused {
            Some(error) => Test::Refused(error),
            None if parts.is_empty() => Test::Never,
            None => Test::Ask(LdapFilter::or(parts)),
        }
    }

    fn is_asked(&self) -> bool {
        matches!(self, Test::Ask(_))
    }

    fn negate(self) -> Test {
        match self {
            Test::Always => Test::Never,
            Test::Never => Test::Always,
            Test::Ask(filter) => Test::Ask(filter.negate()),
            Test::Refused(error) => Test::Refused(error),
        }
    }

    fn into_filter(self) -> Result<LdapFilter, Error> {
        match self {
            Test::Always => Ok(LdapFilter::everything()),
            Test::Never => Ok(LdapFilter::nothing()),
            Test::Ask(filter) => Ok(filter),
            Test::Refused(error) => Err(error),
        }
    }
}

/// An error is a fault of the filter itself, such as an attribute that nobody knows: it is told wherever it stands.
type Tested = Result<Test, Error>;

impl ResourceMapping {
    /// The LDAP filter that matches the entries whose resources match.
    ///
    /// # Errors
    /// invalidFilter, naming the attribute and what can be asked of it.
    pub fn filter(
        &self,
        filter: &Filter,
        references: &ReferenceTable,
    ) -> Result<LdapFilter, Error> {
        Pushdown {
            mapping: self,
            references,
        }
        .test(filter)?
        .into_filter()
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
    fn test(&self, filter: &Filter) -> Tested {
        match filter {
            Filter::And(parts) => Ok(Test::all(
                parts
                    .iter()
                    .map(|part| self.test(part))
                    .collect::<Result<Vec<_>, _>>()?,
            )),
            Filter::Or(parts) => Ok(Test::any(
                parts
                    .iter()
                    .map(|part| self.test(part))
                    .collect::<Result<Vec<_>, _>>()?,
            )),
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
                "The attribute {} is not mapped for {resource}, so that nothing can be compared with it; /Schemas lists what is.",
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
        Ok(resolved)
    }

    fn present(&self, path: &AttributePath) -> Tested {
        let path = self.resolve(path)?;
        if path.schema.is_none() && matches!(path.attribute.as_str(), "id" | "schemas" | "meta") {
            return Ok(Test::Always);
        }
        if let Some(collection) = self.collection(&path) {
            let tests = collection.groups.iter().map(|group| match &path.sub {
                Some(sub) if !group.has(sub) => self.group_exists(group, Some(sub)),
                _ => self.group_exists(group, None),
            });
            return Ok(Test::any(tests));
        }
        let lines = self
            .mapping
            .lines_of(&path)
            .filter(|line| path.sub.is_none() || line.is_reference() || line.place.sub == path.sub);
        Ok(Test::any(lines.map(|line| self.line_present(line))))
    }

    fn line_present(&self, line: &Line) -> Test {
        if line.codec == Codec::LockedTime {
            return Test::Always;
        }
        if line.shape == Shape::References && line.is_written() && self.kind().placeholder_member()
        {
            return unsupported(line, "pr", "eq, ne", "");
        }
        Test::Ask(LdapFilter::Present(line.ldap.clone()))
    }

    fn compare(&self, path: &AttributePath, operator: Operator, value: &Literal) -> Tested {
        let path = self.resolve(path)?;
        if *value == Literal::Null {
            let absent = self.present(&path)?.negate();
            return match operator {
                Operator::Equal => Ok(absent),
                Operator::NotEqual => Ok(absent.negate()),
                _ => Err(Error::invalid_filter(format!(
                    "Null is compared with eq and ne only, not with {} (attribute `{path}`).",
                    operator.name()
                ))),
            };
        }
        if path.schema.is_none()
            && let Some(tested) = self.compare_common(&path, operator, value)
        {
            return tested;
        }
        if let Some(collection) = self.collection(&path) {
            let sub = path.sub.as_deref().unwrap_or("value");
            let tests = collection
                .groups
                .iter()
                .map(|group| self.compare_in_group(collection, group, sub, operator, value))
                .collect::<Result<Vec<_>, _>>()?;
            // "Not equal" means that no element is equal.
            return Ok(signed(operator, Test::any(tests)));
        }
        let mut lines = self.mapping.lines_of(&path).filter(|line| {
            if line.is_reference() {
                is_id(path.sub.as_deref())
            } else {
                line.place.sub == path.sub
            }
        });
        match lines.next() {
            Some(line) => self.compare_line(line, operator, value),
            None => Err(Error::invalid_filter(format!(
                "The attribute `{path}` cannot be compared as a whole; name one of its sub-attributes that /Schemas lists{}.",
                if self.mapping.lines_of(&path).any(Line::is_reference) {
                    ", of a reference `value`"
                } else {
                    ""
                }
            ))),
        }
    }

    /// Attributes that every resource has.
    fn compare_common(
        &self,
        path: &AttributePath,
        operator: Operator,
        value: &Literal,
    ) -> Option<Tested> {
        let supported = |operators: &str| {
            Err(Error::invalid_filter(format!(
                "The attribute `{path}` supports {operators}, not {}.",
                operator.name()
            )))
        };
        Some(match (path.attribute.as_str(), path.sub.as_deref()) {
            ("id", None) => match (operator, value.text().map(Uuid::try_parse)) {
                // Text that is no id of this directory is the id of nothing.
                (Operator::Equal, Some(Ok(id))) => Ok(Test::Ask(self.kind().id_filter(id))),
                (Operator::NotEqual, Some(Ok(id))) => {
                    Ok(Test::Ask(self.kind().id_filter(id).negate()))
                }
                (Operator::Equal, _) => Ok(Test::Never),
                (Operator::NotEqual, _) => Ok(Test::Always),
                _ => supported("eq, ne and pr"),
            },
            ("meta", Some("resourceType")) => {
                let own = &self.mapping.definition.resource_type.name;
                compare_known(path, &Value::from(own.as_str()), operator, value)
            }
            ("meta", Some(sub @ ("created" | "lastModified"))) => {
                let attribute = if sub == "created" {
                    &self.mapping.created
                } else {
                    &self.mapping.changed
                };
                match operator {
                    Operator::Equal => self.moment(path, attribute, value),
                    Operator::NotEqual => self.moment(path, attribute, value).map(Test::negate),
                    _ => supported("eq, ne and pr"),
                }
            }
            ("schemas" | "meta", _) => supported("pr"),
            _ => return None,
        })
    }

    fn moment(&self, path: &AttributePath, attribute: &AttributeName, value: &Literal) -> Tested {
        let text = value.text().unwrap_or_default();
        let time = text.parse::<jiff::Timestamp>().ok().and_then(|moment| GeneralizedTime::new(moment).ok()).ok_or_else(|| {
            Error::invalid_filter(format!("The attribute `{path}` is compared with a moment such as \"2026-01-31T23:59:59Z\", not with {}.", quoted(&value.to_string())))
        })?;
        let octets = match self.kind() {
            DirectoryKind::ActiveDirectory => time.active_directory(),
            DirectoryKind::OpenLdap | DirectoryKind::Ds389 => time.to_string(),
        };
        Ok(Test::Ask(LdapFilter::equal(attribute.clone(), octets)))
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

/// The answer to the operator, from that of the [`positive`] one.
fn signed(operator: Operator, test: Test) -> Test {
    match operator {
        Operator::NotEqual => test.negate(),
        _ => test,
    }
}

/// Refuses what the line has no rule for.
fn unsupported(line: &Line, operator: &str, supported: &str, remedy: &str) -> Test {
    Test::Refused(Error::invalid_filter(format!(
        "The attribute `{}` supports {supported} in this directory, not {operator}{remedy}.",
        line.path
    )))
}
