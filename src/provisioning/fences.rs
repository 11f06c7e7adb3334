//! The guard, kept fresh: which entries are protected depends on what the directory holds.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::settings::Settings;
use super::{Caller, Error, Service};
use crate::directory::{Search, Wanted};
use crate::guard::{Fences, Guard};
use crate::ldap::{AttributeName, DirectoryKind, Dn, EntryName, Filter, Sid};
use crate::mapping::Mapping;

/// How long the nesting of the protected groups is believed. A group that an administrator nests into a protected one
/// is fenced at the latest after this time (in Active Directory at once: an entry's own tokenGroups tell).
const FRESH: Duration = Duration::from_secs(60);

const MEMBER: AttributeName = AttributeName::known("member");
const UNIQUE_MEMBER: AttributeName = AttributeName::known("uniqueMember");

/// Members asked about in one search.
const NAMES_AT_ONCE: usize = 100;

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
                membership: mapping
                    .types
                    .iter()
                    .filter_map(|of| of.members())
                    .map(|members| members.ldap.clone())
                    .collect(),
            },
            current: Mutex::new(None),
        }
    }

    fn fresh(&self) -> Option<Arc<Guard>> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current
            .as_ref()
            .filter(|(made, _)| made.elapsed() < FRESH)
            .map(|(_, guard)| Arc::clone(guard))
    }

    fn keep(&self, guard: &Arc<Guard>) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((Instant::now(), Arc::clone(guard)));
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

    /// Adds what is nested in the protected groups, wherever in the directory it lies, and their SIDs.
    async fn nested(&self, fences: &mut Fences, caller: &Caller) -> Result<(), Error> {
        let sid = AttributeName::known("objectSid");
        let wanted = Wanted::attributes([sid.clone(), MEMBER, UNIQUE_MEMBER]);
        let mut seen: HashSet<Dn> = HashSet::new();
        let mut open: VecDeque<Dn> = fences.protected_groups.drain(..).collect();
        while let Some(dn) = open.pop_front() {
            if !seen.insert(dn.clone()) {
                continue;
            }
            if seen.len() > MOST_NESTED {
                return Err(Error::Misconfigured {
                    reason: format!(
                        "more than {MOST_NESTED} groups are nested in the protected groups"
                    ),
                });
            }
            let name = EntryName::Dn(dn.clone());
            if let Some(group) = self
                .directory()
                .read(&name, &Filter::everything(), &wanted, caller.deadline)
                .await?
            {
                fences.protected_group_sids.extend(
                    group
                        .values(&sid)
                        .iter()
                        .filter_map(|bytes| Sid::from_bytes(bytes).ok()),
                );
                let members = [MEMBER, UNIQUE_MEMBER];
                let members = members
                    .iter()
                    .flat_map(|name| group.texts(name))
                    .filter_map(|text| Dn::parse(text).ok());
                open.extend(
                    self.groups_among(members.filter(|dn| !dn.is_root()).collect(), caller)
                        .await?,
                );
            }
            fences.protected_groups.push(dn);
        }
        Ok(())
    }

    /// Which of these entries are groups. The member values are followed, not `memberOf`: OpenLDAP's overlay fills that
    /// in only for members that were there when they were added.
    async fn groups_among(&self, members: Vec<Dn>, caller: &Caller) -> Result<Vec<Dn>, Error> {
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
                    limit: None,
                };
                let found = self.directory().search(&search, caller.deadline).await?;
                groups.extend(found.entries.into_iter().map(|entry| entry.dn));
            }
        }
        Ok(groups)
    }
}
