//! §3: PingFederate's SCIM provisioner, PingOne and PingDirectory's sync. `[A]` unless a story says otherwise
//! (docs.pingidentity.com: integrations/scim, github_emu, PingDirectory sync).

use serde_json::{Value, json};

use crate::support::people::{capitalised, create_user, names_of, plain_user};
use crate::support::{Bridge, Client, ENTERPRISE, GOOD_PASSWORD, GROUP, Manner, USER, both};

both!(stories: [
    ping_3_1_the_word_before_the_token_is_the_administrators,
    ping_3_2_the_connection_check_is_a_quick_404,
    ping_3_3_the_filter_expression_has_any_case_and_operator,
    ping_3_4_create_and_a_repeated_create,
    ping_3_5_a_put_of_the_whole_mapped_set,
    ping_3_6_disable_delete_and_create_disabled,
    ping_3_7_groups_are_matched_by_listing_them_all,
    ping_3_7_members_come_and_go,
    ping_3_9_a_custom_schema_is_ignored,
]);

fn ping(bridge: &Bridge) -> Client<'_> {
    bridge.client(Manner::Ping)
}

async fn ping_3_1_the_word_before_the_token_is_the_administrators(bridge: &Bridge) {
    let token = bridge.tokens.of("ping");
    for word in ["Bearer", "OAuth", "Token"] {
        ping(bridge)
            .header("authorization", &format!("{word} {token}"))
            .get("/Users/0")
            .await
            .not_found();
    }
    ping(bridge)
        .header("authorization", "OAuth of-nobody")
        .get("/Users/0")
        .await
        .error(401, None);
}

async fn ping_3_2_the_connection_check_is_a_quick_404(bridge: &Bridge) {
    let mut least = u64::MAX;
    for _ in 0..3 {
        let before = bridge.round_trips().await;
        ping(bridge).get("/Users/0").await.not_found();
        least = least.min(bridge.round_trips().await - before);
    }
    assert_eq!(
        least, 0,
        "the directory is not asked about what can be no id"
    );
}

async fn ping_3_3_the_filter_expression_has_any_case_and_operator(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    create_user(bridge, "bo").await;
    let name = bridge.name("ana");
    for filter in [
        format!("userName Eq \"{name}\""),
        format!("userName EQ \"{}\"", name.to_uppercase()),
        format!("username eq \"{name}\""),
        format!("email Co \"{name}\""),
        format!("emails.value cO \"{name}\""),
        format!("emails Co \"{name}\""),
    ] {
        let found = ping(bridge).filter("/Users", &filter).await;
        assert_eq!(found.only()["id"], id.as_str(), "{filter}");
    }
    let nobody = bridge.name("cy");
    let filter = format!("userName Eq \"{nobody}\"");
    ping(bridge).filter("/Users", &filter).await.empty_list();
}

async fn ping_3_4_create_and_a_repeated_create(bridge: &Bridge) {
    let id = ping(bridge)
        .post("/Users", plain_user(bridge, "ana"))
        .await
        .created("/Users");
    let entry = bridge.held(&id).await;
    entry.holds(&[
        ("userName", &bridge.name("ana")),
        ("name.givenName", "Ana"),
        ("department", "Labs"),
        ("emails.work", &bridge.name("ana")),
    ]);
    assert!(entry.enabled());
    let before = bridge.everything().await;
    ping(bridge)
        .post("/Users", plain_user(bridge, "ana"))
        .await
        .conflict("userName");
    assert_eq!(bridge.everything().await, before);
}

async fn ping_3_5_a_put_of_the_whole_mapped_set(bridge: &Bridge) {
    let mut ana = plain_user(bridge, "ana");
    ana["password"] = json!(GOOD_PASSWORD);
    ana["title"] = json!("Engineer");
    let id = ping(bridge).post("/Users", ana).await.created("/Users");

    let mut whole = plain_user(bridge, "ana");
    whole["displayName"] = json!("Ana R.");
    ping(bridge)
        .put(&format!("/Users/{id}"), whole)
        .await
        .resource();

    let entry = bridge.held(&id).await;
    entry.holds(&[("displayName", "Ana R."), ("department", "Labs")]);
    entry.lacks(&["title"]);
    assert_eq!(
        bridge.admin.bind_as(&entry.dn, GOOD_PASSWORD).await,
        0,
        "a PUT without password keeps it"
    );
}

async fn ping_3_6_disable_delete_and_create_disabled(bridge: &Bridge) {
    let id = ping(bridge)
        .post("/Users", plain_user(bridge, "ana"))
        .await
        .created("/Users");
    let mut off = plain_user(bridge, "ana");
    off["active"] = json!(false);
    for _ in 0..2 {
        let answer = ping(bridge).put(&format!("/Users/{id}"), off.clone()).await;
        assert_eq!(answer.resource()["active"], false);
        assert!(!bridge.held(&id).await.enabled());
    }
    ping(bridge)
        .delete(&format!("/Users/{id}"))
        .await
        .no_content();
    assert!(bridge.admin.by_id(&id).await.is_none());
    ping(bridge)
        .delete(&format!("/Users/{id}"))
        .await
        .not_found();

    // "Provision disabled users".
    let mut bo = plain_user(bridge, "bo");
    bo["active"] = json!(false);
    let bo = ping(bridge).post("/Users", bo).await.created("/Users");
    assert!(!bridge.held(&bo).await.enabled());
}

async fn ping_3_7_groups_are_matched_by_listing_them_all(bridge: &Bridge) {
    let mut made = Vec::new();
    for number in 0..5 {
        let body =
            json!({"schemas": [GROUP], "displayName": bridge.group_name(&format!("G{number}"))});
        made.push(ping(bridge).post("/Groups", body).await.created("/Groups"));
    }
    let mut seen: Vec<String> = Vec::new();
    for page in ["startIndex=1", "startIndex=3", "startIndex=5"] {
        let answer = ping(bridge).get(&format!("/Groups?{page}&count=2")).await;
        let ids = answer
            .list(5)
            .iter()
            .map(|group| group["id"].as_str().unwrap().to_owned());
        seen.extend(ids);
    }
    made.sort();
    seen.sort();
    assert_eq!(seen, made, "every group once");
    ping(bridge)
        .get("/Groups?startIndex=7&count=2")
        .await
        .list(5);
}

/// How PingOne removes members is not published `[D]`: both forms are taken.
async fn ping_3_7_members_come_and_go(bridge: &Bridge) {
    let (ana, bo, cy) = (
        create_user(bridge, "ana").await,
        create_user(bridge, "bo").await,
        create_user(bridge, "cy").await,
    );
    let body = json!({"schemas": [GROUP], "displayName": bridge.group_name("Ops")});
    let group = ping(bridge).post("/Groups", body).await.created("/Groups");
    let path = format!("/Groups/{group}");
    let values: Vec<Value> = [&ana, &bo, &cy]
        .iter()
        .map(|id| json!({"value": id}))
        .collect();
    let steps = [
        (
            json!([{"op": "add", "path": "members", "value": values}]),
            vec![&ana, &bo, &cy],
        ),
        (
            json!([{"op": "remove", "path": format!("members[value eq \"{ana}\"]")}]),
            vec![&bo, &cy],
        ),
        (
            json!([{"op": "remove", "path": "members", "value": [{"value": bo}]}]),
            vec![&cy],
        ),
    ];
    for (operations, left) in steps {
        let left: Vec<&str> = left.into_iter().map(String::as_str).collect();
        for _ in 0..2 {
            let answer = ping(bridge).patch(&path, operations.clone()).await;
            let shown = answer.resource()["members"].as_array().map_or(0, Vec::len);
            assert_eq!(shown, left.len(), "200 with the group as it now is");
            assert_eq!(
                bridge.held(&group).await.members(),
                names_of(bridge, &left).await
            );
        }
    }
    let name = bridge.group_name("Ops EU");
    let rename = json!([{"op": "replace", "path": "displayName", "value": name}]);
    ping(bridge)
        .patch(&path, rename)
        .await
        .says(&json!({"id": group, "displayName": name}));
    bridge
        .held(&group)
        .await
        .holds(&[("group.displayName", &name)]);
    ping(bridge).delete(&path).await.no_content();
    assert!(bridge.admin.by_id(&group).await.is_none());
}

async fn ping_3_9_a_custom_schema_is_ignored(bridge: &Bridge) {
    let custom = "urn:scim:schemas:extension:custom:1.0";
    let mut ana = plain_user(bridge, "ana");
    ana["schemas"] = json!([USER, ENTERPRISE, custom]);
    ana[custom] = json!({"badge": "17", "nested": {"deep": [1, 2]}});
    ana["badgeNumber"] = json!("17");
    let id = ping(bridge)
        .post("/Users", ana.clone())
        .await
        .created("/Users");
    let held = bridge.held(&id).await;
    held.holds(&[("displayName", &format!("{} Ruiz", capitalised("ana")))]);
    ping(bridge)
        .put(&format!("/Users/{id}"), ana)
        .await
        .resource();
    assert_eq!(
        bridge.held(&id).await.without_bookkeeping(),
        held.without_bookkeeping()
    );
}
