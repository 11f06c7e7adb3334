//! Entry to resource.

use serde_json::{Map, Value};

use super::codec::Codec;
use super::line::{Line, TargetType};
use super::references::ReadContext;
use super::resource_mapping::{Collection, Group, ReferenceForm, ResourceMapping, Step};
use crate::ldap::{AttributeName, Entry, GeneralizedTime, Reference};
use crate::scim::Resource;

impl ResourceMapping {
    /// What the entry says, as SCIM. Attributes that were not asked for are absent; values that are not of their
    /// codec's form are left out; references without an id are too.
    pub fn to_resource(&self, entry: &Entry, context: &ReadContext<'_>) -> Resource {
        let mut resource = Map::with_capacity(24);
        let mut schemas = vec![Value::from(self.definition.core.id.as_str())];
        resource.insert("schemas".into(), Value::Null);
        let id = entry.id(self.kind).map(|id| id.to_string());
        if let Some(id) = &id {
            resource.insert("id".into(), id.as_str().into());
        }
        for section in &self.sections {
            match &section.urn {
                None => self.read_steps(&section.steps, entry, context, &mut resource),
                Some(urn) => {
                    let mut extension = Map::new();
                    self.read_steps(&section.steps, entry, context, &mut extension);
                    if !extension.is_empty() {
                        schemas.push(urn.as_str().into());
                        resource.insert(urn.clone(), Value::Object(extension));
                    }
                }
            }
        }
        resource.insert("schemas".into(), Value::Array(schemas));
        resource.insert("meta".into(), self.meta(entry, context, id.as_deref()));
        Resource::from_map(resource)
    }

    fn read_steps(
        &self,
        steps: &[Step],
        entry: &Entry,
        context: &ReadContext<'_>,
        into: &mut Map<String, Value>,
    ) {
        for step in steps {
            match step {
                Step::Value(line) => {
                    if let Some(line) = self.lines.get(*line)
                        && let Some(value) = self.first(line, entry)
                    {
                        into.insert(line.place.attribute.clone(), value);
                    }
                }
                Step::Values(line) => {
                    if let Some(line) = self.lines.get(*line) {
                        insert_list(into, &line.place.attribute, self.all(line, entry).collect());
                    }
                }
                Step::Object { name, parts } => {
                    let object = self.object(parts.iter().map(|(sub, line)| (sub, *line)), entry);
                    if !object.is_empty() {
                        into.insert(name.clone(), Value::Object(object));
                    }
                }
                Step::Collection(collection) => {
                    if let Some(collection) = self.collections.get(*collection) {
                        let elements = self.collection(collection, entry);
                        insert_list(into, &collection.place.attribute, elements);
                    }
                }
                Step::Reference(line, form) => {
                    if let Some(line) = self.lines.get(*line)
                        && let Some(value) = entry
                            .references(&line.ldap)
                            .iter()
                            .find_map(|of| reference(line, *form, of, context))
                    {
                        into.insert(line.place.attribute.clone(), value);
                    }
                }
                Step::References(line, form) => {
                    if let Some(line) = self.lines.get(*line) {
                        let all = entry
                            .references(&line.ldap)
                            .iter()
                            .filter_map(|of| reference(line, *form, of, context));
                        insert_list(into, &line.place.attribute, all.collect());
                    }
                }
            }
        }
    }

    fn object<'a>(
        &'a self,
        parts: impl Iterator<Item = (&'a String, usize)>,
        entry: &Entry,
    ) -> Map<String, Value> {
        parts
            .filter_map(|(sub, line)| {
                Some((sub.clone(), self.first(self.lines.get(line)?, entry)?))
            })
            .collect()
    }

    /// The elements of all groups. The primary one is that of the primary line or, without it, the first.
    fn collection(&self, collection: &Collection, entry: &Entry) -> Vec<Value> {
        let mut elements: Vec<Map<String, Value>> = Vec::new();
        let mut primary = None;
        for group in &collection.groups {
            let of_group = self.elements(group, entry);
            if group.primary && !of_group.is_empty() {
                primary = Some(elements.len());
            }
            elements.extend(of_group);
        }
        if collection.has_primary()
            && let Some(element) = elements.get_mut(primary.unwrap_or_default())
        {
            element.insert("primary".into(), true.into());
        }
        elements.into_iter().map(Value::Object).collect()
    }

    fn elements(&self, group: &Group, entry: &Entry) -> Vec<Map<String, Value>> {
        let lines = group
            .parts
            .iter()
            .filter_map(|index| self.lines.get(*index))
            .filter(|line| line.is_read());
        let parts = lines.filter_map(|line| Some((line, line.place.sub.as_ref()?)));
        let bare: Vec<Map<String, Value>> = if group.many {
            parts
                .flat_map(|(line, sub)| {
                    self.all(line, entry)
                        .map(|value| Map::from_iter([(sub.clone(), value)]))
                })
                .collect()
        } else {
            vec![
                parts
                    .filter_map(|(line, sub)| Some((sub.clone(), self.first(line, entry)?)))
                    .collect(),
            ]
        };
        bare.into_iter()
            .filter(|element| !element.is_empty())
            .map(|mut element| {
                for (sub, value) in &group.terms {
                    element.insert(sub.clone(), value.clone());
                }
                element
            })
            .collect()
    }

    /// The value of a line that has one: the first in LDAP, or, of the naming attribute, the one that is in the name.
    fn first(&self, line: &Line, entry: &Entry) -> Option<Value> {
        if let Codec::Locked(lock) = line.codec {
            // A lock that failed attempts made ends by itself or by an administrator; the account is not disabled.
            return Some(Value::Bool(!lock.is_in(entry.values(&line.ldap))));
        }
        line.codec
            .decode(self.kind, first_value(&self.rdn, line, entry)?)
    }

    fn all<'a>(&'a self, line: &'a Line, entry: &'a Entry) -> impl Iterator<Item = Value> + 'a {
        entry
            .values(&line.ldap)
            .iter()
            .filter_map(|value| line.codec.decode(self.kind, value))
    }

    fn meta(&self, entry: &Entry, context: &ReadContext<'_>, id: Option<&str>) -> Value {
        let mut meta = Map::new();
        let resource_type = &self.definition.resource_type;
        meta.insert("resourceType".into(), resource_type.name.as_str().into());
        for (name, attribute) in [("created", &self.created), ("lastModified", &self.changed)] {
            let moment = entry
                .text(attribute)
                .and_then(|text| GeneralizedTime::parse(text).ok());
            if let Some(moment) = moment {
                meta.insert(name.into(), moment.timestamp().to_string().into());
            }
        }
        if let Some(id) = id {
            meta.insert(
                "location".into(),
                location(context, &resource_type.endpoint, id).into(),
            );
        }
        Value::Object(meta)
    }
}

/// The octets that stand for the one value of a line.
pub(super) fn first_value<'a>(
    rdn: &AttributeName,
    line: &Line,
    entry: &'a Entry,
) -> Option<&'a [u8]> {
    let values = entry.values(&line.ldap);
    if values.len() > 1 && line.ldap == *rdn {
        let named = entry
            .dn
            .rdn()
            .and_then(|own| own.value_of(rdn))
            .map(str::to_lowercase);
        let is_named =
            |value: &&Vec<u8>| std::str::from_utf8(value).ok().map(str::to_lowercase) == named;
        if let Some(value) = values.iter().find(is_named) {
            return Some(value);
        }
    }
    values.first().map(Vec::as_slice)
}

fn insert_list(into: &mut Map<String, Value>, name: &str, values: Vec<Value>) {
    if !values.is_empty() {
        into.insert(name.to_owned(), Value::Array(values));
    }
}

fn location(context: &ReadContext<'_>, endpoint: &str, id: &str) -> String {
    format!("{}{endpoint}/{id}", context.base_url)
}

fn reference(
    line: &Line,
    form: ReferenceForm,
    of: &Reference,
    context: &ReadContext<'_>,
) -> Option<Value> {
    let id = of.id?.to_string();
    // What lies outside the bases cannot be read through this bridge, so nobody is told its id and name either.
    if !line.may_point_to(&of.dn, context.bases) {
        return None;
    }
    let target = target(line, of, context);
    let location = target
        .filter(|_| form.location)
        .map(|(_, endpoint)| location(context, endpoint, &id));
    let mut value = Map::new();
    value.insert("value".into(), id.into());
    if let Some(location) = location {
        value.insert("$ref".into(), location.into());
    }
    if let (true, Some((name, _))) = (form.kind, target) {
        value.insert("type".into(), name.into());
    }
    if let (Some(display), Some(rdn)) = (form.display, of.dn.rdn()) {
        value.insert(display.into(), rdn.value().into());
    }
    Some(Value::Object(value))
}

/// Name and endpoint of the type that a reference certainly points to: the only one the line allows, or the only one
/// whose base holds the DN.
fn target<'a>(
    line: &'a Line,
    of: &Reference,
    context: &ReadContext<'a>,
) -> Option<(&'a str, &'a str)> {
    if let [TargetType { name, endpoint }] = line.targets.as_slice() {
        return Some((name, endpoint));
    }
    let mut fitting = context.bases.iter().filter(|base| {
        line.targets.iter().any(|target| target.name == base.name) && of.dn.is_within(&base.base)
    });
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Some((&only.name, &only.endpoint)),
        _ => None,
    }
}
