//! After a write whose answer was lost: a look at what the directory now holds, compared with what was wished for.
//!
//! The connection is gone by then, reset so that nothing of it can be sent any more. What the look shows decides; the
//! write is never simply repeated.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::ldap::{
    AttributeName, Change, Dn, Entry, EntryName, Filter, Modification, ModificationKind, Rdn,
    Target, Values,
};

use super::apply::StepError;
use super::deadline::Deadline;
use super::error::Error;
use super::pool::Pool;
use super::references::Wanted;

/// The look may take this long even when the request's own time is over: without it nobody knows what happened.
const GRACE: Duration = Duration::from_secs(5);

/// Between two attempts of a look.
pub(super) const PAUSE: Duration = Duration::from_millis(200);

/// What a look shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Everything is as it was wished for.
    Done,
    /// It is not: the change did not happen.
    NotDone,
    /// It cannot be told: a secret cannot be read, or whose the new entry is.
    Unclear,
}

/// Reads until it is answered: a server that restarts tells after all what it holds.
pub(super) async fn insist<T, F: Future<Output = Result<T, Error>>>(
    read: impl Fn() -> F,
    deadline: Deadline,
) -> Result<T, Error> {
    loop {
        match read().await {
            Err(Error::Unavailable { .. }) if !deadline.passed() => tokio::time::sleep(PAUSE).await,
            read => return read,
        }
    }
}

impl Pool {
    /// The time a look may take.
    pub(super) fn look_deadline(&self, deadline: Deadline) -> Deadline {
        deadline.but_at_least(GRACE.min(self.settings.operation_timeout))
    }

    /// Finds out what became of a change whose answer was lost. `last`: nothing else is done to the entry after it, that
    /// it would have to be this request's own for.
    pub(super) async fn settle(
        &self,
        change: &Change,
        last: bool,
        reason: String,
        deadline: Deadline,
    ) -> Result<(), StepError> {
        let look = self.look_deadline(deadline);
        let seen = insist(|| self.look(change, last, look), look).await;
        let unknown = |saw: &str, certain| {
            let error = Error::OutcomeUnknown {
                dn: change.dn().to_string(),
                reason: format!("{reason}; {saw}"),
            };
            StepError {
                error,
                certain,
                partial: false,
            }
        };
        match seen {
            Ok(Seen::Done) => {
                tracing::info!(
                    reason,
                    "the answer to a change was lost, but the directory holds it"
                );
                Ok(())
            }
            Ok(Seen::NotDone) => Err(unknown("the directory does not hold the change", true)),
            Ok(Seen::Unclear) => Err(unknown(
                "the look cannot tell: a secret cannot be read, and an equal entry may be somebody else's",
                false,
            )),
            Err(error) => Err(unknown(
                &format!("a look at the entry failed as well: {error}"),
                false,
            )),
        }
    }

    async fn look(&self, change: &Change, last: bool, deadline: Deadline) -> Result<Seen, Error> {
        let everything = Filter::everything();
        match change {
            Change::Add { dn, attributes } => {
                let plain = attributes
                    .iter()
                    .filter(|(_, values)| matches!(values, Values::Plain(_)));
                let wanted = Wanted::attributes(plain.clone().map(|(name, _)| name.clone()));
                let entry = self
                    .read_entry(&EntryName::Dn(dn.clone()), &everything, &wanted, deadline)
                    .await?;
                let secret = plain.clone().count() < attributes.len();
                let whole = entry.is_some_and(|entry| {
                    plain
                        .into_iter()
                        .all(|(name, values)| holds(&entry, name, values.plain()))
                });
                // An equal entry may be another request's. Where nothing more is wanted of it, that comes to the same; a
                // password of it is not this one's, and it must not be deleted when a later step is refused.
                Ok(match (whole, last && !secret) {
                    (true, true) => Seen::Done,
                    (true, false) => Seen::Unclear,
                    (false, _) => Seen::NotDone,
                })
            }
            Change::Delete { target, .. } => {
                let name = self.name_afterwards(target);
                let entry = self
                    .read_entry(&name, &everything, &Wanted::nothing(), deadline)
                    .await?;
                Ok(if entry.is_none() {
                    Seen::Done
                } else {
                    Seen::NotDone
                })
            }
            Change::Rename {
                target,
                rdn,
                superior,
                ..
            } => {
                self.look_at_rename(target, rdn, superior.as_ref(), change, deadline)
                    .await
            }
            Change::Modify {
                target,
                modifications,
                ..
            } => {
                let Some(expected) = expected(modifications) else {
                    return Ok(Seen::Unclear);
                };
                let wanted = Wanted::attributes(expected.keys().cloned());
                let name = self.name_afterwards(target);
                let Some(entry) = self
                    .read_entry(&name, &everything, &wanted, deadline)
                    .await?
                else {
                    return Ok(Seen::NotDone);
                };
                let all = expected
                    .iter()
                    .all(|(name, expected)| expected.holds_in(entry.values(name)));
                Ok(if all { Seen::Done } else { Seen::NotDone })
            }
        }
    }

    async fn look_at_rename(
        &self,
        target: &Target,
        rdn: &Rdn,
        superior: Option<&Dn>,
        change: &Change,
        deadline: Deadline,
    ) -> Result<Seen, Error> {
        let everything = Filter::everything();
        let kind = self.settings.kind;
        let Some(renamed) = change.dn_afterwards() else {
            return Ok(Seen::Unclear);
        };
        let wanted = Wanted::attributes([kind.id_attribute()]);
        let found = self
            .read_entry(
                &EntryName::Dn(renamed.clone()),
                &everything,
                &wanted,
                deadline,
            )
            .await?;
        let Some(found) = found else {
            return Ok(Seen::NotDone);
        };
        let same_entry = match (target.guid, found.id(kind)) {
            (Some(target), Some(found)) => target == found,
            _ if renamed == target.dn => true,
            _ => {
                let old = EntryName::Dn(target.dn.clone());
                self.read_entry(&old, &everything, &Wanted::nothing(), deadline)
                    .await?
                    .is_none()
            }
        };
        // A rename may change nothing but the case.
        let spelled =
            superior.is_some() || found.dn.rdn().is_some_and(|found| found.same_spelling(rdn));
        Ok(if same_entry && spelled {
            Seen::Done
        } else {
            Seen::NotDone
        })
    }
}

/// What must hold of one attribute after a modify.
#[derive(Debug, Default)]
struct Expected {
    present: Vec<Vec<u8>>,
    absent: Vec<Vec<u8>>,
    /// Nothing but `present`.
    only: bool,
}

impl Expected {
    fn holds_in(&self, values: &[Vec<u8>]) -> bool {
        let has = |wished: &Vec<u8>| values.iter().any(|value| same(value, wished));
        self.present.iter().all(has)
            && !self.absent.iter().any(has)
            && (!self.only
                || values
                    .iter()
                    .all(|value| self.present.iter().any(|wished| same(value, wished))))
    }
}

/// What must hold after these modifications, in their order; none when a secret is among them.
fn expected(modifications: &[Modification]) -> Option<BTreeMap<AttributeName, Expected>> {
    let mut expected: BTreeMap<AttributeName, Expected> = BTreeMap::new();
    for modification in modifications {
        let Values::Plain(values) = &modification.values else {
            return None;
        };
        let of = expected.entry(modification.attribute.clone()).or_default();
        match modification.kind {
            ModificationKind::Add => {
                of.absent
                    .retain(|gone| !values.iter().any(|value| same(value, gone)));
                of.present.extend(values.iter().cloned());
            }
            ModificationKind::Delete if values.is_empty() => {
                *of = Expected {
                    only: true,
                    ..Expected::default()
                }
            }
            ModificationKind::Delete => {
                of.present
                    .retain(|there| !values.iter().any(|value| same(value, there)));
                of.absent.extend(values.iter().cloned());
            }
            ModificationKind::Replace => {
                *of = Expected {
                    present: values.clone(),
                    absent: Vec::new(),
                    only: true,
                }
            }
        }
    }
    Some(expected)
}

fn holds(entry: &Entry, attribute: &AttributeName, wished: &[Vec<u8>]) -> bool {
    let values = entry.values(attribute);
    wished
        .iter()
        .all(|wished| values.iter().any(|value| same(value, wished)))
}

/// Whether two values are the same to a directory, as far as that can be told without its schema: case and runs of
/// spaces do not count, nor does the spelling of a DN.
pub(super) fn same(left: &[u8], right: &[u8]) -> bool {
    if left == right {
        return true;
    }
    let (Ok(left), Ok(right)) = (std::str::from_utf8(left), std::str::from_utf8(right)) else {
        return false;
    };
    let folded = |text: &str| {
        text.split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .to_lowercase()
    };
    folded(left) == folded(right)
        || (left.contains('=')
            && right.contains('=')
            && matches!((Dn::parse(left), Dn::parse(right)), (Ok(left), Ok(right)) if left == right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldap::SecretBytes;

    const CN: AttributeName = AttributeName::known("cn");

    fn values(values: &[&str]) -> Values {
        Values::Plain(
            values
                .iter()
                .map(|value| value.as_bytes().to_vec())
                .collect(),
        )
    }

    fn held(modifications: &[Modification], there: &[&str]) -> bool {
        let there: Vec<Vec<u8>> = there
            .iter()
            .map(|value| value.as_bytes().to_vec())
            .collect();
        expected(modifications).unwrap()[&CN].holds_in(&there)
    }

    #[test]
    fn old_value_out_and_new_value_in_is_seen_as_done_only_when_both_happened() {
        let swap = [
            Modification::delete(CN, values(&["512"])),
            Modification::add(CN, values(&["514"])),
        ];
        assert!(held(&swap, &["514"]));
        assert!(!held(&swap, &["512"]));
        assert!(!held(&swap, &["512", "514"]));
    }

    #[test]
    fn a_replacement_is_exact() {
        let replace = [Modification::replace(CN, values(&["a", "b"]))];
        assert!(held(&replace, &["B", "a"]));
        assert!(!held(&replace, &["a"]));
        assert!(!held(&replace, &["a", "b", "c"]));
        assert!(held(&[Modification::replace(CN, Values::none())], &[]));
        assert!(!held(&[Modification::delete(CN, Values::none())], &["a"]));
    }

    #[test]
    fn a_value_that_comes_back_in_the_same_modify_is_expected_to_be_there() {
        let back = [
            Modification::delete(CN, values(&["a"])),
            Modification::add(CN, values(&["A"])),
        ];
        assert!(held(&back, &["A"]));
    }

    #[test]
    fn a_secret_cannot_be_compared() {
        let secret = Modification::replace(CN, Values::Secret(SecretBytes::new(b"x".to_vec())));
        assert!(expected(&[secret]).is_none());
    }

    #[test]
    fn spellings_that_directories_take_for_the_same_are_the_same() {
        assert!(same(b"uid=ada, dc=e", b"UID=Ada,DC=E"));
        assert!(same(b"Ada  Lovelace", b"ada lovelace"));
        assert!(!same(b"ada", b"adah"));
        assert!(!same(&[0xff], &[0xfe]));
    }
}
