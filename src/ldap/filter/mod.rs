//! Search filters (RFC 4515), as values.

use std::fmt;

use super::AttributeName;

mod parse;

pub use parse::{FilterError, MAX_DEPTH, MAX_LENGTH};

/// A search filter. Values are octets, unescaped; `Display` escapes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// Every one matches.
    And(Vec<Filter>),
    /// At least one matches.
    Or(Vec<Filter>),
    /// It does not match.
    Not(Box<Filter>),
    /// The attribute has this value, by its equality rule.
    Equal(AttributeName, Vec<u8>),
    /// The attribute has a value that begins with `initial`, then holds each of `any` in this order,
    /// and ends with `end`. At least one part is there, and none is empty.
    Substrings {
        /// The attribute.
        attribute: AttributeName,
        /// What the value begins with.
        initial: Option<Vec<u8>>,
        /// What it holds, in this order, without overlap.
        any: Vec<Vec<u8>>,
        /// What it ends with.
        end: Option<Vec<u8>>,
    },
    /// The attribute has a value that is not less than this, by its ordering rule.
    GreaterOrEqual(AttributeName, Vec<u8>),
    /// The attribute has a value that is not greater than this, by its ordering rule.
    LessOrEqual(AttributeName, Vec<u8>),
    /// The attribute has a value.
    Present(AttributeName),
    /// A named matching rule matches, such as Active Directory's bitwise ones.
    Extensible {
        /// The attribute.
        attribute: AttributeName,
        /// The rule's name or OID.
        rule: String,
        /// What the rule is given.
        value: Vec<u8>,
    },
}

const OBJECT_CLASS: AttributeName = AttributeName::known("objectClass");

impl Filter {
    /// Whether it looks at the attribute.
    #[must_use]
    pub fn mentions(&self, name: &AttributeName) -> bool {
        match self {
            Self::And(all) | Self::Or(all) => all.iter().any(|one| one.mentions(name)),
            Self::Not(one) => one.mentions(name),
            Self::Equal(attribute, _)
            | Self::Substrings { attribute, .. }
            | Self::GreaterOrEqual(attribute, _)
            | Self::LessOrEqual(attribute, _)
            | Self::Present(attribute)
            | Self::Extensible { attribute, .. } => attribute == name,
        }
    }

    /// Reads a filter in parentheses, as RFC 4515 writes it. Spaces are accepted between filters.
    ///
    /// # Errors
    /// When the text is not a filter, is nested deeper than [`MAX_DEPTH`], longer than [`MAX_LENGTH`],
    /// or uses `~=`, `:dn:` or an extensible match without attribute or rule, which this bridge has no use for.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parse::filter(text)
    }

    /// All of these match: conjunctions among them are taken apart, one alone stands for itself, none
    /// at all matches [everything](Self::everything).
    #[must_use]
    pub fn and(filters: impl IntoIterator<Item = Filter>) -> Self {
        let mut parts = Vec::new();
        for filter in filters {
            match filter {
                Self::And(inner) => parts.extend(inner),
                other => parts.push(other),
            }
        }
        match (parts.pop(), parts.is_empty()) {
            (None, _) => Self::everything(),
            (Some(only), true) => only,
            (Some(last), false) => {
                parts.push(last);
                Self::And(parts)
            }
        }
    }

    /// One of these matches: disjunctions among them are taken apart, one alone stands for itself, none
    /// at all matches [nothing](Self::nothing).
    #[must_use]
    pub fn or(filters: impl IntoIterator<Item = Filter>) -> Self {
        let mut parts = Vec::new();
        for filter in filters {
            match filter {
                Self::Or(inner) => parts.extend(inner),
                other => parts.push(other),
            }
        }
        match (parts.pop(), parts.is_empty()) {
            (None, _) => Self::nothing(),
            (Some(only), true) => only,
            (Some(last), false) => {
                parts.push(last);
                Self::Or(parts)
            }
        }
    }

    /// The same filter with every negation at a single comparison (De Morgan). They match the same entries, where one of
    /// them is undefined, too (RFC 4511 §4.5.1.7).
    #[must_use]
    pub fn with_negations_inside(self) -> Self {
        match self {
            Self::And(parts) => Self::and(parts.into_iter().map(Self::with_negations_inside)),
            Self::Or(parts) => Self::or(parts.into_iter().map(Self::with_negations_inside)),
            Self::Not(inner) => match *inner {
                Self::And(parts) => Self::or(
                    parts
                        .into_iter()
                        .map(|part| part.negate().with_negations_inside()),
                ),
                Self::Or(parts) => Self::and(
                    parts
                        .into_iter()
                        .map(|part| part.negate().with_negations_inside()),
                ),
                Self::Not(inner) => inner.with_negations_inside(),
                comparison => Self::Not(Box::new(comparison)),
            },
            comparison => comparison,
        }
    }

    /// The opposite; a negation is undone rather than doubled.
    #[must_use]
    pub fn negate(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    /// Matches every entry: `(objectClass=*)`. RFC 4526's `(&)` is not understood by Active Directory.
    #[must_use]
    pub fn everything() -> Self {
        Self::Present(OBJECT_CLASS)
    }

    /// Matches no entry: `(!(objectClass=*))`.
    #[must_use]
    pub fn nothing() -> Self {
        Self::everything().negate()
    }

    /// The attribute has this value.
    pub fn equal(attribute: AttributeName, value: impl Into<Vec<u8>>) -> Self {
        Self::Equal(attribute, value.into())
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(filters) => write_list('&', filters, f),
            Self::Or(filters) => write_list('|', filters, f),
            Self::Not(filter) => write!(f, "(!{filter})"),
            Self::Equal(attribute, value) => write!(f, "({attribute}={})", Escaped(value)),
            Self::Substrings {
                attribute,
                initial,
                any,
                end,
            } => {
                write!(
                    f,
                    "({attribute}={}*",
                    Escaped(initial.as_deref().unwrap_or(&[]))
                )?;
                for part in any {
                    write!(f, "{}*", Escaped(part))?;
                }
                write!(f, "{})", Escaped(end.as_deref().unwrap_or(&[])))
            }
            Self::GreaterOrEqual(attribute, value) => {
                write!(f, "({attribute}>={})", Escaped(value))
            }
            Self::LessOrEqual(attribute, value) => write!(f, "({attribute}<={})", Escaped(value)),
            Self::Present(attribute) => write!(f, "({attribute}=*)"),
            Self::Extensible {
                attribute,
                rule,
                value,
            } => {
                write!(f, "({attribute}:{rule}:={})", Escaped(value))
            }
        }
    }
}

fn write_list(operator: char, filters: &[Filter], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "({operator}")?;
    filters
        .iter()
        .try_for_each(|filter| write!(f, "{filter}"))?;
    f.write_str(")")
}

/// A value with every octet escaped that RFC 4515 §3 wants escaped, and control characters, which would
/// make a mess of a log. A value that is not UTF-8, such as a GUID, is escaped whole: so it reads best.
struct Escaped<'a>(&'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(mut rest) = std::str::from_utf8(self.0) else {
            return write_hexadecimal(self.0, f);
        };
        while let Some(index) = rest.bytes().position(needs_escape) {
            let (plain, after) = rest.split_at(index);
            f.write_str(plain)?;
            // What needs an escape is ASCII, so it is one byte long.
            let (escaped, after) = after.split_at(1);
            write_hexadecimal(escaped.as_bytes(), f)?;
            rest = after;
        }
        f.write_str(rest)
    }
}

fn needs_escape(byte: u8) -> bool {
    matches!(byte, 0..=0x1f | b'(' | b')' | b'*' | b'\\' | 0x7f)
}

fn write_hexadecimal(octets: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    octets
        .iter()
        .try_for_each(|octet| write!(f, "\\{octet:02x}"))
}

#[cfg(test)]
mod tests;
