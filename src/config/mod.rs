//! What the operator wrote, and what it means.
//!
//! A configuration comes from a file and from `SCIMBRIDGE_…` environment variables, read by figment. What was typed
//! ([`raw::RawConfig`]) and what it means ([`Config`]) are two types: everything is checked once, at the door, and every
//! refusal names file, line, key, rule and remedy ([`Refused`]). Every setting stands once in a table ([`setting::SETTINGS`])
//! with its type, default and meaning; defaults, environment names, hints and `docs/configuration.md` all come from there.
//! No other room names figment.

mod check;
mod checked;
mod environment;
mod fault;
mod load;
mod locate;
mod quantity;
mod raw;
mod reference;
mod setting;
#[cfg(test)]
mod tests;
mod wire;

pub use checked::{Client, Config, Directory, Log, LogFormat, Resource, Server};
pub use fault::{Fault, Refused};
pub use load::{load, read};
pub use reference::reference;
pub use setting::{Kind, SETTINGS, Setting, WhenAbsent};
