//! One round: a bounded burst of requests from a number of workers, through the bridge or straight to the directory, with everything
//! counted between its first and its last request.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::bridge::Bridge;
use crate::failure::Failure;
use crate::http::{Connection, position};
use crate::processor::ProcessorTime;
use crate::raw::{self, Directory, Operation};

/// How far a round goes: whichever of count and time ends first.
#[derive(Clone, Copy)]
pub(crate) struct Limit {
    /// Index of the first request; the others follow without a gap.
    pub(crate) first: usize,
    pub(crate) count: usize,
    pub(crate) time: Duration,
    /// Requests under way at the same time.
    pub(crate) concurrency: usize,
}

/// A SCIM request and what its answer must be.
pub(crate) struct Request {
    pub(crate) bytes: Vec<u8>,
    pub(crate) statuses: &'static [u16],
    /// Must stand in the body; not asked of an answer that has none (204).
    pub(crate) holds: String,
}

/// What a round cost.
#[derive(Clone)]
pub(crate) struct Round {
    pub(crate) elapsed: Duration,
    /// One for each request; sorted.
    pub(crate) latencies: Vec<Duration>,
    /// Of the bridge's process; for raw LDAP of this one, which is the client.
    pub(crate) client_processor: Duration,
    pub(crate) directory_processor: Duration,
    /// As the bridge counted them; for raw LDAP the number of requests.
    pub(crate) directory_operations: u64,
}

impl Round {
    pub(crate) fn requests(&self) -> usize {
        self.latencies.len()
    }

    pub(crate) fn per_second(&self) -> f64 {
        count(self.requests()) / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }
}

/// For arithmetic with durations; counts here are far below 2^53.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn count(number: usize) -> f64 {
    number as f64
}

/// Gives every worker its next request until the limit is reached. The clock is asked before an index is taken, so the indices
/// carried out have no gap.
struct Queue {
    next: AtomicUsize,
    limit: Limit,
}

impl Queue {
    fn new(limit: Limit) -> Queue {
        Queue {
            next: AtomicUsize::new(0),
            limit,
        }
    }

    fn take(&self, begun: Instant) -> Option<usize> {
        if begun.elapsed() >= self.limit.time {
            return None;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        (number < self.limit.count).then_some(self.limit.first + number)
    }
}

/// A round through the bridge: one thread and one kept-alive connection for each worker.
pub(crate) fn through_bridge(
    bridge: &Bridge,
    slapd: u32,
    limit: Limit,
    request: &(dyn Fn(&Bridge, usize) -> Request + Send + Sync),
) -> Result<Round, Failure> {
    // Connected, encrypted and answered once before the clock runs: none of that is what is measured here.
    let hello = bridge.request("GET", "/ServiceProviderConfig", "");
    let mut connections = Vec::new();
    for _ in 0..limit.concurrency {
        let mut connection = Connection::open(&bridge.origin)?;
        let status = connection.exchange(&hello)?.status;
        if status != 200 {
            return Err(Failure::WrongAnswer(format!(
                "{status} for /ServiceProviderConfig"
            )));
        }
        connections.push(connection);
    }
    let queue = Queue::new(limit);
    let barrier = Barrier::new(limit.concurrency + 1);
    let operations = bridge.directory_operations()?;
    let directory = ProcessorTime::of(slapd)?;
    let own = ProcessorTime::of(bridge.pid)?;
    let (elapsed, latencies) = std::thread::scope(|scope| {
        let workers: Vec<_> = connections
            .iter_mut()
            .map(|connection| {
                scope.spawn(|| work_through_bridge(bridge, connection, &queue, &barrier, request))
            })
            .collect();
        barrier.wait();
        let begun = Instant::now();
        let mut latencies = Vec::new();
        for worker in workers {
            latencies.extend(
                worker
                    .join()
                    .map_err(|_| Failure::Bridge("a worker panicked".to_owned()))??,
            );
        }
        Ok::<_, Failure>((begun.elapsed(), latencies))
    })?;
    let client_processor = ProcessorTime::of(bridge.pid)?.since(&own);
    let directory_processor = ProcessorTime::of(slapd)?.since(&directory);
    let directory_operations = bridge.directory_operations()? - operations;
    finished(Round {
        elapsed,
        latencies,
        client_processor,
        directory_processor,
        directory_operations,
    })
}

fn work_through_bridge(
    bridge: &Bridge,
    connection: &mut Connection,
    queue: &Queue,
    barrier: &Barrier,
    request: &(dyn Fn(&Bridge, usize) -> Request + Send + Sync),
) -> Result<Vec<Duration>, Failure> {
    let mut latencies = Vec::with_capacity(4096);
    barrier.wait();
    let begun = Instant::now();
    while let Some(index) = queue.take(begun) {
        let request = request(bridge, index);
        let sent = Instant::now();
        let answer = connection.exchange(&request.bytes)?;
        latencies.push(sent.elapsed());
        let right = request.statuses.contains(&answer.status)
            && (answer.status == 204 || position(answer.body, request.holds.as_bytes()).is_some());
        if !right {
            let sent = String::from_utf8_lossy(&request.bytes);
            let sent = sent
                .lines()
                .filter(|line| !line.starts_with("Authorization"))
                .collect::<Vec<_>>()
                .join("\n");
            let body = String::from_utf8_lossy(answer.body);
            return Err(Failure::WrongAnswer(format!(
                "{} (expected: one of {:?} that holds `{}`)\n--- sent\n{sent}\n--- came\n{body}",
                answer.status, request.statuses, request.holds
            )));
        }
    }
    Ok(latencies)
}

/// A round of raw LDAP: one task for each worker, spread over the connections.
pub(crate) fn raw_ldap(
    runtime: &Runtime,
    directory: &Directory,
    slapd: u32,
    limit: Limit,
    operation: &Arc<dyn Fn(usize) -> Operation + Send + Sync>,
) -> Result<Round, Failure> {
    let queue = Arc::new(Queue::new(limit));
    let barrier = Arc::new(tokio::sync::Barrier::new(limit.concurrency + 1));
    let before = ProcessorTime::of(slapd)?;
    let own = ProcessorTime::of(std::process::id())?;
    let (elapsed, latencies) = runtime.block_on(async {
        let mut workers = JoinSet::new();
        for worker in 0..limit.concurrency {
            let mut ldap = directory.handle(worker)?;
            let (queue, barrier, operation) = (
                Arc::clone(&queue),
                Arc::clone(&barrier),
                Arc::clone(operation),
            );
            workers.spawn(async move {
                let mut latencies = Vec::with_capacity(4096);
                barrier.wait().await;
                let begun = Instant::now();
                while let Some(index) = queue.take(begun) {
                    let operation = operation(index);
                    let sent = Instant::now();
                    raw::perform(&mut ldap, operation).await?;
                    latencies.push(sent.elapsed());
                }
                Ok::<_, Failure>(latencies)
            });
        }
        barrier.wait().await;
        let begun = Instant::now();
        let mut latencies = Vec::new();
        while let Some(worker) = workers.join_next().await {
            latencies
                .extend(worker.map_err(|_| Failure::Directory("a worker panicked".to_owned()))??);
        }
        Ok::<_, Failure>((begun.elapsed(), latencies))
    })?;
    let client_processor = ProcessorTime::of(std::process::id())?.since(&own);
    let directory_processor = ProcessorTime::of(slapd)?.since(&before);
    let directory_operations = u64::try_from(latencies.len()).unwrap_or(u64::MAX);
    finished(Round {
        elapsed,
        latencies,
        client_processor,
        directory_processor,
        directory_operations,
    })
}

fn finished(mut round: Round) -> Result<Round, Failure> {
    if round.latencies.is_empty() {
        return Err(Failure::WrongAnswer(
            "a round without a single answer".to_owned(),
        ));
    }
    round.latencies.sort_unstable();
    Ok(round)
}
