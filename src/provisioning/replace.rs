//! PUT: the resource as it should be; what the mapping does not name stays as it is.

use super::failed::ATTEMPTS;
use super::service::Type;
use super::view::View;
use super::write::{Prepared, Try, Update, own_id};
use super::{Answer, Caller, Error, Query, Service};
use crate::scim::{CollectionDelta, Error as ScimError, Resource, json};

impl Service {
    /// Replaces a resource (RFC 7644 §3.5.1). `password`, `active` and `members` are kept when the request leaves them
    /// out; read-only attributes are ignored.
    ///
    /// # Errors
    /// As for every write; nothing is changed by a request that is refused, unless the answer says that some of it stands.
    pub async fn replace(
        &self,
        caller: &Caller,
        resource_type: &str,
        id: &str,
        query: &Query,
        body: &[u8],
    ) -> Result<Answer, Error> {
        let of = self.resource_type(resource_type)?;
        let view = query.view_of_one(of, caller)?;
        let condition = &query.precondition;
        let _turn = self.turn(id, condition, caller).await?;
        for attempt in 1.. {
            let this = Try {
                precondition: condition,
                last: attempt == ATTEMPTS,
            };
            let (update, prepared) = self
                .prepare_replace(caller, of, id, &view, body, this)
                .await?;
            if prepared.is_empty() {
                let entry = Self::unchanged(of, &update, &view);
                return self.answer(of, update.id, entry, &view, caller).await;
            }
            let read_back = Self::read_back(of, &update, &view);
            match self
                .apply_update(of, &update, &prepared, read_back, caller)
                .await
            {
                Err(failed) if update.is_worth_another_try(&failed, attempt) => {}
                Err(failed) => return Err(failed.error),
                Ok(entry) => return self.answer(of, update.id, entry, &view, caller).await,
            }
        }
        Err(Error::Internal {
            reason: "attempts ran out without an answer".into(),
        })
    }

    /// Works out the plan of a replacement.
    pub(super) async fn prepare_replace(
        &self,
        caller: &Caller,
        of: Type<'_>,
        id: &str,
        view: &View,
        body: &[u8],
        Try { precondition, last }: Try<'_>,
    ) -> Result<(Update, Prepared), Error> {
        let (mut new, unknown) =
            Resource::normalize(json::parse(body)?, &of.mapping.definition, &caller.dialect)?;
        self.ignored(of, caller, &unknown.names);
        own_id(id, unknown.id.as_deref())?;
        new.check_required(&of.mapping.definition)?;
        let members = self.take_members(of, &mut new)?;
        let compare = members.is_some() || Self::version_needs_members(of, precondition);
        let wanted = self.wanted_for_update(of, view, compare, precondition);
        let (uuid, entry) = self.find_to_change(of, id, &wanted, caller).await?;
        Self::check_precondition(of, &entry, precondition)?;
        let mut old = self.resource(of, &entry, caller);
        self.take_members(of, &mut old)?;
        let mut update = Update {
            id: uuid,
            entry,
            old,
            new,
            compares_members: compare,
            members,
            conditional: precondition.names_versions(),
            last,
        };
        let prepared = self.prepare_update(of, &mut update, caller).await?;
        Ok((update, prepared))
    }

    /// Takes the members out of a resource: they change by deltas, apart from everything else.
    pub(super) fn take_members(
        &self,
        of: Type<'_>,
        resource: &mut Resource,
    ) -> Result<Option<CollectionDelta>, Error> {
        let Some(line) = of.mapping.members() else {
            return Ok(None);
        };
        let name = line.place();
        let Some(values) = resource.remove(name) else {
            return Ok(None);
        };
        let values = values.as_array().cloned().unwrap_or_default();
        let mut add = Vec::with_capacity(values.len());
        for value in values {
            let id = value.get("value").and_then(serde_json::Value::as_str).ok_or_else(|| {
                Error::Invalid(ScimError::invalid_value(format!(
                    "every element of `{name}` needs a `value`, the id of a resource, as a string"
                )))
            })?;
            add.push(id.to_owned());
        }
        Ok(Some(CollectionDelta {
            replace: true,
            add,
            remove: Vec::new(),
        }))
    }
}
