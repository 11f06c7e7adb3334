//! The order of a list, RFC 7644 §3.4.2.3.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::Value;

use super::dialect::Dialect;
use super::error::{Error, quoted};
use super::path::AttributePath;
use super::resource::Resource;
use super::schema::{Attribute, Definition, Kind, Returned};

/// By which attribute a list is ordered, and which way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sort {
    /// The attribute in canonical form, with the sub-attribute whose value counts.
    path: AttributePath,
    descending: bool,
}

/// What of a resource counts for its place. Resources of several types are compared by the same [`Sort`]'s keys.
#[derive(Debug, Clone, PartialEq)]
pub struct SortKey(Option<Content>);

/// Values of different types do not meet in one attribute; where they did, this is their order.
#[derive(Debug, Clone, PartialEq)]
enum Content {
    Boolean(bool),
    Number(f64),
    Moment(Timestamp),
    Text(String),
}

impl Sort {
    /// Reads `sortBy` and `sortOrder`. None without `sortBy`, and where this type does not have the attribute. A complex
    /// attribute is ordered by its `value`.
    ///
    /// Fails with `invalidValue` for what is no attribute path, cannot be ordered by, or is no order.
    pub fn parse(
        by: Option<&str>,
        order: Option<&str>,
        definition: &Definition,
        dialect: &Dialect,
    ) -> Result<Option<Sort>, Error> {
        let descending = descending(order)?;
        let Some(by) = by.map(str::trim).filter(|by| !by.is_empty()) else {
            return Ok(None);
        };
        let path = AttributePath::parse(by).map_err(|error| Error::invalid_value(error.detail))?;
        let Some(resolved) = definition.lookup_in(&path, dialect) else {
            return Ok(None);
        };
        let mut path = resolved.path();
        let mut leaf = resolved.leaf();
        if leaf.kind == Kind::Complex
            && let Some(value) = leaf.sub_attribute("value")
        {
            path.sub = Some(value.name.clone());
            leaf = value;
        }
        if path == AttributePath::of("meta").sub("version") {
            return Err(Error::invalid_value(
                "A list cannot be ordered by `meta.version`, which is made for each answer; name `meta.lastModified` in `sortBy`.",
            ));
        }
        let hidden = |attribute: &Attribute| attribute.returned == Returned::Never;
        if hidden(resolved.attribute)
            || hidden(leaf)
            || matches!(leaf.kind, Kind::Complex | Kind::Binary)
        {
            return Err(Error::invalid_value(format!(
                "A list cannot be ordered by {}, which is {}; name an attribute with a value, such as `userName` or `name.familyName`, in `sortBy`.",
                quoted(by),
                if hidden(leaf) {
                    "never returned"
                } else {
                    leaf.kind.name()
                }
            )));
        }
        Ok(Some(Sort { path, descending }))
    }

    /// What is compared: the attribute in canonical form, with the sub-attribute whose value counts.
    pub fn path(&self) -> &AttributePath {
        &self.path
    }

    /// Whether the greatest comes first.
    pub fn is_descending(&self) -> bool {
        self.descending
    }

    /// The attribute that must be at hand.
    pub fn attribute(&self) -> AttributePath {
        self.path.whole()
    }

    /// Whether this is the order by ids, either way.
    pub fn is_by_id(&self) -> bool {
        self.path == AttributePath::of("id")
    }

    /// What counts of this resource: of several values the primary one, or else the first.
    pub fn key(&self, resource: &Resource, definition: &Definition) -> SortKey {
        let elements = resource.elements(&self.path);
        let primary = |element: &&Value| element.get("primary") == Some(&Value::Bool(true));
        let element = elements.iter().find(primary).or_else(|| elements.first());
        let value = match &self.path.sub {
            None => element,
            Some(sub) => element.and_then(|element| element.get(sub)),
        };
        let leaf = definition
            .lookup(&self.path)
            .map(|resolved| resolved.leaf());
        SortKey(
            value
                .zip(leaf)
                .and_then(|(value, leaf)| Content::of(value, leaf)),
        )
    }

    /// The order of two keys: absent values come last, or first when descending.
    pub fn compare(&self, one: &SortKey, other: &SortKey) -> Ordering {
        if self.descending {
            other.cmp(one)
        } else {
            one.cmp(other)
        }
    }
}

fn descending(order: Option<&str>) -> Result<bool, Error> {
    let order = order.map(str::trim).unwrap_or_default();
    if order.eq_ignore_ascii_case("descending") {
        Ok(true)
    } else if order.is_empty() || order.eq_ignore_ascii_case("ascending") {
        Ok(false)
    } else {
        Err(Error::invalid_value(format!(
            "sortOrder is {}; send ascending or descending.",
            quoted(order)
        )))
    }
}

impl SortKey {
    /// The key of a resource whose type does not have the attribute.
    pub const ABSENT: SortKey = SortKey(None);
}

impl Content {
    fn of(value: &Value, leaf: &Attribute) -> Option<Content> {
        Some(match value {
            Value::Bool(truth) => Content::Boolean(*truth),
            Value::Number(number) => Content::Number(number.as_f64()?),
            Value::String(text) if leaf.kind == Kind::DateTime => {
                Content::Moment(text.parse().ok()?)
            }
            Value::String(text) if leaf.case_exact => Content::Text(text.clone()),
            Value::String(text) => Content::Text(text.to_lowercase()),
            _ => return None,
        })
    }

    fn rank(&self) -> u8 {
        match self {
            Content::Boolean(_) => 0,
            Content::Number(_) => 1,
            Content::Moment(_) => 2,
            Content::Text(_) => 3,
        }
    }
}

impl Ord for SortKey {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(one), Some(other)) => one.cmp(other),
        }
    }
}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Eq for SortKey {}

impl Ord for Content {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Content::Boolean(one), Content::Boolean(other)) => one.cmp(other),
            (Content::Number(one), Content::Number(other)) => one.total_cmp(other),
            (Content::Moment(one), Content::Moment(other)) => one.cmp(other),
            (Content::Text(one), Content::Text(other)) => one.cmp(other),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Content {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Eq for Content {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scim::fixtures::{user, users};

    fn sort(by: &str, order: &str) -> Sort {
        let sort = Sort::parse(Some(by), Some(order), &users(), &Dialect::strict());
        sort.unwrap().unwrap()
    }

    fn order(sort: &Sort, one: Value, other: Value) -> Ordering {
        let key = |value| sort.key(&user(value), &users());
        sort.compare(&key(one), &key(other))
    }

    #[test]
    fn text_has_no_case_and_what_is_absent_comes_last_or_first() {
        let (up, down) = (sort("TITLE", "Ascending"), sort("title", "descending"));
        let (ana, bo, nobody) = (
            json!({ "title": "Ána" }),
            json!({ "title": "áNB" }),
            json!({}),
        );
        assert_eq!(order(&up, ana.clone(), bo.clone()), Ordering::Less);
        assert_eq!(order(&down, ana.clone(), bo), Ordering::Greater);
        assert_eq!(order(&up, ana.clone(), nobody.clone()), Ordering::Less);
        assert_eq!(order(&down, ana, nobody.clone()), Ordering::Greater);
        assert_eq!(order(&up, nobody.clone(), nobody), Ordering::Equal);
        let exact = sort("externalId", "");
        let (upper, lower) = (json!({ "externalId": "B" }), json!({ "externalId": "a" }));
        assert_eq!(order(&exact, upper, lower), Ordering::Less);
    }

    #[test]
    fn of_several_values_the_primary_one_counts() {
        let sort = sort("emails", "ascending");
        let (a, b) = (
            json!({ "type": "work", "value": "z" }),
            json!({ "type": "home", "value": "b", "primary": true }),
        );
        let other = json!({ "emails": [{ "value": "c" }] });
        let primary = json!({ "emails": [a.clone(), b] });
        assert_eq!(order(&sort, primary, other.clone()), Ordering::Less);
        assert_eq!(
            order(&sort, json!({ "emails": [a] }), other),
            Ordering::Greater
        );
    }

    #[test]
    fn moments_are_ordered_as_moments() {
        let sort = sort("meta.created", "");
        let key = |text: &str| {
            let mut resource = Resource::new();
            resource.set(&AttributePath::of("meta").sub("created"), text.into());
            sort.key(&resource, &users())
        };
        assert_eq!(
            key("2026-01-01T00:00:00Z"),
            key("2026-01-01T01:00:00+01:00")
        );
        assert!(key("2026-01-01T00:00:00Z") < key("2026-01-01T00:00:00-01:00"));
    }

    #[test]
    fn what_cannot_be_ordered_by_is_refused_and_what_is_unknown_is_none() {
        for (by, order) in [
            ("password", ""),
            ("name", ""),
            ("meta.version", ""),
            ("userName", "up"),
            ("", "up"),
            ("[", ""),
        ] {
            let refused = Sort::parse(Some(by), Some(order), &users(), &Dialect::lenient());
            let scim_type = refused.unwrap_err().scim_type;
            assert_eq!(scim_type, Some(crate::scim::ScimType::InvalidValue), "{by}");
        }
        for by in [None, Some(" "), Some("members"), Some("name.shoe")] {
            let none = Sort::parse(by, None, &users(), &Dialect::lenient());
            assert_eq!(none, Ok(None), "{by:?}");
        }
    }
}
