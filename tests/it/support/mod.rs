//! What every integration test stands on: the lab's directories, a corner of one of them per test, the real binary
//! in front of it, and HTTP clients with the manners of the identity providers.

pub(crate) mod admin;
pub(crate) mod answer;
pub(crate) mod bridge;
pub(crate) mod client;
pub(crate) mod gate;
pub(crate) mod held;
pub(crate) mod lab;
pub(crate) mod metrics;
pub(crate) mod options;
pub(crate) mod people;
pub(crate) mod place;
pub(crate) mod property;
pub(crate) mod ranging;
pub(crate) mod relay;
pub(crate) mod run;
pub(crate) mod vocabulary;
pub(crate) mod wire;

pub(crate) use answer::{Answer, ENTERPRISE, GROUP, USER};
pub(crate) use bridge::Bridge;
pub(crate) use client::{Client, Manner, percent};
pub(crate) use lab::Kind;
pub(crate) use options::Options;
pub(crate) use place::{GOOD_PASSWORD, Place, Planted};
pub(crate) use relay::Relay;
pub(crate) use run::both;
