//! The way of a request: limits, authentication, route, body, one call of the service, one answer.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::FutureExt;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tracing::{Instrument, Span};

use super::authentication::authenticate;
use super::delivery::{Delivery, journal};
use super::error::Fault;
use super::identity::{self, Identity};
use super::in_flight::{InFlight, Ticket};
use super::response::Response;
use super::route::Target;
use super::settings::{Client, Settings};
use super::version::Version;
use super::{body, bulk, metrics, precondition, query, span};
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
    let identity = Identity::of(request.headers());
    let span = span::of(&identity);
    answer(&request, payload, &state, &identity)
        .instrument(span)
        .await
}

async fn answer(
    request: &HttpRequest,
    payload: web::Payload,
    state: &State,
    identity: &Identity,
) -> HttpResponse {
    let mut seen = Seen {
        version: Version::V2,
        target: None,
        client: None,
    };
    let mut response = match serve(request, payload, state, identity, &mut seen).await {
        Ok(response) => response,
        Err(fault) => {
            journal(&fault);
            seen.version.refusal(&fault)
        }
    };
    let headers = &mut response.headers;
    if let Ok(id) = HeaderValue::from_str(&identity.id) {
        headers.insert(header::HeaderName::from_static(identity::HEADER), id);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let route = seen.target.unwrap_or(Target::Unknown).to_string();
    let method = span::method(request.method().as_str());
    tracing::info!(
        method,
        route,
        status = response.status.as_u16(),
        elapsed_ms = u64::try_from(identity.began.elapsed().as_millis()).unwrap_or(u64::MAX),
        "answered"
    );
    metrics::answered(
        method,
        route,
        response.status.as_u16(),
        seen.client.as_deref(),
        identity.began.elapsed(),
    );
    response.sent()
}

/// What became known of a request on its way, for metrics.
struct Seen {
    version: Version,
    target: Option<Target>,
    client: Option<String>,
}

async fn serve(
    request: &HttpRequest,
    payload: web::Payload,
    state: &State,
    identity: &Identity,
    seen: &mut Seen,
) -> Result<Response, Fault> {
    let settings = &state.settings;
    check_head(request)?;
    let (version, path) = Version::of(settings, request.uri().path()).ok_or(Fault::UnknownPath)?;
    seen.version = version;
    let authorization = request
        .headers()
        .get(header::AUTHORIZATION)
        .map(HeaderValue::as_bytes);
    let client = authenticate(&settings.clients, authorization).ok_or(Fault::Unauthenticated)?;
    seen.client = Some(client.name.clone());
    let service = state.service.borrow().clone();
    let mut target = version.target(path, service.endpoints());
    if let (Target::Me, Some(me)) = (&target, &client.me) {
        target = Target::of(me, service.endpoints());
    }
    Span::current().record("client", client.name.as_str());
    seen.target = Some(target.clone());
    check_method(&target, request.method().as_str())?;
    let ticket = state.in_flight.enter().ok_or(Fault::Busy)?;
    let until = identity.began + settings.request_timeout;
    let caller = caller(request, settings, version, client, until);
    let query =
        query::read(request.uri().query().unwrap_or_default()).map(|query| version.query(query));
    // A probe of the base URL wants to see SCIM alive; with parameters it is a query over all resources.
    let is_query = version == Version::V2
        && target == Target::Base
        && !query.as_ref().is_ok_and(Query::is_empty);
    if !is_query && let Some(document) = version.discovery(&service, &caller, &target)? {
        if query.is_ok_and(|query| query.filter.is_some()) {
            return Err(Fault::DiscoveryFilter);
        }
        return Ok(version.document(&document));
    }
    let mut query = query?;
    if let Target::Item { .. } = target {
        query.precondition = precondition::read(request.headers())?;
    }
    let body = match request.method().as_str() {
        "POST" | "PUT" | "PATCH" => {
            body::read(
                request.headers(),
                payload,
                &client.dialect,
                match target {
                    Target::Bulk => service.bulk_limits().payload,
                    _ => settings.body_limit,
                },
                until,
            )
            .await?
        }
        _ => web::Bytes::new(),
    };
    let call = Call {
        version,
        target,
        method: request.method().to_string(),
        query,
        body,
        caller,
    };
    call.run(service, &settings.runtime, ticket, until).await
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
        Target::Me => return Err(Fault::NotServed("/Me")),
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
    version: Version,
    client: &Client,
    until: Instant,
) -> Caller {
    Caller {
        client: client.name.clone(),
        dialect: client.dialect,
        base_url: version.base_url(
            settings,
            settings
                .base_url
                .clone()
                .unwrap_or_else(|| base_url(request, settings)),
        ),
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

/// One call of the service, with everything it needs, so that it can outlive its connection.
struct Call {
    version: Version,
    target: Target,
    method: String,
    query: Query,
    body: web::Bytes,
    caller: Caller,
}

impl Call {
    /// A write runs on the bridge's own runtime: a client that hangs up drops the wait, not the work. A short read runs
    /// here, where its connection to the directory is, and ends with its client.
    async fn run(
        self,
        service: Service,
        runtime: &Handle,
        ticket: Ticket,
        until: Instant,
    ) -> Result<Response, Fault> {
        let patience = until.saturating_duration_since(Instant::now()) + GRACE;
        let here = self.is_short_read(&service);
        let work = async move {
            let response = self.dispatch(service).await;
            drop(ticket);
            Delivery::new(response)
        };
        let ended = if here {
            let work = AssertUnwindSafe(work).catch_unwind();
            tokio::time::timeout(patience, work).await.map(Result::ok)
        } else {
            // Boxed, because a future of this size is copied at every hand-over.
            let work = runtime.spawn(Box::pin(work).instrument(Span::current()));
            tokio::time::timeout(patience, work).await.map(Result::ok)
        };
        match ended {
            Err(_) => Err(Fault::Late),
            Ok(None) => Err(Fault::Panicked),
            Ok(Some(delivery)) => delivery.arrived(),
        }
    }

    /// Whether it is a read with little to work out. A group's members, a page of everybody, or candidates to be looked at
    /// would hold up the other requests of this thread.
    fn is_short_read(&self, service: &Service) -> bool {
        let of = match &self.target {
            Target::Item { resource_type, .. } => resource_type,
            Target::Collection { resource_type, .. }
                if service.looks_up_one(&self.caller, resource_type, &self.query) =>
            {
                resource_type
            }
            _ => return false,
        };
        self.method == "GET" && !service.has_members(of)
    }

    /// From bytes to bytes: what lies between may be large, and is made and dropped where the work is.
    async fn dispatch(mut self, service: Service) -> Result<Response, Fault> {
        let (version, method) = (self.version, self.method.as_str());
        self.body = version.body(&service, &self.target, method, self.body)?;
        if self.target == Target::Bulk {
            let outcomes = service.bulk(&self.caller, &self.body).await?;
            return Ok(version.document(&bulk::document(outcomes, journal)));
        }
        let answer = self.one(&service).await?;
        Ok(version.answer(&answer))
    }

    async fn one(&self, service: &Service) -> Result<Answer, Error> {
        let (caller, query, body) = (&self.caller, &self.query, &self.body);
        match (&self.target, self.method.as_str()) {
            (Target::Collection { resource_type, .. }, "POST") => {
                service.create(caller, resource_type, query, body).await
            }
            (Target::Collection { resource_type, .. }, _) => {
                service.list(caller, resource_type, query).await
            }
            (Target::Search { of }, _) => {
                let of = of.as_ref().map(|(resource_type, _)| resource_type.as_str());
                service.search(caller, of, body).await
            }
            (Target::Base, _) => service.list_all(caller, query).await,
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
