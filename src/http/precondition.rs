//! The header fields that make a request conditional (RFC 9110 §13.1).

use actix_web::http::header::{self, HeaderMap, HeaderName};

use super::error::Fault;
use crate::provisioning;
use crate::scim::Precondition;

/// Reads `If-Match` and `If-None-Match`. The conditions on dates mean nothing here: a second is too long.
///
/// # Errors
/// 400 where one of them is no list of entity tags: a condition that is not understood is never taken for none.
pub(super) fn read(headers: &HeaderMap) -> Result<Precondition, Fault> {
    let (if_match, if_none_match) = (
        joined(headers, &header::IF_MATCH),
        joined(headers, &header::IF_NONE_MATCH),
    );
    Precondition::parse(if_match.as_deref(), if_none_match.as_deref())
        .map_err(|error| Fault::Service(provisioning::Error::Invalid(error)))
}

/// The values of every field of this name, as one list (RFC 9110 §5.3). What is no text is no tag either.
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Vec<_> = headers
        .get_all(name)
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    (!values.is_empty()).then(|| values.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    #[test]
    fn fields_of_one_name_are_one_list() {
        let mut headers = HeaderMap::new();
        assert_eq!(read(&headers).unwrap(), Precondition::default());
        for tag in ["W/\"1\"", "\"2\""] {
            headers.append(header::IF_MATCH, HeaderValue::from_static(tag));
        }
        assert_eq!(
            read(&headers).unwrap(),
            Precondition::parse(Some("\"1\", \"2\""), None).unwrap()
        );
    }

    #[test]
    fn a_condition_that_is_not_understood_is_never_taken_for_none() {
        for value in [&b"1"[..], b"", b"\"\xff\""] {
            let mut headers = HeaderMap::new();
            headers.insert(
                header::IF_NONE_MATCH,
                HeaderValue::from_bytes(value).unwrap(),
            );
            assert_eq!(read(&headers).unwrap_err().row().body.status, 400);
        }
    }
}
