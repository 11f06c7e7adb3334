//! From what was written to what is meant: operations with canonical paths and typed values.
//!
//! After this, a value is never null or empty (that has become a remove), a single complex attribute is
//! only ever set by its sub-attributes (RFC 7644 §3.5.2.3 leaves the others unchanged), and no
//! operation names an extension as a whole.

use serde_json::{Map, Value};

use super::{Op, Operation, PatchRequest};
use crate::scim::dialect::{Dialect, Leniency};
use crate::scim::error::Error;
use crate::scim::filter::Filter;
use crate::scim::path::{AttributePath, Path};
use crate::scim::resource::{Ignored, Normalizer, id_in};
use crate::scim::schema::{Attribute, Definition, Kind, Mutability, Resolved};

/// Most operations after reading; a value without path counts once per attribute.
const MAX_STEPS: usize = 10_000;

pub(super) struct Expander<'a> {
    definition: &'a Definition,
    dialect: &'a Dialect,
    normalizer: Normalizer<'a>,
    operations: Vec<Operation>,
}

impl<'a> Expander<'a> {
    pub(super) fn new(definition: &'a Definition, dialect: &'a Dialect) -> Self {
        Expander {
            definition,
            dialect,
            normalizer: Normalizer::new(dialect),
            operations: Vec::new(),
        }
    }

    pub(super) fn finish(self) -> (PatchRequest, Ignored) {
        let request = PatchRequest {
            operations: self.operations,
        };
        (request, self.normalizer.ignored)
    }

    /// An operation whose value is an object of attributes.
    pub(super) fn without_path(
        &mut self,
        op: Op,
        attributes: Map<String, Value>,
    ) -> Result<(), Error> {
        for (name, value) in attributes {
            let is = |other: &str| name.eq_ignore_ascii_case(other);
            if (is("schemas") || is("id") || is("meta"))
                && self.dialect.allows(Leniency::CommonAttributeInPatch)
            {
                if let Value::String(id) = value
                    && is("id")
                {
                    self.normalizer.ignored.id = Some(id);
                }
                continue;
            }
            let plain = AttributePath::of(name.as_str());
            if self.definition.lookup_in(&plain, self.dialect).is_some() {
                self.with_path(op, plain.into(), Some(value))?;
                continue;
            }
            if let Some((schema, extension)) = self.definition.schema(&name) {
                let urn = extension.then(|| schema.id.clone());
                self.schema(op, urn, Some(value))?;
                continue;
            }
            match Path::parse(&name) {
                Ok(path) if self.dialect.allows(Leniency::PathKey) => {
                    self.with_path(op, path, Some(value))?;
                }
                _ => self.normalizer.unknown(&name, Error::invalid_syntax)?,
            }
        }
        Ok(())
    }

    /// An operation on a path as it was written.
    pub(super) fn with_path(
        &mut self,
        op: Op,
        path: Path,
        value: Option<Value>,
    ) -> Result<(), Error> {
        let named = path.attribute_path();
        let definition = self.definition;
        let Some(resolved) = definition.lookup_in(&named, self.dialect) else {
            if path.filter.is_none()
                && let Some((schema, extension)) = definition.whole_schema(&named)
            {
                return self.schema(op, extension.then(|| schema.id.clone()), value);
            }
            // Without the filter: its values are the person's, and what is ignored goes into the log.
            return self
                .normalizer
                .unknown(&named.to_string(), Error::invalid_path);
        };
        let target = resolved.path();
        if target == AttributePath::of("schemas") {
            if !self.dialect.allows(Leniency::CommonAttributeInPatch) {
                return Err(Error::mutability(
                    "schemas follows from the attributes in use and cannot be changed; leave it out.",
                ));
            }
            // It follows from the attributes in use, whatever a client says.
            self.normalizer.ignored.note("schemas");
            return Ok(());
        }
        check_writable(&resolved, op)?;
        match path.filter {
            Some(filter) => self.on_elements(op, &resolved, filter, value),
            None if resolved.attribute.multi_valued => self.on_collection(op, &resolved, value),
            None => self.on_single(op, &resolved, value),
        }
    }

    /// An operation on all attributes of a schema at once.
    fn schema(&mut self, op: Op, urn: Option<String>, value: Option<Value>) -> Result<(), Error> {
        let definition = self.definition;
        let cleared = matches!(value, None | Some(Value::Null));
        match (value, &urn) {
            (Some(Value::Object(attributes)), _) if op != Op::Remove => {
                for (name, value) in attributes {
                    let mut path = AttributePath::of(name);
                    path.schema.clone_from(&urn);
                    if path.attribute.contains(['.', '[', ':']) {
                        // Left to the path grammar, and refused or ignored there.
                        self.normalizer
                            .unknown(&path.to_string(), Error::invalid_syntax)?;
                        continue;
                    }
                    self.with_path(op, path.into(), Some(value))?;
                }
                Ok(())
            }
            (_, Some(urn)) if op == Op::Remove || (op == Op::Replace && cleared) => {
                let extension = definition.extension(urn);
                for attribute in extension.iter().flat_map(|extension| &extension.attributes) {
                    if attribute.mutability != Mutability::ReadOnly {
                        let path =
                            AttributePath::of(attribute.name.as_str()).in_schema(urn.as_str());
                        self.with_path(Op::Remove, path.into(), None)?;
                    }
                }
                Ok(())
            }
            (Some(Value::Null), Some(_)) => Ok(()),
            (_, urn) => Err(Error::invalid_value(format!(
                "{} names a whole schema, so its value must be an object of attributes; send one.",
                urn.as_deref().unwrap_or(&definition.core.id)
            ))),
        }
    }

    /// A single attribute or its sub-attribute.
    fn on_single(
        &mut self,
        op: Op,
        resolved: &Resolved<'_>,
        value: Option<Value>,
    ) -> Result<(), Error> {
        let path = resolved.path();
        if op == Op::Remove {
            self.check_remove_value(&path, value.as_ref())?;
            return self.remove(resolved, None, None);
        }
        let value = required(&path, op, value)?;
        if is_address(resolved)
            && let Some(of) = resolved.attribute.sub_attribute("value")
            && let Some(id) = id_in(&value)
        {
            let of = Resolved {
                sub: Some(of),
                ..*resolved
            };
            return self.on_single(op, &of, Some(id.into()));
        }
        if resolved.sub.is_none() && resolved.attribute.kind == Kind::Complex {
            let value = self.normalizer.unwrap_single(&path, value)?;
            if let Value::Object(parts) = value {
                return self.parts(op, resolved, parts);
            }
            return match self.normalizer.element(&path, resolved.attribute, value)? {
                Some(Value::Object(parts)) => self.parts(op, resolved, parts),
                _ if op == Op::Replace => self.remove(resolved, None, None),
                _ => Ok(()),
            };
        }
        match self.normalizer.attribute(&path, resolved.leaf(), value)? {
            Some(value) => self.push(op, path.into(), Some(value)),
            None if op == Op::Replace => self.remove(resolved, None, None),
            None => Ok(()),
        }
    }

    /// A single complex attribute, given as an object.
    fn parts(
        &mut self,
        op: Op,
        resolved: &Resolved<'_>,
        parts: Map<String, Value>,
    ) -> Result<(), Error> {
        let reference = resolved.attribute.is_resource_reference();
        let has_id = parts.keys().any(|name| name.eq_ignore_ascii_case("value"));
        for (name, value) in parts {
            let Some(sub) = resolved.attribute.sub_attribute(&name) else {
                let shown = format!("{}.{}", resolved.path(), name);
                self.normalizer.unknown(&shown, Error::invalid_syntax)?;
                continue;
            };
            let sub = Resolved {
                sub: Some(sub),
                ..*resolved
            };
            // Where a reference points is said by `value`, or else by its address; the rest follows from it.
            let says = !reference
                || is_value(sub.sub)
                || (!has_id && is_address(&sub) && id_in(&value).is_some());
            if sub
                .sub
                .is_some_and(|sub| sub.mutability == Mutability::ReadOnly)
                || !says
            {
                continue;
            }
            self.on_single(op, &sub, Some(value))?;
        }
        Ok(())
    }

    /// A multi-valued attribute as a whole.
    fn on_collection(
        &mut self,
        op: Op,
        resolved: &Resolved<'_>,
        value: Option<Value>,
    ) -> Result<(), Error> {
        let path = resolved.path();
        if resolved.sub.is_some() {
            let name = &resolved.attribute.name;
            let select = match resolved.attribute.sub_attribute("type") {
                _ if resolved.attribute.is_resource_reference() => String::new(),
                Some(of) => {
                    let kind = of.canonical_values.first().map_or("work", String::as_str);
                    format!("select it, as in `{name}[type eq \"{kind}\"].value`, or ")
                }
                None => format!("select it, as in `{name}[value eq \"…\"]`, or "),
            };
            return Err(Error::invalid_path(format!(
                "{path} does not say which element of {name} is meant; {select}name {name} alone and send whole elements."
            )));
        }
        if op == Op::Remove {
            return match value {
                None | Some(Value::Null) => self.remove(resolved, None, None),
                Some(value) => {
                    if !self.dialect.allows(Leniency::RemoveByValue) {
                        return self.check_remove_value(&path, Some(&value));
                    }
                    match self
                        .normalizer
                        .attribute(&path, resolved.attribute, value)?
                    {
                        Some(Value::Array(values)) if values.is_empty() => Ok(()),
                        Some(values) => self.push(Op::Remove, path.into(), Some(values)),
                        None => Err(Error::invalid_value(format!(
                            "the remove of {path} has an empty value; name the values, or leave `value` out to remove them all."
                        ))),
                    }
                }
            };
        }
        let value = required(&path, op, value)?;
        match self
            .normalizer
            .attribute(&path, resolved.attribute, value)?
        {
            Some(Value::Array(values)) if !values.is_empty() => {
                self.push(op, path.into(), Some(Value::Array(values)))
            }
            _ if op == Op::Replace => self.remove(resolved, None, None),
            _ => Ok(()),
        }
    }

    /// The elements that a filter selects.
    fn on_elements(
        &mut self,
        op: Op,
        resolved: &Resolved<'_>,
        filter: Filter,
        value: Option<Value>,
    ) -> Result<(), Error> {
        let path = resolved.path();
        let attribute = resolved.attribute;
        if !attribute.multi_valued {
            return Err(Error::invalid_path(format!(
                "{path} has one value, so there is nothing to select in brackets; leave them out."
            )));
        }
        if let Some(name) = filter.unknown_part(attribute) {
            let shown = format!("{}.{name}", attribute.name);
            self.normalizer.unknown(&shown, Error::invalid_filter)?;
            // Any other name may be what tells the element from others; and what is not found is not removed.
            let rest = match name.eq_ignore_ascii_case("primary") {
                true => filter.without_equality(name),
                false => None,
            };
            return match rest {
                Some(rest) if op != Op::Remove => self.on_any_primary(op, resolved, rest, value),
                _ => Ok(()),
            };
        }
        let filter = filter.resolve_element(attribute, self.dialect)?;
        if op == Op::Remove {
            self.check_remove_value(&path, value.as_ref())?;
            return self.remove(resolved, Some(filter), None);
        }
        if let Some(sub) = resolved.sub
            && sub.mutability == Mutability::Immutable
        {
            return Err(Error::mutability(format!(
                "{path} cannot change once it is set; remove the element and add another."
            )));
        }
        let value = required(&path, op, value)?;
        if let (None, Value::Array(values)) = (resolved.sub, &value)
            && (values.len() > 1 || !self.dialect.allows(Leniency::ArrayForSingle))
        {
            return Err(Error::invalid_value(format!(
                "{path} with brackets names each element that they select, but an array was sent; send the one element that it becomes."
            )));
        }
        let value = match resolved.sub {
            Some(sub) => self.normalizer.attribute(&path, sub, value)?,
            None => self.normalizer.element(&path, attribute, value)?,
        };
        match value {
            Some(value) => {
                let path = Path {
                    filter: Some(filter),
                    ..path.into()
                };
                self.push(op, path, Some(value))
            }
            None if op == Op::Replace => self.remove(resolved, Some(filter), None),
            None => Ok(()),
        }
    }

    /// The element that would be primary, where the mapping keeps no such mark: the one that the rest of the filter
    /// selects. Where there is no rest, any value added is one more, and any that replaces stands for all.
    fn on_any_primary(
        &mut self,
        op: Op,
        resolved: &Resolved<'_>,
        rest: Filter,
        value: Option<Value>,
    ) -> Result<(), Error> {
        let is_element = resolved.sub.is_none() || is_value(resolved.sub);
        if op != Op::Add || !is_element || rest != Filter::And(Vec::new()) {
            return self.on_elements(op, resolved, rest, value);
        }
        let value = required(&resolved.path(), op, value)?;
        let element = match resolved.sub {
            Some(sub) => Value::Object(Map::from_iter([(sub.name.clone(), value)])),
            None => value,
        };
        let whole = Resolved {
            sub: None,
            ..*resolved
        };
        self.on_collection(op, &whole, Some(Value::Array(vec![element])))
    }

    /// A remove takes no value (RFC 7644 §3.5.2.2); where the path already says everything, one that
    /// came along is not needed.
    fn check_remove_value(&self, path: &AttributePath, value: Option<&Value>) -> Result<(), Error> {
        match value {
            None | Some(Value::Null) => Ok(()),
            Some(_) if self.dialect.allows(Leniency::RemoveByValue) => Ok(()),
            Some(_) => {
                let of = self.definition.lookup(path);
                let remedy = match of.filter(|of| of.attribute.multi_valued && of.sub.is_none()) {
                    Some(_) => {
                        format!("say in the path what to remove, as in `{path}[value eq \"…\"]`")
                    }
                    None => "the path says what to remove: leave `value` out".to_owned(),
                };
                Err(Error::invalid_syntax(format!(
                    "the remove of {path} has a `value`; {remedy}."
                )))
            }
        }
    }

    fn remove(
        &mut self,
        resolved: &Resolved<'_>,
        filter: Option<Filter>,
        value: Option<Value>,
    ) -> Result<(), Error> {
        let mut path = resolved.path();
        let leaf = resolved.leaf();
        if leaf.required && filter.is_none() {
            return Err(Error::mutability(format!(
                "{path} is required and cannot be removed or emptied; replace it by another value."
            )));
        }
        // Without the id it points to, nothing is left of a reference.
        let is_id = is_value(resolved.sub) || is_address(resolved);
        if filter.is_none() && resolved.attribute.is_resource_reference() && is_id {
            path.sub = None;
        }
        let path = Path {
            filter,
            ..path.into()
        };
        self.push(Op::Remove, path, value)
    }

    fn push(&mut self, op: Op, path: Path, value: Option<Value>) -> Result<(), Error> {
        if self.operations.len() == MAX_STEPS {
            return Err(Error::too_many(format!(
                "the request changes more than {MAX_STEPS} attributes; send it in parts."
            )));
        }
        self.operations.push(Operation { op, path, value });
        Ok(())
    }
}

fn is_value(sub: Option<&Attribute>) -> bool {
    sub.is_some_and(|sub| sub.name == "value")
}

/// Whether it is the `$ref` of a reference.
fn is_address(resolved: &Resolved<'_>) -> bool {
    resolved.attribute.is_resource_reference() && resolved.sub.is_some_and(|sub| sub.name == "$ref")
}

fn required(path: &AttributePath, op: Op, value: Option<Value>) -> Result<Value, Error> {
    value.ok_or_else(|| {
        Error::invalid_syntax(format!(
            "the {} of {path} has no `value`; send one.",
            op.name()
        ))
    })
}

fn check_writable(resolved: &Resolved<'_>, op: Op) -> Result<(), Error> {
    let read_only = resolved.attribute.mutability == Mutability::ReadOnly
        || resolved
            .sub
            .is_some_and(|sub| sub.mutability == Mutability::ReadOnly);
    if !read_only {
        return Ok(());
    }
    let remedy = if resolved.attribute.name == "groups" {
        "change the `members` of the group instead"
    } else {
        "leave it out"
    };
    Err(Error::mutability(format!(
        "{} is read-only and cannot be the target of {}; {remedy}.",
        resolved.path(),
        op.name()
    )))
}
