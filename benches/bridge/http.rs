//! As little HTTP/1.1 as a load generator needs: one blocking, kept-alive connection that sends prepared bytes and reads
//! an answer by its Content-Length. Generator, bridge and directory share the machine's cores, so what is saved here
//! is not taken from what is measured.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::failure::{Doing, Failure};

/// No single answer takes longer, or the run fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server: its address, and how TLS is spoken to it, if it is.
#[derive(Clone)]
pub(crate) struct Origin {
    pub(crate) address: SocketAddr,
    pub(crate) tls: Option<Arc<ClientConfig>>,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// A connection that is used for one request after the other.
pub(crate) struct Connection {
    stream: Stream,
    received: Vec<u8>,
}

/// Status and body of an answer; the body is valid until the next request.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
}

impl Connection {
    /// Connects; the TLS handshake happens with the first request.
    pub(crate) fn open(origin: &Origin) -> Result<Connection, Failure> {
        let doing = || format!("connect to {}", origin.address);
        let socket = TcpStream::connect_timeout(&origin.address, PATIENCE).doing(doing)?;
        socket.set_nodelay(true).doing(doing)?;
        socket.set_read_timeout(Some(PATIENCE)).doing(doing)?;
        socket.set_write_timeout(Some(PATIENCE)).doing(doing)?;
        let stream = match &origin.tls {
            None => Stream::Plain(socket),
            Some(config) => {
                let name = ServerName::try_from("localhost")
                    .map_err(|error| Failure::Bridge(error.to_string()))?;
                let connection = ClientConnection::new(Arc::clone(config), name)?;
                Stream::Tls(Box::new(StreamOwned::new(connection, socket)))
            }
        };
        Ok(Connection {
            stream,
            received: Vec::with_capacity(16 * 1024),
        })
    }

    /// Sends a whole request and reads the whole answer.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>, Failure> {
        self.send(request)
            .doing(|| "send a request to the bridge".to_owned())?;
        self.received.clear();
        let head = loop {
            if let Some(end) = position(&self.received, b"\r\n\r\n") {
                break end + 4;
            }
            self.receive()?;
        };
        let (status, length) = parse_head(self.received.get(..head).unwrap_or_default())?;
        while self.received.len() < head + length {
            self.receive()?;
        }
        if self.received.len() != head + length {
            return Err(Failure::WrongAnswer(
                "more bytes came than the answer is long".to_owned(),
            ));
        }
        Ok(Answer {
            status,
            body: self.received.get(head..).unwrap_or_default(),
        })
    }

    fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match &mut self.stream {
            Stream::Plain(stream) => stream.write_all(bytes),
            Stream::Tls(stream) => {
                stream.write_all(bytes)?;
                stream.flush()
            }
        }
    }

    fn receive(&mut self) -> Result<(), Failure> {
        let mut chunk = [0_u8; 16 * 1024];
        let count = match &mut self.stream {
            Stream::Plain(stream) => stream.read(&mut chunk),
            Stream::Tls(stream) => stream.read(&mut chunk),
        };
        let count = count.doing(|| "read the bridge's answer".to_owned())?;
        if count == 0 {
            return Err(Failure::Bridge(
                "it closed the connection in the middle of a request".to_owned(),
            ));
        }
        self.received
            .extend_from_slice(chunk.get(..count).unwrap_or_default());
        Ok(())
    }
}

/// The first place where `needle` stands in `text`.
pub(crate) fn position(text: &[u8], needle: &[u8]) -> Option<usize> {
    text.windows(needle.len())
        .position(|window| window == needle)
}

/// Status code and body length out of a response head.
fn parse_head(head: &[u8]) -> Result<(u16, usize), Failure> {
    let head = std::str::from_utf8(head)
        .map_err(|_| Failure::WrongAnswer("a response head that is no text".to_owned()))?;
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| Failure::WrongAnswer(format!("no status in `{head}`")))?;
    let length = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map(|(_, value)| value.trim().parse());
    match length {
        Some(Ok(length)) => Ok((status, length)),
        None if status == 204 => Ok((status, 0)),
        _ => Err(Failure::WrongAnswer(format!(
            "no Content-Length in `{head}`"
        ))),
    }
}
