//! What every log line of a request carries: its id and the client. Never the query string, the body, a token or an id
//! from the path.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::{Error, HttpMessage};
use tracing::{Span, field};
use tracing_actix_web::RootSpanBuilder;

use super::identity::Identity;

/// Opens the span around a request.
pub(super) struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let identity = Identity::of(request.headers());
        // What is recorded later is written anew by every line of the request, so it is the client only.
        let span = tracing::info_span!("request", request_id = %identity.id, client = field::Empty);
        request.extensions_mut().insert(identity);
        span
    }

    fn on_request_end<B: MessageBody>(_: Span, _: &Result<ServiceResponse<B>, Error>) {}
}

/// The method's name, from a closed list: a client may send any word.
pub(super) fn method(name: &str) -> &'static str {
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
        .into_iter()
        .find(|known| *known == name)
        .unwrap_or("other")
}
