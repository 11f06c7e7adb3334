//! One attribute and its characteristics, RFC 7643 §2.2 and §7.

use super::holder::Holder;

/// The data type, RFC 7643 §2.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Unicode text.
    String,
    /// `true` or `false`.
    Boolean,
    /// A number with a fraction.
    Decimal,
    /// A whole number.
    Integer,
    /// A point in time, xsd:dateTime.
    DateTime,
    /// Base64 text.
    Binary,
    /// A URI.
    Reference,
    /// Sub-attributes.
    Complex,
}

impl Kind {
    /// The name in a schema document.
    pub fn name(self) -> &'static str {
        match self {
            Kind::String => "string",
            Kind::Boolean => "boolean",
            Kind::Decimal => "decimal",
            Kind::Integer => "integer",
            Kind::DateTime => "dateTime",
            Kind::Binary => "binary",
            Kind::Reference => "reference",
            Kind::Complex => "complex",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [
            Kind::String,
            Kind::Boolean,
            Kind::Decimal,
            Kind::Integer,
            Kind::DateTime,
            Kind::Binary,
            Kind::Reference,
            Kind::Complex,
        ]
        .into_iter()
        .find(|kind| kind.name() == name)
    }
}

/// Who may write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutability {
    /// Only the service provider.
    ReadOnly,
    /// Anybody.
    ReadWrite,
    /// Anybody, once.
    Immutable,
    /// Anybody, but nobody reads it.
    WriteOnly,
}

impl Mutability {
    /// The name in a schema document.
    pub fn name(self) -> &'static str {
        match self {
            Mutability::ReadOnly => "readOnly",
            Mutability::ReadWrite => "readWrite",
            Mutability::Immutable => "immutable",
            Mutability::WriteOnly => "writeOnly",
        }
    }
}

/// When it is part of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    /// Whatever was asked for.
    Always,
    /// Not even when asked for.
    Never,
    /// Unless something else was asked for.
    Default,
    /// Only when asked for.
    Request,
}

impl Returned {
    /// The name in a schema document.
    pub fn name(self) -> &'static str {
        match self {
            Returned::Always => "always",
            Returned::Never => "never",
            Returned::Default => "default",
            Returned::Request => "request",
        }
    }
}

/// How far a value must be unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uniqueness {
    /// Not at all.
    None,
    /// Among the resources of this endpoint.
    Server,
    /// Everywhere.
    Global,
}

impl Uniqueness {
    /// The name in a schema document.
    pub fn name(self) -> &'static str {
        match self {
            Uniqueness::None => "none",
            Uniqueness::Server => "server",
            Uniqueness::Global => "global",
        }
    }
}

/// An attribute or sub-attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// In its canonical case.
    pub name: String,
    /// The data type.
    pub kind: Kind,
    /// Whether the value is an array.
    pub multi_valued: bool,
    /// What it means.
    pub description: String,
    /// Whether a client must send it.
    pub required: bool,
    /// Whether every resource has it although no client must send it: the service gives it a value where none is sent.
    pub defaulted: bool,
    /// Suggested values, such as `work` and `home`; others are accepted.
    pub canonical_values: Vec<String>,
    /// Whether comparisons heed case.
    pub case_exact: bool,
    /// Who may write it.
    pub mutability: Mutability,
    /// When it is part of an answer.
    pub returned: Returned,
    /// How far a value must be unique.
    pub uniqueness: Uniqueness,
    /// What a reference may point to: resource type names, `external` or `uri`.
    pub reference_types: Vec<String>,
    /// Of a complex attribute.
    pub sub_attributes: Vec<Attribute>,
    /// What keeps the elements of a multi-valued attribute; none: any number of any kind is kept.
    pub holders: Vec<Holder>,
}

impl Attribute {
    /// A single, optional, readable and writable attribute of that kind.
    pub fn new(kind: Kind, name: impl Into<String>, description: impl Into<String>) -> Self {
        Attribute {
            name: name.into(),
            kind,
            multi_valued: false,
            description: description.into(),
            required: false,
            defaulted: false,
            canonical_values: Vec::new(),
            // RFC 7643 §2.3.6, §2.3.7: base64 and URIs are always compared exactly.
            case_exact: matches!(kind, Kind::Binary | Kind::Reference),
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            uniqueness: Uniqueness::None,
            reference_types: Vec::new(),
            sub_attributes: Vec::new(),
            holders: Vec::new(),
        }
    }

    /// Text.
    pub fn string(name: impl Into<String>, description: impl Into<String>) -> Self {
        Attribute::new(Kind::String, name, description)
    }

    /// A boolean.
    pub fn boolean(name: impl Into<String>, description: impl Into<String>) -> Self {
        Attribute::new(Kind::Boolean, name, description)
    }

    /// A URI pointing to one of those types.
    pub fn reference(
        name: impl Into<String>,
        description: impl Into<String>,
        types: &[&str],
    ) -> Self {
        let mut attribute = Attribute::new(Kind::Reference, name, description);
        attribute.reference_types = types.iter().map(|&one| one.to_owned()).collect();
        attribute
    }

    /// A complex attribute.
    pub fn complex(
        name: impl Into<String>,
        description: impl Into<String>,
        sub_attributes: Vec<Attribute>,
    ) -> Self {
        let mut attribute = Attribute::new(Kind::Complex, name, description);
        attribute.sub_attributes = sub_attributes;
        attribute
    }

    /// The same, as an array.
    #[must_use]
    pub fn multi_valued(mut self) -> Self {
        self.multi_valued = true;
        self
    }

    /// The same, required.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The same, compared with case.
    #[must_use]
    pub fn case_exact(mut self) -> Self {
        self.case_exact = true;
        self
    }

    /// The same with another mutability.
    #[must_use]
    pub fn mutability(mut self, mutability: Mutability) -> Self {
        self.mutability = mutability;
        self
    }

    /// The same with another rule for answers.
    #[must_use]
    pub fn returned(mut self, returned: Returned) -> Self {
        self.returned = returned;
        self
    }

    /// The same with another uniqueness.
    #[must_use]
    pub fn unique(mut self, uniqueness: Uniqueness) -> Self {
        self.uniqueness = uniqueness;
        self
    }

    /// The same with suggested values.
    #[must_use]
    pub fn suggests(mut self, values: &[&str]) -> Self {
        self.canonical_values = values.iter().map(|&one| one.to_owned()).collect();
        self
    }

    /// The sub-attribute of that name, in any case.
    pub fn sub_attribute(&self, name: &str) -> Option<&Attribute> {
        find(&self.sub_attributes, name)
    }

    /// Whether its values point to other resources: complex with `value` and `$ref`, as `members`,
    /// `groups` and `manager` are.
    pub fn is_resource_reference(&self) -> bool {
        self.sub_attribute("$ref").is_some() && self.sub_attribute("value").is_some()
    }
}

pub(super) fn find<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Attribute> {
    attributes
        .iter()
        .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}
