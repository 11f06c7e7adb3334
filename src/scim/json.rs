//! Bytes to JSON, with the doors shut that `serde_json` leaves open: duplicate keys and depth.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value, map::Entry};

use super::error::{Error, quoted};

/// Deepest nesting of arrays and objects. A SCIM body has five levels at most.
const MAX_DEPTH: usize = 32;

/// Reads a request body. A byte order mark is skipped.
///
/// Fails with `invalidSyntax`, naming line and column: for an empty body, for anything that is not
/// JSON in UTF-8, for the same key twice in one object, and beyond 32 levels.
pub fn parse(bytes: &[u8]) -> Result<Value, Error> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::invalid_syntax(
            "The body is empty; send a JSON object.",
        ));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Node { depth: 0 }
        .deserialize(&mut deserializer)
        .map_err(|error| refused(&error))?;
    deserializer.end().map_err(|error| refused(&error))?;
    Ok(value)
}

fn refused(error: &serde_json::Error) -> Error {
    Error::invalid_syntax(format!(
        "The body cannot be read as JSON: {error}. Correct it there and send it again."
    ))
}

struct Node {
    depth: usize,
}

impl Node {
    fn inside<E: serde::de::Error>(&self) -> Result<Node, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom(format!("nested deeper than {MAX_DEPTH} levels")));
        }
        Ok(Node {
            depth: self.depth + 1,
        })
    }
}

impl<'de> DeserializeSeed<'de> for Node {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = sequence.next_element_seed(self.inside()?)? {
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            match object.entry(key) {
                Entry::Occupied(taken) => {
                    let key = quoted(taken.key());
                    return Err(A::Error::custom(format!(
                        "the key {key} stands twice in one object"
                    )));
                }
                Entry::Vacant(free) => {
                    free.insert(map.next_value_seed(self.inside()?)?);
                }
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn detail(bytes: &[u8]) -> String {
        let error = parse(bytes).unwrap_err();
        assert_eq!(error.status, 400);
        assert!(error.detail.len() < 300, "{}", error.detail);
        error.detail
    }

    #[test]
    fn an_ordinary_body_keeps_its_order() {
        let value =
            parse(b"\xef\xbb\xbf {\"b\": [1, -2, 0.5, null, true], \"a\": {\"c\": \"\\u00e9\"}} ")
                .unwrap();
        assert_eq!(
            value,
            json!({"b": [1, -2, 0.5, null, true], "a": {"c": "é"}})
        );
        assert_eq!(
            value.to_string(),
            "{\"b\":[1,-2,0.5,null,true],\"a\":{\"c\":\"é\"}}"
        );
    }

    #[test]
    fn a_key_that_stands_twice_is_refused() {
        assert!(detail(br#"{"active": true, "active": false}"#).contains("`active` stands twice"));
        assert!(detail(br#"[{"name": {"x": 1, "x": 1}}]"#).contains("`x`"));
        assert!(parse(br#"[{"x": 1}, {"x": 1}]"#).is_ok());
    }

    #[test]
    fn hostile_bodies_are_refused_with_a_position() {
        assert!(detail(b"").contains("empty"));
        assert!(detail(b" \n").contains("empty"));
        assert!(detail(b"{\"userName\": ").contains("line 1 column"));
        assert!(detail(br#"{"userName": "\ud800"}"#).contains("line 1 column"));
        assert!(detail(b"{\"userName\": \"\xff\"}").contains("line 1 column"));
        assert!(detail(b"{} {}").contains("trailing"));
        assert!(detail(b"{\"a\": 1e999}").contains("number"));
        assert!(detail("[".repeat(100_000).as_bytes()).contains("deeper than 32"));
        assert!(detail("{\"a\":".repeat(100_000).as_bytes()).contains("deeper than 32"));
    }
}
