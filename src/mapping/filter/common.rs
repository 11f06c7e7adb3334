//! The attributes that every resource has: `id`, `schemas`, `meta`.

use serde_json::Value;
use uuid::Uuid;

use super::bounds::Bounds;
use super::{Pushdown, Tested};
use crate::scim::{AttributePath, Error, Literal, Operator};

impl Pushdown<'_> {
    pub(super) fn present_common(&self, path: &AttributePath) -> Option<Tested> {
        let name = common_name(path)?;
        Some(match (name, path.sub.as_deref()) {
            ("meta", Some("version")) => Err(no_version()),
            _ => Ok(Bounds::ALWAYS),
        })
    }

    pub(super) fn compare_common(
        &self,
        path: &AttributePath,
        operator: Operator,
        value: &Literal,
    ) -> Option<Tested> {
        let mapping = self.mapping;
        let name = common_name(path)?;
        Some(match (name, path.sub.as_deref()) {
            ("id", _) => Ok(match (operator, value.text()) {
                // Text that is no id of this directory is the id of nothing, and its case counts (RFC 7643 §3.1).
                (Operator::Equal, Some(text)) => match Uuid::try_parse(text) {
                    Ok(id) if id.to_string() == text => Bounds::exactly(self.kind().id_filter(id)),
                    _ => Bounds::NEVER,
                },
                _ => Bounds::ANYBODY,
            }),
            ("schemas", _) => Ok(self.schemas(path, operator, value)),
            ("meta", Some("resourceType")) => {
                let own = Value::from(mapping.definition.resource_type.name.as_str());
                Ok(self.compare_known(path, &own, operator, value))
            }
            ("meta", Some("created")) => self.moment(&mapping.created, path, operator, value),
            ("meta", Some("lastModified")) => self.moment(&mapping.changed, path, operator, value),
            ("meta", Some("version")) => Err(no_version()),
            ("meta", Some(_)) => Ok(Bounds::ANYBODY),
            _ => Err(Error::invalid_filter(format!(
                "The attribute `{path}` cannot be compared as a whole; name one of its sub-attributes that /Schemas lists."
            ))),
        })
    }

    /// The core schema is that of every resource; an extension is listed where one of its attributes has a value.
    fn schemas(&self, path: &AttributePath, operator: Operator, value: &Literal) -> Bounds {
        let definition = &self.mapping.definition;
        let is_meant = |urn: &str| self.compare_known(path, &Value::from(urn), operator, value);
        let extensions = definition.extensions.iter().map(|extension| {
            let lines = self.mapping.lines.iter().filter(|line| {
                line.is_read() && line.place.schema.as_deref() == Some(extension.id.as_str())
            });
            let exists = Bounds::any(lines.map(|line| self.line_present(line)));
            Bounds::all([is_meant(&extension.id), exists])
        });
        Bounds::any(std::iter::once(is_meant(&definition.core.id)).chain(extensions))
    }
}

/// A version is made of all that is read of an entry, when it is shown.
fn no_version() -> Error {
    Error::invalid_filter(
        "The attribute `meta.version` cannot be part of a filter: it is made for each answer; send it as `If-Match`, or compare `meta.lastModified`.",
    )
}

fn common_name(path: &AttributePath) -> Option<&'static str> {
    let common = ["id", "schemas", "meta"];
    let named = |name: &&str| path.schema.is_none() && path.attribute == *name;
    common.into_iter().find(named)
}
