//! What a membership change costs does not depend on the group's size: counted in LDAP round trips, not in time.

use serde_json::json;

use crate::support::admin::{many, one};
use crate::support::people::{create_group_of, create_user};
use crate::support::{Bridge, Kind, both};

both!(stories: [a_member_of_a_huge_group_costs_what_one_of_a_small_group_costs]);

async fn a_member_of_a_huge_group_costs_what_one_of_a_small_group_costs(bridge: &Bridge) {
    let (ana, bo) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "bo").await,
    );
    let small = create_group_of(bridge, "Small", &[&bo]).await;
    let huge = create_group_of(bridge, "Huge", &[&bo]).await;
    let others = crowd(bridge).await;
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

/// Members to be. OpenLDAP and 389 DS take names of nobody; Active Directory wants entries, which take their time to make and to
/// take away, so there are fewer.
async fn crowd(bridge: &Bridge) -> Vec<String> {
    match bridge.kind() {
        Kind::OpenLdap | Kind::Ds389 => (0..10_000)
            .map(|number| format!("uid=n{number},{}", bridge.people))
            .collect(),
        Kind::Samba => {
            let mut names = Vec::new();
            for number in 0..150 {
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

/// The least number of round trips of three runs each: a health probe of the pool may fall into one of them.
async fn cost(bridge: &Bridge, group: &str, id: &str) -> [u64; 4] {
    let add = json!([{"op": "Add", "path": "members", "value": [{"value": id}]}]);
    let remove = json!([{"op": "Remove", "path": "members", "value": [{"value": id}]}]);
    let mut least = [u64::MAX; 4];
    for _ in 0..3 {
        for (slot, operations) in [&add, &add, &remove, &remove].into_iter().enumerate() {
            let before = bridge.round_trips().await;
            bridge
                .entra()
                .patch(&format!("/Groups/{group}"), operations.clone())
                .await
                .accepted();
            least[slot] = least[slot].min(bridge.round_trips().await - before);
        }
    }
    least
}
