//! Names that OpenLDAP is not done with yet.
//!
//! Its overlay refint follows a rename or a deletion after that was answered: one after the other, each by a search through the
//! whole database (0.1 to 0.6 s with 20,000 users) for entries that hold the old name, whoever's that is by then. A namesake
//! who was made a member meanwhile is taken out of the group, and two who exchange their names exchange their groups. Who is
//! taken out of a group by the new name, while the old one is still in it, stays.
//!
//! So what is to have such a name, or refers to it, waits until refint must be done. Nobody tells when that is: it is
//! reckoned from how long a search such as refint's takes, which is measured when it is first needed. Active Directory
//! goes by ids, and 389 DS follows before it answers.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ldap3::Scope;

use crate::ldap::{AttributeName, Change, DirectoryKind, Dn, Filter, Rdn, Values};

use super::connection::Connection;
use super::deadline::Deadline;
use super::error::Error;
use super::pool::Pool;
use super::wire::Query;

/// Even where there is little to search, refint is given so long: a busy slapd lets it wait.
const GRACE: Duration = Duration::from_secs(2);

/// Refint is given so many times what such a search took: it writes, too, and slapd may have had less to do then.
const TIMES: u32 = 3;

/// Such a search is measured for no longer than this.
const MEASURING: Duration = Duration::from_secs(2);

/// How long a measured time is good for.
const MEASURED: Duration = Duration::from_secs(60 * 60);

/// OpenLDAP's dnSubtreeMatch, by which refint searches. Of a rule whose name begins with "dn", the client library takes that
/// for the flag `:dn`.
const SUBTREE_MATCH: &str = "1.3.6.1.4.1.4203.666.4.9";

/// What lies back further than this, or before so many others, is forgotten.
const REMEMBERED: Duration = Duration::from_secs(10 * 60);
const MOST: usize = 10_000;

/// What was renamed or deleted lately.
#[derive(Debug, Default)]
pub(super) struct Following {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// First to last: when, the name given up, and the name got.
    done: VecDeque<(Instant, Dn, Option<Dn>)>,
    /// When a search was measured, and how long it took.
    search: Option<(Instant, Duration)>,
}

impl Following {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a change that was carried out just now, or may have been.
    pub(super) fn note(&self, change: &Change) {
        let renamed = change.dn_afterwards();
        let gives_up = matches!(change, Change::Rename { .. } | Change::Delete { .. });
        if !gives_up || renamed.as_ref() == Some(change.dn()) {
            return;
        }
        let mut state = self.state();
        let is_old = |(done, ..): &(Instant, Dn, Option<Dn>)| done.elapsed() > REMEMBERED;
        while state.done.len() >= MOST || state.done.front().is_some_and(is_old) {
            state.done.pop_front();
        }
        let now = Instant::now();
        state.done.push_back((now, change.dn().clone(), renamed));
    }

    /// When refint is done with these names, if each search takes it so long; none where it has nothing to do with them.
    fn until(&self, names: &HashSet<Dn>, each: Duration) -> Option<Instant> {
        let (mut free, mut until) = (None, None);
        let state = self.state();
        let recent = state
            .done
            .iter()
            .filter(|(done, ..)| done.elapsed() <= REMEMBERED);
        for (done, old, new) in recent {
            let ends = free.map_or(*done, |free: Instant| free.max(*done)) + each;
            free = Some(ends);
            if names.contains(old) || new.as_ref().is_some_and(|new| names.contains(new)) {
                until = Some(ends + GRACE);
            }
        }
        until
    }
}

/// The names that the change gives, or refers to.
pub(super) fn names(change: &Change) -> Vec<Dn> {
    let mut names = Vec::new();
    let mut note = |values: &Values| {
        let texts = values.plain().iter();
        let texts = texts.filter_map(|value| std::str::from_utf8(value).ok());
        names.extend(texts.filter_map(|text| Dn::parse(text).ok()));
    };
    match change {
        Change::Add { attributes, .. } => attributes.iter().for_each(|(_, values)| note(values)),
        Change::Modify { modifications, .. } => {
            modifications.iter().for_each(|one| note(&one.values));
        }
        Change::Rename { .. } | Change::Delete { .. } => {}
    }
    if let Change::Add { .. } | Change::Rename { .. } = change {
        names.extend(change.dn_afterwards());
    }
    names
}

impl Pool {
    /// Notes a change, where the directory follows it by and by.
    pub(super) fn note_change(&self, change: &Change) {
        if self.settings.kind == DirectoryKind::OpenLdap {
            self.following.note(change);
        }
    }

    /// Waits until the directory is done with these names. Whether it was not.
    pub(super) async fn follow<N: IntoIterator<Item = Dn>>(
        &self,
        names: impl FnOnce() -> N,
        deadline: Deadline,
    ) -> Result<bool, Error> {
        if self.following.state().done.is_empty() {
            return Ok(false);
        }
        let names: HashSet<Dn> = names().into_iter().collect();
        let mut waited = false;
        while self.following.until(&names, Duration::ZERO).is_some() {
            let each = TIMES * self.time_of_search(&names, deadline).await;
            let until = self.following.until(&names, each);
            let Some(until) = until.filter(|until| *until > Instant::now()) else {
                break;
            };
            if Deadline::at(until) > deadline {
                return Err(Error::unavailable(
                    "references to an entry that was renamed or deleted a moment ago are still being followed",
                ));
            }
            tracing::debug!(
                wait = ?until.duration_since(Instant::now()),
                "an entry was renamed or deleted a moment ago; waiting for the directory to follow"
            );
            tokio::time::sleep_until(until.into()).await;
            waited = true;
        }
        Ok(waited)
    }

    /// How long a search such as refint's takes, for references that nobody holds.
    async fn time_of_search(&self, names: &HashSet<Dn>, deadline: Deadline) -> Duration {
        let known = self.following.state().search;
        if let Some((_, time)) = known.filter(|(measured, _)| measured.elapsed() < MEASURED) {
            return time;
        }
        let begun = Instant::now();
        let Some(name) = names.iter().next() else {
            return Duration::ZERO;
        };
        let nobody = name.child(Rdn::new(AttributeName::known("cn"), "nobody"));
        let query = |connection: &Connection| {
            let mut contexts = connection.capabilities.naming_contexts.iter();
            let suffix = contexts.find(|context| name.is_within(context));
            let base = suffix.cloned().or_else(|| name.parent());
            Query {
                base: base.unwrap_or_else(Dn::root).to_string(),
                scope: Scope::Subtree,
                filter: Filter::Extensible {
                    attribute: AttributeName::known("member"),
                    rule: SUBTREE_MATCH.to_owned(),
                    value: nobody.to_string().into_bytes(),
                },
                attributes: vec!["1.1".to_owned()],
                controls: Vec::new(),
                most: 1,
            }
        };
        let answered = self.read(deadline.or_after(MEASURING), query).await;
        let time = begun.elapsed();
        if answered.is_ok_and(|(answer, _)| answer.result.rc == 0) {
            self.following.state().search = Some((begun, time));
            return time;
        }
        // An outage or a refusal that comes at once says nothing of the time; what comes to no end takes this long at least.
        time.max(MEASURING)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::apply::carry_out;
    use super::super::fake::{
        ADD, DELETE, Fake, MODIFY, RENAME, Reply, Request, SEARCH, done, pool, result, settings,
    };
    use super::*;
    use crate::guard::Step;
    use crate::ldap::{Convergence, Modification, Target};

    const SEARCHED: Duration = Duration::from_millis(200);

    fn dn(text: &str) -> Dn {
        Dn::parse(text).unwrap()
    }

    fn target(text: &str) -> Target {
        Target {
            dn: dn(text),
            guid: None,
        }
    }

    fn rename(from: &str, to: &str) -> Change {
        Change::Rename {
            target: target(from),
            rdn: Rdn::new(AttributeName::known("cn"), to),
            delete_old_rdn: true,
            superior: None,
            assertion: None,
        }
    }

    fn add(name: &str) -> Change {
        Change::Add {
            dn: dn(name),
            attributes: vec![(AttributeName::known("sn"), Values::one("x"))],
        }
    }

    fn joins(name: &str) -> Change {
        let joins = Modification::add(AttributeName::known("member"), Values::one(name));
        Change::Modify {
            target: target("cn=g,dc=e"),
            modifications: vec![joins],
            assertion: None,
            convergence: Convergence::Converge,
        }
    }

    fn delete(name: &str) -> Change {
        Change::Delete {
            target: target(name),
            assertion: None,
        }
    }

    async fn server() -> Fake {
        Fake::start(&[], |request: &Request| match request.operation {
            RENAME | ADD | MODIFY | DELETE => done(request),
            SEARCH if !request.name().is_empty() => vec![
                Reply::Wait(SEARCHED),
                Reply::Send(result(SEARCH, 0, ""), Vec::new()),
            ],
            _ => Vec::new(),
        })
        .await
    }

    async fn one(pool: &Arc<Pool>, change: Change, seconds: u64) -> Result<Duration, Error> {
        let begun = Instant::now();
        let deadline = Deadline::after(Duration::from_secs(seconds));
        let steps = vec![Step::new(change)];
        let names = || steps.iter().flat_map(|step| names(&step.change));
        pool.follow(names, deadline).await?;
        match carry_out(Arc::clone(pool), steps, None, deadline).await {
            Ok(_) => Ok(begun.elapsed()),
            Err(failed) => Err(failed.error),
        }
    }

    #[tokio::test]
    async fn what_has_to_do_with_a_name_in_motion_waits_and_nothing_else() {
        for change in [
            add("cn=old,dc=e"),
            rename("cn=other,dc=e", "old"),
            joins("cn=old,dc=e"),
            joins("CN=New, DC=E"),
            add("cn=gone,dc=e"),
        ] {
            let server = server().await;
            let pool = pool(settings(DirectoryKind::OpenLdap, vec![server.url()]));
            one(&pool, rename("cn=old,dc=e", "new"), 20).await.unwrap();
            one(&pool, delete("cn=gone,dc=e"), 20).await.unwrap();
            let took = one(&pool, joins("cn=third,dc=e"), 20).await.unwrap();
            assert!(took < GRACE / 2, "{took:?}");
            assert!(server.seen(SEARCH).is_empty(), "it costs no search");
            let refused = one(&pool, change.clone(), 1).await.unwrap_err();
            assert!(matches!(refused, Error::Unavailable { .. }), "{refused}");
            let sent = [ADD, MODIFY, RENAME].map(|operation| server.seen(operation).len());
            assert_eq!(sent, [0, 1, 1], "nothing is sent that has not the time");
            let took = one(&pool, change.clone(), 20).await.unwrap();
            // A second and a half at most has gone by.
            assert!(took > GRACE + TIMES * SEARCHED - Duration::from_millis(1_500));
            assert_eq!(server.seen(SEARCH).len(), 1, "{change:?}");
        }
    }

    #[tokio::test]
    async fn elsewhere_nothing_waits() {
        let server = server().await;
        let pool = pool(settings(DirectoryKind::Ds389, vec![server.url()]));
        one(&pool, rename("cn=old,dc=e", "new"), 20).await.unwrap();
        let took = one(&pool, add("cn=old,dc=e"), 20).await.unwrap();
        assert!(took < GRACE / 2, "{took:?}");
    }

    #[test]
    fn each_waits_for_those_before_it() {
        let following = Following::default();
        let names = |name: &str| HashSet::from([dn(name)]);
        for number in 0..5 {
            following.note(&delete(&format!("cn={number},dc=e")));
        }
        // The name stays the same.
        following.note(&rename("cn=new,dc=e", "NEW"));
        let each = Duration::from_secs(7);
        let until = |number: u8| following.until(&names(&format!("cn={number},dc=e")), each);
        let between = until(4).unwrap() - until(1).unwrap();
        assert!(between.abs_diff(3 * each) < Duration::from_secs(1));
        assert_eq!(following.until(&names("cn=new,dc=e"), each), None);
    }
}
