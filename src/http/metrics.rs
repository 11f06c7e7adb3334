//! What the front door counts. Labels are routes, methods and statuses: never what a client sent.

use std::time::Duration;

use ::metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};

const REQUESTS: &str = "scimbridge_http_requests_total";
const SECONDS: &str = "scimbridge_http_request_duration_seconds";
const IN_FLIGHT: &str = "scimbridge_http_requests_in_flight";
const READY: &str = "scimbridge_directory_ready";

/// Says what each figure means.
pub(super) fn describe() {
    describe_counter!(
        REQUESTS,
        "SCIM requests answered, by method, route, status and client"
    );
    describe_histogram!(
        SECONDS,
        Unit::Seconds,
        "Time from a SCIM request's head to its answer, by method and route"
    );
    describe_gauge!(IN_FLIGHT, "SCIM operations under way");
    describe_gauge!(
        READY,
        "1 while the directory answers with the bridge's bind, else 0"
    );
}

/// One answered request.
pub(super) fn answered(
    method: &'static str,
    route: String,
    status: u16,
    client: Option<&str>,
    elapsed: Duration,
) {
    let client = client.unwrap_or("none").to_owned();
    counter!(REQUESTS, "method" => method, "route" => route.clone(), "status" => status.to_string(), "client" => client)
        .increment(1);
    histogram!(SECONDS, "method" => method, "route" => route).record(elapsed.as_secs_f64());
}

/// The state at the moment of a scrape.
pub(super) fn state(in_flight: usize, ready: bool) {
    gauge!(IN_FLIGHT).set(as_float(in_flight));
    gauge!(READY).set(if ready { 1.0 } else { 0.0 });
}

fn as_float(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
