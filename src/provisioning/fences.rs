//! The guard, kept fresh: which entries are protected depends on what the directory holds.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::settings::Settings;
use super::{Caller, Error, Service};
use crate::directory::{Search, Wanted};
use crate::guard::{Fences, Guard};
use crate::ldap::{AttributeName, Dn, EntryName, Filter, Sid};
use crate::mapping::Mapping;

/// How long the nesting of the protected groups is believed. A group that an administrator nests into a protected one
/// is fenced at the latest after this time (in Active Directory at once: an entry's own tokenGroups tell).
const FRESH: Duration = Duration::from_secs(60);

/// More nested groups than this below the protected ones is a mistake in the configuration.
const MOST_NESTED: usize = 10_000;

/// The fences as configured, and the guard made of them when the directory was last asked.
pub(super) struct FenceKeeper {
    configured: Fences,
    current: Mutex<Option<(Instant, Arc<Guard>)>>,
}

impl FenceKeeper {
    pub(super) fn new(mapping: &Mapping, settings: &Settings) -> Self {
        let mut bases: Vec<Dn> = Vec::new();
        for place in settings.resources.values() {
            if !bases.contains(&place.base) {
                bases.push(place.base.clone());
            }
        }
        Self {
            configured: Fences {
                bases,
                allowed: settings.allowed.clone(),
                protected_entries: settings.protected_entries.clone(),
                protected_groups: settings.protected_groups.clone(),
                protected_group_sids: BTreeSet::new(),
                own_account: settings.own_account.clone(),
                membership: mapping.types.iter().filter_map(|of| of.members()).map(|members| members.ldap.clone()).collect(),
            },
            current: Mutex::new(None),
        }
    }

    fn fresh(&self) -> Option<Arc<Guard>> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.as_ref().filter(|(made, _)| made.elapsed() < FRESH).map(|(_, guard)| Arc::clone(guard))
    }

    fn keep(&self, guard: &Arc<Guard>) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), Arc::clone(guard)));
    }
}

impl Service {
    /// The guard that judges this moment's writes. Without an answer of the directory there is no guard and no write.
    pub(super) async fn guard(&self, caller: &Caller) -> Result<Arc<Guard>, Error> {
        let keeper = self.fences();
        if let Some(guard) = keeper.fresh() {
            return Ok(guard);
        }
        let mut fences = keeper.configured.clone();
        self.nested(&mut fences, caller).await?;
        let guard = Arc::new(Guard::new(fences));
        keeper.keep(&guard);
        Ok(guard)
    }

    /// Adds what is nested in the protected groups, and their SIDs.
    async fn nested(&self, fences: &mut Fences, caller: &Caller) -> Result<(), Error> {
        let member = AttributeName::known("member");
        let sid = AttributeName::known("objectSid");
        let wanted = Wanted { attributes: vec![sid.clone()], references: Vec::new() };
        let mut seen: HashSet<Dn> = HashSet::new();
        let mut open: VecDeque<Dn> = fences.protected_groups.drain(..).collect();
        while let Some(dn) = open.pop_front() {
            if !seen.insert(dn.clone()) {
                continue;
            }
            if seen.len() > MOST_NESTED {
                return Err(Error::Misconfigured {
                    reason: format!("more than {MOST_NESTED} groups are nested in the protected groups"),
                });
            }
            let name = EntryName::Dn(dn.clone());
            if let Some(group) = self.directory().read(&name, &Filter::everything(), &wanted, caller.deadline).await? {
                fences.protected_group_sids.extend(group.values(&sid).iter().filter_map(|bytes| Sid::from_bytes(bytes).ok()));
            }
            open.extend(self.groups_in(&dn, &member, caller).await?);
            fences.protected_groups.push(dn);
        }
        Ok(())
    }

    /// The groups that are direct members of this group, found below the bases: only those could be written.
    async fn groups_in(&self, group: &Dn, member: &AttributeName, caller: &Caller) -> Result<Vec<Dn>, Error> {
        let member_of = AttributeName::known("memberOf");
        let filter = Filter::and([Filter::equal(member_of, group.to_string()), Filter::Present(member.clone())]);
        let mut groups = Vec::new();
        for base in self.bases() {
            let found = self
                .directory()
                .search(
                    &Search { base: base.clone(), filter: filter.clone(), wanted: Wanted::nothing(), limit: None },
                    caller.deadline,
                )
                .await?;
            groups.extend(found.entries.into_iter().map(|entry| entry.dn));
        }
        Ok(groups)
    }
}
