//! TCP sockets as this bridge wants them: no delay, kept alive, connected in time.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

use super::deadline::Deadline;
use super::settings::{Host, Server};

/// Connects to the server, trying `first` first if the server still has that address.
///
/// Names are resolved off the runtime's threads; the addresses are tried one after the other, sharing the time left.
pub(super) async fn connect(
    server: &Server,
    first: Option<SocketAddr>,
    keepalive: Duration,
    deadline: Deadline,
) -> Result<(std::net::TcpStream, SocketAddr), String> {
    let mut addresses = resolve(server, deadline).await?;
    if let Some(position) = addresses.iter().position(|address| Some(*address) == first) {
        addresses.swap(0, position);
    }
    let mut problem = String::new();
    let count = u32::try_from(addresses.len()).unwrap_or(1);
    for (tried, address) in addresses.into_iter().enumerate() {
        let left = count
            .saturating_sub(u32::try_from(tried).unwrap_or(0))
            .max(1);
        let share = deadline.or_after(deadline.remaining() / left);
        match share.bound(TcpStream::connect(address)).await {
            Some(Ok(stream)) => match prepare(stream, keepalive) {
                Ok(stream) => return Ok((stream, address)),
                Err(error) => problem = format!("{address}: {error}"),
            },
            Some(Err(error)) => problem = format!("{address}: {error}"),
            None => problem = format!("{address}: no answer in time"),
        }
    }
    Err(problem)
}

async fn resolve(server: &Server, deadline: Deadline) -> Result<Vec<SocketAddr>, String> {
    let name = match &server.host {
        Host::Address(address) => return Ok(vec![SocketAddr::new(*address, server.port)]),
        Host::Name(name) => name,
    };
    match deadline
        .bound(tokio::net::lookup_host((name.as_str(), server.port)))
        .await
    {
        None => Err(format!("the name {name} was not resolved in time")),
        Some(Err(error)) => Err(format!("the name {name} cannot be resolved: {error}")),
        Some(Ok(addresses)) => {
            let mut distinct: Vec<SocketAddr> = Vec::new();
            for address in addresses {
                if !distinct.contains(&address) {
                    distinct.push(address);
                }
            }
            if distinct.is_empty() {
                return Err(format!("the name {name} has no address"));
            }
            Ok(distinct)
        }
    }
}

fn prepare(stream: TcpStream, keepalive: Duration) -> std::io::Result<std::net::TcpStream> {
    let socket = SockRef::from(&stream);
    socket.set_tcp_nodelay(true)?;
    let probes = TcpKeepalive::new().with_time(keepalive);
    #[cfg(any(
        target_os = "linux",
        target_os = "macos",
        target_os = "freebsd",
        target_os = "windows"
    ))]
    let probes = probes.with_interval((keepalive / 3).max(Duration::from_secs(1)));
    socket.set_tcp_keepalive(&probes)?;
    stream.into_std()
}

/// Makes closing the socket throw away what was not sent yet and reset the connection, so that a request given up here
/// is not retransmitted and carried out later.
pub(super) fn forget_unsent(socket: &std::net::TcpStream) {
    if let Err(error) = SockRef::from(socket).set_linger(Some(Duration::ZERO)) {
        tracing::debug!(%error, "a directory connection could not be set to reset on close");
    }
}

/// The address as people read it, without the port that is known anyway.
pub(super) fn shown(address: SocketAddr) -> IpAddr {
    address.ip()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::settings::Security;

    fn server(host: Host, port: u16) -> Server {
        Server {
            security: Security::None,
            host,
            port,
        }
    }

    #[tokio::test]
    async fn the_socket_does_not_delay_and_is_kept_alive() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = server(Host::Address("127.0.0.1".parse().unwrap()), port);
        let deadline = Deadline::after(Duration::from_secs(5));
        let (stream, _) = connect(&server, None, Duration::from_secs(30), deadline)
            .await
            .unwrap();
        assert!(stream.nodelay().unwrap());
        assert!(SockRef::from(&stream).keepalive().unwrap());
    }

    #[tokio::test]
    async fn a_host_that_does_not_answer_costs_no_more_than_the_deadline() {
        // A listener whose backlog is full: the third connection waits for ever.
        let listener =
            socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        listener
            .bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())
            .unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap().as_socket().unwrap();
        let _held: Vec<_> = (0..2)
            .map(|_| std::net::TcpStream::connect_timeout(&address, Duration::from_millis(200)))
            .collect();
        let server = server(Host::Address(address.ip()), address.port());
        let begun = std::time::Instant::now();
        let refused = connect(
            &server,
            None,
            Duration::from_secs(30),
            Deadline::after(Duration::from_millis(200)),
        )
        .await;
        assert!(refused.is_err());
        assert!(begun.elapsed() < Duration::from_secs(20));
    }

    #[tokio::test]
    async fn a_name_that_does_not_exist_is_named() {
        let server = server(Host::Name("no-such-host.invalid".into()), 636);
        let refused = connect(
            &server,
            None,
            Duration::from_secs(30),
            Deadline::after(Duration::from_secs(5)),
        )
        .await;
        assert!(refused.unwrap_err().contains("no-such-host.invalid"));
    }
}
