//! What is refused before any operation: in front of a directory that accepts connections and says nothing, so that none
//! of it can come from there.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Example, HEADINGS, Row, code, documented, example, kinds, told};
use crate::support::run::in_a_place;
use crate::support::{Bridge, Kind, Options, Place, Relay};

#[rustfmt::skip]
const EXAMPLES: &[Example] = &[
    example((401, ""), "no token", "GET", "/Users", "").with(&[("authorization", "")]).shown("`GET /Users` without `Authorization`"),
    example((401, ""), "a token that is not live", "GET", "/Users", "").with(&[("authorization", "Bearer wrong")]),
    example((404, ""), "unknown path", "GET", "/Printers", ""),
    example((405, ""), "unknown method of a path", "DELETE", "/Users", ""),
    example((405, ""), "unknown method of what the bridge says of itself", "PUT", "/Schemas", "{}"),
    example((501, ""), "`/Me` of a client whose token belongs to no resource (`me` of `[[clients]]`)", "GET", "/Me", ""),
    example((403, ""), "a `filter` on `/Schemas`, `/ResourceTypes` or `/ServiceProviderConfig`", "GET", "/Schemas?filter=id eq \"x\"", ""),
    example((415, ""), "body of another media type", "POST", "/Users", "{}").with(&[("content-type", "text/plain")]),
    example((415, ""), "compressed body", "POST", "/Users", "{}").with(&[("content-encoding", "gzip")]),
];

#[test]
fn refusals_before_the_operation() {
    in_a_place(Kind::OpenLdap, async |place: &Place| {
        let rows = answers(place).await;
        documented("## Before the operation", &HEADINGS, &rows);
    });
}

async fn answers(place: &Place) -> Vec<Row> {
    let relay = Relay::to(place.lab).await;
    relay.freeze();
    let options = Options::new()
        .not_ready()
        .with("directory.urls", vec![relay.url().as_str()])
        .with("server.request_timeout", "5s")
        .with("server.body_limit", "64KiB")
        .with("server.max_concurrent_requests", 1);
    let bridge = &Bridge::start(place, options).await;
    let mut rows = Vec::new();
    for example in EXAMPLES {
        rows.push(example.row(bridge, &[]).await);
    }
    let client = bridge.generic();
    let long = vec![b'x'; 65_537];
    let answer = client.send(Method::POST, "/Users", Some(long)).await;
    rows.push(told(
        bridge,
        "body longer than `body_limit` (here 64 KiB), to `/Bulk` than `bulk_payload`",
        "`POST /Users` with 65537 bytes",
        &answer,
        answer.error(413, None),
    ));
    let answer = client
        .clone()
        .header("x-padding", &"x".repeat(100_000))
        .get("/Users")
        .await;
    rows.push(told(
        bridge,
        "request line and header too long (96 KiB)",
        "`GET /Users` with 100 000 bytes of header",
        &answer,
        answer.error(431, None),
    ));
    for (ends, situation) in [
        (true, "body that breaks off"),
        (false, "body that does not arrive within `request_timeout`"),
    ] {
        rows.push(broken_off(bridge, ends, situation).await);
    }
    // The first waits for the directory until its time is over.
    let (first, second) = tokio::join!(client.get("/Users"), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        client.get("/Users").await
    });
    first.unavailable();
    rows.push(told(
        bridge,
        "more than `max_concurrent_requests` at once, here 1",
        "`GET /Users` beside another",
        &second,
        second.error(503, None),
    ));
    rows.push(too_late(place).await);
    rows
}

/// The answer to an add is lost, and the bridge looks what became of it for longer than the request may take.
async fn too_late(place: &Place) -> Row {
    let relay = Relay::to(place.lab).await;
    let options = Options::new()
        .with("directory.urls", vec![relay.url().as_str()])
        .with("server.request_timeout", "5s");
    let bridge = &Bridge::start(place, options).await;
    relay.mute();
    let user = json!({ "userName": bridge.name("ana") });
    let answer = bridge.generic().post("/Users", user.clone()).await;
    let row = told(
        bridge,
        "no answer within `request_timeout`: here the directory is sent a change and never answers",
        &code(&format!("POST /Users {user}").replace(&bridge.name("ana"), "ana@example.test")),
        &answer,
        answer.error(503, None),
    );
    // What became of it is said under the same id, later.
    let begun = std::time::Instant::now();
    while kinds(bridge, &answer) != ["late", "unavailable"] {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{:?}",
            bridge.log_of(&answer)
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let lines = bridge.log_of(&answer);
    assert!(
        lines.iter().any(|line| line["cause"].is_string()),
        "{lines:#?}"
    );
    row
}

/// One byte of a body that is announced as nine.
async fn broken_off(bridge: &Bridge, ends: bool, situation: &str) -> Row {
    let id = format!("broken-off-{ends}");
    let head = format!(
        "POST /scim/v2/Users HTTP/1.1\r\nHost: bridge\r\nAuthorization: Bearer {}\r\nX-Request-Id: {id}\r\n\
         Content-Type: application/json\r\nContent-Length: 9\r\nConnection: close\r\n\r\n{{",
        bridge.tokens.lenient
    );
    let mut socket = TcpStream::connect(bridge.address).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    if ends {
        socket.shutdown().await.unwrap();
    }
    let mut text = String::new();
    socket.read_to_string(&mut text).await.unwrap();
    let (_, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer: {text:?}"));
    let body: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("no JSON: {text:?}"));
    let log = bridge.log();
    let line = log
        .iter()
        .find(|line| line["span"]["request_id"] == id.as_str() && line["kind"].is_string());
    let kind = line.unwrap_or_else(|| panic!("the log has no kind of {id}"))["kind"].clone();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    vec![
        format!("{} `{}`", word(&body["status"]), word(&body["scimType"])),
        format!("`{}`", word(&kind)),
        situation.to_owned(),
        "`POST /Users` with 1 of 9 bytes".to_owned(),
        code(&word(&body["detail"])),
    ]
}

/// The log of a request says nothing of kinds when nothing is refused.
#[test]
fn only_a_refusal_has_a_kind() {
    in_a_place(Kind::OpenLdap, async |place: &Place| {
        let bridge = Bridge::start(place, Options::new()).await;
        let answer = bridge.generic().get("/Users").await;
        answer.empty_list();
        assert_eq!(kinds(&bridge, &answer), Vec::<String>::new());
    });
}
