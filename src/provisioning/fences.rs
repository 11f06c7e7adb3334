//! The guard, kept fresh: which entries are protected depends on what the directory holds.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::settings::Settings;
use super::{Caller, Error, Service};
use crate::directory::{Deadline, Meaning, Search, Wanted};
use crate::guard::{Fences, Guard, Rule, powerful_groups};
use crate::ldap::{AttributeName, DirectoryKind, Dn, Entry, EntryName, Filter, Sid};
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
    /// Why there may be none: what the last reading found wrong with the configuration.
    fault: Mutex<Option<String>>,
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
            current: Mutex::default(),
            fault: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// The guard for a write that was asked for at that moment. One whose reading began later is as fresh as can be, however
    /// long that reading took: it serves all who waited for it.
    fn fresh(&self, asked: Instant) -> Option<Arc<Guard>> {
        self.last()
            .filter(|(begun, _)| asked.saturating_duration_since(*begun) < FRESH)
            .map(|(_, guard)| guard)
    }

    fn last(&self) -> Option<(Instant, Arc<Guard>)> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.clone()
    }

    /// What somebody nests while the directory is being read may have been missed, so that the age counts from the beginning.
    fn keep(&self, begun: Instant, guard: &Arc<Guard>) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((begun, Arc::clone(guard)));
    }

    /// Notes what a reading came to; of an outage the connection tells.
    fn note(&self, read: &Result<Fences, Error>) {
        let now = match read {
            Ok(_) => None,
            Err(Error::Misconfigured { reason }) => Some(reason.clone()),
            Err(_) => return,
        };
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        if *fault != now {
            match &now {
                Some(cause) => {
                    tracing::error!(cause, "nothing is written: the fences cannot stand")
                }
                None => tracing::info!("the fences stand again"),
            }
            *fault = now;
        }
    }

    fn fault(&self) -> Option<String> {
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.clone()
    }
}

impl Service {
    /// Why nothing is written, if what should be fenced is not in the directory; `/readyz` shows it.
    pub fn fences_fault(&self) -> Option<String> {
        self.fences().fault()
    }

    /// Reads what is fenced, unless it was read and found in order: to know of a fault before the first write does, and that
    /// it is corrected although nobody writes any more.
    pub async fn look_at_fences(&self, deadline: Deadline) {
        let keeper = self.fences();
        if keeper.last().is_none() || keeper.fault().is_some() {
            // What it came to is noted.
            let _ = self.guard_in_time(deadline).await;
        }
    }

    /// The guard that judges this moment's writes. Without an answer of the directory there is no guard and no write.
    pub(super) async fn guard(&self, caller: &Caller) -> Result<Arc<Guard>, Error> {
        self.guard_in_time(caller.deadline).await
    }

    async fn guard_in_time(&self, deadline: Deadline) -> Result<Arc<Guard>, Error> {
        let keeper = self.fences();
        let asked = Instant::now();
        if let Some(guard) = keeper.fresh(asked) {
            return Ok(guard);
        }
        let turn = tokio::time::timeout(deadline.remaining(), keeper.turn.lock()).await;
        let _turn = turn.map_err(|_| Error::Unavailable {
            retry_after: Error::RETRY_AFTER,
            reason: "what is fenced is still being read".into(),
        })?;
        if let Some(guard) = keeper.fresh(asked) {
            return Ok(guard);
        }
        let begun = Instant::now();
        let read = self.read_fences(deadline).await;
        let read = read.map_err(Error::not_the_clients);
        keeper.note(&read);
        let guard = Arc::new(Guard::new(read?));
        keeper.keep(begun, &guard);
        Ok(guard)
    }

    async fn read_fences(&self, deadline: Deadline) -> Result<Fences, Error> {
        let keeper = self.fences();
        let mut fences = keeper.configured.clone();
        // Who was found under a name once stays fenced, whoever has the name now. A group may leave the one it was nested in.
        if let Some((_, before)) = keeper.last() {
            fences.by_id.clone_from(&before.fences().by_id);
            fences.by_id.retain(|_, rule| *rule != Rule::ProtectedGroup);
        }
        self.found(&mut fences, deadline).await?;
        self.nested(&mut fences, deadline).await?;
        Ok(fences)
    }

    /// Replaces the names that were configured by the directory's own, which may be spelt otherwise: what is one name to
    /// OpenLDAP and Active Directory (é in one letter or two, in the latter even without the accent) is two to us.
    async fn found(&self, fences: &mut Fences, deadline: Deadline) -> Result<(), Error> {
        let bases = &fences.bases;
        for dn in &mut fences.protected_entries {
            let mut near = bases.iter();
            let entry = if near.any(|base| dn.is_within(base) || base.is_within(dn)) {
                let entry = self.fenced(dn, &[], deadline).await?;
                entry.ok_or_else(|| missing("an entry of [guard] protected_entries"))?
            } else {
                // Nothing there is written anyway; only its membership is fenced, by whatever can be seen of it.
                match self.seen(dn, deadline).await? {
                    Some(entry) => entry,
                    None => continue,
                }
            };
            let id = entry.id(self.kind());
            fences.by_id.extend(id.map(|id| (id, Rule::ProtectedEntry)));
            *dn = entry.dn;
        }
        // Where it cannot read itself, the name is all there is.
        if let Some(dn) = &mut fences.own_account
            && let Some(entry) = self.seen(dn, deadline).await?
        {
            let id = entry.id(self.kind());
            fences.by_id.extend(id.map(|id| (id, Rule::OwnAccount)));
            *dn = entry.dn;
        }
        Ok(())
    }

    /// The entry of a name that was configured, with its id and these attributes.
    async fn fenced(
        &self,
        dn: &Dn,
        attributes: &[AttributeName],
        deadline: Deadline,
    ) -> Result<Option<Entry>, Error> {
        let attributes = attributes.iter().cloned();
        let wanted = Wanted::attributes(attributes.chain([self.kind().id_attribute()]));
        let name = EntryName::Dn(dn.clone());
        let found = self
            .directory()
            .read(&name, &Filter::everything(), &wanted, deadline)
            .await;
        Ok(found?)
    }

    /// The entry of a name that was configured, with its id, if the bridge's account may see it and this server holds it.
    async fn seen(&self, dn: &Dn, deadline: Deadline) -> Result<Option<Entry>, Error> {
        let wanted = Wanted::attributes([self.kind().id_attribute()]);
        let name = EntryName::Dn(dn.clone());
        let found = self
            .directory()
            .read(&name, &Filter::everything(), &wanted, deadline)
            .await;
        match found {
            Err(error)
                if matches!(
                    error.meaning(),
                    Some(Meaning::Denied | Meaning::Elsewhere | Meaning::ParentMissing)
                ) =>
            {
                Ok(None)
            }
            found => Ok(found?),
        }
    }

    /// Adds what is nested in the protected groups, wherever in the directory it lies, their members and their SIDs.
    async fn nested(&self, fences: &mut Fences, deadline: Deadline) -> Result<(), Error> {
        let attributes = [OBJECT_SID, MEMBER, UNIQUE_MEMBER];
        let mut seen: HashSet<Dn> = HashSet::new();
        let mut open: VecDeque<Dn> = fences.protected_groups.drain(..).collect();
        open.extend(self.powerful_groups(deadline).await?);
        while let Some(mut dn) = open.pop_front() {
            if !seen.insert(dn.clone()) {
                continue;
            }
            let configured = self.settings().protected_groups.contains(&dn);
            if let Some(group) = self.fenced(&dn, &attributes, deadline).await? {
                let id = group.id(self.kind());
                if let Some(id) = id {
                    fences.by_id.entry(id).or_insert(Rule::ProtectedGroup);
                }
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
                open.extend(self.groups_among(&members, deadline).await?);
                fences.protected_members.extend(members);
                dn = group.dn;
            } else if configured {
                return Err(missing("a group of [guard] protected_groups"));
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
    async fn powerful_groups(&self, deadline: Deadline) -> Result<Vec<Dn>, Error> {
        if self.kind() != DirectoryKind::ActiveDirectory {
            return Ok(Vec::new());
        }
        let context = self
            .directory()
            .capabilities(deadline)
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
            .read(&name, &Filter::everything(), &wanted, deadline)
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
        let found = self.directory().search(&search, deadline).await?;
        Ok(found.entries.into_iter().map(|entry| entry.dn).collect())
    }

    /// Which of these entries are groups. The member values are followed, not `memberOf`: OpenLDAP's overlay fills that
    /// in only for members that were there when they were added.
    async fn groups_among(&self, members: &[Dn], deadline: Deadline) -> Result<Vec<Dn>, Error> {
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
            .capabilities(deadline)
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
                let found = self.directory().search(&search, deadline).await?;
                groups.extend(found.entries.into_iter().map(|entry| entry.dn));
            }
        }
        Ok(groups)
    }
}

impl Error {
    /// What the bridge asks for itself is no fault of the request, whatever limit of the directory refuses it.
    pub(super) fn not_the_clients(self) -> Self {
        match self {
            Self::Invalid(error) => Self::Misconfigured {
                reason: format!("what is fenced cannot be read: {}", error.detail),
            },
            error => error,
        }
    }
}

/// Deleted, renamed or misspelt: what it protected is not known any more, so that nobody is written.
fn missing(what: &str) -> Error {
    Error::Misconfigured {
        reason: format!(
            "{what} is not in the directory, or cannot be read; `scimbridge check` names it"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_counts_from_its_beginning_and_serves_all_who_waited_for_it() {
        let keeper = FenceKeeper {
            configured: Fences::default(),
            current: Mutex::default(),
            fault: Mutex::default(),
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
