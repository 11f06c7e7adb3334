//! Conditional requests (RFC 7644 §3.14): a write that happens only if the resource still is of the version the client
//! knows, such that of two at the same time exactly one happens.
//!
//! The entry is read and its version compared. That nothing comes between this and the write, the directory itself
//! makes sure where it takes conditions: OpenLDAP carries out the first change of the plan only if `entryCSN` is what was
//! read. Elsewhere the change swaps every value that was read, old for new or old for old, so that the directory refuses
//! it when one of them is another by now. What such a swap cannot notice, a value where none was read or a member that
//! came, is kept apart by turns: two conditional writes of one resource never run at the same time in one bridge.

use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

use super::service::Type;
use super::{Caller, Error, Service};
use crate::directory::Wanted;
use crate::ldap::Entry;
use crate::scim::{Precondition, Unmet};

/// How many resources can have their turn at once. Two that share a place wait for each other, which does no harm. A prime,
/// so that every digit of an id counts.
const PLACES: usize = 251;

/// Places to wait for one's turn: the process's, because a service is replaced by another while requests run.
static TURNS: [Mutex<()>; PLACES] = [const { Mutex::const_new(()) }; PLACES];

fn place(id: Uuid) -> Option<&'static Mutex<()>> {
    let places = u128::try_from(PLACES).ok()?;
    TURNS.get(usize::try_from(id.as_u128().checked_rem(places)?).ok()?)
}

impl Service {
    /// Waits until no other conditional write of this resource is on its way, where the directory cannot tell them apart
    /// by itself. The turn lasts as long as what is returned.
    ///
    /// # Errors
    /// [`Error::Contended`] when it does not come in time.
    pub(super) async fn turn(
        &self,
        id: &str,
        precondition: &Precondition,
        caller: &Caller,
    ) -> Result<Option<MutexGuard<'static, ()>>, Error> {
        if !precondition.names_versions() || self.kind().version_attribute().is_some() {
            return Ok(None);
        }
        // Any spelling that names the resource; what is no id names none.
        let Some(place) = Uuid::try_parse(id).ok().and_then(place) else {
            return Ok(None);
        };
        let wait = tokio::time::timeout(caller.deadline.remaining(), place.lock());
        let turn = wait.await.map_err(|_| Error::Contended {
            reason: "another conditional write of the resource took too long".into(),
        })?;
        Ok(Some(turn))
    }

    /// Whether the members must be read to tell the version.
    pub(super) fn version_needs_members(of: Type<'_>, precondition: &Precondition) -> bool {
        let made_of = &of.mapping.version_plan().references;
        let members = of.mapping.members();
        precondition.names_versions() && members.is_some_and(|line| made_of.contains(&line.ldap))
    }

    /// Adds what the version is made of to what is read, where it must be known.
    pub(super) fn want_version(of: Type<'_>, precondition: &Precondition, wanted: &mut Wanted) {
        if precondition.names_versions() {
            wanted.add(of.mapping.version_plan().clone().into());
        }
    }

    /// Whether the entry, read with [`want_version`](Self::want_version), may be changed.
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`] saying what to do about it.
    pub(super) fn check_precondition(
        of: Type<'_>,
        entry: &Entry,
        precondition: &Precondition,
    ) -> Result<(), Error> {
        Self::precondition(of, entry, precondition).map_err(|unmet| match unmet {
            Unmet::IfMatch => Error::stale(),
            Unmet::IfNoneMatch => Error::PreconditionFailed {
                detail: "the resource exists, in a version that `If-None-Match` excludes; leave the header out to change it".into(),
            },
        })
    }

    /// Which condition does not hold.
    pub(super) fn precondition(
        of: Type<'_>,
        entry: &Entry,
        precondition: &Precondition,
    ) -> Result<(), Unmet> {
        let version = precondition
            .names_versions()
            .then(|| of.mapping.version(entry));
        precondition.check(version.flatten().as_ref())
    }
}

impl Error {
    /// The version that the client knows is not the current one.
    pub(super) fn stale() -> Self {
        Self::PreconditionFailed {
            detail: "the resource is not of the version that `If-Match` (`version` in a bulk request) names: somebody changed it since; read it again, and repeat \
                     the request with its `meta.version` if the change is still wanted"
                .into(),
        }
    }
}
