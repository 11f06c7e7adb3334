//! The documents a service provider describes itself with, RFC 7643 §5 to §7 and RFC 7644 §4.
//!
//! All are made from the definitions that also serve requests, and the capabilities are passed in by
//! whoever knows what runs, so that nothing is claimed that does not work.

use serde_json::{Value, json};

use super::schema::{self, Definition, Schema};

/// URN of the service provider configuration.
pub const SERVICE_PROVIDER_CONFIG_URN: &str =
    "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";

/// What this service can do, RFC 7643 §5. The default claims nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// PATCH works.
    pub patch: bool,
    /// Bulk works, with these limits.
    pub bulk: Option<BulkLimits>,
    /// Filters work, and a page has at most that many results.
    pub filter: Option<usize>,
    /// `password` can be changed.
    pub change_password: bool,
    /// `sortBy` works.
    pub sort: bool,
    /// ETags work.
    pub etag: bool,
    /// Lists come in pages by index and by cursor (RFC 9865), each of at most that many results.
    pub pages: Option<usize>,
    /// How clients may authenticate.
    pub authentication: Vec<AuthenticationScheme>,
}

/// The limits of bulk requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BulkLimits {
    /// Most operations in one request.
    pub operations: usize,
    /// Largest body, in bytes.
    pub payload: usize,
}

/// A way to authenticate, RFC 7643 §5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticationScheme {
    /// `oauthbearertoken`, `httpbasic`, `oauth2` …
    pub kind: String,
    /// The name people know.
    pub name: String,
    /// What it is.
    pub description: String,
    /// The specification.
    pub specification: Option<String>,
}

impl AuthenticationScheme {
    /// A bearer token, RFC 6750.
    pub fn bearer_token() -> Self {
        AuthenticationScheme {
            kind: "oauthbearertoken".to_owned(),
            name: "Bearer token".to_owned(),
            description: "A token in the Authorization header.".to_owned(),
            specification: Some("https://www.rfc-editor.org/info/rfc6750".to_owned()),
        }
    }
}

/// The ServiceProviderConfig document. `base` is the SCIM base URL without a slash at its end.
pub fn service_provider_config(capabilities: &Capabilities, base: &str) -> Value {
    let supported = |truth: bool| json!({ "supported": truth });
    let bulk = capabilities.bulk.unwrap_or(BulkLimits {
        operations: 0,
        payload: 0,
    });
    let schemes: Vec<Value> = capabilities
        .authentication
        .iter()
        .enumerate()
        .map(|(position, scheme)| {
            let mut body = json!({
                "type": scheme.kind,
                "name": scheme.name,
                "description": scheme.description,
            });
            if let Some(specification) = &scheme.specification {
                body["specUri"] = specification.as_str().into();
            }
            if position == 0 {
                body["primary"] = true.into();
            }
            body
        })
        .collect();
    let mut body = json!({ "schemas": [SERVICE_PROVIDER_CONFIG_URN] });
    body["patch"] = supported(capabilities.patch);
    body["bulk"] = json!({
        "supported": capabilities.bulk.is_some(),
        "maxOperations": bulk.operations,
        "maxPayloadSize": bulk.payload,
    });
    body["filter"] = json!({
        "supported": capabilities.filter.is_some(),
        "maxResults": capabilities.filter.unwrap_or(0),
    });
    body["changePassword"] = supported(capabilities.change_password);
    body["sort"] = supported(capabilities.sort);
    body["etag"] = supported(capabilities.etag);
    body["authenticationSchemes"] = schemes.into();
    if let Some(most) = capabilities.pages {
        // No `cursorTimeout`: cursors do not expire.
        body["pagination"] = json!({
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": most,
            "maxPageSize": most,
        });
    }
    body["meta"] = json!({
        "resourceType": "ServiceProviderConfig",
        "location": format!("{base}/ServiceProviderConfig"),
    });
    body
}

/// Every schema document of these definitions, each URN once.
pub fn schemas<'a>(
    definitions: impl IntoIterator<Item = &'a Definition>,
    base: &str,
) -> Vec<Value> {
    let mut seen: Vec<&Schema> = Vec::new();
    for definition in definitions {
        for schema in std::iter::once(&definition.core).chain(&definition.extensions) {
            if !seen.iter().any(|known| known.id == schema.id) {
                seen.push(schema);
            }
        }
    }
    seen.into_iter()
        .map(|schema| schema.to_json(&format!("{base}/Schemas/{}", schema.id)))
        .collect()
}

/// The schemas that the documents of this module follow themselves, RFC 7643 §8.7.2. They are found by their URN and not
/// among [`schemas`], which identity providers read as what they can provision.
pub fn own_schemas(base: &str) -> Vec<Value> {
    [
        schema::service_provider_config(),
        schema::resource_type(),
        schema::schema(),
    ]
    .iter()
    .map(|schema| schema.to_json(&format!("{base}/Schemas/{}", schema.id)))
    .collect()
}

/// Every resource type document of these definitions.
pub fn resource_types<'a>(
    definitions: impl IntoIterator<Item = &'a Definition>,
    base: &str,
) -> Vec<Value> {
    definitions
        .into_iter()
        .map(|definition| {
            let kind = &definition.resource_type;
            kind.to_json(&format!("{base}/ResourceTypes/{}", kind.name))
        })
        .collect()
}

/// The document with that id among schemas or resource types; URNs and names in any case.
pub fn with_id<'a>(documents: &'a [Value], id: &str) -> Option<&'a Value> {
    documents.iter().find(|document| {
        document
            .get("id")
            .and_then(Value::as_str)
            .is_some_and(|known| known.eq_ignore_ascii_case(id))
    })
}

/// A list of documents, as `/Schemas` and `/ResourceTypes` answer.
pub fn list(documents: &[Value]) -> Value {
    json!({
        "schemas": [super::list::LIST_URN],
        "totalResults": documents.len(),
        "startIndex": 1,
        "itemsPerPage": documents.len(),
        "Resources": documents,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::fixtures::{groups, users};
    use crate::scim::schema::{ENTERPRISE_URN, GROUP_URN, USER_URN};

    const BASE: &str = "https://bridge.example/scim/v2";

    #[test]
    fn only_what_works_is_claimed() {
        let nothing = service_provider_config(&Capabilities::default(), BASE);
        for feature in ["patch", "bulk", "filter", "changePassword", "sort", "etag"] {
            assert_eq!(nothing[feature]["supported"], false, "{feature}");
        }
        let some = service_provider_config(
            &Capabilities {
                patch: true,
                filter: Some(500),
                authentication: vec![AuthenticationScheme::bearer_token()],
                ..Capabilities::default()
            },
            BASE,
        );
        assert_eq!(some["patch"]["supported"], true);
        assert_eq!(
            some["filter"],
            json!({ "supported": true, "maxResults": 500 })
        );
        assert_eq!(some["authenticationSchemes"][0]["type"], "oauthbearertoken");
        assert_eq!(
            some["meta"]["location"],
            format!("{BASE}/ServiceProviderConfig")
        );
    }

    #[test]
    fn schemas_are_complete_and_listed_once() {
        let documents = schemas(&[users(), groups(), users()], BASE);
        let ids: Vec<_> = documents
            .iter()
            .map(|one| one["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids, [USER_URN, ENTERPRISE_URN, GROUP_URN]);
        let user = with_id(&documents, &USER_URN.to_uppercase()).unwrap();
        assert_eq!(
            user["meta"]["location"],
            format!("{BASE}/Schemas/{USER_URN}")
        );
        let attributes = user["attributes"].as_array().unwrap();
        let names: Vec<_> = attributes
            .iter()
            .map(|one| one["name"].as_str().unwrap())
            .collect();
        // RFC 7643 §8.7.1
        assert_eq!(
            names,
            [
                "userName",
                "name",
                "displayName",
                "nickName",
                "profileUrl",
                "title",
                "userType",
                "preferredLanguage",
                "locale",
                "timezone",
                "active",
                "password",
                "emails",
                "phoneNumbers",
                "ims",
                "photos",
                "addresses",
                "groups",
                "entitlements",
                "roles",
                "x509Certificates"
            ]
        );
        assert_eq!(attributes[0]["uniqueness"], "server");
        assert_eq!(attributes[0]["required"], true);
        assert_eq!(attributes[11]["returned"], "never");
        assert_eq!(attributes[17]["mutability"], "readOnly");
        assert_eq!(
            attributes[12]["subAttributes"][2]["canonicalValues"],
            json!(["work", "home", "other"])
        );
        let text = json!(documents).to_string();
        assert!(!text.contains("null"), "Entra ID wants no nulls here");
    }

    /// Every attribute of our own documents is described, and what is described as required is there.
    #[test]
    fn our_own_documents_follow_our_own_schemas() {
        let config = service_provider_config(
            &Capabilities {
                patch: true,
                bulk: Some(BulkLimits {
                    operations: 1000,
                    payload: 1_000_000,
                }),
                filter: Some(200),
                change_password: true,
                sort: true,
                etag: true,
                pages: Some(200),
                authentication: vec![AuthenticationScheme::bearer_token()],
            },
            BASE,
        );
        let of = resource_types(&[users()], BASE).remove(0);
        let user = schemas(&[users()], BASE).remove(0);
        for (document, schema) in [config, of, user].iter().zip(own_schemas(BASE)) {
            assert_eq!(document["schemas"], json!([schema["id"]]));
            check(document, &schema["attributes"], "");
        }
    }

    fn check(document: &Value, attributes: &Value, at: &str) {
        let attributes = attributes.as_array().unwrap();
        let common = ["schemas", "id", "meta"];
        for (name, value) in document.as_object().unwrap() {
            let known = attributes.iter().find(|one| one["name"] == name.as_str());
            let Some(known) = known else {
                assert!(
                    at.is_empty() && common.contains(&name.as_str()),
                    "{at}{name}"
                );
                continue;
            };
            assert_eq!(known["multiValued"], value.is_array(), "{at}{name}");
            let values = value
                .as_array()
                .map_or(std::slice::from_ref(value), Vec::as_slice);
            for value in values.iter().filter(|_| known["type"] == "complex") {
                check(value, &known["subAttributes"], &format!("{at}{name}."));
            }
        }
        for one in attributes.iter().filter(|one| one["required"] == true) {
            assert!(
                !document[one["name"].as_str().unwrap()].is_null(),
                "{at}{}",
                one["name"]
            );
        }
    }

    #[test]
    fn resource_types_are_listed() {
        let documents = resource_types(&[users(), groups()], BASE);
        let user = with_id(&documents, "User").unwrap();
        assert_eq!(user["endpoint"], "/Users");
        assert_eq!(
            user["schemaExtensions"],
            json!([{ "schema": ENTERPRISE_URN, "required": false }])
        );
        assert_eq!(list(&documents)["totalResults"], 2);
        assert_eq!(with_id(&documents, "Device"), None);
    }
}
