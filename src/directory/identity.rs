//! That a change reaches the entry it is about, and not another one that has its name by now.
//!
//! Between reading an entry and changing it somebody else may rename it and give its name to a new person. Active
//! Directory is asked by `<GUID=…>`, which cannot miss. Elsewhere a change carries the condition that the entry still has
//! its entryUUID (RFC 4528). A rename can have neither: Samba takes no GUID there, and OpenLDAP's overlay `unique` breaks
//! with a condition. So after a rename the entry's id is looked at, and a rename that hit another entry is taken back.

use crate::ldap::{Change, DirectoryKind, Dn, Entry, Filter, Target};

use super::apply::StepError;
use super::deadline::Deadline;
use super::dispatch::Sent;
use super::error::{Error, Rejection};
use super::meaning::Meaning;
use super::pool::Pool;
use super::references::Wanted;
use super::request::name_of;

/// The condition under which the change reaches the right entry, where its address alone does not make sure.
pub(super) fn condition(change: &Change, kind: DirectoryKind) -> Option<Filter> {
    let (Change::Modify { target, .. } | Change::Delete { target }) = change else {
        return None;
    };
    let id = target.guid.filter(|_| !kind.addresses_by_guid())?;
    Some(kind.id_filter(id))
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
    /// After a rename: whether it was the entry that was meant. `seen` is the entry as it came back with the answer.
    ///
    /// # Errors
    /// When another entry was renamed; that one has its name back then.
    pub(super) async fn check_renamed(
        &self,
        change: &Change,
        seen: Option<&Entry>,
        deadline: Deadline,
    ) -> Result<(), StepError> {
        let Change::Rename {
            target, superior, ..
        } = change
        else {
            return Ok(());
        };
        let (Some(id), Some(renamed)) = (target.guid, change.dn_afterwards()) else {
            return Ok(());
        };
        let kind = self.settings.kind;
        let right = match seen.and_then(|entry| entry.id(kind)) {
            Some(found) => found == id,
            None => {
                let wanted = Wanted::attributes([kind.id_attribute()]);
                let name = name_of(
                    &Target {
                        dn: renamed.clone(),
                        guid: target.guid,
                    },
                    kind,
                );
                match self
                    .read_entry(&name, &Filter::everything(), &wanted, deadline)
                    .await
                {
                    Ok(Some(entry)) => {
                        entry.dn == renamed && entry.id(kind).is_none_or(|found| found == id)
                    }
                    Ok(None) => false,
                    // The rename was answered with success; that it cannot be looked at is no reason to doubt it.
                    Err(_) => true,
                }
            }
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
