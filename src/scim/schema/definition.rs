//! What one endpoint knows: its resource type, core schema and extensions.

use super::attribute::{Attribute, find};
use super::{Schema, common};
use crate::scim::dialect::{Dialect, Leniency};
use crate::scim::path::AttributePath;

/// A resource type, RFC 7643 §6.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceType {
    /// Such as `User`; also its id.
    pub name: String,
    /// Such as `/Users`.
    pub endpoint: String,
    /// What it is.
    pub description: String,
    /// The core schema's URN.
    pub schema: String,
    /// URNs of extensions, and whether each is required.
    pub extensions: Vec<(String, bool)>,
}

/// Everything one endpoint knows about its resources.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// The resource type.
    pub resource_type: ResourceType,
    /// The core schema.
    pub core: Schema,
    /// The extensions, in the order in which they are shown.
    pub extensions: Vec<Schema>,
    /// `schemas`, `id`, `externalId`, `meta`. Take `externalId` out where nothing stores it.
    pub common: Vec<Attribute>,
}

/// What a path names.
#[derive(Debug, Clone, Copy)]
pub struct Resolved<'a> {
    /// The schema it was found in; the core schema for common attributes.
    pub schema: &'a Schema,
    /// Whether that schema is an extension, whose attributes live in an object of their own.
    pub extension: bool,
    /// The attribute.
    pub attribute: &'a Attribute,
    /// The sub-attribute, if the path names one.
    pub sub: Option<&'a Attribute>,
}

impl<'a> Resolved<'a> {
    /// The sub-attribute if there is one, else the attribute.
    pub fn leaf(&self) -> &'a Attribute {
        self.sub.unwrap_or(self.attribute)
    }

    /// The canonical path: exact case, the URN only for extensions.
    pub fn path(&self) -> AttributePath {
        AttributePath {
            schema: self.extension.then(|| self.schema.id.clone()),
            attribute: self.attribute.name.clone(),
            sub: self.sub.map(|sub| sub.name.clone()),
        }
    }
}

impl Definition {
    /// A definition with all common attributes.
    pub fn new(resource_type: ResourceType, core: Schema, extensions: Vec<Schema>) -> Self {
        Definition {
            resource_type,
            core,
            extensions,
            common: common(),
        }
    }

    /// What the path names; names and URNs in any case. A path without URN names core and common
    /// attributes only.
    pub fn lookup(&self, path: &AttributePath) -> Option<Resolved<'_>> {
        let (schema, extension) = match &path.schema {
            None => (&self.core, false),
            Some(urn) => self.schema(urn)?,
        };
        self.resolve_in(schema, extension, path)
    }

    /// The attribute of a canonical path, without its sub-attribute.
    pub fn attribute_mut(&mut self, path: &AttributePath) -> Option<&mut Attribute> {
        let schema = match &path.schema {
            None => Some(&mut self.core),
            Some(urn) => self.extensions.iter_mut().find(|one| one.id == *urn),
        };
        let mut attributes = schema?.attributes.iter_mut();
        attributes.find(|attribute| attribute.name == path.attribute)
    }

    /// As `lookup`; a dialect may also find an extension's attribute named without its URN.
    pub fn lookup_in(&self, path: &AttributePath, dialect: &Dialect) -> Option<Resolved<'_>> {
        self.lookup(path).or_else(|| {
            if path.schema.is_some() || !dialect.allows(Leniency::UnqualifiedExtension) {
                return None;
            }
            self.extensions
                .iter()
                .find_map(|extension| self.resolve_in(extension, true, path))
        })
    }

    /// As `lookup_in`, for a path in a filter: a dialect may also know `emails` by the name `email`.
    pub fn lookup_in_filter(
        &self,
        path: &AttributePath,
        dialect: &Dialect,
    ) -> Option<Resolved<'_>> {
        self.lookup_in(path, dialect).or_else(|| {
            if *path != AttributePath::of("email") || !dialect.allows(Leniency::EmailInFilter) {
                return None;
            }
            self.lookup(&AttributePath::of("emails"))
        })
    }

    /// The canonical form of a path, if it names something here.
    pub fn canonical(&self, path: &AttributePath) -> Option<AttributePath> {
        self.lookup(path).map(|resolved| resolved.path())
    }

    /// The schema of that URN, and whether it is an extension.
    pub fn schema(&self, urn: &str) -> Option<(&Schema, bool)> {
        if self.core.id.eq_ignore_ascii_case(urn) {
            return Some((&self.core, false));
        }
        self.extension(urn).map(|extension| (extension, true))
    }

    /// The extension of that URN, in any case.
    pub fn extension(&self, urn: &str) -> Option<&Schema> {
        self.extensions
            .iter()
            .find(|extension| extension.id.eq_ignore_ascii_case(urn))
    }

    /// The schema that the path names as a whole, when it is a bare URN, and whether it is an extension.
    pub fn whole_schema(&self, path: &AttributePath) -> Option<(&Schema, bool)> {
        let urn = path.schema.as_deref()?;
        if path.attribute.is_empty() {
            return self.schema(urn);
        }
        if path.sub.is_some() {
            return None;
        }
        std::iter::once((&self.core, false))
            .chain(self.extensions.iter().map(|extension| (extension, true)))
            .find(|(schema, _)| {
                schema.id.rsplit_once(':').is_some_and(|(start, end)| {
                    start.eq_ignore_ascii_case(urn) && end.eq_ignore_ascii_case(&path.attribute)
                })
            })
    }

    fn resolve_in<'a>(
        &'a self,
        schema: &'a Schema,
        extension: bool,
        path: &AttributePath,
    ) -> Option<Resolved<'a>> {
        let attribute = schema.attribute(&path.attribute).or_else(|| {
            if extension {
                None
            } else {
                find(&self.common, &path.attribute)
            }
        })?;
        let sub = match &path.sub {
            None => None,
            Some(name) => Some(attribute.sub_attribute(name)?),
        };
        Some(Resolved {
            schema,
            extension,
            attribute,
            sub,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::fixtures::users;
    use crate::scim::schema::{ENTERPRISE_URN, USER_URN};

    fn canonical(text: &str) -> Option<String> {
        let path = AttributePath::parse(text).unwrap();
        users().canonical(&path).map(|path| path.to_string())
    }

    #[test]
    fn names_and_urns_are_found_in_any_case() {
        assert_eq!(canonical("USERNAME").as_deref(), Some("userName"));
        assert_eq!(
            canonical("Name.GIVENNAME").as_deref(),
            Some("name.givenName")
        );
        assert_eq!(
            canonical("META.lastmodified").as_deref(),
            Some("meta.lastModified")
        );
        assert_eq!(
            canonical(&format!("{}:username", USER_URN.to_uppercase())).as_deref(),
            Some("userName")
        );
        assert_eq!(
            canonical(&format!("{}:MANAGER.$REF", ENTERPRISE_URN.to_lowercase())),
            Some(format!("{ENTERPRISE_URN}:manager.$ref"))
        );
        for unknown in ["manager", "name.shoe", "userName.value", "urn:x:userName"] {
            assert_eq!(canonical(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_bare_urn_is_a_whole_schema() {
        let users = users();
        let whole = |text: &str| {
            let path = AttributePath::parse(text).unwrap();
            users
                .whole_schema(&path)
                .map(|(schema, extension)| (schema.name.as_str(), extension))
        };
        assert_eq!(
            whole(&ENTERPRISE_URN.to_uppercase()),
            Some(("EnterpriseUser", true))
        );
        assert_eq!(whole(USER_URN), Some(("User", false)));
        assert_eq!(whole(&format!("{USER_URN}:userName")), None);
        assert_eq!(whole("userName"), None);
        assert_eq!(whole("urn:scim:schemas:core:1.0"), None);
    }

    #[test]
    fn only_a_lenient_dialect_guesses_the_extension() {
        let (users, manager) = (users(), AttributePath::of("Manager").sub("value"));
        let found = users.lookup_in(&manager, &Dialect::lenient()).unwrap();
        assert_eq!(
            found.path().to_string(),
            format!("{ENTERPRISE_URN}:manager.value")
        );
        assert!(users.lookup_in(&manager, &Dialect::strict()).is_none());
    }
}
