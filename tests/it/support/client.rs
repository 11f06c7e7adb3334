//! HTTP as the identity providers speak it: their headers, their spelling, real bytes on a real socket.

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::answer::Answer;
use super::options::Tokens;

/// Whose headers a request carries (catalogue of captures: `User-Agent`, `Accept`, media types, connection handling), and
/// with whose profile it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Nobody in particular, by the default profile: plain `application/json`.
    Generic,
    /// A client that the bridge holds to the RFC.
    Strict,
    /// Entra ID's provisioning service: bearer token, `application/scim+json; charset=utf-8`.
    Entra,
    /// Okta: the pasted header goes out as it is, every connection is closed, and answers may be compressed.
    Okta,
    /// Okta's SPEC test (Runscope): another agent, and plain `application/json`.
    OktaSpecTest,
    /// PingFederate's provisioner, over Apache's HTTP client.
    Ping,
    /// OneLogin, with a header of the administrator's own.
    OneLogin,
    /// JumpCloud's connector.
    JumpCloud,
    /// Google: plain JSON, and an `Accept` that does not name SCIM.
    Google,
    /// SailPoint's connector.
    SailPoint,
    /// CyberArk Identity.
    CyberArk,
    /// What was made for AWS IAM Identity Center: the switch `members-not-returned`.
    Aws,
    /// The IETF's interoperability profile: undefined attributes are refused.
    Interop,
}

impl Manner {
    /// The name of the client in the configuration.
    fn client(self) -> &'static str {
        match self {
            Manner::Generic => "generic",
            Manner::Strict => "strict",
            Manner::Entra => "entra",
            Manner::Okta | Manner::OktaSpecTest => "okta",
            Manner::Ping => "ping",
            Manner::OneLogin => "onelogin",
            Manner::JumpCloud => "jumpcloud",
            Manner::Google => "google",
            Manner::SailPoint => "sailpoint",
            Manner::CyberArk => "cyberark",
            Manner::Aws => "aws",
            Manner::Interop => "interop",
        }
    }

    /// The headers beside `Authorization`, and the media type of bodies.
    fn headers(self) -> (Vec<(&'static str, &'static str)>, &'static str) {
        const SCIM: &str = "application/scim+json; charset=utf-8";
        const JSON: &str = "application/json";
        let accept_scim = ("accept", "application/scim+json");
        match self {
            Manner::Generic => (vec![("accept", "*/*")], JSON),
            Manner::Strict | Manner::Interop => (vec![accept_scim], SCIM),
            Manner::Entra => (
                vec![
                    ("user-agent", "Microsoft Azure AD SCIM provisioning/1.0"),
                    accept_scim,
                ],
                SCIM,
            ),
            Manner::Okta => (
                vec![
                    ("user-agent", "Okta SCIM Client 1.0.0"),
                    accept_scim,
                    ("accept-charset", "utf-8"),
                    ("accept-encoding", "gzip,deflate"),
                    ("connection", "close"),
                ],
                SCIM,
            ),
            Manner::OktaSpecTest => (
                vec![("user-agent", "OKTA SCIM Integration"), accept_scim],
                JSON,
            ),
            Manner::Ping => (
                vec![
                    ("user-agent", "Apache-HttpClient/4.5.13 (Java/11)"),
                    accept_scim,
                ],
                JSON,
            ),
            Manner::OneLogin => (vec![("x-tenant", "the administrator's own")], JSON),
            Manner::JumpCloud => (vec![("accept", JSON)], SCIM),
            Manner::Google => (
                vec![
                    ("user-agent", "Google-Auto-Provisioning"),
                    ("accept", "application/json; charset=utf-8"),
                ],
                JSON,
            ),
            Manner::SailPoint => (vec![accept_scim], "application/scim+json"),
            Manner::CyberArk => (vec![("accept", JSON)], JSON),
            Manner::Aws => (vec![("user-agent", "sso-sync/2.0"), ("accept", JSON)], JSON),
        }
    }
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
        let (headers, content_type) = manner.headers();
        let bearer = format!("Bearer {}", tokens.of(manner.client()));
        let headers = headers
            .into_iter()
            .chain([("authorization", bearer.as_str())])
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
