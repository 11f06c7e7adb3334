//! What a membership change costs does not depend on the group's size: counted in LDAP round trips, not in time.

use serde_json::json;

use crate::support::admin::{many, one};
use crate::support::people::{create_group_of, create_user};
use crate::support::{Bridge, Client, GROUP, Kind, both};

both!(stories: [
    a_member_of_a_huge_group_costs_what_one_of_a_small_group_costs,
    a_group_is_shown_up_to_a_thousand_members,
    a_small_group_is_answered_whole,
]);

async fn a_member_of_a_huge_group_costs_what_one_of_a_small_group_costs(bridge: &Bridge) {
    let (ana, bo) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "bo").await,
    );
    let small = create_group_of(bridge, "Small", &[&bo]).await;
    let huge = create_group_of(bridge, "Huge", &[&bo]).await;
    let others = crowd(bridge, 10_000, 150).await;
    let dn = bridge.held(&huge).await.dn;
    for batch in others.chunks(1_000) {
        bridge.admin.give(&dn, "member", batch).await;
    }

    let cost_small = cost(bridge, &small, &ana).await;
    let cost_huge = cost(bridge, &huge, &ana).await;

    assert_eq!(
        cost_huge, cost_small,
        "round trips for [add, add again, remove, remove again]"
    );
    assert!(
        cost_small.iter().all(|trips| *trips <= 6),
        "a handful of round trips each: {cost_small:?}"
    );
    assert_eq!(
        bridge.held(&huge).await.members().len(),
        others.len() + 1,
        "and all the others are still in"
    );
}

/// By the default profile a PATCH answers the group as it then is. One of more than 1,000 members is read once to find out, and
/// from then on costs what it costs the providers that want 204 anyway. Nobody is kept from asking for the members by name.
/// Where members must be entries there are fewer, and the group is shown.
async fn a_group_is_shown_up_to_a_thousand_members(bridge: &Bridge) {
    let (ana, bo) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "bo").await,
    );
    let small = create_group_of(bridge, "Small", &[&bo]).await;
    let large = create_group_of(bridge, "Large", &[&bo]).await;
    let others = crowd(bridge, 1_000, 20).await;
    let dn = bridge.held(&large).await.dn;
    bridge.admin.give(&dn, "member", &others).await;
    let path = format!("/Groups/{large}");
    let add = json!([{"op": "add", "path": "members", "value": [{"value": ana}]}]);

    let answer = bridge.generic().patch(&path, add).await;

    assert_eq!(
        bridge.held(&large).await.members().len(),
        others.len() + 2,
        "done all the same"
    );
    if others.len() < 1_000 {
        // The contacts lie outside the bases.
        answer.resource();
        answer.says(&json!({"members": [{"value": ana}, {"value": bo}]}));
        return;
    }
    answer.no_content();
    assert_eq!(
        cost_to(&bridge.generic(), bridge, &large, &ana).await,
        cost(bridge, &small, &ana).await
    );
    let name = bridge.group_name("Larger");
    let rename = json!([{"op": "replace", "path": "displayName", "value": name}]);
    let asked = format!("{path}?attributes=displayName");
    let answer = bridge.generic().patch(&asked, rename).await;
    assert_eq!(answer.is(200).body["displayName"], name);
}

async fn a_small_group_is_answered_whole(bridge: &Bridge) {
    let (ana, bo, cy) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "bo").await,
        create_user(bridge, "cy").await,
    );
    let group = create_group_of(bridge, "Ops", &[&ana, &bo]).await;
    let path = format!("/Groups/{group}");
    let add = json!([{"op": "add", "path": "members", "value": [{"value": cy}]}]);
    let all = json!({"members": [{"value": ana}, {"value": bo}, {"value": cy}]});
    for _ in 0..2 {
        let answer = bridge.generic().patch(&path, add.clone()).await;
        answer.resource();
        answer.says(&all);
    }
    bridge.entra().patch(&path, add.clone()).await.no_content();
    let asked = format!("{path}?attributes=members");
    bridge.entra().patch(&asked, add).await.is(200).says(&all);
    // Members that a PUT keeps are shown as well.
    let put = json!({"schemas": [GROUP], "displayName": bridge.group_name("Ops EU")});
    let answer = bridge.entra().put(&path, put).await;
    answer.resource();
    answer.says(&all);
}

/// Members to be. OpenLDAP and 389 DS take names of nobody; Active Directory wants entries, which take their time to make and to
/// take away, so there are fewer.
async fn crowd(bridge: &Bridge, names: usize, entries: usize) -> Vec<String> {
    match bridge.kind() {
        Kind::OpenLdap | Kind::Ds389 => (0..names)
            .map(|number| format!("uid=n{number},{}", bridge.people))
            .collect(),
        Kind::Samba => {
            let mut names = Vec::new();
            for number in 0..entries {
                // Contacts: the cheapest entries that may be members.
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
    }
}

/// What Entra ID pays.
async fn cost(bridge: &Bridge, group: &str, id: &str) -> [u64; 4] {
    cost_to(&bridge.entra(), bridge, group, id).await
}

/// The least number of round trips of three runs each: a health probe of the pool may fall into one of them.
async fn cost_to(client: &Client<'_>, bridge: &Bridge, group: &str, id: &str) -> [u64; 4] {
    let add = json!([{"op": "Add", "path": "members", "value": [{"value": id}]}]);
    let remove = json!([{"op": "Remove", "path": "members", "value": [{"value": id}]}]);
    let mut least = [u64::MAX; 4];
    for _ in 0..3 {
        for (slot, operations) in [&add, &add, &remove, &remove].into_iter().enumerate() {
            let before = bridge.round_trips().await;
            client
                .patch(&format!("/Groups/{group}"), operations.clone())
                .await
                .no_content();
            least[slot] = least[slot].min(bridge.round_trips().await - before);
        }
    }
    least
}
