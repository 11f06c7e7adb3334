//! The enterprise extension of User, RFC 7643 §4.3 and §8.7.1.

use super::attribute::{Attribute, Mutability, Returned};
use super::{ENTERPRISE_URN, Schema};

/// The enterprise extension of User.
pub fn enterprise_user() -> Schema {
    Schema {
        id: ENTERPRISE_URN.to_owned(),
        name: "EnterpriseUser".to_owned(),
        description: "A user's place in an organisation.".to_owned(),
        attributes: vec![
            Attribute::string(
                "employeeNumber",
                "The number the organisation knows the person by.",
            ),
            Attribute::string("costCenter", "The cost centre the person is booked on."),
            Attribute::string("organization", "The organisation the person works for."),
            Attribute::string("division", "The division the person works in."),
            Attribute::string("department", "The department the person works in."),
            Attribute::complex(
                "manager",
                "The person's manager, who is a user here as well.",
                vec![
                    Attribute::string("value", "The manager's id."),
                    Attribute::reference("$ref", "Where the manager can be read.", &["User"]),
                    Attribute::string("displayName", "The manager's name as people see it.")
                        .mutability(Mutability::ReadOnly)
                        .returned(Returned::Request),
                ],
            ),
        ],
    }
}
