//! References that were written by name: whether each name still is the entry that was meant.
//!
//! OpenLDAP and 389 DS take DNs for values, and ask nobody whose they are. Between the look-up of an id and the write, the
//! entry may be renamed: then a dead name was added, or whoever has the name by now; or the name was taken away that the
//! directory had already replaced by the new one, and the member stayed. So the ids are looked up once more after the
//! write. Active Directory takes GUIDs and needs none of this.

use std::collections::HashMap;
use std::time::Duration;

use uuid::Uuid;

use super::members::ReferenceChanges;
use super::references::References;
use super::service::Type;
use super::{Caller, Error, Service};
use crate::guard::{Facts, Plan};
use crate::ldap::{AttributeName, Change, DirectoryKind, Dn, ModificationKind, Target, Values};

/// What follows a write that stands has at least so much time.
const AFTERWARDS: Duration = Duration::from_secs(10);

/// References of one attribute that a plan adds or takes away, with the names that their entries had.
#[derive(Debug)]
struct Named {
    attribute: AttributeName,
    added: HashMap<Uuid, Dn>,
    removed: HashMap<Uuid, Dn>,
}

impl Named {
    fn of(attribute: &AttributeName, plan: &Plan, references: &References) -> Self {
        let mut named = Self {
            attribute: attribute.clone(),
            added: HashMap::new(),
            removed: HashMap::new(),
        };
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

    /// What corrects the attribute, now that the entries have these names; and the ids of what was added and is gone.
    fn corrected(&self, now: &References, kind: DirectoryKind) -> (ReferenceChanges, Vec<Uuid>) {
        let (mut remove, mut add, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        for (id, dn) in &self.added {
            match now.table.get(*id) {
                Some(current) if current == dn => continue,
                Some(current) => add.push((*id, current.clone())),
                None => gone.push(*id),
            }
            remove.push((*id, dn.clone()));
        }
        let left = self
            .removed
            .iter()
            .filter(|(id, _)| !self.added.contains_key(id));
        for (id, dn) in left {
            let current = now.table.get(*id).filter(|current| *current != dn);
            remove.extend(current.map(|current| (*id, current.clone())));
        }
        let changes = ReferenceChanges {
            attribute: Some(self.attribute.clone()),
            kind: Some(kind),
            remove,
            add,
            exact: false,
        };
        (changes, gone)
    }
}

impl Service {
    /// After a plan was carried out: corrects the references in it whose entries had other names by then. Answers whether
    /// anything was corrected, so that what was read before is out of date.
    ///
    /// # Errors
    /// What was added and is gone is refused where the operator wants it so. An outage leaves what was written as it is.
    pub(super) async fn settle_names(
        &self,
        of: Type<'_>,
        entry: &Target,
        plan: &Plan,
        references: &References,
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
        let caller = &self.with_time_left(caller);
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
        let (mut correction, mut lost) = (Plan::empty(), Vec::new());
        for (line, named) in &named {
            let (changes, gone) = named.corrected(&now, self.kind());
            changes.push_steps(&mut correction, entry);
            lost.extend(gone.into_iter().map(|id| (*line, id)));
        }
        if correction.is_empty() {
            return Ok(false);
        }
        tracing::warn!(
            resource_type = of.name(),
            "entries were renamed or deleted while references to them were written; corrected"
        );
        // What was just written was judged just now; only its references are corrected.
        let own = Facts {
            id: entry.guid,
            ..Facts::new(entry.dn.clone())
        };
        let known = [own].into_iter().chain(now.facts);
        let facts: Vec<Facts> = references.facts.iter().cloned().chain(known).collect();
        let corrected = self.guard(caller).await?.judge(correction, &facts)?;
        self.directory()
            .apply(&corrected, None, caller.deadline)
            .await
            .map_err(|error| Error::of_write(error, of))?;
        for (line, id) in lost {
            self.settle_lost(of, line, &id.to_string())?;
        }
        Ok(true)
    }

    /// The caller, with time enough for what must follow a write that stands, however long the request took.
    pub(super) fn with_time_left(&self, caller: &Caller) -> Caller {
        Caller {
            deadline: caller.deadline.but_at_least(AFTERWARDS),
            ..caller.clone()
        }
    }
}
