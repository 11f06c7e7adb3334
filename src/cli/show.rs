//! `mapping show` and `config reference`: what the binary carries.

use std::io;

use super::{Outcome, Streams};
use crate::config;
use crate::mapping::Mapping;

pub(super) fn mapping(name: &str, streams: &mut Streams<'_>) -> io::Result<Outcome> {
    match Mapping::builtin(name) {
        Some(text) => {
            streams.output.write_all(text.as_bytes())?;
            Ok(Outcome::Done)
        }
        None => {
            writeln!(streams.errors, "there is no built-in mapping `{name}`")?;
            writeln!(
                streams.errors,
                "hint: built in are {}",
                Mapping::builtin_names().collect::<Vec<_>>().join(", ")
            )?;
            Ok(Outcome::Failed)
        }
    }
}

pub(super) fn reference(streams: &mut Streams<'_>) -> io::Result<Outcome> {
    streams.output.write_all(config::reference().as_bytes())?;
    Ok(Outcome::Done)
}
