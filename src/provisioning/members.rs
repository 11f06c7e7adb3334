//! Members come and go as value deltas, by id, and nobody else's membership is touched.

use std::collections::HashSet;

use uuid::Uuid;

use super::references::References;
use super::service::Type;
use super::write::{Update, modify};
use super::{Caller, Error, Service};
use crate::directory::Wanted;
use crate::guard::{Plan, Step};
use crate::ldap::{
    AttributeName, Convergence, DirectoryKind, Dn, Filter, Modification, Target, Values,
};
use crate::scim::Error as ScimError;

/// How many values one modify carries at most. Active Directory refuses far larger ones with 00002024.
pub(super) const BATCH: usize = 1_000;

/// References that come and go, in the order in which they are sent: what leaves goes first, so that a member that comes
/// back in the same request stays.
#[derive(Debug, Default)]
pub(super) struct ReferenceChanges {
    pub(super) attribute: Option<AttributeName>,
    pub(super) kind: Option<DirectoryKind>,
    pub(super) remove: Vec<(Uuid, Dn)>,
    pub(super) add: Vec<(Uuid, Dn)>,
    /// Whether every removal is of a member and every addition of none, so that the changes can be taken back exactly.
    pub(super) exact: bool,
}

impl ReferenceChanges {
    pub(super) fn is_empty(&self) -> bool {
        self.remove.is_empty() && self.add.is_empty()
    }

    /// Adds one step for each batch. Steps can be taken back where it is known what they really change.
    pub(super) fn push_steps(&self, plan: &mut Plan, target: &Target) {
        let (Some(attribute), Some(kind)) = (&self.attribute, self.kind) else {
            return;
        };
        let value = |(id, dn): &(Uuid, Dn)| kind.reference_value(*id, dn);
        let changes: Vec<(bool, Vec<u8>)> = self
            .remove
            .iter()
            .map(|member| (false, value(member)))
            .chain(self.add.iter().map(|member| (true, value(member))))
            .collect();
        for chunk in changes.chunks(BATCH) {
            let of = |wanted: bool| -> Values {
                let values = chunk.iter().filter(|(adds, _)| *adds == wanted);
                Values::Plain(values.map(|(_, value)| value.clone()).collect())
            };
            let step = |gone: Values, new: Values| {
                let gone = Modification::delete(attribute.clone(), gone);
                let new = Modification::add(attribute.clone(), new);
                let both = [gone, new].into_iter().filter(|one| !one.values.is_empty());
                modify(target, both.collect(), Convergence::Converge)
            };
            let undo = self.exact.then(|| step(of(true), of(false)));
            plan.push(Step {
                undo,
                ..Step::new(step(of(false), of(true)))
            });
        }
    }
}

impl Service {
    /// What happens to the members. Nothing here ever replaces the attribute, and members that are no resources of this
    /// bridge (computers, entries outside the bases) stay.
    pub(super) fn member_changes(
        &self,
        of: Type<'_>,
        update: &Update,
        references: &References,
    ) -> Result<ReferenceChanges, Error> {
        let (Some(delta), Some(line)) = (&update.members, of.mapping.members()) else {
            return Ok(ReferenceChanges::default());
        };
        let held = update.entry.references(&line.ldap);
        let present: HashSet<&Dn> = held.iter().map(|one| &one.dn).collect();
        let found = |id: &str| {
            let id = Uuid::try_parse(id)
                .ok()
                .filter(|id| references.is_resource(*id))?;
            Some((id, references.table.get(id)?.clone()))
        };
        let mut add = Vec::new();
        for id in &delta.add {
            match (references.dn(id), found(id)) {
                (Some(dn), _) if update.compares_members && present.contains(dn) => {}
                (_, Some(member)) => add.push(member),
                _ => self.settle_unknown_member(line.place(), id)?,
            }
        }
        let leaving = self
            .leaving(of, update)
            .filter(|(id, _)| references.is_resource(*id));
        let mut remove: Vec<(Uuid, Dn)> = leaving.map(|(id, dn)| (id, dn.clone())).collect();
        let asked = delta.remove.iter().filter_map(|id| found(id));
        remove.extend(asked.filter(|(_, dn)| !update.compares_members || present.contains(dn)));
        Ok(ReferenceChanges {
            attribute: Some(line.ldap.clone()),
            kind: Some(self.kind()),
            remove,
            add,
            exact: update.compares_members,
        })
    }

    /// The members that a replacement leaves out, of those the client could see.
    pub(super) fn leaving<'a>(
        &'a self,
        of: Type<'a>,
        update: &'a Update,
    ) -> impl Iterator<Item = (Uuid, &'a Dn)> + 'a {
        let listed: Option<HashSet<Uuid>> = update
            .members
            .as_ref()
            .filter(|delta| delta.replace)
            .map(|delta| {
                let ids = delta.add.iter();
                ids.filter_map(|id| Uuid::try_parse(id).ok()).collect()
            });
        let line = of.mapping.members();
        let members = line
            .map(|line| update.entry.references(&line.ldap))
            .unwrap_or_default();
        members
            .iter()
            .filter(move |one| {
                line.is_some_and(|line| line.may_point_to(&one.dn, self.type_bases()))
            })
            .filter_map(|one| Some((one.id?, &one.dn)))
            .filter(move |(id, _)| listed.as_ref().is_some_and(|listed| !listed.contains(id)))
    }

    /// An id to be removed that names no resource is no member either, unless it is some other entry below the bases:
    /// to answer success while that one stays would be a lie.
    pub(super) async fn check_gone(
        &self,
        ids: Vec<Uuid>,
        targets: &[Type<'_>],
        caller: &Caller,
    ) -> Result<(), Error> {
        if ids.is_empty() {
            return Ok(());
        }
        let kind = self.kind();
        let wanted = Wanted::attributes([kind.id_attribute()]);
        for target in targets {
            let base = &target.place.base;
            let found = self
                .directory()
                .find_many(&ids, base, &Filter::everything(), &wanted, caller.deadline)
                .await?;
            if let Some(id) = found.iter().find_map(|entry| entry.id(kind)) {
                return Err(Error::Invalid(ScimError::invalid_value(format!(
                    "`members.value`: id `{id}` is an entry of the directory that is no resource of this bridge \
                     (a computer, a contact); have it removed in the directory itself"
                ))));
            }
        }
        Ok(())
    }
}
