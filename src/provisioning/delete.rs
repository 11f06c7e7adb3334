//! DELETE: read for the guard, delete.

use super::failed::ATTEMPTS;
use super::service::Type;
use super::write::put_back;
use super::{Answer, Caller, Error, Query, Service};
use crate::directory::Wanted;
use crate::guard::{Facts, GuardedPlan, Plan};
use crate::ldap::{Change, Target};
use crate::scim::Precondition;

impl Service {
    /// Deletes one resource (RFC 7644 §3.6). Repeated, it answers [`Error::NotFound`].
    ///
    /// # Errors
    /// When the id names nothing, a fence stands in the way, the resource is not of the version the client wants, or the
    /// directory refuses.
    pub async fn delete(
        &self,
        caller: &Caller,
        resource_type: &str,
        id: &str,
        query: &Query,
    ) -> Result<Answer, Error> {
        let of = self.resource_type(resource_type)?;
        let condition = &query.precondition;
        let _turn = self.turn(id, condition, caller).await?;
        for attempt in 1.. {
            let guarded = self.prepare_delete(caller, of, id, condition).await?;
            let applied = self
                .directory()
                .apply(&guarded, None, caller.deadline)
                .await;
            self.wrote(of, id);
            match applied.map_err(|error| Error::of_write(error, of)) {
                // Renamed or deleted since it was read: the next look tells which.
                Err(error) if error.lost_race() && attempt < ATTEMPTS => {}
                Err(error) => return Err(error),
                Ok(_) => break,
            }
        }
        tracing::info!(resource_type, id, "deleted");
        Ok(Answer::NoContent)
    }

    /// The plan of a deletion, judged.
    pub(super) async fn prepare_delete(
        &self,
        caller: &Caller,
        of: Type<'_>,
        id: &str,
        precondition: &Precondition,
    ) -> Result<GuardedPlan, Error> {
        let mut wanted = Wanted::attributes(Facts::attributes(self.kind(), true));
        Self::want_version(of, precondition, &mut wanted);
        let (uuid, entry) = self.find(of, id, &wanted, caller).await?;
        Self::check_precondition(of, &entry, precondition)?;
        let mut plan = Plan::empty();
        let target = Target {
            dn: entry.dn.clone(),
            guid: Some(uuid),
        };
        if precondition.names_versions() && self.kind().version_attribute().is_none() {
            // A delete asserts nothing by itself: the swap before it leaves others a moment only.
            plan.push(put_back(&target, of.mapping.compare_and_swap(&entry, &[])));
        }
        plan.push(Change::Delete {
            target,
            assertion: None,
        });
        if let Some(condition) = precondition
            .names_versions()
            .then(|| of.mapping.version_filter(&entry))
            .flatten()
        {
            plan.only_if(&condition);
        }
        let guard = self.guard(caller).await?;
        let judged = guard.judge(plan, &[Facts::of(&entry)])?;
        self.refuse_fenced_members(of, &entry.dn, &guard, caller)
            .await?;
        Ok(judged)
    }
}
