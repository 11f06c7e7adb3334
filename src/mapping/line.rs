//! One line of a mapping, understood: where a value is in SCIM, where in LDAP, and how it gets there.

use serde_json::Value;

use super::check::{Check, at_most};
use super::codec::Codec;
use super::fault::Fault;
use super::references::TypeBase;
use crate::ldap::matching::prepared;
use crate::ldap::{AttributeName, DirectoryKind, Dn};
use crate::scim::AttributePath;

/// Which way values go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Read and written.
    Both,
    /// Only read from the directory.
    Read,
    /// Only written to it.
    Write,
}

/// Who sees to it that a value is used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unique {
    /// The directory refuses the second one.
    Directory,
    /// The directory does not; the bridge searches first.
    Bridge,
}

/// How a value sits in the resource.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// `userName`, `name.givenName`.
    Single,
    /// A list of plain values.
    Values,
    /// A sub-attribute of the elements with these values of other sub-attributes; of one element, or of one for each
    /// value in LDAP.
    Element {
        terms: Vec<(String, Value)>,
        many: bool,
    },
    /// `manager`: one id.
    Reference,
    /// `members`, `groups`: a list of ids.
    References,
}

/// A type that a reference may point to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TargetType {
    pub(super) name: String,
    pub(super) endpoint: String,
}

/// One line of a mapping.
#[derive(Debug, Clone)]
pub struct Line {
    /// The SCIM path as the file has it, such as `emails[type eq "work"].value`.
    pub path: String,
    /// The LDAP attribute.
    pub ldap: AttributeName,
    /// How values are translated.
    pub codec: Codec,
    /// Which way they go.
    pub direction: Direction,
    /// Whether a resource must have the value.
    pub required: bool,
    /// Whether it may be used once only, and who checks.
    pub unique: Option<Unique>,
    /// Whether the line may be left out where the directory's schema lacks the attribute.
    pub optional: bool,
    /// The line in the file, counted from 1.
    pub line_number: usize,
    pub(super) place: AttributePath,
    pub(super) shape: Shape,
    pub(super) default: Option<Value>,
    pub(super) constant: Option<String>,
    pub(super) targets: Vec<TargetType>,
    pub(super) base: Option<u32>,
    pub(super) primary: bool,
    pub(super) equality: bool,
    pub(super) substring: bool,
    pub(super) max_length: Option<usize>,
    pub(super) check: Option<Check>,
    pub(super) object_class: Option<String>,
    pub(super) description: Option<String>,
    pub(super) values: Vec<String>,
    pub(super) case_exact: Option<bool>,
}

impl Line {
    /// The canonical SCIM path, without filter: `emails.value`.
    pub fn place(&self) -> &AttributePath {
        &self.place
    }

    /// Whether values are read from the directory.
    pub fn is_read(&self) -> bool {
        self.direction != Direction::Write
    }

    /// Whether values that clients send are written to the directory.
    pub fn is_written(&self) -> bool {
        self.direction != Direction::Read && self.constant.is_none()
    }

    /// Whether several values in LDAP are several values in SCIM.
    pub fn is_many(&self) -> bool {
        matches!(
            self.shape,
            Shape::Values | Shape::References | Shape::Element { many: true, .. }
        )
    }

    /// Whether the values are DNs that stand for other resources.
    pub fn is_reference(&self) -> bool {
        self.codec == Codec::Reference
    }

    /// Whether an entry of that name can be a resource of a type that this reference may point to: whether it lies
    /// below such a type's base.
    pub fn may_point_to(&self, dn: &Dn, bases: &[TypeBase]) -> bool {
        bases.iter().any(|base| {
            dn.is_within(&base.base) && self.targets.iter().any(|target| target.name == base.name)
        })
    }

    /// Whether filters may ask for parts of the values (`co`, `sw`, `ew`).
    pub(super) fn has_parts(&self) -> bool {
        self.is_read() && self.equality && self.substring && self.codec.is_text()
    }

    /// Whether filters may ask for a whole value (`eq`, `ne`). Of the rules for octets the directories outside Active
    /// Directory know that of certificates, which compares with certificates only; nothing else is defined.
    pub(super) fn has_equality(&self, kind: DirectoryKind) -> bool {
        self.equality && (self.codec != Codec::Binary || kind == DirectoryKind::ActiveDirectory)
    }

    /// Whether the directory cannot compare the attribute with this text, because no value of its syntax can hold it.
    /// Such a comparison is undefined in LDAP, and so is its negation (RFC 4511 §4.5.1.7); in truth it is false. Active
    /// Directory compares any text, and a check is not its syntax there.
    pub(super) fn is_beyond_syntax(&self, kind: DirectoryKind, text: &str) -> bool {
        kind != DirectoryKind::ActiveDirectory
            && self
                .check
                .is_some_and(|check| check.is_syntax() && check.broken_by(text).is_some())
    }

    /// Whether leaving the value out of a PUT keeps what there is: a password nobody may read back, and a switch that
    /// would lock people out, or let them in, by silence.
    pub(super) fn is_kept_when_absent(&self) -> bool {
        matches!(
            self.codec,
            Codec::Password | Codec::Flag { .. } | Codec::Locked(_)
        )
    }

    /// The octets for one value, or why it is refused.
    pub(super) fn encode(&self, kind: DirectoryKind, value: &Value) -> Result<Vec<u8>, Fault> {
        let octets = self.codec.encode(kind, value).map_err(|rule| {
            self.fault(
                rule,
                "send a value that keeps the rule, or leave the attribute out",
            )
        })?;
        if self.codec.is_text() {
            let text = value.as_str().unwrap_or_default();
            let broken = self
                .max_length
                .and_then(|most| at_most(text, most))
                .or_else(|| self.check.and_then(|check| check.broken_by(text)));
            if let Some(rule) = broken {
                return Err(self.fault(
                    rule,
                    "send a value that keeps the rule, or have the mapping changed",
                ));
            }
        }
        Ok(octets)
    }

    /// The text under which the directory compares a value, as far as the rules of text go.
    pub(super) fn key(&self, text: &str, minds_case: bool) -> String {
        if !self.codec.is_text() {
            return text.to_owned();
        }
        let mut key = prepared(text, minds_case);
        if self.check == Some(Check::TelephoneNumber) {
            key.retain(|letter| !matches!(letter, ' ' | '-'));
        }
        key
    }

    pub(super) fn fault(&self, rule: impl Into<String>, remedy: impl Into<String>) -> Fault {
        Fault::new(&self.path, &self.ldap, rule, remedy)
    }
}
