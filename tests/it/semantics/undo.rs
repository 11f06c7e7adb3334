//! What a request did before a later part of it was refused is taken back, and nothing else.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::admin::{many, one};
use crate::support::gate::{Gate, Write};
use crate::support::held::Held;
use crate::support::people::{create_group_of, create_user, entra_group};
use crate::support::{Answer, Bridge, Kind, Options, Place, both};

both!(places: [
    a_refused_later_batch_of_members_leaves_the_members_as_they_were,
    a_rename_is_taken_back_with_what_was_refused_after_it,
    what_is_refused_after_a_rename_is_no_version_of_somebody_elses,
]);

/// A thousand members take a busy directory its time.
const PATIENCE: Duration = Duration::from_secs(180);

async fn behind_a_gate(place: &Place, options: Options) -> (Gate, Bridge) {
    let gate = Gate::to(place.lab).await;
    let options = options
        .with("directory.urls", vec![gate.url()])
        .with("directory.operation_timeout", "90s");
    (gate, Bridge::start(place, options).await)
}

/// The request's answer, when the directory takes so many of its modifications and refuses the next, before which
/// something else happens.
async fn refused_after(
    gate: &mut Gate,
    taken: usize,
    request: impl Future<Output = Answer>,
    meanwhile: impl Future<Output = ()>,
) -> Answer {
    gate.watch(Write::Modify);
    let refuse = async {
        for _ in 0..taken {
            let arrival = tokio::time::timeout(PATIENCE, gate.arrival());
            let arrival = arrival.await.expect("a modification");
            gate.watch(Write::Modify);
            arrival.pass();
        }
        let arrival = tokio::time::timeout(PATIENCE, gate.arrival());
        let arrival = arrival.await.expect("one more modification");
        meanwhile.await;
        arrival.refuse();
    };
    tokio::join!(request, refuse).0
}

fn values(ids: &[&str]) -> Vec<Value> {
    ids.iter().map(|id| json!({"value": id})).collect()
}

/// The answer to what was refused and taken back says nothing of anything that stands.
fn taken_back(answer: &Answer) {
    let detail = answer.bad_request("invalidValue");
    assert!(!detail.contains("stands"), "{detail}");
}

/// More than one batch of a thousand. In Active Directory contacts, the cheapest entries that may be members.
async fn crowd(bridge: &Bridge) -> Vec<String> {
    const CROWD: usize = 1_030;
    if bridge.kind() != Kind::Samba {
        let planted = bridge.plant_users(&bridge.people, CROWD).await;
        return planted.into_iter().map(|user| user.id).collect();
    }
    for some in (0..CROWD).collect::<Vec<_>>().chunks(16) {
        join_all(some.iter().map(|number| async move {
            let dn = format!("CN=c{number},{}", bridge.people);
            let attributes = vec![("objectClass", many(&["contact"])), ("sn", one("c"))];
            bridge.admin.add(&dn, attributes).await;
        }))
        .await;
    }
    let contacts = bridge
        .admin
        .find(&bridge.people, "(objectClass=contact)")
        .await;
    assert_eq!(contacts.len(), CROWD);
    contacts.iter().map(Held::id).collect()
}

async fn a_refused_later_batch_of_members_leaves_the_members_as_they_were(place: &Place) {
    let contacts = (
        "filter = \"(sAMAccountType=805306368)\"",
        "filter = \"(objectClass=contact)\"",
    );
    let options = match place.kind() {
        Kind::Samba => Options::new().edit_mapping(contacts.0, contacts.1),
        Kind::OpenLdap | Kind::Ds389 => Options::new(),
    };
    let (mut gate, bridge) = behind_a_gate(place, options).await;
    let crowd = crowd(&bridge).await;
    let ids: Vec<&str> = crowd.iter().map(String::as_str).collect();
    let group = create_group_of(&bridge, "Ops", &ids[..20]).await;
    let dn = bridge.held(&group).await.dn;
    let client = bridge.entra();
    let path = format!("/Groups/{group}");
    let name = bridge.group_name("Ops");
    let add = json!([{"op": "Add", "path": "members", "value": values(&ids[20..])}]);
    // Some of them are members already, and some members go.
    let mut whole = entra_group(&bridge, "Ops");
    whole["members"] = json!(values(&ids[10..]));
    for put in [false, true] {
        let mut expected = bridge.held(&group).await.members();
        let request = async {
            if put {
                client.put(&path, whole.clone()).await
            } else {
                client.patch(&path, add.clone()).await
            }
        };
        // Meanwhile others add somebody of their own.
        let other = bridge
            .plant_group(&bridge.outside, &format!("Other {put}"), &[])
            .await;
        let answer = refused_after(
            &mut gate,
            1,
            request,
            bridge.admin.give(&dn, "member", &[&other.dn]),
        )
        .await;
        taken_back(&answer);
        expected.push(other.dn.to_lowercase());
        expected.sort();
        let after = bridge.held(&group).await;
        assert_eq!(after.members(), expected, "put: {put}");
        after.holds(&[("group.displayName", &name)]);
    }
    // Of a new group there is nothing to go back to.
    let mut new = entra_group(&bridge, "New");
    new["members"] = json!(values(&ids));
    let answer = refused_after(&mut gate, 0, client.post("/Groups", new), async {
        assert_eq!(bridge.count(&bridge.groups).await, 2, "half of it is there");
    })
    .await;
    taken_back(&answer);
    assert_eq!(bridge.count(&bridge.groups).await, 1);
}

async fn a_rename_is_taken_back_with_what_was_refused_after_it(place: &Place) {
    let (mut gate, bridge) = behind_a_gate(place, Options::new()).await;
    let (ana, bo) = (
        create_user(&bridge, "ana").await,
        create_user(&bridge, "bo").await,
    );
    let group = create_group_of(&bridge, "Ops", &[&ana]).await;
    let name = bridge.group_name("Renamed");
    if bridge.kind() != Kind::Samba {
        // The new name is a value of the old entry already: undoing the rename must not take it away.
        let dn = bridge.held(&group).await.dn;
        bridge.admin.give(&dn, "cn", &[&name]).await;
    }
    let before = bridge.held(&group).await;
    let client = bridge.entra();
    let path = format!("/Groups/{group}");
    let operations = json!([
        {"op": "Replace", "path": "displayName", "value": name},
        {"op": "Replace", "path": "externalId", "value": "other"},
        {"op": "Add", "path": "members", "value": values(&[&bo])},
    ]);
    // First the externalId is refused, then the members.
    for taken in 0..2 {
        let request = client.patch(&path, operations.clone());
        let answer = refused_after(&mut gate, taken, request, async {
            let renamed = bridge.held(&group).await;
            assert_ne!(renamed.dn, before.dn, "half of it is done");
        })
        .await;
        taken_back(&answer);
        let after = bridge.held(&group).await;
        assert_eq!(after.dn, before.dn);
        assert_eq!(after.without_bookkeeping(), before.without_bookkeeping());
    }
}

/// The rename and its taking back make another version of the group, and nobody else changed it: 412 would be a lie.
async fn what_is_refused_after_a_rename_is_no_version_of_somebody_elses(place: &Place) {
    let (mut gate, bridge) = behind_a_gate(place, Options::new()).await;
    let ana = create_user(&bridge, "ana").await;
    let group = create_group_of(&bridge, "Ops", &[]).await;
    let client = bridge.entra();
    let path = format!("/Groups/{group}");
    let version = client.get(&path).await.resource()["meta"]["version"].clone();
    let version = version.as_str().expect("a version");
    let operations = json!([
        {"op": "Replace", "path": "displayName", "value": bridge.group_name("Renamed")},
        {"op": "Add", "path": "members", "value": values(&[&ana])},
    ]);
    let conditional = bridge.entra().header("if-match", version);
    // Where the directory takes no condition, what was read is put back first.
    let taken = match bridge.kind() {
        Kind::OpenLdap => 0,
        Kind::Ds389 | Kind::Samba => 1,
    };
    let answer = refused_after(
        &mut gate,
        taken,
        conditional.patch(&path, operations),
        async {},
    )
    .await;
    taken_back(&answer);
    let held = bridge.held(&group).await;
    held.holds(&[("group.displayName", &bridge.group_name("Ops"))]);
    assert!(held.members().is_empty());
}
