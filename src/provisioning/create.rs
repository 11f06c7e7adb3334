//! POST: one LDAP add where the directory allows; its own conflict is the check.

use super::members::BATCH;
use super::references::References;
use super::service::Type;
use super::write::{journal, modify};
use super::{Answer, Caller, Error, Query, Service, password};
use crate::directory::{Meaning, ReadBack, Wanted};
use crate::guard::{Facts, GuardedPlan, Plan, Step};
use crate::ldap::{AttributeName, Change, Convergence, Dn, Entry, Modification, Target, Values};
use crate::mapping::WriteContext;
use crate::scim::{Resource, json};

/// A new resource, judged and ready.
pub(super) struct Creation {
    /// The same entry under each name the mapping proposes, best first.
    pub(super) alternatives: Vec<GuardedPlan>,
    resource: Resource,
    pub(super) references: References,
}

impl Service {
    /// Creates a resource (RFC 7644 §3.3).
    ///
    /// # Errors
    /// [`Error::Conflict`] naming the attribute whose value is taken. What was begun is undone, unless the directory went
    /// away meanwhile: after [`Error::Unavailable`] the entry may be there.
    pub async fn create(
        &self,
        caller: &Caller,
        resource_type: &str,
        query: &Query,
        body: &[u8],
    ) -> Result<Answer, Error> {
        let of = self.resource_type(resource_type)?;
        let view = query.view_of_one(of, caller)?;
        let creation = self.prepare_create(caller, of, body).await?;
        let mut entry = self.add(caller, of, &creation, &view.wanted).await?;
        creation.references.complete(&mut entry);
        Ok(Answer::Created(view.show_one(
            of,
            self.resource(of, &entry, caller),
            &entry,
        )))
    }

    /// Works out the entry and its plans.
    pub(super) async fn prepare_create(
        &self,
        caller: &Caller,
        of: Type<'_>,
        body: &[u8],
    ) -> Result<Creation, Error> {
        let (mut resource, unknown) =
            Resource::normalize(json::parse(body)?, &of.mapping.definition, &caller.dialect)?;
        self.ignored(of, caller, &unknown.names);
        resource.name_by_mail(&of.mapping.definition, &caller.dialect);
        resource.check_required(&of.mapping.definition)?;

        let asked = of.mapping.references_in(&resource);
        let targets = self.targets(&of.mapping.types_referred_to());
        let references = self
            .resolve(asked.iter().map(|(_, id)| id.as_str()), &targets, caller)
            .await?;
        self.settle_references(of, &mut resource, None, &references)?;
        self.check_unique(of, None, None, &resource, caller).await?;

        let password = of
            .mapping
            .needs_generated_password(&resource)
            .then(password::generate)
            .transpose()?;
        let context = WriteContext {
            references: &references.table,
            generated_password: password.as_ref(),
        };
        let new = of.mapping.write_new(&resource, &context)?;
        self.left_out(of, caller, &new.ignored)?;

        let guard = self.guard(caller).await?;
        let members = of.mapping.members().map(|line| &line.ldap);
        let mut alternatives = Vec::with_capacity(new.alternatives.len());
        for alternative in new.alternatives {
            let dn = of.place.create_in.child(alternative.rdn);
            // The manager's own name is taken: nobody need be asked, and the guard must not mistake one for the other.
            if references.name_another(&dn, None) {
                continue;
            }
            let mut facts = references.facts.clone();
            facts.push(Facts::new(dn.clone()));
            alternatives.push(guard.judge(plan(dn, alternative.attributes, members), &facts)?);
        }
        if alternatives.is_empty() {
            return Err(Error::name_taken(of));
        }
        Ok(Creation {
            alternatives,
            resource,
            references,
        })
    }

    /// Adds the entry under the first name that is free.
    async fn add(
        &self,
        caller: &Caller,
        of: Type<'_>,
        creation: &Creation,
        wanted: &Wanted,
    ) -> Result<Entry, Error> {
        let mut refused = None;
        for guarded in &creation.alternatives {
            // Whoever it refers to and has another name by then is corrected afterwards.
            self.directory()
                .follow_plan(guarded, caller.deadline)
                .await?;
            let read_back = Some(ReadBack {
                wanted: wanted.clone(),
            });
            match self
                .directory()
                .apply(guarded, read_back, caller.deadline)
                .await
            {
                Ok(applied) => {
                    // Before anything else can fail: the entry is there.
                    let id = applied.id.map(|id| id.to_string()).unwrap_or_default();
                    self.wrote(of, &id);
                    journal(of, &id, guarded);
                    return self
                        .finish(caller, of, creation, guarded, applied.entry, wanted)
                        .await;
                }
                Err(error) if Error::is_name_taken(&error) => {
                    if refused.is_none() {
                        self.check_identity(of, creation, caller).await?;
                    }
                    refused = Some(error);
                }
                // Nothing else can be missing when an entry is added. Of what follows, the entry itself may be, by others.
                Err(error)
                    if error.step == 0
                        && matches!(
                            error.error.meaning(),
                            Some(Meaning::NoSuchEntry | Meaning::ParentMissing)
                        ) =>
                {
                    return Err(Error::Misconfigured {
                        reason: format!(
                            "create_in of [resources.{}] is not in the directory",
                            of.name()
                        ),
                    });
                }
                Err(error) => return Err(Error::of_own_write(error, of)),
            }
        }
        Err(match refused {
            Some(error) => Error::of_write(error, of),
            None => Error::Internal {
                reason: "the mapping proposed no name for the new entry".into(),
            },
        })
    }

    /// Makes sure that what was added is what was meant; what is not is taken away again.
    async fn finish(
        &self,
        caller: &Caller,
        of: Type<'_>,
        creation: &Creation,
        guarded: &GuardedPlan,
        entry: Option<Entry>,
        wanted: &Wanted,
    ) -> Result<Entry, Error> {
        let (entry, id) = entry
            .and_then(|entry| entry.id(self.kind()).map(|id| (entry, id)))
            .ok_or_else(|| Error::Unavailable {
                retry_after: Error::RETRY_AFTER,
                reason: "the new entry was added, but could not be read back".into(),
            })?;
        let target = Target {
            dn: entry.dn.clone(),
            guid: Some(id),
        };
        let caller = &self.with_time_left(caller);
        self.check_visible(of, &entry, &target, caller).await?;
        let written = (guarded.plan(), &creation.references);
        let settled = self.settle_names(of, &target, None, written, caller);
        match settled.await {
            Ok(false) => Ok(entry),
            Ok(true) => Ok(self.find(of, &id.to_string(), wanted, caller).await?.1),
            Err(error) => {
                if let Err(stays) = self.take_away(of, &entry, target, caller).await {
                    tracing::error!(error = %stays, "a new entry that does not refer to what it should could not be taken away");
                    return Err(Error::Unavailable {
                        retry_after: Error::RETRY_AFTER,
                        reason: error.to_string(),
                    });
                }
                Err(error)
            }
        }
    }

    /// An entry that the operator's own filter hides could never be found, changed or disabled again: it is taken away.
    async fn check_visible(
        &self,
        of: Type<'_>,
        entry: &Entry,
        target: &Target,
        caller: &Caller,
    ) -> Result<(), Error> {
        let (Some(_), Some(id)) = (&of.place.filter, target.guid) else {
            return Ok(());
        };
        let (directory, nothing) = (self.directory(), Wanted::nothing());
        let base = &of.place.base;
        if directory
            .find(id, base, of.filter, &nothing, caller.deadline)
            .await?
            .is_some()
        {
            return Ok(());
        }
        self.take_away(of, entry, target.clone(), caller).await?;
        Err(Error::hidden(of))
    }

    /// Deletes what was just added.
    async fn take_away(
        &self,
        of: Type<'_>,
        entry: &Entry,
        target: Target,
        caller: &Caller,
    ) -> Result<(), Error> {
        let id = target.guid.map(|id| id.to_string()).unwrap_or_default();
        let mut plan = Plan::empty();
        plan.push(Change::Delete {
            target,
            assertion: None,
        });
        let caller = &self.with_time_left(caller);
        let back = self.guard(caller).await?.judge(plan, &[Facts::of(entry)])?;
        self.directory()
            .apply(&back, None, caller.deadline)
            .await
            .map_err(|error| Error::of_write(error, of))?;
        self.wrote(of, &id);
        tracing::info!(resource_type = of.name(), id, "deleted");
        Ok(())
    }

    /// Before another generated name is tried, makes sure that this is another person and not the same request once
    /// more, whose first answer was lost: that one must get its conflict, never a twin.
    async fn check_identity(
        &self,
        of: Type<'_>,
        creation: &Creation,
        caller: &Caller,
    ) -> Result<(), Error> {
        for (path, filter) in of.mapping.identity_checks(&creation.resource) {
            if self.taken(of, None, filter, caller).await? {
                return Err(Error::taken(&path.to_string()));
            }
        }
        Ok(())
    }
}

/// One add; members beyond the first batch follow as modifies, and their refusal takes the entry away again.
fn plan(
    dn: Dn,
    mut attributes: Vec<(AttributeName, Values)>,
    members: Option<&AttributeName>,
) -> Plan {
    let target = Target {
        dn: dn.clone(),
        guid: None,
    };
    let mut rest: Vec<Vec<u8>> = Vec::new();
    for (name, values) in &mut attributes {
        if let (true, Values::Plain(values)) = (Some(&*name) == members, values) {
            rest = values.split_off(values.len().min(BATCH));
        }
    }
    let mut plan = Plan::empty();
    let undo = Change::Delete {
        target: target.clone(),
        assertion: None,
    };
    plan.push(Step::with_undo(Change::Add { dn, attributes }, undo));
    for (chunk, members) in rest.chunks(BATCH).zip(members.into_iter().cycle()) {
        let add = Modification::add(members.clone(), Values::Plain(chunk.to_vec()));
        // Taken back with the entry itself.
        plan.push(Step::with_undo(
            modify(&target, vec![add], Convergence::Converge),
            modify(&target, Vec::new(), Convergence::Converge),
        ));
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A refusal of the third batch must leave no group, and be told as one that left none.
    #[test]
    fn every_step_of_a_large_group_is_taken_back() {
        let member = AttributeName::known("member");
        let members = (0..2_500).map(|number| format!("uid={number},dc=e").into_bytes());
        let attributes = vec![(member.clone(), Values::Plain(members.collect()))];
        let plan = plan(Dn::parse("cn=g,dc=e").unwrap(), attributes, Some(&member));
        assert_eq!(plan.steps.len(), 3);
        assert!(plan.steps.iter().all(|step| step.undo.is_some()));
    }
}
