//! The guard, kept fresh: which entries are protected depends on what the directory holds.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::settings::Settings;
use super::{Caller, Error, Service};
use crate::directory::{Search, Wanted};
use crate::guard::{Fences, Guard, powerful_groups};
use crate::ldap::{AttributeName, DirectoryKind, Dn, EntryName, Filter, Sid};
use crate::mapping::Mapping;

/// How long the nesting of the protected groups is believed. A group that an administrator nests into a protected one
/// is fenced for every write that is asked for later than this after it (accounts of Active Directory at once: their own
/// tokenGroups tell).
const FRESH: Duration = Duration::from_secs(5);

const OBJECT_SID: AttributeName = AttributeName::known("objectSid");
const MEMBER: AttributeName = AttributeName::known("member");
const UNIQUE_MEMBER: AttributeName = AttributeName::known("uniqueMember");

/// Members asked about in one search.
const NAMES_AT_ONCE: usize = 100;

/// More protected groups and members than this are a mistake in the configuration.
const MOST_PROTECTED: usize = 100_000;

/// The fences as configured, and the guard made of them when the directory was last asked.
pub(super) struct FenceKeeper {
    configured: Fences,
    /// The guard, and when the reading that it is made of began.
    current: Mutex<Option<(Instant, Arc<Guard>)>>,
    /// The turn to ask the directory: the others wait for what it tells.
    turn: tokio::sync::Mutex<()>,
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
                own_account: settings.own_account.clone(),
                membership: mapping
                    .types
                    .iter()
                    .filter_map(|of| of.members())
                    .map(|members| members.ldap.clone())
                    .collect(),
                ..Fences::default()
            },
            current: Mutex::new(None),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// The guard for a write that was asked for at that moment. One whose reading began later is as fresh as can be, however
    /// long that reading took: it serves all who waited for it.
    fn fresh(&self, asked: Instant) -> Option<Arc<Guard>> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current
            .as_ref()
            .filter(|(begun, _)| asked.saturating_duration_since(*begun) < FRESH)
            .map(|(_, guard)| Arc::clone(guard))
    }

    /// What somebody nests while the directory is being read may have been missed, so that the age counts from the beginning.
    fn keep(&self, begun: Instant, guard: &Arc<Guard>) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((begun, Arc::clone(guard)));
    }
}

impl Service {
    /// The guard that judges this moment's writes. Without an answer of the directory there is no guard and no write.
    pub(super) async fn guard(&self, caller: &Caller) -> Result<Arc<Guard>, Error> {
        let keeper = self.fences();
        let asked = Instant::now();
        if let Some(guard) = keeper.fresh(asked) {
            return Ok(guard);
        }
        let turn = tokio::time::timeout(caller.deadline.remaining(), keeper.turn.lock()).await;
        let _turn = turn.map_err(|_| Error::Unavailable {
            retry_after: Error::RETRY_AFTER,
            reason: "what is fenced is still being read".into(),
        })?;
        if let Some(guard) = keeper.fresh(asked) {
            return Ok(guard);
        }
        let begun = Instant::now();
        let mut fences = keeper.configured.clone();
        self.nested(&mut fences, caller).await?;
        let guard = Arc::new(Guard::new(fences));
        keeper.keep(begun, &guard);
        Ok(guard)
    }

    /// Adds what is nested in the protected groups, wherever in the directory it lies, their members and their SIDs.
    async fn nested(&self, fences: &mut Fences, caller: &Caller) -> Result<(), Error> {
        let wanted = Wanted::attributes([OBJECT_SID, MEMBER, UNIQUE_MEMBER]);
        let mut seen: HashSet<Dn> = HashSet::new();
        let mut open: VecDeque<Dn> = fences.protected_groups.drain(..).collect();
        open.extend(self.powerful_groups(caller).await?);
        while let Some(dn) = open.pop_front() {
            if !seen.insert(dn.clone()) {
                continue;
            }
            let name = EntryName::Dn(dn.clone());
            let configured = self.settings().protected_groups.contains(&dn);
            if let Some(group) = self
                .directory()
                .read(&name, &Filter::everything(), &wanted, caller.deadline)
                .await?
            {
                let sids = group.values(&OBJECT_SID).iter();
                fences
                    .protected_group_sids
                    .extend(sids.filter_map(|bytes| Sid::from_bytes(bytes).ok()));
                let members = [MEMBER, UNIQUE_MEMBER];
                let members = members.iter().flat_map(|name| group.texts(name));
                let members: Vec<Dn> = members
                    .filter_map(|text| Dn::parse(text).ok())
                    .filter(|dn| !dn.is_root())
                    .collect();
                open.extend(self.groups_among(&members, caller).await?);
                fences.protected_members.extend(members);
            } else if configured {
                // Deleted, renamed or misspelt: whom it protected is not known any more, so nobody is written.
                return Err(Error::Misconfigured {
                    reason: "a group of [guard] protected_groups is not in the directory; correct the configuration".into(),
                });
            }
            fences.protected_groups.push(dn);
            if fences.protected_groups.len() + fences.protected_members.len() > MOST_PROTECTED {
                return Err(Error::Misconfigured {
                    reason: format!(
                        "the protected groups have more than {MOST_PROTECTED} members, nested ones included"
                    ),
                });
            }
        }
        Ok(())
    }

    /// The groups that Windows itself protects. Samba tells of no group what it is nested in (tokenGroups), so that their
    /// own lists have to be followed.
    async fn powerful_groups(&self, caller: &Caller) -> Result<Vec<Dn>, Error> {
        if self.kind() != DirectoryKind::ActiveDirectory {
            return Ok(Vec::new());
        }
        let context = self
            .directory()
            .capabilities(caller.deadline)
            .await?
            .default_naming_context;
        let missing = || Error::Misconfigured {
            reason:
                "the domain controller does not tell its domain, whose groups have to be fenced"
                    .into(),
        };
        let base = context.ok_or_else(missing)?;
        let name = EntryName::Dn(base.clone());
        let wanted = Wanted::attributes([OBJECT_SID]);
        let domain = self
            .directory()
            .read(&name, &Filter::everything(), &wanted, caller.deadline)
            .await?;
        let domain = domain
            .as_ref()
            .and_then(|domain| domain.values(&OBJECT_SID).first());
        let domain = domain
            .and_then(|bytes| Sid::from_bytes(bytes).ok())
            .ok_or_else(missing)?;
        let sids = powerful_groups(&domain);
        let filter = Filter::or(
            sids.iter()
                .map(|sid| Filter::equal(OBJECT_SID, sid.to_bytes())),
        );
        let search = Search {
            base,
            filter,
            wanted: Wanted::nothing(),
            order: None,
            limit: None,
        };
        let found = self.directory().search(&search, caller.deadline).await?;
        Ok(found.entries.into_iter().map(|entry| entry.dn).collect())
    }

    /// Which of these entries are groups. The member values are followed, not `memberOf`: OpenLDAP's overlay fills that
    /// in only for members that were there when they were added.
    async fn groups_among(&self, members: &[Dn], caller: &Caller) -> Result<Vec<Dn>, Error> {
        let (own_name, classes) = match self.kind() {
            DirectoryKind::ActiveDirectory => {
                (AttributeName::known("distinguishedName"), &["group"][..])
            }
            DirectoryKind::OpenLdap | DirectoryKind::Ds389 => (
                AttributeName::known("entryDN"),
                &["groupOfNames", "groupOfUniqueNames"][..],
            ),
        };
        let class = AttributeName::known("objectClass");
        let is_group = Filter::or(
            classes
                .iter()
                .map(|name| Filter::equal(class.clone(), *name)),
        );
        let contexts = self
            .directory()
            .capabilities(caller.deadline)
            .await?
            .naming_contexts;
        let mut groups = Vec::new();
        for context in &contexts {
            let within: Vec<&Dn> = members.iter().filter(|dn| dn.is_within(context)).collect();
            for names in within.chunks(NAMES_AT_ONCE) {
                let named = Filter::or(
                    names
                        .iter()
                        .map(|dn| Filter::equal(own_name.clone(), dn.to_string())),
                );
                let filter = Filter::and([is_group.clone(), named]);
                let search = Search {
                    base: context.clone(),
                    filter,
                    wanted: Wanted::nothing(),
                    order: None,
                    limit: None,
                };
                let found = self.directory().search(&search, caller.deadline).await?;
                groups.extend(found.entries.into_iter().map(|entry| entry.dn));
            }
        }
        Ok(groups)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_counts_from_its_beginning_and_serves_all_who_waited_for_it() {
        let keeper = FenceKeeper {
            configured: Fences::default(),
            current: Mutex::new(None),
            turn: tokio::sync::Mutex::default(),
        };
        let begun = Instant::now();
        let is_fresh = |asked| keeper.fresh(asked).is_some();
        assert!(!is_fresh(begun));
        keeper.keep(begun, &Arc::new(Guard::new(Fences::default())));
        assert!(is_fresh(begun + FRESH - Duration::from_millis(1)));
        assert!(!is_fresh(begun + FRESH));
        let waited_longer_than_that = begun - 3 * FRESH;
        assert!(is_fresh(waited_longer_than_that));
    }
}
