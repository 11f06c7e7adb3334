//! Reading a DN: RFC 4514 §3, and the older forms of RFC 2253 §4.

use super::{Ava, AvaValue, Rdn};
use crate::ldap::{AttributeName, AttributeNameError};

/// The longest DN accepted, in bytes of its text. Directories stop far earlier (slapd at 8 KiB).
pub const MAX_LENGTH: usize = 256 * 1024;

/// Why a text is not a distinguished name. Positions are byte offsets into the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DnError {
    /// Longer than [`MAX_LENGTH`].
    #[error("a DN of {0} bytes is too long; the limit is {MAX_LENGTH} bytes")]
    TooLong(usize),
    /// A part has no `=`.
    #[error(
        "the part of the DN at position {0} is not `attribute=value`; a comma, semicolon or plus sign \
         inside a value is written with a backslash before it"
    )]
    NoEquals(usize),
    /// What stands before `=` is not an attribute type.
    #[error("the DN is wrong at position {0}: {1}")]
    Attribute(usize, AttributeNameError),
    /// A backslash is followed by nothing that can be escaped.
    #[error(
        "the backslash at position {0} of the DN is followed neither by a character that needs it nor by \
         two hexadecimal digits (RFC 4514 §2.4)"
    )]
    Escape(usize),
    /// A character stands in a value that must be escaped there.
    #[error(
        "the character {1:?} at position {0} of the DN must be written with a backslash before it"
    )]
    Unescaped(usize, char),
    /// Hexadecimal pairs in a value do not make UTF-8.
    #[error("the value at position {0} of the DN is not UTF-8 once its escapes are resolved")]
    NotUtf8(usize),
    /// `#` is not followed by pairs of hexadecimal digits.
    #[error(
        "the value at position {0} of the DN begins with `#` but is not pairs of hexadecimal digits; write `\\#` for a text"
    )]
    Hexadecimal(usize),
    /// A quotation mark is never closed, or something follows the closed one.
    #[error("the quotation mark at position {0} of the DN is not closed at the end of the value")]
    Quotation(usize),
}

/// The relative names in `text`, leaf first; none for a text of nothing but spaces.
pub(super) fn rdns(text: &str) -> Result<Vec<Rdn>, DnError> {
    if text.len() > MAX_LENGTH {
        return Err(DnError::TooLong(text.len()));
    }
    let mut reader = Reader { text, at: 0 };
    reader.skip_spaces();
    if reader.peek().is_none() {
        return Ok(Vec::new());
    }
    let mut rdns = Vec::with_capacity(8);
    loop {
        let mut rdn = Rdn::from_ava(reader.ava()?);
        while reader.take(b'+') {
            rdn = rdn.and(reader.ava()?);
        }
        rdns.push(rdn);
        if !reader.take(b',') && !reader.take(b';') {
            return match reader.rest().chars().next() {
                None => Ok(rdns),
                Some(c) => Err(DnError::Unescaped(reader.at, c)),
            };
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    /// Always at a character boundary.
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn skip_spaces(&mut self) {
        while self.take(b' ') {}
    }

    fn ava(&mut self) -> Result<Ava, DnError> {
        self.skip_spaces();
        let start = self.at;
        let end = self
            .rest()
            .bytes()
            .position(|b| matches!(b, b'=' | b',' | b';' | b'+'))
            .filter(|length| self.text.as_bytes().get(start + length) == Some(&b'='))
            .ok_or(DnError::NoEquals(start))?;
        let name = self.rest().get(..end).unwrap_or("").trim_end_matches(' ');
        let name = match name.get(..4) {
            Some(prefix) if prefix.eq_ignore_ascii_case("oid.") => name.get(4..).unwrap_or(""),
            _ => name,
        };
        let attribute =
            AttributeName::parse(name).map_err(|error| DnError::Attribute(start, error))?;
        self.at = start + end + 1;
        self.skip_spaces();
        let value = match self.peek() {
            Some(b'#') => AvaValue::Ber(self.hexadecimal()?),
            Some(b'"') => AvaValue::Text(self.quoted()?),
            _ => AvaValue::Text(self.plain()?),
        };
        self.skip_spaces();
        Ok(Ava { attribute, value })
    }

    fn hexadecimal(&mut self) -> Result<Vec<u8>, DnError> {
        let start = self.at;
        self.at += 1;
        let mut octets = Vec::new();
        while let Some(octet) = hex_pair(self.rest().as_bytes()) {
            octets.push(octet);
            self.at += 2;
        }
        if octets.is_empty() || !matches!(self.peek(), None | Some(b',' | b';' | b'+' | b' ')) {
            return Err(DnError::Hexadecimal(start));
        }
        Ok(octets)
    }

    fn quoted(&mut self) -> Result<String, DnError> {
        let start = self.at;
        self.at += 1;
        let mut value = Vec::new();
        loop {
            let run = self
                .rest()
                .bytes()
                .position(|b| matches!(b, b'"' | b'\\' | 0));
            let run = run.ok_or(DnError::Quotation(start))?;
            value.extend_from_slice(self.rest().as_bytes().get(..run).unwrap_or(&[]));
            self.at += run;
            match self.peek() {
                Some(b'\\') => value.push(self.escape()?),
                Some(0) => return Err(DnError::Unescaped(self.at, '\0')),
                _ => break,
            }
        }
        self.at += 1;
        if !matches!(self.peek(), None | Some(b',' | b';' | b'+' | b' ')) {
            return Err(DnError::Quotation(start));
        }
        String::from_utf8(value).map_err(|_| DnError::NotUtf8(start))
    }

    fn plain(&mut self) -> Result<String, DnError> {
        let start = self.at;
        let mut run = self.run();
        if !matches!(self.text.as_bytes().get(start + run), Some(b'\\')) {
            // The usual value: no escape in it, so it can be copied as it stands.
            self.at += run;
            self.refuse_unescaped()?;
            let value = self.text.get(start..start + run).unwrap_or("");
            return Ok(value.trim_end_matches(' ').to_owned());
        }
        let mut value = Vec::with_capacity(run + 16);
        // Spaces before a separator do not belong to the value, escaped ones do.
        let mut significant = 0;
        loop {
            let bytes = self.rest().as_bytes().get(..run).unwrap_or(&[]);
            value.extend_from_slice(bytes);
            if let Some(last) = bytes.iter().rposition(|b| *b != b' ') {
                significant = value.len() - bytes.len() + last + 1;
            }
            self.at += run;
            if self.peek() != Some(b'\\') {
                break;
            }
            value.push(self.escape()?);
            significant = value.len();
            run = self.run();
        }
        self.refuse_unescaped()?;
        value.truncate(significant);
        String::from_utf8(value).map_err(|_| DnError::NotUtf8(start))
    }

    /// How many bytes follow that stand for themselves in a value.
    fn run(&self) -> usize {
        self.rest()
            .bytes()
            .position(|b| matches!(b, b',' | b'+' | b';' | b'\\' | b'"' | b'<' | b'>' | 0))
            .unwrap_or(self.rest().len())
    }

    fn refuse_unescaped(&self) -> Result<(), DnError> {
        match self.peek() {
            None | Some(b',' | b'+' | b';') => Ok(()),
            Some(byte) => Err(DnError::Unescaped(self.at, char::from(byte))),
        }
    }

    /// One byte written as a backslash and the character itself, or two hexadecimal digits.
    fn escape(&mut self) -> Result<u8, DnError> {
        let after = self.rest().as_bytes().get(1..).unwrap_or(&[]);
        if let Some(octet) = hex_pair(after) {
            self.at += 3;
            return Ok(octet);
        }
        match after.first() {
            // `\?` is not in RFC 4514, but Samba writes it (ldb_dn_escape_value): whatever is escaped stands for itself.
            Some(b) if b.is_ascii_punctuation() || *b == b' ' => {
                self.at += 2;
                Ok(*b)
            }
            _ => Err(DnError::Escape(self.at)),
        }
    }
}

fn hex_pair(bytes: &[u8]) -> Option<u8> {
    let [high, low, ..] = bytes else { return None };
    let digit = |b: u8| {
        char::from(b)
            .to_digit(16)
            .and_then(|d| u8::try_from(d).ok())
    };
    Some((digit(*high)? << 4) | digit(*low)?)
}
