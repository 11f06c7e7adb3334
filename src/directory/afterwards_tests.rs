//! What follows a step: the look at what was done, and what another server's word is worth.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::apply::{Applied, ApplyError, ReadBack, Undo, carry_out};
use super::deadline::Deadline;
use super::error::Error;
use super::fake::{
    ADD, DELETE, Fake, MODIFY, Reply, Request, SEARCH, done, found, pool, refused, settings, until,
};
use super::references::Wanted;
use crate::guard::Step;
use crate::ldap::{
    AttributeName, Change, Convergence, DirectoryKind, Dn, Filter, Modification, Target, Values,
};

const CN: AttributeName = AttributeName::known("cn");

fn target() -> Target {
    Target {
        dn: Dn::parse("cn=ada,dc=e").unwrap(),
        guid: None,
    }
}

fn add() -> Step {
    let add = Change::Add {
        dn: target().dn,
        attributes: vec![(CN, Values::one("Ada"))],
    };
    let undo = Change::Delete {
        target: target(),
        assertion: None,
    };
    Step::with_undo(add, undo)
}

fn set_cn(value: &str) -> Change {
    Change::Modify {
        target: target(),
        modifications: vec![Modification::replace(CN, Values::one(value))],
        assertion: None,
        convergence: Convergence::Exact,
    }
}

async fn run(servers: &[&Fake], steps: Vec<Step>) -> Result<Applied, ApplyError> {
    let urls = servers.iter().map(|server| server.url()).collect();
    let pool = pool(settings(DirectoryKind::OpenLdap, urls));
    let read_back = Some(ReadBack {
        wanted: Wanted::attributes([CN]),
    });
    carry_out(
        pool,
        steps,
        read_back,
        Deadline::after(Duration::from_secs(20)),
    )
    .await
}

#[tokio::test]
async fn what_was_carried_out_is_read_back_from_a_server_that_restarts() {
    let looks = AtomicUsize::new(0);
    let server = Fake::start(&[], move |request: &Request| match request.operation {
        ADD => done(request),
        SEARCH if !request.name().is_empty() => match looks.fetch_add(1, Ordering::SeqCst) {
            0..5 => vec![Reply::Close],
            _ => found(&request.name(), &[("cn", &["Ada"])]),
        },
        _ => Vec::new(),
    })
    .await;
    let applied = run(&[&server], vec![add()]).await.unwrap();
    assert!(applied.entry.is_some());
    assert_eq!(server.seen(ADD).len(), 1);
}

/// The new group went to a server that died, and the next one has not heard of it: it may come yet, half made.
#[tokio::test]
async fn what_another_server_does_not_know_is_not_taken_for_undone() {
    for modified in [
        vec![Reply::Wait(Duration::from_millis(300)), Reply::Close],
        Vec::new(),
    ] {
        let dies_later = !modified.is_empty();
        let first = Fake::start(&[], move |request: &Request| match request.operation {
            ADD if dies_later => done(request),
            ADD => [done(request), vec![Reply::Close]].concat(),
            MODIFY => modified.clone(),
            _ => Vec::new(),
        })
        .await;
        let second = Fake::start(&[], |request: &Request| match request.operation {
            MODIFY | DELETE => refused(request, 32, ""),
            SEARCH if !request.name().is_empty() => refused(request, 32, ""),
            _ => Vec::new(),
        })
        .await;
        let last_words = if dies_later { MODIFY } else { ADD };
        let dies = async {
            until(|| !first.seen(last_words).is_empty()).await;
            first.stop();
        };
        let servers = [&first, &second];
        let steps = vec![add(), Step::new(set_cn("Grace"))];
        let (failed, ()) = tokio::join!(run(&servers, steps), dies);
        let failed = failed.unwrap_err();
        assert!(
            matches!(failed.error, Error::OutcomeUnknown { .. }),
            "{failed:?}"
        );
        assert!(matches!(failed.undo, Undo::Kept), "{failed:?}");
        assert!(second.seen(DELETE).is_empty());
    }
}

#[tokio::test]
async fn a_step_after_which_the_entry_does_not_match_is_taken_back() {
    let hides = Filter::equal(CN, "Ada");
    for (still_there, is_hidden) in [(true, true), (false, false)] {
        let looks = AtomicUsize::new(0);
        let server = Fake::start(&[], move |request: &Request| match request.operation {
            MODIFY => done(request),
            SEARCH if !request.name().is_empty() => {
                match (looks.fetch_add(1, Ordering::SeqCst), still_there) {
                    (1, true) => found(&request.name(), &[]),
                    _ => refused(request, 32, ""),
                }
            }
            _ => Vec::new(),
        })
        .await;
        let step = Step::with_undo(set_cn("Grace"), set_cn("Ada")).then_matches(Some(&hides));
        let steps = vec![step, Step::new(set_cn("Bo"))];
        let failed = run(&[&server], steps).await.unwrap_err();
        assert_eq!(
            matches!(failed.error, Error::Unmatched),
            is_hidden,
            "{failed:?}"
        );
        assert_eq!(failed.step, 0);
        assert!(matches!(failed.undo, Undo::Done), "{failed:?}");
        assert_eq!(server.seen(MODIFY).len(), 2, "the step, and its undo");
    }
}
