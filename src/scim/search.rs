//! A query in a body: POST to `/.search`, RFC 7644 §3.4.3.

use serde_json::Value;

use super::dialect::{Dialect, Leniency};
use super::error::Error;
use super::message::Message;

/// URN of the search message.
pub const SEARCH_URN: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// The members of a SearchRequest, as a query string would have carried them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchRequest {
    /// `filter`.
    pub filter: Option<String>,
    /// `sortBy`.
    pub sort_by: Option<String>,
    /// `sortOrder`.
    pub sort_order: Option<String>,
    /// `startIndex`.
    pub start_index: Option<String>,
    /// `count`.
    pub count: Option<String>,
    /// `cursor` (RFC 9865 §2).
    pub cursor: Option<String>,
    /// `attributes`, comma-separated.
    pub attributes: Option<String>,
    /// `excludedAttributes`, comma-separated.
    pub excluded_attributes: Option<String>,
}

impl SearchRequest {
    /// Reads a SearchRequest. Names may be in any case, null is absent, and what is unknown is ignored.
    ///
    /// Fails with `invalidSyntax` for the structure and `invalidValue` for a member of the wrong type.
    pub fn parse(value: Value, dialect: &Dialect) -> Result<SearchRequest, Error> {
        let lenient = dialect.allows(Leniency::UndeclaredSchema);
        let mut body = Message::of(value, SEARCH_URN, "the parameters of the search", lenient)?;
        Ok(SearchRequest {
            filter: text(&mut body, "filter")?,
            sort_by: text(&mut body, "sortBy")?,
            sort_order: text(&mut body, "sortOrder")?,
            start_index: number(&mut body, "startIndex")?,
            count: number(&mut body, "count")?,
            cursor: text(&mut body, "cursor")?,
            attributes: names(&mut body, "attributes")?,
            excluded_attributes: names(&mut body, "excludedAttributes")?,
        })
    }
}

fn text(body: &mut Message, name: &str) -> Result<Option<String>, Error> {
    match body.take(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(wrong(name, "a string")),
    }
}

/// Digits in quotes are taken for a number: they are read in the same way as those of a query string.
fn number(body: &mut Message, name: &str) -> Result<Option<String>, Error> {
    match body.take(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(Value::Number(number)) if !number.is_f64() => Ok(Some(number.to_string())),
        Some(_) => Err(wrong(name, "a whole number")),
    }
}

fn names(body: &mut Message, name: &str) -> Result<Option<String>, Error> {
    match body.take(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(names)) => Ok(Some(names)),
        Some(Value::Array(names)) => {
            let names: Option<Vec<&str>> = names.iter().map(Value::as_str).collect();
            let names = names.ok_or_else(|| wrong(name, "an array of attribute paths"))?;
            Ok(Some(names.join(",")))
        }
        Some(_) => Err(wrong(name, "an array of attribute paths")),
    }
}

fn wrong(name: &str, kind: &str) -> Error {
    Error::invalid_value(format!("`{name}` must be {kind}; correct its type."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_parameter_is_read() {
        let body = json!({
            "schemas": [SEARCH_URN], "Attributes": ["userName", "emails.value"], "excludedAttributes": ["members"],
            "filter": "title pr", "sortBy": "userName", "sortOrder": "descending", "startIndex": 11, "count": 5, "more": 1,
        });
        let some = |text: &str| Some(text.to_owned());
        let expected = SearchRequest {
            filter: some("title pr"),
            sort_by: some("userName"),
            sort_order: some("descending"),
            start_index: some("11"),
            cursor: None,
            count: some("5"),
            attributes: some("userName,emails.value"),
            excluded_attributes: some("members"),
        };
        assert_eq!(SearchRequest::parse(body, &Dialect::strict()), Ok(expected));
    }

    #[test]
    fn what_has_another_type_is_refused_by_name() {
        for (body, name) in [
            (json!({ "filter": 1 }), "`filter`"),
            (json!({ "count": 1.5 }), "`count`"),
            (json!({ "count": true }), "`count`"),
            (json!({ "attributes": [1] }), "`attributes`"),
            (json!([]), "The body"),
        ] {
            let error = SearchRequest::parse(body, &Dialect::lenient()).unwrap_err();
            assert!(error.detail.starts_with(name), "{error}");
        }
        let nothing = SearchRequest::parse(json!({ "filter": null }), &Dialect::lenient());
        assert_eq!(nothing, Ok(SearchRequest::default()));
        assert!(SearchRequest::parse(json!({}), &Dialect::strict()).is_err());
    }
}
