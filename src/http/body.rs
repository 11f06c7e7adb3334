//! The request's body: its media type and its bounds.

use std::time::{Duration, Instant};

use actix_web::http::header::{self, HeaderMap};
use actix_web::web;

use super::error::Fault;
use crate::scim::{Dialect, Leniency};

/// Reads a body of an accepted media type, at most `limit` bytes, all there by `until`.
///
/// # Errors
/// 413, 415, or 400 where it does not come.
pub(super) async fn read(
    headers: &HeaderMap,
    payload: web::Payload,
    dialect: &Dialect,
    limit: usize,
    until: Instant,
) -> Result<web::Bytes, Fault> {
    check_media_type(
        headers
            .get(header::CONTENT_TYPE)
            .map(|value| value.as_bytes()),
        dialect,
    )?;
    let encoding = headers
        .get(header::CONTENT_ENCODING)
        .map(|value| value.as_bytes());
    if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case(b"identity")) {
        return Err(Fault::Encoding);
    }
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > limit))
    {
        return Err(Fault::BodyTooLong(limit));
    }
    let left = until
        .saturating_duration_since(Instant::now())
        .max(Duration::from_millis(1));
    match tokio::time::timeout(left, payload.to_bytes_limited(limit)).await {
        Err(_) => Err(Fault::BodyIncomplete("did not arrive in time")),
        Ok(Err(_)) => Err(Fault::BodyTooLong(limit)),
        Ok(Ok(Err(_))) => Err(Fault::BodyIncomplete("broke off")),
        Ok(Ok(Ok(bytes))) => Ok(bytes),
    }
}

/// `application/scim+json` or `application/json` (RFC 7644 §3.1, §3.8), with any parameters.
fn check_media_type(value: Option<&[u8]>, dialect: &Dialect) -> Result<(), Fault> {
    let text = value
        .map(|bytes| std::str::from_utf8(bytes).unwrap_or("?").trim())
        .unwrap_or_default();
    if text.is_empty() {
        return if dialect.allows(Leniency::MissingMediaType) {
            Ok(())
        } else {
            Err(Fault::MediaType)
        };
    }
    let essence = text.split(';').next().unwrap_or_default().trim();
    let known = ["application/scim+json", "application/json"];
    if known
        .iter()
        .any(|known| essence.eq_ignore_ascii_case(known))
    {
        Ok(())
    } else {
        Err(Fault::MediaType)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_json_types_pass_with_any_charset() {
        for dialect in [Dialect::lenient(), Dialect::strict()] {
            for value in [
                "application/scim+json",
                "application/json; charset=utf-8",
                "Application/SCIM+JSON;charset=\"UTF-8\"",
            ] {
                assert!(
                    check_media_type(Some(value.as_bytes()), &dialect).is_ok(),
                    "{value}"
                );
            }
            for value in [
                "text/plain",
                "application/xml",
                "application/jsonx",
                "application/x-www-form-urlencoded",
                "json",
            ] {
                assert!(
                    matches!(
                        check_media_type(Some(value.as_bytes()), &dialect),
                        Err(Fault::MediaType)
                    ),
                    "{value}"
                );
            }
        }
    }

    #[test]
    fn missing_media_type() {
        assert!(check_media_type(None, &Dialect::lenient()).is_ok());
        assert!(matches!(
            check_media_type(None, &Dialect::strict()),
            Err(Fault::MediaType)
        ));
    }
}
