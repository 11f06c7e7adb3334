//! Reading one description of RFC 4512 §4.1, as servers really print them.
//!
//! Active Directory and Samba quote the OID after SYNTAX and leave matching rules out; OpenLDAP appends
//! length bounds and X-ORDERED, 389 Directory Server X-ORIGIN lists, name-like OIDs (`foo-oid`) and
//! apostrophes inside DESC. So: keywords in any case and any order, unknown ones passed over, an
//! apostrophe ends a string only where a string can end.

use super::{AttributeType, ObjectClass, ObjectClassKind};
use crate::ldap::AttributeName;

/// The longest description read, in bytes; the longest of Active Directory's has some 20,000.
const MAX_LENGTH: usize = 512 * 1024;

/// An attribute type before SUP has passed on what it passes on.
pub(super) struct AttributeDescription {
    pub(super) attribute: AttributeType,
    pub(super) sup: Option<AttributeName>,
}

/// What Active Directory adds to a structural class by a DIT content rule (RFC 4512 §4.1.6).
pub(super) struct ContentRule {
    /// The structural class, by OID.
    pub(super) class: String,
    pub(super) auxiliary: Vec<AttributeName>,
    pub(super) must: Vec<AttributeName>,
    pub(super) may: Vec<AttributeName>,
}

pub(super) fn attribute_type(text: &str) -> Option<AttributeDescription> {
    let mut reader = Reader::open(text)?;
    let mut description = AttributeDescription {
        attribute: AttributeType {
            oid: reader.oid()?,
            names: Vec::new(),
            syntax: None,
            length_bound: None,
            single_valued: false,
            user_modifiable: true,
            operational: false,
            equality: None,
            ordering: None,
            substring: None,
        },
        sup: None,
    };
    let attribute = &mut description.attribute;
    while let Some(keyword) = reader.keyword() {
        match keyword.as_str() {
            "NAME" => attribute.names = reader.names(),
            "SUP" => description.sup = reader.names().into_iter().next(),
            "EQUALITY" => attribute.equality = reader.one(),
            "ORDERING" => attribute.ordering = reader.one(),
            "SUBSTR" => attribute.substring = reader.one(),
            "SYNTAX" => (attribute.syntax, attribute.length_bound) = reader.syntax(),
            "SINGLE-VALUE" => attribute.single_valued = true,
            "NO-USER-MODIFICATION" => attribute.user_modifiable = false,
            "USAGE" => {
                let usage = reader.one();
                attribute.operational =
                    usage.is_some_and(|usage| !usage.eq_ignore_ascii_case("userApplications"));
            }
            other => reader.pass_over(other),
        }
    }
    reader.closed.then_some(description)
}

pub(super) fn object_class(text: &str) -> Option<ObjectClass> {
    let mut reader = Reader::open(text)?;
    let mut class = ObjectClass {
        oid: reader.oid()?,
        names: Vec::new(),
        sup: Vec::new(),
        must: Vec::new(),
        may: Vec::new(),
        // RFC 4512 §4.1.1: structural when nothing is said.
        kind: ObjectClassKind::Structural,
    };
    while let Some(keyword) = reader.keyword() {
        match keyword.as_str() {
            "NAME" => class.names = reader.names(),
            "SUP" => class.sup = reader.names(),
            "MUST" => class.must.extend(reader.names()),
            "MAY" => class.may.extend(reader.names()),
            "ABSTRACT" => class.kind = ObjectClassKind::Abstract,
            "STRUCTURAL" => class.kind = ObjectClassKind::Structural,
            "AUXILIARY" => class.kind = ObjectClassKind::Auxiliary,
            other => reader.pass_over(other),
        }
    }
    reader.closed.then_some(class)
}

pub(super) fn content_rule(text: &str) -> Option<ContentRule> {
    let mut reader = Reader::open(text)?;
    let mut rule = ContentRule {
        class: reader.oid()?,
        auxiliary: vec![],
        must: vec![],
        may: vec![],
    };
    while let Some(keyword) = reader.keyword() {
        match keyword.as_str() {
            "AUX" => rule.auxiliary = reader.names(),
            "MUST" => rule.must = reader.names(),
            "MAY" => rule.may = reader.names(),
            other => reader.pass_over(other),
        }
    }
    reader.closed.then_some(rule)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Open,
    Close,
    Dollar,
    Word(&'a str),
    Quoted(&'a str),
}

struct Reader<'a> {
    rest: &'a str,
    closed: bool,
}

impl<'a> Reader<'a> {
    fn open(text: &'a str) -> Option<Self> {
        let mut reader = Self {
            rest: text,
            closed: false,
        };
        (text.len() <= MAX_LENGTH && reader.next() == Some(Token::Open)).then_some(reader)
    }

    fn next(&mut self) -> Option<Token<'a>> {
        self.rest = self.rest.trim_start();
        let (token, length) = match self.rest.as_bytes().first()? {
            b'(' => (Token::Open, 1),
            b')' => (Token::Close, 1),
            b'$' => (Token::Dollar, 1),
            b'\'' => {
                let inside = self.rest.get(1..)?;
                let end = end_of_string(inside)?;
                (Token::Quoted(inside.get(..end)?), end + 2)
            }
            _ => {
                let end = self.rest.find([' ', '\t', '\n', '\r', '(', ')', '$', '\'']);
                let word = self.rest.get(..end.unwrap_or(self.rest.len()))?;
                (Token::Word(word), word.len())
            }
        };
        self.rest = self.rest.get(length..)?;
        Some(token)
    }

    fn peek(&self) -> Option<Token<'a>> {
        Self {
            rest: self.rest,
            closed: false,
        }
        .next()
    }

    fn oid(&mut self) -> Option<String> {
        match self.next()? {
            Token::Word(oid) | Token::Quoted(oid) if !oid.is_empty() => Some(oid.to_owned()),
            _ => None,
        }
    }

    /// The next keyword in upper case; `None` at the closing parenthesis, or where the text breaks off.
    fn keyword(&mut self) -> Option<String> {
        loop {
            match self.next()? {
                Token::Word(word) => return Some(word.to_ascii_uppercase()),
                Token::Close => {
                    self.closed = true;
                    return None;
                }
                Token::Open => self.skip_list(),
                Token::Quoted(_) | Token::Dollar => {}
            }
        }
    }

    fn skip_list(&mut self) {
        while !matches!(self.next(), None | Some(Token::Close)) {}
    }

    /// Passes over the values of DESC and of every extension; other keywords stand alone.
    fn pass_over(&mut self, keyword: &str) {
        match self.peek() {
            Some(Token::Quoted(_)) => {
                self.next();
            }
            Some(Token::Open) => {
                self.next();
                self.skip_list();
            }
            Some(Token::Word(_)) if keyword.starts_with("X-") => {
                self.next();
            }
            _ => {}
        }
    }

    fn one(&mut self) -> Option<String> {
        match self.peek()? {
            Token::Word(text) | Token::Quoted(text) => {
                self.next();
                Some(text.to_owned())
            }
            _ => None,
        }
    }

    /// One name, or several in parentheses, with or without `$` and quotation marks. Those that are
    /// no names are left out.
    fn names(&mut self) -> Vec<AttributeName> {
        match self.peek() {
            Some(Token::Word(text) | Token::Quoted(text)) => {
                self.next();
                AttributeName::parse(text).into_iter().collect()
            }
            Some(Token::Open) => {
                self.next();
                let mut names = Vec::new();
                while let Some(token) = self.next() {
                    match token {
                        Token::Word(text) | Token::Quoted(text) => {
                            names.extend(AttributeName::parse(text))
                        }
                        Token::Close => break,
                        Token::Open | Token::Dollar => {}
                    }
                }
                names
            }
            _ => Vec::new(),
        }
    }

    fn syntax(&mut self) -> (Option<String>, Option<u32>) {
        let Some(text) = self.one() else {
            return (None, None);
        };
        match text.split_once('{') {
            Some((oid, bound)) => (
                Some(oid.to_owned()),
                bound.trim_end_matches('}').parse().ok(),
            ),
            None => (Some(text), None),
        }
    }
}

/// Where the string ends that `inside` begins with: at the first apostrophe that is followed by a
/// space, a parenthesis or nothing.
fn end_of_string(inside: &str) -> Option<usize> {
    inside
        .match_indices('\'')
        .map(|(index, _)| index)
        .find(|index| {
            let after = inside.as_bytes().get(index + 1);
            after.is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b')' | b'$'))
        })
}
