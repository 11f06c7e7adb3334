//! The directory, as the rooms above see it.

use std::sync::Arc;

use tokio::runtime::Handle;
use tracing::Instrument;
use uuid::Uuid;

use crate::guard::GuardedPlan;
use crate::ldap::{AttributeName, DirectoryKind, Dn, Entry, EntryName, Filter, Schema};

use super::apply::{Applied, ApplyError, ReadBack, Undo, carry_out};
use super::capabilities::Capabilities;
use super::deadline::Deadline;
use super::error::Error;
use super::following;
use super::health::Health;
use super::lane::ReadsHere;
use super::maintain::maintain;
use super::pool::Pool;
use super::references::Wanted;
use super::search::{Found, Search};
use super::settings::{Settings, SettingsError};

/// The directory. Cheap to clone; every clone shares the same connections, which close with the last clone.
#[derive(Clone)]
pub struct Directory {
    pool: Arc<Pool>,
}

impl Directory {
    /// Checks the settings and begins to open connections on the runtime; does not wait for them.
    ///
    /// # Errors
    /// When the settings contradict themselves or TLS cannot be set up from them.
    pub fn new(settings: Settings, runtime: Handle) -> Result<Self, SettingsError> {
        let pool = Arc::new(Pool::new(settings, runtime)?);
        pool.runtime.spawn(maintain(Arc::downgrade(&pool)));
        Ok(Self { pool })
    }

    /// Lets this thread's runtime drive one of the connections, so that reads made on this thread need no other thread.
    /// At most half of the connections are given to threads.
    #[must_use]
    pub fn read_here(&self) -> ReadsHere {
        ReadsHere::new(&self.pool)
    }

    /// The kind of directory this is.
    #[must_use]
    pub fn kind(&self) -> DirectoryKind {
        self.pool.settings.kind
    }

    /// Reads one entry by its name, if it exists and matches the filter. One round trip.
    ///
    /// # Errors
    /// Any [`Error`] but [`Error::OutcomeUnknown`]. That nothing is there is no error.
    pub async fn read(
        &self,
        name: &EntryName,
        filter: &Filter,
        wanted: &Wanted,
        deadline: Deadline,
    ) -> Result<Option<Entry>, Error> {
        self.pool.read_entry(name, filter, wanted, deadline).await
    }

    /// Finds the entry with this id at or below the base, if it matches the filter. One round trip.
    ///
    /// # Errors
    /// As for [`read`](Self::read); a base that does not exist is refused as [`super::Meaning::ParentMissing`] where
    /// the directory is searched below it.
    pub async fn find(
        &self,
        id: Uuid,
        base: &Dn,
        filter: &Filter,
        wanted: &Wanted,
        deadline: Deadline,
    ) -> Result<Option<Entry>, Error> {
        self.pool
            .find_entry(id, base, filter, wanted, deadline)
            .await
    }

    /// Finds the entries with these ids at or below the base that match the filter, in no particular order; one search
    /// for each 200 ids, in OpenLDAP and 389 DS for each 20. Ids that nothing has are left out.
    ///
    /// # Errors
    /// As for [`find`](Self::find).
    pub async fn find_many(
        &self,
        ids: &[Uuid],
        base: &Dn,
        filter: &Filter,
        wanted: &Wanted,
        deadline: Deadline,
    ) -> Result<Vec<Entry>, Error> {
        self.pool
            .find_entries(ids, base, filter, wanted, deadline)
            .await
    }

    /// Searches a subtree, page by page: one round trip per 1000 entries.
    ///
    /// # Errors
    /// As for [`find`](Self::find). That a size limit cut the answer off is no error, see [`Found::complete`].
    pub async fn search(&self, search: &Search, deadline: Deadline) -> Result<Found, Error> {
        self.pool.search_entries(search, deadline).await
    }

    /// The same, keeping of each entry only what is needed of it: never more than one page of entries is in memory.
    ///
    /// # Errors
    /// As for [`search`](Self::search).
    pub async fn search_each<T>(
        &self,
        search: &Search,
        keep: impl Fn(Entry) -> Option<T> + Sync,
        deadline: Deadline,
    ) -> Result<Found<T>, Error> {
        self.pool.search_each(search, keep, deadline).await
    }

    /// Carries out a plan, step by step. Once begun, it goes on when the caller stops waiting.
    ///
    /// # Errors
    /// What went wrong, in which step, and what became of the completed ones.
    pub async fn apply(
        &self,
        plan: &GuardedPlan,
        read_back: Option<ReadBack>,
        deadline: Deadline,
    ) -> Result<Applied, ApplyError> {
        let steps = plan.steps().to_vec();
        let dn = steps
            .first()
            .map(|step| step.change.dn().to_string())
            .unwrap_or_default();
        let work = carry_out(Arc::clone(&self.pool), steps, read_back, deadline);
        // What is logged on the way belongs to the request.
        let work = self.pool.runtime.spawn(work.in_current_span());
        work.await.unwrap_or_else(|stopped| {
            let reason = format!("the work on it was stopped: {stopped}");
            Err(ApplyError {
                error: Error::OutcomeUnknown { dn, reason },
                step: 0,
                undo: Undo::Kept,
            })
        })
    }

    /// Waits until the directory is done with the names that this plan gives or refers to: OpenLDAP replaces those of entries
    /// that were renamed some time afterwards. Whether it was not, so that what the plan was made of may be another by now.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when that takes longer than the deadline allows.
    pub async fn follow_plan(&self, plan: &GuardedPlan, deadline: Deadline) -> Result<bool, Error> {
        let names = || {
            plan.steps()
                .iter()
                .flat_map(|step| following::names(&step.change))
        };
        self.pool.follow(names, deadline).await
    }

    /// The same of the names that an attribute of this entry, as it was read, refers to by.
    ///
    /// # Errors
    /// The same.
    pub async fn follow(
        &self,
        entry: &Entry,
        attribute: &AttributeName,
        deadline: Deadline,
    ) -> Result<bool, Error> {
        let names = || entry.references(attribute).iter().map(|one| one.dn.clone());
        self.pool.follow(names, deadline).await
    }

    /// What the server in use can do.
    ///
    /// # Errors
    /// When no connection can be had in time.
    pub async fn capabilities(&self, deadline: Deadline) -> Result<Capabilities, Error> {
        self.pool.read_capabilities(deadline).await
    }

    /// The rootDSE, with its operational attributes.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub async fn root_dse(&self, deadline: Deadline) -> Result<Entry, Error> {
        self.pool.read_root_dse(deadline).await
    }

    /// The schema of the server in use.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub async fn schema(&self, deadline: Deadline) -> Result<Schema, Error> {
        self.pool.read_schema(deadline).await
    }

    /// The DN of the bridge's own account; none when the directory does not tell.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub async fn whoami(&self, deadline: Deadline) -> Result<Option<Dn>, Error> {
        self.pool.read_own_name(deadline).await
    }

    /// How the connections are doing.
    #[must_use]
    pub fn health(&self) -> Health {
        self.pool.health()
    }

    /// LDAP requests sent for callers so far; binds, probes and connecting are not counted.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.pool.round_trips()
    }
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Directory")
            .field("health", &self.health())
            .finish_non_exhaustive()
    }
}
