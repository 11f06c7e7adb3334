//! What creating, replacing and patching have in common: from a wished-for state to a judged plan, and from an applied
//! plan to an answer.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::failed::Failed;
use super::references::References;
use super::service::Type;
use super::view::View;
use super::visible::{is_looked_at, sent_first};
use super::{Answer, Caller, Error, Service};
use crate::directory::{Meaning, ReadBack, Wanted};
use crate::guard::{Facts, GuardedPlan, Plan, Step};
use crate::ldap::{Change, Convergence, Dn, Entry, Modification, Rdn, Target};
use crate::mapping::{LeftOut, WriteContext};
use crate::scim::{CollectionDelta, Error as ScimError, Leniency, Precondition, Resource};

/// An existing entry, what it was and what it should become.
pub(super) struct Update {
    pub(super) id: Uuid,
    pub(super) entry: Entry,
    pub(super) old: Resource,
    pub(super) new: Resource,
    /// What happens to the members; they are never part of `old` and `new`.
    pub(super) members: Option<CollectionDelta>,
    /// Whether the entry was read with its members, so that changes of them can be compared with what there is.
    pub(super) compares_members: bool,
    /// Whether the entry must still be of the version it was read in when it is written.
    pub(super) conditional: bool,
    /// Whether this is the last of several tries.
    pub(super) last: bool,
}

/// One of the tries at a write.
#[derive(Clone, Copy)]
pub(super) struct Try<'a> {
    pub(super) precondition: &'a Precondition,
    /// Whether there is no other after it.
    pub(super) last: bool,
}

/// A write that passed the guard.
pub(super) struct Prepared {
    /// The same write under each name the mapping proposes, best first: the next is tried when a name is taken.
    pub(super) alternatives: Vec<GuardedPlan>,
    pub(super) references: References,
}

impl Prepared {
    pub(super) fn is_empty(&self) -> bool {
        self.alternatives
            .iter()
            .all(|guarded| guarded.plan().is_empty())
    }
}

impl Service {
    /// What an operation that changes an entry must read: everything the mapping manages, what the guard must know, and
    /// the members only when they are compared. Also what the answer will show: nothing may change, and a directory that
    /// answers the entry with the change does not tell the ids of references.
    pub(super) fn wanted_for_update(
        &self,
        of: Type<'_>,
        view: &View,
        with_members: bool,
        precondition: &Precondition,
    ) -> Wanted {
        let mut wanted = Wanted::from(of.mapping.update_plan(with_members));
        let members = of.mapping.members().map(|line| &line.ldap);
        for attribute in &view.wanted.references {
            if members != Some(attribute) && !wanted.references.contains(attribute) {
                wanted.references.push(attribute.clone());
            }
        }
        let shown = view.wanted.attributes.iter().cloned();
        for attribute in Facts::attributes(self.kind(), true)
            .into_iter()
            .chain(shown)
        {
            if !wanted.attributes.contains(&attribute) && !wanted.references.contains(&attribute) {
                wanted.attributes.push(attribute);
            }
        }
        Self::want_version(of, precondition, &mut wanted);
        wanted
    }

    /// Works out the plan that turns `update.old` into `update.new`.
    pub(super) async fn prepare_update(
        &self,
        of: Type<'_>,
        update: &mut Update,
        caller: &Caller,
    ) -> Result<Prepared, Error> {
        let references = self.references_of_update(of, update, caller).await?;
        self.settle_references(of, &mut update.new, Some(&update.old), &references)?;
        self.check_unique(of, Some(update.id), Some(&update.old), &update.new, caller)
            .await?;
        let context = WriteContext {
            references: &references.table,
            generated_password: None,
        };
        let difference =
            of.mapping
                .write_changes(&update.entry, &update.old, &update.new, &context)?;
        self.left_out(of, caller, &difference.ignored)?;

        let members = self.member_changes(of, update, &references)?;
        let condition = update
            .conditional
            .then(|| of.mapping.version_filter(&update.entry))
            .flatten();
        let swaps = update.conditional
            && condition.is_none()
            && !(difference.is_empty() && members.is_empty());
        // A rename asserts nothing by itself: one that is to be refused must be before it has happened.
        let same = (swaps && difference.rename.is_some())
            .then(|| of.mapping.compare_and_swap(&update.entry, &[]));
        let modifications = if swaps {
            of.mapping
                .compare_and_swap(&update.entry, &difference.modifications)
        } else {
            difference.modifications
        };
        let must_match = update.must_match(of);
        let [first, rest] = sent_first(must_match, modifications, difference.inverse);
        let candidates: Vec<Option<Rdn>> = match difference.rename {
            Some(candidates) => candidates.into_iter().map(Some).collect(),
            None => vec![None],
        };
        let guard = self.guard(caller).await?;
        let mut alternatives = Vec::with_capacity(candidates.len());
        for rdn in candidates {
            let mut plan = Plan::empty();
            let mut facts = references.facts.clone();
            facts.push(Facts::of(&update.entry));
            let mut target = Target {
                dn: update.entry.dn.clone(),
                guid: Some(update.id),
            };
            if let Some(same) = &same {
                plan.push(put_back(&target, same.clone()));
            }
            // The rename goes first: undoing it is exact whatever follows, which is not true of a password.
            if let Some(rdn) = rdn {
                let (step, renamed) = rename(&update.entry, &target, rdn);
                let step = step.then_matches(must_match);
                if references.name_another(&renamed.dn, Some(update.id)) {
                    continue;
                }
                plan.push(step);
                let mut moved = Facts::of(&update.entry);
                moved.dn = renamed.dn.clone();
                facts.push(moved);
                target = renamed;
            }
            let step = |change, inverse: &[Modification]| {
                let undo = modify(&target, inverse.to_vec(), Convergence::Exact);
                let filter = must_match.filter(|filter| is_looked_at(filter, &change));
                Step::with_undo(change, undo).then_matches(filter)
            };
            if !first.0.is_empty() {
                plan.push(step(
                    modify(&target, first.0.clone(), Convergence::Exact),
                    &first.1,
                ));
            }
            if !rest.0.is_empty() {
                let mut change = modify(&target, rest.0.clone(), Convergence::Exact);
                match &difference.condition {
                    // Nothing at all may have changed.
                    Some(_) if condition.is_some() && plan.is_empty() => {}
                    // A condition on what the bridge's account may not read is never true.
                    Some(condition) if update.last => tracing::warn!(
                        %condition,
                        "this could not be made sure of in several tries, and the change is made without it; may the bridge's account read the attribute?"
                    ),
                    Some(condition) => change.only_if(condition),
                    None => {}
                }
                plan.push(step(change, &rest.1));
            }
            members.push_steps(&mut plan, &target);
            if let Some(condition) = &condition {
                plan.only_if(condition);
            }
            alternatives.push(guard.judge(plan, &facts)?);
        }
        if alternatives.is_empty() {
            return Err(Error::name_taken(of));
        }
        Ok(Prepared {
            alternatives,
            references,
        })
    }

    /// Everything this update refers to: known from the entry itself where possible, else looked up at once.
    async fn references_of_update(
        &self,
        of: Type<'_>,
        update: &Update,
        caller: &Caller,
    ) -> Result<References, Error> {
        // Of an attribute that is written, what it refers to already; a group is no manager because the user is in it.
        let written = of
            .mapping
            .lines
            .iter()
            .filter(|line| line.is_reference() && line.is_written());
        let known: HashMap<Uuid, Dn> = written
            .flat_map(|line| update.entry.references(&line.ldap))
            .filter_map(|reference| Some((reference.id?, reference.dn.clone())))
            .collect();
        let members = of.mapping.members().map(|line| &line.ldap);
        let members = members.map(|members| update.entry.references(members));
        let present: HashSet<Uuid> = members
            .into_iter()
            .flatten()
            .filter_map(|member| member.id)
            .collect();
        let mut asked: Vec<String> = of
            .mapping
            .references_in(&update.new)
            .into_iter()
            .map(|(_, id)| id)
            .filter(|id| Uuid::try_parse(id).is_ok_and(|id| !known.contains_key(&id)))
            .collect();
        let mut targets = of.mapping.reference_targets();
        if let Some(delta) = &update.members {
            // The guard must know every member that comes or goes; those that stay need no look.
            let stays = |id: &&String| {
                update.compares_members && Uuid::try_parse(id).is_ok_and(|id| present.contains(&id))
            };
            asked.extend(delta.add.iter().filter(|id| !stays(id)).cloned());
            asked.extend(delta.remove.iter().cloned());
            asked.extend(self.leaving(of, update).map(|(id, _)| id.to_string()));
            targets = of.mapping.types_referred_to();
        }
        let targets = self.targets(&targets);
        let mut references = self
            .resolve(asked.iter().map(String::as_str), &targets, caller)
            .await?;
        if let Some(delta) = &update.members {
            let removed = delta
                .remove
                .iter()
                .filter_map(|id| Uuid::try_parse(id).ok());
            let unknown = removed.filter(|id| !references.is_resource(*id)).collect();
            self.check_gone(unknown, &targets, caller).await?;
        }
        for (id, dn) in known {
            references.know(id, dn);
        }
        references.name(&update.entry);
        Ok(references)
    }

    /// Applies the first alternative whose name is free.
    pub(super) async fn apply_update(
        &self,
        of: Type<'_>,
        update: &Update,
        prepared: &Prepared,
        read_back: Option<ReadBack>,
        caller: &Caller,
    ) -> Result<Option<Entry>, Failed> {
        let id = update.id;
        let mut last = None;
        for guarded in &prepared.alternatives {
            let followed = self.directory().follow_plan(guarded, caller.deadline).await;
            if followed.map_err(Error::from)? {
                // Meanwhile whom it names may have got another name, or a fence.
                return Err(Failed::from(Error::Contended {
                    reason: "the plan waited for the directory to follow a rename".into(),
                }));
            }
            let applied = self
                .directory()
                .apply(guarded, read_back.clone(), caller.deadline)
                .await;
            self.wrote(of, &id.to_string());
            match applied {
                Ok(applied) => {
                    journal(of, &id.to_string(), guarded);
                    let plan = guarded.plan();
                    let name = plan.changes().last().and_then(Change::dn_afterwards);
                    let references = &prepared.references;
                    if let Some(dn) = name {
                        let guid = Some(id);
                        let entry = Target { dn, guid };
                        let caller = &self.with_time_left(caller);
                        let (held, written) = (Some(&update.entry), (plan, references));
                        let settled = self.settle_names(of, &entry, held, written, caller).await;
                        match settled {
                            Ok(false) => {}
                            Ok(true) => return Ok(None),
                            Err(error) => {
                                return Err(Failed::after_the_write(error));
                            }
                        }
                    }
                    return Ok(applied.entry.map(|mut entry| {
                        references.complete(&mut entry);
                        entry
                    }));
                }
                Err(error) if Error::is_name_taken(&error) => last = Some(error),
                // OpenLDAP looks who has a unique name before it looks for the entry to be renamed.
                Err(error)
                    if error.step == 0 && error.error.meaning() == Some(Meaning::ValueTaken) =>
                {
                    last = Some(error);
                    break;
                }
                Err(error) => return Err(update.failed(error, of)),
            }
        }
        let Some(error) = last else {
            return Ok(None);
        };
        // Renamed by somebody else meanwhile, perhaps to the very name: then nobody else has it.
        let now = self
            .find(of, &id.to_string(), &Wanted::nothing(), caller)
            .await?
            .1;
        let before = prepared
            .alternatives
            .first()
            .and_then(|guarded| guarded.plan().changes().next());
        if before.is_some_and(|change| *change.dn() != now.dn) {
            let reason = error.to_string();
            return Err(Error::Contended { reason }.into());
        }
        Err(update.failed(error, of))
    }

    /// Names in the journal what was accepted and goes nowhere.
    pub(super) fn ignored(&self, of: Type<'_>, caller: &Caller, names: &[String]) {
        for name in names {
            let reason = "the mapping has no line that writes it";
            self.note_ignored(of, caller, name, reason);
        }
    }

    /// Elements that go nowhere: named in the journal, or refused where the client wants to hear of them.
    pub(super) fn left_out(
        &self,
        of: Type<'_>,
        caller: &Caller,
        elements: &[LeftOut],
    ) -> Result<(), Error> {
        for one in elements {
            if !caller.dialect.allows(Leniency::UnknownAttribute) {
                return Err(Error::Invalid(one.refusal.clone()));
            }
            self.note_ignored(of, caller, &one.element, one.reason);
        }
        Ok(())
    }

    /// Each name once an hour for a client.
    fn note_ignored(&self, of: Type<'_>, caller: &Caller, attribute: &str, reason: &str) {
        let key = (
            caller.client.clone(),
            of.name().to_owned(),
            attribute.to_owned(),
        );
        if self.noted().add(key) {
            tracing::info!(
                resource_type = of.name(),
                attribute,
                "accepted and ignored: {reason}"
            );
        }
    }

    /// What to read with the change. A directory that answers the entry with the change does not tell the ids of members,
    /// so members that this request does not know are read afterwards.
    pub(super) fn read_back(of: Type<'_>, update: &Update, view: &View) -> Option<ReadBack> {
        (update.compares_members || !view.shows_members(of)).then(|| ReadBack {
            wanted: view.wanted.clone(),
        })
    }

    /// The entry for the answer to a request that changes nothing: the one just read, unless the members are to be shown
    /// and were not read.
    pub(super) fn unchanged(of: Type<'_>, update: &Update, view: &View) -> Option<Entry> {
        (update.compares_members || !view.shows_members(of)).then(|| update.entry.clone())
    }

    /// The answer after a write: the entry as the directory now holds it, as far as the client wants to see it.
    pub(super) async fn answer(
        &self,
        of: Type<'_>,
        id: Uuid,
        entry: Option<Entry>,
        view: &View,
        caller: &Caller,
    ) -> Result<Answer, Error> {
        let entry = match entry {
            Some(entry) => entry,
            None => {
                self.find(of, &id.to_string(), &view.wanted, caller)
                    .await?
                    .1
            }
        };
        Ok(Answer::Resource(view.show_one(
            of,
            self.resource(of, &entry, caller),
            &entry,
        )))
    }
}

pub(super) fn modify(
    target: &Target,
    modifications: Vec<Modification>,
    convergence: Convergence,
) -> Change {
    Change::Modify {
        target: target.clone(),
        modifications,
        assertion: None,
        convergence,
    }
}

/// Values put back as they were read, so that the directory refuses when one is another by now. Nothing to undo.
pub(super) fn put_back(target: &Target, same: Vec<Modification>) -> Step {
    Step::with_undo(
        modify(target, same, Convergence::Exact),
        modify(target, Vec::new(), Convergence::Exact),
    )
}

/// The rename, and the entry's target after it. Undoing it takes the new name away again, unless the entry had that
/// value before.
fn rename(entry: &Entry, target: &Target, rdn: Rdn) -> (Step, Target) {
    let had = rdn.avas().any(|ava| {
        let new = ava.value.text().unwrap_or_default().to_lowercase();
        let is_old = target
            .dn
            .rdn()
            .and_then(|old| old.value_of(&ava.attribute))
            .map(str::to_lowercase);
        is_old.as_ref() != Some(&new)
            && entry
                .texts(&ava.attribute)
                .any(|value| value.to_lowercase() == new)
    });
    let change = Change::Rename {
        target: target.clone(),
        rdn,
        delete_old_rdn: true,
        superior: None,
        assertion: None,
    };
    let renamed = Target {
        dn: change.dn_afterwards().unwrap_or_else(|| target.dn.clone()),
        guid: target.guid,
    };
    let undo = target.dn.rdn().map(|old| Change::Rename {
        target: renamed.clone(),
        rdn: old.clone(),
        delete_old_rdn: !had,
        superior: None,
        assertion: None,
    });
    let step = Step {
        undo,
        ..Step::new(change)
    };
    (step, renamed)
}

/// A body may repeat the resource's own id, as Okta's and Entra's do; another one means a mistake somewhere.
pub(super) fn own_id(id: &str, sent: Option<&str>) -> Result<(), Error> {
    match sent {
        Some(sent) if !sent.eq_ignore_ascii_case(id) => Err(Error::Invalid(ScimError::mutability(
            "`id` in the body is not the id of the resource in the URL and cannot be changed; leave it out",
        ))),
        _ => Ok(()),
    }
}

/// Names in the journal what was done: attributes, never values. Client and request id stand in the request's span.
pub(super) fn journal(of: Type<'_>, id: &str, guarded: &GuardedPlan) {
    let attributes: Vec<String> = guarded
        .plan()
        .attributes()
        .iter()
        .map(ToString::to_string)
        .collect();
    tracing::info!(
        resource_type = of.name(),
        id,
        attributes = attributes.join(" "),
        "written"
    );
}
