//! What the bridge says of itself, and `/Me`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::people::create_user;
use crate::support::{Bridge, ENTERPRISE, GROUP, Options, Place, USER, both};

both!(stories: [
    every_document_is_found_by_its_own_location,
    discovery_is_neither_filtered_nor_written,
    every_schema_that_an_answer_names_is_there,
] places: [
    me_is_the_resource_the_credential_belongs_to,
]);

const DOCUMENTS: [&str; 3] = ["/Schemas", "/ResourceTypes", "/ServiceProviderConfig"];

async fn every_document_is_found_by_its_own_location(bridge: &Bridge) {
    let client = bridge.entra();
    for path in ["/Schemas", "/ResourceTypes"] {
        let all = client.get(path).await;
        let documents = all.is(200).body["Resources"].as_array().unwrap().clone();
        assert_eq!(all.body["totalResults"], documents.len());
        for document in documents {
            let location = document["meta"]["location"].as_str().unwrap();
            let below = location.strip_prefix(&bridge.base).unwrap();
            assert_eq!(client.get(below).await.is(200).body, document);
        }
    }
    let config = client.get("/ServiceProviderConfig").await;
    let location = format!("{}/ServiceProviderConfig", bridge.base);
    assert_eq!(config.body["meta"]["location"], location.as_str());
}

async fn discovery_is_neither_filtered_nor_written(bridge: &Bridge) {
    let client = bridge.entra();
    for path in DOCUMENTS {
        client
            .filter(path, "name eq \"User\"")
            .await
            .error(403, None);
        // RFC 7644 §4: anything else in the query is ignored.
        client
            .get(&format!("{path}?count=0&attributes=id"))
            .await
            .is(200);
    }
    let user = format!("/Schemas/{USER}");
    for path in DOCUMENTS
        .into_iter()
        .chain([user.as_str(), "/ResourceTypes/User"])
    {
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let answer = client.send(method, path, Some(b"{}".to_vec())).await;
            answer.error(405, None);
            assert_eq!(answer.header("allow"), Some("GET"));
        }
    }
    client.get("/Schemas/urn:nothing").await.not_found();
    client.get("/ResourceTypes/Nothing").await.not_found();
}

async fn every_schema_that_an_answer_names_is_there(bridge: &Bridge) {
    let client = bridge.entra();
    let mut urns = vec![USER.to_owned(), GROUP.to_owned(), ENTERPRISE.to_owned()];
    for path in ["/ServiceProviderConfig", "/ResourceTypes/User"] {
        let document = client.get(path).await;
        urns.push(document.body["schemas"][0].as_str().unwrap().to_owned());
    }
    for urn in &urns {
        let schema = client.get(&format!("/Schemas/{urn}")).await;
        assert_eq!(schema.is(200).body["id"], urn.as_str());
        let attributes = schema.body["attributes"].as_array().unwrap().clone();
        check_attributes(&attributes);
    }
}

/// RFC 7643 §7: every characteristic is there, and no password is ever returned.
fn check_attributes(attributes: &[Value]) {
    assert!(!attributes.is_empty());
    for attribute in attributes {
        for name in [
            "name",
            "type",
            "multiValued",
            "description",
            "required",
            "mutability",
            "returned",
            "uniqueness",
        ] {
            assert!(!attribute[name].is_null(), "{name} of {attribute}");
        }
        match attribute["type"].as_str() {
            Some("complex") => check_attributes(attribute["subAttributes"].as_array().unwrap()),
            Some("reference") => assert!(!attribute["referenceTypes"].is_null(), "{attribute}"),
            _ => assert!(attribute["caseExact"].is_boolean(), "{attribute}"),
        }
        if attribute["name"] == "password" {
            assert_eq!(
                (&attribute["mutability"], &attribute["returned"]),
                (&json!("writeOnly"), &json!("never"))
            );
        }
    }
}

async fn me_is_the_resource_the_credential_belongs_to(place: &Place) {
    let bridge = Bridge::start(place, Options::new()).await;
    let ana = create_user(&bridge, "ana").await;
    bridge.entra().get("/Me").await.error(501, None);
    bridge.strict().get("/Me").await.error(501, None);
    drop(bridge);

    let options = Options::new().me(format!("/Users/{ana}"));
    let bridge = Bridge::start(place, options).await;
    let me = bridge.entra();
    // `meta.location` is the resource's own, which the check of every resource demands.
    let read = me.get("/Me").await;
    assert_eq!(read.resource()["id"], ana.as_str());
    let location = format!("{}/Users/{ana}", bridge.base);
    assert_eq!(read.header("location"), Some(location.as_str()));
    let title = json!([{ "op": "replace", "path": "title", "value": "Engineer" }]);
    me.patch("/Me", title).await.resource();
    let mut whole = me.get("/Me?excludedAttributes=groups").await.body;
    assert_eq!(whole["title"], "Engineer");
    whole["title"] = json!("Architect");
    me.put("/Me", whole).await.resource();
    bridge.held(&ana).await.holds(&[("title", "Architect")]);
    me.post("/Me", json!({})).await.error(405, None);
    bridge.strict().get("/Me").await.error(501, None);
    me.delete("/Me").await.no_content();
    me.get("/Me").await.not_found();
}
