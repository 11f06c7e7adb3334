//! `meta.version`, `ETag`, and writes that happen only if nobody else was faster (RFC 7644 §3.14).

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::people::{create_group, create_group_of, create_user, entra_user, names_of};
use crate::support::{Answer, Bridge, Client, GROUP, Kind, Options, Place, both};

both!(stories: [
    the_version_is_shown_and_is_another_after_every_change,
    the_version_of_a_group_covers_its_members,
    a_reader_who_knows_the_version_is_sent_nothing,
    a_write_for_another_version_changes_nothing,
    a_condition_that_cannot_be_read_is_refused,
    a_condition_costs_no_further_round_trip,
    of_two_conditional_writes_of_absent_values_one_wins,
    of_a_conditional_put_and_a_delete_one_wins,
    of_two_conditional_lists_of_members_one_wins,
] places: [
    of_two_conditional_writes_through_two_bridges_one_wins,
]);

const ROUNDS: usize = 12;

/// Where the refusals are documented, word for word.
const DOCUMENT: &str = include_str!("../../../docs/errors.md");

fn replace(path: &str, value: &str) -> Value {
    json!([{"op": "replace", "path": path, "value": value}])
}

fn if_match<'a>(bridge: &'a Bridge, version: &str) -> Client<'a> {
    bridge.okta().header("if-match", version)
}

/// The version of a resource that is shown in full; body and header agree.
#[track_caller]
fn version_of(answer: &Answer) -> String {
    let version = answer.body["meta"]["version"].as_str();
    let version = version.unwrap_or_else(|| panic!("no version in {}", answer.text));
    assert!(
        version.starts_with("W/\"") && version.ends_with('"'),
        "{version}"
    );
    assert_eq!(answer.header("etag"), Some(version), "{}", answer.text);
    version.to_owned()
}

async fn current(bridge: &Bridge, path: &str) -> String {
    version_of(bridge.okta().get(path).await.is(200))
}

#[track_caller]
fn refused(answer: &Answer) {
    let told = answer.error(412, None);
    assert!(told.contains("read it again"), "{told}");
    assert!(
        DOCUMENT.contains(told),
        "docs/errors.md does not show: {told}"
    );
}

async fn the_version_is_shown_and_is_another_after_every_change(bridge: &Bridge) {
    let created = bridge
        .okta()
        .post("/Users", entra_user(bridge, "ana"))
        .await;
    let id = created.created("/Users");
    let path = format!("/Users/{id}");
    let first = version_of(&created);
    assert_eq!(
        current(bridge, &path).await,
        first,
        "reading changes nothing"
    );

    let patched = bridge
        .okta()
        .patch(&path, replace("title", "Astronomer"))
        .await;
    let second = version_of(patched.is(200));
    assert_ne!(first, second);
    let again = bridge
        .okta()
        .patch(&path, replace("title", "Astronomer"))
        .await;
    assert_eq!(
        version_of(again.is(200)),
        second,
        "nothing was to be changed"
    );

    let mut whole = patched.body.clone();
    whole["title"] = json!("Geographer");
    let put = bridge.okta().put(&path, whole).await;
    let third = version_of(put.is(200));
    assert_ne!(second, third);

    // Behind the bridge's back, and back again: what is read later must not pass for what was read before.
    let dn = bridge.held(&id).await.dn;
    bridge.admin.set(&dn, "title", &["Pilot"]).await;
    let fourth = current(bridge, &path).await;
    assert_ne!(third, fourth);
    bridge
        .okta()
        .patch(
            &path,
            json!([{"op": "replace", "value": {"password": "Other-Pass-77!"}}]),
        )
        .await
        .is(200);
    // 389 DS tells nothing of a password that could be read without the right to read it.
    let told = bridge.kind() != Kind::Ds389;
    assert_eq!(
        current(bridge, &path).await != fourth,
        told,
        "a new password is a change"
    );

    // What others say of her is shown with her, and is no part of her version.
    let before = current(bridge, &path).await;
    create_group_of(bridge, "Ops", &[&id]).await;
    let read = bridge.okta().get(&path).await;
    assert_eq!(read.resource()["groups"].as_array().map(Vec::len), Some(1));
    assert_eq!(version_of(&read), before);

    let listed = bridge
        .okta()
        .filter("/Users", &format!("id eq \"{id}\""))
        .await;
    assert_eq!(listed.only()["meta"]["version"], json!(before));
    for query in ["attributes=userName", "excludedAttributes=meta"] {
        let part = bridge.okta().get(&format!("{path}?{query}")).await;
        let told = part.is(200).header("etag").map(str::to_owned);
        assert_eq!(told, Some(before.clone()), "{}", part.text);
        assert_eq!(part.body.get("meta"), None, "{}", part.text);
    }
    let part = bridge
        .okta()
        .get(&format!("{path}?attributes=title,meta.version"))
        .await;
    assert_eq!(version_of(&part), before);
    assert_eq!(
        version_of(
            &bridge
                .okta()
                .get(&format!("{path}?excludedAttributes=emails,name"))
                .await
        ),
        before
    );
    let config = bridge.okta().get("/ServiceProviderConfig").await;
    assert_eq!(config.body["etag"]["supported"], true);
}

async fn the_version_of_a_group_covers_its_members(bridge: &Bridge) {
    let (ana, bo) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "bo").await,
    );
    let group = create_group_of(bridge, "Ops", &[&ana]).await;
    let path = format!("/Groups/{group}");
    let first = current(bridge, &path).await;
    let add = json!([{"op": "add", "path": "members", "value": [{"value": bo}]}]);
    if_match(bridge, &first)
        .patch(&path, add.clone())
        .await
        .accepted();
    let second = current(bridge, &path).await;
    assert_ne!(first, second);
    let remove = json!([{"op": "remove", "path": format!("members[value eq \"{ana}\"]")}]);
    refused(&if_match(bridge, &first).patch(&path, remove.clone()).await);
    assert_eq!(
        bridge.held(&group).await.members(),
        names_of(bridge, &[&ana, &bo]).await
    );
    if_match(bridge, &second)
        .patch(&path, remove)
        .await
        .accepted();
    assert_eq!(
        bridge.held(&group).await.members(),
        names_of(bridge, &[&bo]).await
    );

    let without = bridge
        .okta()
        .get(&format!("{path}?excludedAttributes=members"))
        .await;
    let told = without.is(200).header("etag").is_some();
    // A hash over the members is not to be had without the members.
    assert_eq!(told, bridge.kind() == Kind::OpenLdap, "{}", without.text);
    assert_eq!(without.body["meta"]["version"].is_string(), told);
}

async fn a_reader_who_knows_the_version_is_sent_nothing(bridge: &Bridge) {
    let path = format!("/Users/{}", create_user(bridge, "ana").await);
    let version = current(bridge, &path).await;
    let list = format!("\"other\", {}", version.trim_start_matches("W/"));
    for known in [version.as_str(), &list] {
        let answer = bridge
            .okta()
            .header("if-none-match", known)
            .get(&path)
            .await;
        assert_eq!((answer.status, answer.text.as_str()), (304, ""));
        assert_eq!(answer.header("etag"), Some(version.as_str()));
    }
    assert_eq!(
        bridge
            .okta()
            .header("if-none-match", "*")
            .get(&path)
            .await
            .status,
        304
    );
    bridge
        .okta()
        .patch(&path, replace("title", "Astronomer"))
        .await
        .is(200);
    let answer = bridge
        .okta()
        .header("if-none-match", &version)
        .get(&path)
        .await;
    assert_ne!(version_of(answer.is(200)), version);
    refused(&if_match(bridge, &version).get(&path).await);
    bridge
        .okta()
        .header("if-none-match", "*")
        .get("/Users/00000000-0000-0000-0000-000000000000")
        .await
        .not_found();
}

async fn a_write_for_another_version_changes_nothing(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let path = format!("/Users/{id}");
    let read = bridge.okta().get(&path).await;
    let stale = version_of(&read);
    let mut whole = read.body.clone();
    whole["title"] = json!("Geographer");
    let dn = bridge.held(&id).await.dn;
    bridge.admin.set(&dn, "title", &["Pilot"]).await;

    let before = bridge.held(&id).await;
    refused(
        &if_match(bridge, &stale)
            .patch(&path, replace("title", "Astronomer"))
            .await,
    );
    refused(
        &if_match(bridge, &stale)
            .patch(&path, replace("title", "Pilot"))
            .await,
    );
    refused(&if_match(bridge, &stale).put(&path, whole.clone()).await);
    refused(&if_match(bridge, &stale).delete(&path).await);
    for known in ["*", &current(bridge, &path).await] {
        let client = bridge.okta().header("if-none-match", known);
        for answer in [
            client.patch(&path, replace("title", "x")).await,
            client.put(&path, whole.clone()).await,
            client.delete(&path).await,
        ] {
            let told = answer.error(412, None);
            assert!(
                told.contains("If-None-Match") && DOCUMENT.contains(told),
                "{told}"
            );
        }
    }
    assert_eq!(
        bridge.held(&id).await.version(),
        before.version(),
        "nothing was written"
    );

    // A password alone in the body: there is no value to compare it with.
    let password = json!([{"op": "replace", "path": "password", "value": "Other-Pass-78!"}]);
    refused(&if_match(bridge, &stale).patch(&path, password).await);
    if_match(bridge, "*")
        .patch(&path, replace("title", "Astronomer"))
        .await
        .is(200);
    let listed = format!("\"other\", {}", current(bridge, &path).await);
    if_match(bridge, &listed).put(&path, whole).await.is(200);
    bridge.held(&id).await.holds(&[("title", "Geographer")]);
    let renamed = replace("userName", &bridge.name("anabel"));
    let renamed = if_match(bridge, &current(bridge, &path).await)
        .patch(&path, renamed)
        .await;
    if_match(bridge, &version_of(renamed.is(200)))
        .delete(&path)
        .await
        .no_content();
    if_match(bridge, "*").delete(&path).await.not_found();
}

async fn a_condition_that_cannot_be_read_is_refused(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let path = format!("/Users/{id}");
    let before = bridge.held(&id).await.version();
    for (name, value) in [
        ("if-match", "1"),
        ("if-match", "W/\"1"),
        ("if-none-match", "\"1\" \"2\""),
    ] {
        let client = bridge.okta().header(name, value);
        for method in [Method::GET, Method::PATCH, Method::PUT, Method::DELETE] {
            let body = (method != Method::GET && method != Method::DELETE).then(|| b"{}".to_vec());
            let told = client.send(method, &path, body).await;
            assert!(
                told.bad_request("invalidValue").contains("entity tag"),
                "{}",
                told.text
            );
        }
    }
    assert_eq!(bridge.held(&id).await.version(), before);
    // A collection has no version.
    bridge
        .okta()
        .header("if-none-match", "*")
        .get("/Users?count=1")
        .await
        .is(200);
}

async fn a_condition_costs_no_further_round_trip(bridge: &Bridge) {
    let path = format!("/Users/{}", create_user(bridge, "ana").await);
    let mut least = [u64::MAX; 2];
    for round in 0..6 {
        let version = if round % 2 == 0 {
            String::new()
        } else {
            current(bridge, &path).await
        };
        let before = bridge.round_trips().await;
        if_match(bridge, &version)
            .patch(&path, replace("title", &format!("t{round}")))
            .await
            .is(200);
        let slot = round % 2;
        least[slot] = least[slot].min(bridge.round_trips().await - before);
    }
    assert_eq!(least[1], least[0], "with and without a condition");
}

/// One 200 and one 412; answers which of the two won.
#[track_caller]
fn one_of(first: &Answer, second: &Answer) -> usize {
    let (winner, loser, place) = if first.status == 200 {
        (first, second, 0)
    } else {
        (second, first, 1)
    };
    winner.is(200);
    refused(loser);
    place
}

async fn of_two_conditional_writes_through_two_bridges_one_wins(place: &Place) {
    let (one, two) = (
        Bridge::start(place, Options::new()).await,
        Bridge::start(place, Options::new()).await,
    );
    let id = create_user(&one, "ana").await;
    let path = format!("/Users/{id}");
    let begin = json!([{"op": "replace", "value": {"title": "t", "preferredLanguage": "en", "displayName": "Ana Ruiz"}}]);
    for round in 0..ROUNDS {
        one.okta().patch(&path, begin.clone()).await.is(200);
        let version = current(&one, &path).await;
        // The same attribute; two attributes; and one that renames the entry (displayName in Active Directory, userName in
        // OpenLDAP).
        let [(left, left_value), (right, right_value)] = match round % 4 {
            0 => [
                ("title", format!("a{round}")),
                ("title", format!("b{round}")),
            ],
            1 => [
                ("title", format!("a{round}")),
                ("preferredLanguage", "de".to_owned()),
            ],
            2 => [
                ("displayName", format!("Ana {round}")),
                ("title", format!("b{round}")),
            ],
            _ => [
                ("title", format!("a{round}")),
                ("userName", one.name(&format!("ana{round}"))),
            ],
        };
        let (left_client, right_client) = (if_match(&one, &version), if_match(&two, &version));
        let (first, second) = tokio::join!(
            left_client.patch(&path, replace(left, &left_value)),
            right_client.patch(&path, replace(right, &right_value)),
        );
        let ([won, lost], [value, other]) = match one_of(&first, &second) {
            0 => ([left, right], [left_value, right_value]),
            _ => ([right, left], [right_value, left_value]),
        };
        let held = place.held(&id).await;
        held.holds(&[(won, &value)]);
        assert_ne!(held.scim(lost).as_deref(), Some(other.as_str()), "{held:?}");
    }
}

async fn of_two_conditional_writes_of_absent_values_one_wins(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let path = format!("/Users/{id}");
    // Another spelling of the id is the same resource.
    let spelled = format!("/Users/{}", id.replace('-', ""));
    let begin =
        json!([{"op": "remove", "path": "title"}, {"op": "remove", "path": "preferredLanguage"}]);
    for round in 0..ROUNDS {
        bridge.okta().patch(&path, begin.clone()).await.is(200);
        let client = if_match(bridge, &current(bridge, &path).await);
        let other = if round % 2 == 0 {
            "title"
        } else {
            "preferredLanguage"
        };
        let (first, second) = tokio::join!(
            client.patch(&path, replace("title", "one")),
            client.patch(&spelled, replace(other, "two")),
        );
        let held = bridge.held(&id).await;
        match one_of(&first, &second) {
            0 => assert_eq!(
                (
                    held.scim("title").as_deref(),
                    held.scim("preferredLanguage")
                ),
                (Some("one"), None)
            ),
            _ => {
                held.holds(&[(other, "two")]);
                assert_ne!(held.scim("title").as_deref(), Some("one"));
            }
        }
    }
}

async fn of_a_conditional_put_and_a_delete_one_wins(bridge: &Bridge) {
    for round in 0..ROUNDS {
        let id = create_user(bridge, &format!("ana{round}")).await;
        let path = format!("/Users/{id}");
        let read = bridge.okta().get(&path).await;
        let client = if_match(bridge, &version_of(&read));
        let mut whole = read.body.clone();
        whole["title"] = json!("Geographer");
        let (put, deleted) = tokio::join!(client.put(&path, whole), client.delete(&path));
        if deleted.status == 204 {
            // What is gone has no version that could be another one.
            put.not_found();
            assert!(bridge.admin.by_id(&id).await.is_none());
        } else {
            refused(&deleted);
            put.is(200);
            bridge.held(&id).await.holds(&[("title", "Geographer")]);
        }
    }
}

async fn of_two_conditional_lists_of_members_one_wins(bridge: &Bridge) {
    let mut people = Vec::new();
    for first in ["ana", "bo", "cy", "di"] {
        people.push(create_user(bridge, first).await);
    }
    let [ana, bo, cy, di] = [0, 1, 2, 3].map(|index| people[index].as_str());
    let group = create_group(bridge, "Ops").await;
    let path = format!("/Groups/{group}");
    let put = |ids: &[&str]| {
        let members: Vec<Value> = ids.iter().map(|id| json!({"value": id})).collect();
        json!({"schemas": [GROUP], "displayName": bridge.group_name("Ops"), "members": members})
    };
    for round in 0..ROUNDS {
        // From nobody, and from somebody.
        let begin: &[&str] = if round % 2 == 0 { &[] } else { &[ana, di] };
        bridge.okta().put(&path, put(begin)).await.is(200);
        let client = if_match(bridge, &current(bridge, &path).await);
        let (left, right) = ([ana, bo], [cy, di]);
        let (first, second) = tokio::join!(
            client.put(&path, put(&left)),
            client.put(&path, put(&right))
        );
        let won = if one_of(&first, &second) == 0 {
            left
        } else {
            right
        };
        assert_eq!(
            bridge.held(&group).await.members(),
            names_of(bridge, &won).await
        );
    }
}
