//! References that were written by name: whether each name still is the entry that was meant.
//!
//! OpenLDAP and 389 DS take DNs for values, and ask nobody whose they are. Between the look-up of an id and the write, the
//! entry may be renamed: then a dead name was added, or whoever has the name by now; or the name was taken away that the
//! directory had already replaced by the new one, and the member stayed. So the ids are looked up once more after the
//! write. Active Directory takes GUIDs and needs none of this.
//!
//! One case cannot be told afterwards where a group was not read with its members, as for most PATCHes: a member who was
//! given, in that moment, the very name under which another was added. He is taken out, and the log has his id.

use std::collections::HashMap;
use std::time::Duration;

use uuid::Uuid;

use super::members::ReferenceChanges;
use super::references::References;
use super::service::Type;
use super::{Caller, Error, Service};
use crate::directory::{Meaning, Wanted};
use crate::guard::{Facts, Plan};
use crate::ldap::{
    AttributeName, Change, Dn, Entry, EntryName, Filter, ModificationKind, Target, Values,
};
use crate::mapping::Line;

/// What follows a write that stands has at least so much time: twice as much is what `/Bulk` keeps back for it.
const AFTERWARDS: Duration = Duration::from_secs(3);

/// How often a correction is tried: the entry itself may have been renamed since it was written.
const ATTEMPTS: usize = 2;

/// References of one attribute that a plan adds or takes away, with the names that their entries had.
#[derive(Debug, Default)]
struct Named {
    /// Whether the plan says the whole attribute: whoever was in it before is not to be in it still.
    replaced: bool,
    added: HashMap<Uuid, Dn>,
    removed: HashMap<Uuid, Dn>,
}

impl Named {
    fn of(attribute: &AttributeName, plan: &Plan, references: &References) -> Self {
        let mut named = Self::default();
        for change in plan.changes() {
            match change {
                Change::Add { attributes, .. } => {
                    let own = attributes.iter().filter(|(name, _)| name == attribute);
                    own.for_each(|(_, values)| named.note(true, values, references));
                }
                Change::Modify { modifications, .. } => {
                    for one in modifications
                        .iter()
                        .filter(|one| one.attribute == *attribute)
                    {
                        named.replaced |= one.kind == ModificationKind::Replace;
                        let adds = one.kind != ModificationKind::Delete;
                        named.note(adds, &one.values, references);
                    }
                }
                Change::Rename { .. } | Change::Delete { .. } => {}
            }
        }
        named
    }

    fn note(&mut self, adds: bool, values: &Values, references: &References) {
        let Values::Plain(values) = values else {
            return;
        };
        let names = values
            .iter()
            .filter_map(|value| std::str::from_utf8(value).ok());
        let names = names.filter_map(|name| Dn::parse(name).ok());
        let noted = names.filter_map(|dn| Some((references.id(&dn)?, dn)));
        if adds {
            self.added.extend(noted);
        } else {
            self.removed.extend(noted);
        }
    }

    fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }

    fn ids(&self) -> impl Iterator<Item = &Uuid> {
        self.added.keys().chain(self.removed.keys())
    }

    fn correction(&self, now: &References) -> Correction {
        let mut correction = Correction::default();
        for (id, dn) in &self.added {
            match now.table.get(*id) {
                Some(current) if current == dn => continue,
                Some(current) => correction.add.push((*id, current.clone())),
                None => correction.gone.push(*id),
            }
            correction.mistaken.push((*id, dn.clone()));
        }
        let removed = self.removed.iter();
        for (id, dn) in removed.filter(|(id, _)| !self.added.contains_key(id)) {
            let current = now.table.get(*id).filter(|current| *current != dn);
            let left = current.map(|current| (*id, current.clone()));
            correction.left.extend(left);
        }
        correction
    }
}

/// What is wrong in an attribute, now that the entries have other names.
#[derive(Debug, Default)]
struct Correction {
    /// What was added by a name that is not the entry's any more.
    mistaken: Vec<(Uuid, Dn)>,
    /// What was to be removed, under the name that it has by now.
    left: Vec<(Uuid, Dn)>,
    /// What was added, under the name that it has by now.
    add: Vec<(Uuid, Dn)>,
    /// What was added and is gone.
    gone: Vec<Uuid>,
}

impl Service {
    /// The entry with this id. Where it has a member by a name that the directory is about to replace, it is read again once
    /// that is done: a PUT would miss whoever was renamed a moment ago.
    pub(super) async fn find_to_change(
        &self,
        of: Type<'_>,
        id: &str,
        wanted: &Wanted,
        caller: &Caller,
    ) -> Result<(Uuid, Entry), Error> {
        let found = self.find(of, id, wanted, caller).await?;
        let Some(members) = of.mapping.members() else {
            return Ok(found);
        };
        let directory = self.directory();
        if directory
            .follow(&found.1, &members.ldap, caller.deadline)
            .await?
        {
            return self.find(of, id, wanted, caller).await;
        }
        Ok(found)
    }

    /// After a plan was carried out: corrects the references in it whose entries had other names by then. `held` is the
    /// entry as it was before. Answers whether anything was corrected, so that what was read is out of date.
    ///
    /// # Errors
    /// What was added and is gone is refused where the operator wants it so. An outage leaves what was written as it is.
    pub(super) async fn settle_names(
        &self,
        of: Type<'_>,
        entry: &Target,
        held: Option<&Entry>,
        (plan, references): (&Plan, &References),
        caller: &Caller,
    ) -> Result<bool, Error> {
        if self.kind().addresses_by_guid() {
            return Ok(false);
        }
        let lines = of.mapping.lines.iter();
        let lines = lines.filter(|line| line.is_reference() && line.is_written());
        let named: Vec<_> = lines
            .map(|line| (line, Named::of(&line.ldap, plan, references)))
            .filter(|(_, named)| !named.is_empty())
            .collect();
        if named.is_empty() {
            return Ok(false);
        }
        let ids = named.iter().flat_map(|(_, named)| named.ids());
        let ids: Vec<String> = ids.map(Uuid::to_string).collect();
        let targets = self.targets(&of.mapping.types_referred_to());
        let ids = ids.iter().map(String::as_str);
        let now = self.resolve(ids, &targets, caller).await.inspect_err(|error| {
            tracing::error!(
                resource_type = of.name(),
                %error,
                "references were written by name, and whose names these are by now could not be looked up"
            );
        })?;
        let (mut removals, mut additions, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        for (line, named) in &named {
            let correction = named.correction(&now);
            let changes = |remove, add| ReferenceChanges {
                attribute: Some(line.ldap.clone()),
                kind: Some(self.kind()),
                remove,
                add,
                exact: false,
            };
            let mut remove = correction.left;
            for (id, dn) in correction.mistaken {
                if !self.is_rightful(&dn, held, line, named, caller).await? {
                    remove.push((id, dn));
                }
            }
            removals.push(changes(remove, Vec::new()));
            additions.push(changes(Vec::new(), correction.add));
            gone.extend(correction.gone.into_iter().map(|id| (*line, id)));
        }
        let mut all = removals.iter().chain(&additions);
        if all.all(ReferenceChanges::is_empty) && gone.is_empty() {
            return Ok(false);
        }
        tracing::warn!(
            resource_type = of.name(),
            "entries were renamed or deleted while references to them were written; corrected"
        );
        // Apart: what may not be added is no reason to keep whoever has its name by now.
        let mut facts = now.facts;
        let known: Vec<Dn> = facts.iter().map(|known| known.dn.clone()).collect();
        let before = references.facts.iter();
        facts.extend(before.filter(|before| !known.contains(&before.dn)).cloned());
        self.correct(of, entry, &removals, &facts, caller).await?;
        self.correct(of, entry, &additions, &facts, caller).await?;
        for (line, id) in gone {
            self.settle_lost(of, line, &id.to_string())?;
        }
        Ok(true)
    }

    /// Whether the name that was added by mistake belongs to an entry that was referred to before, and is to be still.
    async fn is_rightful(
        &self,
        dn: &Dn,
        held: Option<&Entry>,
        line: &Line,
        named: &Named,
        caller: &Caller,
    ) -> Result<bool, Error> {
        let kind = self.kind();
        let wanted = Wanted::attributes([kind.id_attribute()]);
        let name = EntryName::Dn(dn.clone());
        let everything = Filter::everything();
        let (directory, deadline) = (self.directory(), caller.deadline);
        let owner = directory
            .read(&name, &everything, &wanted, deadline)
            .await?;
        let Some(owner) = owner.and_then(|owner| owner.id(kind)) else {
            return Ok(false);
        };
        let held = held
            .map(|held| held.references(&line.ldap))
            .unwrap_or_default();
        let is_held = held.iter().any(|one| one.id == Some(owner));
        let rightful = is_held && !named.replaced && !named.removed.contains_key(&owner);
        if !rightful {
            tracing::warn!(attribute = %line.ldap, id = %owner, "has the name by now under which another entry was added; taken out");
        }
        Ok(rightful)
    }

    /// Carries out a correction of what was just written and judged: only its references are judged again.
    async fn correct(
        &self,
        of: Type<'_>,
        entry: &Target,
        changes: &[ReferenceChanges],
        facts: &[Facts],
        caller: &Caller,
    ) -> Result<(), Error> {
        let mut entry = entry.clone();
        for attempt in 1.. {
            let mut plan = Plan::empty();
            for one in changes {
                one.push_steps(&mut plan, &entry);
            }
            if plan.is_empty() {
                break;
            }
            let own = Facts {
                id: entry.guid,
                ..Facts::new(entry.dn.clone())
            };
            let facts: Vec<Facts> = [own].into_iter().chain(facts.iter().cloned()).collect();
            let corrected = self.guard(caller).await?.judge(plan, &facts)?;
            let applied = self.directory().apply(&corrected, None, caller.deadline);
            let applied = applied.await;
            if let Some(id) = entry.guid {
                self.wrote(of, &id.to_string());
            }
            match (applied, entry.guid) {
                (Ok(_), _) => break,
                (Err(error), Some(id))
                    if attempt < ATTEMPTS
                        && error.error.meaning() == Some(Meaning::NoSuchEntry) =>
                {
                    let (id, nothing) = (id.to_string(), Wanted::nothing());
                    entry.dn = self.find(of, &id, &nothing, caller).await?.1.dn;
                }
                (Err(error), _) => return Err(Error::of_write(error, of)),
            }
        }
        Ok(())
    }

    /// The caller, with time enough for what must follow a write that stands, however long the request took.
    pub(super) fn with_time_left(&self, caller: &Caller) -> Caller {
        Caller {
            deadline: caller.deadline.but_at_least(AFTERWARDS),
            ..caller.clone()
        }
    }
}
