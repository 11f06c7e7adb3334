//! PATCH: only what the operations name changes. Members change without the group being read.

use super::service::Type;
use super::view::View;
use super::write::{ATTEMPTS, Prepared, Update, ignored, own_id};
use super::{Answer, Caller, Error, Query, Service};
use crate::directory::ReadBack;
use crate::scim::{CollectionDelta, Leniency, PatchRequest, json};

impl Service {
    /// Patches a resource (RFC 7644 §3.5.2), atomically and in order.
    ///
    /// The answer is the resource, except where showing it would mean to read a collection of any size that the client
    /// did not ask for: a group that is patched without `attributes` or `excludedAttributes` answers
    /// [`Answer::NoContent`], which the RFC allows and Entra recommends for groups.
    ///
    /// # Errors
    /// As for every write; nothing is changed by a request that is refused.
    pub async fn patch(
        &self,
        caller: &Caller,
        resource_type: &str,
        id: &str,
        query: &Query,
        body: &[u8],
    ) -> Result<Answer, Error> {
        let of = self.resource_type(resource_type)?;
        let view = query.view(of)?;
        let silent = of.mapping.members().is_some()
            && query.attributes.is_none()
            && query.excluded_attributes.is_none();
        let read_back = (!silent).then(|| ReadBack {
            wanted: view.wanted.clone(),
        });
        for attempt in 1.. {
            let (update, prepared) = self.prepare_patch(caller, of, id, &view, body).await?;
            let entry = if prepared.is_empty() {
                None
            } else {
                match self
                    .apply_update(of, update.id, &prepared, read_back.clone(), caller)
                    .await
                {
                    Err(error) if error.lost_race() && attempt < ATTEMPTS => continue,
                    Err(error) => return Err(error),
                    Ok(entry) => entry,
                }
            };
            if silent {
                return Ok(Answer::NoContent);
            }
            return self.answer(of, update.id, entry, &view, caller).await;
        }
        Err(Error::Internal {
            reason: "attempts ran out without an answer".into(),
        })
    }

    /// Works out the plan of a patch.
    pub(super) async fn prepare_patch(
        &self,
        caller: &Caller,
        of: Type<'_>,
        id: &str,
        view: &View,
        body: &[u8],
    ) -> Result<(Update, Prepared), Error> {
        let definition = &of.mapping.definition;
        let (request, unknown) =
            PatchRequest::parse(json::parse(body)?, definition, &caller.dialect)?;
        ignored(of, &unknown.names);
        own_id(id, unknown.id.as_deref())?;

        // Members that can be told from the request alone; others (`members[type eq "Group"]`) need the group's list, and
        // so does a client who wants to hear that somebody it removes was no member.
        let members = of.mapping.members().map(|line| line.scim_name());
        let split = match (members, caller.dialect.allows(Leniency::RemoveNothing)) {
            (None, _) => None,
            (Some(_), false) => Some(None),
            (Some(name), true) => Some(request.split_collection(&name)?),
        };
        let (delta, request, evaluate) = match split {
            None => (None, request, false),
            Some(None) => (None, request, true),
            Some(Some((delta, rest))) => {
                (Some(delta).filter(|delta| !delta.is_empty()), rest, false)
            }
        };
        let compare = evaluate || delta.as_ref().is_some_and(|delta| delta.replace);
        let (uuid, entry) = self
            .find(of, id, &self.wanted_for_update(of, view, compare), caller)
            .await?;
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
        };
        let prepared = self.prepare_update(of, &mut update, caller).await?;
        Ok((update, prepared))
    }
}
