//! Carrying out a guarded plan, step by step, so that every step ends known: done, not done, or said to be unknown.

use std::sync::Arc;

use uuid::Uuid;

use crate::guard::Step;
use crate::ldap::{Change, Convergence, Dn, Entry, EntryName, Filter, Target};

use super::controls;
use super::deadline::Deadline;
use super::dispatch::Sent;
use super::error::Error;
use super::identity::{self, missed};
use super::meaning::Meaning;
use super::outcome::insist;
use super::pool::Pool;
use super::references::{self, Wanted, Way};
use super::rename::InTwo;
use super::request::{Write, name_of};

/// What to read of the changed entry once the plan is carried out.
#[derive(Debug, Clone)]
pub struct ReadBack {
    /// What to read. Where the directory answers it with the change itself (post-read, RFC 4527), references come
    /// without ids.
    pub wanted: Wanted,
}

/// What a plan led to.
#[derive(Debug, Clone, Default)]
pub struct Applied {
    /// The entry of the plan's first step as it is now, under the name it has now. None when it was not asked for, was
    /// deleted, or could not be read although everything was carried out.
    pub entry: Option<Entry>,
    /// Its objectGUID or entryUUID, where it was read back or is known from the plan's targets.
    pub id: Option<Uuid>,
}

/// Why a plan was not carried out, and what became of its completed steps.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{error}{undo}")]
pub struct ApplyError {
    /// What went wrong.
    #[source]
    pub error: Error,
    /// The step that failed, counted from 0.
    pub step: usize,
    /// What became of the steps before it.
    pub undo: Undo,
}

/// What became of the completed steps of a plan that failed.
#[derive(Debug, Clone)]
pub enum Undo {
    /// Nothing had been changed.
    NotNeeded,
    /// Every completed step was undone.
    Done,
    /// Completed steps stand: they have no undo, or the outcome of the failed one is unknown.
    Kept,
    /// Undoing was tried and failed: something half made is left behind.
    Failed(Box<Error>),
}

impl std::fmt::Display for Undo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotNeeded | Self::Done => Ok(()),
            Self::Kept => f.write_str(" (completed steps of the plan stand)"),
            Self::Failed(error) => write!(f, " (and undoing the completed steps failed: {error})"),
        }
    }
}

/// Why a change was not carried out.
#[derive(Debug)]
pub(super) struct StepError {
    pub(super) error: Error,
    /// Whether it is certain that nothing of it happened.
    pub(super) certain: bool,
    /// Whether a part of it did: members change in batches.
    pub(super) partial: bool,
}

impl StepError {
    /// Another server answers than the one that took what was done before, and may not have heard of it yet: that it does
    /// not know the entry, or holds no change, says nothing. `later`: the step is not the first.
    fn doubt(&mut self, later: bool, dn: &Dn) {
        match &self.error {
            Error::OutcomeUnknown { .. } => self.certain = false,
            error if (later || self.partial) && error.meaning() == Some(Meaning::NoSuchEntry) => {
                self.certain = false;
                self.error = Error::OutcomeUnknown {
                    dn: dn.to_string(),
                    reason: format!("{error}; another server answers by now"),
                };
            }
            _ => {}
        }
    }
}

impl From<Error> for StepError {
    fn from(error: Error) -> Self {
        Self {
            error,
            certain: true,
            partial: false,
        }
    }
}

/// Where the plan's own entry is, as it is renamed on the way.
struct Subject {
    dn: Option<Dn>,
    guid: Option<Uuid>,
}

impl Subject {
    fn of(steps: &[Step]) -> Self {
        Self {
            dn: steps.first().map(|step| step.change.dn().clone()),
            guid: None,
        }
    }

    /// Follows a change. Whether it was one of the subject.
    fn follow(&mut self, change: &Change) -> bool {
        if self.dn.as_ref() != Some(change.dn()) {
            return false;
        }
        self.dn = change.dn_afterwards();
        if let Change::Modify { target, .. } | Change::Rename { target, .. } = change {
            self.guid = self.guid.or(target.guid);
        }
        true
    }
}

/// Carries out the steps, in order.
pub(super) async fn carry_out(
    pool: Arc<Pool>,
    steps: Vec<Step>,
    read_back: Option<ReadBack>,
    deadline: Deadline,
) -> Result<Applied, ApplyError> {
    let kind = pool.settings.kind;
    let mut subject = Subject::of(&steps);
    let mut post = None;
    let moves = pool.moves();
    for (index, step) in steps.iter().enumerate() {
        let of_subject = subject.follow(&step.change);
        let last = index + 1 == steps.len();
        let wanted = read_back
            .as_ref()
            .filter(|_| last && of_subject && subject.dn.is_some())
            .map(|read_back| &read_back.wanted);
        let done = pool.carry_out_step(&step.change, last, wanted, deadline);
        let (completed, mut failed) = match done.await {
            Ok(entry) => {
                post = entry;
                match pool.check_match(step, &subject, deadline).await {
                    Ok(()) => continue,
                    Err(error) => (index + 1, StepError::from(error)),
                }
            }
            Err(failed) => (index, failed),
        };
        if pool.moves() != moves {
            failed.doubt(completed > 0, step.change.dn());
        }
        let undo = pool
            .take_back(&steps[..completed], &failed, moves, deadline)
            .await;
        return Err(ApplyError {
            error: failed.error,
            step: index,
            undo,
        });
    }
    let mut applied = Applied {
        entry: post,
        id: subject.guid,
    };
    if let (Some(read_back), None, Some(dn)) = (read_back, &applied.entry, subject.dn) {
        let name = name_of(
            &Target {
                dn,
                guid: subject.guid,
            },
            kind,
        );
        let (everything, look) = (Filter::everything(), pool.look_deadline(deadline));
        let read = || pool.read_entry(&name, &everything, &read_back.wanted, look);
        match insist(read, look).await {
            Ok(entry) => applied.entry = entry,
            Err(error) => {
                tracing::warn!(%error, "a change was carried out, but the entry could not be read back")
            }
        }
    }
    applied.id = applied
        .entry
        .as_ref()
        .and_then(|entry| entry.id(kind))
        .or(applied.id);
    Ok(applied)
}

impl Pool {
    /// Carries out one change that is no step of a plan: a part of one, or what takes one back.
    pub(super) async fn carry_out_change(
        &self,
        change: &Change,
        post: Option<&Wanted>,
        deadline: Deadline,
    ) -> Result<Option<Entry>, StepError> {
        self.carry_out_step(change, false, post, deadline).await
    }

    /// Carries out one step; `last`: none follows it. Answers the entry afterwards, where it was asked for and the directory
    /// sent it along.
    async fn carry_out_step(
        &self,
        change: &Change,
        last: bool,
        post: Option<&Wanted>,
        deadline: Deadline,
    ) -> Result<Option<Entry>, StepError> {
        if let Some(steps) = InTwo::of(change, self.settings.kind) {
            return self.rename_in_two(&steps, post, deadline).await;
        }
        if Write::of(change, self.settings.kind).is_empty() {
            return Ok(None);
        }
        if let Change::Modify {
            target,
            modifications,
            assertion,
            convergence: Convergence::Converge,
        } = change
        {
            return self
                .converge(target, modifications, assertion.as_ref(), post, deadline)
                .await;
        }
        let moves = self.moves();
        match self.send_change(change, post, false, deadline).await {
            Sent::Done(result) => {
                self.check_renamed(change, deadline).await?;
                Ok(self.post_read(&result.ctrls, post))
            }
            Sent::Not(error) => Err(error.into()),
            Sent::Unknown(reason) => {
                let settled = self.settle(change, last, reason, deadline).await;
                // A server that has not heard of the entry yet finds it deleted, too.
                if settled.is_ok()
                    && matches!(change, Change::Delete { .. })
                    && self.moves() != moves
                {
                    return Err(StepError {
                        certain: false,
                        ..StepError::from(Error::OutcomeUnknown {
                            dn: change.dn().to_string(),
                            reason: "the answer to a deletion was lost, and another server answers by now".into(),
                        })
                    });
                }
                settled.map(|()| None)
            }
        }
    }

    /// Sends one change, once.
    pub(super) async fn send_change(
        &self,
        change: &Change,
        post: Option<&Wanted>,
        permissive: bool,
        deadline: Deadline,
    ) -> Sent {
        let kind = self.settings.kind;
        let condition = identity::condition(change, kind);
        let before = identity::before(change, kind);
        let sent = self
            .write(deadline, |connection| {
                let can = |control| connection.capabilities.supports(control);
                let mut list = Vec::new();
                if let Some(wanted) = post.filter(|_| can(controls::POST_READ)) {
                    list.push(controls::entry_read(controls::POST_READ, &wanted.names()));
                }
                // What a request demands is demanded of every server.
                let demanded = change.assertion().is_some();
                let condition = condition
                    .as_ref()
                    .filter(|_| demanded || can(controls::ASSERTION));
                let before = before
                    .as_ref()
                    .filter(|_| condition.is_none() && can(controls::PRE_READ));
                // OpenLDAP honours it without listing it in its rootDSE; who does not know it may ignore it. Not where another
                // entry may have to be given back what it had: what was so already is not to be undone.
                if permissive && before.is_none() {
                    list.push(controls::permissive_modify());
                }
                if let Some(condition) = condition {
                    list.push(controls::assertion(condition)?);
                }
                if let Some(before) = before {
                    list.push(controls::entry_read(controls::PRE_READ, &before.names()));
                }
                Ok((Write::of(change, kind), list))
            })
            .await;
        if !matches!(sent, Sent::Not(_)) {
            self.note_change(change);
        }
        let sent = match (sent, before) {
            (Sent::Done(result), Some(before)) => {
                self.check_met(change, &before, result, deadline).await
            }
            (sent, _) => sent,
        };
        let sent = self.tell_absence(change, sent, deadline).await;
        if change.assertion().is_some() {
            sent
        } else {
            identity::refused_by_condition(sent)
        }
    }

    /// The entry that came with the result. One that cannot be read is read again by itself.
    pub(super) fn post_read(
        &self,
        response: &[ldap3::controls::Control],
        post: Option<&Wanted>,
    ) -> Option<Entry> {
        self.entry_read(controls::POST_READ, response, post?)
    }

    /// The entry that came with the result as the answer to this control.
    pub(super) fn entry_read(
        &self,
        control: &str,
        response: &[ldap3::controls::Control],
        wanted: &Wanted,
    ) -> Option<Entry> {
        let raw = controls::read_entry(control, response)?.ok()?;
        let read = references::entry(raw, &[], wanted, Way::Plain, self.settings.kind);
        Some(read.ok()?.entry)
    }

    /// Whether the entry is as it must be after this step.
    ///
    /// # Errors
    /// [`Error::Unmatched`] when it is not.
    async fn check_match(
        &self,
        step: &Step,
        subject: &Subject,
        deadline: Deadline,
    ) -> Result<(), Error> {
        let (Some(filter), Some(dn)) = (&step.must_match, subject.dn.clone()) else {
            return Ok(());
        };
        let guid = subject.guid;
        let name = self.name_afterwards(&Target { dn, guid });
        let (everything, none) = (Filter::everything(), Wanted::nothing());
        let look = self.look_deadline(deadline);
        let read = async |filter: &Filter| {
            insist(|| self.read_entry(&name, filter, &none, look), look).await
        };
        let seen = async {
            if read(filter).await?.is_some() {
                return Ok(());
            }
            read(&everything).await?.ok_or_else(missed)?;
            Err(Error::Unmatched)
        };
        match seen.await {
            // What was done is not taken back because it cannot be seen.
            Err(Error::Unavailable { reason }) => {
                tracing::warn!(
                    reason,
                    "it was not seen whether a changed entry still matches its filter; the change stands"
                );
                Ok(())
            }
            seen => seen,
        }
    }

    /// Undoes completed steps, last first, after a later one certainly did not happen. `moves`: before the first step.
    async fn take_back(
        &self,
        completed: &[Step],
        failed: &StepError,
        moves: u64,
        deadline: Deadline,
    ) -> Undo {
        let changed = !completed.is_empty() || failed.partial;
        if !changed {
            return Undo::NotNeeded;
        }
        if !failed.certain {
            return Undo::Kept;
        }
        let deadline = deadline.but_at_least(self.settings.operation_timeout);
        let mut all = !failed.partial;
        for step in completed.iter().rev() {
            let Some(undo) = &step.undo else {
                all = false;
                continue;
            };
            match Box::pin(self.carry_out_change(undo, None, deadline)).await {
                Ok(_) => {}
                Err(failed)
                    if matches!(undo, Change::Delete { .. })
                        && self.moves() == moves
                        && failed.error.meaning() == Some(Meaning::NoSuchEntry) => {}
                Err(failed) => {
                    tracing::error!(error = %failed.error, "a completed step could not be undone; the entry is half changed");
                    tracing::debug!(dn = %undo.dn(), "the half-changed entry");
                    return Undo::Failed(Box::new(failed.error));
                }
            }
        }
        if all { Undo::Done } else { Undo::Kept }
    }

    /// The name by which the entry of a change is asked for after it.
    pub(super) fn name_afterwards(&self, target: &Target) -> EntryName {
        name_of(target, self.settings.kind)
    }
}
