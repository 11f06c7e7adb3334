//! What is the fault of the bridge or of the directory: 503 and 500. The client is told that it is so, and nothing of why;
//! the log has the cause under the same request id.

use std::time::Duration;

use scimbridge::http::Fault;
use scimbridge::provisioning::Error;
use serde_json::json;

use super::{HEADINGS, Row, documented, from_code, head, kinds, merged};
use crate::hostile::names_no_cause;
use crate::support::people::{entra_group, entra_user};
use crate::support::run::in_a_place;
use crate::support::{Answer, Bridge, Kind, Options, Place, Relay};

#[test]
fn what_is_not_the_clients_fault() {
    let mut outages = Vec::new();
    let mut faults = Vec::new();
    for kind in [Kind::OpenLdap, Kind::Samba, Kind::Ds389] {
        in_a_place(kind, async |place: &Place| {
            let mut rows = vec![
                no_connection_tells_nothing(place).await,
                no_answer_in_time_tells_nothing(place).await,
                a_refused_bind_tells_nothing(place).await,
            ];
            if kind != Kind::OpenLdap {
                rows.push(contended(place).await);
            }
            outages.push((kind, rows));
            faults.push((
                kind,
                vec![
                    a_missing_protected_group_tells_nothing(place).await,
                    a_missing_base_tells_nothing(place).await,
                    a_mapping_that_does_not_fit_tells_nothing(place).await,
                ],
            ));
        });
    }
    documented("## Outages", &HEADINGS, &merged(outages));
    let mut rows = merged(faults);
    let internal = Error::Internal {
        reason: String::new(),
    };
    rows.push(from_code(
        &internal.into(),
        "a fault of the bridge that it noticed",
    ));
    rows.push(from_code(
        &Fault::Panicked,
        "a fault of the bridge that it did not notice",
    ));
    documented("## 500", &HEADINGS, &rows);
}

/// Asserts that each answer tells nothing, and that the log has a cause, which is not told, under its request id. Makes a
/// row of the last one.
#[track_caller]
fn row(bridge: &Bridge, status: u16, situation: &str, request: &str, answers: &[Answer]) -> Row {
    let mut row = Row::new();
    for answer in answers {
        let detail = answer.error(status, None);
        names_no_cause(bridge, answer);
        let lines = bridge.log_of(answer);
        let cause = lines.iter().find_map(|line| line["cause"].as_str());
        let cause = cause
            .unwrap_or_else(|| panic!("the log has no cause of:\n{}\n{lines:#?}", answer.text));
        assert!(
            cause.len() > 10 && !answer.told().contains(&cause.to_lowercase()),
            "{cause}"
        );
        let kinds = kinds(bridge, answer);
        assert_eq!(kinds.len(), 1, "{kinds:?}");
        let next = vec![
            head(answer),
            format!("`{}`", kinds[0]),
            situation.to_owned(),
            request.to_owned(),
            super::code(detail),
        ];
        assert!(row.is_empty() || row == next, "{row:?}\n{next:?}");
        row = next;
    }
    row
}

const ANY: &str = "any";
const WRITE: &str = "any that writes";

/// One request of each sort.
async fn of_every_sort(bridge: &Bridge) -> Vec<Answer> {
    let client = bridge.entra();
    let id = uuid::Uuid::new_v4();
    let (user, group) = (format!("/Users/{id}"), format!("/Groups/{id}"));
    let change = || json!([{"op": "replace", "path": "displayName", "value": "Changed"}]);
    let name = format!("userName eq \"{}\"", bridge.name("ana"));
    let (read, list, found, searched, members) = tokio::join!(
        client.get(&user),
        client.get("/Users"),
        client.filter("/Users", &name),
        client.post("/.search", json!({})),
        client.get(&group),
    );
    let (put, patch, patched, delete) = tokio::join!(
        client.put(&user, entra_user(bridge, "put")),
        client.patch(&user, change()),
        client.patch(&group, change()),
        client.delete(&user),
    );
    let mut all = vec![
        read, list, found, searched, members, put, patch, patched, delete,
    ];
    all.extend(creates(bridge).await);
    all
}

async fn creates(bridge: &Bridge) -> Vec<Answer> {
    let client = bridge.entra();
    let (user, group) = tokio::join!(
        client.post("/Users", entra_user(bridge, "twin")),
        client.post("/Groups", entra_group(bridge, "Twins")),
    );
    vec![user, group]
}

async fn behind(relay: &Relay, place: &Place) -> Bridge {
    let options = Options::new()
        .with("directory.urls", vec![relay.url().as_str()])
        .with("directory.connect_timeout", "5s")
        .with("server.request_timeout", "5s");
    Bridge::start(place, options).await
}

async fn no_connection_tells_nothing(place: &Place) -> Row {
    let relay = Relay::to(place.lab).await;
    let bridge = behind(&relay, place).await;
    relay.cut();
    let answers = of_every_sort(&bridge).await;
    row(
        &bridge,
        503,
        "no connection to the directory",
        ANY,
        &answers,
    )
}

async fn no_answer_in_time_tells_nothing(place: &Place) -> Row {
    let relay = Relay::to(place.lab).await;
    let bridge = behind(&relay, place).await;
    relay.freeze();
    let answers = of_every_sort(&bridge).await;
    row(
        &bridge,
        503,
        "no answer of the directory in time",
        ANY,
        &answers,
    )
}

async fn a_refused_bind_tells_nothing(place: &Place) -> Row {
    // A service account of the test's own, so that no other test can be locked out with it.
    let account = place.plant_user(&place.outside, "service").await;
    let options = Options::new()
        .not_ready()
        .with("directory.bind_dn", account.dn.as_str())
        .without("directory.bind_password_file")
        .with("directory.bind_password", "Mistyped-7-Password");
    let bridge = Bridge::start(place, options).await;
    let answers = of_every_sort(&bridge).await;
    bridge.never_logged(&["Mistyped-7-Password"]);
    row(
        &bridge,
        503,
        "the directory refuses the bridge's own account",
        ANY,
        &answers,
    )
}

/// Two conditional writes of one resource wait for each other where the directory knows no conditions. The first waits for
/// a directory that hangs; the second, in a bulk request, must be over some seconds earlier.
async fn contended(place: &Place) -> Row {
    let ana = place.plant_user(&place.people, "ana").await;
    let relay = Relay::to(place.lab).await;
    let options = Options::new()
        .with("directory.urls", vec![relay.url().as_str()])
        .with("server.request_timeout", "20s");
    let bridge = Bridge::start(place, options).await;
    let path = format!("/Users/{}", ana.id);
    relay.freeze();
    let first = bridge.generic().header("if-match", "W/\"7\"");
    let operation = json!({"method": "DELETE", "path": path, "version": "W/\"7\""});
    let (first, second) = tokio::join!(first.delete(&path), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        bridge
            .generic()
            .post("/Bulk", json!({"Operations": [operation]}))
            .await
    });
    first.unavailable();
    relay.open();
    names_no_cause(&bridge, &second);
    assert_eq!(kinds(&bridge, &second), ["contended"], "{}", second.text);
    let lines = bridge.log_of(&second);
    assert!(
        lines.iter().any(|line| line["cause"].is_string()),
        "{lines:#?}"
    );
    let response = &second.body["Operations"][0]["response"];
    let word = |name: &str| response[name].as_str().unwrap_or_default();
    vec![
        word("status").to_owned(),
        "`contended`".to_owned(),
        "others keep changing the same resource".to_owned(),
        "a conditional write, in `/Bulk`, while another one waits for a directory that hangs"
            .to_owned(),
        super::code(word("detail")),
    ]
}

async fn a_missing_protected_group_tells_nothing(place: &Place) -> Row {
    let missing = format!("cn=Nobody,{}", place.groups);
    let options = Options::new()
        .with("guard.protected_groups", vec![missing.as_str()])
        .not_ready();
    let bridge = Bridge::start(place, options).await;
    let before = place.everything().await;
    let answers = creates(&bridge).await;
    assert_eq!(place.everything().await, before, "nothing is written");
    row(
        &bridge,
        500,
        "a group of `protected_groups` is not in the directory",
        WRITE,
        &answers,
    )
}

async fn a_missing_base_tells_nothing(place: &Place) -> Row {
    let missing = format!("ou=Nowhere,{}", place.root);
    let options = Options::new()
        .with("resources.User.base", missing.as_str())
        .with("resources.Group.base", missing.as_str());
    let bridge = Bridge::start(place, options).await;
    let answers = creates(&bridge).await;
    row(
        &bridge,
        500,
        "the base of a resource type is not in the directory",
        "a create",
        &answers,
    )
}

async fn a_mapping_that_does_not_fit_tells_nothing(place: &Place) -> Row {
    let (line, edited) = place.kind().pick(
        ("\ntitle = \"title\"", "\ntitle = \"noSuchAttribute\""),
        (
            "title = { ldap = \"title\", max_length = 128 }",
            "title = \"noSuchAttribute\"",
        ),
    );
    let bridge = Bridge::start(place, Options::new().edit_mapping(line, edited)).await;
    let mut user = entra_user(&bridge, "unfit");
    user["title"] = json!("Engineer");
    let answer = bridge.entra().post("/Users", user).await;
    row(
        &bridge,
        500,
        "the mapping names an attribute that the schema lacks, here `title` is `noSuchAttribute`",
        "`POST /Users` with a `title`",
        &[answer],
    )
}
