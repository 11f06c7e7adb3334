//! Reading filters and PATCH paths: recursive descent over the text, one position, bounded depth.

use serde_json::Number;

use super::{Filter, Literal, Operator};
use crate::scim::error::{Error, quoted};
use crate::scim::path::{AttributePath, Path};

/// Longest filter, and longest PATCH path with one, in bytes.
pub(in crate::scim) const MAX_LENGTH: usize = 64 * 1024;
/// Deepest nesting of parentheses, `not` and brackets.
const MAX_DEPTH: usize = 50;

/// Reads a whole filter.
pub(super) fn parse_filter(text: &str) -> Result<Filter, Error> {
    let mut parser = Parser::new(text)?;
    let filter = parser.disjunction(0, Place::Outside)?;
    parser.spaces();
    if parser.rest().is_empty() {
        return Ok(filter);
    }
    Err(parser.expected("`and`, `or` or the end of the filter"))
}

/// Reads a PATCH path that has a value filter.
pub(in crate::scim) fn parse_path(text: &str) -> Result<Path, Error> {
    let mut parser = Parser::new(text)?;
    let attribute = parser.word();
    let attribute = AttributePath::parse(attribute)?;
    if attribute.sub.is_some() {
        return Err(Error::invalid_path(format!(
            "The path {} has a value filter after a sub-attribute; write `attribute[filter].sub`.",
            quoted(text)
        )));
    }
    parser.symbol('[')?;
    let filter = parser.disjunction(1, Place::Inside)?;
    parser.spaces();
    parser.symbol(']')?;
    let sub = match parser.rest().strip_prefix('.') {
        Some(_) => {
            parser.position += 1;
            Some(parser.sub_attribute()?)
        }
        None => None,
    };
    if !parser.rest().is_empty() {
        return Err(Error::invalid_path(format!(
            "The path {} goes on after its end with {}; a path is `attribute[filter].sub`.",
            quoted(text),
            quoted(parser.rest())
        )));
    }
    Ok(Path {
        schema: attribute.schema,
        attribute: attribute.attribute,
        filter: Some(filter),
        sub,
    })
}

/// Whether brackets may still open: RFC 7644 does not nest them.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Outside,
    Inside,
}

struct Parser<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Result<Self, Error> {
        if text.len() > MAX_LENGTH {
            return Err(Error::invalid_filter(format!(
                "The filter is {} bytes long, the most is {MAX_LENGTH}; ask for less at once.",
                text.len()
            )));
        }
        Ok(Parser { text, position: 0 })
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }

    /// Moves over blanks and says whether there were any.
    fn spaces(&mut self) -> bool {
        let rest = self.rest();
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        self.position += blanks;
        blanks > 0
    }

    /// The run of characters up to a blank, bracket, parenthesis or quote.
    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest
            .find([' ', '\t', '[', ']', '(', ')', '"'])
            .unwrap_or(rest.len());
        self.position += end;
        rest.get(..end).unwrap_or_default()
    }

    /// Moves over that word, in any case, if it stands here and ends here.
    fn keyword(&mut self, word: &str) -> bool {
        let before = self.position;
        if self.word().eq_ignore_ascii_case(word) {
            return true;
        }
        self.position = before;
        false
    }

    fn symbol(&mut self, symbol: char) -> Result<(), Error> {
        if self.rest().starts_with(symbol) {
            self.position += symbol.len_utf8();
            return Ok(());
        }
        Err(self.expected(&format!("`{symbol}`")))
    }

    fn disjunction(&mut self, depth: usize, place: Place) -> Result<Filter, Error> {
        let mut parts = vec![self.conjunction(depth, place)?];
        while self.connective("or") {
            parts.push(self.conjunction(depth, place)?);
        }
        Ok(one_or(parts, Filter::Or))
    }

    fn conjunction(&mut self, depth: usize, place: Place) -> Result<Filter, Error> {
        let mut parts = vec![self.term(depth, place)?];
        while self.connective("and") {
            parts.push(self.term(depth, place)?);
        }
        Ok(one_or(parts, Filter::And))
    }

    fn connective(&mut self, word: &str) -> bool {
        let before = self.position;
        self.spaces();
        if self.keyword(word) {
            return true;
        }
        self.position = before;
        false
    }

    fn term(&mut self, depth: usize, place: Place) -> Result<Filter, Error> {
        if depth > MAX_DEPTH {
            return Err(Error::invalid_filter(format!(
                "The filter nests deeper than {MAX_DEPTH} levels at position {}; flatten it.",
                self.position + 1
            )));
        }
        self.spaces();
        if self.rest().starts_with('(') {
            return self.group(depth, place);
        }
        let before = self.position;
        if self.keyword("not") {
            self.spaces();
            if self.rest().starts_with('(') {
                return Ok(Filter::Not(Box::new(self.group(depth, place)?)));
            }
            self.position = before;
        }
        self.comparison(depth, place)
    }

    fn group(&mut self, depth: usize, place: Place) -> Result<Filter, Error> {
        self.symbol('(')?;
        let inner = self.disjunction(depth + 1, place)?;
        self.spaces();
        self.symbol(')')?;
        Ok(inner)
    }

    fn comparison(&mut self, depth: usize, place: Place) -> Result<Filter, Error> {
        let start = self.position;
        let word = self.word();
        if word.is_empty() {
            return Err(self.expected("an attribute"));
        }
        let path = AttributePath::parse(word).map_err(|error| {
            Error::invalid_filter(format!("At position {}: {}", start + 1, error.detail))
        })?;
        if self.rest().starts_with('[') {
            return self.value_path(path, depth, place);
        }
        if place == Place::Inside && (path.schema.is_some() || path.sub.is_some()) {
            return Err(Error::invalid_filter(format!(
                "At position {}: {} inside brackets must be a sub-attribute's name alone, as in `emails[type eq \"work\"]`.",
                start + 1,
                quoted(word)
            )));
        }
        self.test(path)
    }

    fn value_path(
        &mut self,
        path: AttributePath,
        depth: usize,
        place: Place,
    ) -> Result<Filter, Error> {
        if place == Place::Inside || path.sub.is_some() {
            return Err(self.expected("an operator; brackets follow an attribute and do not nest"));
        }
        self.symbol('[')?;
        let inner = self.disjunction(depth + 1, Place::Inside)?;
        self.spaces();
        self.symbol(']')?;
        let filter = if self.rest().starts_with('.') {
            // `emails[type eq "work"].value eq "x"`, as Entra ID sends it: both must hold of one element.
            self.position += 1;
            let sub = self.sub_attribute()?;
            let test = self.test(AttributePath::of(sub))?;
            match inner {
                Filter::And(mut parts) => {
                    parts.push(test);
                    Filter::And(parts)
                }
                other => Filter::And(vec![other, test]),
            }
        } else {
            inner
        };
        Ok(Filter::ValuePath {
            path,
            filter: Box::new(filter),
        })
    }

    fn sub_attribute(&mut self) -> Result<String, Error> {
        let start = self.position;
        let word = self.word();
        match AttributePath::parse(word) {
            Ok(AttributePath {
                schema: None,
                attribute,
                sub: None,
            }) => Ok(attribute),
            _ => {
                self.position = start;
                Err(self.expected("a sub-attribute's name"))
            }
        }
    }

    /// The operator and value after a path.
    fn test(&mut self, path: AttributePath) -> Result<Filter, Error> {
        const OPERATORS: &str = "an operator (eq, ne, co, sw, ew, pr, gt, ge, lt, le)";
        if !self.spaces() {
            return Err(self.expected(OPERATORS));
        }
        let start = self.position;
        let word = self.word();
        if word.eq_ignore_ascii_case("pr") {
            return Ok(Filter::Present(path));
        }
        let Some(operator) = Operator::parse(word) else {
            self.position = start;
            return Err(self.expected(OPERATORS));
        };
        if !self.spaces() {
            return Err(self.expected("a blank and a value"));
        }
        let value = self.literal()?;
        let ordered = !matches!(operator, Operator::Equal | Operator::NotEqual);
        if ordered && matches!(value, Literal::Boolean(_) | Literal::Null) {
            return Err(Error::invalid_filter(format!(
                "At position {}: `{}` cannot compare {} with {value}; use eq or ne.",
                start + 1,
                operator.name(),
                quoted(&path.to_string())
            )));
        }
        Ok(Filter::Compare {
            path,
            operator,
            value,
        })
    }

    fn literal(&mut self) -> Result<Literal, Error> {
        if self.rest().starts_with('"') {
            return self.string();
        }
        let start = self.position;
        match self.word() {
            "true" => Ok(Literal::Boolean(true)),
            "false" => Ok(Literal::Boolean(false)),
            "null" => Ok(Literal::Null),
            word => match number(word) {
                Some(number) => Ok(Literal::Number(number)),
                None => {
                    self.position = start;
                    Err(self
                        .expected("a value: text in double quotes, a number, true, false or null"))
                }
            },
        }
    }

    /// A JSON string. The end is found here; what is inside is JSON's business.
    fn string(&mut self) -> Result<Literal, Error> {
        let rest = self.rest();
        let mut escaped = false;
        let end = rest.bytes().skip(1).position(|byte| {
            let closing = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            closing
        });
        let Some(end) = end else {
            return Err(self.expected("text with a closing double quote"));
        };
        let token = rest.get(..end + 2).unwrap_or_default();
        let text: String = serde_json::from_str(token).map_err(|_| {
            Error::invalid_filter(format!(
                "At position {}: {} is not a JSON string; escape `\"` and `\\` with a backslash and control characters as \\u.",
                self.position + 1,
                quoted(token)
            ))
        })?;
        if text.contains('\0') {
            return Err(Error::invalid_filter(format!(
                "At position {}: the value contains a NUL character, which no attribute can hold; remove it.",
                self.position + 1
            )));
        }
        self.position += end + 2;
        Ok(Literal::String(text))
    }

    fn expected(&self, what: &str) -> Error {
        let found = match self.rest() {
            "" => "the end".to_owned(),
            rest => {
                let short: String = rest.chars().take(20).collect();
                quoted(&short)
            }
        };
        Error::invalid_filter(format!(
            "At position {} of the filter: expected {what}, found {found}; correct the filter there.",
            self.position + 1
        ))
    }
}

fn one_or(mut parts: Vec<Filter>, join: fn(Vec<Filter>) -> Filter) -> Filter {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}

/// A JSON number. The standard library reads fractions to the last digit, which `serde_json` does not.
fn number(word: &str) -> Option<Number> {
    let number = word.parse::<Number>().ok()?;
    if number.is_f64() {
        return Number::from_f64(word.parse().ok()?);
    }
    Some(number)
}
