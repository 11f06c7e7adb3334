//! `active` changes one bit of userAccountControl, and nothing else of it; in OpenLDAP it is pwdAccountLockedTime.

use serde_json::json;

use crate::support::admin::one;
use crate::support::people::{create_user, entra_user, okta_user};
use crate::support::{Bridge, GOOD_PASSWORD, Kind, both};

both!(stories: [
    disabling_changes_one_bit_and_leaves_the_others,
    concurrent_changes_of_other_bits_survive,
    active_repeated_writes_nothing,
    an_account_locked_by_too_many_guesses_is_not_disabled_by_an_unrelated_update,
    delegation_bits_cannot_be_reached,
    enabling_an_account_without_a_password_never_makes_one_that_needs_none,
]);

async fn set_active(bridge: &Bridge, id: &str, active: bool) {
    let operations = json!([{"op": "replace", "path": "active", "value": active}]);
    let answer = bridge
        .okta()
        .patch(&format!("/Users/{id}"), operations)
        .await;
    assert_eq!(answer.resource()["active"], active);
}

async fn disabling_changes_one_bit_and_leaves_the_others(bridge: &Bridge) {
    let id = bridge
        .okta()
        .post("/Users", okta_user(bridge, "ana"))
        .await
        .created("/Users");
    let entry = bridge.held(&id).await;
    if bridge.kind() != Kind::Samba {
        let attribute = bridge.kind().lock_attribute();
        let mark = match bridge.kind() {
            Kind::Ds389 => "true",
            _ => "000001010000Z",
        };
        set_active(bridge, &id, false).await;
        assert_eq!(
            bridge.held(&id).await.text(attribute).as_deref(),
            Some(mark)
        );
        assert_ne!(bridge.admin.bind_as(&entry.dn, GOOD_PASSWORD).await, 0);
        set_active(bridge, &id, true).await;
        assert!(!bridge.held(&id).await.has(attribute));
        assert_eq!(bridge.admin.bind_as(&entry.dn, GOOD_PASSWORD).await, 0);
        return;
    }
    // The administrator had decided that this password does not expire.
    bridge
        .admin
        .set(
            &entry.dn,
            "userAccountControl",
            &[(0x200 | 0x10000).to_string()],
        )
        .await;
    set_active(bridge, &id, false).await;
    assert_eq!(
        bridge.held(&id).await.account_control(),
        0x200 | 0x10000 | 0x2
    );
    set_active(bridge, &id, true).await;
    assert_eq!(bridge.held(&id).await.account_control(), 0x200 | 0x10000);
}

async fn concurrent_changes_of_other_bits_survive(bridge: &Bridge) {
    let id = bridge
        .okta()
        .post("/Users", okta_user(bridge, "ana"))
        .await
        .created("/Users");
    let dn = bridge.held(&id).await.dn;
    if bridge.kind() != Kind::Samba {
        // No bits here: another attribute changes while the lock goes on and off.
        let others = async {
            for number in 0..40 {
                bridge
                    .admin
                    .set(&dn, "description", &[number.to_string()])
                    .await;
            }
        };
        let bridges = async {
            for active in [false, true, false, true, false] {
                set_active(bridge, &id, active).await;
            }
        };
        tokio::join!(others, bridges);
        let entry = bridge.held(&id).await;
        assert_eq!(entry.text("description").as_deref(), Some("39"));
        assert!(!entry.enabled());
        return;
    }
    // The administrator flips "password never expires" without pause while SCIM disables and enables. A read of the old
    // value and a blind write of the new one would lose one of the two sooner or later.
    let rounds = 40;
    let administrator = async {
        let mut kept = 0;
        for round in 0..rounds {
            let set = round % 2 == 0;
            let before = bridge.held(&id).await.account_control();
            let after = if set {
                before | 0x10000
            } else {
                before & !0x10000
            };
            if change_bits(bridge, &dn, before, after).await {
                kept += 1;
                assert_eq!(
                    bridge.held(&id).await.account_control() & 0x10000 != 0,
                    set,
                    "the administrator's bit was lost"
                );
            }
        }
        kept
    };
    let scim = async {
        for round in 0..rounds {
            let active = round % 2 == 1;
            let operations = json!([{"op": "replace", "path": "active", "value": active}]);
            let answer = bridge
                .okta()
                .patch(&format!("/Users/{id}"), operations)
                .await;
            if answer.status == 503 {
                continue; // It gave up after losing the race several times: honest, and nothing is lost.
            }
            assert_eq!(answer.resource()["active"], active);
            assert_eq!(
                bridge.held(&id).await.enabled(),
                active,
                "SCIM's bit was lost"
            );
        }
    };
    let (kept, ()) = tokio::join!(administrator, scim);
    assert!(kept > 0, "the administrator never got through");
}

/// Compare and swap, as the bridge has to do it too.
async fn change_bits(bridge: &Bridge, dn: &str, before: u32, after: u32) -> bool {
    let name = || b"userAccountControl".to_vec();
    let values = |bits: u32| std::iter::once(bits.to_string().into_bytes()).collect();
    let modifications = vec![
        ldap3::Mod::Delete(name(), values(before)),
        ldap3::Mod::Add(name(), values(after)),
    ];
    before != after && bridge.admin.try_modify(dn, modifications).await == 0
}

async fn active_repeated_writes_nothing(bridge: &Bridge) {
    let id = bridge
        .okta()
        .post("/Users", okta_user(bridge, "ana"))
        .await
        .created("/Users");
    for active in [true, false] {
        set_active(bridge, &id, active).await;
        let version = bridge.held(&id).await.version();
        set_active(bridge, &id, active).await;
        assert_eq!(
            bridge.held(&id).await.version(),
            version,
            "active={active} a second time"
        );
    }
}

async fn an_account_locked_by_too_many_guesses_is_not_disabled_by_an_unrelated_update(
    bridge: &Bridge,
) {
    let id = bridge
        .okta()
        .post("/Users", okta_user(bridge, "ana"))
        .await
        .created("/Users");
    let dn = bridge.held(&id).await.dn;
    // Samba locks nobody out by its defaults. 389 DS keeps such a lock apart from that of the administrator.
    let mark = match bridge.kind() {
        Kind::Ds389 => "accountUnlockTime",
        kind => kind.lock_attribute(),
    };
    if bridge.kind() != Kind::Samba {
        for _ in 0..6 {
            let _ = bridge.admin.bind_as(&dn, "a-wrong-Guess-1").await;
        }
        assert!(
            bridge.held(&id).await.has(mark),
            "the policy locks after five guesses"
        );
    }
    let before = bridge.held(&id).await.texts(mark);
    let operations = json!([{"op": "replace", "path": "title", "value": "Engineer"}]);
    bridge
        .okta()
        .patch(&format!("/Users/{id}"), operations)
        .await
        .resource();
    let after = bridge.held(&id).await;
    after.holds(&[("title", "Engineer")]);
    assert_eq!(after.texts(mark), before);
}

async fn delegation_bits_cannot_be_reached(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let before = bridge.held(&id).await.without_bookkeeping();
    // Nothing that SCIM can say names the attribute; each attempt is ignored or refused, and the bits stay as they are.
    let bits = (0x200 | 0x80000 | 0x40_0000 | 0x100_0000).to_string();
    for path in [
        "userAccountControl",
        "urn:ietf:params:scim:schemas:core:2.0:User:userAccountControl",
    ] {
        let operations = json!([{"op": "replace", "path": path, "value": bits}]);
        let answer = bridge
            .entra()
            .patch(&format!("/Users/{id}"), operations)
            .await;
        assert!(
            answer.status == 200 || answer.status == 400,
            "{}",
            answer.status
        );
    }
    for value in [
        json!(524_800),
        json!("524800"),
        json!({"value": true}),
        json!([true, false]),
    ] {
        let operations = json!([{"op": "replace", "path": "active", "value": value}]);
        bridge
            .entra()
            .patch(&format!("/Users/{id}"), operations)
            .await
            .bad_request("invalidValue");
    }
    let mut bo = entra_user(bridge, "bo");
    bo["userAccountControl"] = json!(bits);
    let bo = bridge.entra().post("/Users", bo).await.created("/Users");
    assert_eq!(bridge.held(&id).await.without_bookkeeping(), before);
    if bridge.kind() == Kind::Samba {
        for id in [&id, &bo] {
            assert_eq!(
                bridge.held(id).await.account_control() & (0x80000 | 0x40_0000 | 0x100_0000),
                0
            );
        }
        // An account that has the bit already keeps it: it is not the bridge's to take away either.
        let dn = bridge.held(&bo).await.dn;
        bridge
            .admin
            .set(&dn, "userAccountControl", &[(0x200 | 0x80000).to_string()])
            .await;
        set_active(bridge, &bo, false).await;
        assert_eq!(bridge.held(&bo).await.account_control(), 0x202 | 0x80000);
    }
}

async fn enabling_an_account_without_a_password_never_makes_one_that_needs_none(bridge: &Bridge) {
    if bridge.kind() != Kind::Samba {
        // Here an account without a password cannot sign in, locked or not.
        let id = create_user(bridge, "ana").await;
        set_active(bridge, &id, false).await;
        set_active(bridge, &id, true).await;
        let entry = bridge.held(&id).await;
        assert_ne!(bridge.admin.bind_as(&entry.dn, GOOD_PASSWORD).await, 0);
        return;
    }
    // Samba would enable an account without a password, Active Directory refuses (0000052D): the bridge decides alike.
    let account = format!("nopw.{}", bridge.tag);
    let dn = format!("CN={account},{}", bridge.people);
    let name = bridge.name("nopw");
    let attributes = vec![
        ("objectClass", one("user")),
        ("sAMAccountName", one(&account)),
        ("userPrincipalName", one(&name)),
        ("userAccountControl", one("514")),
    ];
    bridge.admin.add(&dn, attributes).await;
    let entry = bridge.admin.entry(&dn).await.expect("just added");
    let enable = json!([{"op": "replace", "path": "active", "value": true}]);
    let answer = bridge
        .okta()
        .patch(&format!("/Users/{}", entry.id()), enable.clone())
        .await;
    let detail = answer.bad_request("invalidValue");
    assert!(detail.contains("password"), "{detail}");
    assert_eq!(
        bridge.held(&entry.id()).await,
        entry,
        "still disabled, and nothing written"
    );
    // With a password in the same request it can be enabled.
    let operations = json!([
        {"op": "replace", "path": "active", "value": true},
        {"op": "replace", "path": "password", "value": GOOD_PASSWORD}
    ]);
    bridge
        .okta()
        .patch(&format!("/Users/{}", entry.id()), operations)
        .await
        .resource();
    let enabled = bridge.held(&entry.id()).await;
    assert!(enabled.enabled());
    assert_eq!(
        enabled.account_control() & 0x20,
        0,
        "never `no password required`"
    );
    assert_eq!(bridge.admin.bind_as(&dn, GOOD_PASSWORD).await, 0);
}
