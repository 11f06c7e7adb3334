//! Renames that a directory carries out in two steps only.
//!
//! With its attribute uniqueness plug-in switched on, 389 DS (2.3.1) answers 1 (operationsError) to a rename that takes the
//! old name away, when that name is written with escapes (RFC 4514 §2.4); and of some names outside ASCII it keeps the old
//! value although it was told to take it away. So there an entry whose name is not plain gets its new name beside the old
//! one, and then loses the old one.

use crate::ldap::{Change, Convergence, DirectoryKind, Entry, Modification, Target, Values};

use super::apply::StepError;
use super::deadline::Deadline;
use super::pool::Pool;
use super::references::Wanted;

/// The two steps of one rename, and what takes the first back.
pub(super) struct InTwo {
    rename: Change,
    removal: Option<Change>,
    undo: Change,
}

impl InTwo {
    /// None where the directory renames at once.
    pub(super) fn of(change: &Change, kind: DirectoryKind) -> Option<Self> {
        let Change::Rename {
            target,
            rdn,
            delete_old_rdn: true,
            superior,
            assertion,
        } = change
        else {
            return None;
        };
        let old = target.dn.rdn()?;
        if kind != DirectoryKind::Ds389
            || old.avas().all(|ava| ava.value.text().is_some_and(is_plain))
        {
            return None;
        }
        let renamed = Target {
            dn: change.dn_afterwards()?,
            guid: target.guid,
        };
        let mut modifications = Vec::new();
        for ava in old.avas() {
            let value = ava.value.text()?;
            let stays = rdn
                .value_of(&ava.attribute)
                .is_some_and(|new| new.to_lowercase() == value.to_lowercase());
            if !stays {
                let gone = Values::one(value);
                modifications.push(Modification::delete(ava.attribute.clone(), gone));
            }
        }
        Some(Self {
            rename: Change::Rename {
                target: target.clone(),
                rdn: rdn.clone(),
                delete_old_rdn: false,
                superior: superior.clone(),
                assertion: assertion.clone(),
            },
            removal: (!modifications.is_empty()).then(|| Change::Modify {
                target: renamed.clone(),
                modifications,
                assertion: None,
                convergence: Convergence::Exact,
            }),
            undo: Change::Rename {
                target: renamed,
                rdn: old.clone(),
                delete_old_rdn: true,
                superior: superior.as_ref().and_then(|_| target.dn.parent()),
                assertion: None,
            },
        })
    }
}

/// Whether every letter means itself in a DN and has one form only.
fn is_plain(text: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || " .-_@".contains(letter);
    text.chars().all(plain) && text.trim() == text
}

impl Pool {
    /// Carries out both steps. Where the second is refused, the first is taken back.
    pub(super) async fn rename_in_two(
        &self,
        steps: &InTwo,
        post: Option<&Wanted>,
        deadline: Deadline,
    ) -> Result<Option<Entry>, StepError> {
        let Some(removal) = &steps.removal else {
            return Box::pin(self.carry_out_change(&steps.rename, post, deadline)).await;
        };
        Box::pin(self.carry_out_change(&steps.rename, None, deadline)).await?;
        let removed = Box::pin(self.carry_out_change(removal, post, deadline)).await;
        match removed {
            Err(failed) if failed.certain => {
                let deadline = deadline.but_at_least(self.settings.operation_timeout);
                let undone = Box::pin(self.carry_out_change(&steps.undo, None, deadline)).await;
                Err(StepError {
                    partial: undone.is_err(),
                    ..failed
                })
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldap::{AttributeName, Dn, Rdn};

    fn rename(from: &str, to: &str) -> Change {
        Change::Rename {
            target: Target {
                dn: Dn::parse(from).unwrap(),
                guid: None,
            },
            rdn: Rdn::new(AttributeName::known("uid"), to),
            delete_old_rdn: true,
            superior: None,
            assertion: None,
        }
    }

    #[test]
    fn only_a_name_with_escapes_is_taken_away_by_itself_and_only_where_it_must() {
        let escaped = rename(r"uid=a\,b,ou=people", "c");
        let steps = InTwo::of(&escaped, DirectoryKind::Ds389).unwrap();
        let Some(Change::Modify {
            modifications,
            target,
            ..
        }) = &steps.removal
        else {
            panic!("the old name is removed");
        };
        assert_eq!(target.dn, Dn::parse("uid=c,ou=people").unwrap());
        let uid = AttributeName::known("uid");
        assert_eq!(
            *modifications,
            [Modification::delete(uid, Values::one("a,b"))]
        );
        for kind in [DirectoryKind::OpenLdap, DirectoryKind::ActiveDirectory] {
            assert!(InTwo::of(&escaped, kind).is_none());
        }
        assert!(InTwo::of(&rename("uid=ab,ou=people", "c"), DirectoryKind::Ds389).is_none());
    }

    #[test]
    fn what_differs_in_case_only_is_not_removed() {
        let steps = InTwo::of(&rename(r"uid=a\,b,ou=people", "A,B"), DirectoryKind::Ds389).unwrap();
        assert!(steps.removal.is_none());
    }
}
