//! Groups with more members than Active Directory tells at once: the rest is asked for, part by part, to the end.

use std::collections::BTreeSet;

use crate::support::admin::{many, one};
use crate::support::people::{create_group_of, create_user};
use crate::support::ranging::Ranging;
use crate::support::run::in_a_place;
use crate::support::{Bridge, Kind, Options, Place};

/// Beside the users who are shown. Not a multiple of the limit: the last part is shorter.
const CONTACTS: usize = 150;

#[test]
fn every_member_of_a_group_that_comes_in_parts_is_shown() {
    in_a_place(Kind::Samba, story);
}

async fn story(place: &Place) {
    let relay = Ranging::to(place.lab).await;
    let options = Options::new().with("directory.urls", vec![relay.url()]);
    let bridge = Bridge::start(place, options).await;
    let mut users = BTreeSet::new();
    for first in ["ana", "bo", "cy"] {
        users.insert(create_user(&bridge, first).await);
    }
    let ids: Vec<&str> = users.iter().map(String::as_str).collect();
    let group = create_group_of(&bridge, "Huge", &ids[..1]).await;
    let dn = bridge.held(&group).await.dn;
    // Contacts are no resources of the bridge and not shown, but told with the others: the users are among them.
    let contacts = contacts(&bridge).await;
    let (before, after) = contacts.split_at(CONTACTS / 2);
    bridge.admin.give(&dn, "member", before).await;
    for id in &ids[1..] {
        let user = bridge.held(id).await.dn;
        bridge.admin.give(&dn, "member", &[user]).await;
    }
    bridge.admin.give(&dn, "member", after).await;

    let before = relay.parts();
    let answer = bridge.entra().get(&format!("/Groups/{group}")).await;
    let members = answer.resource()["members"].as_array().expect("members");
    let shown: BTreeSet<String> = members
        .iter()
        .map(|member| member["value"].as_str().expect("an id").to_owned())
        .collect();
    assert_eq!(members.len(), users.len(), "nobody twice");
    assert_eq!(shown, users);
    let parts = (CONTACTS + users.len()).div_ceil(Ranging::LIMIT);
    assert_eq!(relay.parts() - before, parts, "to the end, and no further");

    // The same in a list, and what is not asked for is not read.
    let name = format!("displayName eq \"{}\"", bridge.group_name("Huge"));
    let listed = bridge.entra().filter("/Groups", &name).await;
    let listed = listed.only()["members"].as_array().expect("members");
    assert_eq!(listed.len(), users.len());
    let before = relay.parts();
    let path = format!("/Groups/{group}?attributes=displayName");
    bridge.entra().get(&path).await.is(200);
    let id = ids[2];
    let member = bridge
        .entra()
        .filter(
            "/Groups?attributes=id",
            &format!("members[value eq \"{id}\"]"),
        )
        .await;
    assert_eq!(member.list(1)[0]["id"], group.as_str());
    assert_eq!(
        relay.parts(),
        before,
        "no member is told to who does not ask"
    );
}

async fn contacts(bridge: &Bridge) -> Vec<String> {
    let mut names = Vec::new();
    for number in 0..CONTACTS {
        let dn = format!("CN=c{number},{}", bridge.outside);
        bridge
            .admin
            .add(
                &dn,
                vec![("objectClass", many(&["contact"])), ("sn", one("c"))],
            )
            .await;
        names.push(dn);
    }
    names
}
