//! Renames that a directory carries out in two steps only.
//!
//! With its attribute uniqueness plug-in switched on, 389 DS (2.3.1) answers 1 (operationsError) to a rename that takes the
//! old name away, when that name is written with escapes (RFC 4514 §2.4); and of some names outside ASCII it keeps the old
//! value although it was told to take it away. So there an entry whose name is not plain gets its new name beside the old
//! one, and then loses the old one.

use crate::ldap::{
    AttributeName, Ava, AvaValue, Change, Convergence, DirectoryKind, Entry, Filter, Modification,
    Rdn, Target, Values,
};

use super::apply::StepError;
use super::deadline::Deadline;
use super::error::Error;
use super::pool::Pool;
use super::references::Wanted;
use super::request::name_of;

/// The two steps of one rename, and what takes the first back.
pub(super) struct InTwo {
    rename: Change,
    undo: Change,
    old: Rdn,
    new: Rdn,
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
        Some(Self {
            rename: Change::Rename {
                target: target.clone(),
                rdn: rdn.clone(),
                delete_old_rdn: false,
                superior: superior.clone(),
                assertion: assertion.clone(),
            },
            // It keeps the name it takes away, too: to rename in two steps once more could go on for ever.
            undo: Change::Rename {
                target: Target {
                    dn: change.dn_afterwards()?,
                    guid: target.guid,
                },
                rdn: old.clone(),
                delete_old_rdn: false,
                superior: superior.as_ref().and_then(|_| target.dn.parent()),
                assertion: None,
            },
            old: old.clone(),
            new: rdn.clone(),
        })
    }
}

/// What takes away the values of a name, spelled as the entry spells them, that are not among those it keeps.
fn removal(entry: &Entry, gone: &Rdn, kept: &[Ava]) -> Vec<Modification> {
    let mut modifications = Vec::new();
    for ava in gone.avas() {
        let goes = |value: &str| {
            let held = held(&ava.attribute, value);
            gone.avas().any(|ava| *ava == held) && !kept.contains(&held)
        };
        let values: Vec<Vec<u8>> = entry
            .texts(&ava.attribute)
            .filter(|value| goes(value))
            .map(|value| value.as_bytes().to_vec())
            .collect();
        if !values.is_empty() {
            let values = Values::Plain(values);
            modifications.push(Modification::delete(ava.attribute.clone(), values));
        }
    }
    modifications
}

/// A value that an entry holds, as a part of a name.
pub(super) fn held(attribute: &AttributeName, value: &str) -> Ava {
    Ava {
        attribute: attribute.clone(),
        value: AvaValue::Text(value.to_owned()),
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
        let (old, new) = (&steps.old, &steps.new);
        let before = steps.rename.target();
        // Of the new name, the entry may have something already: an alias, which is not to be taken away with it.
        let mut had = self.names_of(before, new, deadline).await?;
        Box::pin(self.carry_out_change(&steps.rename, None, deadline)).await?;
        let renamed = steps.undo.target();
        let kept: Vec<Ava> = new.avas().cloned().collect();
        let mut failed = match self.take_name(renamed, old, &kept, post, deadline).await {
            Ok(entry) => return Ok(entry),
            Err(failed) => failed,
        };
        failed.partial = true;
        if !failed.certain {
            return Err(failed);
        }
        let deadline = deadline.but_at_least(self.settings.operation_timeout);
        let mut undone = Box::pin(self.carry_out_change(&steps.undo, None, deadline))
            .await
            .map(|_| ());
        if undone.is_ok() {
            failed.partial = false;
            had.extend(old.avas().cloned());
            let taken = self.take_name(before, new, &had, None, deadline).await;
            undone = taken.map(|_| ());
        }
        if let Err(undone) = undone {
            tracing::error!(error = %undone.error, "a rename could not be taken back whole; the entry has two names");
            failed.partial = true;
        }
        Err(failed)
    }

    /// What the entry holds of the attributes of a name.
    async fn names_of(
        &self,
        target: Option<&Target>,
        name: &Rdn,
        deadline: Deadline,
    ) -> Result<Vec<Ava>, Error> {
        let Some(entry) = self.read_named(target, name, deadline).await? else {
            return Ok(Vec::new());
        };
        let attributes = name.avas().map(|ava| &ava.attribute);
        let values = attributes
            .flat_map(|attribute| entry.texts(attribute).map(|value| held(attribute, value)));
        Ok(values.collect())
    }

    /// The entry with the attributes of a name.
    async fn read_named(
        &self,
        target: Option<&Target>,
        name: &Rdn,
        deadline: Deadline,
    ) -> Result<Option<Entry>, Error> {
        let Some(target) = target else {
            return Ok(None);
        };
        let wanted = Wanted::attributes(name.avas().map(|ava| ava.attribute.clone()));
        let at = name_of(target, self.settings.kind);
        self.read_entry(&at, &Filter::everything(), &wanted, deadline)
            .await
    }

    /// Takes away a name that the entry has beside what it keeps.
    async fn take_name(
        &self,
        target: Option<&Target>,
        gone: &Rdn,
        kept: &[Ava],
        post: Option<&Wanted>,
        deadline: Deadline,
    ) -> Result<Option<Entry>, StepError> {
        let entry = self.read_named(target, gone, deadline).await?;
        let modifications = entry.map(|entry| removal(&entry, gone, kept));
        let (Some(target), Some(modifications)) =
            (target, modifications.filter(|some| !some.is_empty()))
        else {
            return Ok(None);
        };
        let change = Change::Modify {
            target: target.clone(),
            modifications,
            assertion: None,
            // Gone already is gone.
            convergence: Convergence::Converge,
        };
        Box::pin(self.carry_out_change(&change, post, deadline)).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use super::super::apply::Undo;
    use super::super::apply_tests::{modified, run};
    use super::super::ber;
    use super::super::fake::{Fake, MODIFY, RENAME, Reply, Request, SEARCH, done, found, refused};
    use super::*;
    use crate::guard::Step;
    use crate::ldap::Dn;

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
        assert!(InTwo::of(&escaped, DirectoryKind::Ds389).is_some());
        for kind in [DirectoryKind::OpenLdap, DirectoryKind::ActiveDirectory] {
            assert!(InTwo::of(&escaped, kind).is_none());
        }
        assert!(InTwo::of(&rename("uid=ab,ou=people", "c"), DirectoryKind::Ds389).is_none());
    }

    /// What an entry that had some names, and has others after a rename, is asked for.
    async fn renamed(
        to: &str,
        had: &'static [&'static str],
        has: &'static [&'static str],
        removal: impl Fn(&Request) -> Vec<Reply> + Send + Sync + 'static,
    ) -> (Fake, Result<(), Undo>) {
        let begun = AtomicBool::new(false);
        let server = Fake::start(&[], move |request: &Request| match request.operation {
            RENAME => {
                begun.store(true, Ordering::SeqCst);
                done(request)
            }
            MODIFY => removal(request),
            SEARCH if !request.name().is_empty() => {
                let names = if begun.load(Ordering::SeqCst) {
                    has
                } else {
                    had
                };
                found(&request.name(), &[("uid", names)])
            }
            _ => Vec::new(),
        })
        .await;
        let steps = vec![Step::new(rename(r"uid=a\,b,dc=e", to))];
        let run = run(DirectoryKind::Ds389, &server, steps, None);
        let ended = tokio::time::timeout(Duration::from_secs(60), run).await;
        let outcome = ended.expect("it comes to an end");
        (server, outcome.map(|_| ()).map_err(|failed| failed.undo))
    }

    #[tokio::test]
    async fn the_old_name_is_taken_away_as_the_entry_spells_it() {
        let (server, outcome) = renamed("c", &["A,B", "alias"], &["c", "A,B", "alias"], done).await;
        outcome.unwrap();
        assert_eq!(modified(&server.seen(MODIFY)[0]), [(1, vec!["A,B".into()])]);
    }

    #[tokio::test]
    async fn an_old_name_that_is_gone_already_or_stays_is_left_alone() {
        for (to, has) in [("c", &["c"][..]), ("A,B", &["A,B"][..])] {
            let (server, outcome) = renamed(to, &["a,b"], has, done).await;
            outcome.unwrap();
            assert!(server.seen(MODIFY).is_empty());
        }
    }

    fn refuse_old(request: &Request) -> Vec<Reply> {
        match &modified(request)[..] {
            [(1, values)] if values == &["a,b"] => refused(request, 53, ""),
            _ => done(request),
        }
    }

    /// Both names have escapes, so that each would be renamed in two steps.
    #[tokio::test]
    async fn a_refused_removal_is_taken_back_once() {
        let (server, outcome) = renamed("c,d", &["a,b"], &["c,d", "a,b"], refuse_old).await;
        assert!(matches!(outcome, Err(Undo::NotNeeded)), "{outcome:?}");
        let names: Vec<String> = server.seen(RENAME).iter().map(new_name).collect();
        assert_eq!(names, [r"uid=c\,d", r"uid=a\,b"]);
        let last = server.seen(MODIFY).pop().unwrap();
        assert_eq!(modified(&last), [(1, vec!["c,d".into()])]);
    }

    /// An administrator gave it the new name as an alias before.
    #[tokio::test]
    async fn a_rename_that_is_taken_back_leaves_the_names_that_were_there() {
        let names = &["a,b", "C,D"];
        let (server, outcome) = renamed("c,d", names, names, refuse_old).await;
        assert!(matches!(outcome, Err(Undo::NotNeeded)), "{outcome:?}");
        assert_eq!(server.seen(RENAME).len(), 2);
        for removal in server.seen(MODIFY) {
            assert_eq!(modified(&removal), [(1, vec!["a,b".into()])]);
        }
    }

    #[tokio::test]
    async fn a_second_name_that_stays_is_said_to_stay() {
        let refuse = |one: &Request| refused(one, 53, "");
        let (_, outcome) = renamed("c,d", &["a,b"], &["c,d", "a,b"], refuse).await;
        assert!(matches!(outcome, Err(Undo::Kept)), "{outcome:?}");
        let (_, outcome) = renamed("c", &["a,b"], &["c", "a,b"], |_| vec![Reply::Close]).await;
        assert!(matches!(outcome, Err(Undo::Kept)), "{outcome:?}");
    }

    fn new_name(request: &Request) -> String {
        let mut parts = ber::parts(request.body.clone()).unwrap();
        ber::text(parts.remove(1)).unwrap()
    }
}
