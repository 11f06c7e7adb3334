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

/// Asserts that a refusal tells the caller nothing about the inside, be it the request's fault or ours: no name of an
/// entry, no source, no trace.
#[track_caller]
pub(crate) fn names_nothing(bridge: &Bridge, answer: &Answer) {
    leaks_nothing(bridge, answer);
    tells_none_of(
        bridge,
        answer,
        &["dc=", "ou=", "cn=", ".rs", "/target/", "backtrace", "stack"],
    );
}

/// The same of an answer that is the fault of the bridge or of the directory: not even that there is LDAP behind it, where,
/// or what it said.
#[track_caller]
pub(crate) fn names_no_cause(bridge: &Bridge, answer: &Answer) {
    names_nothing(bridge, answer);
    let address = bridge.lab.get("ADDRESS");
    tells_none_of(
        bridge,
        answer,
        &[
            "ldap",
            "uid=",
            "bind",
            "data 5",
            "result code",
            "0000",
            "localhost",
            "127.",
            "636",
            "refused",
            address,
        ],
    );
}

/// What the client itself said, the bridge's own address and ids of nobody, may come back.
#[track_caller]
fn tells_none_of(bridge: &Bridge, answer: &Answer, words: &[&str]) {
    let told = answer
        .text
        .replace(&bridge.base, "")
        .replace(&uuid::Uuid::nil().to_string()[..35], "");
    let told = told.to_lowercase();
    for word in words {
        assert!(
            !told.contains(word),
            "the answer tells of `{word}`: {}",
            answer.text
        );
    }
}

async fn refused(bridge: &Bridge, answer: &Answer) {
    answer.client_error();
    leaks_nothing(bridge, answer);
}
