//! Bringing a filter into agreement with a definition: canonical names, typed values.

use super::{Filter, Literal, Operator};
use crate::scim::dialect::{Dialect, Leniency};
use crate::scim::error::{Error, quoted};
use crate::scim::path::AttributePath;
use crate::scim::schema::{Attribute, Definition, Kind};

impl Filter {
    /// The same filter with canonical paths and with values of the attributes' types: `"True"` becomes
    /// a boolean where the dialect allows it, `manager eq` becomes `manager.value eq`. Paths that name
    /// nothing here are left as they are.
    ///
    /// Fails with `invalidFilter` when a value cannot be compared with its attribute.
    pub fn resolve(self, definition: &Definition, dialect: &Dialect) -> Result<Filter, Error> {
        self.map(&mut |test| match test {
            Filter::Compare {
                path,
                operator,
                value,
            } => {
                let Some(resolved) = definition.lookup_in_filter(&path, dialect) else {
                    return Ok(Filter::Compare {
                        path,
                        operator,
                        value,
                    });
                };
                let mut path = resolved.path();
                let mut leaf = resolved.leaf();
                if resolved.sub.is_none()
                    && leaf.kind == Kind::Complex
                    && let Some(value) = leaf.sub_attribute("value")
                {
                    leaf = value;
                    path.sub = Some(value.name.clone());
                }
                let value = typed(&path, leaf, operator, value, dialect)?;
                Ok(Filter::Compare {
                    path,
                    operator,
                    value,
                })
            }
            Filter::Present(path) => Ok(Filter::Present(
                definition
                    .lookup_in_filter(&path, dialect)
                    .map_or(path, |resolved| resolved.path()),
            )),
            Filter::ValuePath { path, filter } => {
                let Some(resolved) = definition.lookup_in_filter(&path, dialect) else {
                    return Ok(Filter::ValuePath { path, filter });
                };
                Ok(Filter::ValuePath {
                    filter: Box::new(filter.resolve_element(resolved.attribute, dialect)?),
                    path: resolved.path(),
                })
            }
            connective => Ok(connective),
        })
    }

    /// The same filter for a type that may lack some of its attributes: these have no value, as RFC 7644
    /// §3.4.2.1 says of queries over several types.
    #[must_use]
    pub fn without_undefined(self, definition: &Definition, dialect: &Dialect) -> Filter {
        let known = |path: &AttributePath| definition.lookup_in_filter(path, dialect).is_some();
        match self {
            Filter::And(parts) => Filter::And(all_without(parts, definition, dialect)),
            Filter::Or(parts) => Filter::Or(all_without(parts, definition, dialect)),
            Filter::Not(inner) => {
                Filter::Not(Box::new(inner.without_undefined(definition, dialect)))
            }
            Filter::Compare {
                path,
                operator,
                value,
            } if !known(&path) => {
                let holds = match operator {
                    Operator::Equal => value == Literal::Null,
                    Operator::NotEqual => value != Literal::Null,
                    _ => false,
                };
                if holds {
                    Filter::And(Vec::new())
                } else {
                    Filter::Or(Vec::new())
                }
            }
            Filter::Present(path) | Filter::ValuePath { path, .. } if !known(&path) => {
                Filter::Or(Vec::new())
            }
            test => test,
        }
    }

    /// As `resolve`, for what stands in the brackets after an attribute.
    pub(in crate::scim) fn resolve_element(
        self,
        attribute: &Attribute,
        dialect: &Dialect,
    ) -> Result<Filter, Error> {
        self.map(&mut |test| match test {
            Filter::Compare {
                path,
                operator,
                value,
            } => {
                let Some(sub) = element_part(attribute, &path) else {
                    return Ok(Filter::Compare {
                        path,
                        operator,
                        value,
                    });
                };
                let shown = AttributePath::of(attribute.name.as_str()).sub(path.attribute.as_str());
                let value = typed(&shown, sub, operator, value, dialect)?;
                Ok(Filter::Compare {
                    path: canonical_part(attribute, path),
                    operator,
                    value,
                })
            }
            Filter::Present(path) => Ok(Filter::Present(canonical_part(attribute, path))),
            other => Ok(other),
        })
    }

    /// The first name in brackets that is no sub-attribute of this attribute.
    pub(in crate::scim) fn unknown_part(&self, attribute: &Attribute) -> Option<&str> {
        match self {
            Filter::And(parts) | Filter::Or(parts) => {
                parts.iter().find_map(|part| part.unknown_part(attribute))
            }
            Filter::Not(inner) => inner.unknown_part(attribute),
            Filter::Compare { path, .. } | Filter::Present(path) => element_part(attribute, path)
                .is_none()
                .then_some(path.attribute.as_str()),
            Filter::ValuePath { path, .. } => Some(&path.attribute),
        }
    }

    /// Rebuilds the tree with every test (comparison, presence, value path) replaced.
    fn map(
        self,
        change: &mut impl FnMut(Filter) -> Result<Filter, Error>,
    ) -> Result<Filter, Error> {
        match self {
            Filter::And(parts) => Ok(Filter::And(map_all(parts, change)?)),
            Filter::Or(parts) => Ok(Filter::Or(map_all(parts, change)?)),
            Filter::Not(inner) => Ok(Filter::Not(Box::new(inner.map(change)?))),
            test => change(test),
        }
    }
}

fn all_without(parts: Vec<Filter>, definition: &Definition, dialect: &Dialect) -> Vec<Filter> {
    parts
        .into_iter()
        .map(|part| part.without_undefined(definition, dialect))
        .collect()
}

fn map_all(
    parts: Vec<Filter>,
    change: &mut impl FnMut(Filter) -> Result<Filter, Error>,
) -> Result<Vec<Filter>, Error> {
    parts.into_iter().map(|part| part.map(change)).collect()
}

/// What a name in brackets stands for: a sub-attribute, or by `value` the simple element itself.
fn element_part<'a>(attribute: &'a Attribute, path: &AttributePath) -> Option<&'a Attribute> {
    if attribute.kind != Kind::Complex && path.attribute.eq_ignore_ascii_case("value") {
        return Some(attribute);
    }
    attribute.sub_attribute(&path.attribute)
}

fn canonical_part(attribute: &Attribute, path: AttributePath) -> AttributePath {
    match attribute.sub_attribute(&path.attribute) {
        Some(sub) => AttributePath::of(sub.name.as_str()),
        None => path,
    }
}

fn typed(
    path: &AttributePath,
    leaf: &Attribute,
    operator: Operator,
    value: Literal,
    dialect: &Dialect,
) -> Result<Literal, Error> {
    let refuse = |remedy: &str| {
        let shown = match &value {
            Literal::String(text) => quoted(text),
            other => quoted(&other.to_string()),
        };
        Err(Error::invalid_filter(format!(
            "{path} cannot be compared with {shown} by `{}`: it is of type {}; {remedy}.",
            operator.name(),
            leaf.kind.name()
        )))
    };
    let equality = matches!(operator, Operator::Equal | Operator::NotEqual);
    match (leaf.kind, &value) {
        (Kind::Complex, _) => refuse("name one of its sub-attributes"),
        (_, Literal::Null) if equality => Ok(value),
        (Kind::Boolean, _) if !equality => refuse("use eq or ne"),
        (Kind::Boolean, Literal::Boolean(_)) => Ok(value),
        (Kind::Boolean, Literal::String(text)) if dialect.allows(Leniency::StringBoolean) => {
            match text_as_boolean(text) {
                Some(truth) => Ok(Literal::Boolean(truth)),
                None => refuse("write true or false without quotes"),
            }
        }
        (Kind::Boolean, _) => refuse("write true or false without quotes"),
        (Kind::Integer | Kind::Decimal, Literal::Number(_)) => Ok(value),
        (Kind::Integer | Kind::Decimal, _) => refuse("write a number without quotes"),
        (Kind::Binary, _) if !equality => refuse("use eq, ne or pr"),
        (Kind::DateTime, Literal::String(text)) => {
            let is_text_search = matches!(
                operator,
                Operator::Contains | Operator::StartsWith | Operator::EndsWith
            );
            if is_text_search || text.parse::<jiff::Timestamp>().is_ok() {
                Ok(value)
            } else {
                refuse("write a time such as 2026-11-23T17:22:00Z")
            }
        }
        (_, Literal::String(_)) => Ok(value),
        _ => refuse("write the value in double quotes"),
    }
}

/// `True` and `False` in any case.
pub(in crate::scim) fn text_as_boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}
