//! §2.6: the on-premises provisioning agent, which speaks SCIM 1.1.

use serde_json::{Value, json};

use crate::support::{Bridge, Client, ENTERPRISE, GOOD_PASSWORD, Options, Place, both};

both!(places: [
    okta_2_6_what_the_agent_may_do,
    okta_2_6_a_user_lives_in_1_1,
    okta_2_6_a_group_is_pushed,
    okta_2_6_as_many_members_leave_as_come,
    okta_2_6_refusals_have_the_older_form,
    okta_2_6_is_off_unless_enabled,
]);

const CORE: &str = "urn:scim:schemas:core:1.0";
const ENTERPRISE_1: &str = "urn:scim:schemas:extension:enterprise:1.0";

async fn bridge(place: &Place) -> Bridge {
    Bridge::start(
        place,
        Options::new().with("server.legacy_base_path", "/scim/v1"),
    )
    .await
}

/// The agent: JSON, and the token in a header of its own choice.
fn agent(bridge: &Bridge) -> Client<'_> {
    bridge
        .older()
        .header("user-agent", "Okta-Provisioning-Agent/2.0.13")
        .header("accept", "application/json")
        .content_type("application/json")
}

fn user(bridge: &Bridge, first: &str) -> Value {
    let name = bridge.name(first);
    json!({
        "schemas": [CORE, ENTERPRISE_1], "userName": name, "id": "", "externalId": format!("00u-{first}-{}", bridge.tag),
        "name": {"formatted": "Ana Ruiz", "familyName": "Ruiz", "givenName": "Ana"},
        "emails": [{"value": name, "primary": true, "type": "work"}],
        "active": true, "password": GOOD_PASSWORD,
        ENTERPRISE_1: {"employeeNumber": "7"},
    })
}

async fn okta_2_6_what_the_agent_may_do(place: &Place) {
    let bridge = bridge(place).await;
    let answer = agent(&bridge).get("/ServiceProviderConfigs").await;

    let body = &answer.is(200).body;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(
        body["schemas"],
        json!([CORE, "urn:okta:schemas:scim:providerconfig:1.0"])
    );
    assert_eq!(
        body["urn:okta:schemas:scim:providerconfig:1.0"]["userManagementCapabilities"],
        json!([
            "GROUP_PUSH",
            "IMPORT_NEW_USERS",
            "IMPORT_PROFILE_UPDATES",
            "PUSH_NEW_USERS",
            "PUSH_PASSWORD_UPDATES",
            "PUSH_PENDING_USERS",
            "PUSH_PROFILE_UPDATES",
            "PUSH_USER_DEACTIVATION",
            "REACTIVATE_USERS"
        ])
    );
    let schemas = agent(&bridge).get("/Schemas").await;
    assert_eq!(schemas.is(200).body["totalResults"], 2);
    let of_users = agent(&bridge).get("/Schemas/User").await;
    assert_eq!(of_users.is(200).body["id"], format!("{CORE}:User"));
    // What 1.1 does not know is not there.
    for path in ["/ServiceProviderConfig", "/ResourceTypes", "/Bulk", "/Me"] {
        agent(&bridge).get(path).await.is(404);
    }
}

async fn okta_2_6_a_user_lives_in_1_1(place: &Place) {
    let bridge = bridge(place).await;
    let ana = bridge.name("ana");
    let filter = format!("userName eq \"{ana}\"");

    // Looked for, made, read, changed by PUT, disabled and enabled.
    let none = agent(&bridge)
        .filter("/Users?startIndex=1&count=100", &filter)
        .await;
    assert_eq!(
        none.is(200).body,
        json!({"schemas": [CORE], "totalResults": 0, "startIndex": 1, "itemsPerPage": 0, "Resources": []})
    );
    let mut sent = user(&bridge, "ana");
    let made = agent(&bridge).post("/Users", sent.clone()).await;
    let id = made.is(201).body["id"].as_str().expect("an id").to_owned();
    assert_eq!(made.body["schemas"], json!([CORE, ENTERPRISE_1]));
    assert_eq!(made.body[ENTERPRISE_1], json!({"employeeNumber": "7"}));
    let location = made.header("location").expect("a location");
    assert!(
        location.ends_with(&format!("/scim/v1/Users/{id}")),
        "{location}"
    );
    assert!(made.body.get("password").is_none());
    let entry = bridge.held(&id).await;
    entry.holds(&[("userName", &ana), ("emails.work", &ana)]);
    assert_eq!(bridge.admin.bind_as(&entry.dn, GOOD_PASSWORD).await, 0);

    let found = agent(&bridge).filter("/Users", &filter).await;
    assert_eq!(found.is(200).body["Resources"][0]["id"], id.as_str());
    let by_number = format!("{ENTERPRISE_1}:employeeNumber eq \"7\"");
    let found = agent(&bridge).filter("/Users", &by_number).await;
    assert_eq!(found.is(200).body["totalResults"], 1);

    sent["id"] = json!(id);
    sent["name"]["familyName"] = json!("Ruiz-Soto");
    let fields = sent.as_object_mut().expect("an object");
    fields.remove("password");
    let put = agent(&bridge)
        .put(&format!("/Users/{id}"), sent.clone())
        .await;
    assert_eq!(put.is(200).body["name"]["familyName"], "Ruiz-Soto");
    bridge
        .held(&id)
        .await
        .holds(&[("name.familyName", "Ruiz-Soto")]);

    for active in [false, true] {
        sent["active"] = json!(active);
        let put = agent(&bridge)
            .put(&format!("/Users/{id}"), sent.clone())
            .await;
        assert_eq!(put.is(200).body["active"], active);
        assert_eq!(bridge.held(&id).await.enabled(), active);
    }

    // A manager by `managerId`, then a PATCH of 1.1: merged, and emptied by name.
    let bo = agent(&bridge).post("/Users", user(&bridge, "bo")).await;
    let bo = bo.is(201).body["id"].as_str().expect("an id").to_owned();
    let patch = json!({"schemas": [CORE], "name": {"givenName": "Anna"},
        ENTERPRISE_1: {"manager": {"managerId": bo}, "department": "Labs"}});
    let answer = agent(&bridge)
        .send_patch(&format!("/Users/{id}"), patch)
        .await;
    let body = &answer.is(200).body;
    assert_eq!(body[ENTERPRISE_1]["manager"]["managerId"], bo.as_str());
    assert_eq!(body["name"]["givenName"], "Anna");
    assert_eq!(body["name"]["familyName"], "Ruiz-Soto");
    let modern = bridge.entra().get(&format!("/Users/{id}")).await;
    assert_eq!(
        modern.resource()[ENTERPRISE]["manager"]["value"],
        bo.as_str()
    );
    let patch =
        json!({"schemas": [CORE], "meta": {"attributes": [format!("{ENTERPRISE_1}:department")]}});
    let answer = agent(&bridge)
        .send_patch(&format!("/Users/{id}"), patch)
        .await;
    assert!(
        answer.is(200).body[ENTERPRISE_1]
            .get("department")
            .is_none()
    );
}

async fn okta_2_6_a_group_is_pushed(place: &Place) {
    let bridge = bridge(place).await;
    let mut ids = Vec::new();
    for first in ["ana", "bo"] {
        let made = agent(&bridge).post("/Users", user(&bridge, first)).await;
        ids.push(made.is(201).body["id"].as_str().expect("an id").to_owned());
    }
    let name = bridge.group_name("Ops");
    let sent = json!({"schemas": [CORE], "displayName": name, "members": [{"value": ids[0], "display": "ana"}]});
    let made = agent(&bridge).post("/Groups", sent).await;
    let group = made.is(201).body["id"].as_str().expect("an id").to_owned();

    let patch = json!({"schemas": [CORE], "members": [
        {"value": ids[1], "display": "bo"}, {"value": ids[0], "operation": "delete"}]});
    let answer = agent(&bridge)
        .send_patch(&format!("/Groups/{group}"), patch)
        .await;
    assert!([200, 204].contains(&answer.status), "{answer:?}");

    let read = agent(&bridge).get(&format!("/Groups/{group}")).await;
    let members = read.is(200).body["members"]
        .as_array()
        .expect("members")
        .clone();
    assert_eq!(members.len(), 1, "{members:?}");
    assert_eq!(members[0]["value"], ids[1].as_str());
    assert!(members[0].get("$ref").is_none(), "2.0 brought $ref");
    agent(&bridge)
        .delete(&format!("/Groups/{group}"))
        .await
        .is(204);
}

async fn okta_2_6_as_many_members_leave_as_come(place: &Place) {
    let bridge = bridge(place).await;
    // In Samba fewer, because every member has to be made first.
    let total = bridge.kind().pick(1_050, 200);
    let planted = bridge.plant_users(&bridge.people, total).await;
    let members = |operation: Option<&str>| -> Value {
        let each = planted.iter().map(|one| match operation {
            Some(operation) => json!({"value": one.id, "operation": operation}),
            None => json!({"value": one.id}),
        });
        each.collect()
    };
    let sent = json!({"schemas": [CORE], "displayName": bridge.group_name("Ops"), "members": members(None)});
    let made = agent(&bridge).post("/Groups", sent).await;
    let group = made.is(201).body["id"].as_str().expect("an id").to_owned();
    assert_eq!(bridge.held(&group).await.members().len(), total);

    let patch = json!({"schemas": [CORE], "members": members(Some("delete"))});
    let answer = agent(&bridge)
        .send_patch(&format!("/Groups/{group}"), patch)
        .await;
    assert!([200, 204].contains(&answer.status), "{answer:?}");
    assert!(bridge.held(&group).await.members().is_empty());
}

async fn okta_2_6_refusals_have_the_older_form(place: &Place) {
    let bridge = bridge(place).await;
    let ana = agent(&bridge).post("/Users", user(&bridge, "ana")).await;
    ana.is(201);
    let twice = agent(&bridge).post("/Users", user(&bridge, "ana")).await;
    let nobody = agent(&bridge).get("/Users/0").await;
    let no_filter = agent(&bridge).filter("/Users", "userName eq").await;
    let no_token = agent(&bridge)
        .header("authorization", "")
        .get("/Users")
        .await;
    for (answer, status) in [
        (twice, 409),
        (nobody, 404),
        (no_filter, 400),
        (no_token, 401),
    ] {
        let body = &answer.is(status).body;
        let error = &body["Errors"][0];
        assert_eq!(error["code"], status.to_string(), "{body}");
        assert!(
            error["description"]
                .as_str()
                .is_some_and(|text| text.len() > 10),
            "{body}"
        );
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
}

async fn okta_2_6_is_off_unless_enabled(place: &Place) {
    let bridge = Bridge::start(place, Options::new()).await;
    agent(&bridge).get("/ServiceProviderConfigs").await.is(404);
    agent(&bridge)
        .post("/Users", user(&bridge, "ana"))
        .await
        .is(404);
    assert_eq!(bridge.count(&bridge.people).await, 0);
}
