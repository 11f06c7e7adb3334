//! What this room counts.

use std::time::Duration;

/// One LDAP request is over, a probe included.
pub(super) fn operation(operation: &'static str, outcome: &'static str, took: Duration) {
    metrics::counter!("scimbridge_ldap_operations_total", "operation" => operation, "outcome" => outcome).increment(1);
    metrics::histogram!("scimbridge_ldap_operation_seconds", "operation" => operation)
        .record(took.as_secs_f64());
}

/// So many bound connections are open.
pub(super) fn connections(count: usize) {
    metrics::gauge!("scimbridge_ldap_connections").set(u32::try_from(count).unwrap_or(u32::MAX));
}

/// An attempt to open a connection is over.
pub(super) fn attempt(outcome: &'static str) {
    metrics::counter!("scimbridge_ldap_connects_total", "outcome" => outcome).increment(1);
}
