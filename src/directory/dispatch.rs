//! Sending requests through the pool: what may be sent again when a connection is lost, and what may not.

use std::sync::Arc;

use ldap3::LdapResult;
use ldap3::controls::RawControl;

use super::connection::{Connection, Lease};
use super::deadline::Deadline;
use super::error::Error;
use super::meaning::{self, Meaning};
use super::pool::{Pool, Purpose};
use super::request::Write;
use super::wire::{Answer, Fault, Query};

/// What became of a write.
pub(super) enum Sent {
    /// The directory answered with success.
    Done(LdapResult),
    /// The directory answered with a refusal, or it was never sent.
    Not(Error),
    /// It may or may not have happened; the connection is gone for good.
    Unknown(String),
}

impl Pool {
    /// Runs a read. One that fails because of its connection is sent again on another; reading twice does no harm. When a
    /// server goes away, all connections to it are dead, so there are as many tries as connections and one for the next
    /// server. A server that answers late or not in LDAP would do so on all of them: it gets a second chance and no third.
    ///
    /// `query` is asked to make the request for the connection that will carry it.
    pub(super) async fn read(
        &self,
        deadline: Deadline,
        query: impl Fn(&Connection) -> Query,
    ) -> Result<(Answer, Lease), Error> {
        let mut avoid = None;
        let mut tries = 0;
        let mut had_its_chance = false;
        loop {
            tries += 1;
            let lease = self.lease(Purpose::Read, avoid.as_ref(), deadline).await?;
            let connection = Arc::clone(&lease.connection);
            let request = query(&connection);
            self.count_round_trip();
            // No single try may use up all the time that a second one would need.
            let patience = deadline.or_after(self.settings.operation_timeout);
            let fault = match connection.search(request, patience).await {
                Ok(answer) if lost_bind(&answer.result, connection.secured) && avoid.is_none() => {
                    connection.give_up();
                    avoid = Some(connection);
                    continue;
                }
                Ok(answer) => return Ok((answer, lease)),
                Err(fault) => fault,
            };
            if matches!(fault, Fault::Malformed(_)) {
                // What follows on this connection cannot be trusted.
                connection.give_up();
            }
            let hopeless = match &fault {
                Fault::NotSent(_) | Fault::Lost(_) => tries > self.settings.connections,
                Fault::Late | Fault::Malformed(_) => std::mem::replace(&mut had_its_chance, true),
            };
            if hopeless || deadline.passed() {
                self.wake.notify_one();
                return Err(fault.of_read());
            }
            avoid = Some(connection);
            self.wake.notify_one();
        }
    }

    /// Runs one more read on the connection of an earlier one.
    pub(super) async fn read_on(
        &self,
        lease: &Lease,
        query: Query,
        deadline: Deadline,
    ) -> Result<Answer, Fault> {
        self.count_round_trip();
        let patience = deadline.or_after(self.settings.operation_timeout);
        let answer = lease.connection.search(query, patience).await;
        if matches!(answer, Err(Fault::Malformed(_))) {
            // What follows on this connection cannot be trusted.
            lease.connection.give_up();
        }
        answer
    }

    /// Runs one more read that an earlier one needs, on the connection of that one: if all who hold a permit waited for a
    /// second, nobody would ever get one. Only where the connection is lost is it another, since the permit of a lost one
    /// keeps nobody waiting.
    pub(super) async fn read_beside(
        &self,
        lease: &Lease,
        deadline: Deadline,
        query: impl Fn(&Connection) -> Query,
    ) -> Result<Answer, Error> {
        match self
            .read_on(lease, query(&lease.connection), deadline)
            .await
        {
            Ok(answer) => Ok(answer),
            Err(Fault::NotSent(_) | Fault::Lost(_)) => {
                let (answer, _) = self.read(deadline, query).await?;
                Ok(answer)
            }
            Err(fault) => Err(fault.of_read()),
        }
    }

    /// Sends a write once. Only one that certainly was not sent, or was refused because the connection had lost its
    /// bind, is sent on another connection.
    pub(super) async fn write(
        &self,
        deadline: Deadline,
        write: impl Fn(&Connection) -> Result<(Write, Vec<RawControl>), Error>,
    ) -> Sent {
        let mut avoid = None;
        let mut tries = 0;
        loop {
            tries += 1;
            let lease = match self.lease(Purpose::Write, avoid.as_ref(), deadline).await {
                Ok(lease) => lease,
                Err(error) => return Sent::Not(error),
            };
            let connection = Arc::clone(&lease.connection);
            let (request, controls) = match write(&connection) {
                Ok(request) => request,
                Err(error) => return Sent::Not(error),
            };
            if deadline.passed() {
                return Sent::Not(Error::unavailable("no time was left to send the change"));
            }
            self.count_round_trip();
            let patience = deadline.or_after(self.settings.operation_timeout);
            match connection.write(request, controls, patience).await {
                Ok(result) if result.rc == 0 => return Sent::Done(result),
                Ok(result) if lost_bind(&result, connection.secured) && avoid.is_none() => {
                    connection.give_up();
                    avoid = Some(connection);
                }
                Ok(result) => {
                    return Sent::Not(
                        meaning::rejection(result.rc, &result.text, connection.secured).into(),
                    );
                }
                Err(Fault::NotSent(_)) if tries <= self.settings.connections => {
                    avoid = Some(connection);
                }
                Err(Fault::NotSent(reason)) => return Sent::Not(Error::unavailable(reason)),
                Err(fault) => {
                    let reason = fault.reason();
                    connection.give_up_and_wait().await;
                    return Sent::Unknown(reason);
                }
            }
        }
    }
}

fn lost_bind(result: &LdapResult, secured: bool) -> bool {
    result.rc == 1
        && meaning::rejection(result.rc, &result.text, secured).meaning == Meaning::BindLost
}
