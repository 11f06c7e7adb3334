//! A write that failed: what became of it, and whether it is worth another try.

use super::Error;
use super::service::Type;
use super::write::Update;
use crate::directory::{ApplyError, Meaning, Undo};

/// How often a write is worked out again because somebody else changed the same value in between.
pub(super) const ATTEMPTS: usize = 5;

/// A write that failed.
pub(super) struct Failed {
    pub(super) error: Error,
    became: Became,
}

/// What became of a write that failed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Became {
    Nothing,
    /// A part of it was carried out, even if it was taken back: the entry is of another version through us.
    Touched,
    /// All of it was carried out; what had to follow was not.
    Stands,
}

impl Failed {
    /// What had to follow the write failed.
    pub(super) fn after_the_write(error: Error) -> Self {
        Self {
            error: error.with_what_stands(&Undo::Kept),
            became: Became::Stands,
        }
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self {
            error,
            became: Became::Nothing,
        }
    }
}

impl Update {
    /// Whether the write is to be worked out once more because somebody else was faster.
    pub(super) fn is_worth_another_try(&self, failed: &Failed, attempt: usize) -> bool {
        // One value too many, or too few: perhaps only since the entry was read. Then it is of another version.
        let is_invalid = matches!(failed.error, Error::Invalid(_));
        let is_untouched = failed.became == Became::Nothing;
        let may_be_stale = self.conditional && attempt == 1 && is_invalid && is_untouched;
        let again = failed.error.lost_race() || may_be_stale;
        attempt < ATTEMPTS && again && failed.became != Became::Stands
    }

    /// Why the plan of this update was not carried out.
    pub(super) fn failed(&self, error: ApplyError, of: Type<'_>) -> Failed {
        let became = match error.undo {
            Undo::NotNeeded => Became::Nothing,
            Undo::Done | Undo::Kept | Undo::Failed(_) => Became::Touched,
        };
        // Where the request names no version, what was asserted is the bridge's own affair: others were faster.
        let asserted = error.error.meaning() == Some(Meaning::AssertionFailed);
        let error = if asserted && !self.conditional {
            Error::Contended {
                reason: error.to_string(),
            }
        } else if self.last {
            Error::of_own_write(error, of)
        } else {
            Error::of_write(error, of)
        };
        Failed { error, became }
    }
}
