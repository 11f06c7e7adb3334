//! The pool against servers that refuse, vanish and come back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::deadline::Deadline;
use super::error::Error;
use super::fake::{
    BIND, Fake, Reply, Request, SEARCH, UNBIND, found, pool, refused, settings, until,
};
use super::pool::{Pool, Purpose};
use super::references::Wanted;
use crate::ldap::{DirectoryKind, Dn, Entry, EntryName, Filter};

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

async fn read(pool: &Pool, deadline: Deadline) -> Result<Option<Entry>, Error> {
    let name = EntryName::Dn(Dn::parse("cn=a").unwrap());
    pool.read_entry(&name, &Filter::everything(), &Wanted::nothing(), deadline)
        .await
}

fn answers(request: &Request) -> Vec<Reply> {
    if request.operation == SEARCH && !request.name().is_empty() {
        found(&request.name(), &[])
    } else {
        Vec::new()
    }
}

#[tokio::test]
async fn four_connections_are_opened_and_shared() {
    let server = Fake::start(&[], answers).await;
    let mut settings = settings(DirectoryKind::OpenLdap, vec![server.url()]);
    settings.connections = 4;
    let pool = pool(settings);
    read(&pool, soon()).await.unwrap();
    until(|| pool.health().connections == 4).await;
    let health = pool.health();
    assert!(health.ready && health.problem.is_none());
    assert!(
        health
            .server
            .unwrap()
            .contains(&server.address.ip().to_string())
    );
    assert_eq!(pool.round_trips(), 1, "binds and probes are not counted");
}

#[tokio::test]
async fn the_least_busy_connection_is_taken() {
    let server = Fake::start(&[], |request: &Request| match request.operation {
        SEARCH if !request.name().is_empty() => [
            vec![Reply::Wait(Duration::from_millis(500))],
            found(&request.name(), &[]),
        ]
        .concat(),
        _ => Vec::new(),
    })
    .await;
    let mut settings = settings(DirectoryKind::OpenLdap, vec![server.url()]);
    settings.connections = 4;
    let pool = pool(settings);
    until(|| pool.health().connections == 4).await;
    let reads = (0..4).map(|_| read(&pool, soon()));
    futures_util::future::join_all(reads).await;
    let seen = server.seen(SEARCH);
    let mut connections: Vec<usize> = seen.iter().map(|one| one.connection).collect();
    connections.sort_unstable();
    assert_eq!(connections, [0, 1, 2, 3], "each had one of its own");
}

#[tokio::test]
async fn no_more_than_the_bound_are_in_flight_and_the_rest_waits_its_turn_or_is_refused_in_time() {
    let most = Arc::new(AtomicUsize::new(0));
    let server = Fake::start(&[], |_: &Request| Vec::new()).await;
    let mut settings = settings(DirectoryKind::OpenLdap, vec![server.url()]);
    settings.in_flight = 2;
    let pool = pool(settings);
    let held = [
        pool.lease(Purpose::Read, None, soon()).await.unwrap(),
        pool.lease(Purpose::Read, None, soon()).await.unwrap(),
    ];
    most.store(held[0].connection.in_flight(), Ordering::SeqCst);
    assert_eq!(most.load(Ordering::SeqCst), 2);
    let begun = Instant::now();
    let third = pool
        .lease(
            Purpose::Read,
            None,
            Deadline::after(Duration::from_millis(100)),
        )
        .await;
    assert!(matches!(third, Err(Error::Unavailable { .. })));
    assert!(begun.elapsed() < Duration::from_secs(5));
    let waiting = pool.lease(Purpose::Read, None, soon());
    let freeing = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        drop(held);
    };
    assert!(tokio::join!(waiting, freeing).0.is_ok());
}

#[tokio::test]
async fn a_refused_bind_is_not_tried_again_until_the_pause_is_over() {
    let right = Arc::new(AtomicBool::new(false));
    let password = Arc::clone(&right);
    let text =
        "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 533, v1db1";
    let server = Fake::start(&[], move |request: &Request| match request.operation {
        BIND if !password.load(Ordering::SeqCst) => refused(request, 49, text),
        _ => answers(request),
    })
    .await;
    let second = Fake::start(&[], answers).await;
    let mut settings = settings(
        DirectoryKind::ActiveDirectory,
        vec![server.url(), second.url()],
    );
    settings.connections = 4;
    settings.bind_pause = Duration::from_secs(5);
    let pool = pool(settings);
    for _ in 0..20 {
        let refused = read(&pool, soon()).await.unwrap_err();
        let Error::BindRefused { reason } = refused else {
            panic!("{refused:?}")
        };
        assert!(
            reason.contains("disabled") && reason.contains("cn=bridge"),
            "{reason}"
        );
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(server.seen(BIND).len(), 1, "one attempt, whoever asks");
    assert_eq!(
        second.connections(),
        0,
        "the account is the same on the other server"
    );
    assert!(!pool.health().ready && pool.health().problem.unwrap().contains("disabled"));
    right.store(true, Ordering::SeqCst);
    until(|| pool.health().ready).await;
    assert!(read(&pool, soon()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_server_that_is_busy_at_bind_is_asked_again_soon() {
    let binds = AtomicUsize::new(0);
    let server = Fake::start(&[], move |request: &Request| match request.operation {
        BIND if binds.fetch_add(1, Ordering::SeqCst) == 0 => refused(request, 51, ""),
        _ => answers(request),
    })
    .await;
    let pool = pool(settings(DirectoryKind::OpenLdap, vec![server.url()]));
    until(|| pool.health().ready).await;
    assert!(read(&pool, soon()).await.unwrap().is_some());
}

#[tokio::test]
async fn nobody_waits_long_for_a_server_that_is_not_there() {
    let server = Fake::start(&[], answers).await;
    let url = server.url();
    server.stop();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let pool = pool(settings(DirectoryKind::OpenLdap, vec![url.clone()]));
    let begun = Instant::now();
    let refused = read(&pool, soon()).await.unwrap_err();
    assert!(refused.to_string().contains(&url[7..]), "{refused}");
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn the_second_server_takes_over_and_the_first_gets_its_work_back() {
    let first = Fake::start(&[], answers).await;
    let second = Fake::start(&[], answers).await;
    let address = first.address.to_string();
    let mut settings = settings(DirectoryKind::OpenLdap, vec![first.url(), second.url()]);
    settings.connections = 2;
    settings.fail_back_interval = Duration::from_millis(500);
    let pool = pool(settings);
    until(|| pool.health().connections == 2).await;
    assert_eq!(
        (first.open(), second.open()),
        (2, 0),
        "all connections lead to the same server"
    );

    first.stop();
    drop(first);
    until(|| second.open() == 2 && pool.health().ready).await;
    assert!(read(&pool, soon()).await.unwrap().is_some());

    let back = Fake::start_at(&address, &[], answers).await;
    until(|| back.open() == 2 && second.open() == 0).await;
    assert!(read(&pool, soon()).await.unwrap().is_some());
    assert_eq!(back.seen(SEARCH).len(), 1);
    assert_eq!(
        second.seen(UNBIND).len(),
        2,
        "the connections left behind are closed in good order"
    );
}

#[tokio::test]
async fn connections_are_replaced_after_so_many_operations_without_a_failure() {
    let server = Fake::start(&[], answers).await;
    let mut settings = settings(DirectoryKind::OpenLdap, vec![server.url()]);
    settings.max_operations = 100;
    let pool = pool(settings);
    let begun = Instant::now();
    while server.connections() < 3 && begun.elapsed() < Duration::from_secs(60) {
        assert!(read(&pool, soon()).await.unwrap().is_some());
    }
    assert!(server.connections() >= 3);
    until(|| server.open() == 1).await;
}

#[tokio::test]
async fn connections_are_replaced_when_they_are_old_and_let_what_runs_finish() {
    let server = Fake::start(&[], |request: &Request| match request.operation {
        SEARCH if !request.name().is_empty() => [
            vec![Reply::Wait(Duration::from_secs(8))],
            found(&request.name(), &[]),
        ]
        .concat(),
        _ => Vec::new(),
    })
    .await;
    let mut settings = settings(DirectoryKind::OpenLdap, vec![server.url()]);
    settings.max_age = Duration::from_millis(1500);
    settings.operation_timeout = Duration::from_secs(20);
    let pool = pool(settings);
    assert!(read(&pool, soon()).await.unwrap().is_some());
    assert_eq!(server.seen(SEARCH).len(), 1, "it was not cut off");
    assert!(server.connections() >= 2, "it was replaced meanwhile");
}

#[tokio::test]
async fn when_the_directory_is_dropped_its_connections_close() {
    let server = Fake::start(&[], answers).await;
    let pool = pool(settings(DirectoryKind::OpenLdap, vec![server.url()]));
    read(&pool, soon()).await.unwrap();
    drop(pool);
    until(|| server.open() == 0).await;
    assert_eq!(server.seen(UNBIND).len(), 1);
}

#[tokio::test]
async fn a_read_is_answered_although_every_connection_has_died_unnoticed() {
    let server = Fake::start(&[], |request: &Request| {
        // The first four are closed as soon as they are used.
        if request.connection < 4 && !request.name().is_empty() && request.operation == SEARCH {
            vec![Reply::Close]
        } else {
            answers(request)
        }
    })
    .await;
    let mut settings = settings(DirectoryKind::OpenLdap, vec![server.url()]);
    settings.connections = 4;
    let pool = pool(settings);
    until(|| pool.health().connections == 4).await;
    assert!(read(&pool, soon()).await.unwrap().is_some());
    assert_eq!(server.seen(SEARCH).len(), 5);
}
