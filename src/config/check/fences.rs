//! `[guard]`

use std::collections::BTreeMap;

use super::{Faults, dn};
use crate::config::checked::Resource;
use crate::config::fault::Fault;
use crate::config::raw::RawGuard;
use crate::ldap::dn::Dn;

/// The lists of `[guard]`, parsed.
pub(super) struct Fences {
    pub(super) allowed: Vec<Dn>,
    pub(super) protected_entries: Vec<Dn>,
    pub(super) protected_groups: Vec<Dn>,
}

pub(super) fn check(
    raw: RawGuard,
    resources: &BTreeMap<String, Resource>,
    faults: &mut Faults,
) -> Option<Fences> {
    let mut list = |name: &str, texts: Vec<String>| -> Option<Vec<Dn>> {
        // Not short-circuiting: every bad DN is reported.
        let parsed: Vec<Option<Dn>> = texts
            .iter()
            .enumerate()
            .map(|(index, text)| faults.keep(dn(&format!("guard.{name}.{index}"), text)))
            .collect();
        parsed.into_iter().collect()
    };
    let allowed = list("allowed", raw.allowed);
    let protected_entries = list("protected_entries", raw.protected_entries);
    let protected_groups = list("protected_groups", raw.protected_groups);
    for (index, unit) in allowed.iter().flatten().enumerate() {
        let reachable = |base: &Dn| unit.is_within(base) || base.is_within(unit);
        if !resources.is_empty() && !resources.values().any(|resource| reachable(&resource.base)) {
            let fault = Fault::new(
                format!("guard.allowed.{index}"),
                "contradiction",
                format!("`{unit}` lies outside every base, so nothing in it can be changed anyway"),
            );
            faults
                .add(fault.hint("correct the DN, or the `base` of the resource it was meant for"));
        }
    }
    for (index, entry) in protected_entries.iter().flatten().enumerate() {
        let within = |resource: &&Resource| resource.create_in.is_within(entry);
        if let Some(resource) = resources.values().find(within) {
            let fault = Fault::new(
                format!("guard.protected_entries.{index}"),
                "contradiction",
                format!(
                    "`{entry}` protects all that lies below it, and new entries are made in `{}`",
                    resource.create_in
                ),
            );
            faults.add(fault.hint("name the entries to protect, not what holds everybody"));
        }
    }
    Some(Fences {
        allowed: allowed?,
        protected_entries: protected_entries?,
        protected_groups: protected_groups?,
    })
}
