//! What the bridge answered, and the assertions every replay shares.

use std::collections::BTreeMap;

use serde_json::{Value, json};

pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(crate) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// One HTTP answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The request, for messages.
    asked: String,
    base: String,
    pub(crate) status: u16,
    headers: BTreeMap<String, String>,
    pub(crate) text: String,
    /// The body as JSON; null when it is empty or none.
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) async fn of(asked: String, base: &str, response: reqwest::Response) -> Answer {
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                (
                    name.to_string(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect();
        let text = response
            .text()
            .await
            .unwrap_or_else(|error| panic!("{asked}\nanswer broke off: {error}"));
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer {
            asked,
            base: base.to_owned(),
            status,
            headers,
            text,
            body,
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Every header and the body, in lower case: all that the client is told.
    pub(crate) fn told(&self) -> String {
        format!("{:?}\n{}", self.headers, self.text).to_lowercase()
    }

    /// The id by which the log speaks of this request.
    #[track_caller]
    pub(crate) fn request_id(&self) -> &str {
        let id = self.header("x-request-id");
        id.unwrap_or_else(|| self.wrong("an answer has a request id"))
    }

    /// Fails the test with the whole exchange.
    #[track_caller]
    fn wrong(&self, what: &str) -> ! {
        panic!(
            "{what}\nasked: {}\nanswered: {} {:?}\n{}",
            self.asked, self.status, self.headers, self.text
        )
    }

    #[track_caller]
    fn must(&self, condition: bool, what: &str) {
        if !condition {
            self.wrong(what);
        }
    }

    #[track_caller]
    pub(crate) fn is(&self, status: u16) -> &Answer {
        self.must(self.status == status, &format!("expected {status}"));
        self
    }

    #[track_caller]
    fn scim_json(&self) {
        let content_type = self.header("content-type").unwrap_or_default();
        self.must(
            content_type.starts_with("application/scim+json"),
            "expected application/scim+json",
        );
        self.must(self.body.is_object(), "expected a JSON object");
    }

    /// 201 with `Location` and the whole resource (RFC 7644 §3.3); answers the id.
    #[track_caller]
    pub(crate) fn created(&self, endpoint: &str) -> String {
        self.is(201);
        let id = self.check_resource();
        let location = format!("{}{endpoint}/{id}", self.base);
        self.must(
            self.header("location") == Some(&location),
            &format!("expected Location: {location}"),
        );
        self.must(
            self.body["meta"]["location"] == location.as_str(),
            &format!("expected meta.location {location}"),
        );
        id
    }

    /// 200 with a whole resource; answers it.
    #[track_caller]
    pub(crate) fn resource(&self) -> &Value {
        self.is(200);
        self.check_resource();
        &self.body
    }

    #[track_caller]
    fn check_resource(&self) -> String {
        self.scim_json();
        check_resource(&self.body, &self.base).unwrap_or_else(|what| self.wrong(&what))
    }

    /// 200 and a body, or 204 and none: what a group's PATCH may answer.
    #[track_caller]
    pub(crate) fn accepted(&self) -> &Answer {
        match self.status {
            200 => {
                self.check_resource();
            }
            204 => self.must(self.text.is_empty(), "204 has no body"),
            _ => self.wrong("expected 200 or 204"),
        }
        self
    }

    /// 204 without a body.
    #[track_caller]
    pub(crate) fn no_content(&self) -> &Answer {
        self.is(204).must(self.text.is_empty(), "204 has no body");
        self
    }

    /// 200 with a list; answers the resources after checking the envelope.
    #[track_caller]
    pub(crate) fn list(&self, total: usize) -> &[Value] {
        self.is(200).scim_json();
        let body = &self.body;
        self.must(
            body["schemas"] == json!([LIST]),
            "expected the ListResponse schema alone",
        );
        self.must(
            body["totalResults"] == json!(total),
            &format!("expected totalResults {total}, an integer"),
        );
        let Some(resources) = body["Resources"].as_array() else {
            self.wrong("`Resources` is missing")
        };
        self.must(
            body["itemsPerPage"] == json!(resources.len()),
            "itemsPerPage must count what is there",
        );
        self.must(body["startIndex"].is_u64(), "startIndex must be an integer");
        for resource in resources {
            if let Err(what) = check_resource(resource, &self.base) {
                self.wrong(&what);
            }
        }
        resources
    }

    /// The list without results of §0.1: 200, never 404, `Resources` never left out.
    #[track_caller]
    pub(crate) fn empty_list(&self) {
        self.list(0);
        self.must(self.body["Resources"] == json!([]), "expected no resources");
        self.must(
            self.body["startIndex"] == 1,
            "startIndex of an empty list is 1",
        );
    }

    /// A list of exactly one; answers it.
    #[track_caller]
    pub(crate) fn only(&self) -> &Value {
        &self.list(1)[0]
    }

    /// A SCIM error (RFC 7644 §3.12); answers the detail.
    #[track_caller]
    pub(crate) fn error(&self, status: u16, scim_type: Option<&str>) -> &str {
        self.is(status).scim_json();
        self.must(
            self.body["schemas"] == json!([ERROR]),
            "expected the Error schema alone",
        );
        self.must(
            self.body["status"] == status.to_string().as_str(),
            "`status` is the code as a string",
        );
        self.must(
            self.body.get("scimType").and_then(Value::as_str) == scim_type,
            &format!("expected scimType {scim_type:?}"),
        );
        match self.body["detail"].as_str() {
            Some(detail) if !detail.trim().is_empty() => detail,
            _ => self.wrong("an error has a detail worth reading"),
        }
    }

    #[track_caller]
    pub(crate) fn not_found(&self) -> &str {
        self.error(404, None)
    }

    /// 409 uniqueness, with the attribute's SCIM name in the detail.
    #[track_caller]
    pub(crate) fn conflict(&self, attribute: &str) {
        let detail = self.error(409, Some("uniqueness"));
        self.must(
            detail.contains(attribute),
            &format!("the detail must name `{attribute}`"),
        );
    }

    #[track_caller]
    pub(crate) fn bad_request(&self, scim_type: &str) -> &str {
        self.error(400, Some(scim_type))
    }

    /// 403 whose detail names the fence's rule.
    #[track_caller]
    pub(crate) fn fenced(&self, rule: &str) {
        self.fenced_by_one_of(&[rule]);
    }

    /// 403 whose detail names one of these rules: some entries stand behind several fences.
    #[track_caller]
    pub(crate) fn fenced_by_one_of(&self, rules: &[&str]) {
        let detail = self.error(403, None);
        self.must(
            rules
                .iter()
                .any(|rule| detail.contains(&format!("`{rule}`"))),
            &format!("the detail must name the rule {rules:?}"),
        );
    }

    /// 503 with `Retry-After` in seconds.
    #[track_caller]
    pub(crate) fn unavailable(&self) {
        self.error(503, None);
        let seconds = self
            .header("retry-after")
            .and_then(|value| value.parse::<u32>().ok());
        self.must(
            seconds.is_some_and(|seconds| seconds > 0),
            "expected Retry-After in seconds",
        );
    }

    /// Any 4xx with a SCIM error body.
    #[track_caller]
    pub(crate) fn client_error(&self) -> &str {
        self.must((400..500).contains(&self.status), "expected a 4xx");
        let scim_type = self
            .body
            .get("scimType")
            .and_then(Value::as_str)
            .map(str::to_owned);
        self.error(self.status, scim_type.as_deref())
    }

    /// Asserts that the body contains these members: objects by their named members, arrays as sets of the same size.
    #[track_caller]
    pub(crate) fn says(&self, expected: &Value) -> &Answer {
        if let Err(what) = contains(&self.body, expected, "") {
            self.wrong(&what);
        }
        self
    }

    /// Asserts that these top-level attributes are absent, null or empty (RFC 7643 §2.5: all the same).
    #[track_caller]
    pub(crate) fn lacks(&self, attributes: &[&str]) -> &Answer {
        for attribute in attributes {
            let value = self.body.get(attribute).unwrap_or(&Value::Null);
            let empty = matches!(value, Value::Null)
                || value == &json!("")
                || value == &json!([])
                || value == &json!({});
            self.must(empty, &format!("`{attribute}` should be absent"));
        }
        self
    }
}

/// The common shape of a resource; answers its id.
fn check_resource(resource: &Value, base: &str) -> Result<String, String> {
    let Some(id) = resource["id"].as_str().filter(|id| !id.is_empty()) else {
        return Err("`id` is missing".into());
    };
    if uuid::Uuid::parse_str(id).is_err() {
        return Err(format!(
            "`id` should be entryUUID or objectGUID, not `{id}`"
        ));
    }
    if resource["schemas"].as_array().is_none_or(Vec::is_empty) {
        return Err("`schemas` is missing".into());
    }
    for secret in ["password", "userPassword", "unicodePwd"] {
        if resource.get(secret).is_some() {
            return Err(format!("`{secret}` was returned"));
        }
    }
    if let Some(meta) = resource.get("meta") {
        let (kind, endpoint) = match meta["resourceType"].as_str() {
            Some("User") => (USER.to_owned(), "Users".to_owned()),
            Some("Group") => (GROUP.to_owned(), "Groups".to_owned()),
            // The types of docs/custom-types.md.
            Some(other @ ("Room" | "Contact")) => (
                format!("urn:example:params:scim:schemas:core:2.0:{other}"),
                format!("{other}s"),
            ),
            other => return Err(format!("meta.resourceType is {other:?}")),
        };
        if !resource["schemas"]
            .as_array()
            .is_some_and(|schemas| schemas.contains(&json!(kind)))
        {
            return Err(format!("`schemas` does not list {kind}"));
        }
        let location = format!("{base}/{endpoint}/{id}");
        if meta["location"] != location.as_str() {
            return Err(format!("meta.location should be {location}"));
        }
        for time in ["created", "lastModified"] {
            let text = meta[time].as_str().unwrap_or_default();
            if text.parse::<jiff::Timestamp>().is_err() {
                return Err(format!(
                    "meta.{time} should be a date and time, not `{text}`"
                ));
            }
        }
    }
    Ok(id.to_owned())
}

/// Whether `actual` holds all that `expected` names.
pub(crate) fn contains(actual: &Value, expected: &Value, at: &str) -> Result<(), String> {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => {
            for (name, expected) in expected {
                let at = format!("{at}.{name}");
                contains(
                    actual
                        .get(name)
                        .ok_or_else(|| format!("`{at}` is missing"))?,
                    expected,
                    &at,
                )?;
            }
            Ok(())
        }
        (Value::Array(actual), Value::Array(expected)) => {
            if actual.len() != expected.len() {
                return Err(format!(
                    "`{at}` has {} elements, not {}",
                    actual.len(),
                    expected.len()
                ));
            }
            let missing = expected
                .iter()
                .find(|wanted| !actual.iter().any(|have| contains(have, wanted, at).is_ok()));
            missing.map_or(Ok(()), |wanted| {
                Err(format!("`{at}` does not hold {wanted}"))
            })
        }
        (actual, expected) if actual == expected => Ok(()),
        (actual, expected) => Err(format!("`{at}` is {actual}, not {expected}")),
    }
}
