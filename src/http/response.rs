//! Answers and refusals as bytes.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use serde::Serialize;
use serde_json::Value;

use super::error::{Fault, Row};
use crate::provisioning::{Answer, Shown};
use crate::scim::v1;

/// Always answered, whatever was asked for (RFC 7644 §3.1).
const MEDIA_TYPE: &str = "application/scim+json";

/// What SCIM 1.1 is answered as (SCIM Protocol 1.1 §3).
const LEGACY_MEDIA_TYPE: &str = "application/json";

/// What is sent. Unlike actix-web's own it may be made on any thread: a large one is, where the operation runs, and not where
/// other requests wait for theirs.
pub(super) struct Response {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    body: Vec<u8>,
}

impl Response {
    fn bare(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Vec::new(),
        }
    }

    /// Handed over to actix-web.
    pub(super) fn sent(self) -> HttpResponse {
        let mut builder = HttpResponse::build(self.status);
        for header in self.headers {
            builder.append_header(header);
        }
        builder.body(self.body)
    }
}

/// A success.
pub(super) fn answer(answer: &Answer) -> Response {
    match answer {
        Answer::Created(of) => with_meta(json(StatusCode::CREATED, &of.resource), of),
        Answer::Resource(of) => with_meta(json(StatusCode::OK, &of.resource), of),
        Answer::List(list) => json(StatusCode::OK, list),
        Answer::NotModified(version) => {
            let mut response = Response::bare(StatusCode::NOT_MODIFIED);
            let version = version.as_ref().map(ToString::to_string);
            if let Some(version) = version.and_then(|text| HeaderValue::from_str(&text).ok()) {
                response.headers.insert(header::ETAG, version);
            }
            response
        }
        Answer::NoContent => Response::bare(StatusCode::NO_CONTENT),
    }
}

/// A success as a 1.1 client reads it.
pub(super) fn legacy_answer(answer: &Answer) -> Response {
    let shown = |status, of: &Shown| {
        let body = v1::resource_answer(of.resource.clone().into_value());
        with_meta(legacy(status, &body), of)
    };
    match answer {
        Answer::Created(resource) => shown(StatusCode::CREATED, resource),
        Answer::Resource(resource) => shown(StatusCode::OK, resource),
        Answer::List(list) => {
            let list = serde_json::to_value(list).unwrap_or_default();
            legacy(StatusCode::OK, &v1::list(list))
        }
        // Nothing but a status and headers, which are the same in both versions.
        bare @ (Answer::NotModified(_) | Answer::NoContent) => self::answer(bare),
    }
}

/// A discovery document.
pub(super) fn document(document: &Value) -> Response {
    json(StatusCode::OK, document)
}

/// A discovery document for a 1.1 client.
pub(super) fn legacy_document(document: &Value) -> Response {
    legacy(StatusCode::OK, document)
}

/// A refusal, by the table.
pub(super) fn refusal(fault: &Fault) -> Response {
    let row = fault.row();
    with_advice(fault, json(status_of(&row), &row.body.to_json()))
}

/// A refusal as a 1.1 client reads it.
pub(super) fn legacy_refusal(fault: &Fault) -> Response {
    let row = fault.row();
    with_advice(fault, legacy(status_of(&row), &v1::error(&row.body)))
}

fn status_of(row: &Row) -> StatusCode {
    StatusCode::from_u16(row.body.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The headers that a refusal's status asks for.
fn with_advice(fault: &Fault, mut response: Response) -> Response {
    let row = fault.row();
    let headers = &mut response.headers;
    if let Some(delay) = row.retry_after {
        // At least one second: zero would mean "at once".
        headers.insert(
            header::RETRY_AFTER,
            HeaderValue::from(delay.as_secs().max(1)),
        );
    }
    match fault {
        Fault::Unauthenticated => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        Fault::Method { allow } => {
            if let Ok(allow) = HeaderValue::from_str(allow) {
                headers.insert(header::ALLOW, allow);
            }
        }
        _ => {}
    }
    response
}

fn with_meta(mut response: Response, of: &Shown) -> Response {
    let headers = &mut response.headers;
    let version = of.version.as_ref().map(ToString::to_string);
    for (name, text) in [
        (header::LOCATION, of.location.as_ref()),
        (header::ETAG, version.as_ref()),
    ] {
        if let Some(value) = text.and_then(|text| HeaderValue::from_str(text).ok()) {
            headers.insert(name, value);
        }
    }
    response
}

fn json(status: StatusCode, value: &impl Serialize) -> Response {
    body(status, MEDIA_TYPE, value)
}

fn legacy(status: StatusCode, value: &impl Serialize) -> Response {
    body(status, LEGACY_MEDIA_TYPE, value)
}

fn body(status: StatusCode, media_type: &'static str, value: &impl Serialize) -> Response {
    let mut response = Response::bare(status);
    let media_type = HeaderValue::from_static(media_type);
    response.headers.insert(header::CONTENT_TYPE, media_type);
    response.body = serde_json::to_vec(value).unwrap_or_default();
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::{Resource, Version};
    use serde_json::json;
    use std::time::Duration;

    fn header(response: &Response, name: &str) -> Option<String> {
        response
            .headers
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    }

    fn resource() -> Shown {
        let value = json!({ "id": "1" });
        Shown {
            resource: Resource::from_map(value.as_object().unwrap().clone()),
            location: Some("https://x/scim/v2/Users/1".into()),
            version: Version::new("7"),
        }
    }

    #[test]
    fn a_created_resource_names_its_place_and_version() {
        let response = answer(&Answer::Created(resource()));
        assert_eq!(response.status, 201);
        assert_eq!(
            header(&response, "location").as_deref(),
            Some("https://x/scim/v2/Users/1")
        );
        assert_eq!(header(&response, "etag").as_deref(), Some("W/\"7\""));
        assert_eq!(
            header(&response, "content-type").as_deref(),
            Some("application/scim+json")
        );
    }

    /// Else a thread that carries connections would make it.
    #[test]
    fn a_response_may_be_made_on_another_thread() {
        let made = std::thread::spawn(|| answer(&Answer::Created(resource())));
        assert_eq!(made.join().unwrap().sent().status(), 201);
    }

    #[test]
    fn nothing_to_show_is_204_without_a_body_type() {
        let response = answer(&Answer::NoContent);
        assert_eq!(response.status, 204);
        assert_eq!(header(&response, "content-type"), None);
    }

    #[test]
    fn refusals_carry_the_headers_their_status_asks_for() {
        assert_eq!(
            header(&refusal(&Fault::Unauthenticated), "www-authenticate").as_deref(),
            Some("Bearer")
        );
        let allow = "GET, POST".to_owned();
        assert_eq!(
            header(&refusal(&Fault::Method { allow }), "allow").as_deref(),
            Some("GET, POST")
        );
        let outage = crate::provisioning::Error::Unavailable {
            retry_after: Duration::from_millis(10),
            reason: String::new(),
        };
        assert_eq!(
            header(&refusal(&outage.into()), "retry-after").as_deref(),
            Some("1")
        );
    }

    #[test]
    fn a_location_that_is_no_header_value_is_left_out() {
        let mut of = resource();
        of.location = Some("https://x/\n".into());
        let response = answer(&Answer::Resource(of));
        assert_eq!(
            (response.status.as_u16(), header(&response, "location")),
            (200, None)
        );
    }
}
