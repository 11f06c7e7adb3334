//! What becomes of an operation: an answer to its client, or a line in the journal.

use tracing::Span;

use super::error::Fault;
use crate::provisioning::Error;

/// The answer of an operation on its way to the one who waits for it. Where nobody does any more (the client was told
/// that it took too long, or broke off its connection), it is dropped, and what became of the operation is for the journal
/// alone.
pub(super) struct Delivery<T> {
    answer: Option<Result<T, Fault>>,
    /// Of the request: a delivery may be dropped anywhere.
    span: Span,
}

impl<T> Delivery<T> {
    /// The answer of the operation that runs in the current span.
    pub(super) fn new(answer: Result<T, Fault>) -> Self {
        Self {
            answer: Some(answer),
            span: Span::current(),
        }
    }

    /// The answer, for somebody who still waits for it.
    pub(super) fn arrived(mut self) -> Result<T, Fault> {
        self.answer.take().unwrap_or(Err(Fault::Panicked))
    }
}

impl<T> Drop for Delivery<T> {
    fn drop(&mut self) {
        let _of_the_request = self.span.enter();
        match &self.answer {
            Some(Ok(_)) => {
                tracing::warn!("the operation was carried out, but nobody waits for its answer")
            }
            Some(Err(fault)) => journal(fault),
            None => {}
        }
    }
}

/// Faults of ours and of the directory go to the journal with their cause; the client's own are its business.
pub(super) fn journal(fault: &Fault) {
    let kind = fault.kind();
    if let Fault::Service(Error::Refused(refusal)) = fault {
        let attribute = refusal.attribute.as_ref().map(ToString::to_string);
        tracing::warn!(kind, rule = refusal.rule.name(), attempted = ?refusal.attempted, attribute, "a fence refused the operation");
        tracing::debug!(dn = %refusal.dn, "the fenced entry");
        return;
    }
    if let Fault::Service(Error::NotBegun) = fault {
        // Counted where it happens: a warning for each of a thousand operations would say no more.
        tracing::debug!(kind, %fault, "refused");
        return;
    }
    let status = fault.row().body.status;
    match fault.cause() {
        Some(cause) if status == 503 => tracing::warn!(kind, cause, "the directory is unavailable"),
        Some(cause) if status >= 500 => tracing::error!(kind, cause, "the operation failed"),
        Some(cause) => tracing::warn!(kind, cause, "the directory denied the operation"),
        None if status == 500 => tracing::error!(kind, %fault, "the operation failed"),
        None if status > 500 => tracing::warn!(kind, %fault, "refused"),
        None => tracing::debug!(kind, %fault, "refused"),
    }
}
