//! What one directory would refuse and the other would take: the bridge decides alike, before anything is written.

use serde_json::json;

use crate::support::people::{create_user, entra_group, entra_user};
use crate::support::{Bridge, Kind, both};

both!(stories: [
    a_long_user_name_gets_a_short_account_name,
    characters_that_an_account_name_cannot_have,
    a_long_display_name_does_not_break_the_common_name,
    a_long_group_name,
]);

async fn a_long_user_name_gets_a_short_account_name(bridge: &Bridge) {
    for first in [
        "maximiliana-theodora-von-und-zu-hohenlohe",
        "maximiliana-theodora-von-und-zu-hohenstein",
    ] {
        let answer = bridge
            .entra()
            .post("/Users", entra_user(bridge, first))
            .await;
        let id = answer.created("/Users");
        let entry = bridge.held(&id).await;
        entry.holds(&[("userName", &bridge.name(first))]);
        if bridge.kind() == Kind::Samba {
            let account = entry.text("sAMAccountName").expect("an account name");
            assert!(
                account.chars().count() <= 20
                    && !account.ends_with('.')
                    && !account.starts_with('$'),
                "{account}"
            );
        }
    }
}

async fn characters_that_an_account_name_cannot_have(bridge: &Bridge) {
    let name = format!("a+b=c,d*e/f.{}@example.test", bridge.tag);
    let mut user = entra_user(bridge, "ana");
    user["userName"] = json!(name);
    let answer = bridge.entra().post("/Users", user).await;
    if answer.status == 400 {
        let detail = answer.bad_request("invalidValue");
        assert!(
            detail.contains("userName") || detail.contains("sAMAccountName"),
            "{detail}"
        );
        assert_eq!(bridge.count(&bridge.people).await, 0);
        return;
    }
    let entry = bridge.held(&answer.created("/Users")).await;
    entry.holds(&[("userName", &name)]);
    if bridge.kind() == Kind::Samba {
        let account = entry.text("sAMAccountName").expect("an account name");
        assert!(
            !account.contains(|letter: char| "\"/\\[]:;|=,+*?<>@".contains(letter)),
            "{account}"
        );
    }
}

async fn a_long_display_name_does_not_break_the_common_name(bridge: &Bridge) {
    let long = "Ana Ruiz ".repeat(12).trim().to_owned();
    let mut user = entra_user(bridge, "ana");
    user["displayName"] = json!(long);
    let answer = bridge.entra().post("/Users", user).await;
    let id = answer.created("/Users");
    let entry = bridge.held(&id).await;
    entry.holds(&[("displayName", &long)]);
    if bridge.kind() == Kind::Samba {
        let name = entry.text("cn").expect("a cn");
        assert!(name.chars().count() <= 64, "{name}");
    }
    let bo = create_user(bridge, "bo").await;
    let operations = json!([{"op": "Replace", "path": "displayName", "value": long}]);
    bridge
        .entra()
        .patch(&format!("/Users/{bo}"), operations)
        .await
        .resource();
    bridge.held(&bo).await.holds(&[("displayName", &long)]);
}

async fn a_long_group_name(bridge: &Bridge) {
    let mut group = entra_group(bridge, "Ops");
    let name = format!("{} {}", "Operations".repeat(7), bridge.tag);
    group["displayName"] = json!(name);
    let answer = bridge.entra().post("/Groups", group).await;
    if answer.status == 400 {
        // 64 characters is Active Directory's limit for a cn.
        assert_eq!(bridge.kind(), Kind::Samba, "{}", answer.text);
        let detail = answer.bad_request("invalidValue");
        assert!(
            detail.contains("displayName") && detail.contains("64"),
            "{detail}"
        );
        assert_eq!(bridge.count(&bridge.groups).await, 0);
    } else {
        let id = answer.created("/Groups");
        assert_eq!(answer.body["displayName"], name.as_str());
        let read = bridge.entra().get(&format!("/Groups/{id}")).await;
        assert_eq!(read.resource()["displayName"], name.as_str());
    }
}
