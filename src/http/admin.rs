//! The second listener: is it alive, is it ready, what does it count. Plain HTTP, no authentication, no personal values.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use tokio::sync::watch;

use super::in_flight::InFlight;
use super::metrics;
use crate::provisioning::Service;

/// What the admin listener knows.
pub(super) struct Admin {
    /// The service of this moment: it is replaced when the directory's schema becomes known.
    pub(super) service: watch::Receiver<Service>,
    pub(super) in_flight: InFlight,
    pub(super) render: Arc<dyn Fn() -> String + Send + Sync>,
}

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/healthz", web::get().to(healthz))
        .route("/readyz", web::get().to(readyz))
        .route("/metrics", web::get().to(render));
}

/// 200 while the process lives.
async fn healthz() -> HttpResponse {
    text(HttpResponse::Ok(), "alive\n".to_owned())
}

/// 200 only while the directory answers with our bind and the fences stand; otherwise 503 and why, in words.
async fn readyz(admin: web::Data<Admin>) -> HttpResponse {
    let service = admin.service.borrow().clone();
    let health = service.health();
    let fault = service.fences_fault();
    if health.ready && fault.is_none() {
        let server = health.server.as_deref().unwrap_or("a directory server");
        return text(
            HttpResponse::Ok(),
            format!("ready: {} connections to {server}\n", health.connections),
        );
    }
    let problem = if health.ready { fault } else { health.problem };
    let problem = problem
        .as_deref()
        .unwrap_or("no connection to the directory has been made yet");
    text(
        HttpResponse::ServiceUnavailable(),
        format!("not ready: {problem}\n"),
    )
}

async fn render(admin: web::Data<Admin>) -> HttpResponse {
    let health = admin.service.borrow().health();
    metrics::state(admin.in_flight.count(), health.ready);
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body((admin.render)())
}

fn text(mut response: actix_web::HttpResponseBuilder, text: String) -> HttpResponse {
    response
        .content_type("text/plain; charset=utf-8")
        .body(text)
}
