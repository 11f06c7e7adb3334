//! The core Group schema, RFC 7643 §4.2 and §8.7.1.

use super::attribute::{Attribute, Mutability, Returned};
use super::{GROUP_URN, Schema};

/// The core Group schema.
pub fn core_group() -> Schema {
    Schema {
        id: GROUP_URN.to_owned(),
        name: "Group".to_owned(),
        description: "A group of users and other groups.".to_owned(),
        attributes: vec![
            // RFC 7643 §4.2 says REQUIRED, the document in §8.7.1 says false; a directory sides with §4.2.
            Attribute::string("displayName", "The group's name as people see it.").required(),
            Attribute::complex(
                "members",
                "Who belongs to the group.",
                vec![
                    Attribute::string("value", "The member's id.")
                        .mutability(Mutability::Immutable),
                    Attribute::reference(
                        "$ref",
                        "Where the member can be read.",
                        &["User", "Group"],
                    )
                    .mutability(Mutability::Immutable),
                    Attribute::string("type", "Whether the member is a user or a group.")
                        .suggests(&["User", "Group"])
                        .mutability(Mutability::Immutable),
                    // On request: names of all members would be most of a large group's answer.
                    Attribute::string("display", "The member's name as people see it.")
                        .mutability(Mutability::ReadOnly)
                        .returned(Returned::Request),
                ],
            )
            .multi_valued(),
        ],
    }
}
