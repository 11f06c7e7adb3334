//! §1.0 and §1.1: transport, "Test connection" and keep-alive.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::people::{create_user, entra_user};
use crate::support::{Bridge, Options, Place, both, percent};

both!(stories: [
    entra_1_0_media_types_in_any_spelling_are_taken,
    entra_1_0_the_agents_name_does_not_matter,
    entra_1_0_a_create_that_arrives_twice_is_a_conflict_and_changes_nothing,
    entra_1_0_missing_or_wrong_credentials_are_401,
    entra_1_1_1_the_probe_for_a_random_user_is_an_empty_list,
    entra_1_1_2_the_probe_for_a_random_group_is_an_empty_list,
    entra_1_1_3_schemas_are_listed_in_full,
    entra_1_1_4_the_validators_first_page_of_one,
] places: [entra_1_0_the_front_end_speaks_tls]);

async fn entra_1_0_media_types_in_any_spelling_are_taken(bridge: &Bridge) {
    let spellings = [
        "application/scim+json; charset=utf-8",
        "application/scim+json",
        "application/json",
        "application/json; charset=UTF-8",
        "Application/SCIM+JSON;charset=\"utf-8\"",
    ];
    for (number, spelling) in spellings.into_iter().enumerate() {
        let first = format!("ana{number}");
        let client = bridge.entra().content_type(spelling);
        let id = client
            .post("/Users", entra_user(bridge, &first))
            .await
            .created("/Users");
        bridge
            .held(&id)
            .await
            .holds(&[("userName", &bridge.name(&first))]);
    }
    for accept in [
        "",
        "*/*",
        "application/json",
        "application/scim+json, application/json;q=0.5",
    ] {
        bridge
            .entra()
            .header("accept", accept)
            .get("/Users?count=1")
            .await
            .list(5);
    }
}

async fn entra_1_0_the_agents_name_does_not_matter(bridge: &Bridge) {
    for agent in ["", "microsoft azure ad scim provisioning", "curl/8"] {
        bridge
            .entra()
            .header("user-agent", agent)
            .get("/Users")
            .await
            .empty_list();
    }
}

async fn entra_1_0_a_create_that_arrives_twice_is_a_conflict_and_changes_nothing(bridge: &Bridge) {
    let ana = entra_user(bridge, "ana");
    let id = bridge
        .entra()
        .post("/Users", ana.clone())
        .await
        .created("/Users");
    let before = bridge.everything().await;

    bridge
        .entra()
        .post("/Users", ana)
        .await
        .conflict("userName");

    assert_eq!(bridge.everything().await, before);
    bridge.entra().get(&format!("/Users/{id}")).await.resource();
}

async fn entra_1_0_missing_or_wrong_credentials_are_401(bridge: &Bridge) {
    let wrong = "Bearer it_0000000000000000000000000000000000000000000000";
    for credentials in [
        "",
        "Bearer",
        "Bearer ",
        "non-token",
        wrong,
        "Basic YW5hOmFuYQ==",
    ] {
        let client = bridge.entra().header("authorization", credentials);
        for path in ["/Users", "/Groups/0", "/Schemas"] {
            let answer = client.get(path).await;
            answer.error(401, None);
            let challenge = answer.header("www-authenticate").unwrap_or_default();
            assert!(
                challenge.starts_with("Bearer"),
                "{credentials:?}: {challenge}"
            );
        }
        client
            .post("/Users", entra_user(bridge, "ana"))
            .await
            .error(401, None);
    }
    assert_eq!(
        bridge.count(&bridge.people).await,
        0,
        "nobody came in without a token"
    );
}

async fn entra_1_1_1_the_probe_for_a_random_user_is_an_empty_list(bridge: &Bridge) {
    let filter = format!("userName eq \"{}\"", Uuid::new_v4());
    for _ in 0..3 {
        bridge.entra().filter("/Users", &filter).await.empty_list();
    }
    let plus = percent(&filter).replace("%20", "+");
    bridge
        .entra()
        .get(&format!("/Users?filter={plus}"))
        .await
        .empty_list();
    assert_eq!(bridge.count(&bridge.people).await, 0);
}

async fn entra_1_1_2_the_probe_for_a_random_group_is_an_empty_list(bridge: &Bridge) {
    let filter = format!("displayName eq \"{}\"", Uuid::new_v4());
    bridge
        .entra()
        .filter("/Groups?excludedAttributes=members", &filter)
        .await
        .empty_list();
    assert_eq!(bridge.count(&bridge.groups).await, 0);
}

async fn entra_1_1_3_schemas_are_listed_in_full(bridge: &Bridge) {
    let answer = bridge.entra().get("/Schemas").await;
    answer.is(200);
    assert_eq!(
        answer
            .header("content-type")
            .map(|value| value.starts_with("application/scim+json")),
        Some(true)
    );
    let schemas = answer.body["Resources"]
        .as_array()
        .expect("Resources")
        .clone();
    assert_eq!(answer.body["totalResults"], json!(schemas.len()));
    for id in [
        crate::support::USER,
        crate::support::GROUP,
        crate::support::ENTERPRISE,
    ] {
        let schema = schemas
            .iter()
            .find(|schema| schema["id"] == id)
            .unwrap_or_else(|| panic!("{id} is missing"));
        let attributes = schema["attributes"].as_array().expect("attributes");
        assert!(!attributes.is_empty(), "{id} lists its attributes");
        for attribute in attributes {
            let name = attribute["name"].as_str().expect("an attribute has a name");
            assert!(
                name.starts_with(|letter: char| letter.is_ascii_lowercase()),
                "camelCase: {name}"
            );
            for key in ["type", "multiValued", "mutability", "returned"] {
                assert!(attribute.get(key).is_some(), "{id} {name} says its {key}");
            }
        }
    }
    assert!(!has_null(&answer.body), "no nulls: {}", answer.text);
    let user = bridge
        .entra()
        .get(&format!("/Schemas/{}", crate::support::USER))
        .await;
    assert_eq!(user.is(200).body["id"], crate::support::USER);
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(elements) => elements.iter().any(has_null),
        Value::Object(members) => members.values().any(has_null),
        _ => false,
    }
}

async fn entra_1_1_4_the_validators_first_page_of_one(bridge: &Bridge) {
    bridge
        .entra()
        .get("/Users?startIndex=1&count=1")
        .await
        .empty_list();
    create_user(bridge, "ana").await;
    create_user(bridge, "bo").await;
    let answer = bridge.entra().get("/Users?startIndex=1&count=1").await;
    assert_eq!(answer.list(2).len(), 1, "one of two");
    assert_eq!(answer.body["startIndex"], 1);
}

async fn entra_1_0_the_front_end_speaks_tls(place: &Place) {
    let bridge = Bridge::start(place, Options::new().tls()).await;
    assert!(bridge.base.starts_with("https://"));

    let id = bridge
        .entra()
        .post("/Users", entra_user(&bridge, "ana"))
        .await
        .created("/Users");

    bridge
        .held(&id)
        .await
        .holds(&[("userName", &bridge.name("ana"))]);
}
