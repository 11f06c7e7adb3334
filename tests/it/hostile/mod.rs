//! Values meant to do harm: each is a clear 4xx, or is stored as what it is: text. Nothing else changes, nothing leaks.

mod bodies;
mod names;
mod requests;

use crate::support::{Answer, Bridge};

/// Asserts that a refusal tells the caller nothing about the inside.
#[track_caller]
pub(crate) fn leaks_nothing(bridge: &Bridge, answer: &Answer) {
    let told = answer.text.to_lowercase();
    for inner in [
        &bridge.root.to_lowercase(),
        &bridge.lab.get("BASE").to_lowercase(),
        "ldap://",
        "ldaps://",
        "ldaperr",
        "dsid",
        "panicked",
        "src/",
        "diagnostic",
    ] {
        assert!(
            !told.contains(inner),
            "the answer tells of `{inner}`: {}",
            answer.text
        );
    }
}

async fn refused(bridge: &Bridge, answer: &Answer) {
    answer.client_error();
    leaks_nothing(bridge, answer);
}
