//! A password is set, never read; a refused one leaves no account behind.

use serde_json::{Value, json};

use crate::support::people::{create_user, entra_user, okta_user};
use crate::support::run::with_a_bridge;
use crate::support::{Bridge, GOOD_PASSWORD, Kind, Manner, both};

both!(stories: [
    a_refused_password_leaves_no_account_behind,
    a_refused_password_in_an_update_changes_nothing_else,
    a_password_that_looks_hashed_is_no_way_past_the_rules,
    a_password_is_never_answered_by_any_read,
    a_password_cannot_be_asked_for_by_a_filter,
    passwords_of_every_script_work,
    a_user_without_a_password_is_enabled_and_cannot_sign_in_with_nothing,
    a_user_created_disabled_with_a_password_can_sign_in_once_enabled,
    a_new_password_leaves_a_disabled_account_disabled,
    a_disabled_account_is_enabled_with_a_new_password_at_once,
]);

async fn a_refused_password_leaves_no_account_behind(bridge: &Bridge) {
    let before = bridge.everything().await;
    for manner in [Manner::Entra, Manner::Okta, Manner::OktaSpecTest] {
        let mut user = okta_user(bridge, "ana");
        user["password"] = json!("x1!");
        bridge
            .client(manner)
            .post("/Users", user)
            .await
            .bad_request("invalidValue");
        assert_eq!(bridge.everything().await, before);
    }
}

async fn a_refused_password_in_an_update_changes_nothing_else(bridge: &Bridge) {
    let id = bridge
        .okta()
        .post("/Users", okta_user(bridge, "ana"))
        .await
        .created("/Users");
    let before = bridge.held(&id).await.without_bookkeeping();
    let operations = json!([
        {"op": "replace", "path": "displayName", "value": "Changed"},
        {"op": "replace", "path": "userName", "value": bridge.name("changed")},
        {"op": "replace", "path": "password", "value": "x1!"}
    ]);
    bridge
        .okta()
        .patch(&format!("/Users/{id}"), operations)
        .await
        .bad_request("invalidValue");
    assert_eq!(bridge.held(&id).await.without_bookkeeping(), before);
    let dn = bridge.held(&id).await.dn;
    assert_eq!(bridge.admin.bind_as(&dn, GOOD_PASSWORD).await, 0);
}

async fn a_password_is_never_answered_by_any_read(bridge: &Bridge) {
    let id = bridge
        .okta()
        .post("/Users", okta_user(bridge, "ana"))
        .await
        .created("/Users");
    for path in [
        format!("/Users/{id}"),
        format!("/Users/{id}?attributes=password"),
        format!("/Users/{id}?attributes=userPassword,unicodePwd,password"),
        "/Users?attributes=password".to_owned(),
        "/Users".to_owned(),
    ] {
        let answer = bridge.okta().get(&path).await;
        answer.is(200);
        let text = answer.text.to_lowercase();
        for secret in [
            GOOD_PASSWORD,
            "userPassword",
            "unicodePwd",
            "{SSHA}",
            "\"password\"",
        ] {
            assert!(
                !text.contains(&secret.to_lowercase()),
                "{path} tells {secret}: {}",
                answer.text
            );
        }
    }
}

async fn a_password_cannot_be_asked_for_by_a_filter(bridge: &Bridge) {
    bridge
        .okta()
        .post("/Users", okta_user(bridge, "ana"))
        .await
        .created("/Users");
    for filter in [
        format!("password eq \"{GOOD_PASSWORD}\""),
        "password pr".to_owned(),
        "password sw \"C\"".to_owned(),
    ] {
        let answer = bridge.okta().filter("/Users", &filter).await;
        answer.client_error();
    }
    bridge.never_logged(&[GOOD_PASSWORD]);
}

async fn passwords_of_every_script_work(bridge: &Bridge) {
    for (number, password) in [
        "Пароль-7-Очень-длинный",
        "pässwörd-7-ÄÖÜ \" \\ {}",
        "密码-Password-🐎7",
    ]
    .into_iter()
    .enumerate()
    {
        let mut user = okta_user(bridge, &format!("ana{number}"));
        user["password"] = json!(password);
        let id = bridge.okta().post("/Users", user).await.created("/Users");
        let dn = bridge.held(&id).await.dn;
        assert_eq!(bridge.admin.bind_as(&dn, password).await, 0, "{password}");
    }
}

async fn a_user_without_a_password_is_enabled_and_cannot_sign_in_with_nothing(bridge: &Bridge) {
    let id = bridge
        .entra()
        .post("/Users", entra_user(bridge, "ana"))
        .await
        .created("/Users");
    let entry = bridge.held(&id).await;
    assert!(entry.enabled());
    if bridge.kind() == Kind::Samba {
        assert_eq!(
            entry.account_control() & 0x20,
            0,
            "never `no password required`"
        );
        assert!(
            entry.text("pwdLastSet").is_some_and(|set| set != "0"),
            "a password nobody knows was set: {entry:?}"
        );
    }
    assert_ne!(
        bridge.admin.bind_as(&entry.dn, "nothing-like-it-1A").await,
        0
    );
}

async fn a_user_created_disabled_with_a_password_can_sign_in_once_enabled(bridge: &Bridge) {
    let mut user: Value = okta_user(bridge, "ana");
    user["active"] = json!(false);
    let id = bridge.okta().post("/Users", user).await.created("/Users");
    let entry = bridge.held(&id).await;
    assert!(!entry.enabled());
    assert_ne!(bridge.admin.bind_as(&entry.dn, GOOD_PASSWORD).await, 0);
    let operations = json!([{"op": "replace", "path": "active", "value": true}]);
    bridge
        .okta()
        .patch(&format!("/Users/{id}"), operations)
        .await
        .resource();
    assert_eq!(bridge.admin.bind_as(&entry.dn, GOOD_PASSWORD).await, 0);
}

/// Where the directory's rules hide the lock from the bridge's account, nobody can make sure that the user was not disabled
/// in that moment; and yet a password must not be impossible to set.
#[test]
fn a_password_can_be_set_where_the_lock_cannot_be_seen() {
    with_a_bridge(Kind::OpenLdap, async |bridge| {
        let id = create_user(bridge, "ana").await;
        let dn = bridge.held(&id).await.dn;
        bridge
            .admin
            .set(&dn, "employeeType", &["lock-unseen"])
            .await;
        let path = format!("/Users/{id}");
        let set = |password| json!([{"op": "replace", "path": "password", "value": password}]);
        bridge
            .okta()
            .patch(&path, set(GOOD_PASSWORD))
            .await
            .accepted();
        assert_eq!(bridge.admin.bind_as(&dn, GOOD_PASSWORD).await, 0);
        bridge.warned(&["the change is made without it"]);

        let version = bridge.okta().get(&path).await.is(200).body["meta"]["version"].clone();
        let version = version.as_str().expect("a version").to_owned();
        let conditional = bridge.okta().header("if-match", &version);
        conditional.patch(&path, set(NEW_PASSWORD)).await.accepted();
        assert_eq!(bridge.admin.bind_as(&dn, NEW_PASSWORD).await, 0);
        let stale = conditional.patch(&path, set(GOOD_PASSWORD)).await;
        stale.error(412, None);
        assert_eq!(bridge.admin.bind_as(&dn, NEW_PASSWORD).await, 0);
    });
}

/// A user who is disabled; answers the id.
async fn disabled(bridge: &Bridge) -> String {
    let mut user = okta_user(bridge, "ana");
    user["active"] = json!(false);
    let answer = bridge.okta().post("/Users", user).await;
    answer.created("/Users")
}

const NEW_PASSWORD: &str = "Correct-Horse-8-Battery";

/// slapo-ppolicy unlocks whoever gets a password; a provider that sets one for a leaver must not bring the leaver back.
async fn a_new_password_leaves_a_disabled_account_disabled(bridge: &Bridge) {
    let id = disabled(bridge).await;
    let path = format!("/Users/{id}");
    let set = json!({"op": "replace", "path": "password", "value": NEW_PASSWORD});
    let stay = json!({"op": "replace", "path": "active", "value": false});
    let mut whole = okta_user(bridge, "ana");
    whole["active"] = json!(false);
    whole["password"] = json!("Correct-Horse-9-Battery");
    for answer in [
        bridge.okta().patch(&path, json!([set])).await,
        bridge.okta().patch(&path, json!([set, stay])).await,
        bridge.okta().put(&path, whole).await,
    ] {
        assert_eq!(answer.resource()["active"], false);
        let entry = bridge.held(&id).await;
        assert!(!entry.enabled(), "{}", bridge.kind());
        assert_ne!(bridge.admin.bind_as(&entry.dn, NEW_PASSWORD).await, 0);
    }
}

async fn a_disabled_account_is_enabled_with_a_new_password_at_once(bridge: &Bridge) {
    let id = disabled(bridge).await;
    let operations = json!([
        {"op": "replace", "path": "active", "value": true},
        {"op": "replace", "path": "password", "value": NEW_PASSWORD}
    ]);
    let answer = bridge
        .okta()
        .patch(&format!("/Users/{id}"), operations)
        .await;
    assert_eq!(answer.resource()["active"], true);
    let entry = bridge.held(&id).await;
    assert!(entry.enabled());
    assert_eq!(bridge.admin.bind_as(&entry.dn, NEW_PASSWORD).await, 0);
}

/// A hash would be stored as it is, past every rule for passwords, and whoever made it knows the password. Active Directory
/// takes it for the password itself.
async fn a_password_that_looks_hashed_is_no_way_past_the_rules(bridge: &Bridge) {
    let id = bridge
        .okta()
        .post("/Users", okta_user(bridge, "ana"))
        .await
        .created("/Users");
    let path = format!("/Users/{id}");
    let dn = bridge.held(&id).await.dn;
    for password in [
        "{SSHA}5en6G6MezRroT3XKqkdPOmY/BfQ7Ab1c",
        "{CLEARTEXT}Correct-Horse-8",
        "{x-7}Correct-Horse",
    ] {
        let before = bridge.everything().await;
        let mut new = okta_user(bridge, "bo");
        new["password"] = json!(password);
        let mut whole = okta_user(bridge, "ana");
        whole["password"] = json!(password);
        whole["title"] = json!("Engineer");
        let operations = json!([
            {"op": "replace", "path": "title", "value": "Engineer"},
            {"op": "replace", "path": "password", "value": password},
        ]);
        if bridge.kind() == Kind::Samba {
            bridge.okta().patch(&path, operations).await.resource();
            assert_eq!(bridge.admin.bind_as(&dn, password).await, 0, "{password}");
            continue;
        }
        for answer in [
            bridge.okta().post("/Users", new).await,
            bridge.okta().patch(&path, operations).await,
            bridge.okta().put(&path, whole).await,
        ] {
            let detail = answer.bad_request("invalidValue");
            assert!(
                detail.contains("`password`") && !detail.contains(password),
                "{detail}"
            );
        }
        assert_eq!(bridge.everything().await, before);
    }
    if bridge.kind() != Kind::Samba {
        assert_eq!(bridge.admin.bind_as(&dn, GOOD_PASSWORD).await, 0);
    }
}
