//! The front door on the wire, in front of a directory that never answers: what a client sees before any directory does,
//! and what it sees of an outage.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use scimbridge::directory::Directory;
use scimbridge::http::{Server, StartError, TokenHash};
use scimbridge::provisioning::Service;

use crate::support::bridge::free_address;

const TOKEN: &str = "front-door-token";

/// A bridge in this process. Its directory accepts connections and says nothing.
struct Bridge {
    address: SocketAddr,
    admin: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), StartError>>>,
    _directory: TcpListener,
}

impl Bridge {
    fn start(server: &str) -> Bridge {
        let directory = TcpListener::bind("127.0.0.1:0").unwrap();
        let text = format!(
            "[server]\nlisten = \"{}\"\nadmin_listen = \"127.0.0.1:0\"\nworkers = 1\n{server}\n\
             [directory]\nmapping = \"openldap\"\nurls = [\"ldap://{}\"]\nbind_dn = \"cn=bridge,dc=example\"\nbind_password = \"x\"\n\
             [resources.User]\nbase = \"ou=people,dc=example\"\n[resources.Group]\nbase = \"ou=groups,dc=example\"\n\
             [[clients]]\nname = \"test\"\ntokens = [\"{}\"]\n\
             [[clients]]\nname = \"strict\"\nprofile = \"strict\"\ntokens = [\"{}\"]\n",
            free_address(),
            directory.local_addr().unwrap(),
            TokenHash::of(TOKEN),
            TokenHash::of("strict-token"),
        );
        let config = scimbridge::config::load(Path::new("front-door.toml"), &text, [])
            .unwrap_or_else(|refused| panic!("{refused}"));
        let (started, addresses) = mpsc::channel();
        let (stop, stopping) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            let directory =
                Directory::new(config.directory_settings(), runtime.handle().clone()).unwrap();
            let service = Service::new(
                config.mapping.clone(),
                directory,
                config.provisioning_settings(),
            )
            .unwrap();
            let (_sender, service) = tokio::sync::watch::channel(service);
            let settings = config.http_settings(
                runtime.handle().clone(),
                Arc::new(|| "some_metric 1\n".to_owned()),
            );
            runtime.block_on(async move {
                let server = Server::bind(settings, service)?;
                started
                    .send((server.address(), server.admin_address()))
                    .unwrap();
                server.run(async { stopping.await.unwrap_or(()) }).await
            })
        });
        let (address, admin) = addresses.recv().unwrap();
        Bridge {
            address,
            admin,
            stop: Some(stop),
            thread: Some(thread),
            _directory: directory,
        }
    }

    /// `GET path` with the test client's token.
    fn get(&self, path: &str) -> Answer {
        self.send(
            "GET",
            path,
            &format!("Authorization: Bearer {TOKEN}\r\n"),
            "",
        )
    }

    fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let length = if body.is_empty() {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: bridge.example:8443\r\nConnection: close\r\n{headers}{length}\r\n"
        );
        Answer::read(self.address, &(head + body))
    }

    /// A connection whose request waits for the directory: it is under way, since no other is taken. Of a bridge that may
    /// have one under way.
    fn asks_the_directory(&self) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(
            stream,
            "GET /scim/v2/Users HTTP/1.1\r\nHost: b\r\nAuthorization: {TOKEN}\r\n\r\n"
        )
        .unwrap();
        let began = Instant::now();
        while !self.get("/scim/v2/Schemas").is_one_too_many() {
            assert!(began.elapsed() < Duration::from_secs(20), "never busy");
            std::thread::sleep(Duration::from_millis(20));
        }
        stream
    }

    fn post(&self, headers: &str, body: &str) -> Answer {
        self.send(
            "POST",
            "/scim/v2/Users",
            &format!("Authorization: Bearer {TOKEN}\r\n{headers}"),
            body,
        )
    }

    /// Stops it, and says how long that took.
    fn stop(&mut self) -> Duration {
        let began = Instant::now();
        drop(self.stop.take());
        self.thread.take().unwrap().join().unwrap().unwrap();
        began.elapsed()
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Answer {
    status: u16,
    headers: String,
    body: String,
}

impl Answer {
    fn read(address: SocketAddr, request: &str) -> Answer {
        let mut stream = TcpStream::connect(address).unwrap();
        // A server may answer and close before it has read everything.
        let _ = stream.write_all(request.as_bytes());
        Answer::of(stream)
    }

    /// What comes on this connection until it is closed.
    fn of(mut stream: TcpStream) -> Answer {
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        let mut text = Vec::new();
        let _ = stream.read_to_end(&mut text);
        let text = String::from_utf8_lossy(&text).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let (first, headers) = head.split_once("\r\n").unwrap_or((head, ""));
        let status = first
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .unwrap_or_else(|| panic!("no answer: {text:?}"));
        Answer {
            status,
            headers: headers.to_lowercase(),
            body: body.to_owned(),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// Whether the bridge had as much to do as it may.
    fn is_one_too_many(&self) -> bool {
        self.status == 503 && self.body.contains("as many requests as it may")
    }

    /// The body, which must be a SCIM error of this answer's status.
    fn error(&self) -> serde_json::Value {
        let body: serde_json::Value =
            serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {:?}", self.body));
        assert_eq!(
            body["schemas"][0],
            "urn:ietf:params:scim:api:messages:2.0:Error"
        );
        assert_eq!(body["status"], self.status.to_string());
        assert_eq!(self.header("content-type"), Some("application/scim+json"));
        body
    }
}

#[test]
fn discovery_needs_no_directory_and_the_base_url_answers_a_probe() {
    let bridge = Bridge::start("");
    for path in [
        "",
        "/",
        "/ServiceProviderConfig",
        "/ServiceProviderConfig/",
        "/Schemas",
        "/ResourceTypes",
        "/ResourceTypes/User",
    ] {
        let answer = bridge.get(&format!("/scim/v2{path}"));
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("application/scim+json")),
            "{path}"
        );
    }
    let urn = "urn:ietf:params:scim:schemas:core:2.0:User";
    for spelled in [
        urn.to_owned(),
        urn.replace(':', "%3A"),
        urn.replace(':', "%3a"),
    ] {
        let answer = bridge.get(&format!("/scim/v2/Schemas/{spelled}"));
        assert_eq!(answer.status, 200, "{spelled}");
        assert!(
            answer
                .body
                .contains("http://bridge.example:8443/scim/v2/Schemas/"),
            "{}",
            answer.body
        );
    }
    assert_eq!(
        bridge.get("/scim/v2/Schemas/urn:x").error()["status"],
        "404"
    );
    assert_eq!(
        bridge
            .send(
                "POST",
                "/scim/v2/Schemas",
                &format!("Authorization: Bearer {TOKEN}\r\n"),
                "{}"
            )
            .status,
        405
    );
}

#[test]
fn without_a_live_token_everything_is_401() {
    let bridge = Bridge::start("");
    for header in [
        "",
        "Authorization:\r\n",
        "Authorization: Bearer\r\n",
        "Authorization: Bearer wrong\r\n",
        "Authorization: Basic dTpw\r\n",
    ] {
        for path in [
            "/scim/v2/Users",
            "/scim/v2/ServiceProviderConfig",
            "/scim/v2/nothing",
        ] {
            let answer = bridge.send("GET", path, header, "");
            assert_eq!(
                (answer.status, answer.header("www-authenticate")),
                (401, Some("bearer")),
                "{header} {path}"
            );
            answer.error();
        }
    }
    assert_eq!(
        bridge
            .send(
                "GET",
                "/scim/v2/Schemas",
                &format!("Authorization: {TOKEN}\r\n"),
                ""
            )
            .status,
        200,
        "Okta's bare token"
    );
    assert_eq!(
        bridge
            .send(
                "GET",
                "/scim/v2/Schemas",
                "Authorization: strict-token\r\n",
                ""
            )
            .status,
        401,
        "no leniency for a strict client"
    );
    assert_eq!(
        bridge
            .send(
                "GET",
                "/scim/v2/Schemas",
                "Authorization: bearer strict-token\r\n",
                ""
            )
            .status,
        200
    );
}

#[test]
fn what_is_not_there_is_a_scim_error() {
    let bridge = Bridge::start("");
    for (path, status) in [
        ("/", 404),
        ("/scim/v2x", 404),
        ("/scim/v2/Devices", 404),
        ("/scim/v2/Bulk", 405),
        ("/scim/v2/Me", 501),
        ("/scim/v2/Users/.search", 405),
    ] {
        let answer = bridge.get(path);
        assert_eq!(answer.status, status, "{path}");
        answer.error();
    }
    for method in ["HEAD", "DELETE", "BREW"] {
        let answer = bridge.send(
            method,
            "/scim/v2/Users",
            &format!("Authorization: Bearer {TOKEN}\r\n"),
            "",
        );
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, Some("get, post")),
            "{method}"
        );
    }
    assert_eq!(
        bridge.get("/scim/v2/Users?filter=a&filter=b").error()["status"],
        "400"
    );
}

#[test]
fn a_body_is_json_and_bounded() {
    let bridge = Bridge::start("body_limit = 2048\nrequest_timeout = \"5s\"");
    for media in [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
    ] {
        assert_eq!(
            bridge
                .post(&format!("Content-Type: {media}\r\n"), "{}")
                .error()["status"],
            "415",
            "{media}"
        );
    }
    assert_eq!(
        bridge
            .post(
                "Content-Type: application/json\r\nContent-Encoding: gzip\r\n",
                "x"
            )
            .error()["status"],
        "415"
    );
    assert_eq!(bridge.post("", &"x".repeat(4096)).error()["status"], "413");
    let chunk = format!("1000\r\n{}\r\n0\r\n\r\n", "x".repeat(4096));
    let head = format!(
        "POST /scim/v2/Users HTTP/1.1\r\nHost: b\r\nAuthorization: {TOKEN}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    );
    assert_eq!(
        Answer::read(bridge.address, &(head + &chunk)).error()["status"],
        "413"
    );
    for body in ["", "{", "[]", "null", "{\"userName\":1}"] {
        let answer = bridge.send("POST", "/scim/v2/Users", &format!("Authorization: Bearer {TOKEN}\r\nContent-Type: application/scim+json; charset=utf-8\r\n"), body);
        assert_eq!(answer.error()["status"], "400", "{body}");
    }
}

#[test]
fn an_outage_is_503_and_readiness_says_why() {
    let bridge = Bridge::start("request_timeout = \"1s\"");
    for path in [
        "/scim/v2/Users",
        "/scim/v2/Users?filter=userName%20eq%20%22a%22",
        "/scim/v2/Users/0b3f1a52-93bb-4c4b-a2b4-37e2f1a9f1b2",
    ] {
        let answer = bridge.get(path);
        assert_eq!(answer.error()["status"], "503", "{path}");
        assert!(
            answer
                .header("retry-after")
                .is_some_and(|seconds| seconds.parse::<u64>().is_ok_and(|seconds| seconds > 0))
        );
    }
    let admin = |path: &str| {
        Answer::read(
            bridge.admin,
            &format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        )
    };
    assert_eq!(admin("/healthz").status, 200);
    let ready = admin("/readyz");
    assert!(
        ready.status == 503 && ready.body.starts_with("not ready: "),
        "{}",
        ready.body
    );
    assert_eq!(admin("/metrics").body, "some_metric 1\n");
    assert_eq!(admin("/scim/v2/Users").status, 404);
}

#[test]
fn a_request_id_is_kept_if_harmless_and_made_otherwise() {
    let bridge = Bridge::start("");
    let id = |header: &str| {
        let answer = bridge.send("GET", "/scim/v2/Schemas", header, "");
        answer.header("x-request-id").unwrap().to_owned()
    };
    assert_eq!(id("X-Request-Id: 7f-a.b_c\r\n"), "7f-a.b_c");
    for wrong in [
        "",
        "X-Request-Id: a b\r\n",
        "X-Request-Id: {\"x\":1}\r\n",
        &format!("X-Request-Id: {}\r\n", "x".repeat(65)),
    ] {
        assert_eq!(id(wrong).len(), 36, "{wrong}");
    }
}

#[test]
fn a_client_that_dawdles_is_not_waited_for() {
    let bridge = Bridge::start("request_timeout = \"1s\"");
    let began = Instant::now();
    assert_eq!(
        Answer::read(bridge.address, "GET /scim/v2/Users HTTP/1.1\r\nHost").status,
        408
    );
    // Without that setting it would be ten seconds.
    assert!(began.elapsed() < Duration::from_secs(9));
    let head = format!(
        "POST /scim/v2/Users HTTP/1.1\r\nHost: b\r\nAuthorization: {TOKEN}\r\nContent-Length: 9\r\n\r\n{{"
    );
    assert_eq!(Answer::read(bridge.address, &head).error()["status"], "400");
    assert!(began.elapsed() < Duration::from_secs(25));
}

#[test]
fn one_request_more_than_allowed_is_refused_at_once() {
    let bridge = Bridge::start("request_timeout = \"10s\"\nmax_concurrent_requests = 1");
    let ask = || {
        let began = Instant::now();
        let answer = bridge.get("/scim/v2/Users");
        assert_eq!(answer.error()["status"], "503");
        (answer, began.elapsed())
    };
    // Whichever comes first waits for the directory as long as it may.
    let (one, other) = std::thread::scope(|scope| {
        let one = scope.spawn(ask);
        (ask(), one.join().unwrap())
    });
    let ((refused, at_once), (waited, long)) = if one.0.is_one_too_many() {
        (one, other)
    } else {
        (other, one)
    };
    assert!(refused.is_one_too_many(), "{}", refused.body);
    assert!(!waited.is_one_too_many(), "{}", waited.body);
    assert!(refused.header("retry-after").is_some());
    assert!(at_once < long, "{at_once:?} and {long:?}");
}

#[test]
fn a_stopping_bridge_answers_what_it_began_and_drops_idle_connections() {
    let mut bridge = Bridge::start("request_timeout = \"6s\"\nmax_concurrent_requests = 1");
    let address = bridge.address;
    let mut idle = TcpStream::connect(address).unwrap();
    write!(
        idle,
        "GET /scim/v2/Schemas HTTP/1.1\r\nHost: b\r\nAuthorization: {TOKEN}\r\n\r\n"
    )
    .unwrap();
    assert!(idle.read(&mut [0; 256]).unwrap() > 0);
    let waiting = bridge.asks_the_directory();
    let waiting = std::thread::spawn(move || Answer::of(waiting));
    let took = bridge.stop();
    let answered = waiting.join().unwrap();
    assert_eq!(
        answered.error()["status"],
        "503",
        "it was answered, not cut off"
    );
    assert!(!answered.is_one_too_many(), "{}", answered.body);
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_stopping_bridge_waits_for_an_operation_whose_client_hung_up() {
    let mut bridge = Bridge::start("request_timeout = \"6s\"\nmax_concurrent_requests = 1");
    drop(bridge.asks_the_directory());
    std::thread::sleep(Duration::from_millis(200));
    let took = bridge.stop();
    assert!(
        took > Duration::from_millis(500),
        "it did not wait: {took:?}"
    );
}
