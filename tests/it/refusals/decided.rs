//! What the mapping of a directory or the directory itself refuses, and what the directory said: these differ.

use std::collections::{BTreeMap, BTreeSet};

use super::causes::{self, Seen};
use super::{Example, HEADINGS, Row, documented, example, merged};
use crate::support::admin::one;
use crate::support::people::create_user;
use crate::support::run::in_a_place;
use crate::support::{Bridge, Kind, Options, Place};

const VALUE: (u16, &str) = (400, "invalidValue");
const UNIQUENESS: (u16, &str) = (409, "uniqueness");

#[rustfmt::skip]
const EVERYWHERE: &[Example] = &[
    example(VALUE, "the password policy refuses", "POST", "/Users", r#"{"userName":"{free}","displayName":"Bo","password":"x1!"}"#),
    example(UNIQUENESS, "somebody outside the base has the name", "POST", "/Users", r#"{"userName":"{outside}"}"#),
    example(UNIQUENESS, "another group has the name", "POST", "/Groups", r#"{"displayName":"{group}"}"#),
];

/// Where attributes can be made unique, and entries have others below them.
#[rustfmt::skip]
const STANDARD: &[Example] = &[
    example(VALUE, "a name of 300 characters", "POST", "/Users", r#"{"userName":"{long}"}"#),
    example(UNIQUENESS, "somebody has the mail, which the directory keeps unique", "PATCH", "/Users/{user}", r#"{"Operations":[{"op":"replace","path":"emails[type eq \"work\"].value","value":"{mail}"}]}"#),
    example((409, ""), "there are entries below the one to delete", "DELETE", "/Users/{parent}", ""),
];

#[rustfmt::skip]
const OPENLDAP: &[Example] = &[
    example(VALUE, "a value that is not of the attribute's syntax", "PATCH", "/Users/{user}", r#"{"Operations":[{"op":"replace","path":"phoneNumbers[type eq \"fax\"].value","value":"ñ"}]}"#),
];

#[rustfmt::skip]
const ACTIVE_DIRECTORY: &[Example] = &[
    example(VALUE, "a name of 300 characters", "POST", "/Users", r#"{"userName":"{free}","displayName":"{long}"}"#),
    example(VALUE, "an account without a password is enabled", "PATCH", "/Users/{idle}", r#"{"Operations":[{"op":"replace","path":"active","value":true}]}"#),
];

const DENIED: Example = example(
    (403, ""),
    "the bridge's account has no right",
    "POST",
    "/Users",
    r#"{"userName":"{free}"}"#,
);

#[test]
fn what_the_mapping_or_the_directory_refuses() {
    let mut told = Vec::new();
    let mut seen = Seen::new();
    for kind in [Kind::OpenLdap, Kind::Samba, Kind::Ds389] {
        in_a_place(kind, async |place: &Place| {
            told.push((kind, answers(place, &mut seen).await))
        });
    }
    documented(
        "## Where the mapping or the directory decides",
        &HEADINGS,
        &merged(told),
    );
    causes::documented(&seen);
}

async fn answers(place: &Place, seen: &mut Seen) -> Vec<Row> {
    let outside = place.plant_user(&place.outside, "olga").await;
    let parent = place.plant_user(&place.people, "parent").await;
    let group = place.plant_group(&place.groups, "Ops", &[]).await;
    let bridge = &Bridge::start(place, Options::new()).await;
    let user = create_user(bridge, "ana").await;
    create_user(bridge, "mail").await;
    let (long, free, mail) = (
        "x".repeat(300) + "@example.test",
        bridge.name("bo"),
        bridge.name("mail"),
    );
    let mut places = BTreeMap::from([
        ("{long}", long),
        ("{free}", free),
        ("{mail}", mail),
        ("{outside}", outside.name),
        ("{group}", group.name),
        ("{user}", user),
        ("{parent}", parent.id),
    ]);
    if place.kind() == Kind::Samba {
        places.insert("{idle}", account_without_password(place).await);
    } else {
        place.plant_ou(&format!("ou=Below,{}", parent.dn)).await;
    }
    let places: Vec<(&str, &str)> = places
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let own: &[&[Example]] = match place.kind() {
        Kind::OpenLdap => &[EVERYWHERE, STANDARD, OPENLDAP],
        Kind::Ds389 => &[EVERYWHERE, STANDARD],
        Kind::Samba => &[EVERYWHERE, ACTIVE_DIRECTORY],
    };
    let mut rows = Vec::new();
    let before = place.everything().await;
    for example in own.iter().copied().flatten() {
        rows.push(asked(bridge, example, &places, seen).await);
    }
    assert_eq!(
        place.everything().await,
        before,
        "a refusal changes nothing"
    );
    let base = place.lab.get("OUTSIDE_OU");
    let options = Options::new()
        .with("resources.User.base", base)
        .with("resources.Group.base", base);
    let bridge = &Bridge::start(place, options).await;
    rows.push(asked(bridge, &DENIED, &places, seen).await);
    rows
}

/// The row of the example; what the directory refused on the way, and how, goes to `seen`.
async fn asked(
    bridge: &Bridge,
    example: &Example,
    places: &[(&str, &str)],
    seen: &mut Seen,
) -> Row {
    let before = bridge.log().len();
    let row = example.row(bridge, places).await;
    for line in &bridge.log()[before..] {
        if line["message"] == "the directory refused" {
            let meaning = line["meaning"].as_str().expect("a meaning").to_owned();
            let of_meaning = seen.entry(meaning).or_default();
            let codes: &mut BTreeSet<String> =
                of_meaning.entry(super::spelled(bridge.kind())).or_default();
            let text = line["text"].as_str().unwrap_or_default();
            let sub = text.split_once(':').map(|(head, _)| head);
            let sub = sub.filter(|head| {
                head.len() == 8 && head.bytes().all(|byte| byte.is_ascii_hexdigit())
            });
            codes.insert(format!(
                "{}{}",
                line["code"],
                sub.map(|sub| format!(" with {sub}")).unwrap_or_default()
            ));
        }
    }
    row
}

async fn account_without_password(place: &Place) -> String {
    let (account, dn) = (
        format!("idle.{}", place.tag),
        format!("CN=idle.{},{}", place.tag, place.people),
    );
    let attributes = vec![
        ("objectClass", one("user")),
        ("sAMAccountName", one(&account)),
        ("userPrincipalName", one(place.name("idle"))),
        ("userAccountControl", one("514")),
    ];
    place.admin.add(&dn, attributes).await;
    place.admin.entry(&dn).await.expect("just added").id()
}
