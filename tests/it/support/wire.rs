//! A wire between the bridge and the directory on which a test reads along, and may change, hold or answer what passes.
//!
//! The relay ends the bridge's TLS with the lab's certificate for `localhost`, and speaks TLS to the directory.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::admin::trust;
use super::lab::{Kind, Lab};

/// What becomes of whole LDAP messages on their way.
pub(crate) trait OnTheWay: Send + Sync + 'static {
    /// A request: what the directory is sent, or else what the bridge is answered at once.
    fn request(&self, message: Vec<u8>) -> impl Future<Output = Result<Vec<u8>, Vec<u8>>> + Send;

    /// An answer: what the bridge is sent.
    fn answer(&self, message: Vec<u8>) -> Vec<u8>;
}

/// The relay; it ends with the test's runtime.
pub(crate) struct Wire {
    address: SocketAddr,
}

impl Wire {
    /// A relay in front of this directory's LDAPS port.
    pub(crate) async fn to(lab: &'static Lab, way: impl OnTheWay) -> Wire {
        // `localhost` is what the certificate names, so the relay must be on 127.0.0.1.
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("an address");
        let acceptor = TlsAcceptor::from(Arc::new(server_side()));
        let connector = TlsConnector::from(trust(lab));
        let way = Arc::new(way);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, connector) = (acceptor.clone(), connector.clone());
                tokio::spawn(serve(client, acceptor, connector, lab, Arc::clone(&way)));
            }
        });
        Wire { address }
    }

    /// What the bridge's `directory.urls` has to say.
    pub(crate) fn url(&self) -> String {
        format!("ldaps://localhost:{}", self.address.port())
    }
}

/// The certificate that names `localhost` is the one of the lab's OpenLDAP.
fn server_side() -> rustls::ServerConfig {
    let authority = PathBuf::from(Lab::of(Kind::OpenLdap).get("CA"));
    let root = authority.parent().and_then(|ca| ca.parent());
    let tls = root.expect("the lab's root").join("openldap/tls");
    let chain = CertificateDer::pem_file_iter(tls.join("server.crt"))
        .expect("the lab's certificate")
        .collect::<Result<Vec<_>, _>>()
        .expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(tls.join("server.key")).expect("the lab's key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("the key fits the certificate")
}

async fn serve(
    client: TcpStream,
    acceptor: TlsAcceptor,
    connector: TlsConnector,
    lab: &'static Lab,
    way: Arc<impl OnTheWay>,
) {
    let target = format!("{}:{}", lab.get("ADDRESS"), lab.get("TLS_PORT"));
    let name = ServerName::try_from(lab.get("ADDRESS").to_owned()).expect("an address");
    let Ok(client) = acceptor.accept(client).await else {
        return;
    };
    let server = TcpStream::connect(&target)
        .await
        .expect("the directory listens");
    let server = connector.connect(name, server).await.expect("its TLS");
    let (mut from_client, to_client) = tokio::io::split(client);
    let (mut from_server, mut to_server) = tokio::io::split(server);
    // Both directions speak to the bridge; a message is sent whole.
    let to_client = Mutex::new(to_client);
    let requests = async {
        let mut buffer = Vec::new();
        while let Some(message) = next(&mut from_client, &mut buffer).await {
            let sent = match way.request(message).await {
                Ok(message) => send(&mut to_server, &message).await,
                Err(answer) => send(&mut *to_client.lock().await, &answer).await,
            };
            if !sent {
                return;
            }
        }
    };
    let answers = async {
        let mut buffer = Vec::new();
        while let Some(message) = next(&mut from_server, &mut buffer).await {
            if !send(&mut *to_client.lock().await, &way.answer(message)).await {
                return;
            }
        }
    };
    tokio::select! {
        () = requests => {}
        () = answers => {}
    }
}

/// The next whole message; none at the end.
async fn next(from: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> Option<Vec<u8>> {
    loop {
        if let Some((_, _, length)) = element(buffer) {
            return Some(buffer.drain(..length).collect());
        }
        if !matches!(from.read_buf(buffer).await, Ok(1..)) {
            return None;
        }
    }
}

async fn send(to: &mut (impl AsyncWrite + Unpin), message: &[u8]) -> bool {
    to.write_all(message).await.is_ok() && to.flush().await.is_ok()
}

pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
pub(super) const OCTETS: u8 = 0x04;

/// The first BER element: its tag, its content and its whole length; none while it is not there whole.
pub(super) fn element(octets: &[u8]) -> Option<(u8, &[u8], usize)> {
    let (tag, short) = (*octets.first()?, usize::from(*octets.get(1)?));
    let more = if short < 0x80 { 0 } else { short & 0x7f };
    let long = octets.get(2..2 + more)?;
    let length = match more {
        0 => short,
        _ => long
            .iter()
            .fold(0, |sum, octet| sum << 8 | usize::from(*octet)),
    };
    let begin = 2 + more;
    Some((tag, octets.get(begin..begin + length)?, begin + length))
}

pub(super) fn elements(mut octets: &[u8]) -> Vec<(u8, &[u8])> {
    let mut all = Vec::new();
    while let Some((tag, content, length)) = element(octets) {
        all.push((tag, content));
        octets = &octets[length..];
    }
    assert!(octets.is_empty(), "LDAP messages are whole");
    all
}

/// The tag of the operation of a message (RFC 4511 §4.1.1).
pub(crate) fn operation(message: &[u8]) -> u8 {
    let (_, content, _) = element(message).expect("a whole message");
    elements(content)[1].0
}

pub(super) fn encode(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("a small message");
    let mut all = vec![tag, 0x84];
    all.extend(length.to_be_bytes());
    all.extend(content);
    all
}
