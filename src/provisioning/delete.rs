//! DELETE: read for the guard, delete.

use super::write::ATTEMPTS;
use super::{Answer, Caller, Error, Service};
use crate::directory::Wanted;
use crate::guard::{Facts, GuardedPlan, Plan};
use crate::ldap::{Change, Target};

impl Service {
    /// Deletes one resource (RFC 7644 §3.6). Repeated, it answers [`Error::NotFound`].
    ///
    /// # Errors
    /// When the id names nothing, a fence stands in the way, or the directory refuses.
    pub async fn delete(
        &self,
        caller: &Caller,
        resource_type: &str,
        id: &str,
    ) -> Result<Answer, Error> {
        let of = self.resource_type(resource_type)?;
        for attempt in 1.. {
            let guarded = self.prepare_delete(caller, resource_type, id).await?;
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
        resource_type: &str,
        id: &str,
    ) -> Result<GuardedPlan, Error> {
        let of = self.resource_type(resource_type)?;
        let wanted = Wanted::attributes(Facts::attributes(self.kind(), true));
        let (uuid, entry) = self.find(of, id, &wanted, caller).await?;
        let mut plan = Plan::empty();
        let target = Target {
            dn: entry.dn.clone(),
            guid: Some(uuid),
        };
        plan.push(Change::Delete { target });
        Ok(self
            .guard(caller)
            .await?
            .judge(plan, &[Facts::of(&entry)])?)
    }
}
