//! A wire between the bridge and the directory that a test can freeze, cut and mend.
//!
//! The bridge is given `ldaps://localhost:<port>`, which both directories' certificates name. Unlike a packet filter
//! the relay needs no rights, and no other test feels it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::lab::Lab;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Bytes pass both ways.
    Open,
    /// The connection stands, but nothing passes: a frozen directory.
    Frozen,
    /// Requests arrive and are carried out, the answers are lost.
    Mute,
    /// Every connection is closed at once: no directory at all.
    Cut,
}

/// The relay; it ends with the test's runtime.
pub(crate) struct Relay {
    state: watch::Sender<State>,
    connections: Arc<AtomicUsize>,
    address: SocketAddr,
}

impl Relay {
    /// A relay in front of this directory's LDAPS port.
    pub(crate) async fn to(lab: &'static Lab) -> Relay {
        // `localhost` is what the certificates name, so the relay must be on 127.0.0.1.
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (state, watched) = watch::channel(State::Open);
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let target = format!("{}:{}", lab.get("ADDRESS"), lab.get("TLS_PORT"));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(client, target.clone(), watched.clone()));
            }
        });
        Relay {
            state,
            connections,
            address,
        }
    }

    /// What the bridge's `directory.urls` has to say.
    pub(crate) fn url(&self) -> String {
        format!("ldaps://localhost:{}", self.address.port())
    }

    pub(crate) fn open(&self) {
        let _ = self.state.send(State::Open);
    }

    pub(crate) fn freeze(&self) {
        let _ = self.state.send(State::Frozen);
    }

    pub(crate) fn mute(&self) {
        let _ = self.state.send(State::Mute);
    }

    pub(crate) fn cut(&self) {
        let _ = self.state.send(State::Cut);
    }

    /// How many connections were made so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn serve(client: TcpStream, target: String, state: watch::Receiver<State>) {
    let mut cut = state.clone();
    let work = async {
        let mut waiting = state.clone();
        // A frozen directory accepts (its kernel does) and then says nothing.
        if waiting
            .wait_for(|state| *state != State::Frozen)
            .await
            .is_err()
        {
            return;
        }
        let Ok(server) = TcpStream::connect(&target).await else {
            return;
        };
        let _ = client.set_nodelay(true);
        let _ = server.set_nodelay(true);
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::join!(
            pump(
                from_client,
                to_server,
                state.clone(),
                |state| state == State::Frozen,
                false
            ),
            pump(
                from_server,
                to_client,
                state.clone(),
                |state| state == State::Frozen,
                true
            ),
        );
    };
    tokio::select! {
        () = work => {}
        // Dropping both halves closes both sockets.
        _ = cut.wait_for(|state| *state == State::Cut) => {}
    }
}

async fn pump(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut state: watch::Receiver<State>,
    holds: fn(State) -> bool,
    answers: bool,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read) = from.read(&mut buffer).await {
        if read == 0 || state.wait_for(|now| !holds(*now)).await.is_err() {
            break;
        }
        if answers && *state.borrow() == State::Mute {
            // What was lost stays lost: when the relay speaks again, this connection has a hole in it and ends.
            let _ = state.wait_for(|now| *now != State::Mute).await;
            break;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}
