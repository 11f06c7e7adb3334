//! That a change reaches the entry it is about, and not another one that has its name by now.
//!
//! Between reading an entry and changing it somebody else may rename it and give its name to a new person. Active
//! Directory is asked by `<GUID=…>`, which cannot miss. Elsewhere a change carries the condition (RFC 4528) that the entry
//! of this name has its entryUUID. slapd hands the condition on to what its overlays do to *other* entries by themselves,
//! so it has to hold for every entry of another name too: else `unique` refuses for no reason and `memberof` fails in
//! silence. The same holds of the conditions that a request makes itself.
//!
//! Samba takes no GUID in a rename, and 389 DS no condition at all: there the entry is looked at after a rename, and one that
//! met another entry is taken back. What 389 DS has changed or deleted by name cannot be taken back so.

use crate::ldap::{AttributeName, Change, DirectoryKind, Dn, EntryName, Filter, Target};

use super::apply::StepError;
use super::deadline::Deadline;
use super::dispatch::Sent;
use super::error::{Error, Rejection};
use super::meaning::Meaning;
use super::pool::Pool;
use super::references::Wanted;
use super::request::name_of;

/// The condition under which the change reaches the right entry, where its address alone does not make sure, and reaches
/// it as it was wished to be.
pub(super) fn condition(change: &Change, kind: DirectoryKind) -> Option<Filter> {
    let target = change.target()?;
    let id = target.guid.filter(|_| !kind.addresses_by_guid());
    if id.is_none() && change.assertion().is_none() {
        return None;
    }
    let right = id.map(|id| kind.id_filter(id));
    let right = right.into_iter().chain(change.assertion().cloned());
    let own_name = Filter::equal(AttributeName::known("entryDN"), target.dn.to_string());
    Some(Filter::or([Filter::and(right), own_name.negate()]))
}

/// An entry that has the name but not the id is, for the change, no entry.
pub(super) fn refused_by_condition(sent: Sent) -> Sent {
    match sent {
        Sent::Not(Error::Refused(mut rejection))
            if rejection.meaning == Meaning::AssertionFailed =>
        {
            rejection.meaning = Meaning::NoSuchEntry;
            Sent::Not(Error::Refused(rejection))
        }
        sent => sent,
    }
}

impl Pool {
    /// After a rename where nothing makes sure of it before: whether it was the entry that was meant.
    ///
    /// # Errors
    /// When another entry was renamed; that one has its name back then.
    pub(super) async fn check_renamed(
        &self,
        change: &Change,
        deadline: Deadline,
    ) -> Result<(), StepError> {
        let Change::Rename {
            target, superior, ..
        } = change
        else {
            return Ok(());
        };
        let kind = self.settings.kind;
        let (Some(id), Some(renamed)) = (target.guid, change.dn_afterwards()) else {
            return Ok(());
        };
        let name = match kind {
            DirectoryKind::ActiveDirectory => name_of(target, kind),
            DirectoryKind::Ds389 => EntryName::Dn(renamed.clone()),
            DirectoryKind::OpenLdap => return Ok(()),
        };
        let wanted = Wanted::attributes([kind.id_attribute()]);
        let read = self
            .read_entry(&name, &Filter::everything(), &wanted, deadline)
            .await;
        let right = match read {
            Ok(Some(entry)) => {
                entry.dn == renamed && entry.id(kind).is_none_or(|found| found == id)
            }
            // Asked for by its new name, it has got yet another one since.
            Ok(None) => kind == DirectoryKind::Ds389,
            // The rename was answered with success; that it cannot be looked at is no reason to doubt it.
            Err(_) => true,
        };
        if right {
            return Ok(());
        }
        tracing::warn!(%id, "a rename met another entry that had got the name; it is taken back");
        if let Some(rdn) = target.dn.rdn() {
            let back = Change::Rename {
                target: Target {
                    dn: renamed,
                    guid: None,
                },
                rdn: rdn.clone(),
                delete_old_rdn: true,
                superior: superior
                    .as_ref()
                    .map(|_| target.dn.parent().unwrap_or_else(Dn::root)),
                assertion: None,
            };
            if let Sent::Not(error) = self.send_change(&back, None, false, deadline).await {
                return Err(StepError {
                    error,
                    certain: true,
                    partial: true,
                });
            }
        }
        Err(Error::Refused(Rejection {
            meaning: Meaning::NoSuchEntry,
            code: 32,
            sub_code: None,
            text: String::from("the entry had another name by then"),
            attribute: None,
        })
        .into())
    }
}
