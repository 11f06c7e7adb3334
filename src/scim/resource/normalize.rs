//! The body of a POST or PUT, brought into agreement with its definition.

use serde_json::{Map, Value};

use super::value::{mismatch, twice};
use super::{Ignored, Normalizer, Resource};
use crate::scim::dialect::{Dialect, Leniency};
use crate::scim::error::{Error, quoted};
use crate::scim::path::AttributePath;
use crate::scim::schema::{Definition, Mutability, Resolved};

impl Resource {
    /// Reads a resource: names become canonical, nulls go, values get the types of the schema.
    ///
    /// Read-only attributes are left out, as RFC 7644 §3.3 and §3.5.1 ask; the `id` is kept in
    /// [`Ignored`]. A multi-valued attribute sent as `[]` stays as an empty array, so that a PUT which
    /// empties `members` differs from one that does not mention them; null is the same as absence.
    /// Required attributes are not checked here: see `check_required`.
    ///
    /// Fails with `invalidSyntax` for a wrong structure, a name sent twice in different case and, in a
    /// strict dialect, unknown attributes; with `invalidValue` for a value of the wrong type.
    pub fn normalize(
        value: Value,
        definition: &Definition,
        dialect: &Dialect,
    ) -> Result<(Resource, Ignored), Error> {
        let Value::Object(body) = value else {
            return Err(Error::invalid_syntax(
                "The body must be a JSON object with the resource's attributes.",
            ));
        };
        let mut reader = Reader {
            definition,
            normalizer: Normalizer::new(dialect),
            resource: Resource::new(),
        };
        let mut declared = None;
        for (name, value) in body {
            if name.eq_ignore_ascii_case("schemas") {
                if declared.replace(value).is_some() {
                    return Err(twice("schemas"));
                }
                continue;
            }
            reader.member(&name, value)?;
        }
        reader.check_schemas(declared.unwrap_or(Value::Null))?;
        let resource = reader.resource.in_canonical_order(definition);
        Ok((resource, reader.normalizer.ignored))
    }
}

struct Reader<'a> {
    definition: &'a Definition,
    normalizer: Normalizer<'a>,
    resource: Resource,
}

impl Reader<'_> {
    /// One key of the body.
    fn member(&mut self, name: &str, value: Value) -> Result<(), Error> {
        if let Some(extension) = self.definition.extension(name) {
            let urn = extension.id.as_str();
            let object = match value {
                Value::Object(object) => object,
                Value::Null => return Ok(()),
                other => {
                    let path = AttributePath::of("").in_schema(urn);
                    return Err(mismatch(
                        &path,
                        "an object with the extension's attributes",
                        &other,
                    ));
                }
            };
            return self.extension(urn, object);
        }
        let path = AttributePath::of(name);
        match self.definition.lookup_in(&path, self.normalizer.dialect) {
            Some(resolved) => self.attribute(resolved, value),
            None => self.normalizer.unknown(name, Error::invalid_syntax),
        }
    }

    fn extension(&mut self, urn: &str, object: Map<String, Value>) -> Result<(), Error> {
        for (name, value) in object {
            let path = AttributePath::of(name).in_schema(urn);
            match self.definition.lookup(&path) {
                Some(resolved) => self.attribute(resolved, value)?,
                None => self
                    .normalizer
                    .unknown(&path.to_string(), Error::invalid_syntax)?,
            }
        }
        Ok(())
    }

    fn attribute(&mut self, resolved: Resolved<'_>, value: Value) -> Result<(), Error> {
        let path = resolved.path();
        if resolved.attribute.mutability == Mutability::ReadOnly {
            if path == AttributePath::of("id") {
                if let Value::String(id) = value {
                    self.normalizer.ignored.id = Some(id);
                }
            } else if path != AttributePath::of("meta") && !value.is_null() {
                self.normalizer.ignored.note(&path.to_string());
            }
            return Ok(());
        }
        if let Some(value) = self
            .normalizer
            .attribute(&path, resolved.attribute, value)?
        {
            if self.resource.get(&path).is_some() {
                return Err(twice(&path.to_string()));
            }
            self.resource.set(&path, value);
        }
        Ok(())
    }

    fn check_schemas(&mut self, declared: Value) -> Result<(), Error> {
        let structure = || {
            Error::invalid_syntax(
                "schemas must be an array of schema URNs; send one, such as the core schema's.",
            )
        };
        let dialect = self.normalizer.dialect;
        let declared: Vec<String> = match declared {
            Value::Null => Vec::new(),
            Value::String(urn) if dialect.allows(Leniency::SingleForArray) => vec![urn],
            Value::Array(urns) => urns
                .into_iter()
                .map(|urn| match urn {
                    Value::String(urn) => Ok(urn),
                    _ => Err(structure()),
                })
                .collect::<Result<_, _>>()?,
            _ => return Err(structure()),
        };
        for urn in &declared {
            if self.definition.schema(urn).is_some() {
                continue;
            }
            if !dialect.allows(Leniency::UnknownSchema) {
                return Err(Error::invalid_syntax(format!(
                    "schemas lists {}, which this endpoint does not know; see /ResourceTypes for its schemas.",
                    quoted(urn)
                )));
            }
            self.normalizer.ignored.note(urn);
        }
        if dialect.allows(Leniency::UndeclaredSchema) {
            return Ok(());
        }
        let used = self
            .definition
            .extensions
            .iter()
            .map(|extension| extension.id.as_str())
            .filter(|urn| self.resource.as_map().contains_key(*urn));
        for urn in std::iter::once(self.definition.core.id.as_str()).chain(used) {
            if !declared.iter().any(|known| known.eq_ignore_ascii_case(urn)) {
                return Err(Error::invalid_syntax(format!(
                    "schemas does not list {urn}, whose attributes the body uses; add it."
                )));
            }
        }
        Ok(())
    }
}
