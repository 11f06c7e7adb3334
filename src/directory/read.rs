//! Reading entries by name and by id.

use std::collections::{HashMap, HashSet};

use futures_util::{StreamExt, TryStreamExt, stream};
use ldap3::Scope;
use uuid::Uuid;

use crate::ldap::{AttributeName, DirectoryKind, Dn, Entry, EntryName, Filter};

use super::connection::{Connection, Lease};
use super::controls;
use super::deadline::Deadline;
use super::error::Error;
use super::meaning::{self, Meaning};
use super::pool::Pool;
use super::range::Range;
use super::references::{self, Wanted, Way};
use super::wire::{Answer, Arrived, Query};

/// As many ids go into one search. Far below the result limits of all directories (500 in OpenLDAP).
const CHUNK: usize = 200;

/// The same where the server compares every candidate with every term of an `or`: for 600 ids slapd took 2.1 s in searches
/// of 200, and 0.25 s in searches of 20.
const SMALL_CHUNK: usize = 20;
/// As many such searches run at once.
const CHUNKS_AT_ONCE: usize = 4;
/// No more parts of one attribute are read, whatever the server says.
const MOST_PARTS: usize = 10_000;

impl Pool {
    fn ids_at_once(&self) -> usize {
        match self.settings.kind {
            DirectoryKind::ActiveDirectory => CHUNK,
            DirectoryKind::OpenLdap | DirectoryKind::Ds389 => SMALL_CHUNK,
        }
    }

    /// The entry with this name, if it exists and matches.
    pub(super) async fn read_entry(
        &self,
        name: &EntryName,
        filter: &Filter,
        wanted: &Wanted,
        deadline: Deadline,
    ) -> Result<Option<Entry>, Error> {
        let kind = self.settings.kind;
        let (answer, lease) = self
            .read(deadline, |connection| Query {
                base: name.to_string(),
                scope: Scope::Base,
                filter: filter.clone(),
                attributes: wanted.names(),
                controls: Way::of(wanted, &connection.capabilities)
                    .control(wanted, kind)
                    .into_iter()
                    .collect(),
                most: 1,
            })
            .await?;
        match answer.result.rc {
            0 => Ok(self
                .entries(answer.entries, wanted, &lease, deadline)
                .await?
                .pop()),
            32 => Ok(None),
            code => {
                Err(meaning::rejection(code, &answer.result.text, lease.connection.secured).into())
            }
        }
    }

    /// The entry with this id at or below the base, if it matches.
    pub(super) async fn find_entry(
        &self,
        id: Uuid,
        base: &Dn,
        filter: &Filter,
        wanted: &Wanted,
        deadline: Deadline,
    ) -> Result<Option<Entry>, Error> {
        if self.settings.kind.addresses_by_guid() {
            let entry = self
                .read_entry(&EntryName::Guid(id), filter, wanted, deadline)
                .await?;
            return Ok(entry.filter(|entry| entry.dn.is_within(base)));
        }
        Ok(self
            .find_chunk(&[id], base, filter, wanted, deadline)
            .await?
            .pop())
    }

    /// The entries with these ids at or below the base that match.
    pub(super) async fn find_entries(
        &self,
        ids: &[Uuid],
        base: &Dn,
        filter: &Filter,
        wanted: &Wanted,
        deadline: Deadline,
    ) -> Result<Vec<Entry>, Error> {
        let mut seen = HashSet::new();
        let ids: Vec<Uuid> = ids.iter().copied().filter(|id| seen.insert(*id)).collect();
        let chunks = ids
            .chunks(self.ids_at_once())
            .map(|chunk| self.find_chunk(chunk, base, filter, wanted, deadline));
        let found: Vec<Vec<Entry>> = stream::iter(chunks.collect::<Vec<_>>())
            .buffered(CHUNKS_AT_ONCE)
            .try_collect()
            .await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn find_chunk(
        &self,
        ids: &[Uuid],
        base: &Dn,
        filter: &Filter,
        wanted: &Wanted,
        deadline: Deadline,
    ) -> Result<Vec<Entry>, Error> {
        let kind = self.settings.kind;
        let matches = Filter::and([
            Filter::or(ids.iter().map(|id| kind.id_filter(*id))),
            filter.clone(),
        ]);
        let (answer, lease) = self
            .read(deadline, |connection| {
                self.subtree(connection, base, &matches, wanted, ids.len())
            })
            .await?;
        let arrived = below_base(answer, lease.connection.secured)?;
        self.entries(arrived, wanted, &lease, deadline).await
    }

    /// One unpaged subtree search for at most so many entries.
    fn subtree(
        &self,
        connection: &Connection,
        base: &Dn,
        filter: &Filter,
        wanted: &Wanted,
        most: usize,
    ) -> Query {
        let can = |control| connection.capabilities.supports(control);
        let mut controls: Vec<_> = Way::of(wanted, &connection.capabilities)
            .control(wanted, self.settings.kind)
            .into_iter()
            .collect();
        controls.extend(can(controls::DOMAIN_SCOPE).then(controls::domain_scope));
        Query {
            base: base.to_string(),
            scope: Scope::Subtree,
            filter: filter.clone(),
            attributes: wanted.names(),
            controls,
            most,
        }
    }

    /// Turns what arrived into entries: reads the rest of attributes that came in part, and resolves references.
    pub(super) async fn entries(
        &self,
        arrived: Vec<Arrived>,
        wanted: &Wanted,
        lease: &Lease,
        deadline: Deadline,
    ) -> Result<Vec<Entry>, Error> {
        let kind = self.settings.kind;
        let way = Way::of(wanted, &lease.connection.capabilities);
        let mut entries = Vec::with_capacity(arrived.len());
        'arrived: for (raw, controls) in arrived {
            let address = references::address(&raw.name, way)?;
            let read = references::entry(raw, &controls, wanted, way, kind)?;
            let mut entry = read.entry;
            for range in read.unfinished {
                let is_there = self
                    .complete(&mut entry, &address, range, wanted, way, lease, deadline)
                    .await?;
                if !is_there {
                    continue 'arrived;
                }
            }
            entries.push(entry);
        }
        if way == Way::Plain && !wanted.references.is_empty() {
            self.resolve(&mut entries, lease, deadline).await?;
        }
        Ok(entries)
    }

    /// Reads the rest of an attribute. Whether the entry is still there.
    #[allow(clippy::too_many_arguments)] // What one request needs; a struct would be made and taken apart here only.
    async fn complete(
        &self,
        entry: &mut Entry,
        address: &EntryName,
        range: Range,
        wanted: &Wanted,
        way: Way,
        lease: &Lease,
        deadline: Deadline,
    ) -> Result<bool, Error> {
        let most = self.settings.max_values;
        let attribute = range.attribute.clone();
        let mut next = Some(range);
        let mut parts = 0;
        while let Some(range) = next.take() {
            parts += 1;
            let have = entry
                .values(&attribute)
                .len()
                .max(entry.references(&attribute).len());
            if parts > MOST_PARTS || have > most {
                return Err(Error::protocol(format!(
                    "{attribute} has more than {most} values"
                )));
            }
            let query = Query {
                base: address.to_string(),
                scope: Scope::Base,
                filter: Filter::everything(),
                attributes: vec![range.rest()],
                controls: way
                    .control(wanted, self.settings.kind)
                    .into_iter()
                    .collect(),
                most: 1,
            };
            let answer = self
                .read_on(lease, query, deadline)
                .await
                .map_err(super::wire::Fault::of_read)?;
            if !matches!(answer.result.rc, 0 | 32) {
                return Err(meaning::rejection(
                    answer.result.rc,
                    &answer.result.text,
                    lease.connection.secured,
                )
                .into());
            }
            let Some((raw, controls)) = answer.entries.into_iter().next() else {
                return Ok(false);
            };
            let part = references::entry(raw, &controls, wanted, way, self.settings.kind)?;
            // A server that does not get on would be asked for ever.
            next = part
                .unfinished
                .into_iter()
                .find(|rest| rest.attribute == attribute && rest.next > range.next);
            references::merge(entry, &attribute, &part.entry);
        }
        Ok(true)
    }

    /// Finds the ids that neither control told, in as few searches as [`ids_at_once`](Self::ids_at_once) allows.
    async fn resolve(
        &self,
        entries: &mut [Entry],
        lease: &Lease,
        deadline: Deadline,
    ) -> Result<(), Error> {
        let unknown = entries
            .iter()
            .flat_map(Entry::all_references)
            .filter(|one| one.id.is_none())
            .map(|one| one.dn.clone());
        let unknown: HashSet<Dn> = unknown.collect();
        let unknown: Vec<Dn> = unknown.into_iter().collect();
        let kind = self.settings.kind;
        let name = AttributeName::known(if kind.addresses_by_guid() {
            "distinguishedName"
        } else {
            "entryDN"
        });
        let wanted = Wanted::attributes([kind.id_attribute()]);
        let mut ids: HashMap<Dn, Uuid> = HashMap::new();
        for chunk in unknown.chunks(self.ids_at_once()) {
            let Some(base) = above_all(chunk) else {
                continue;
            };
            let matches = Filter::or(
                chunk
                    .iter()
                    .map(|dn| Filter::equal(name.clone(), dn.to_string())),
            );
            let answer = self
                .read_beside(lease, deadline, |connection| {
                    self.subtree(connection, &base, &matches, &wanted, chunk.len())
                })
                .await?;
            if answer.result.rc != 0 {
                let (code, text) = (answer.result.rc, &answer.result.text);
                let refused = meaning::rejection(code, text, lease.connection.secured);
                match refused.meaning {
                    // What they point at is not there, or not to be seen: the references stay without ids.
                    Meaning::NoSuchEntry
                    | Meaning::ParentMissing
                    | Meaning::Elsewhere
                    | Meaning::Denied => continue,
                    // Taken for nobody, they would stay in the group that a PUT takes them out of.
                    _ => {
                        return Err(Error::unavailable(format!(
                            "whom references point at could not be looked up: {refused}"
                        )));
                    }
                }
            }
            for (raw, controls) in answer.entries {
                let entry = references::entry(raw, &controls, &wanted, Way::Plain, kind)?.entry;
                if let Some(id) = entry.id(kind) {
                    ids.insert(entry.dn, id);
                }
            }
        }
        for entry in entries {
            entry.complete_references(|dn| ids.get(dn).copied());
        }
        Ok(())
    }
}

/// What a search below a base found.
fn below_base(answer: Answer, secured: bool) -> Result<Vec<Arrived>, Error> {
    match answer.result.rc {
        0 => Ok(answer.entries),
        code => Err(base_rejection(code, &answer.result.text, secured)),
    }
}

/// A refusal of a search below a base: when nothing is there, it is the base that is missing.
pub(super) fn base_rejection(code: u32, text: &str, secured: bool) -> Error {
    let mut rejection = meaning::rejection(code, text, secured);
    if rejection.meaning == Meaning::NoSuchEntry {
        rejection.meaning = Meaning::ParentMissing;
    }
    rejection.into()
}

/// The lowest entry that all of these are at or below; none when they have nothing in common.
fn above_all(dns: &[Dn]) -> Option<Dn> {
    let mut base = dns.first()?.clone();
    for dn in dns {
        while !dn.is_within(&base) {
            base = base.parent()?;
        }
    }
    (!base.is_root()).then_some(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_below_what_they_have_in_common() {
        let dns = |texts: &[&str]| {
            texts
                .iter()
                .map(|text| Dn::parse(text).unwrap())
                .collect::<Vec<_>>()
        };
        let base = above_all(&dns(&["uid=a,ou=people,dc=e", "uid=b,ou=x,ou=people,dc=e"]));
        assert_eq!(base, Dn::parse("ou=people,dc=e").ok());
        assert_eq!(
            above_all(&dns(&["uid=a,dc=e"])),
            Dn::parse("uid=a,dc=e").ok()
        );
        assert_eq!(above_all(&dns(&["uid=a,dc=e", "uid=b,dc=f"])), None);
    }

    #[test]
    fn a_missing_base_is_a_fault_of_the_configuration() {
        let error = base_rejection(32, "", true);
        assert_eq!(error.meaning(), Some(Meaning::ParentMissing));
    }
}
