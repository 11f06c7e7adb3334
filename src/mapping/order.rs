//! The order of a list, as far as a directory knows one that means the same.

use super::codec::Codec;
use super::line::Shape;
use super::resource_mapping::ResourceMapping;
use crate::ldap::OrderBy;
use crate::scim::AttributePath;

impl ResourceMapping {
    /// By what the directory itself can order the entries of this type, so that it is the ascending order of this
    /// attribute in SCIM. None where one LDAP attribute does not tell it: lists, references, flags, values that the
    /// mapping makes up.
    pub fn order_by(&self, path: &AttributePath) -> Option<OrderBy> {
        let meta = AttributePath::of("meta");
        if *path == meta.clone().sub("created") {
            return Some(OrderBy::schema(self.created.clone()));
        }
        if *path == meta.sub("lastModified") {
            return Some(OrderBy::schema(self.changed.clone()));
        }
        let mut lines = self.lines.iter().filter(|line| line.place == *path);
        let line = lines.next().filter(|line| {
            line.is_read()
                && line.shape == Shape::Single
                && line.default.is_none()
                && line.constant.is_none()
        })?;
        if lines.next().is_some() {
            return None;
        }
        match line.codec {
            Codec::String | Codec::PostalAddress => {
                Some(OrderBy::text(self.kind, line.ldap.clone()))
            }
            Codec::Integer | Codec::GeneralizedTime => Some(OrderBy::schema(line.ldap.clone())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Mapping;
    use super::*;
    use crate::ldap::{AttributeName, DirectoryKind};

    #[test]
    fn a_directory_orders_by_what_is_one_value_of_its_own() {
        for (name, text, created, rule) in [
            ("active-directory", "title", "whenCreated", None),
            ("openldap", "title", "createTimestamp", Some("2.5.13.3")),
            ("389ds", "title", "createTimestamp", None),
        ] {
            let mapping = Mapping::load(name, Mapping::builtin(name).unwrap()).unwrap();
            let users = mapping.resource("User").unwrap();
            let by = |path: &str| users.order_by(&AttributePath::parse(path).unwrap());
            let order = |attribute: &'static str, rule| {
                let attribute = AttributeName::known(attribute);
                Some(OrderBy { attribute, rule })
            };
            assert_eq!(by("title"), order(text, rule), "{name}");
            assert_eq!(by("meta.created"), order(created, None), "{name}");
            assert!(by("name.familyName").is_some() && by("userName").is_some());
            for path in [
                "emails.value",
                "active",
                "manager.value",
                "groups.value",
                "password",
                "schemas",
            ] {
                assert_eq!(by(path), None, "{name}: {path}");
            }
        }
    }

    #[test]
    fn what_the_mapping_makes_up_is_in_no_order_of_the_directory() {
        let mapping = super::super::tests::custom(
            "openldap",
            "title = { ldap = \"title\", default = \"none\" }\nuserType = \"employeeType\"",
        );
        let users = mapping.resource("User").unwrap();
        assert_eq!(users.order_by(&AttributePath::of("title")), None);
        let text = OrderBy::text(
            DirectoryKind::OpenLdap,
            AttributeName::known("employeeType"),
        );
        assert_eq!(users.order_by(&AttributePath::of("userType")), Some(text));
    }
}
