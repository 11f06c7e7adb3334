//! From what was typed to what it means. Every section is checked, and every fault found is reported, before anything
//! else happens.

mod clients;
mod directory;
mod fences;
mod server;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::checked::{Config, Log, LogFormat, Resource};
use super::fault::Fault;
use super::quantity;
use super::raw::{RawConfig, RawLog, RawReferences, RawResource};
use super::setting::find;
use crate::ldap::dn::Dn;
use crate::ldap::filter::Filter;
use crate::mapping::Mapping;
use crate::provisioning::UnknownReference;

/// Why a configuration was not accepted.
pub(super) enum Failed {
    /// The settings are at fault.
    Faults(Vec<Fault>),
    /// The mapping is; this is its own report.
    Mapping(String),
}

/// Collects faults, so that one start shows them all.
#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// The value, or a remembered fault.
    fn keep<T>(&mut self, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.0.push(fault)).ok()
    }
}

/// Checks every section.
///
/// # Errors
/// All faults found. The mapping's own fault is shown only when the settings have none.
pub(super) fn check(raw: RawConfig, folder: &Path) -> Result<Config, Failed> {
    let mut faults = Faults::default();
    let mapping = directory::mapping(&raw.directory, folder, &mut faults);
    let server = server::check(raw.server, folder, &mut faults);
    let directory = directory::check(raw.directory, folder, &mut faults);
    let loaded = mapping.as_ref().and_then(|mapping| mapping.as_ref().ok());
    let resources = resources(raw.resources, loaded, &mut faults);
    let fences = fences::check(raw.guard, &resources, &mut faults);
    let references = references(&raw.references, &mut faults);
    let clients = clients::check(raw.clients, loaded, &mut faults);
    let log = log(raw.log, &mut faults);
    if !faults.0.is_empty() {
        return Err(Failed::Faults(faults.0));
    }
    let mapping = match mapping {
        Some(Ok(mapping)) => Some(mapping),
        Some(Err(report)) => return Err(Failed::Mapping(report)),
        None => None,
    };
    match (mapping, server, directory, fences, references, log) {
        (
            Some(mapping),
            Some(server),
            Some(directory),
            Some(fences),
            Some((unknown_manager, unknown_member)),
            Some(log),
        ) => Ok(Config {
            server,
            directory,
            mapping,
            resources,
            allowed: fences.allowed,
            protected_entries: fences.protected_entries,
            protected_groups: fences.protected_groups,
            unknown_manager,
            unknown_member,
            clients,
            log,
        }),
        // Unreachable while every check that yields nothing leaves a fault behind; an empty report would still refuse.
        _ => Err(Failed::Faults(vec![Fault::new(
            "",
            "internal",
            "a check failed without saying why",
        )])),
    }
}

/// What becomes of an unknown manager, and of an unknown member.
fn references(
    raw: &RawReferences,
    faults: &mut Faults,
) -> Option<(UnknownReference, UnknownReference)> {
    let mut choice = |key: &str, text: &str| match text {
        "drop" => Some(UnknownReference::Drop),
        "refuse" => Some(UnknownReference::Refuse),
        _ => faults.keep(Err(invalid(key, "is neither `drop` nor `refuse`"))),
    };
    let manager = choice("references.unknown_manager", &raw.unknown_manager);
    let member = choice("references.unknown_member", &raw.unknown_member);
    manager.zip(member)
}

fn resources(
    raw: BTreeMap<String, RawResource>,
    mapping: Option<&Mapping>,
    faults: &mut Faults,
) -> BTreeMap<String, Resource> {
    let served: Vec<&str> = mapping
        .map(|mapping| {
            mapping
                .types
                .iter()
                .map(|served| served.definition.resource_type.name.as_str())
                .collect()
        })
        .unwrap_or_default();
    for name in &served {
        if !raw.contains_key(*name) {
            faults.add(super::load::missing(&format!("resources.{name}.base")));
        }
    }
    if mapping.is_none() && raw.is_empty() {
        faults.add(
            Fault::new("resources", "missing", "no resource type has a base")
                .hint("write a section `[resources.User]` with its `base`"),
        );
    }
    let mut checked = BTreeMap::new();
    for (name, resource) in raw {
        let key = |setting: &str| format!("resources.{name}.{setting}");
        if mapping.is_some() && !served.contains(&name.as_str()) {
            let near = super::fault::nearest(&name, served.iter().copied());
            let hint = match near {
                Some(near) => format!("did you mean `[resources.{near}]`?"),
                None => format!("the mapping serves {}", quoted(&served)),
            };
            let message = format!("the mapping serves no resource type `{name}`");
            faults.add(
                Fault::new(
                    format!("resources.{name}"),
                    "unknown-resource-type",
                    message,
                )
                .hint(hint),
            );
        }
        let base = faults.keep(dn(&key("base"), &resource.base));
        let create_in = match resource.create_in {
            Some(text) => faults.keep(dn(&key("create_in"), &text)),
            None => base.clone(),
        };
        let filter =
            resource.filter.and_then(|text| {
                faults.keep(Filter::parse(&text).map_err(|error| {
                    invalid(&key("filter"), &format!("is no LDAP filter: {error}"))
                }))
            });
        if let (Some(base), Some(create_in)) = (base, create_in) {
            if !create_in.is_within(&base) {
                let fault = Fault::new(
                    key("create_in"),
                    "contradiction",
                    format!("`{create_in}` is not within the base `{base}`"),
                );
                faults
                    .add(fault.hint(
                        "a new entry could not be found again; name a DN at or below `base`",
                    ));
            }
            checked.insert(
                name,
                Resource {
                    base,
                    create_in,
                    filter,
                },
            );
        }
    }
    checked
}

fn log(raw: RawLog, faults: &mut Faults) -> Option<Log> {
    let filter = faults.keep(
        tracing_subscriber::EnvFilter::try_new(&raw.filter)
            .map_err(|error| invalid("log.filter", &format!("is no log filter: {error}"))),
    );
    let format = match raw.format.as_str() {
        "json" => Some(LogFormat::Json),
        "text" => Some(LogFormat::Text),
        _ => faults.keep(Err(invalid("log.format", "is neither `json` nor `text`"))),
    };
    filter.and(format).map(|format| Log {
        filter: raw.filter,
        format,
    })
}

/// A value of the right type that means nothing; the hint says what to write.
fn invalid(key: &str, what: &str) -> Fault {
    let fault = Fault::new(key, "invalid-value", format!("`{key}` {what}"));
    match find(key) {
        Some(setting) => fault.hint(format!("write {}", setting.kind.expected())),
        None => fault,
    }
}

fn dn(key: &str, text: &str) -> Result<Dn, Fault> {
    let dn = Dn::parse(text)
        .map_err(|error| invalid(key, &format!("is no distinguished name: {error}")))?;
    if dn.is_root() {
        Err(invalid(key, "is empty"))
    } else {
        Ok(dn)
    }
}

/// A duration above zero and up to a day.
fn duration(key: &str, text: &str) -> Result<Duration, Fault> {
    match quantity::duration(text) {
        Some(duration) if duration.is_zero() => Err(invalid(key, "must be longer than nothing")),
        Some(duration) if duration > Duration::from_secs(86_400) => {
            Err(invalid(key, "is longer than a day"))
        }
        Some(duration) => Ok(duration),
        None => Err(invalid(key, "is no duration")),
    }
}

/// A number from 1 to `most`.
fn number(key: &str, number: u32, most: u32) -> Result<usize, Fault> {
    match usize::try_from(number) {
        Ok(small) if number >= 1 && number <= most => Ok(small),
        _ => Err(invalid(key, &format!("must be from 1 to {most}"))),
    }
}

fn quoted(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
