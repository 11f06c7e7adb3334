//! The traps of the client library and of networks, each sprung on purpose: what the library leaks, where it panics,
//! how connections die, hang and are given up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::connection::Connection;
use super::deadline::Deadline;
use super::error::Error;
use super::fake::{
    ABANDON, Fake, MODIFY, Reply, Request, SEARCH, UNBIND, application, done, entry, found,
    message_of, pool, result, settings, until,
};
use super::pool::{Pool, Purpose};
use super::references::Wanted;
use crate::ldap::{
    AttributeName, Change, Convergence, DirectoryKind, Dn, Entry, EntryName, Filter, Modification,
    Target, Values,
};

const CN: AttributeName = AttributeName::known("cn");

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

async fn read(pool: &Pool, dn: &str, deadline: Deadline) -> Result<Option<Entry>, Error> {
    let name = EntryName::Dn(Dn::parse(dn).unwrap());
    pool.read_entry(
        &name,
        &Filter::everything(),
        &Wanted::attributes([CN]),
        deadline,
    )
    .await
}

fn modify(dn: &str) -> Change {
    Change::Modify {
        target: Target {
            dn: Dn::parse(dn).unwrap(),
            guid: None,
        },
        modifications: vec![Modification::replace(CN, Values::one("new"))],
        assertion: None,
        convergence: Convergence::Exact,
    }
}

/// How many request numbers the client library holds: only its debug output tells.
fn numbers_held(connection: &Connection) -> usize {
    let shown = format!("{:?}", connection.handle());
    let (_, rest) = shown
        .split_once('{')
        .and_then(|_| shown.split_once("data: ("))
        .unwrap();
    let (_, rest) = rest.split_once('{').unwrap();
    let (numbers, _) = rest.split_once('}').unwrap();
    numbers
        .split(',')
        .filter(|number| !number.trim().is_empty())
        .count()
}

async fn only_connection(pool: &Pool) -> Arc<Connection> {
    Arc::clone(
        &pool
            .lease(Purpose::Read, None, soon())
            .await
            .unwrap()
            .connection,
    )
}

fn searches(
    answer: impl Fn(&Request) -> Vec<Reply> + Send + Sync + 'static,
) -> impl Fn(&Request) -> Vec<Reply> + Send + Sync + 'static {
    move |request| {
        if request.operation == SEARCH && !request.name().is_empty() {
            answer(request)
        } else {
            Vec::new()
        }
    }
}

#[tokio::test]
async fn a_thousand_searches_leave_no_request_number_behind() {
    let server = Fake::start(
        &[],
        searches(|request| found(&request.name(), &[("cn", &["a"])])),
    )
    .await;
    let pool = pool(settings(DirectoryKind::OpenLdap, vec![server.url()]));
    for _ in 0..1000 {
        assert!(read(&pool, "cn=a", soon()).await.unwrap().is_some());
    }
    let connection = only_connection(&pool).await;
    until(|| numbers_held(&connection) == 0).await;
}

#[tokio::test]
async fn a_search_whose_caller_went_away_is_abandoned_and_leaves_no_request_number_behind() {
    let server = Fake::start(
        &[],
        searches(|request| vec![Reply::Send(entry(request.name(), &[]), Vec::new())]),
    )
    .await;
    let pool = pool(settings(DirectoryKind::OpenLdap, vec![server.url()]));
    let connection = only_connection(&pool).await;
    for number in 1..=20 {
        tokio::select! {
            answer = read(&pool, "cn=a", soon()) => panic!("{answer:?}"),
            () = until(|| server.seen(SEARCH).len() == number) => {}
        }
    }
    until(|| server.seen(ABANDON).len() == 20).await;
    until(|| numbers_held(&connection) == 0).await;
    assert_eq!(server.connections(), 1, "the connection stays in use");
}

#[tokio::test]
async fn an_answer_of_the_wrong_kind_is_an_error_and_the_next_connection_works() {
    let asked = AtomicUsize::new(0);
    let server = Fake::start(
        &[],
        searches(move |request| match asked.fetch_add(1, Ordering::SeqCst) {
            0 | 1 => vec![Reply::Send(result(MODIFY, 0, ""), Vec::new())],
            _ => found(&request.name(), &[]),
        }),
    )
    .await;
    let pool = pool(settings(DirectoryKind::OpenLdap, vec![server.url()]));
    let refused = read(&pool, "cn=a", soon()).await;
    assert!(
        matches!(refused, Err(Error::Unavailable { .. })),
        "{refused:?}"
    );
    assert!(read(&pool, "cn=a", soon()).await.unwrap().is_some());
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn what_is_not_ldap_is_an_error_and_never_a_crash() {
    let nested: Vec<u8> = vec![0x30, 0];
    let garbage: Vec<Vec<u8>> = vec![
        // No message number, no operation.
        nested,
        // A number but no operation.
        vec![0x30, 3, 2, 1, 9],
        // An HTTP answer.
        b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
        // Controls that are none.
        vec![0x30, 12, 2, 1, 9, 0x65, 0, 0xa0, 5, 0x30, 3, 4, 1, 0xff],
        // A result without a code.
        vec![0x30, 5, 2, 1, 9, 0x65, 0],
    ];
    for octets in garbage {
        let sent = octets.clone();
        let server = Fake::start(
            &[],
            searches(move |_| vec![Reply::Raw(sent.clone()), Reply::Close]),
        )
        .await;
        let pool = pool(settings(DirectoryKind::OpenLdap, vec![server.url()]));
        assert!(read(&pool, "cn=a", soon()).await.is_err(), "{octets:?}");
    }
}

#[tokio::test]
async fn a_name_that_is_not_utf8_is_an_error() {
    let server = Fake::start(
        &[],
        searches(|_| vec![Reply::Send(entry([0xff, 0xfe], &[]), Vec::new())]),
    )
    .await;
    let pool = pool(settings(DirectoryKind::OpenLdap, vec![server.url()]));
    let refused = read(&pool, "cn=a", soon()).await;
    assert!(
        matches!(refused, Err(Error::Protocol { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn more_entries_than_were_asked_for_are_not_collected() {
    let server = Fake::start(
        &[],
        searches(|_| {
            (0..10)
                .map(|_| Reply::Send(entry("cn=a", &[]), Vec::new()))
                .collect()
        }),
    )
    .await;
    let pool = pool(settings(DirectoryKind::OpenLdap, vec![server.url()]));
    assert!(matches!(
        read(&pool, "cn=a", soon()).await,
        Err(Error::Protocol { .. })
    ));
}

#[tokio::test]
async fn a_malformed_result_of_a_write_is_an_unknown_outcome_and_no_crash() {
    let server = Fake::start(&[], |request: &Request| match request.operation {
        MODIFY => vec![Reply::Send(application(7, vec![]), Vec::new())],
        SEARCH if !request.name().is_empty() => found(&request.name(), &[("cn", &["new"])]),
        _ => Vec::new(),
    })
    .await;
    let pool = pool(settings(DirectoryKind::OpenLdap, vec![server.url()]));
    let steps = vec![crate::guard::Step::new(modify("cn=a"))];
    super::apply::carry_out(Arc::clone(&pool), steps, None, soon())
        .await
        .unwrap();
    assert_eq!(
        server.seen(MODIFY).len(),
        1,
        "the look showed that it had happened"
    );
}

#[tokio::test]
async fn a_connection_that_dies_with_64_searches_in_flight_fails_none_of_them() {
    let server = Fake::start(
        &[],
        searches(|request| match request.connection {
            0 => Vec::new(),
            _ => found(&request.name(), &[]),
        }),
    )
    .await;
    let mut settings = settings(DirectoryKind::OpenLdap, vec![server.url()]);
    settings.in_flight = 64;
    let pool = pool(settings);
    let connection = only_connection(&pool).await;
    let reads: Vec<_> = (0..64)
        .map(|_| {
            let pool = Arc::clone(&pool);
            tokio::spawn(async move { read(&pool, "cn=a", soon()).await })
        })
        .collect();
    until(|| server.seen(SEARCH).len() == 64).await;
    assert_eq!(connection.in_flight(), 64);
    let begun = Instant::now();
    connection.give_up();
    for answer in join_all(reads).await {
        assert!(answer.unwrap().unwrap().is_some());
    }
    assert!(
        begun.elapsed() < Duration::from_secs(4),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn a_server_that_hangs_in_silence_costs_no_more_than_the_deadline_and_loses_the_connection() {
    let server = Fake::start(&[], searches(|request| found(&request.name(), &[]))).await;
    let mut settings = settings(DirectoryKind::OpenLdap, vec![server.url()]);
    settings.operation_timeout = Duration::from_secs(2);
    settings.connect_timeout = Duration::from_secs(5);
    let pool = pool(settings);
    read(&pool, "cn=a", soon()).await.unwrap();
    let connection = only_connection(&pool).await;
    server.freeze(true);
    let begun = Instant::now();
    let refused = read(&pool, "cn=a", Deadline::after(Duration::from_millis(400))).await;
    assert!(
        matches!(refused, Err(Error::Unavailable { .. })),
        "{refused:?}"
    );
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    until(|| !connection.is_open()).await;
    until(|| !pool.health().ready).await;
    server.freeze(false);
    until(|| pool.health().ready).await;
    assert!(read(&pool, "cn=a", soon()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_read_that_is_not_answered_is_tried_once_more_however_many_connections_there_are() {
    let never = |_: &Request| vec![Reply::Wait(Duration::from_secs(10))];
    let server = Fake::start(&[], searches(never)).await;
    let mut settings = settings(DirectoryKind::OpenLdap, vec![server.url()]);
    settings.connections = 4;
    settings.operation_timeout = Duration::from_millis(200);
    let pool = pool(settings);
    until(|| pool.health().connections == 4).await;
    let refused = read(&pool, "cn=a", soon()).await;
    assert!(
        matches!(refused, Err(Error::Unavailable { .. })),
        "{refused:?}"
    );
    assert_eq!(server.seen(SEARCH).len(), 2);
}

#[tokio::test]
async fn an_idle_connection_to_a_server_that_hangs_is_found_by_a_probe() {
    let server = Fake::start(&[], |_: &Request| Vec::new()).await;
    let mut settings = settings(DirectoryKind::OpenLdap, vec![server.url()]);
    settings.probe_interval = Duration::from_millis(100);
    let pool = pool(settings);
    let connection = only_connection(&pool).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(connection.is_open(), "answered probes leave it alone");
    server.freeze(true);
    until(|| !connection.is_open()).await;
}

#[tokio::test]
async fn a_write_given_up_is_reset_so_that_nothing_of_it_arrives_later() {
    let server = Fake::start(&[], |request: &Request| match request.operation {
        SEARCH if !request.name().is_empty() => found(&request.name(), &[("cn", &["old"])]),
        _ => Vec::new(),
    })
    .await;
    let pool = pool(settings(DirectoryKind::OpenLdap, vec![server.url()]));
    only_connection(&pool).await;
    let steps = vec![crate::guard::Step::new(modify("cn=a"))];
    let outcome = super::apply::carry_out(
        Arc::clone(&pool),
        steps,
        None,
        Deadline::after(Duration::from_secs(2)),
    )
    .await;
    assert!(matches!(
        outcome.unwrap_err().error,
        Error::OutcomeUnknown { .. }
    ));
    assert_eq!(server.seen(MODIFY).len(), 1, "it is not sent again");
    until(|| server.resets() == 1).await;
    assert!(server.seen(UNBIND).is_empty());
}

#[tokio::test]
async fn a_write_goes_on_when_its_caller_goes_away() {
    let server = Fake::start(&[], |request: &Request| match request.operation {
        MODIFY => [vec![Reply::Wait(Duration::from_millis(100))], done(request)].concat(),
        _ => Vec::new(),
    })
    .await;
    let pool = pool(settings(DirectoryKind::OpenLdap, vec![server.url()]));
    let connection = only_connection(&pool).await;
    let steps = vec![
        crate::guard::Step::new(modify("cn=a")),
        crate::guard::Step::new(modify("cn=b")),
    ];
    // As `Directory::apply` does it.
    let work = tokio::spawn(super::apply::carry_out(
        Arc::clone(&pool),
        steps,
        None,
        soon(),
    ));
    let caller = tokio::spawn(async move { work.await.unwrap().is_ok() });
    until(|| connection.in_flight() == 1).await;
    caller.abort();
    until(|| server.seen(MODIFY).len() == 2).await;
    until(|| connection.in_flight() == 0 && numbers_held(&connection) == 0).await;
    assert!(connection.is_open());
}

#[tokio::test]
async fn an_ipv6_literal_is_reached() {
    let server = Fake::start_at(
        "[::1]:0",
        &[],
        searches(|request| found(&request.name(), &[])),
    )
    .await;
    assert!(server.url().starts_with("ldap://[::1]:"));
    let pool = pool(settings(DirectoryKind::OpenLdap, vec![server.url()]));
    assert!(read(&pool, "cn=a", soon()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_notice_of_disconnection_in_the_wrong_place_is_survived() {
    // Active Directory puts the name of the notice where controls belong.
    let notice = {
        let name = lber::structure::StructureTag {
            class: lber::common::TagClass::Context,
            id: 10,
            payload: lber::structure::PL::P(b"1.3.6.1.4.1.1466.20036".to_vec()),
        };
        let whole = message_of(&[0], result(23, 52, "shutting down"), Vec::new());
        let mut parts = super::ber::parts(super::ber::decode(&whole).unwrap()).unwrap();
        parts.push(name);
        super::ber::encode(super::ber::sequence(parts))
    };
    let server = Fake::start(
        &[],
        searches(move |request| match request.connection {
            0 => vec![Reply::Raw(notice.clone()), Reply::Close],
            _ => found(&request.name(), &[]),
        }),
    )
    .await;
    let pool = pool(settings(DirectoryKind::ActiveDirectory, vec![server.url()]));
    assert!(read(&pool, "cn=a", soon()).await.unwrap().is_some());
}
