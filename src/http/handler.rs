//! The way of a request: limits, authentication, route, body, one call of the service, one answer.

use std::time::{Duration, Instant};

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tracing::{Instrument, Span};

use super::authentication::authenticate;
use super::error::Fault;
use super::identity::{self, Identity};
use super::in_flight::{InFlight, Ticket};
use super::route::{Target, below};
use super::settings::{Client, Settings};
use super::{body, metrics, precondition, query, response, span};
use crate::provisioning::{Answer, Caller, Deadline, Error, Query, Service};

/// Longest request line and header together, in bytes. actix-web itself stops at 128 KiB, without a SCIM answer.
const LONGEST_HEAD: usize = 96 * 1024;

/// How long past its deadline the service may take to say so itself.
const GRACE: Duration = Duration::from_millis(500);

/// What every HTTP thread knows.
pub(super) struct State {
    pub(super) settings: Settings,
    /// The service of this moment: it is replaced when the directory's schema becomes known.
    pub(super) service: watch::Receiver<Service>,
    pub(super) in_flight: InFlight,
}

/// Every request comes here.
pub(super) async fn handle(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> HttpResponse {
    let identity = request.extensions().get::<Identity>().cloned();
    let identity = identity.unwrap_or_else(|| Identity::of(request.headers()));
    let mut seen = Seen::default();
    let mut response = match serve(&request, payload, &state, &identity, &mut seen).await {
        Ok(response) => response,
        Err(fault) => {
            journal(&fault);
            response::refusal(&fault)
        }
    };
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&identity.id) {
        headers.insert(header::HeaderName::from_static(identity::HEADER), id);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let route = seen.target.unwrap_or(Target::Unknown).to_string();
    let method = span::method(request.method().as_str());
    tracing::info!(
        method,
        route,
        status = response.status().as_u16(),
        elapsed_ms = u64::try_from(identity.began.elapsed().as_millis()).unwrap_or(u64::MAX),
        "answered"
    );
    metrics::answered(
        method,
        route,
        response.status().as_u16(),
        seen.client.as_deref(),
        identity.began.elapsed(),
    );
    response
}

/// What became known of a request on its way, for metrics.
#[derive(Default)]
struct Seen {
    target: Option<Target>,
    client: Option<String>,
}

async fn serve(
    request: &HttpRequest,
    payload: web::Payload,
    state: &State,
    identity: &Identity,
    seen: &mut Seen,
) -> Result<HttpResponse, Fault> {
    let settings = &state.settings;
    check_head(request)?;
    let path = below(&settings.base_path, request.uri().path()).ok_or(Fault::UnknownPath)?;
    let authorization = request
        .headers()
        .get(header::AUTHORIZATION)
        .map(HeaderValue::as_bytes);
    let client = authenticate(&settings.clients, authorization).ok_or(Fault::Unauthenticated)?;
    seen.client = Some(client.name.clone());
    let service = state.service.borrow().clone();
    let target = Target::of(path, service.endpoints());
    Span::current().record("client", client.name.as_str());
    seen.target = Some(target.clone());
    check_method(&target, request.method().as_str())?;
    let ticket = state.in_flight.enter().ok_or(Fault::Busy)?;
    let until = identity.began + settings.request_timeout;
    let caller = caller(request, settings, client, identity, until);
    if let Some(document) = discovery(&service, &caller, &target)? {
        return Ok(response::document(document));
    }
    let mut query = query::read(request.uri().query().unwrap_or_default())?;
    if let Target::Item { .. } = target {
        query.precondition = precondition::read(request.headers())?;
    }
    let body = match request.method().as_str() {
        "POST" | "PUT" | "PATCH" => {
            body::read(
                request.headers(),
                payload,
                &client.dialect,
                settings.body_limit,
                until,
            )
            .await?
        }
        _ => web::Bytes::new(),
    };
    let call = Call {
        target,
        method: request.method().to_string(),
        query,
        body,
        caller,
    };
    call.run(service, &settings.runtime, ticket, until)
        .await
        .map(|answer| response::answer(&answer))
}

fn check_head(request: &HttpRequest) -> Result<(), Fault> {
    let target = request
        .uri()
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    let headers: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    if target + headers > LONGEST_HEAD {
        Err(Fault::HeadTooLong)
    } else {
        Ok(())
    }
}

fn check_method(target: &Target, method: &str) -> Result<(), Fault> {
    match target {
        Target::Unknown => return Err(Fault::UnknownPath),
        Target::NotServed(what) => return Err(Fault::NotServed(what)),
        _ => {}
    }
    match target.methods() {
        Some(methods) if !methods.contains(&method) => Err(Fault::Method {
            allow: methods.join(", "),
        }),
        _ => Ok(()),
    }
}

fn caller(
    request: &HttpRequest,
    settings: &Settings,
    client: &Client,
    identity: &Identity,
    until: Instant,
) -> Caller {
    Caller {
        client: client.name.clone(),
        dialect: client.dialect,
        base_url: settings
            .base_url
            .clone()
            .unwrap_or_else(|| base_url(request, settings)),
        request_id: identity.id.clone(),
        deadline: Deadline::at(until),
    }
}

/// The base URL as this client wrote it. `Host` only ever comes back to the one who sent it; forwarding headers are not
/// believed: behind a proxy, `base_url` is set.
fn base_url(request: &HttpRequest, settings: &Settings) -> String {
    let scheme = if settings.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let plain = |host: &&str| {
        !host.is_empty()
            && host.len() <= 255
            && host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte))
    };
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|value| value.to_str().ok());
    let host = host
        .or_else(|| {
            request
                .uri()
                .authority()
                .map(|authority| authority.as_str())
        })
        .filter(plain);
    match host {
        Some(host) => format!("{scheme}://{host}{}", settings.base_path),
        None => format!("{scheme}://{}{}", settings.listen, settings.base_path),
    }
}

fn discovery(
    service: &Service,
    caller: &Caller,
    target: &Target,
) -> Result<Option<serde_json::Value>, Fault> {
    Ok(Some(match target {
        // A probe of the base URL wants to see SCIM alive.
        Target::Base | Target::ServiceProviderConfig => service.service_provider_config(caller),
        Target::Schemas => service.schemas(caller),
        Target::Schema(urn) => service.schema(caller, urn)?,
        Target::ResourceTypes => service.resource_types(caller),
        Target::ResourceType(name) => service.resource_type_document(caller, name)?,
        _ => return Ok(None),
    }))
}

/// One call of the service, with everything it needs, so that it can outlive its connection.
struct Call {
    target: Target,
    method: String,
    query: Query,
    body: web::Bytes,
    caller: Caller,
}

impl Call {
    /// Runs on the bridge's own runtime. A client that hangs up drops the wait, not the work.
    async fn run(
        self,
        service: Service,
        runtime: &Handle,
        ticket: Ticket,
        until: Instant,
    ) -> Result<Answer, Fault> {
        let work = async move {
            let answer = self.dispatch(&service).await;
            drop(ticket);
            answer
        };
        // Boxed, because a future of this size is copied at every hand-over.
        let running = runtime.spawn(Box::pin(work).instrument(Span::current()));
        let patience = until.saturating_duration_since(Instant::now()) + GRACE;
        match tokio::time::timeout(patience, running).await {
            Err(_) => Err(Fault::Late),
            Ok(Err(_)) => Err(Fault::Panicked),
            Ok(Ok(answer)) => answer.map_err(Fault::from),
        }
    }

    async fn dispatch(&self, service: &Service) -> Result<Answer, Error> {
        let (caller, query, body) = (&self.caller, &self.query, &self.body);
        match (&self.target, self.method.as_str()) {
            (Target::Collection { resource_type, .. }, "POST") => {
                service.create(caller, resource_type, query, body).await
            }
            (Target::Collection { resource_type, .. }, _) => {
                service.list(caller, resource_type, query).await
            }
            (
                Target::Item {
                    resource_type, id, ..
                },
                method,
            ) => match method {
                "PUT" => {
                    service
                        .replace(caller, resource_type, id, query, body)
                        .await
                }
                "PATCH" => service.patch(caller, resource_type, id, query, body).await,
                "DELETE" => service.delete(caller, resource_type, id, query).await,
                _ => service.read(caller, resource_type, id, query).await,
            },
            (target, _) => Err(Error::NotFound {
                detail: format!("{target} is no resource"),
            }),
        }
    }
}

/// Faults of ours and of the directory go to the journal with their cause; the client's own are its business.
fn journal(fault: &Fault) {
    if let Fault::Service(Error::Refused(refusal)) = fault {
        let attribute = refusal.attribute.as_ref().map(ToString::to_string);
        tracing::warn!(rule = refusal.rule.name(), attempted = ?refusal.attempted, attribute, "a fence refused the operation");
        tracing::debug!(dn = %refusal.dn, "the fenced entry");
        return;
    }
    let status = fault.row().body.status;
    match fault.cause() {
        Some(cause) if status == 503 => tracing::warn!(cause, "the directory is unavailable"),
        Some(cause) if status >= 500 => tracing::error!(cause, "the operation failed"),
        Some(cause) => tracing::warn!(cause, "the directory denied the operation"),
        None if status == 500 => tracing::error!(%fault, "the operation failed"),
        None if status > 500 => tracing::warn!(%fault, "refused"),
        None => tracing::debug!(%fault, "refused"),
    }
}
