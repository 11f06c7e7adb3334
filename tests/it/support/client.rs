//! HTTP as the identity providers speak it: their headers, their spelling, real bytes on a real socket.

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::answer::Answer;
use super::options::Tokens;

/// Whose headers a request carries (catalogue of captures: `User-Agent`, `Accept`, media types, connection handling).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Entra ID's provisioning service: bearer token, `application/scim+json; charset=utf-8`.
    Entra,
    /// Okta: the pasted header goes out as it is, every connection is closed, and answers may be compressed.
    Okta,
    /// Okta's SPEC test (Runscope): another agent, and plain `application/json`.
    OktaSpecTest,
    /// A client that the bridge holds to the RFC.
    Strict,
}

/// One identity provider's view of the bridge.
#[derive(Clone)]
pub(crate) struct Client<'a> {
    http: &'a reqwest::Client,
    base: &'a str,
    headers: HeaderMap,
    content_type: &'static str,
}

impl<'a> Client<'a> {
    pub(crate) fn new(
        http: &'a reqwest::Client,
        base: &'a str,
        manner: Manner,
        tokens: &Tokens,
    ) -> Client<'a> {
        let bearer = format!("Bearer {}", tokens.lenient);
        let strict = format!("Bearer {}", tokens.strict);
        let scim = "application/scim+json; charset=utf-8";
        let (headers, content_type): (Vec<(&'static str, &str)>, _) = match manner {
            Manner::Entra => (
                vec![
                    ("user-agent", "Microsoft Azure AD SCIM provisioning/1.0"),
                    ("accept", "application/scim+json"),
                    ("authorization", &bearer),
                ],
                scim,
            ),
            Manner::Okta => (
                vec![
                    ("user-agent", "Okta SCIM Client 1.0.0"),
                    ("accept", "application/scim+json"),
                    ("accept-charset", "utf-8"),
                    ("accept-encoding", "gzip,deflate"),
                    ("connection", "close"),
                    ("authorization", &bearer),
                ],
                scim,
            ),
            Manner::OktaSpecTest => (
                vec![
                    ("user-agent", "OKTA SCIM Integration"),
                    ("accept", "application/scim+json"),
                    ("authorization", &bearer),
                ],
                "application/json",
            ),
            Manner::Strict => (
                vec![
                    ("accept", "application/scim+json"),
                    ("authorization", &strict),
                ],
                scim,
            ),
        };
        let headers = headers
            .into_iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_str(value).expect("a header value"),
                )
            })
            .collect();
        Client {
            http,
            base,
            headers,
            content_type,
        }
    }

    /// The same client with one header changed; an empty value leaves the header out.
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Client<'a> {
        self.headers.remove(name);
        if !value.is_empty() {
            self.headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_str(value).expect("a header value"),
            );
        }
        self
    }

    /// The same client sending its bodies as this media type; empty: without one.
    pub(crate) fn content_type(mut self, content_type: &'static str) -> Client<'a> {
        self.content_type = content_type;
        self
    }

    /// Reads what is below the base: a path, with a query that is already encoded or needs no encoding.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// `GET path?filter=…`, quotes as `%22` and spaces as `%20`.
    pub(crate) async fn filter(&self, path: &str, filter: &str) -> Answer {
        let separator = if path.contains('?') { '&' } else { '?' };
        self.get(&format!("{path}{separator}filter={}", percent(filter)))
            .await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body.to_string().into_bytes()))
            .await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body.to_string().into_bytes()))
            .await
    }

    /// A PATCH of these operations; `schemas` is added as every provider does.
    pub(crate) async fn patch(&self, path: &str, operations: Value) -> Answer {
        let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations});
        self.send(Method::PATCH, path, Some(body.to_string().into_bytes()))
            .await
    }

    /// A PATCH with this body as it is, for what is no PatchOp.
    pub(crate) async fn send_patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body.to_string().into_bytes()))
            .await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// A body as bytes, whatever they are.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Answer {
        let asked = format!(
            "{method} {path} {}",
            body.as_deref()
                .map(|body| String::from_utf8_lossy(&body[..body.len().min(2000)]))
                .unwrap_or_default()
        );
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .headers(self.headers.clone());
        if let Some(body) = body {
            if !self.content_type.is_empty() {
                request = request.header("content-type", self.content_type);
            }
            request = request.body(body);
        }
        let response = request
            .send()
            .await
            .unwrap_or_else(|error| panic!("{asked}\ngot no answer: {error:?}"));
        Answer::of(asked, self.base, response).await
    }
}

/// Encodes everything that is not unreserved (RFC 3986 §2.3).
pub(crate) fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
