//! The name of an attribute, as RFC 4512 §2.5 calls it: an attribute description.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// An attribute description (RFC 4512 §2.5): a short name or a numeric OID, with its options if it has any.
///
/// Two names are equal, and sort and hash alike, when they differ only in ASCII case; `Display` keeps
/// the case they came with. Cloning is cheap.
#[derive(Clone)]
pub struct AttributeName(Spelling);

#[derive(Clone)]
enum Spelling {
    Known(&'static str),
    Read(Arc<str>),
}

/// Why a text is not an attribute description.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttributeNameError {
    /// Nothing was written where a name belongs.
    #[error("an attribute name is missing")]
    Empty,
    /// More bytes than any directory's schema would hold.
    #[error("an attribute name of {0} bytes is too long; the limit is {MAX_LENGTH} bytes")]
    TooLong(usize),
    /// Neither a short name nor a numeric OID.
    #[error(
        "`{0}` is not an attribute name; it must be a letter followed by letters, digits and hyphens, \
         or a numeric OID such as 2.5.4.3 (RFC 4512 §1.4)"
    )]
    Name(String),
    /// An option after `;` holds something else than letters, digits and hyphens.
    #[error("`{0}` has an option that is not made of letters, digits and hyphens (RFC 4512 §2.5)")]
    Option(String),
}

/// The longest attribute description accepted, in bytes.
pub const MAX_LENGTH: usize = 512;

/// Names so frequent in DNs that they are not worth an allocation each, in the cases directories print.
const FREQUENT: [&str; 16] = [
    "CN", "cn", "OU", "ou", "DC", "dc", "uid", "UID", "O", "o", "C", "c", "L", "l", "ST", "st",
];

impl AttributeName {
    /// Reads an attribute description.
    ///
    /// Two things are tolerated that RFC 4512 does not have: an underscore in a name (old 389 and
    /// Netscape schemas have some) and Active Directory's `;range=0-1499` option (MS-ADTS 3.1.1.3.1.3.3).
    ///
    /// # Errors
    /// When the text is empty, too long, or not of that form.
    pub fn parse(text: &str) -> Result<Self, AttributeNameError> {
        if let Some(known) = FREQUENT.iter().find(|known| **known == text) {
            return Ok(Self(Spelling::Known(known)));
        }
        if text.is_empty() {
            return Err(AttributeNameError::Empty);
        }
        if text.len() > MAX_LENGTH {
            return Err(AttributeNameError::TooLong(text.len()));
        }
        let (name, options) = match text.split_once(';') {
            Some((name, options)) => (name, Some(options)),
            None => (text, None),
        };
        if !is_short_name(name) && !is_numeric_oid(name) {
            return Err(AttributeNameError::Name(text.to_owned()));
        }
        if options.is_some_and(|options| !options.split(';').all(is_option)) {
            return Err(AttributeNameError::Option(text.to_owned()));
        }
        Ok(Self(Spelling::Read(Arc::from(text))))
    }

    /// A name that is written in the source code.
    ///
    /// The text must be a valid attribute description; a debug build asserts that it begins with a
    /// letter or digit and holds no character that a name or option cannot have. In a `const`, the
    /// compiler does.
    #[must_use]
    pub const fn known(text: &'static str) -> Self {
        debug_assert!(!text.is_empty() && text.as_bytes()[0].is_ascii_alphanumeric());
        let mut index = 0;
        while index < text.len() {
            let byte = text.as_bytes()[index];
            debug_assert!(
                byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b';')
            );
            index += 1;
        }
        Self(Spelling::Known(text))
    }

    /// The description as it was written, options included.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Spelling::Known(text) => text,
            Spelling::Read(text) => text,
        }
    }

    /// The short name or OID without its options: `member` for `member;range=0-1499`.
    #[must_use]
    pub fn base(&self) -> &str {
        let text = self.as_str();
        text.split_once(';').map_or(text, |(name, _)| name)
    }

    /// Whether the name without its options is `name`, whatever the case.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.base().eq_ignore_ascii_case(name)
    }
}

/// `keystring` of RFC 4512 §1.4, with underscores.
pub(crate) fn is_short_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// `numericoid` of RFC 4512 §1.4: numbers without leading zeros, joined by dots; a single number is refused.
pub(crate) fn is_numeric_oid(text: &str) -> bool {
    text.contains('.')
        && text.split('.').all(|arc| {
            !arc.is_empty()
                && arc.bytes().all(|b| b.is_ascii_digit())
                && (arc.len() == 1 || !arc.starts_with('0'))
        })
}

fn is_option(option: &str) -> bool {
    let range = option
        .get(..6)
        .filter(|head| head.eq_ignore_ascii_case("range="))
        .and_then(|_| option[6..].split_once('-'));
    if let Some((first, last)) = range {
        let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        return number(first) && (number(last) || last == "*");
    }
    !option.is_empty()
        && option
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

impl PartialEq for AttributeName {
    fn eq(&self, other: &Self) -> bool {
        self.as_str().eq_ignore_ascii_case(other.as_str())
    }
}

impl Eq for AttributeName {}

impl PartialOrd for AttributeName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for AttributeName {
    fn cmp(&self, other: &Self) -> Ordering {
        let left = self.as_str().bytes().map(|b| b.to_ascii_lowercase());
        left.cmp(other.as_str().bytes().map(|b| b.to_ascii_lowercase()))
    }
}

impl Hash for AttributeName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut lower = [0_u8; 32];
        for chunk in self.as_str().as_bytes().chunks(32) {
            if let Some(lower) = lower.get_mut(..chunk.len()) {
                lower.copy_from_slice(chunk);
                lower.make_ascii_lowercase();
                state.write(lower);
            }
        }
        state.write_u8(0xff);
    }
}

impl fmt::Display for AttributeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for AttributeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_differ_only_by_more_than_case() {
        let names = ["memberOf", "MEMBEROF", "memberof", "member"];
        let set: HashSet<_> = names
            .iter()
            .map(|name| AttributeName::parse(name).unwrap())
            .collect();
        assert_eq!(set.len(), 2);
        assert_eq!(
            AttributeName::known("CN").cmp(&AttributeName::known("cn")),
            Ordering::Equal
        );
        assert!(AttributeName::known("B") > AttributeName::known("a"));
        assert_eq!(
            AttributeName::parse("sAMAccountName").unwrap().to_string(),
            "sAMAccountName"
        );
    }

    #[test]
    fn options_are_part_of_the_description_but_not_of_the_name() {
        let ranged = AttributeName::parse("member;range=0-1499").unwrap();
        assert_eq!(ranged.base(), "member");
        assert!(ranged.is("MEMBER"));
        assert_ne!(ranged, AttributeName::known("member"));
        for text in [
            "member;range=1500-*",
            "userCertificate;binary",
            "cn;lang-de;x-a",
        ] {
            assert!(AttributeName::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            "", "1", "2.5.4.", "2..5", "2.05", "a b", "-a", "1a", "é", "a=b", "a*", "a\0", "a)",
        ] {
            assert!(AttributeName::parse(text).is_err(), "{text}");
        }
        for text in [
            "cn;",
            "cn;a b",
            "cn;range=",
            "cn;range=1-x",
            "member;range=*-1",
            ";binary",
        ] {
            assert!(AttributeName::parse(text).is_err(), "{text}");
        }
        assert!(AttributeName::parse(&"a".repeat(MAX_LENGTH + 1)).is_err());
        assert!(AttributeName::parse("2.5.4.3").is_ok() && AttributeName::parse("a_b-1").is_ok());
    }
}
