//! PATCH: only what the operations name changes. Members change without the group being read.

use uuid::Uuid;

use super::failed::ATTEMPTS;
use super::members::BATCH;
use super::service::Type;
use super::view::View;
use super::write::{Prepared, Try, Update, own_id};
use super::{Answer, Caller, Error, Query, Service};
use crate::ldap::Entry;
use crate::mapping::Line;
use crate::scim::{Behaviour, CollectionDelta, Leniency, PatchRequest, json};

/// How many members of a group are shown unasked in the answer to a PATCH. To find that there are more they are read once;
/// then the group is known for an hour, and a change of one member costs again what it costs in a small group.
const MOST_SHOWN: usize = 1000;

impl Service {
    /// Patches a resource (RFC 7644 §3.5.2), atomically and in order.
    ///
    /// The answer is the resource, except where showing it would mean to read a collection of any size that the client
    /// did not ask for by `attributes` or `excludedAttributes`: a group with more than [`MOST_SHOWN`] members, or any group
    /// where the client is answered so, is [`Answer::NoContent`], which the RFC allows.
    ///
    /// # Errors
    /// As for every write; nothing is changed by a request that is refused, unless the answer says that some of it stands.
    pub async fn patch(
        &self,
        caller: &Caller,
        resource_type: &str,
        id: &str,
        query: &Query,
        body: &[u8],
    ) -> Result<Answer, Error> {
        let of = self.resource_type(resource_type)?;
        let view = query.view_of_one(of, caller)?;
        let unasked = of.mapping.members().is_some() && !query.chooses();
        let shows_members = unasked && view.shows_members(of);
        let silent = unasked && caller.dialect.has(Behaviour::GroupPatchNoContent)
            || shows_members
                && Uuid::try_parse(id).is_ok_and(|id| self.large_groups().contains(&id));
        let condition = &query.precondition;
        let _turn = self.turn(id, condition, caller).await?;
        for attempt in 1.. {
            let this = Try {
                precondition: condition,
                last: attempt == ATTEMPTS,
            };
            let (update, prepared) = self
                .prepare_patch(caller, of, id, &view, body, this)
                .await?;
            let entry = if prepared.is_empty() {
                Self::unchanged(of, &update, &view)
            } else {
                let read_back = Self::read_back(of, &update, &view).filter(|_| !silent);
                match self
                    .apply_update(of, &update, &prepared, read_back, caller)
                    .await
                {
                    Err(failed) if update.is_worth_another_try(&failed, attempt) => continue,
                    Err(failed) => return Err(failed.error),
                    Ok(entry) => entry,
                }
            };
            if silent {
                return Ok(Answer::NoContent);
            }
            let entry = match entry {
                Some(entry) => entry,
                None => self.find(of, id, &view.wanted, caller).await?.1,
            };
            if shows_members && Self::count_members(of, &entry) > MOST_SHOWN {
                self.large_groups().add(update.id);
                return Ok(Answer::NoContent);
            }
            return self.answer(of, update.id, Some(entry), &view, caller).await;
        }
        Err(Error::Internal {
            reason: "attempts ran out without an answer".into(),
        })
    }

    fn count_members(of: Type<'_>, entry: &Entry) -> usize {
        let members = of.mapping.members().map(|line| &line.ldap);
        members.map_or(0, |members| entry.references(members).len())
    }

    /// Works out the plan of a patch.
    pub(super) async fn prepare_patch(
        &self,
        caller: &Caller,
        of: Type<'_>,
        id: &str,
        view: &View,
        body: &[u8],
        Try { precondition, last }: Try<'_>,
    ) -> Result<(Update, Prepared), Error> {
        let definition = &of.mapping.definition;
        let (request, unknown) =
            PatchRequest::parse(json::parse(body)?, definition, &caller.dialect)?;
        self.ignored(of, caller, &unknown.names);
        own_id(id, unknown.id.as_deref())?;

        // Members that can be told from the request alone; others (`members[type eq "Group"]`) need the group's list, and
        // so does a client who wants to hear that somebody it removes was no member.
        let members = of.mapping.members().map(Line::place);
        let split = match (members, caller.dialect.allows(Leniency::RemoveNothing)) {
            (None, _) => None,
            (Some(_), false) => Some(None),
            (Some(place), true) => Some(request.split_collection(place)),
        };
        let (delta, request, evaluate) = match split {
            None => (None, request, false),
            Some(None) => (None, request, true),
            Some(Some((delta, rest))) => {
                (Some(delta).filter(|delta| !delta.is_empty()), rest, false)
            }
        };
        // More than one batch can only be taken back when it is known who was a member before.
        let compare = evaluate
            || Self::version_needs_members(of, precondition)
            || delta
                .as_ref()
                .is_some_and(|delta| delta.replace || delta.add.len() + delta.remove.len() > BATCH);
        let wanted = self.wanted_for_update(of, view, compare, precondition);
        let (uuid, entry) = self.find_to_change(of, id, &wanted, caller).await?;
        Self::check_precondition(of, &entry, precondition)?;
        self.check_types_told(of, |attribute, sub| {
            request.operations.iter().any(|one| {
                one.path.attribute_path().same_attribute(attribute)
                    && one
                        .path
                        .filter
                        .as_ref()
                        .is_some_and(|filter| filter.mentions(sub))
            })
        })?;
        let mut old = self.resource(of, &entry, caller);
        let mut new = old.clone();
        request.apply(&mut new, definition, &caller.dialect)?;
        self.take_members(of, &mut old)?;
        let evaluated = self.take_members(of, &mut new)?;
        // Where the list was evaluated, no list left means that every member was removed.
        let members = if evaluate {
            Some(evaluated.unwrap_or_else(CollectionDelta::everything_goes))
        } else {
            delta
        };
        let mut update = Update {
            id: uuid,
            entry,
            old,
            new,
            members,
            compares_members: compare,
            conditional: precondition.names_versions(),
            last,
        };
        let prepared = self.prepare_update(of, &mut update, caller).await?;
        Ok((update, prepared))
    }
}
