//! One request on one connection: every search and every write goes through here.

use std::time::Instant;

use futures_util::FutureExt;
use ldap3::controls::{Control, RawControl};
use ldap3::result::LdapError;
use ldap3::{LdapResult, Scope, SearchStream};

use crate::ldap::Filter;

use super::connection::Connection;
use super::deadline::Deadline;
use super::decode::{self, RawEntry};
use super::error::Error;
use super::measure;
use super::request::Write;

/// One search request.
pub(super) struct Query {
    pub(super) base: String,
    pub(super) scope: Scope,
    pub(super) filter: Filter,
    pub(super) attributes: Vec<String>,
    pub(super) controls: Vec<RawControl>,
    /// More entries than this in one answer are too many.
    pub(super) most: usize,
}

/// An entry with the controls that came with it.
pub(super) type Arrived = (RawEntry, Vec<Control>);

/// What a search request was answered.
pub(super) struct Answer {
    pub(super) entries: Vec<Arrived>,
    pub(super) result: LdapResult,
}

/// Why a request has no answer.
#[derive(Debug)]
pub(super) enum Fault {
    /// It was certainly not sent.
    NotSent(String),
    /// It may have been sent; the connection is lost.
    Lost(String),
    /// It was sent; the answer did not come in time. The connection may still be good.
    Late,
    /// The answer is no LDAP, or too large.
    Malformed(Error),
}

impl Fault {
    fn label(&self) -> &'static str {
        match self {
            Self::NotSent(_) => "not_sent",
            Self::Lost(_) => "lost",
            Self::Late => "late",
            Self::Malformed(_) => "protocol",
        }
    }

    /// As an error of a request that changes nothing.
    pub(super) fn of_read(self) -> Error {
        match self {
            Self::NotSent(reason) | Self::Lost(reason) => Error::unavailable(reason),
            Self::Late => Error::unavailable("no answer in time"),
            Self::Malformed(error) => error,
        }
    }

    pub(super) fn reason(&self) -> String {
        match self {
            Self::NotSent(reason) | Self::Lost(reason) => reason.clone(),
            Self::Late => "no answer in time".to_owned(),
            Self::Malformed(error) => error.to_string(),
        }
    }
}

fn outcome(result: &Result<u32, &Fault>) -> &'static str {
    match result {
        Ok(0) => "ok",
        Ok(32) => "absent",
        Ok(_) => "refused",
        Err(fault) => fault.label(),
    }
}

impl Connection {
    /// Runs one search request to its end. Dropping the future abandons the request.
    pub(super) async fn search(&self, query: Query, deadline: Deadline) -> Result<Answer, Fault> {
        let begun = Instant::now();
        self.count_operation();
        let answer = match deadline.bound(self.run(query)).await {
            Some(answer) => answer,
            None => {
                self.suspect();
                Err(Fault::Late)
            }
        };
        if answer.is_ok() {
            self.answered();
        }
        let seen = answer.as_ref().map(|answer| answer.result.rc);
        measure::operation("search", outcome(&seen), begun.elapsed());
        answer
    }

    async fn run(&self, query: Query) -> Result<Answer, Fault> {
        let most = query.most;
        let stream = self
            .handle()
            .with_controls(query.controls)
            .streaming_search(
                &query.base,
                query.scope,
                &query.filter.to_string(),
                query.attributes,
            )
            .await
            .map_err(|error| self.fault(&error))?;
        let mut running = Running {
            stream,
            connection: self,
            answered: false,
        };
        let mut entries = Vec::new();
        loop {
            match running.stream.next().await {
                // References to other servers are not followed, intermediate answers have no use here.
                Ok(Some(item)) if item.is_ref() || item.is_intermediate() => {}
                Ok(Some(item)) => {
                    if entries.len() >= most {
                        let reason = format!("more than {most} entries came in one answer");
                        return Err(Fault::Malformed(Error::protocol(reason)));
                    }
                    entries.push((decode::entry(item.0).map_err(Fault::Malformed)?, item.1));
                }
                Ok(None) => break,
                Err(error) => return Err(self.fault(&error)),
            }
        }
        running.answered = true;
        let result = running.stream.res.take();
        drop(running);
        let result = result
            .ok_or_else(|| Fault::Malformed(Error::protocol("a search ended without a result")))?;
        Ok(Answer { entries, result })
    }

    /// Sends one write and waits for its answer. The request goes on when the future is dropped.
    pub(super) async fn write(
        &self,
        write: Write,
        controls: Vec<RawControl>,
        deadline: Deadline,
    ) -> Result<LdapResult, Fault> {
        let begun = Instant::now();
        let operation = write.operation();
        self.count_operation();
        // In a task of its own, since the library panics on malformed answers.
        let sending = self.runtime.spawn(write.send(self.handle(), controls));
        let answer = match deadline.bound(sending).await {
            Some(Ok(Ok(result))) => Ok(result),
            Some(Ok(Err(LdapError::AddNoValues))) => Err(Fault::NotSent(
                "an attribute without values was to be added".to_owned(),
            )),
            Some(Ok(Err(error))) => Err(self.fault(&error)),
            Some(Err(_)) => Err(Fault::Malformed(Error::protocol(
                "the result of a write is malformed",
            ))),
            None => Err(Fault::Late),
        };
        if answer.is_ok() {
            self.answered();
        }
        let seen = answer.as_ref().map(|result| result.rc);
        measure::operation(operation, outcome(&seen), begun.elapsed());
        answer
    }

    fn fault(&self, error: &LdapError) -> Fault {
        let reason = self.end().unwrap_or_else(|| match error {
            LdapError::EndOfStream | LdapError::ResultRecv { .. } => {
                "the connection was lost".to_owned()
            }
            error => error.to_string(),
        });
        match error {
            LdapError::OpSend { .. } | LdapError::FilterParsing => Fault::NotSent(reason),
            _ => Fault::Lost(reason),
        }
    }
}

/// A search under way. However it ends, the client library is told to forget its number; one that is dropped before
/// its result came is abandoned (RFC 4511 §4.11), so that the server stops working on it.
struct Running<'c> {
    stream: SearchStream<'static, String, Vec<String>>,
    connection: &'c Connection,
    answered: bool,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let id = self.stream.ldap_handle().last_id();
        // Without adapters this never waits.
        let _ = self.stream.finish().now_or_never();
        if !self.answered && self.connection.is_open() {
            let mut ldap = self.connection.handle();
            let patience = Deadline::after(std::time::Duration::from_secs(1));
            self.connection
                .runtime
                .spawn(async move { patience.bound(ldap.abandon(id)).await });
        }
    }
}
