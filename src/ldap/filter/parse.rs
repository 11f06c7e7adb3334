//! Reading a filter (RFC 4515 §3), with bounds on its length and depth.

use super::Filter;
use crate::ldap::attribute::{is_numeric_oid, is_short_name};
use crate::ldap::{AttributeName, AttributeNameError};

/// How deep filters may be nested: a filter in parentheses is one deep.
pub const MAX_DEPTH: usize = 64;

/// The longest filter accepted, in bytes of its text.
pub const MAX_LENGTH: usize = 1024 * 1024;

/// Why a text is not a filter. Positions are byte offsets into the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// Longer than [`MAX_LENGTH`].
    #[error("an LDAP filter of {0} bytes is too long; the limit is {MAX_LENGTH} bytes")]
    TooLong(usize),
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("the LDAP filter is nested deeper than {MAX_DEPTH} at position {0}")]
    TooDeep(usize),
    /// A parenthesis is missing.
    #[error("the LDAP filter lacks `{1}` at position {0}")]
    Expected(usize, char),
    /// Something follows the closing parenthesis.
    #[error("the LDAP filter is complete before position {0}, but something follows")]
    Trailing(usize),
    /// `&`, `|` with nothing in it.
    #[error("`{1}` at position {0} of the LDAP filter has no filters to combine")]
    EmptyList(usize, char),
    /// No `=`, `>=`, `<=` or `:=`.
    #[error(
        "the LDAP filter lacks `=`, `>=`, `<=` or `:rule:=` after the attribute at position {0}"
    )]
    Operator(usize),
    /// What stands before the operator is not an attribute.
    #[error("the LDAP filter is wrong at position {0}: {1}")]
    Attribute(usize, AttributeNameError),
    /// `~=`, which directories treat as they like.
    #[error(
        "the LDAP filter uses `~=` at position {0}; directories differ in what they make of it, so write `=`"
    )]
    Approximate(usize),
    /// An extensible match of a form that is not supported.
    #[error(
        "the extensible match at position {0} of the LDAP filter must be `(attribute:rule:=value)`"
    )]
    Extensible(usize),
    /// A backslash without two hexadecimal digits.
    #[error(
        "the backslash at position {0} of the LDAP filter is not followed by two hexadecimal digits (RFC 4515 §3)"
    )]
    Escape(usize),
    /// A character that must be escaped.
    #[error(
        "the character {1:?} at position {0} of the LDAP filter must be written as a backslash and two hexadecimal digits"
    )]
    Unescaped(usize, char),
    /// `**`, where a part would be empty.
    #[error("two asterisks follow each other at position {0} of the LDAP filter")]
    EmptySubstring(usize),
}

pub(super) fn filter(text: &str) -> Result<Filter, FilterError> {
    if text.len() > MAX_LENGTH {
        return Err(FilterError::TooLong(text.len()));
    }
    let mut reader = Reader { text, at: 0 };
    reader.skip_spaces();
    let filter = reader.filter(1)?;
    reader.skip_spaces();
    if reader.at < text.len() {
        return Err(FilterError::Trailing(reader.at));
    }
    Ok(filter)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_spaces(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), FilterError> {
        if self.peek() != Some(byte) {
            return Err(FilterError::Expected(self.at, char::from(byte)));
        }
        self.at += 1;
        Ok(())
    }

    fn filter(&mut self, depth: usize) -> Result<Filter, FilterError> {
        if depth > MAX_DEPTH {
            return Err(FilterError::TooDeep(self.at));
        }
        self.expect(b'(')?;
        self.skip_spaces();
        let filter = match self.peek() {
            Some(b'&') => Filter::And(self.list(depth)?),
            Some(b'|') => Filter::Or(self.list(depth)?),
            Some(b'!') => {
                self.at += 1;
                self.skip_spaces();
                let inner = self.filter(depth + 1)?;
                self.skip_spaces();
                Filter::Not(Box::new(inner))
            }
            _ => self.item()?,
        };
        self.expect(b')')?;
        Ok(filter)
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Filter>, FilterError> {
        let operator = (self.at, self.peek().map_or('&', char::from));
        self.at += 1;
        let mut filters = Vec::new();
        self.skip_spaces();
        while self.peek() == Some(b'(') {
            filters.push(self.filter(depth + 1)?);
            self.skip_spaces();
        }
        if filters.is_empty() {
            return Err(FilterError::EmptyList(operator.0, operator.1));
        }
        Ok(filters)
    }

    fn item(&mut self) -> Result<Filter, FilterError> {
        let start = self.at;
        let rest = self.text.get(start..).unwrap_or("");
        let equals = rest
            .bytes()
            .position(|b| matches!(b, b'=' | b'(' | b')'))
            .filter(|index| rest.as_bytes().get(*index) == Some(&b'='))
            .ok_or(FilterError::Operator(start))?;
        let (left, _) = rest.split_at(equals);
        self.at = start + equals + 1;
        let attribute = |name: &str| {
            AttributeName::parse(name.trim()).map_err(|error| FilterError::Attribute(start, error))
        };
        match left.as_bytes().last() {
            Some(b'>') => Ok(Filter::GreaterOrEqual(
                attribute(but_last(left))?,
                self.value()?,
            )),
            Some(b'<') => Ok(Filter::LessOrEqual(
                attribute(but_last(left))?,
                self.value()?,
            )),
            Some(b'~') => Err(FilterError::Approximate(start)),
            Some(b':') => {
                let (name, rule) = but_last(left)
                    .split_once(':')
                    .ok_or(FilterError::Extensible(start))?;
                if name.is_empty()
                    || !(is_short_name(rule) || is_numeric_oid(rule))
                    || rule.eq_ignore_ascii_case("dn")
                {
                    return Err(FilterError::Extensible(start));
                }
                Ok(Filter::Extensible {
                    attribute: attribute(name)?,
                    rule: rule.to_owned(),
                    value: self.value()?,
                })
            }
            _ => self.equality(attribute(left)?),
        }
    }

    fn equality(&mut self, attribute: AttributeName) -> Result<Filter, FilterError> {
        let mut parts = vec![self.part()?];
        while self.peek() == Some(b'*') {
            self.at += 1;
            if self.peek() == Some(b'*') {
                return Err(FilterError::EmptySubstring(self.at));
            }
            parts.push(self.part()?);
        }
        let last = parts.pop().unwrap_or_default();
        if parts.is_empty() {
            return Ok(Filter::Equal(attribute, last));
        }
        let mut parts = parts.into_iter();
        let initial = parts.next().filter(|part| !part.is_empty());
        let any: Vec<_> = parts.collect();
        let end = Some(last).filter(|part| !part.is_empty());
        if initial.is_none() && any.is_empty() && end.is_none() {
            return Ok(Filter::Present(attribute));
        }
        Ok(Filter::Substrings {
            attribute,
            initial,
            any,
            end,
        })
    }

    fn value(&mut self) -> Result<Vec<u8>, FilterError> {
        let value = self.part()?;
        match self.peek() {
            Some(b'*') => Err(FilterError::Unescaped(self.at, '*')),
            _ => Ok(value),
        }
    }

    /// The octets up to the next `*` or `)`.
    fn part(&mut self) -> Result<Vec<u8>, FilterError> {
        let mut part = Vec::new();
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or(&[]);
            let run = rest
                .iter()
                .position(|b| matches!(b, b'*' | b')' | b'(' | b'\\' | 0))
                .unwrap_or(rest.len());
            part.extend_from_slice(rest.get(..run).unwrap_or(&[]));
            self.at += run;
            match rest.get(run) {
                Some(b'\\') => {
                    let pair = self.text.get(self.at + 1..self.at + 3);
                    let octet = pair
                        .filter(|pair| pair.bytes().all(|b| b.is_ascii_hexdigit()))
                        .and_then(|pair| u8::from_str_radix(pair, 16).ok());
                    part.push(octet.ok_or(FilterError::Escape(self.at))?);
                    self.at += 3;
                }
                Some(byte @ (b'(' | 0)) => {
                    return Err(FilterError::Unescaped(self.at, char::from(*byte)));
                }
                _ => return Ok(part),
            }
        }
    }
}

fn but_last(text: &str) -> &str {
    text.get(..text.len().saturating_sub(1)).unwrap_or("")
}
