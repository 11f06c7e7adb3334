//! SCIM filters as LDAP filters. Everything is pushed down whole, or refused with the reason.
//!
//! SCIM's `ne` and `not` match resources that lack the attribute (RFC 7644 §3.4.2.2 compares with no value), and so does
//! LDAP's `(!(a=b))`, which is undefined only for attributes that the schema does not know (RFC 4511 §4.5.1.7).

use serde_json::Value;
use uuid::Uuid;

use super::codec::{Codec, boolean};
use super::line::{Line, Shape};
use super::references::ReferenceTable;
use super::resource_mapping::{Collection, Group, ResourceMapping};
use crate::ldap::{AttributeName, DirectoryKind, Filter as LdapFilter, GeneralizedTime};
use crate::scim::error::quoted;
use crate::scim::{AttributePath, Error, Filter, Literal, Operator};

/// The matching rule that is true when all bits of a number are set (MS-ADTS 3.1.1.3.4.4.1).
const BIT_AND: &str = "1.2.840.113556.1.4.803";

/// A filter, or the answer where it needs no directory.
#[derive(Debug, Clone, PartialEq)]
enum Test {
    Always,
    Never,
    Ask(LdapFilter),
}

impl Test {
    fn all(tests: impl IntoIterator<Item = Test>) -> Test {
        let mut parts = Vec::new();
        for test in tests {
            match test {
                Test::Never => return Test::Never,
                Test::Always => {}
                Test::Ask(filter) => parts.push(filter),
            }
        }
        if parts.is_empty() { Test::Always } else { Test::Ask(LdapFilter::and(parts)) }
    }

    fn any(tests: impl IntoIterator<Item = Test>) -> Test {
        let mut parts = Vec::new();
        for test in tests {
            match test {
                Test::Always => return Test::Always,
                Test::Never => {}
                Test::Ask(filter) => parts.push(filter),
            }
        }
        if parts.is_empty() { Test::Never } else { Test::Ask(LdapFilter::or(parts)) }
    }

    fn negate(self) -> Test {
        match self {
            Test::Always => Test::Never,
            Test::Never => Test::Always,
            Test::Ask(filter) => Test::Ask(filter.negate()),
        }
    }

    fn into_filter(self) -> LdapFilter {
        match self {
            Test::Always => LdapFilter::everything(),
            Test::Never => LdapFilter::nothing(),
            Test::Ask(filter) => filter,
        }
    }
}

type Tested = Result<Test, Error>;

impl ResourceMapping {
    /// The LDAP filter that matches the entries whose resources match.
    ///
    /// # Errors
    /// invalidFilter, naming the attribute and what can be asked of it.
    pub fn filter(&self, filter: &Filter, references: &ReferenceTable) -> Result<LdapFilter, Error> {
        Ok(Pushdown { mapping: self, references }.test(filter)?.into_filter())
    }

    /// The ids that a filter compares references with; `filter` wants to find their DNs in its table.
    pub fn references_in_filter(&self, filter: &Filter) -> Vec<String> {
        let mut ids = Vec::new();
        self.collect_ids(filter, None, &mut ids);
        ids
    }

    fn collect_ids(&self, filter: &Filter, within: Option<&AttributePath>, ids: &mut Vec<String>) {
        match filter {
            Filter::And(parts) | Filter::Or(parts) => parts.iter().for_each(|part| self.collect_ids(part, within, ids)),
            Filter::Not(inner) => self.collect_ids(inner, within, ids),
            Filter::ValuePath { path, filter } => self.collect_ids(filter, Some(path), ids),
            Filter::Compare { path, value: Literal::String(id), .. } => {
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
        self.lines.iter().filter(move |line| whole.as_ref().is_some_and(|whole| line.place.same_attribute(whole)))
    }
}

struct Pushdown<'a> {
    mapping: &'a ResourceMapping,
    references: &'a ReferenceTable,
}

impl Pushdown<'_> {
    fn test(&self, filter: &Filter) -> Tested {
        match filter {
            Filter::And(parts) => Ok(Test::all(parts.iter().map(|part| self.test(part)).collect::<Result<Vec<_>, _>>()?)),
            Filter::Or(parts) => Ok(Test::any(parts.iter().map(|part| self.test(part)).collect::<Result<Vec<_>, _>>()?)),
            Filter::Not(inner) => Ok(self.test(inner)?.negate()),
            Filter::Present(path) => self.present(path),
            Filter::Compare { path, operator, value } => self.compare(path, *operator, value),
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
        if self.mapping.lines_of(&resolved).any(|line| line.codec == Codec::Password) {
            return Err(Error::invalid_filter(format!("The attribute `{resolved}` can never be part of a filter; leave it out.")));
        }
        Ok(resolved)
    }

    fn present(&self, path: &AttributePath) -> Tested {
        let path = self.resolve(path)?;
        if path.schema.is_none() {
            match (path.attribute.as_str(), path.sub.as_deref()) {
                ("id" | "schemas" | "meta", _) => return Ok(Test::Always),
                _ => {}
            }
        }
        if let Some(collection) = self.collection(&path) {
            let tests = collection.groups.iter().map(|group| match &path.sub {
                Some(sub) if !group.has(sub) => self.group_exists(group, Some(sub)),
                _ => self.group_exists(group, None),
            });
            return Ok(Test::any(tests));
        }
        let lines = self.mapping.lines_of(&path).filter(|line| path.sub.is_none() || line.is_reference() || line.place.sub == path.sub);
        Ok(Test::any(lines.map(|line| self.line_present(line)).collect::<Result<Vec<_>, _>>()?))
    }

    fn line_present(&self, line: &Line) -> Tested {
        if line.codec == Codec::LockedTime {
            return Ok(Test::Always);
        }
        if line.shape == Shape::References && line.is_written() && self.kind().placeholder_member() {
            return Err(unsupported(line, "pr", "eq, ne"));
        }
        Ok(Test::Ask(LdapFilter::Present(line.ldap.clone())))
    }

    fn compare(&self, path: &AttributePath, operator: Operator, value: &Literal) -> Tested {
        let path = self.resolve(path)?;
        if *value == Literal::Null {
            let absent = self.present(&path)?.negate();
            return match operator {
                Operator::Equal => Ok(absent),
                Operator::NotEqual => Ok(absent.negate()),
                _ => Err(Error::invalid_filter(format!("Null is compared with eq and ne only, not with {} (attribute `{path}`).", operator.name()))),
            };
        }
        if path.schema.is_none()
            && let Some(tested) = self.compare_common(&path, operator, value)
        {
            return tested;
        }
        if let Some(collection) = self.collection(&path) {
            let sub = path.sub.as_deref().unwrap_or("value");
            // "Not equal" means that no element is equal.
            let (operator, negated) = if operator == Operator::NotEqual { (Operator::Equal, true) } else { (operator, false) };
            let tests = collection
                .groups
                .iter()
                .map(|group| self.compare_in_group(collection, group, sub, operator, value))
                .collect::<Result<Vec<_>, _>>()?;
            let test = Test::any(tests);
            return Ok(if negated { test.negate() } else { test });
        }
        let mut lines = self.mapping.lines_of(&path).filter(|line| {
            if line.is_reference() { is_id(path.sub.as_deref()) } else { line.place.sub == path.sub }
        });
        match lines.next() {
            Some(line) => self.compare_line(line, operator, value),
            None => Err(Error::invalid_filter(format!(
                "The attribute `{path}` cannot be compared as a whole; name one of its sub-attributes that /Schemas lists{}.",
                if self.mapping.lines_of(&path).any(Line::is_reference) { ", of a reference `value`" } else { "" }
            ))),
        }
    }

    /// Attributes that every resource has.
    fn compare_common(&self, path: &AttributePath, operator: Operator, value: &Literal) -> Option<Tested> {
        let supported = |operators: &str| {
            Err(Error::invalid_filter(format!("The attribute `{path}` supports {operators}, not {}.", operator.name())))
        };
        Some(match (path.attribute.as_str(), path.sub.as_deref()) {
            ("id", None) => match (operator, value.text().map(Uuid::try_parse)) {
                // Text that is no id of this directory is the id of nothing.
                (Operator::Equal, Some(Ok(id))) => Ok(Test::Ask(self.kind().id_filter(id))),
                (Operator::NotEqual, Some(Ok(id))) => Ok(Test::Ask(self.kind().id_filter(id).negate())),
                (Operator::Equal, _) => Ok(Test::Never),
                (Operator::NotEqual, _) => Ok(Test::Always),
                _ => supported("eq, ne and pr"),
            },
            ("meta", Some("resourceType")) => {
                let own = &self.mapping.definition.resource_type.name;
                compare_known(path, &Value::from(own.as_str()), operator, value)
            }
            ("meta", Some(sub @ ("created" | "lastModified"))) => {
                let attribute = if sub == "created" { &self.mapping.created } else { &self.mapping.changed };
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

    fn collection(&self, path: &AttributePath) -> Option<&Collection> {
        self.mapping.collections.iter().find(|collection| collection.place.same_attribute(path))
    }

    fn lines_in<'g>(&'g self, group: &'g Group) -> impl Iterator<Item = &'g Line> {
        group.parts.iter().filter_map(|index| self.mapping.lines.get(*index)).filter(|line| line.is_read())
    }

    /// Whether the group's element is there; or, of a part of it, whether that is.
    fn group_exists(&self, group: &Group, sub: Option<&str>) -> Test {
        let lines = self.lines_in(group).filter(|line| sub.is_none_or(|sub| line.place.sub.as_deref() == Some(sub)));
        Test::any(lines.map(|line| Test::Ask(LdapFilter::Present(line.ldap.clone()))))
    }

    fn compare_in_group(&self, collection: &Collection, group: &Group, sub: &str, operator: Operator, value: &Literal) -> Tested {
        let path = collection.place.clone().sub(sub);
        if let Some(known) = group.value_of(sub) {
            let test = compare_known(&path, &known, operator, value)?;
            return Ok(Test::all([test, self.group_exists(group, None)]));
        }
        let line = self.lines_in(group).find(|line| line.place.sub.as_deref().is_some_and(|of| of.eq_ignore_ascii_case(sub)));
        match line {
            Some(line) => self.compare_line(line, operator, value),
            None => Ok(Test::Never),
        }
    }

    fn value_path(&self, path: &AttributePath, filter: &Filter) -> Tested {
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
        match self.mapping.lines_of(&path).find(|line| line.is_reference()) {
            Some(line) => self.in_reference(line, filter),
            None => Err(Error::invalid_filter(format!("The attribute `{path}` has no elements, so that brackets select nothing; write the comparison without them."))),
        }
    }

    /// A filter inside brackets, for the element of one group.
    fn in_group(&self, collection: &Collection, group: &Group, filter: &Filter) -> Tested {
        let parts = |parts: &[Filter]| parts.iter().map(|part| self.in_group(collection, group, part)).collect::<Result<Vec<_>, _>>();
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
            Filter::Compare { path, operator, value } => {
                let sub = self.sub_of(collection, path)?;
                if let Some(known) = group.value_of(&sub) {
                    return compare_known(&collection.place.clone().sub(sub), &known, *operator, value);
                }
                let (operator, negated) = if *operator == Operator::NotEqual { (Operator::Equal, true) } else { (*operator, false) };
                let test = self.compare_in_group(collection, group, &sub, operator, value)?;
                Ok(if negated { test.negate() } else { test })
            }
            Filter::ValuePath { path, .. } => Err(Error::invalid_filter(format!("Brackets inside brackets are not part of the grammar ({}).", quoted(&path.to_string())))),
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
            Filter::Compare { path, operator, value } if is_id(Some(&path.attribute)) && path.sub.is_none() => {
                self.compare_line(line, *operator, value)
            }
            Filter::Or(parts) => Ok(Test::any(parts.iter().map(|part| self.in_reference(line, part)).collect::<Result<Vec<_>, _>>()?)),
            _ => Err(Error::invalid_filter(format!(
                "Inside `{}[…]` only `value eq` and `value ne` with an id can be asked, and `or` of these.",
                line.place.attribute
            ))),
        }
    }

    fn compare_line(&self, line: &Line, operator: Operator, value: &Literal) -> Tested {
        if operator == Operator::NotEqual {
            return Ok(self.compare_line(line, Operator::Equal, value)?.negate());
        }
        match (line.codec, operator) {
            _ if !line.is_read() => Err(Error::invalid_filter(format!("The attribute `{}` is only written, never read; leave it out.", line.path))),
            (Codec::Reference, Operator::Equal) => Ok(match value.text().and_then(|id| self.references.dn(id)) {
                Some(dn) => Test::Ask(LdapFilter::equal(line.ldap.clone(), dn.to_string())),
                None => Test::Never,
            }),
            (Codec::Flag { bit, inverted }, Operator::Equal) => {
                let wanted = self.wanted_boolean(line, value)?;
                let set = Test::Ask(LdapFilter::Extensible { attribute: line.ldap.clone(), rule: BIT_AND.into(), value: bit.to_string().into() });
                Ok(if wanted != inverted { set } else { set.negate() })
            }
            (Codec::LockedTime, Operator::Equal) => {
                let locked = Test::Ask(LdapFilter::Present(line.ldap.clone()));
                Ok(if self.wanted_boolean(line, value)? { locked.negate() } else { locked })
            }
            _ if !line.equality => Err(unsupported(line, operator.name(), "pr")),
            (codec, Operator::Equal) => self.equal(line, codec, value),
            (codec, Operator::Contains | Operator::StartsWith | Operator::EndsWith) if codec.is_text() => {
                self.substring(line, operator, value)
            }
            (codec, _) => Err(unsupported(line, operator.name(), if codec.is_text() { "eq, ne, co, sw, ew, pr" } else { "eq, ne, pr" })),
        }
    }

    fn equal(&self, line: &Line, codec: Codec, value: &Literal) -> Tested {
        // The empty text is no value in LDAP, so that nothing has it.
        if value.text() == Some("") {
            return Ok(Test::Never);
        }
        match codec.encode(self.kind(), &value.to_value()) {
            Ok(octets) => Ok(Test::Ask(LdapFilter::equal(line.ldap.clone(), octets))),
            // NUL is in no value, and everything else that is a text may be asked for.
            Err(_) if codec.is_text() => Ok(Test::Never),
            Err(rule) => Err(Error::invalid_filter(format!("The value {} for `{}` {rule}.", quoted(&value.to_string()), line.path))),
        }
    }

    fn substring(&self, line: &Line, operator: Operator, value: &Literal) -> Tested {
        let text = match value {
            Literal::String(text) => text.clone(),
            Literal::Number(number) => number.to_string(),
            Literal::Boolean(_) | Literal::Null => return Err(unsupported(line, operator.name(), "a text")),
        };
        let Some(part) = line.codec.fragment(&text).filter(|_| !text.contains('\0')) else { return Ok(Test::Never) };
        if part.is_empty() {
            // Every text contains, begins and ends with the empty one.
            return Ok(Test::Ask(LdapFilter::Present(line.ldap.clone())));
        }
        let (mut initial, mut any, mut end) = (None, Vec::new(), None);
        match operator {
            Operator::StartsWith => initial = Some(part),
            Operator::EndsWith => end = Some(part),
            _ => any.push(part),
        }
        Ok(Test::Ask(LdapFilter::Substrings { attribute: line.ldap.clone(), initial, any, end }))
    }

    fn wanted_boolean(&self, line: &Line, value: &Literal) -> Result<bool, Error> {
        boolean(&value.to_value()).ok_or_else(|| {
            Error::invalid_filter(format!("The attribute `{}` is compared with true or false, not with {}.", line.path, quoted(&value.to_string())))
        })
    }
}

impl Group {
    /// The value that every element of this group has in a sub-attribute.
    fn value_of(&self, sub: &str) -> Option<Value> {
        let term = self.terms.iter().find(|(name, _)| name.eq_ignore_ascii_case(sub)).map(|(_, value)| value.clone());
        // Elements not marked as primary are not: RFC 7643 §2.4 takes absence for false.
        term.or_else(|| sub.eq_ignore_ascii_case("primary").then_some(Value::Bool(self.primary)))
    }

    fn has(&self, sub: &str) -> bool {
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
        Filter::And(parts) | Filter::Or(parts) => parts.iter().map(|part| questions(part, group)).sum(),
        Filter::Not(inner) | Filter::ValuePath { filter: inner, .. } => questions(inner, group),
        Filter::Compare { path, .. } | Filter::Present(path) => usize::from(group.value_of(&path.attribute).is_none()),
    }
}

/// A comparison with a value that the mapping itself gives.
fn compare_known(path: &AttributePath, known: &Value, operator: Operator, value: &Literal) -> Tested {
    let holds = match (known, operator) {
        (Value::String(known), _) => {
            let (known, text) = (known.to_lowercase(), value.text().unwrap_or_default().to_lowercase());
            match operator {
                Operator::Equal => known == text,
                Operator::NotEqual => known != text,
                Operator::Contains => known.contains(&text),
                Operator::StartsWith => known.starts_with(&text),
                Operator::EndsWith => known.ends_with(&text),
                _ => return Err(Error::invalid_filter(format!("The attribute `{path}` supports eq, ne, co, sw, ew and pr, not {}.", operator.name()))),
            }
        }
        (known, Operator::Equal) => Some(known.clone()) == boolean(&value.to_value()).map(Value::Bool),
        (known, Operator::NotEqual) => Some(known.clone()) != boolean(&value.to_value()).map(Value::Bool),
        _ => return Err(Error::invalid_filter(format!("The attribute `{path}` supports eq, ne and pr, not {}.", operator.name()))),
    };
    Ok(if holds { Test::Always } else { Test::Never })
}

fn is_id(sub: Option<&str>) -> bool {
    sub.is_none_or(|sub| sub.eq_ignore_ascii_case("value"))
}

fn unsupported(line: &Line, operator: &str, supported: &str) -> Error {
    Error::invalid_filter(format!("The attribute `{}` supports {supported} in this directory, not {operator}.", line.path))
}
