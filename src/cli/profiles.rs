//! `profiles` and `profiles NAME`: how clients may be treated, and why.

use std::io;

use super::{Outcome, Streams};
use crate::scim::{Profile, Switch};

/// Every profile and every switch, one a line.
pub(super) fn all(streams: &mut Streams<'_>) -> io::Result<Outcome> {
    let output = &mut *streams.output;
    writeln!(
        output,
        "Profiles, for `profile` of a `[[clients]]`; the first is the default:"
    )?;
    for profile in Profile::ALL {
        writeln!(output, "  {:<10} {}", profile.name, profile.about)?;
    }
    writeln!(
        output,
        "\nSwitches, for `switch_on` and `switch_off` of a `[[clients]]`:"
    )?;
    for switch in Switch::all() {
        writeln!(output, "  {:<25} {}", switch.name(), switch.description())?;
    }
    writeln!(
        streams.errors,
        "hint: `scimbridge profiles NAME` shows the switches of a profile and who needs each"
    )?;
    Ok(Outcome::Done)
}

/// The switches that a profile turns on, each with its source, and those that it leaves off.
pub(super) fn one(name: &str, streams: &mut Streams<'_>) -> io::Result<Outcome> {
    let Some(profile) = Profile::parse(name) else {
        let names: Vec<&str> = Profile::ALL.iter().map(|profile| profile.name).collect();
        writeln!(streams.errors, "there is no profile `{name}`")?;
        writeln!(streams.errors, "hint: there are {}", names.join(", "))?;
        return Ok(Outcome::Failed);
    };
    let output = &mut *streams.output;
    writeln!(output, "{}: {}\n", profile.name, profile.about)?;
    if profile.switches().next().is_none() {
        writeln!(output, "no switch is on: as the RFCs say")?;
    }
    for (switch, source) in profile.switches() {
        writeln!(
            output,
            "{}\n  what:   {}\n  source: {source}",
            switch.name(),
            switch.description()
        )?;
    }
    let dialect = profile.dialect();
    let off: Vec<&str> = Switch::all()
        .filter(|switch| !dialect.is_on(*switch))
        .map(Switch::name)
        .collect();
    writeln!(output, "\noff: {}", off.join(", "))?;
    Ok(Outcome::Done)
}
