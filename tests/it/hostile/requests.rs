//! Requests that are too big, too deep, addressed to nothing, or not even HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use super::{leaks_nothing, refused};
use crate::support::people::{create_group_of, create_user, entra_user};
use crate::support::{Bridge, GROUP, both, percent};

both!(stories: [
    a_hundred_kilobytes_of_text,
    ten_thousand_nested_parentheses,
    ids_that_are_no_ids,
    query_parameters_that_are_no_numbers,
    too_much_of_everything,
    methods_and_paths_that_mean_nothing,
    an_answer_for_everything_leaves_the_bridge_alive,
]);

async fn a_hundred_kilobytes_of_text(bridge: &Bridge) {
    let client = bridge.entra();
    let id = create_user(bridge, "ana").await;
    let long = "x".repeat(100_000);
    for path in [
        "userName",
        "displayName",
        "title",
        "name.familyName",
        "externalId",
        "phoneNumbers[type eq \"work\"].value",
        "password",
    ] {
        let before = bridge.held(&id).await;
        let answer = client
            .patch(
                &format!("/Users/{id}"),
                json!([{"op": "replace", "path": path, "value": long}]),
            )
            .await;
        if answer.status == 200 {
            assert!(
                path == "password" || answer.text.contains(&long),
                "{path} was cut"
            );
        } else {
            let detail = answer.bad_request("invalidValue");
            assert!(detail.len() < 2_000, "{path}: the detail repeats the value");
            leaks_nothing(bridge, &answer);
            assert_eq!(
                bridge.held(&id).await.without_bookkeeping(),
                before.without_bookkeeping()
            );
        }
    }
    let group = json!({"schemas": [GROUP], "displayName": long});
    refused(bridge, &client.post("/Groups", group).await).await;
    refused(
        bridge,
        &client.get(&format!("/Users/{}", &long[..50_000])).await,
    )
    .await;
    let answer = client
        .filter("/Users", &format!("userName eq \"{}\"", &long[..60_000]))
        .await;
    if answer.status == 200 {
        answer.empty_list();
    } else {
        refused(bridge, &answer).await;
    }
    assert_eq!(bridge.count(&bridge.root).await, 1);
}

async fn ten_thousand_nested_parentheses(bridge: &Bridge) {
    let client = bridge.entra();
    let id = create_user(bridge, "ana").await;
    let open = "(".repeat(10_000);
    let close = ")".repeat(10_000);
    for filter in [
        format!("{open}userName pr{close}"),
        open.clone(),
        format!("{}userName pr", "not (".repeat(2_000)),
        format!("{}userName pr", "emails[".repeat(2_000)),
        format!("userName pr{}", " and userName pr".repeat(3_000)),
    ] {
        let answer = client
            .get(&format!(
                "/Users?filter={}",
                filter.replace(' ', "+").replace('[', "%5B")
            ))
            .await;
        if answer.status == 200 {
            answer.list(1);
        } else {
            answer.client_error();
            leaks_nothing(bridge, &answer);
        }
    }
    let operations =
        json!([{"op": "remove", "path": format!("members[{open}value eq \"x\"{close}]")}]);
    refused(
        bridge,
        &client.patch(&format!("/Users/{id}"), operations).await,
    )
    .await;
    bridge.entra().get(&format!("/Users/{id}")).await.resource();
}

async fn ids_that_are_no_ids(bridge: &Bridge) {
    let client = bridge.entra();
    let id = create_user(bridge, "ana").await;
    let before = bridge.everything().await;
    let dn = percent(&bridge.held(&id).await.dn);
    for wrong in [
        "*",
        "%2A",
        "%2A%29%28uid%3D%2A",
        "..",
        "%2e%2e",
        "%2e%2e%2f%2e%2e%2fadmin",
        "%3CGUID%3D*%3E",
        "null",
        "undefined",
        "-1",
        "0",
        "9999999999999999999999",
        "00000000-0000-0000-0000-000000000000",
        "%F0%9F%90%8E",
        "a%2Fb",
        &dn,
        "%20",
        &format!("{id}x"),
        &format!("%20{id}"),
    ] {
        for endpoint in ["/Users", "/Groups"] {
            let path = format!("{endpoint}/{wrong}");
            for answer in [
                client.get(&path).await,
                client.delete(&path).await,
                client
                    .patch(
                        &path,
                        json!([{"op": "replace", "path": "displayName", "value": "Changed"}]),
                    )
                    .await,
            ] {
                // A client library folds `..` away before anything is sent: then it is the collection that answers.
                if !(wrong == ".." || wrong == "%2e%2e") {
                    answer.client_error();
                    assert!(answer.status == 404, "{path}: {}", answer.status);
                }
                if wrong != dn {
                    leaks_nothing(bridge, &answer); // The caller may be told what the caller said.
                }
            }
        }
    }
    // Upper case is the same id: UUIDs have no case (RFC 9562 §4).
    let upper = client.get(&format!("/Users/{}", id.to_uppercase())).await;
    assert!(
        upper.status == 200 || upper.status == 404,
        "{}",
        upper.status
    );
    let braces = client.get(&format!("/Users/%7B{id}%7D")).await;
    assert!(
        braces.status == 404 || braces.body["id"] == id.as_str(),
        "{}",
        braces.text
    );
    assert_eq!(bridge.everything().await, before);
}

async fn query_parameters_that_are_no_numbers(bridge: &Bridge) {
    let client = bridge.entra();
    create_user(bridge, "ana").await;
    for query in [
        "count=abc",
        "startIndex=abc",
        "count=1e3",
        "count=99999999999999999999",
        "startIndex=-99999999999999999999",
        "count=%00",
        "startIndex=",
    ] {
        let answer = client.get(&format!("/Users?{query}")).await;
        if answer.status == 200 {
            answer.list(1);
        } else {
            assert_eq!(answer.status, 400, "{query}");
            refused(bridge, &answer).await;
        }
    }
    let many = client.get("/Users?count=1000000").await;
    assert_eq!(many.list(1).len(), 1);
    let twice = client.get("/Users?count=1&count=2").await;
    assert!(twice.status == 200 || twice.status == 400);
}

async fn too_much_of_everything(bridge: &Bridge) {
    let client = bridge.entra();
    let id = create_user(bridge, "ana").await;
    let group = create_group_of(bridge, "Ops", &[&id]).await;
    let before = bridge.everything().await;
    let operations: Vec<Value> = (0..5_000)
        .map(|number| json!({"op": "replace", "path": "title", "value": number.to_string()}))
        .collect();
    let answer = client
        .patch(&format!("/Users/{id}"), json!(operations))
        .await;
    refused(bridge, &answer).await;
    // A body of more than a mebibyte.
    let mut user = entra_user(bridge, "bo");
    user["title"] = json!("x".repeat(1_200_000));
    let answer = client.post("/Users", user).await;
    answer.error(413, None);
    // Ten thousand members of whom nobody is known.
    let members: Vec<Value> = (0..10_000)
        .map(|_| json!({"value": uuid::Uuid::new_v4()}))
        .collect();
    let answer = client
        .patch(
            &format!("/Groups/{group}"),
            json!([{"op": "add", "path": "members", "value": members}]),
        )
        .await;
    refused(bridge, &answer).await;
    assert!(
        answer.text.len() < 4_000,
        "the detail names not all of them"
    );
    assert_eq!(bridge.everything().await, before);
    // A head of more than the bridge takes.
    let answer = client
        .clone()
        .header("x-padding", &"x".repeat(100_000))
        .get("/Users")
        .await;
    assert!((400..500).contains(&answer.status), "{}", answer.status);
}

async fn methods_and_paths_that_mean_nothing(bridge: &Bridge) {
    let client = bridge.entra();
    let id = create_user(bridge, "ana").await;
    let before = bridge.everything().await;
    for (method, path) in [
        (Method::DELETE, "/Users"),
        (Method::PUT, "/Users"),
        (Method::PATCH, "/Users"),
        (Method::POST, &format!("/Users/{id}") as &str),
        (Method::POST, "/Schemas"),
        (Method::DELETE, "/ServiceProviderConfig"),
        (Method::TRACE, "/Users"),
        (Method::OPTIONS, "/Users"),
        (Method::GET, "/Nothing"),
        (Method::GET, &format!("/Users/{id}/nothing")),
        (Method::GET, "/users/../Users"),
        (Method::GET, ""),
        (Method::GET, "/"),
        (Method::POST, "/Bulk"),
        (Method::GET, "/Me"),
    ] {
        let answer = client.send(method.clone(), path, None).await;
        assert!(
            answer.status < 500 || answer.status == 501,
            "{method} {path}: {}",
            answer.status
        );
        if answer.status >= 400 {
            assert_eq!(
                answer.body["status"],
                answer.status.to_string().as_str(),
                "{method} {path} {}",
                answer.text
            );
            leaks_nothing(bridge, &answer);
        }
    }
    assert_eq!(bridge.everything().await, before);
}

async fn an_answer_for_everything_leaves_the_bridge_alive(bridge: &Bridge) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    // Not even HTTP.
    for bytes in [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        b"GET /scim/v2/Users HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello".to_vec(),
        b"POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".to_vec(),
        vec![b'A'; 200_000],
        vec![0; 5_000],
    ] {
        let mut socket = tokio::net::TcpStream::connect(bridge.address).await.expect("the bridge listens");
        let _ = socket.write_all(&bytes).await;
        let mut answer = vec![0; 4_096];
        let read = tokio::time::timeout(std::time::Duration::from_secs(2), socket.read(&mut answer)).await;
        if let Ok(Ok(read)) = read {
            let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
            assert!(!answer.starts_with("HTTP/1.1 2") && !answer.contains("panicked"), "{answer}");
        }
    }
    create_user(bridge, "ana").await;
    assert!(
        !bridge.log_text().contains("panicked"),
        "{}",
        bridge.log_text()
    );
}
