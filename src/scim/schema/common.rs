//! The attributes every resource has, RFC 7643 §3 and §3.1. They belong to no schema document.

use super::attribute::{Attribute, Kind, Mutability, Returned, Uniqueness};

/// `schemas`, `id`, `externalId` and `meta`.
pub fn common() -> Vec<Attribute> {
    let time = |name: &str, description: &str| {
        Attribute::new(Kind::DateTime, name, description).mutability(Mutability::ReadOnly)
    };
    vec![
        Attribute::reference(
            "schemas",
            "URNs of the schemas this resource follows.",
            &["uri"],
        )
        .multi_valued()
        .required()
        .returned(Returned::Always),
        Attribute::string("id", "The service provider's own, lasting identifier.")
            .case_exact()
            .mutability(Mutability::ReadOnly)
            .returned(Returned::Always)
            .unique(Uniqueness::Server),
        Attribute::string("externalId", "The identifier the provisioning client uses.")
            .case_exact(),
        Attribute::complex(
            "meta",
            "Facts about the resource itself.",
            vec![
                Attribute::string("resourceType", "The name of the resource type.")
                    .case_exact()
                    .mutability(Mutability::ReadOnly),
                time("created", "When the resource came into being."),
                time("lastModified", "When the resource last changed."),
                Attribute::reference("location", "Where the resource can be read.", &["uri"])
                    .mutability(Mutability::ReadOnly),
                Attribute::string("version", "The version of this representation.")
                    .case_exact()
                    .mutability(Mutability::ReadOnly),
            ],
        )
        .mutability(Mutability::ReadOnly),
    ]
}
