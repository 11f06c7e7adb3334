//! The integration tests: the real binary in front of real directories. Each story runs once per directory and asserts
//! both what the bridge answered and what the directory then holds.
// A test fails loudly: that is its answer.
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used
)]

mod docs;
mod front_door;
mod hostile;
mod house;
mod idp;
mod leniency;
mod oracle;
mod properties;
mod refusals;
mod semantics;
mod support;
mod traps;
