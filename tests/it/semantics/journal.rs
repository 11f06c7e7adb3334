//! The journal: what happened, by whom and to which id; and no value of any person at the level operators run with.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::support::gate::{Gate, Write};
use crate::support::people::{create_group_of, entra_user, okta_user};
use crate::support::{Bridge, ENTERPRISE, GOOD_PASSWORD, Options, Place, both};

both!(places: [
    every_write_is_journaled_with_its_request_and_without_values,
    the_request_id_is_in_the_answer_and_in_the_log,
    what_is_ignored_is_named_once_for_each_client,
    what_became_of_a_write_is_journaled_when_its_client_breaks_off,
]);

async fn every_write_is_journaled_with_its_request_and_without_values(place: &Place) {
    let olga = place.plant_user(&place.people, "olga").await;
    let options = Options::new()
        .with("log.filter", "info")
        .with("guard.protected_entries", vec![olga.dn.as_str()]);
    let bridge = Bridge::start(place, options).await;
    let client = bridge.okta();
    let mut ana = okta_user(&bridge, "ana");
    ana["title"] = json!("Very Secret Title");
    ana["displayName"] = json!("Anastasia Personal");
    ana[ENTERPRISE] = json!({"department": "Hidden Labs", "manager": {"value": "Bo Boss"}});
    let id = client.post("/Users", ana.clone()).await.created("/Users");
    client
        .post("/Users", ana.clone())
        .await
        .conflict("userName");
    let group = create_group_of(&bridge, "Concealed", &[&id]).await;
    let path = format!("/Users/{id}");
    client
        .filter("/Users", &format!("userName eq \"{}\"", bridge.name("ana")))
        .await
        .only();
    client
        .patch(
            &path,
            json!([{"op": "replace", "path": "title", "value": "Other Secret Title"}]),
        )
        .await
        .resource();
    client
        .patch(
            &path,
            json!([{"op": "replace", "path": "userName", "value": bridge.name("anastasia")}]),
        )
        .await
        .resource();
    client
        .patch(
            &path,
            json!([{"op": "replace", "path": "password", "value": "x1!"}]),
        )
        .await
        .bad_request("invalidValue");
    client
        .patch(
            &format!("/Users/{}", olga.id),
            json!([{"op": "replace", "path": "title", "value": "Taken"}]),
        )
        .await
        .fenced("protected-entry");
    client
        .put(&path, entra_user(&bridge, "ana"))
        .await
        .resource();
    client.get("/Users/nobody-knows-this-id").await.not_found();
    client
        .delete(&format!("/Groups/{group}"))
        .await
        .no_content();
    client.delete(&path).await.no_content();

    let log = bridge.log();
    let journaled = |word: &str, id: &str| {
        log.iter().any(|line| {
            let text = line.to_string();
            text.contains(word) && text.contains(id) && text.contains("\"client\":\"okta\"")
        })
    };
    assert!(
        journaled("written", &id) && journaled("deleted", &id),
        "{}",
        bridge.log_text()
    );
    assert!(journaled("deleted", &group));
    bridge.warned(&["protected-entry"]);
    bridge.never_logged(&[
        &bridge.name("ana"),
        &bridge.name("anastasia"),
        "Anastasia",
        "Secret Title",
        "Hidden Labs",
        "Concealed",
        "Ruiz",
        "Boss",
        GOOD_PASSWORD,
        &bridge.tokens.of("okta"),
        "olga",
    ]);
}

async fn what_is_ignored_is_named_once_for_each_client(place: &Place) {
    let bridge = Bridge::start(place, Options::new().with("log.filter", "info")).await;
    let mut ana = entra_user(&bridge, "ana");
    ana["shoeSize"] = json!(38);
    ana["timezone"] = json!("Mars/Olympus");
    let path = format!(
        "/Users/{}",
        bridge
            .entra()
            .post("/Users", ana.clone())
            .await
            .created("/Users")
    );
    for client in [bridge.entra(), bridge.okta(), bridge.entra()] {
        client.put(&path, ana.clone()).await.resource();
        let operations = json!([
            {"op": "replace", "path": "shoeSize", "value": 39},
            {"op": "replace", "path": "fans[value eq \"ben.boots\"].value", "value": "carl.cap"},
        ]);
        client.patch(&path, operations).await.resource();
    }
    let named: Vec<String> = bridge
        .log()
        .iter()
        .map(ToString::to_string)
        .filter(|line| line.contains("ignored") && line.contains("shoeSize"))
        .collect();
    assert_eq!(named.len(), 2, "once for each client: {named:#?}");
    for client in ["entra", "okta"] {
        assert!(named.iter().any(|line| line.contains(client)), "{named:#?}");
    }
    bridge.never_logged(&["Mars/Olympus", "ben.boots", "carl.cap"]);
}

async fn the_request_id_is_in_the_answer_and_in_the_log(place: &Place) {
    let bridge = Bridge::start(place, Options::new().with("log.filter", "info")).await;
    let first = bridge.entra().get("/Users").await;
    let second = bridge.entra().get("/Users/0").await;
    let ids: Vec<&str> = [&first, &second]
        .iter()
        .map(|answer| answer.header("x-request-id").expect("an id"))
        .collect();
    assert_ne!(ids[0], ids[1]);
    for id in ids {
        assert!(
            bridge.log_text().contains(id),
            "{id}: {}",
            bridge.log_text()
        );
    }
}

/// The client's computer crashes, or a proxy gives up: the connection is reset while the directory still thinks.
async fn what_became_of_a_write_is_journaled_when_its_client_breaks_off(place: &Place) {
    let mut gate = Gate::to(place.lab).await;
    let options = Options::new().with("directory.urls", vec![gate.url()]);
    let bridge = Bridge::start(place, options).await;
    for (id, carried_out) in [("kept-waiting", true), ("refused-alone", false)] {
        gate.watch(Write::Add);
        let body = entra_user(&bridge, id).to_string();
        let request = format!(
            "POST /scim/v2/Users HTTP/1.1\r\nHost: bridge\r\nAuthorization: Bearer {}\r\nX-Request-Id: {id}\r\n\
             Content-Type: application/scim+json\r\nContent-Length: {}\r\n\r\n{body}",
            bridge.tokens.of("entra"),
            body.len(),
        );
        let mut socket = TcpStream::connect(bridge.address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let arrival = gate.arrival().await;
        let at_once = socket2::SockRef::from(&socket);
        at_once.set_linger(Some(Duration::ZERO)).unwrap();
        drop(socket);
        tokio::time::sleep(Duration::from_millis(300)).await;
        if carried_out {
            arrival.pass();
        } else {
            arrival.refuse();
        }
        let about_it = |line: &Value| {
            line["span"]["request_id"] == id
                && if carried_out {
                    line["message"].to_string().contains("nobody waits")
                } else {
                    line["kind"].is_string()
                }
        };
        let begun = Instant::now();
        while !bridge.log().iter().any(about_it) {
            assert!(
                begun.elapsed() < Duration::from_secs(10),
                "nothing of {id}:\n{}",
                bridge.log_text()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
