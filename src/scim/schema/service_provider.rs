//! The schemas of the discovery documents themselves, RFC 7643 §8.7.2. All they describe is read-only.

use super::Schema;
use super::attribute::{Attribute, Kind, Mutability};

/// What `/ServiceProviderConfig` says, RFC 7643 §5 and RFC 9865 §4.
pub fn service_provider_config() -> Schema {
    let supported = || Attribute::boolean("supported", "Whether it is.").required();
    let feature = |name: &str, description: &str, mut more: Vec<Attribute>| {
        more.insert(0, supported());
        Attribute::complex(name, description, more).required()
    };
    let number =
        |name: &str, description: &str| Attribute::new(Kind::Integer, name, description).required();
    schema_of(
        "ServiceProviderConfig",
        "What this service provider can do.",
        vec![
            uri("documentationUri", "Where people can read more."),
            feature("patch", "Whether PATCH is supported.", vec![]),
            feature(
                "bulk",
                "Whether bulk requests are supported, and how large.",
                vec![
                    number("maxOperations", "Operations in one request."),
                    number("maxPayloadSize", "Bytes of one request."),
                ],
            ),
            feature(
                "filter",
                "Whether filters are supported.",
                vec![number("maxResults", "Resources in one answer.")],
            ),
            feature(
                "changePassword",
                "Whether passwords can be changed.",
                vec![],
            ),
            feature("sort", "Whether lists can be sorted.", vec![]),
            feature("etag", "Whether resources have versions.", vec![]),
            pagination(),
            Attribute::complex(
                "authenticationSchemes",
                "How clients may authenticate.",
                vec![
                    Attribute::string("type", "The kind of scheme.")
                        .required()
                        .suggests(&[
                            "oauth",
                            "oauth2",
                            "oauthbearertoken",
                            "httpbasic",
                            "httpdigest",
                        ]),
                    Attribute::string("name", "The name people know.").required(),
                    Attribute::string("description", "What it is.").required(),
                    uri("specUri", "Its specification."),
                    uri("documentationUri", "How it is used here."),
                    Attribute::boolean("primary", "Whether it is the preferred one."),
                ],
            )
            .multi_valued()
            .required(),
        ],
    )
}

fn pagination() -> Attribute {
    let can = |name: &str, description: &str| Attribute::boolean(name, description).required();
    let number = |name: &str, description: &str| Attribute::new(Kind::Integer, name, description);
    Attribute::complex(
        "pagination",
        "How lists can be paged.",
        vec![
            can("cursor", "Whether by `cursor`."),
            can("index", "Whether by `startIndex`."),
            Attribute::string("defaultPaginationMethod", "Which way unasked.")
                .suggests(&["cursor", "index"]),
            number("defaultPageSize", "Resources on a page unasked."),
            number("maxPageSize", "Resources on a page at most."),
            number(
                "cursorTimeout",
                "Seconds for which a cursor is good at least.",
            ),
        ],
    )
}

/// What `/ResourceTypes` says, RFC 7643 §6.
pub fn resource_type() -> Schema {
    schema_of(
        "ResourceType",
        "An endpoint and the schemas of its resources.",
        vec![
            Attribute::string("id", "The name once more."),
            Attribute::string("name", "The name of the resource type.").required(),
            Attribute::string("description", "What its resources are."),
            uri("endpoint", "Where its resources are, below the base URL.").required(),
            uri("schema", "The URN of its core schema.").required(),
            Attribute::complex(
                "schemaExtensions",
                "What its resources may have besides.",
                vec![
                    uri("schema", "The URN of the extension.").required(),
                    Attribute::boolean("required", "Whether each resource must have it.")
                        .required(),
                ],
            )
            .multi_valued(),
        ],
    )
}

/// What `/Schemas` says, RFC 7643 §7.
pub fn schema() -> Schema {
    let mut attributes = Attribute::complex(
        "attributes",
        "The attributes of the schema.",
        characteristics(),
    )
    .multi_valued()
    .required();
    attributes.sub_attributes.insert(
        2,
        Attribute::complex(
            "subAttributes",
            "The attributes of a complex attribute.",
            characteristics(),
        )
        .multi_valued(),
    );
    schema_of(
        "Schema",
        "The attributes of resources.",
        vec![
            Attribute::string("id", "The schema's URN.").required(),
            Attribute::string("name", "The name people know."),
            Attribute::string("description", "What it describes."),
            attributes,
        ],
    )
}

/// RFC 7643 §7. Only a complex attribute has no `caseExact`.
fn characteristics() -> Vec<Attribute> {
    let word = |name: &str, description: &str, words: &[&str]| {
        Attribute::string(name, description).suggests(words)
    };
    vec![
        Attribute::string("name", "The attribute's name.").required(),
        word(
            "type",
            "The data type.",
            &[
                "string",
                "complex",
                "boolean",
                "decimal",
                "integer",
                "dateTime",
                "reference",
                "binary",
            ],
        )
        .required(),
        Attribute::boolean("multiValued", "Whether the value is an array.").required(),
        Attribute::string("description", "What it means."),
        Attribute::boolean("required", "Whether a resource must have it."),
        Attribute::string("canonicalValues", "Suggested values.").multi_valued(),
        Attribute::boolean("caseExact", "Whether comparisons heed case."),
        word(
            "mutability",
            "Who may write it.",
            &["readOnly", "readWrite", "immutable", "writeOnly"],
        ),
        word(
            "returned",
            "When it is part of an answer.",
            &["always", "never", "default", "request"],
        ),
        word(
            "uniqueness",
            "How far a value must be unique.",
            &["none", "server", "global"],
        ),
        Attribute::string("referenceTypes", "What a reference may point to.").multi_valued(),
    ]
}

fn schema_of(name: &str, description: &str, mut attributes: Vec<Attribute>) -> Schema {
    attributes.iter_mut().for_each(read_only);
    Schema {
        id: format!("urn:ietf:params:scim:schemas:core:2.0:{name}"),
        name: name.to_owned(),
        description: description.to_owned(),
        attributes,
    }
}

fn uri(name: &str, description: &str) -> Attribute {
    Attribute::reference(name, description, &["uri"])
}

fn read_only(attribute: &mut Attribute) {
    attribute.mutability = Mutability::ReadOnly;
    attribute.sub_attributes.iter_mut().for_each(read_only);
}
