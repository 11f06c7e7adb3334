//! Which attributes an answer carries: `attributes`, `excludedAttributes` and the `returned` rules,
//! RFC 7644 §3.9 and RFC 7643 §7.

use serde_json::{Map, Value};

use super::error::Error;
use super::path::AttributePath;
use super::resource::Resource;
use super::schema::{Attribute, Definition, Returned};

/// Most names in one list.
const MAX_NAMES: usize = 500;

/// What a request wants to see.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Projection {
    /// Some when `attributes` was given: only these, besides what is always returned.
    requested: Option<Vec<Wish>>,
    excluded: Vec<Wish>,
    /// Never returned, whatever was asked for.
    never: Vec<AttributePath>,
    /// Returned only when asked for.
    on_request: Vec<AttributePath>,
    /// Always returned.
    always: Vec<AttributePath>,
}

#[derive(Debug, Clone, PartialEq)]
enum Wish {
    /// A whole schema, by the URN under which its attributes are found; none for the core schema.
    Schema(Option<String>),
    /// An attribute or sub-attribute. `plural`: the attribute has elements.
    Attribute { path: AttributePath, plural: bool },
}

impl Projection {
    /// Reads the two query parameters, comma-separated. Unknown names are ignored, so that a client
    /// written for another server still works. Fails with `invalidValue` beyond 500 names.
    pub fn parse(
        attributes: Option<&str>,
        excluded: Option<&str>,
        definition: &Definition,
    ) -> Result<Projection, Error> {
        let mut projection = Projection {
            requested: attributes
                .filter(|names| !names.trim().is_empty())
                .map(|names| wishes("attributes", names, definition))
                .transpose()?,
            excluded: wishes(
                "excludedAttributes",
                excluded.unwrap_or_default(),
                definition,
            )?,
            ..Projection::default()
        };
        for attribute in definition.common.iter().chain(&definition.core.attributes) {
            projection.learn(None, attribute);
        }
        for extension in &definition.extensions {
            for attribute in &extension.attributes {
                projection.learn(Some(&extension.id), attribute);
            }
        }
        Ok(projection)
    }

    /// Everything that is returned by default.
    pub fn everything(definition: &Definition) -> Projection {
        Projection::parse(None, None, definition).unwrap_or_default()
    }

    fn learn(&mut self, urn: Option<&str>, attribute: &Attribute) {
        let path = || AttributePath {
            schema: urn.map(str::to_owned),
            attribute: attribute.name.clone(),
            sub: None,
        };
        if let Some(list) = self.list_for(attribute.returned) {
            list.push(path());
        }
        for sub in &attribute.sub_attributes {
            if let Some(list) = self.list_for(sub.returned) {
                list.push(path().sub(sub.name.clone()));
            }
        }
    }

    fn list_for(&mut self, returned: Returned) -> Option<&mut Vec<AttributePath>> {
        match returned {
            Returned::Always => Some(&mut self.always),
            Returned::Never => Some(&mut self.never),
            Returned::Request => Some(&mut self.on_request),
            Returned::Default => None,
        }
    }

    /// Whether the value at a canonical path has to be read for the answer. For an attribute: whether
    /// any part of it. Any sub-attribute of a multi-valued attribute brings its siblings with it, since
    /// elements are read whole.
    pub fn wants(&self, path: &AttributePath) -> bool {
        if covers(&self.never, path) {
            return false;
        }
        // A sub-attribute that is always returned is so only together with its attribute.
        if self
            .always
            .iter()
            .any(|one| one.sub.is_none() && one.same_attribute(path))
        {
            return true;
        }
        if let Some(requested) = &self.requested {
            return requested.iter().any(|wish| wish.reaches(path))
                && !self.excluded.iter().any(|wish| wish.spares(path));
        }
        !self.excluded.iter().any(|wish| wish.spares(path)) && !covers(&self.on_request, path)
    }

    /// The resource as the request wants to see it.
    #[must_use]
    pub fn apply(&self, resource: Resource, definition: &Definition) -> Resource {
        let mut shown = Map::with_capacity(resource.as_map().len());
        for (name, value) in resource.into_map() {
            if name == "schemas" {
                shown.insert(name, value);
                continue;
            }
            match (definition.extension(&name), value) {
                (Some(_), Value::Object(inner)) => {
                    let kept = self.trim_all(Some(&name), inner);
                    if !kept.is_empty() {
                        shown.insert(name, Value::Object(kept));
                    }
                }
                (_, value) => {
                    if let Some(value) = self.trim(None, &name, value) {
                        shown.insert(name, value);
                    }
                }
            }
        }
        Resource::from_map(shown)
    }

    fn trim_all(&self, urn: Option<&str>, attributes: Map<String, Value>) -> Map<String, Value> {
        attributes
            .into_iter()
            .filter_map(|(name, value)| {
                let value = self.trim(urn, &name, value)?;
                Some((name, value))
            })
            .collect()
    }

    fn trim(&self, urn: Option<&str>, name: &str, value: Value) -> Option<Value> {
        if self.leaves_alone(urn, name) {
            return Some(value);
        }
        let path = AttributePath {
            schema: urn.map(str::to_owned),
            attribute: name.to_owned(),
            sub: None,
        };
        if !self.wants(&path) {
            return None;
        }
        if !self.cuts_into(&path) {
            return Some(value);
        }
        let trimmed = match value {
            Value::Object(inner) => Value::Object(self.trim_subs(&path, inner)),
            Value::Array(elements) => elements
                .into_iter()
                .map(|element| match element {
                    Value::Object(inner) => Value::Object(self.trim_subs(&path, inner)),
                    other => other,
                })
                .filter(|element| element.as_object().is_none_or(|inner| !inner.is_empty()))
                .collect(),
            simple => simple,
        };
        let empty = match &trimmed {
            Value::Object(inner) => inner.is_empty(),
            Value::Array(elements) => elements.is_empty(),
            _ => false,
        };
        (!empty).then_some(trimmed)
    }

    /// Whether nothing at all is said of this attribute, neither by the request nor by `returned`: the most frequent case.
    fn leaves_alone(&self, urn: Option<&str>, name: &str) -> bool {
        let names = |path: &AttributePath| path.attribute == name && path.schema.as_deref() == urn;
        self.requested.is_none()
            && self.excluded.is_empty()
            && !self.never.iter().chain(&self.on_request).any(names)
    }

    /// Whether any rule names a sub-attribute of this attribute.
    fn cuts_into(&self, path: &AttributePath) -> bool {
        let named = |other: &AttributePath| other.sub.is_some() && other.same_attribute(path);
        let wished = |wish: &Wish| matches!(wish, Wish::Attribute { path, .. } if named(path));
        self.never.iter().any(named)
            || self.on_request.iter().any(named)
            || self.excluded.iter().any(wished)
            || self.requested.iter().flatten().any(wished)
    }

    fn trim_subs(&self, path: &AttributePath, inner: Map<String, Value>) -> Map<String, Value> {
        inner
            .into_iter()
            .filter(|(name, _)| self.shows_sub(&path.clone().sub(name.as_str())))
            .collect()
    }

    fn shows_sub(&self, path: &AttributePath) -> bool {
        if self.never.contains(path) {
            return false;
        }
        if self.always.contains(path) {
            return true;
        }
        if self.excluded.iter().any(|wish| wish.swallows(path)) {
            return false;
        }
        match &self.requested {
            Some(requested) => requested.iter().any(|wish| wish.swallows(path)),
            None => !self.on_request.contains(path),
        }
    }
}

impl Wish {
    /// Whether reading `path` serves this wish.
    fn reaches(&self, path: &AttributePath) -> bool {
        match self {
            Wish::Schema(urn) => in_schema(urn.as_deref(), path),
            Wish::Attribute {
                path: wished,
                plural,
            } => {
                wished.same_attribute(path)
                    && (*plural || wished.sub.is_none() || path.sub.is_none() || wished == path)
            }
        }
    }

    /// Whether leaving this out means that `path` need not be read: not when it is a part of elements, whose other parts
    /// remain.
    fn spares(&self, path: &AttributePath) -> bool {
        let is_part = matches!(self, Wish::Attribute { path, plural: true } if path.sub.is_some());
        !is_part && self.swallows(path)
    }

    /// Whether this wish takes in all of `path`.
    fn swallows(&self, path: &AttributePath) -> bool {
        match self {
            Wish::Schema(urn) => in_schema(urn.as_deref(), path),
            Wish::Attribute { path: wished, .. } => {
                wished.same_attribute(path) && (wished.sub.is_none() || wished == path)
            }
        }
    }
}

fn in_schema(urn: Option<&str>, path: &AttributePath) -> bool {
    match (urn, path.schema.as_deref()) {
        (None, None) => true,
        (Some(urn), Some(other)) => urn.eq_ignore_ascii_case(other),
        _ => false,
    }
}

/// Whether the list names the path or the attribute it is a part of.
fn covers(list: &[AttributePath], path: &AttributePath) -> bool {
    list.iter()
        .any(|one| one.same_attribute(path) && (one.sub.is_none() || one == path))
}

fn wishes(parameter: &str, names: &str, definition: &Definition) -> Result<Vec<Wish>, Error> {
    let mut wishes = Vec::new();
    for (position, name) in names.split(',').map(str::trim).enumerate() {
        if position == MAX_NAMES {
            return Err(Error::invalid_value(format!(
                "{parameter} lists more than {MAX_NAMES} names; ask for fewer."
            )));
        }
        let Ok(path) = AttributePath::parse(name) else {
            continue;
        };
        if let Some(resolved) = definition.lookup(&path) {
            wishes.push(Wish::Attribute {
                path: resolved.path(),
                plural: resolved.attribute.multi_valued,
            });
        } else if let Some((schema, extension)) = definition.whole_schema(&path) {
            wishes.push(Wish::Schema(extension.then(|| schema.id.clone())));
        }
    }
    Ok(wishes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scim::fixtures::{group, groups, json_of, user, users};
    use crate::scim::schema::{ENTERPRISE_URN, USER_URN};

    fn ana() -> Resource {
        let mut ana = user(json!({
            "name": { "givenName": "Ana", "familyName": "Ruiz" }, "password": "secret",
            "emails": [{ "type": "work", "value": "w" }, { "type": "home", "value": "h" }],
            ENTERPRISE_URN: { "department": "X", "division": "Y" },
        }));
        ana.set(&AttributePath::of("id"), "1".into());
        ana.set(
            &AttributePath::of("meta").sub("resourceType"),
            "User".into(),
        );
        ana
    }

    fn shown(attributes: &str, excluded: &str) -> Value {
        let projection = Projection::parse(Some(attributes), Some(excluded), &users()).unwrap();
        let mut shown = json_of(&projection.apply(ana(), &users()));
        assert_eq!(shown["id"], "1", "always returned");
        assert_eq!(shown["schemas"], json!([USER_URN, ENTERPRISE_URN]));
        let object = shown.as_object_mut().unwrap();
        object.shift_remove("id");
        object.shift_remove("schemas");
        shown
    }

    #[test]
    fn by_default_all_but_the_password_is_shown() {
        let all = shown("", "");
        assert_eq!(all.get("password"), None);
        assert_eq!(all["emails"][1]["value"], "h");
        assert_eq!(all["meta"]["resourceType"], "User");
        assert_eq!(shown("password", ""), json!({}));
    }

    #[test]
    fn only_what_was_asked_for_is_shown() {
        assert_eq!(
            shown("USERNAME", ""),
            json!({ "userName": "ana@example.com" })
        );
        assert_eq!(shown("id", ""), json!({}));
        assert_eq!(
            shown("nothing, [,emails.value", ""),
            json!({ "emails": [{ "value": "w" }, { "value": "h" }] })
        );
        assert_eq!(
            shown("name.givenName,name.nothing", ""),
            json!({ "name": { "givenName": "Ana" } })
        );
        assert_eq!(
            shown(ENTERPRISE_URN, ""),
            json!({ ENTERPRISE_URN: { "department": "X", "division": "Y" } })
        );
        assert_eq!(
            shown(
                &format!("{ENTERPRISE_URN}:division,{USER_URN}:userName"),
                ""
            ),
            json!({ "userName": "ana@example.com", ENTERPRISE_URN: { "division": "Y" } })
        );
        assert_eq!(
            shown("name", "name.givenName"),
            json!({ "name": { "familyName": "Ruiz" } })
        );
    }

    #[test]
    fn what_was_excluded_is_left_out() {
        let rest = shown(
            "",
            &format!("id,schemas,meta,emails.type,name,{ENTERPRISE_URN}"),
        );
        assert_eq!(
            rest,
            json!({ "userName": "ana@example.com", "emails": [{ "value": "w" }, { "value": "h" }] })
        );
    }

    #[test]
    fn wants_says_what_to_read() {
        let members = AttributePath::of("members");
        let wants = |attributes: Option<&str>, excluded: Option<&str>, path: &AttributePath| {
            Projection::parse(attributes, excluded, &groups())
                .unwrap()
                .wants(path)
        };
        assert!(wants(None, None, &members));
        assert!(!wants(None, Some("members"), &members));
        assert!(!wants(None, Some("members"), &members.clone().sub("value")));
        assert!(!wants(Some("id"), None, &members));
        assert!(wants(Some("members.display"), None, &members));
        assert!(wants(
            Some("members.display"),
            None,
            &members.clone().sub("value")
        ));
        assert!(wants(None, Some("members.display"), &members));
        assert!(wants(
            Some("displayName"),
            Some("id"),
            &AttributePath::of("id")
        ));
        let name = AttributePath::of("name");
        let projection = Projection::parse(Some("name.givenName"), None, &users()).unwrap();
        assert!(projection.wants(&name));
        assert!(!projection.wants(&name.clone().sub("familyName")));
        assert!(!Projection::everything(&users()).wants(&AttributePath::of("password")));
    }

    #[test]
    fn on_request_means_only_when_asked_for() {
        let mut definition = groups();
        for attribute in &mut definition.core.attributes {
            if attribute.name == "members" {
                attribute.returned = Returned::Request;
            }
        }
        let ops = group(json!({ "members": [{ "value": "a" }] }));
        let show = |attributes| {
            let projection = Projection::parse(attributes, None, &definition).unwrap();
            projection
                .apply(ops.clone(), &definition)
                .get(&AttributePath::of("members"))
                .is_some()
        };
        assert!(!show(None));
        assert!(show(Some("members")));
        assert!(show(Some("members.value")));
    }

    #[test]
    fn a_list_without_end_is_refused() {
        let error = Projection::parse(Some(&"a,".repeat(501)), None, &users()).unwrap_err();
        assert!(
            error.detail.contains("attributes lists more than 500"),
            "{error}"
        );
    }
}
