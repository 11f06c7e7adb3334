//! A resource as a value: a JSON object whose names are canonical.
//!
//! Core and common attributes are top-level keys; an extension's attributes live in an object under
//! its URN. Whatever enters through [`normalize`](Resource::normalize) has the types its definition
//! asks for: multi-valued attributes are arrays, booleans are booleans, nothing is null.

mod element;
mod normalize;
mod required;
#[cfg(test)]
mod tests;
mod value;

use serde::Serialize;
use serde_json::{Map, Value};

use super::path::AttributePath;
use super::schema::Definition;

pub(super) use element::{
    Index, Selection, fold, fold_id, is_hollow, merge, merge_same, settle_primary,
};
pub(super) use value::{Normalizer, id_in};

/// What a request said that was not taken in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ignored {
    /// Unknown attributes, unknown schemas and read-only attributes, as they were sent, cut short. The
    /// first hundred; an IdP repeats itself.
    pub names: Vec<String>,
    /// The `id` a PUT or PATCH body carried. It must be the resource's own or nothing.
    pub id: Option<String>,
}

impl Ignored {
    const MOST: usize = 100;

    /// Notes one name.
    pub fn note(&mut self, name: &str) {
        if self.names.len() < Self::MOST && !self.names.iter().any(|known| known == name) {
            self.names.push(name.chars().take(120).collect());
        }
    }

    /// Whether everything was taken in.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.id.is_none()
    }
}

/// A resource, RFC 7643 §3.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Resource(Map<String, Value>);

impl Resource {
    /// A resource without any attribute.
    pub fn new() -> Self {
        Resource::default()
    }

    /// Takes a map whose names are already canonical, such as one a mapping has built.
    pub fn from_map(map: Map<String, Value>) -> Self {
        Resource(map)
    }

    /// The map itself.
    pub fn into_map(self) -> Map<String, Value> {
        self.0
    }

    /// The resource as a JSON value.
    pub fn into_value(self) -> Value {
        Value::Object(self.0)
    }

    /// The map, to read.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The `id`.
    pub fn id(&self) -> Option<&str> {
        self.0.get("id")?.as_str()
    }

    /// The URNs in `schemas`.
    pub fn schemas(&self) -> impl Iterator<Item = &str> {
        self.0
            .get("schemas")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
    }

    /// The value at a canonical path: of the attribute, or of the sub-attribute of a single complex
    /// attribute. A sub-attribute of a multi-valued attribute has no one value: see `values`.
    pub fn get(&self, path: &AttributePath) -> Option<&Value> {
        let value = find(self.attributes_of(path)?, &path.attribute)?;
        match &path.sub {
            None => Some(value),
            Some(sub) => find(value.as_object()?, sub),
        }
    }

    /// The text at a path.
    pub fn text(&self, path: &AttributePath) -> Option<&str> {
        self.get(path)?.as_str()
    }

    /// The boolean at a path.
    pub fn boolean(&self, path: &AttributePath) -> Option<bool> {
        self.get(path)?.as_bool()
    }

    /// The elements of a multi-valued attribute; a single value counts as one element.
    pub fn elements(&self, path: &AttributePath) -> &[Value] {
        let Some(value) = self
            .attributes_of(path)
            .and_then(|attributes| find(attributes, &path.attribute))
        else {
            return &[];
        };
        match value {
            Value::Array(elements) => elements,
            single => std::slice::from_ref(single),
        }
    }

    /// Every value at a path: of each element's sub-attribute, each simple element, or the one value.
    pub fn values<'a>(&'a self, path: &'a AttributePath) -> impl Iterator<Item = &'a Value> {
        self.elements(path)
            .iter()
            .filter_map(|element| match &path.sub {
                None => Some(element),
                Some(sub) => find(element.as_object()?, sub),
            })
    }

    /// Sets the value at a canonical path, making the extension's and the complex attribute's object
    /// where they are missing. A sub-attribute of a multi-valued attribute cannot be set this way; use
    /// `set_elements`. Setting null removes.
    pub fn set(&mut self, path: &AttributePath, value: Value) {
        if value.is_null() {
            self.remove(path);
            return;
        }
        let put = |attributes: &mut Map<String, Value>| match &path.sub {
            None => insert(attributes, &path.attribute, value),
            Some(sub) => edit_object(attributes, &path.attribute, |object| {
                insert(object, sub, value);
            }),
        };
        match &path.schema {
            None => put(&mut self.0),
            Some(urn) => edit_object(&mut self.0, urn, put),
        }
    }

    /// Takes the value at a canonical path away, and with it the objects that become empty.
    pub fn remove(&mut self, path: &AttributePath) -> Option<Value> {
        match &path.schema {
            None => take(&mut self.0, &path.attribute, path.sub.as_deref()),
            Some(urn) => {
                let key = key_in(&self.0, urn);
                let attributes = self.0.get_mut(&key)?.as_object_mut()?;
                let taken = take(attributes, &path.attribute, path.sub.as_deref());
                if attributes.is_empty() {
                    self.0.shift_remove(&key);
                }
                taken
            }
        }
    }

    /// Takes the elements of a multi-valued attribute out, to change them and `set_elements` again.
    pub fn take_elements(&mut self, path: &AttributePath) -> Vec<Value> {
        match self.remove(&path.whole()) {
            None => Vec::new(),
            Some(Value::Array(elements)) => elements,
            Some(single) => vec![single],
        }
    }

    /// Sets the elements of a multi-valued attribute; none removes it.
    pub fn set_elements(&mut self, path: &AttributePath, elements: Vec<Value>) {
        if elements.is_empty() {
            self.remove(&path.whole());
        } else {
            self.set(&path.whole(), Value::Array(elements));
        }
    }

    /// Makes `schemas` name the core schema and the extensions in use, and puts the names in the order
    /// of the definition: `schemas`, `id`, `externalId`, core attributes, extensions, `meta`.
    #[must_use]
    pub fn in_canonical_order(self, definition: &Definition) -> Resource {
        let mut old = self.0;
        let mut new = Map::with_capacity(old.len() + 1);
        let mut schemas = vec![Value::from(definition.core.id.as_str())];
        schemas.extend(
            definition
                .extensions
                .iter()
                .filter(|extension| old.contains_key(&extension.id))
                .map(|extension| Value::from(extension.id.as_str())),
        );
        new.insert("schemas".to_owned(), Value::Array(schemas));
        let names = ["id", "externalId"]
            .into_iter()
            .chain(
                definition
                    .core
                    .attributes
                    .iter()
                    .map(|one| one.name.as_str()),
            )
            .chain(definition.extensions.iter().map(|one| one.id.as_str()));
        for name in names {
            if let Some((key, value)) = old.swap_remove_entry(name) {
                new.insert(key, value);
            }
        }
        let meta = old.swap_remove_entry("meta");
        old.swap_remove("schemas");
        new.extend(old);
        new.extend(meta);
        Resource(new)
    }

    fn attributes_of(&self, path: &AttributePath) -> Option<&Map<String, Value>> {
        match &path.schema {
            None => Some(&self.0),
            Some(urn) => find(&self.0, urn)?.as_object(),
        }
    }
}

/// Exact first; names that a caller wrote in another case are found as well.
fn find<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| {
        object
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}

fn key_in(object: &Map<String, Value>, name: &str) -> String {
    if object.contains_key(name) {
        return name.to_owned();
    }
    object
        .keys()
        .find(|key| key.eq_ignore_ascii_case(name))
        .map_or_else(|| name.to_owned(), Clone::clone)
}

fn insert(object: &mut Map<String, Value>, name: &str, value: Value) {
    object.insert(key_in(object, name), value);
}

/// Edits the object under that name, made where missing; anything else there is replaced.
fn edit_object(
    object: &mut Map<String, Value>,
    name: &str,
    edit: impl FnOnce(&mut Map<String, Value>),
) {
    let key = key_in(object, name);
    match object.get_mut(&key) {
        Some(Value::Object(inner)) => edit(inner),
        _ => {
            let mut inner = Map::new();
            edit(&mut inner);
            object.insert(key, Value::Object(inner));
        }
    }
}

fn take(object: &mut Map<String, Value>, attribute: &str, sub: Option<&str>) -> Option<Value> {
    let key = key_in(object, attribute);
    let Some(sub) = sub else {
        return object.shift_remove(&key);
    };
    let inner = object.get_mut(&key)?.as_object_mut()?;
    let taken = inner.shift_remove(&key_in(inner, sub));
    if inner.is_empty() {
        object.shift_remove(&key);
    }
    taken
}
