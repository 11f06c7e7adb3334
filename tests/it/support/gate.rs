//! A gate between the bridge and the directory at which a test holds back a write, so that others come first, or which
//! answers it in the directory's place.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

use super::lab::Lab;
use super::wire::{OCTETS, OnTheWay, SEQUENCE, Wire, element, elements, encode};

/// The writes of LDAP, by their tags (RFC 4511 §4.6 ff.).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Write {
    Modify = 0x66,
    Add = 0x68,
    Delete = 0x4a,
    Rename = 0x6c,
}

/// The relay; it ends with the test's runtime.
pub(crate) struct Gate {
    wire: Wire,
    watched: Arc<Mutex<Option<Write>>>,
    arrivals: mpsc::UnboundedReceiver<Arrival>,
}

/// A write that waits at the gate.
pub(crate) struct Arrival {
    verdict: oneshot::Sender<Verdict>,
}

enum Verdict {
    Pass,
    Refuse,
}

struct Keeper {
    watched: Arc<Mutex<Option<Write>>>,
    arrivals: mpsc::UnboundedSender<Arrival>,
}

impl Gate {
    /// A gate in front of this directory's LDAPS port; it is open.
    pub(crate) async fn to(lab: &'static Lab) -> Gate {
        let watched = Arc::new(Mutex::new(None));
        let (sender, arrivals) = mpsc::unbounded_channel();
        let keeper = Keeper {
            watched: Arc::clone(&watched),
            arrivals: sender,
        };
        Gate {
            wire: Wire::to(lab, keeper).await,
            watched,
            arrivals,
        }
    }

    /// What the bridge's `directory.urls` has to say.
    pub(crate) fn url(&self) -> String {
        self.wire.url()
    }

    /// The next write of this kind will wait. Those after it pass, unless they are watched for again.
    pub(crate) fn watch(&self, write: Write) {
        *self.watched.lock().unwrap_or_else(PoisonError::into_inner) = Some(write);
    }

    /// Waits for the write that is watched for.
    pub(crate) async fn arrival(&mut self) -> Arrival {
        self.arrivals.recv().await.expect("the relay lives")
    }
}

impl Arrival {
    /// On to the directory.
    pub(crate) fn pass(self) {
        let _ = self.verdict.send(Verdict::Pass);
    }

    /// The directory never hears of it; the bridge is told that it breaks a constraint (RFC 4511: 19).
    pub(crate) fn refuse(self) {
        let _ = self.verdict.send(Verdict::Refuse);
    }
}

impl OnTheWay for Keeper {
    async fn request(&self, message: Vec<u8>) -> Result<Vec<u8>, Vec<u8>> {
        let (_, content, _) = element(&message).expect("a whole message");
        let parts = elements(content);
        let (number, operation) = (parts[0], parts[1].0);
        {
            let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
            if watched.is_none_or(|write| write as u8 != operation) {
                return Ok(message);
            }
            *watched = None;
        }
        let answer = refusal(number, operation);
        let (verdict, decided) = oneshot::channel();
        let _ = self.arrivals.send(Arrival { verdict });
        match decided.await {
            // A test that does not care any more lets it pass.
            Ok(Verdict::Pass) | Err(_) => Ok(message),
            Ok(Verdict::Refuse) => Err(answer),
        }
    }

    fn answer(&self, message: Vec<u8>) -> Vec<u8> {
        message
    }
}

/// The answer to a write: its number, and the result `constraintViolation`.
fn refusal(number: (u8, &[u8]), operation: u8) -> Vec<u8> {
    const ENUMERATED: u8 = 0x0a;
    const RESPONSE: u8 = 0x60;
    let response = RESPONSE | ((operation & 0x1f) + 1);
    let result = [
        encode(ENUMERATED, &[19]),
        encode(OCTETS, b""),
        encode(OCTETS, b"the test says no"),
    ];
    let parts = [
        encode(number.0, number.1),
        encode(response, &result.concat()),
    ];
    encode(SEQUENCE, &parts.concat())
}
