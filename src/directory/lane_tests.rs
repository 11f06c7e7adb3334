//! Threads that read for themselves.

use std::sync::Arc;
use std::time::Duration;

use super::connection::Lease;
use super::deadline::Deadline;
use super::fake::{Fake, Reply, Request, SEARCH, found, pool, settings, until};
use super::lane::ReadsHere;
use super::pool::{Pool, Purpose};
use super::references::Wanted;
use crate::ldap::{DirectoryKind, Dn, EntryName, Filter};

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

fn answers(request: &Request) -> Vec<Reply> {
    if request.operation == SEARCH && !request.name().is_empty() {
        found(&request.name(), &[])
    } else {
        Vec::new()
    }
}

async fn lease(pool: &Pool, purpose: Purpose) -> Lease {
    pool.lease(purpose, None, soon()).await.unwrap()
}

async fn read(pool: &Pool) {
    let name = EntryName::Dn(Dn::parse("cn=a").unwrap());
    let (everything, nothing) = (Filter::everything(), Wanted::nothing());
    let read = pool.read_entry(&name, &everything, &nothing, soon());
    assert!(read.await.unwrap().is_some());
}

fn lanes(pool: &Pool) -> usize {
    let state = pool.state();
    let open = state.connections.iter().filter(|one| one.is_open());
    open.filter(|one| one.lane.is_some()).count()
}

/// Runs the work on a thread with a runtime of its own, and waits until both have ended.
async fn on_a_thread<F: Future<Output = ()>>(work: impl FnOnce() -> F + Send + 'static) {
    let thread = move || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build().unwrap().block_on(work());
    };
    tokio::task::spawn_blocking(thread).await.unwrap();
}

async fn pool_of(connections: usize) -> (Fake, Arc<Pool>) {
    let server = Fake::start(&[], answers).await;
    let mut settings = settings(DirectoryKind::OpenLdap, vec![server.url()]);
    settings.connections = connections;
    let pool = pool(settings);
    until(|| pool.health().connections == connections).await;
    (server, pool)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_of_a_thread_take_its_own_connection_and_writes_never_do() {
    let (server, pool) = pool_of(4).await;
    let inside = Arc::clone(&pool);
    on_a_thread(|| async move {
        let _here = ReadsHere::new(&inside);
        until(|| lanes(&inside) == 1).await;
        read(&inside).await;
        for _ in 0..8 {
            let read = lease(&inside, Purpose::Read).await.connection.lane.clone();
            assert!(read.is_some_and(|lane| lane.is_here()));
            let write = lease(&inside, Purpose::Write).await;
            assert!(write.connection.lane.is_none());
        }
    })
    .await;
    assert_eq!(server.seen(SEARCH).len(), 1);
    let elsewhere = lease(&pool, Purpose::Read).await;
    assert!(elsewhere.connection.lane.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_whose_connection_is_full_reads_on_another() {
    let server = Fake::start(&[], answers).await;
    let mut settings = settings(DirectoryKind::OpenLdap, vec![server.url()]);
    (settings.connections, settings.in_flight) = (2, 1);
    let pool = pool(settings);
    until(|| pool.health().connections == 2).await;
    on_a_thread(|| async move {
        let _here = ReadsHere::new(&pool);
        until(|| lanes(&pool) == 1).await;
        let own = lease(&pool, Purpose::Read).await;
        let other = lease(&pool, Purpose::Read).await;
        assert!(own.connection.lane.is_some() && other.connection.lane.is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_thread_ends_its_connection_does_and_another_takes_its_place() {
    let (server, pool) = pool_of(2).await;
    let inside = Arc::clone(&pool);
    on_a_thread(|| async move {
        let _here = ReadsHere::new(&inside);
        until(|| lanes(&inside) == 1).await;
        assert_eq!(inside.health().connections, 2, "one made way for it");
    })
    .await;
    until(|| lanes(&pool) == 0 && pool.health().connections == 2).await;
    until(|| server.open() == 2).await;
    assert!(pool.health().problem.is_none());
    read(&pool).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_get_half_of_the_connections_at_most() {
    for (connections, most) in [(1, 0), (3, 1), (4, 2)] {
        let (_server, pool) = pool_of(connections).await;
        on_a_thread(move || async move {
            let _all = [(); 5].map(|()| ReadsHere::new(&pool));
            until(|| lanes(&pool) == most).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
            assert_eq!(lanes(&pool), most);
            assert_eq!(pool.health().connections, connections);
            read(&pool).await;
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_runtime_of_many_threads_is_no_lane() {
    let (_server, pool) = pool_of(4).await;
    let _here = ReadsHere::new(&pool);
    assert!(pool.state().lanes.is_empty());
}
