//! A domain controller that tells the members of a group in parts, as Active Directory does and Samba never does by itself.
//!
//! A relay in front of Samba: it ends the bridge's TLS with the lab's certificate for `localhost`, speaks TLS to Samba, and
//! changes two things on the way (MS-ADTS 3.1.1.3.1.3.3). A `member` with more values than [`Ranging::LIMIT`] becomes an
//! empty `member` and `member;range=0-…`; who asks for `member;range=…-*` is asked no more than that many.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::admin::trust;
use super::lab::{Kind, Lab};

/// The relay; it ends with the test's runtime.
pub(crate) struct Ranging {
    address: SocketAddr,
    parts: Arc<AtomicUsize>,
}

impl Ranging {
    /// Active Directory's MaxValRange is 1500; the rule is the same for any number.
    pub(crate) const LIMIT: usize = 40;

    /// A relay in front of this directory's LDAPS port.
    pub(crate) async fn to(lab: &'static Lab) -> Ranging {
        // `localhost` is what the certificate names, so the relay must be on 127.0.0.1.
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("an address");
        let acceptor = TlsAcceptor::from(Arc::new(server_side()));
        let connector = TlsConnector::from(trust(lab));
        let parts = Arc::new(AtomicUsize::new(0));
        let told = Arc::clone(&parts);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, connector) = (acceptor.clone(), connector.clone());
                tokio::spawn(serve(client, acceptor, connector, lab, Arc::clone(&told)));
            }
        });
        Ranging { address, parts }
    }

    /// What the bridge's `directory.urls` has to say.
    pub(crate) fn url(&self) -> String {
        format!("ldaps://localhost:{}", self.address.port())
    }

    /// How many parts of an attribute were told so far.
    pub(crate) fn parts(&self) -> usize {
        self.parts.load(Ordering::SeqCst)
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
    parts: Arc<AtomicUsize>,
) {
    let target = format!("{}:{}", lab.get("ADDRESS"), lab.get("TLS_PORT"));
    let name = ServerName::try_from(lab.get("ADDRESS").to_owned()).expect("an address");
    let Ok(client) = acceptor.accept(client).await else {
        return;
    };
    let server = TcpStream::connect(&target).await.expect("Samba listens");
    let server = connector.connect(name, server).await.expect("Samba's TLS");
    let (from_client, to_client) = tokio::io::split(client);
    let (from_server, to_server) = tokio::io::split(server);
    tokio::select! {
        () = pump(from_client, to_server, ask_for_a_part) => {}
        () = pump(from_server, to_client, |message| tell_a_part(message, &parts)) => {}
    }
}

/// Carries whole LDAP messages, each changed on the way.
async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    change: impl Fn(&[u8]) -> Vec<u8>,
) {
    let mut buffer = Vec::new();
    loop {
        while let Some((_, _, length)) = element(&buffer) {
            let message: Vec<u8> = buffer.drain(..length).collect();
            if to.write_all(&change(&message)).await.is_err() || to.flush().await.is_err() {
                return;
            }
        }
        if !matches!(from.read_buf(&mut buffer).await, Ok(1..)) {
            return;
        }
    }
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OCTETS: u8 = 0x04;
const SEARCH: u8 = 0x63;
const ENTRY: u8 = 0x64;

/// A search for `member;range=N-*` becomes one for as many values as are told at once.
fn ask_for_a_part(message: &[u8]) -> Vec<u8> {
    changed(message, SEARCH, |mut fields| {
        let attributes = fields.pop().expect("a search names attributes");
        let names = elements(attributes.1).into_iter().map(|(tag, name)| {
            let text = String::from_utf8_lossy(name);
            let range = text.strip_prefix("member;range=");
            let first = range.and_then(|range| range.strip_suffix("-*")?.parse::<usize>().ok());
            let part = |first| format!("member;range={first}-{}", first + Ranging::LIMIT - 1);
            encode(
                tag,
                &first.map_or_else(|| name.to_vec(), |first| part(first).into_bytes()),
            )
        });
        let names: Vec<u8> = names.flatten().collect();
        let mut body: Vec<u8> = fields
            .iter()
            .flat_map(|(tag, content)| encode(*tag, content))
            .collect();
        body.extend(encode(attributes.0, &names));
        body
    })
}

/// An entry with a `member` of many values becomes one with none and a first part.
fn tell_a_part(message: &[u8], parts: &AtomicUsize) -> Vec<u8> {
    changed(message, ENTRY, |fields| {
        let mut body = encode(fields[0].0, fields[0].1);
        let mut attributes = Vec::new();
        for (tag, attribute) in elements(fields[1].1) {
            let pair = elements(attribute);
            let (name, values) = (pair[0].1, elements(pair[1].1));
            let with = |name: &str, values: &[(u8, &[u8])]| {
                let values: Vec<u8> = values
                    .iter()
                    .flat_map(|(tag, value)| encode(*tag, value))
                    .collect();
                let pair = [encode(OCTETS, name.as_bytes()), encode(SET, &values)];
                encode(SEQUENCE, &pair.concat())
            };
            if name.starts_with(b"member;range=") {
                assert!(
                    values.len() <= Ranging::LIMIT,
                    "Samba tells what it is asked for"
                );
                parts.fetch_add(1, Ordering::SeqCst);
            }
            if name == b"member" && values.len() > Ranging::LIMIT {
                let range = format!("member;range=0-{}", Ranging::LIMIT - 1);
                attributes.extend(with("member", &[]));
                attributes.extend(with(&range, &values[..Ranging::LIMIT]));
                parts.fetch_add(1, Ordering::SeqCst);
            } else {
                attributes.extend(encode(tag, attribute));
            }
        }
        body.extend(encode(SEQUENCE, &attributes));
        body
    })
}

/// The message with the body of its operation changed, if it is this operation.
fn changed(
    message: &[u8],
    operation: u8,
    body: impl FnOnce(Vec<(u8, &[u8])>) -> Vec<u8>,
) -> Vec<u8> {
    let (_, content, _) = element(message).expect("a whole message");
    let mut parts = elements(content);
    if parts.get(1).is_none_or(|(tag, _)| *tag != operation) {
        return message.to_vec();
    }
    let (tag, content) = parts.remove(1);
    let body = body(elements(content));
    let mut all = encode(parts[0].0, parts[0].1);
    all.extend(encode(tag, &body));
    all.extend(
        parts[1..]
            .iter()
            .flat_map(|(tag, content)| encode(*tag, content)),
    );
    encode(SEQUENCE, &all)
}

/// The first BER element: its tag, its content and its whole length; none while it is not there whole.
fn element(octets: &[u8]) -> Option<(u8, &[u8], usize)> {
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

fn elements(mut octets: &[u8]) -> Vec<(u8, &[u8])> {
    let mut all = Vec::new();
    while let Some((tag, content, length)) = element(octets) {
        all.push((tag, content));
        octets = &octets[length..];
    }
    assert!(octets.is_empty(), "LDAP messages are whole");
    all
}

fn encode(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("a small message");
    let mut all = vec![tag, 0x84];
    all.extend(length.to_be_bytes());
    all.extend(content);
    all
}
