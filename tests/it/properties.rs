//! Any text as a name: it survives create, read, filter, rename and delete unchanged, or it is refused by a rule that the
//! answer names. Nothing in between, on either directory.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::people::names_of;
use crate::support::property::for_all;
use crate::support::{Answer, Bridge, GROUP, USER, both};

both!(stories: [any_text_as_a_users_names, any_text_as_a_groups_name]);

const CASES: u32 = 64;

/// Text of all kinds: letters of every script, what means something to DNs, filters, JSON and templates, spaces and
/// control characters at every place, and combinations of these.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z0-9]{1,8}",
        2 => "\\PC{1,6}",
        1 => any::<char>().prop_map(String::from),
        3 => prop::sample::select(vec![
            ",", "+", "\"", "\\", "<", ">", ";", "=", "#", " ", "  ", "*", "(", ")", ")(uid=*", "\\00", "\\2a", "/", "&", "|", "!",
            "ou=x", ",ou=x", "{{ userName }}", "%2a", "@", "'", "\u{0}", "\u{7f}", "\n", "\t", "\u{ad}", "\u{200b}", "\u{202e}",
            "\u{feff}", "e\u{301}", "é", "ß", "İ", "ı", "ﬁ", "Ⅷ", "日本", "🐎", "👨‍👩‍👧", "\u{10ffff}", "\u{fffe}",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat())
}

/// Asserts that a refusal is one that says what to change, and that it names one of these attributes.
#[track_caller]
fn refused_by_a_rule(answer: &Answer, attributes: &[&str]) {
    let detail = answer.bad_request("invalidValue");
    assert!(
        attributes
            .iter()
            .any(|attribute| detail.contains(attribute)),
        "which attribute? {detail}"
    );
}

fn equals(attribute: &str, value: &str) -> String {
    format!("{attribute} eq {}", Value::from(value))
}

async fn any_text_as_a_users_names(bridge: &Bridge) {
    let client = bridge.entra();
    for_all(CASES, (any_text(), any_text(), any_text()), async |(name, display, renamed): (String, String, String)| {
        let body = json!({"schemas": [USER], "userName": name, "displayName": display, "active": true});
        let answer = client.post("/Users", body).await;
        if answer.status != 201 {
            refused_by_a_rule(&answer, &["userName", "displayName"]);
            assert_eq!(bridge.count(&bridge.people).await, 0, "a refusal leaves nothing behind");
            return;
        }
        let id = answer.created("/Users");
        let path = format!("/Users/{id}");
        answer.says(&json!({"userName": name, "displayName": display}));
        let entry = bridge.held(&id).await;
        entry.holds(&[("userName", &name), ("displayName", &display)]);
        assert_eq!(bridge.admin.entry(&entry.dn).await.as_ref(), Some(&entry), "its DN leads to it");
        assert_eq!(client.get(&path).await.resource(), &answer.body);
        for filter in [equals("userName", &name), equals("displayName", &display)] {
            let found = client.filter("/Users", &filter).await;
            assert_eq!(found.only()["id"], id.as_str(), "{filter}");
        }

        let rename = client.patch(&path, json!([{"op": "replace", "path": "userName", "value": renamed}])).await;
        let now = if rename.status == 200 {
            rename.says(&json!({"id": id, "userName": renamed}));
            renamed
        } else {
            refused_by_a_rule(&rename, &["userName"]);
            name
        };
        let entry = bridge.held(&id).await;
        entry.holds(&[("userName", &now), ("displayName", &display)]);
        let found = client.filter("/Users", &equals("userName", &now)).await;
        assert_eq!(found.only()["id"], id.as_str());

        client.delete(&path).await.no_content();
        assert_eq!(bridge.count(&bridge.people).await, 0);
    })
    .await;
}

async fn any_text_as_a_groups_name(bridge: &Bridge) {
    let client = bridge.entra();
    let ana = crate::support::people::create_user(bridge, "ana").await;
    let member = names_of(bridge, &[&ana]).await;
    for_all(
        CASES,
        (any_text(), any_text()),
        async |(name, renamed): (String, String)| {
            let body =
                json!({"schemas": [GROUP], "displayName": name, "members": [{"value": ana}]});
            let answer = client.post("/Groups", body).await;
            if answer.status != 201 {
                refused_by_a_rule(&answer, &["displayName"]);
                assert_eq!(
                    bridge.count(&bridge.groups).await,
                    0,
                    "a refusal leaves nothing behind"
                );
                return;
            }
            let id = answer.created("/Groups");
            let path = format!("/Groups/{id}");
            answer.says(&json!({"displayName": name}));
            let entry = bridge.held(&id).await;
            entry.holds(&[("group.displayName", &name)]);
            assert_eq!(entry.members(), member);
            assert_eq!(
                bridge.admin.entry(&entry.dn).await.as_ref(),
                Some(&entry),
                "its DN leads to it"
            );
            let found = client
                .filter(
                    "/Groups?excludedAttributes=members",
                    &equals("displayName", &name),
                )
                .await;
            assert_eq!(found.only()["id"], id.as_str());

            let rename = client
                .patch(
                    &path,
                    json!([{"op": "replace", "path": "displayName", "value": renamed}]),
                )
                .await;
            let now = if rename.status == 400 {
                refused_by_a_rule(&rename, &["displayName"]);
                name
            } else {
                rename.accepted();
                renamed
            };
            let entry = bridge.held(&id).await;
            entry.holds(&[("group.displayName", &now)]);
            assert_eq!(entry.members(), member, "renamed with its member");
            assert_eq!(
                client.get(&path).await.resource()["displayName"],
                now.as_str()
            );

            client.delete(&path).await.no_content();
            assert_eq!(bridge.count(&bridge.groups).await, 0);
        },
    )
    .await;
}
