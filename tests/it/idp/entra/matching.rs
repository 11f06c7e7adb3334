//! §1.2: finding out whether the user is there already.

use serde_json::json;
use uuid::Uuid;

use crate::support::people::create_user;
use crate::support::{Bridge, ENTERPRISE, both};

both!(stories: [
    entra_1_2_1_a_user_name_matches_whatever_its_case,
    entra_1_2_2_other_matching_attributes_find_the_user,
    entra_1_2_2_an_unquoted_value_is_read_as_text_or_refused,
    entra_1_2_2_two_conditions_with_and,
    entra_1_2_3_an_id_is_read_and_an_unknown_one_is_404,
    entra_1_2_3_a_disabled_user_is_still_found,
    entra_1_2_4_two_matches_are_two_matches,
]);

async fn entra_1_2_1_a_user_name_matches_whatever_its_case(bridge: &Bridge) {
    let ana = bridge.name("ana");
    let id = create_user(bridge, "ana").await;
    create_user(bridge, "bo").await;

    for spelling in [ana.clone(), ana.to_uppercase(), ana.replace("ana", "Ana")] {
        for filter in [
            format!("userName eq \"{spelling}\""),
            format!("username EQ \"{spelling}\""),
        ] {
            let answer = bridge.entra().filter("/Users", &filter).await;
            let found = answer.only();
            assert_eq!(found["id"], id.as_str(), "{filter}");
            assert_eq!(
                found["userName"],
                ana.as_str(),
                "the name comes back as it was sent"
            );
        }
    }
    bridge
        .entra()
        .filter("/Users", &format!("userName eq \"{}\"", &ana[1..]))
        .await
        .empty_list();
}

async fn entra_1_2_2_other_matching_attributes_find_the_user(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let number = format!("n-{}", bridge.tag);
    let operations =
        json!([{"op": "Replace", "path": format!("{ENTERPRISE}:employeeNumber"), "value": number}]);
    bridge
        .entra()
        .patch(&format!("/Users/{id}"), operations)
        .await
        .resource();
    create_user(bridge, "bo").await;

    let ana = bridge.name("ana");
    for filter in [
        format!("externalId eq \"ana-{}\"", bridge.tag),
        format!("emails[type eq \"work\"].value eq \"{ana}\""),
        format!("emails[type eq \"work\" and value eq \"{ana}\"]"),
        format!("emails.value eq \"{ana}\""),
        format!("{ENTERPRISE}:employeeNumber eq \"{number}\""),
        format!(
            "URN:ietf:params:scim:schemas:extension:enterprise:2.0:user:EmployeeNumber eq \"{number}\""
        ),
    ] {
        let answer = bridge.entra().filter("/Users", &filter).await;
        assert_eq!(answer.only()["id"], id.as_str(), "{filter}");
    }
}

async fn entra_1_2_2_an_unquoted_value_is_read_as_text_or_refused(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let answer = bridge
        .entra()
        .filter("/Users", &format!("externalId eq ana-{}", bridge.tag))
        .await;
    if answer.status == 200 {
        assert_eq!(answer.only()["id"], id.as_str());
    } else {
        answer.bad_request("invalidFilter");
    }
}

async fn entra_1_2_2_two_conditions_with_and(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let ana = bridge.name("ana");
    let both = format!(
        "userName eq \"{ana}\" and externalId eq \"ana-{}\"",
        bridge.tag
    );
    assert_eq!(
        bridge.entra().filter("/Users", &both).await.only()["id"],
        id.as_str()
    );
    let neither = format!("userName eq \"{ana}\" and externalId eq \"nobody\"");
    bridge.entra().filter("/Users", &neither).await.empty_list();
}

async fn entra_1_2_3_an_id_is_read_and_an_unknown_one_is_404(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let answer = bridge.entra().get(&format!("/Users/{id}")).await;
    assert_eq!(answer.resource()["userName"], bridge.name("ana").as_str());

    for unknown in [
        "0",
        "00919288221112222",
        &Uuid::new_v4().to_string(),
        "ana",
        "%2a",
        "%28%29",
    ] {
        bridge
            .entra()
            .get(&format!("/Users/{unknown}"))
            .await
            .not_found();
    }
    bridge
        .entra()
        .get(&format!("/Groups/{id}"))
        .await
        .not_found();
}

async fn entra_1_2_3_a_disabled_user_is_still_found(bridge: &Bridge) {
    let id = create_user(bridge, "ana").await;
    let operations = json!([{"op": "Replace", "path": "active", "value": "False"}]);
    bridge
        .entra()
        .patch(&format!("/Users/{id}"), operations)
        .await
        .resource();
    assert!(!bridge.held(&id).await.enabled());

    let read = bridge.entra().get(&format!("/Users/{id}")).await;
    assert_eq!(read.resource()["active"], false);
    let found = bridge
        .entra()
        .filter("/Users", &format!("userName eq \"{}\"", bridge.name("ana")))
        .await;
    assert_eq!(found.only()["active"], false);
}

async fn entra_1_2_4_two_matches_are_two_matches(bridge: &Bridge) {
    let ana = create_user(bridge, "ana").await;
    let bo = create_user(bridge, "bo").await;
    let answer = bridge
        .entra()
        .filter("/Users", "name.familyName eq \"ruiz\"")
        .await;
    let mut found: Vec<&str> = answer
        .list(2)
        .iter()
        .filter_map(|user| user["id"].as_str())
        .collect();
    found.sort();
    let mut expected = vec![ana.as_str(), bo.as_str()];
    expected.sort();
    assert_eq!(found, expected);
}
