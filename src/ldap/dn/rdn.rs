//! Relative distinguished names and their parts.

use std::fmt::{self, Write as _};

use unicode_normalization::UnicodeNormalization as _;

use super::key;
use crate::ldap::AttributeName;

/// The value in one part of a relative name.
#[derive(Debug, Clone)]
pub enum AvaValue {
    /// A text, unescaped.
    Text(String),
    /// The BER encoding of a value that is written as `#` and hexadecimal digits (RFC 4514 §2.4).
    Ber(Vec<u8>),
}

impl AvaValue {
    /// The text: also that of a BER-encoded string; `None` for BER of anything else.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Ber(octets) => ber_string(octets),
        }
    }
}

/// The content of one BER-encoded OCTET STRING, UTF8String, PrintableString or IA5String in UTF-8.
fn ber_string(octets: &[u8]) -> Option<&str> {
    let [0x04 | 0x0c | 0x13 | 0x16, length, rest @ ..] = octets else {
        return None;
    };
    let (length, content) = match length {
        0..=0x7f => (usize::from(*length), rest),
        0x81..=0x83 => {
            let (length, content) = rest.split_at_checked(usize::from(length - 0x80))?;
            let length = length
                .iter()
                .fold(0, |sum, octet| (sum << 8) | usize::from(*octet));
            (length, content)
        }
        _ => return None,
    };
    (content.len() == length)
        .then_some(content)
        .and_then(|content| std::str::from_utf8(content).ok())
}

/// One attribute type with its value: the "attribute value assertion" of RFC 4514 §2.3.
#[derive(Clone)]
pub struct Ava {
    /// The attribute type.
    pub attribute: AttributeName,
    /// The value.
    pub value: AvaValue,
}

/// A relative distinguished name: one attribute with its value, rarely more than one.
///
/// Equality is that of [`Dn`](super::Dn).
#[derive(Clone)]
pub struct Rdn {
    first: Ava,
    rest: Vec<Ava>,
}

impl Rdn {
    /// The relative name in which `attribute` has `value`, which may be any text whatever: it is
    /// escaped when it is printed.
    pub fn new(attribute: AttributeName, value: impl Into<String>) -> Self {
        Self::from_ava(Ava {
            attribute,
            value: AvaValue::Text(value.into()),
        })
    }

    pub(super) fn from_ava(first: Ava) -> Self {
        Self {
            first,
            rest: Vec::new(),
        }
    }

    /// The same relative name with one more part: `cn=a+sn=b`.
    #[must_use]
    pub fn and(mut self, ava: Ava) -> Self {
        self.rest.push(ava);
        self
    }

    /// The attribute of the first part.
    #[must_use]
    pub fn attribute(&self) -> &AttributeName {
        &self.first.attribute
    }

    /// The value of the first part; empty when it is BER of something that is not text.
    #[must_use]
    pub fn value(&self) -> &str {
        self.first.value.text().unwrap_or("")
    }

    /// The value this attribute has in the relative name.
    #[must_use]
    pub fn value_of(&self, attribute: &AttributeName) -> Option<&str> {
        self.avas()
            .find(|ava| ava.attribute == *attribute)
            .and_then(|ava| ava.value.text())
    }

    /// The same relative name in which `attribute` has another value; its other parts stay. None when the attribute is
    /// no part of it.
    #[must_use]
    pub fn renamed(&self, attribute: &AttributeName, value: &str) -> Option<Self> {
        let mut renamed = self.clone();
        let mut parts = std::iter::once(&mut renamed.first).chain(&mut renamed.rest);
        let part = parts.find(|ava| ava.attribute == *attribute)?;
        part.value = AvaValue::Text(value.to_owned());
        Some(renamed)
    }

    /// The same relative name with its values normalised: see [`Dn::folded`](super::Dn::folded).
    pub(super) fn folded(&self) -> Self {
        let mut folded = self.clone();
        for part in std::iter::once(&mut folded.first).chain(&mut folded.rest) {
            if let Some(text) = part.value.text() {
                // Lower case alone leaves ß and ss, and σ and ς, apart; upper case alone ẞ.
                let caseless = text
                    .nfkd()
                    .flat_map(char::to_lowercase)
                    .flat_map(char::to_uppercase)
                    .flat_map(char::to_lowercase);
                part.value = AvaValue::Text(caseless.nfkc().collect());
            }
        }
        folded
    }

    /// Every part, in the order written; at least one.
    pub fn avas(&self) -> impl Iterator<Item = &Ava> {
        std::iter::once(&self.first).chain(&self.rest)
    }

    /// Whether there is more than one part.
    #[must_use]
    pub fn is_multi_valued(&self) -> bool {
        !self.rest.is_empty()
    }

    /// Whether the two are written alike, apart from the choice of escapes.
    #[must_use]
    pub fn same_spelling(&self, other: &Self) -> bool {
        self.rest.len() == other.rest.len()
            && self.avas().zip(other.avas()).all(|(left, right)| {
                left.attribute.as_str() == right.attribute.as_str()
                    && match (&left.value, &right.value) {
                        (AvaValue::Text(left), AvaValue::Text(right)) => left == right,
                        (AvaValue::Ber(left), AvaValue::Ber(right)) => left == right,
                        _ => false,
                    }
            })
    }

    fn key(&self) -> String {
        let mut key = String::new();
        key::push_rdn(self, &mut key);
        key
    }
}

impl PartialEq for Ava {
    fn eq(&self, other: &Self) -> bool {
        let key = |ava: &Self| {
            let mut key = String::new();
            key::push_ava(ava, &mut key);
            key
        };
        key(self) == key(other)
    }
}

impl Eq for Ava {}

impl PartialEq for Rdn {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Rdn {}

impl fmt::Display for Rdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, ava) in self.avas().enumerate() {
            if index > 0 {
                f.write_str("+")?;
            }
            write!(f, "{ava}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Rdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

impl fmt::Display for Ava {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=", self.attribute)?;
        match &self.value {
            AvaValue::Text(text) => write_escaped(text, f),
            AvaValue::Ber(octets) => {
                f.write_str("#")?;
                octets.iter().try_for_each(|octet| write!(f, "{octet:02X}"))
            }
        }
    }
}

impl fmt::Debug for Ava {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

/// RFC 4514 §2.4. Beyond what it demands, `=` is escaped because Active Directory does so, and control
/// characters are, so that a name can neither break a line of a log nor be lost on its way.
fn write_escaped(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let last = text.len().saturating_sub(1);
    let mut plain_from = 0;
    for (index, byte) in text.bytes().enumerate() {
        let hexadecimal = byte < 0x20 || byte == 0x7f;
        let special = match byte {
            b'"' | b'+' | b',' | b';' | b'<' | b'>' | b'\\' | b'=' => true,
            b'#' => index == 0,
            b' ' => index == 0 || index == last,
            _ => false,
        };
        if hexadecimal || special {
            f.write_str(text.get(plain_from..index).unwrap_or(""))?;
            if hexadecimal {
                write!(f, "\\{byte:02X}")?;
            } else {
                f.write_char('\\')?;
                f.write_char(char::from(byte))?;
            }
            plain_from = index + 1;
        }
    }
    f.write_str(text.get(plain_from..).unwrap_or(""))
}
