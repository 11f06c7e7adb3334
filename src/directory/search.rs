//! Paged searches (RFC 2696), ordered where that is asked for (RFC 2891). A cookie belongs to one connection, so a scan
//! stays on the one it began on.

use ldap3::Scope;

use crate::ldap::{Dn, Entry, Filter, OrderBy};

use super::connection::{Connection, Lease};
use super::controls;
use super::deadline::Deadline;
use super::error::Error;
use super::meaning::{self, Meaning};
use super::pool::{Pool, Purpose};
use super::read::base_rejection;
use super::references::{Wanted, Way};
use super::wire::{Answer, Fault, Query};

/// Entries asked for at once: as many as Active Directory gives (MaxPageSize). OpenLDAP gives as many as its size limit for
/// pages says, which is another than that for whole searches.
const PAGE: usize = 1000;

/// Result code of RFC 4511 appendix A.
const UNAVAILABLE_CRITICAL_EXTENSION: u32 = 12;

/// A search of the subtree at and below a base.
#[derive(Debug, Clone)]
pub struct Search {
    /// Where to begin.
    pub base: Dn,
    /// Which entries.
    pub filter: Filter,
    /// What of each.
    pub wanted: Wanted,
    /// In which order; a directory that does not know it refuses the search. None: as the directory likes.
    pub order: Option<OrderBy>,
    /// Stop after so many entries.
    pub limit: Option<usize>,
}

/// What a search found: entries, or what was kept of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<T = Entry> {
    /// In the directory's order.
    pub entries: Vec<T>,
    /// Whether that is all; false when the limit of the search or of the directory stopped it.
    pub complete: bool,
}

/// Why a scan ended before its end.
enum Broken {
    /// It may be begun again on another connection.
    Off(Fault),
    For(Error),
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self::For(error)
    }
}

impl Pool {
    /// Runs a paged search; one whose connection or cookie is lost is begun again once.
    pub(super) async fn search_entries(
        &self,
        search: &Search,
        deadline: Deadline,
    ) -> Result<Found, Error> {
        self.search_each(search, Some, deadline).await
    }

    /// The same, keeping of each entry only what is needed of it: no more than one page of entries is in memory.
    pub(super) async fn search_each<T>(
        &self,
        search: &Search,
        keep: impl Fn(Entry) -> Option<T> + Sync,
        deadline: Deadline,
    ) -> Result<Found<T>, Error> {
        let mut broken: Option<std::sync::Arc<Connection>> = None;
        loop {
            let lease = self.lease(Purpose::Read, broken.as_ref(), deadline).await?;
            match self.scan(search, &keep, &lease, deadline).await {
                Ok(found) => return Ok(found),
                Err(Broken::For(error)) => return Err(error),
                Err(Broken::Off(fault)) if broken.is_some() || deadline.passed() => {
                    return Err(fault.of_read());
                }
                Err(Broken::Off(_)) => {
                    self.wake.notify_one();
                    broken = Some(std::sync::Arc::clone(&lease.connection));
                }
            }
        }
    }

    async fn scan<T>(
        &self,
        search: &Search,
        keep: &(impl Fn(Entry) -> Option<T> + Sync),
        lease: &Lease,
        deadline: Deadline,
    ) -> Result<Found<T>, Broken> {
        let limit = search
            .limit
            .unwrap_or(usize::MAX)
            .min(self.settings.max_entries);
        let mut entries: Vec<T> = Vec::new();
        let mut come = 0;
        let mut cookie = Vec::new();
        loop {
            // One more than is wanted tells whether there are more.
            let left = limit.saturating_sub(come);
            let size = PAGE.min(left.saturating_add(1));
            let query = self.page(search, &lease.connection, size, &cookie);
            let answer = self
                .read_on(lease, query, deadline)
                .await
                .map_err(Broken::Off)?;
            let next = controls::next_page(&answer.result.ctrls).unwrap_or_default();
            let all = self.page_result(&answer, lease)?;
            let page = self
                .entries(answer.entries, &search.wanted, lease, deadline)
                .await?;
            let before = come;
            come += page.len();
            entries.extend(page.into_iter().take(left).filter_map(keep));
            if come > limit {
                self.release(search, lease, &next);
                return Ok(Found {
                    entries,
                    complete: false,
                });
            }
            if next.is_empty() || !all {
                return Ok(Found {
                    entries,
                    complete: all,
                });
            }
            if next == cookie && come == before {
                return Err(Error::protocol("a paged search does not get on").into());
            }
            cookie = next;
        }
    }

    /// Whether the page is good, and whether the directory's own limit did not cut it off.
    fn page_result(&self, answer: &Answer, lease: &Lease) -> Result<bool, Broken> {
        let (code, text) = (answer.result.rc, &answer.result.text);
        match code {
            0 if controls::is_unsorted(&answer.result.ctrls) => {
                let unknown = meaning::rejection(UNAVAILABLE_CRITICAL_EXTENSION, text, true);
                Err(Broken::For(unknown.into()))
            }
            0 => Ok(true),
            4 => Ok(false),
            _ => {
                let secured = lease.connection.secured;
                match meaning::rejection(code, text, secured).meaning {
                    Meaning::CookieLost | Meaning::BindLost => {
                        Err(Broken::Off(Fault::Lost(text.clone())))
                    }
                    _ => Err(Broken::For(base_rejection(code, text, secured))),
                }
            }
        }
    }

    fn page(&self, search: &Search, connection: &Connection, size: usize, cookie: &[u8]) -> Query {
        let can = |control| connection.capabilities.supports(control);
        let way = Way::of(&search.wanted, &connection.capabilities);
        let mut controls: Vec<_> = way
            .control(&search.wanted, self.settings.kind)
            .into_iter()
            .collect();
        if can(controls::PAGED_RESULTS) {
            controls.push(controls::paged(
                u32::try_from(size).unwrap_or(u32::MAX),
                cookie,
            ));
        }
        if can(controls::DOMAIN_SCOPE) {
            controls.push(controls::domain_scope());
        }
        controls.extend(search.order.as_ref().map(controls::sort));
        Query {
            base: search.base.to_string(),
            scope: Scope::Subtree,
            filter: search.filter.clone(),
            attributes: search.wanted.names(),
            controls,
            // A server without pages answers everything at once, up to its own limit.
            most: if can(controls::PAGED_RESULTS) {
                PAGE.max(size)
            } else {
                self.settings.max_entries
            },
        }
    }

    /// Tells the server that the rest is not wanted (RFC 2696 §3), without waiting for its answer.
    fn release(&self, search: &Search, lease: &Lease, cookie: &[u8]) {
        if cookie.is_empty() {
            return;
        }
        let connection = std::sync::Arc::clone(&lease.connection);
        let query = self.page(search, &connection, 0, cookie);
        let patience = Deadline::after(self.settings.operation_timeout);
        self.count_round_trip();
        self.runtime.spawn(async move {
            let _ = connection.search(query, patience).await;
        });
    }
}
