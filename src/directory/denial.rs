//! That an entry which is gone is not taken for one that is forbidden.
//!
//! 389 DS tells of an entry that is not there only to those who could change the entry above it: everybody else is refused
//! with 50, as if there were no right. An account that may write people but not their OU, as it should be, is such a one. So
//! after a refusal the bridge, which may read, looks whether the entry is there at all.

use crate::ldap::{Change, DirectoryKind, EntryName, Filter};

use super::deadline::Deadline;
use super::dispatch::Sent;
use super::error::Error;
use super::meaning::Meaning;
use super::pool::Pool;
use super::references::Wanted;
use super::request::name_of;

impl Pool {
    /// What came of the change, with a denial told apart from the absence of what it was about. Where looking fails, the
    /// denial stands.
    pub(super) async fn tell_absence(
        &self,
        change: &Change,
        sent: Sent,
        deadline: Deadline,
    ) -> Sent {
        let kind = self.settings.kind;
        let Sent::Not(Error::Refused(mut rejection)) = sent else {
            return sent;
        };
        if kind == DirectoryKind::Ds389 && rejection.meaning == Meaning::Denied {
            let (name, absence) = match change {
                Change::Add { dn, .. } => (dn.parent().map(EntryName::Dn), Meaning::ParentMissing),
                Change::Modify { target, .. }
                | Change::Delete { target, .. }
                | Change::Rename { target, .. } => {
                    (Some(name_of(target, kind)), Meaning::NoSuchEntry)
                }
            };
            if let Some(name) = name
                && let Ok(None) = self
                    .read_entry(&name, &Filter::everything(), &Wanted::nothing(), deadline)
                    .await
            {
                rejection.meaning = absence;
            }
        }
        Sent::Not(Error::Refused(rejection))
    }
}
