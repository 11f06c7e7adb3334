//! Paged searches (RFC 2696). A cookie belongs to one connection, so a scan stays on the one it began on.

use ldap3::Scope;

use crate::ldap::{Dn, Entry, Filter};

use super::connection::{Connection, Lease};
use super::controls;
use super::deadline::Deadline;
use super::error::Error;
use super::meaning::{self, Meaning};
use super::pool::{Pool, Purpose};
use super::read::base_rejection;
use super::references::{Wanted, Way};
use super::wire::{Answer, Fault, Query};

/// Entries asked for at once. Active Directory allows 1000, OpenLDAP as many as its size limit for pages says.
const PAGE: usize = 500;

/// A search of the subtree at and below a base.
#[derive(Debug, Clone)]
pub struct Search {
    /// Where to begin.
    pub base: Dn,
    /// Which entries.
    pub filter: Filter,
    /// What of each.
    pub wanted: Wanted,
    /// Stop after so many entries.
    pub limit: Option<usize>,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// In the directory's order.
    pub entries: Vec<Entry>,
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
        let mut broken: Option<std::sync::Arc<Connection>> = None;
        loop {
            let lease = self.lease(Purpose::Read, broken.as_ref(), deadline).await?;
            match self.scan(search, &lease, deadline).await {
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

    async fn scan(
        &self,
        search: &Search,
        lease: &Lease,
        deadline: Deadline,
    ) -> Result<Found, Broken> {
        let limit = search
            .limit
            .unwrap_or(usize::MAX)
            .min(self.settings.max_entries);
        let mut entries: Vec<Entry> = Vec::new();
        let mut cookie = Vec::new();
        loop {
            // One more than is wanted tells whether there are more.
            let size = PAGE.min(limit.saturating_sub(entries.len()).saturating_add(1));
            let query = self.page(search, &lease.connection, size, &cookie);
            let answer = self
                .read_on(lease, query, deadline)
                .await
                .map_err(Broken::Off)?;
            let next = controls::next_page(&answer.result.ctrls).unwrap_or_default();
            let all = self.page_result(&answer, lease)?;
            let before = entries.len();
            entries.extend(
                self.entries(answer.entries, &search.wanted, lease, deadline)
                    .await?,
            );
            if entries.len() > limit {
                entries.truncate(limit);
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
            if next == cookie && entries.len() == before {
                return Err(Error::protocol("a paged search does not get on").into());
            }
            cookie = next;
        }
    }

    /// Whether the page is good, and whether the directory's own limit did not cut it off.
    fn page_result(&self, answer: &Answer, lease: &Lease) -> Result<bool, Broken> {
        let (code, text) = (answer.result.rc, &answer.result.text);
        match code {
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
