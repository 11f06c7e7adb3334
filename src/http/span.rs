//! One log line per request: method, route pattern, status, request id, client, time. Never the query string, the body,
//! a token or an id from the path.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::{Error, HttpMessage};
use tracing::{Span, field};
use tracing_actix_web::RootSpanBuilder;

use super::identity::Identity;

/// Opens and closes the span around a request.
pub(super) struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let identity = Identity::of(request.headers());
        let span = tracing::info_span!(
            "request",
            request_id = %identity.id,
            method = method(request.method().as_str()),
            route = field::Empty,
            client = field::Empty,
            status = field::Empty,
            elapsed_ms = field::Empty,
        );
        request.extensions_mut().insert(identity);
        span
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        match outcome {
            Ok(response) => {
                span.record("status", response.status().as_u16());
                if let Some(identity) = response.request().extensions().get::<Identity>() {
                    span.record(
                        "elapsed_ms",
                        u64::try_from(identity.began.elapsed().as_millis()).unwrap_or(u64::MAX),
                    );
                }
            }
            Err(error) => {
                span.record("status", error.as_response_error().status_code().as_u16());
            }
        }
        span.in_scope(|| tracing::info!("answered"));
    }
}

/// The method's name, from a closed list: a client may send any word.
pub(super) fn method(name: &str) -> &'static str {
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
        .into_iter()
        .find(|known| *known == name)
        .unwrap_or("other")
}
