//! Our own bind is refused: 503, not ready, and no retry loop that would lock the account.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::people::entra_user;
use crate::support::{Bridge, GOOD_PASSWORD, Kind, Options, Place, Relay, both};

both!(places: [a_wrong_bind_password_is_503_and_is_tried_rarely]);

async fn a_wrong_bind_password_is_503_and_is_tried_rarely(place: &Place) {
    // A service account of the test's own, so that no other test can be locked out with it.
    let account = place.plant_user(&place.outside, "service").await;
    let relay = Relay::to(place.lab).await;
    let options = Options::new()
        .not_ready()
        .with("directory.urls", vec![relay.url().as_str()])
        .with("directory.bind_dn", account.dn.as_str())
        .without("directory.bind_password_file")
        .with("directory.bind_password", "Mistyped-7-Password");
    let bridge = Bridge::start(place, options).await;
    let client = bridge.entra();

    // Ten seconds of a provider that keeps asking, four times a second.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(10) {
        client.get("/Users").await.unavailable();
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    client
        .filter("/Users", "userName eq \"ana\"")
        .await
        .unavailable();
    client
        .post("/Users", entra_user(&bridge, "ana"))
        .await
        .unavailable();
    let (status, text) = bridge
        .admin("/readyz")
        .await
        .expect("the admin listener answers");
    assert_eq!(status, 503, "{text}");
    assert!(text.contains("bind"), "it says what is wrong: {text}");
    assert!(!text.contains("Mistyped"), "{text}");

    assert_eq!(relay.connections(), 1, "at most one attempt in ten seconds");
    if place.kind() == Kind::OpenLdap {
        // The password policy keeps the times of failures. Samba counts only where accounts are ever locked.
        let account = place
            .admin
            .entry(&account.dn)
            .await
            .expect("the account is there");
        assert_eq!(account.texts("pwdFailureTime").len(), 1, "{account:?}");
    }
    if place.kind() == Kind::Ds389 {
        let account = place
            .admin
            .entry(&account.dn)
            .await
            .expect("the account is there");
        assert_eq!(account.text("passwordRetryCount").as_deref(), Some("1"));
    }
    bridge.never_logged(&["Mistyped-7-Password", GOOD_PASSWORD]);

    // The administrator sets the password that the bridge has: it comes back by itself.
    let (attribute, value) = match place.kind() {
        Kind::OpenLdap | Kind::Ds389 => ("userPassword", b"Mistyped-7-Password".to_vec()),
        Kind::Samba => (
            "unicodePwd",
            crate::support::admin::unicode_pwd("Mistyped-7-Password").remove(0),
        ),
    };
    place.admin.set(&account.dn, attribute, &[value]).await;
    bridge
        .wait_for_readiness(200, Duration::from_secs(120))
        .await;
    bridge.entra().get("/Users").await.empty_list();
    let operations = json!([{"op": "Replace", "path": "active", "value": "False"}]);
    bridge
        .entra()
        .patch("/Users/0", operations)
        .await
        .not_found();
}
