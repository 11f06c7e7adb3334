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

/// The bridge's own address and ids may come back: an id may hold any digits, those of a port too.
#[track_caller]
fn tells_none_of(bridge: &Bridge, answer: &Answer, words: &[&str]) {
    let told = without_ids(&answer.text.replace(&bridge.base, "")).to_lowercase();
    for word in words {
        assert!(
            !told.contains(word),
            "the answer tells of `{word}`: {}",
            answer.text
        );
    }
}

/// The text without its UUIDs, also without one that lost its last digit.
fn without_ids(text: &str) -> String {
    text.split_inclusive(|c: char| c != '-' && !c.is_ascii_hexdigit())
        .filter_map(|piece| {
            let word = piece.trim_end_matches(|c: char| c != '-' && !c.is_ascii_hexdigit());
            let id = [word.to_owned(), format!("{word}0")]
                .iter()
                .any(|word| word.len() == 36 && uuid::Uuid::parse_str(word).is_ok());
            piece.get(if id { word.len() } else { 0 }..)
        })
        .collect()
}

#[test]
fn an_id_tells_nothing_and_a_port_does() {
    let told = |text| without_ids(text).contains("636");
    assert!(!told("\"/Users/0cb8aa06-09be-4636-8e45-4fd3f9b41532\""));
    assert!(!told("/Users/0cb8aa06-09be-4636-8e45-4fd3f9b4153 is not"));
    assert!(told(
        "0cb8aa06-09be-4636-8e45-4fd3f9b41532 at directory:636"
    ));
    assert!(told("636"));
}

async fn refused(bridge: &Bridge, answer: &Answer) {
    answer.client_error();
    leaks_nothing(bridge, answer);
}
