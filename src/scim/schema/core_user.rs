//! The core User schema, RFC 7643 §4.1 and §8.7.1.

use super::attribute::{Attribute, Kind, Mutability, Returned, Uniqueness};
use super::{Schema, USER_URN};

/// The core User schema.
pub fn core_user() -> Schema {
    Schema {
        id: USER_URN.to_owned(),
        name: "User".to_owned(),
        description: "A person's account.".to_owned(),
        attributes: vec![
            Attribute::string(
                "userName",
                "The name the person signs in with; compared without case.",
            )
            .required()
            .unique(Uniqueness::Server),
            name(),
            Attribute::string("displayName", "The name to show to other people."),
            Attribute::string("nickName", "What friends call the person."),
            Attribute::reference("profileUrl", "The person's page on the web.", &["external"]),
            Attribute::string("title", "The person's job title, such as Vice President."),
            Attribute::string(
                "userType",
                "The relation to the organisation, such as Employee or Contractor.",
            ),
            Attribute::string(
                "preferredLanguage",
                "The language to write to the person in, as in an Accept-Language header.",
            ),
            Attribute::string(
                "locale",
                "The region whose formats the person reads, such as en-US.",
            ),
            Attribute::string("timezone", "The person's time zone, such as Europe/Berlin."),
            Attribute::boolean("active", "Whether the person may sign in."),
            Attribute::string(
                "password",
                "A new password in clear text; never given back.",
            )
            .mutability(Mutability::WriteOnly)
            .returned(Returned::Never),
            plural(
                "emails",
                "The person's mail addresses.",
                "A mail address.",
                &["work", "home", "other"],
            ),
            plural(
                "phoneNumbers",
                "The person's telephone numbers.",
                "A telephone number, best written as in RFC 3966.",
                &["work", "home", "mobile", "fax", "pager", "other"],
            ),
            plural(
                "ims",
                "The person's instant messaging addresses.",
                "An instant messaging address.",
                &["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"],
            ),
            photos(),
            addresses(),
            groups(),
            plural(
                "entitlements",
                "What the person has been granted.",
                "An entitlement.",
                &[],
            ),
            plural("roles", "The person's roles.", "A role.", &[]),
            certificates(),
        ],
    }
}

fn name() -> Attribute {
    Attribute::complex(
        "name",
        "The parts of the person's name.",
        vec![
            Attribute::string(
                "formatted",
                "The whole name, with titles and suffixes, ready to show.",
            ),
            Attribute::string(
                "familyName",
                "The family name, or last name in most Western languages.",
            ),
            Attribute::string(
                "givenName",
                "The given name, or first name in most Western languages.",
            ),
            Attribute::string("middleName", "Names between the two."),
            Attribute::string(
                "honorificPrefix",
                "What stands before the name, such as Dr.",
            ),
            Attribute::string(
                "honorificSuffix",
                "What stands after the name, such as III.",
            ),
        ],
    )
}

fn plural(name: &str, description: &str, value: &str, types: &[&str]) -> Attribute {
    with_value(name, description, Attribute::string("value", value), types)
}

fn with_value(name: &str, description: &str, value: Attribute, types: &[&str]) -> Attribute {
    Attribute::complex(
        name,
        description,
        vec![
            value,
            Attribute::string("display", "How the value is shown to people."),
            Attribute::string("type", "What the value is used for.").suggests(types),
            primary(),
        ],
    )
    .multi_valued()
}

fn primary() -> Attribute {
    Attribute::boolean(
        "primary",
        "Whether this is the preferred value; at most one is.",
    )
}

fn photos() -> Attribute {
    let value = Attribute::reference("value", "Where the picture can be fetched.", &["external"]);
    with_value(
        "photos",
        "Pictures of the person.",
        value,
        &["photo", "thumbnail"],
    )
}

fn certificates() -> Attribute {
    let value = Attribute::new(Kind::Binary, "value", "A certificate, DER in base64.");
    with_value(
        "x509Certificates",
        "The person's X.509 certificates.",
        value,
        &[],
    )
}

fn addresses() -> Attribute {
    Attribute::complex(
        "addresses",
        "Where the person can be found or written to.",
        vec![
            Attribute::string(
                "formatted",
                "The whole address, with line breaks, ready to print.",
            ),
            Attribute::string(
                "streetAddress",
                "Street, house number, and what the post office needs besides.",
            ),
            Attribute::string("locality", "The city or town."),
            Attribute::string("region", "The state or region."),
            Attribute::string("postalCode", "The postal code."),
            Attribute::string("country", "The country, two letters as in ISO 3166-1."),
            Attribute::string("type", "What the address is used for.")
                .suggests(&["work", "home", "other"]),
            primary(),
        ],
    )
    .multi_valued()
}

fn groups() -> Attribute {
    let read_only = |attribute: Attribute| attribute.mutability(Mutability::ReadOnly);
    read_only(Attribute::complex(
        "groups",
        "The groups the person belongs to; changed through the groups' members.",
        vec![
            read_only(Attribute::string("value", "The group's id.")),
            read_only(Attribute::reference(
                "$ref",
                "Where the group can be read.",
                &["User", "Group"],
            )),
            read_only(Attribute::string(
                "display",
                "The group's name as people see it.",
            )),
            read_only(
                Attribute::string(
                    "type",
                    "Whether the membership is direct or through another group.",
                )
                .suggests(&["direct", "indirect"]),
            ),
        ],
    ))
    .multi_valued()
}
