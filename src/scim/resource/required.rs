//! What a resource must have before it can be stored.

use serde_json::Value;

use super::Resource;
use crate::scim::dialect::{Dialect, Leniency};
use crate::scim::error::Error;
use crate::scim::path::AttributePath;
use crate::scim::schema::{Attribute, Definition, Mutability};

impl Resource {
    /// Calls a new resource that must have a `userName`, and has none, by its mail address: the primary one, or else the first.
    pub fn name_by_mail(&mut self, definition: &Definition, dialect: &Dialect) {
        let name = AttributePath::of("userName");
        let found = definition.lookup(&name);
        let is_missing =
            found.is_some_and(|found| found.leaf().required) && self.elements(&name).is_empty();
        if !is_missing || !dialect.allows(Leniency::UserNameFromEmail) {
            return;
        }
        let mails = self.elements(&AttributePath::of("emails"));
        let primary = mails
            .iter()
            .find(|mail| mail["primary"] == Value::Bool(true));
        let mail = primary.or_else(|| mails.first()).map(|mail| &mail["value"]);
        if let Some(Value::String(mail)) = mail.filter(|mail| mail.as_str() != Some("")) {
            self.set(&name, mail.clone().into());
        }
    }

    /// Checks that every required attribute has a value, for POST and PUT. Required sub-attributes are
    /// checked where their attribute is present; read-only ones are the service provider's business.
    ///
    /// Fails with `invalidValue` naming the first that is missing.
    pub fn check_required(&self, definition: &Definition) -> Result<(), Error> {
        for attribute in &definition.core.attributes {
            self.check_attribute(&AttributePath::of(attribute.name.as_str()), attribute)?;
        }
        for (urn, required) in &definition.resource_type.extensions {
            let Some(extension) = definition.extension(urn) else {
                continue;
            };
            if !required && !self.as_map().contains_key(&extension.id) {
                continue;
            }
            for attribute in &extension.attributes {
                let path =
                    AttributePath::of(attribute.name.as_str()).in_schema(extension.id.as_str());
                self.check_attribute(&path, attribute)?;
            }
        }
        Ok(())
    }

    fn check_attribute(&self, path: &AttributePath, attribute: &Attribute) -> Result<(), Error> {
        if attribute.mutability == Mutability::ReadOnly {
            return Ok(());
        }
        let elements = self.elements(path);
        if elements.is_empty() && attribute.required {
            return Err(missing(path));
        }
        for sub in attribute.sub_attributes.iter().filter(|sub| sub.required) {
            if sub.mutability != Mutability::ReadOnly
                && elements
                    .iter()
                    .any(|element| element.get(&sub.name).is_none())
            {
                return Err(missing(&path.clone().sub(sub.name.as_str())));
            }
        }
        Ok(())
    }
}

fn missing(path: &AttributePath) -> Error {
    Error::invalid_value(format!(
        "{path} is required and missing; send a value for it."
    ))
}
