//! A directory that is down is 503 with Retry-After: never 404, never an empty list, never a twin.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::hostile::names_no_cause;
use crate::support::people::{create_user, entra_group, entra_user};
use crate::support::wire::{OnTheWay, Wire, operation};
use crate::support::{Answer, Bridge, Kind, Options, Place, Relay, both};

both!(places: [
    a_frozen_directory_is_503_and_not_ready,
    a_directory_that_is_gone_is_503_and_not_ready,
    a_bridge_started_without_a_directory_waits_for_it,
    the_second_url_takes_over,
    a_write_whose_answer_was_lost_is_not_done_twice,
    a_new_entry_is_journaled_though_it_cannot_be_looked_at,
]);

/// How long a directory that is there again, on a machine with much to do, may take to be of use.
const PATIENCE: Duration = Duration::from_secs(60);

/// Short patience of the bridge, so that the tests need little of it.
async fn bridge_behind(relay: &Relay, place: &Place, options: Options) -> Bridge {
    let options = options
        .with("directory.urls", vec![relay.url().as_str()])
        .with("directory.operation_timeout", "5s")
        .with("directory.connect_timeout", "5s")
        .with("server.request_timeout", "10s");
    Bridge::start(place, options).await
}

/// Every kind of request is 503, within the time a request may take.
async fn everything_is_unavailable(bridge: &Bridge, id: &str) {
    let client = bridge.entra();
    let begun = Instant::now();
    let name = format!("userName eq \"{}\"", bridge.name("ana"));
    let path = format!("/Users/{id}");
    let (read, list, found, create, group, patch, delete) = tokio::join!(
        client.get(&path),
        client.get("/Users"),
        client.filter("/Users", &name),
        client.post("/Users", entra_user(bridge, "twin")),
        client.post("/Groups", entra_group(bridge, "Twins")),
        client.patch(
            &path,
            json!([{"op": "Replace", "path": "active", "value": "False"}])
        ),
        client.delete(&path),
    );
    for answer in [&read, &list, &found, &create, &group, &patch, &delete] {
        answer.unavailable();
        names_no_cause(bridge, answer);
    }
    assert!(
        begun.elapsed() < Duration::from_secs(30),
        "in time: {:?}",
        begun.elapsed()
    );
}

/// The first answer that is not 503, as a provider gets it that comes again.
async fn answered(ask: impl AsyncFn() -> Answer) -> Answer {
    let begun = Instant::now();
    loop {
        let answer = ask().await;
        if answer.status != 503 || begun.elapsed() > PATIENCE {
            return answer;
        }
        answer.unavailable();
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn works_again(bridge: &Bridge, id: &str) {
    bridge.until_available(PATIENCE).await;
    let client = bridge.entra();
    let path = format!("/Users/{id}");
    let read = answered(async || client.get(&path).await).await;
    assert_eq!(read.resource()["active"], true);
    let name = format!("userName eq \"{}\"", bridge.name("ana"));
    let found = answered(async || client.filter("/Users", &name).await).await;
    found.only();
}

async fn a_frozen_directory_is_503_and_not_ready(place: &Place) {
    let id = place.plant_user(&place.people, "ana").await.id;
    let relay = Relay::to(place.lab).await;
    let bridge = bridge_behind(&relay, place, Options::new()).await;

    relay.freeze();
    everything_is_unavailable(&bridge, &id).await;
    bridge.wait_for_readiness(503, PATIENCE).await;
    bridge
        .entra()
        .get(&format!("/Users/{id}"))
        .await
        .unavailable();
    assert_eq!(
        bridge.admin("/healthz").await.map(|(status, _)| status),
        Some(200),
        "alive all the same"
    );

    relay.open();
    bridge.until_available(PATIENCE).await;
    let client = bridge.entra();
    let path = format!("/Users/{id}");
    let read = answered(async || client.get(&path).await).await;
    // The frozen directory had the requests in its ears: they may have been carried out when it woke up.
    assert!(read.status == 200 || read.status == 404, "{}", read.status);
    let name = format!("userName eq \"{}\"", bridge.name("twin"));
    let twins = answered(async || client.filter("/Users", &name).await).await;
    assert!(
        twins.body["totalResults"] == 0 || twins.body["totalResults"] == 1,
        "{}",
        twins.text
    );
}

async fn a_directory_that_is_gone_is_503_and_not_ready(place: &Place) {
    let id = place.plant_user(&place.people, "ana").await.id;
    let relay = Relay::to(place.lab).await;
    let bridge = bridge_behind(&relay, place, Options::new()).await;
    let before = bridge.everything().await;

    relay.cut();
    bridge.wait_for_readiness(503, PATIENCE).await;
    everything_is_unavailable(&bridge, &id).await;

    relay.open();
    works_again(&bridge, &id).await;
    assert_eq!(
        bridge.everything().await,
        before,
        "nothing of it reached the directory"
    );
}

async fn a_bridge_started_without_a_directory_waits_for_it(place: &Place) {
    let relay = Relay::to(place.lab).await;
    relay.cut();
    let bridge = bridge_behind(&relay, place, Options::new().not_ready()).await;
    assert_eq!(
        bridge.admin("/readyz").await.map(|(status, _)| status),
        Some(503)
    );
    bridge.entra().get("/Users").await.unavailable();
    bridge
        .entra()
        .filter("/Users", "userName eq \"ana\"")
        .await
        .unavailable();
    relay.open();
    bridge.until_available(PATIENCE).await;
    let client = bridge.entra();
    let list = answered(async || client.get("/Users").await).await;
    list.empty_list();
}

async fn the_second_url_takes_over(place: &Place) {
    let id = place.plant_user(&place.people, "ana").await.id;
    let (first, second) = (Relay::to(place.lab).await, Relay::to(place.lab).await);
    // With all the patience of other stories: what is cut is noticed at once.
    let options = Options::new().with(
        "directory.urls",
        vec![first.url().as_str(), second.url().as_str()],
    );
    let bridge = Bridge::start(place, options).await;
    assert_eq!(second.connections(), 0, "the first is preferred");
    first.cut();
    let begun = Instant::now();
    loop {
        let answer = bridge.entra().get(&format!("/Users/{id}")).await;
        if answer.status == 200 {
            break;
        }
        answer.unavailable();
        assert!(begun.elapsed() < PATIENCE, "nobody took over");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(second.connections() > 0);
    create_user(&bridge, "bo").await;
}

async fn a_write_whose_answer_was_lost_is_not_done_twice(place: &Place) {
    let id = place.plant_user(&place.people, "ana").await.id;
    let relay = Relay::to(place.lab).await;
    let bridge = bridge_behind(&relay, place, Options::new()).await;
    let client = bridge.entra();
    let post = async || client.post("/Users", entra_user(&bridge, "bo")).await;

    relay.mute();
    post().await.unavailable();
    relay.open();
    bridge.until_available(PATIENCE).await;

    // The provider comes again: either it was done, then it is a conflict, or it is done now. Never two of them.
    let again = answered(post).await;
    if again.status == 201 {
        again.created("/Users");
    } else {
        again.conflict("userName");
    }
    let name = format!("userName eq \"{}\"", bridge.name("bo"));
    let found = answered(async || client.filter("/Users", &name).await).await;
    found.only();
    assert_eq!(bridge.count(&bridge.people).await, 2);
    let path = format!("/Users/{id}");
    let read = answered(async || client.get(&path).await).await;
    read.resource();
}

/// A directory that is not heard of any more once it has taken a new entry.
#[derive(Default)]
struct GoneAfterAnAdd(AtomicBool);

impl OnTheWay for GoneAfterAnAdd {
    async fn request(&self, message: Vec<u8>) -> Result<Vec<u8>, Vec<u8>> {
        if self.0.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        Ok(message)
    }

    fn answer(&self, message: Vec<u8>) -> Vec<u8> {
        const ADD_RESPONSE: u8 = 0x69;
        if operation(&message) == ADD_RESPONSE {
            self.0.store(true, Ordering::SeqCst);
        }
        message
    }
}

/// Active Directory is asked for the entry itself after it was added; where an operator's filter is set, every directory is.
async fn a_new_entry_is_journaled_though_it_cannot_be_looked_at(place: &Place) {
    let wire = Wire::to(place.lab, GoneAfterAnAdd::default()).await;
    let options = Options::new()
        .with("directory.urls", vec![wire.url()])
        .with("directory.operation_timeout", "5s")
        .with("directory.connect_timeout", "5s")
        .with("server.request_timeout", "20s")
        .with("resources.User.filter", "(uid=*)");
    let bridge = Bridge::start(place, options).await;
    let client = bridge.entra();
    let answer = client.post("/Users", entra_user(&bridge, "ana")).await;
    answer.unavailable();
    let written = |line: &Value| line["message"] == "written" && line["resource_type"] == "User";
    let log = bridge.log_of(&answer);
    assert!(log.iter().any(written), "{log:#?}");
    if bridge.kind() == Kind::Samba {
        let unread = |line: &Value| {
            line["message"]
                .to_string()
                .contains("could not be read back")
        };
        assert!(log.iter().any(unread), "{log:#?}");
    }
    assert_eq!(bridge.count(&bridge.people).await, 1);
}
