//! A directory server for tests that does what it is told: answers, lies, hangs and dies.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lber::common::TagClass;
use lber::structure::{PL, StructureTag};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::ber;
use super::pool::Pool;
use super::settings::{Bind, Settings, Trust};
use crate::ldap::DirectoryKind;

/// Protocol operations by their application tag (RFC 4511 §4.2 ff.).
pub(super) const BIND: u64 = 0;
pub(super) const UNBIND: u64 = 2;
pub(super) const SEARCH: u64 = 3;
pub(super) const MODIFY: u64 = 6;
pub(super) const ADD: u64 = 8;
pub(super) const DELETE: u64 = 10;
pub(super) const RENAME: u64 = 12;
pub(super) const ABANDON: u64 = 16;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) id: Vec<u8>,
    pub(super) operation: u64,
    pub(super) body: StructureTag,
    pub(super) controls: HashMap<String, Vec<u8>>,
    /// Which connection it came on, from 0.
    pub(super) connection: usize,
}

impl Request {
    /// The first string: base or target.
    pub(super) fn name(&self) -> String {
        match &self.body.payload {
            PL::P(content) => String::from_utf8_lossy(content).into_owned(),
            PL::C(parts) => parts
                .first()
                .cloned()
                .and_then(ber::text)
                .unwrap_or_default(),
        }
    }

    /// The attributes a search asks for.
    pub(super) fn attributes(&self) -> Vec<String> {
        let parts = ber::parts(self.body.clone()).unwrap_or_default();
        let list = parts
            .get(7)
            .cloned()
            .and_then(ber::parts)
            .unwrap_or_default();
        list.into_iter().filter_map(ber::text).collect()
    }

    pub(super) fn has(&self, control: &str) -> bool {
        self.controls.contains_key(control)
    }
}

/// What the server does upon a request, in order.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    /// Sends this protocol operation with these controls, under the request's number.
    Send(StructureTag, Vec<(&'static str, Vec<u8>)>),
    /// Sends these octets as they are.
    Raw(Vec<u8>),
    /// Waits.
    Wait(Duration),
    /// Closes the connection.
    Close,
}

pub(super) fn application(id: u64, parts: Vec<StructureTag>) -> StructureTag {
    StructureTag {
        class: TagClass::Application,
        id,
        payload: PL::C(parts),
    }
}

/// A result of the operation: RFC 4511 §4.1.9.
pub(super) fn result(operation: u64, code: u8, text: &str) -> StructureTag {
    let code = StructureTag {
        class: TagClass::Universal,
        id: 10,
        payload: PL::P(vec![code]),
    };
    let response = if operation == SEARCH {
        5
    } else {
        operation + 1
    };
    application(response, vec![code, ber::octets(""), ber::octets(text)])
}

pub(super) fn done(request: &Request) -> Vec<Reply> {
    refused(request, 0, "")
}

pub(super) fn refused(request: &Request, code: u8, text: &str) -> Vec<Reply> {
    vec![Reply::Send(
        result(request.operation, code, text),
        Vec::new(),
    )]
}

pub(super) fn entry(dn: impl Into<Vec<u8>>, attributes: &[(&str, &[&str])]) -> StructureTag {
    let list = attributes
        .iter()
        .map(|(name, values)| {
            let values = ber::sequence(values.iter().map(|value| ber::octets(*value)).collect());
            ber::sequence(vec![ber::octets(*name), values])
        })
        .collect();
    application(4, vec![ber::octets(dn), ber::sequence(list)])
}

/// One entry and success.
pub(super) fn found(dn: &str, attributes: &[(&str, &[&str])]) -> Vec<Reply> {
    vec![
        Reply::Send(entry(dn, attributes), Vec::new()),
        Reply::Send(result(SEARCH, 0, ""), Vec::new()),
    ]
}

type Script = dyn Fn(&Request) -> Vec<Reply> + Send + Sync;

/// The server. Binds and requests for the rootDSE are answered unless the script wants to.
pub(super) struct Fake {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
    accepting: tokio::task::JoinHandle<()>,
}

struct Shared {
    script: Box<Script>,
    controls: Vec<&'static str>,
    seen: Mutex<Vec<Request>>,
    connections: AtomicUsize,
    open: AtomicUsize,
    resets: AtomicUsize,
    /// Nothing is read or answered.
    frozen: AtomicBool,
    stopped: AtomicBool,
}

impl Fake {
    /// On an address of its own: when it has stopped, no other test is given its port.
    pub(super) async fn start(
        controls: &[&'static str],
        script: impl Fn(&Request) -> Vec<Reply> + Send + Sync + 'static,
    ) -> Self {
        let [.., b, c, d] = uuid::Uuid::new_v4().into_bytes();
        let address = format!("127.{}.{c}.{}:0", 1 + b % 99, 1 + d % 250);
        Self::start_at(&address, controls, script).await
    }

    pub(super) async fn start_at(
        address: &str,
        controls: &[&'static str],
        script: impl Fn(&Request) -> Vec<Reply> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            script: Box::new(script),
            controls: controls.to_vec(),
            seen: Mutex::default(),
            connections: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            resets: AtomicUsize::new(0),
            frozen: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
        });
        let accepting = tokio::spawn({
            let shared = Arc::clone(&shared);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let number = shared.connections.fetch_add(1, Ordering::SeqCst);
                    tokio::spawn(serve(stream, number, Arc::clone(&shared)));
                }
            }
        });
        Self {
            address,
            shared,
            accepting,
        }
    }

    pub(super) fn url(&self) -> String {
        format!("ldap://{}", self.address)
    }

    /// Everything of this kind that was asked, the rootDSE left out.
    pub(super) fn seen(&self, operation: u64) -> Vec<Request> {
        let all = self.shared.seen.lock().unwrap();
        all.iter()
            .filter(|one| {
                one.operation == operation && !(operation == SEARCH && one.name().is_empty())
            })
            .cloned()
            .collect()
    }

    pub(super) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    pub(super) fn open(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
    }

    /// Connections that the client reset instead of closing them.
    pub(super) fn resets(&self) -> usize {
        self.shared.resets.load(Ordering::SeqCst)
    }

    pub(super) fn freeze(&self, frozen: bool) {
        self.shared.frozen.store(frozen, Ordering::SeqCst);
    }

    /// Closes every connection and refuses new ones.
    pub(super) fn stop(&self) {
        self.accepting.abort();
        self.shared.stopped.store(true, Ordering::SeqCst);
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn serve(mut stream: TcpStream, number: usize, shared: Arc<Shared>) {
    stream.set_nodelay(true).unwrap();
    shared.open.fetch_add(1, Ordering::SeqCst);
    let mut buffer = Vec::new();
    let mut chunk = vec![0; 65536];
    'connection: loop {
        let read = loop {
            if shared.stopped.load(Ordering::SeqCst) {
                break 'connection;
            }
            if shared.frozen.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(5)).await;
                continue;
            }
            if let Ok(read) =
                tokio::time::timeout(Duration::from_millis(20), stream.read(&mut chunk)).await
            {
                break read;
            }
        };
        match read {
            Ok(0) => break,
            Ok(count) => buffer.extend_from_slice(&chunk[..count]),
            Err(_) => {
                shared.resets.fetch_add(1, Ordering::SeqCst);
                break;
            }
        }
        while shared.frozen.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        while let Some((message, length)) = first_message(&buffer) {
            buffer.drain(..length);
            let request = read_request(message, number);
            let replies = answer(&shared, &request);
            shared.seen.lock().unwrap().push(request.clone());
            for reply in replies {
                let octets = match reply {
                    Reply::Send(operation, controls) => {
                        message_of(&request.id, operation, controls)
                    }
                    Reply::Raw(octets) => octets,
                    Reply::Wait(time) => {
                        tokio::time::sleep(time).await;
                        continue;
                    }
                    Reply::Close => break 'connection,
                };
                if stream.write_all(&octets).await.is_err() {
                    break 'connection;
                }
            }
        }
    }
    shared.open.fetch_sub(1, Ordering::SeqCst);
}

fn answer(shared: &Shared, request: &Request) -> Vec<Reply> {
    let scripted = (shared.script)(request);
    if !scripted.is_empty() {
        return scripted;
    }
    match request.operation {
        BIND => done(request),
        SEARCH if request.name().is_empty() => found(
            "",
            &[
                ("supportedControl", &shared.controls),
                ("defaultNamingContext", &["dc=e"]),
                ("supportedLDAPVersion", &["3"]),
            ],
        ),
        _ => Vec::new(),
    }
}

/// The first whole message and its length.
fn first_message(buffer: &[u8]) -> Option<(StructureTag, usize)> {
    let first = usize::from(*buffer.get(1)?);
    let (head, content) = if first < 0x80 {
        (2, first)
    } else {
        let digits = buffer.get(2..2 + (first & 0x7f))?;
        (
            2 + digits.len(),
            digits
                .iter()
                .fold(0, |sum, digit| sum * 256 + usize::from(*digit)),
        )
    };
    let whole = buffer.get(..head + content)?;
    Some((ber::decode(whole).unwrap(), head + content))
}

fn read_request(message: StructureTag, connection: usize) -> Request {
    let mut parts = ber::parts(message).unwrap().into_iter();
    let id = ber::content(parts.next().unwrap()).unwrap();
    let body = parts.next().unwrap();
    let list = parts.next().and_then(ber::parts).unwrap_or_default();
    let controls = list
        .into_iter()
        .map(|control| {
            let mut fields = ber::parts(control).unwrap();
            let value = if fields.len() > 1 && fields.last().unwrap().id == 4 {
                ber::content(fields.pop().unwrap())
            } else {
                None
            };
            (
                ber::text(fields.remove(0)).unwrap(),
                value.unwrap_or_default(),
            )
        })
        .collect();
    Request {
        id,
        operation: body.id,
        body,
        controls,
        connection,
    }
}

pub(super) fn message_of(
    id: &[u8],
    operation: StructureTag,
    controls: Vec<(&'static str, Vec<u8>)>,
) -> Vec<u8> {
    let number = StructureTag {
        class: TagClass::Universal,
        id: 2,
        payload: PL::P(id.to_vec()),
    };
    let mut parts = vec![number, operation];
    if !controls.is_empty() {
        let list = controls
            .into_iter()
            .map(|(oid, value)| ber::sequence(vec![ber::octets(oid), ber::octets(value)]))
            .collect();
        parts.push(StructureTag {
            class: TagClass::Context,
            id: 0,
            payload: PL::C(list),
        });
    }
    ber::encode(ber::sequence(parts))
}

/// Settings for such servers: quick, but not too quick for a machine with much to do.
pub(super) fn settings(kind: DirectoryKind, urls: Vec<String>) -> Settings {
    let bind = Bind {
        dn: "cn=bridge".into(),
        password: "secret".to_owned().into(),
    };
    // Not used by clear connections, but read.
    let trust = Trust::Authorities(super::tls::tests::AUTHORITY.as_bytes().to_vec());
    let mut settings = Settings::new(kind, urls, bind, trust);
    settings.allow_clear_text = true;
    settings.connections = 1;
    settings.operation_timeout = Duration::from_secs(5);
    settings.connect_timeout = Duration::from_secs(20);
    settings
}

/// A pool with its maintenance.
pub(super) fn pool(settings: Settings) -> Arc<Pool> {
    let pool = Arc::new(Pool::new(settings, tokio::runtime::Handle::current()).unwrap());
    tokio::spawn(super::maintain::maintain(Arc::downgrade(&pool)));
    pool
}

/// Waits until something is so, at most twenty seconds.
pub(super) async fn until(mut so: impl FnMut() -> bool) {
    for _ in 0..2000 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came to that");
}
