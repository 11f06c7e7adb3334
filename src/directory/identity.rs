//! That a change reaches the entry it is about, and not another one that has its name by now.
//!
//! Between reading an entry and changing it somebody else may rename it and give its name to a new person. Active
//! Directory is asked by `<GUID=…>`, which cannot miss. In OpenLDAP a change carries the condition (RFC 4528) that the entry
//! of this name has its entryUUID. slapd hands the condition on to what its overlays do to *other* entries by themselves,
//! so it has to hold for every entry of another name too: else `unique` refuses for no reason and `memberof` fails in
//! silence. The same holds of the conditions that a request makes itself.
//!
//! Samba takes no GUID in a rename: there the entry is looked at afterwards, and a rename that met another one is taken
//! back. 389 DS takes neither GUIDs nor conditions: it answers what the entry was with every change (pre-read, RFC 4527), and
//! a change that met another one is taken back. A password or a deletion cannot be; the log names the entry.

use ldap3::LdapResult;

use crate::ldap::{
    AttributeName, Change, Convergence, DirectoryKind, Dn, Entry, Filter, Modification,
    ModificationKind, Rdn, Target, Values,
};

use super::apply::StepError;
use super::controls;
use super::deadline::Deadline;
use super::dispatch::Sent;
use super::error::{Error, Rejection};
use super::meaning::Meaning;
use super::pool::Pool;
use super::references::Wanted;
use super::rename::held;
use super::request::name_of;

/// What holds of the entry that is meant and of no other that may have its name by now; none where that is known from the
/// address, or the id is not known.
pub(super) fn right_entry(target: &Target, kind: DirectoryKind) -> Option<Filter> {
    let id = target.guid.filter(|_| !kind.addresses_by_guid())?;
    Some(kind.id_filter(id))
}

/// The condition under which the change reaches the right entry, where its address alone does not make sure, and reaches
/// it as it was wished to be.
pub(super) fn condition(change: &Change, kind: DirectoryKind) -> Option<Filter> {
    let target = change.target()?;
    let right = right_entry(target, kind);
    if right.is_none() && change.assertion().is_none() {
        return None;
    }
    let right = right.into_iter().chain(change.assertion().cloned());
    let own_name = Filter::equal(AttributeName::known("entryDN"), target.dn.to_string());
    Some(Filter::or([Filter::and(right), own_name.negate()]))
}

/// What to hear of the entry as it was before the change, where a condition cannot be sent: its id, and what would take
/// the change back. Not the members, of which there may be very many.
pub(super) fn before(change: &Change, kind: DirectoryKind) -> Option<Wanted> {
    change
        .target()?
        .guid
        .filter(|_| !kind.addresses_by_guid())?;
    let mut wanted = Wanted::attributes([kind.id_attribute()]);
    match change {
        Change::Modify {
            modifications,
            convergence: Convergence::Exact,
            ..
        } => {
            let plain = modifications.iter().filter(|one| is_plain(one));
            wanted.add(Wanted::attributes(plain.map(|one| one.attribute.clone())));
        }
        Change::Rename { rdn, .. } => {
            wanted.add(Wanted::attributes(
                rdn.avas().map(|ava| ava.attribute.clone()),
            ));
        }
        _ => {}
    }
    Some(wanted)
}

fn is_plain(modification: &Modification) -> bool {
    matches!(modification.values, Values::Plain(_))
}

/// What gives another entry, which was this `before`, back what the change took from it; none for a deletion. Values that
/// converge were sent so that they were taken only where each of them was something new.
fn back(change: &Change, before: &Entry) -> Option<Change> {
    match change {
        Change::Add { .. } | Change::Delete { .. } => None,
        Change::Rename { rdn, .. } => rename_back(change, has_name(before, rdn)),
        Change::Modify {
            target,
            modifications,
            convergence,
            ..
        } => {
            let undo = |one: &Modification| {
                let (name, values) = (one.attribute.clone(), one.values.clone());
                match (convergence, one.kind) {
                    (Convergence::Converge, ModificationKind::Add) => {
                        Modification::delete(name, values)
                    }
                    (Convergence::Converge, ModificationKind::Delete) => {
                        Modification::add(name, values)
                    }
                    _ => {
                        let held = before.values(&name).to_vec();
                        Modification::replace(name, Values::Plain(held))
                    }
                }
            };
            Some(Change::Modify {
                target: whoever(&target.dn),
                modifications: modifications
                    .iter()
                    .filter(|one| is_plain(one))
                    .map(undo)
                    .collect(),
                assertion: None,
                convergence: *convergence,
            })
        }
    }
}

/// Whether the entry had something of the name, which it was not named by.
fn has_name(before: &Entry, rdn: &Rdn) -> bool {
    rdn.avas().any(|new| {
        let named = before.dn.rdn();
        let is_old = named.is_some_and(|old| old.avas().any(|old| old == new));
        let mut values = before.texts(&new.attribute);
        !is_old && values.any(|value| held(&new.attribute, value) == *new)
    })
}

/// What gives a renamed entry its name back, whichever it is. It keeps the other where it `had` that before.
fn rename_back(change: &Change, had: bool) -> Option<Change> {
    let Change::Rename {
        target, superior, ..
    } = change
    else {
        return None;
    };
    let above = || target.dn.parent().unwrap_or_else(Dn::root);
    Some(Change::Rename {
        target: whoever(&change.dn_afterwards()?),
        rdn: target.dn.rdn()?.clone(),
        delete_old_rdn: !had,
        superior: superior.as_ref().map(|_| above()),
        assertion: None,
    })
}

/// Whoever has the name.
fn whoever(dn: &Dn) -> Target {
    Target {
        dn: dn.clone(),
        guid: None,
    }
}

/// That, for the change, there was no entry.
pub(super) fn missed() -> Error {
    Error::Refused(Rejection {
        meaning: Meaning::NoSuchEntry,
        code: 32,
        sub_code: None,
        text: String::from("the entry had another name by then"),
        attribute: None,
    })
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
    /// After a rename in Active Directory: whether it was the entry that was meant.
    ///
    /// # Errors
    /// When another entry was renamed; that one has its name back then.
    pub(super) async fn check_renamed(
        &self,
        change: &Change,
        deadline: Deadline,
    ) -> Result<(), StepError> {
        let Change::Rename { target, .. } = change else {
            return Ok(());
        };
        let kind = self.settings.kind;
        let (Some(id), Some(renamed), true) = (
            target.guid,
            change.dn_afterwards(),
            kind.addresses_by_guid(),
        ) else {
            return Ok(());
        };
        let name = name_of(target, kind);
        let read = self
            .read_entry(&name, &Filter::everything(), &Wanted::nothing(), deadline)
            .await;
        // The rename was answered with success; that it cannot be looked at is no reason to doubt it.
        if read.is_err() || read.is_ok_and(|found| found.is_some_and(|entry| entry.dn == renamed)) {
            return Ok(());
        }
        tracing::warn!(%id, "a rename met another entry that had got the name; it is taken back");
        if let Some(back) = rename_back(change, false)
            && let Sent::Not(error) = Box::pin(self.send_change(&back, None, false, deadline)).await
        {
            return Err(StepError {
                error,
                certain: true,
                partial: true,
            });
        }
        Err(missed().into())
    }

    /// After a change that was sent by name alone: whether it met the entry that was meant. Another one is given back what
    /// it had.
    pub(super) async fn check_met(
        &self,
        change: &Change,
        wanted: &Wanted,
        result: LdapResult,
        deadline: Deadline,
    ) -> Sent {
        let meant = change.target().and_then(|target| target.guid);
        let before = self.entry_read(controls::PRE_READ, &result.ctrls, wanted);
        let met = before
            .as_ref()
            .and_then(|entry| entry.id(self.settings.kind));
        let (Some(before), Some(met), Some(meant)) = (before, met, meant) else {
            return Sent::Done(result);
        };
        if met == meant {
            return Sent::Done(result);
        }
        let whole = match change {
            Change::Modify { modifications, .. } => modifications.iter().all(is_plain),
            Change::Rename { .. } => true,
            Change::Add { .. } | Change::Delete { .. } => false,
        };
        let deadline = deadline.but_at_least(self.settings.operation_timeout);
        let given_back = match back(change, &before) {
            Some(back) => Box::pin(self.carry_out_change(&back, None, deadline))
                .await
                .is_ok(),
            None => false,
        };
        tracing::error!(
            %meant,
            %met,
            restored = whole && given_back,
            "another entry had got the name of the one that was meant, and was changed in its place; \
             where it is not restored, it must be by hand"
        );
        Sent::Not(missed())
    }
}
