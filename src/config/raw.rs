//! The configuration as it was typed. Nothing here is believed yet; `check` turns it into [`Config`](super::Config).
//!
//! A field that is not an `Option` has its default in the table of settings, or must be written.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, de};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConfig {
    pub(super) server: RawServer,
    pub(super) directory: RawDirectory,
    #[serde(default)]
    pub(super) resources: BTreeMap<String, RawResource>,
    pub(super) guard: RawGuard,
    pub(super) references: RawReferences,
    #[serde(default)]
    pub(super) clients: Vec<RawClient>,
    pub(super) log: RawLog,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawServer {
    pub(super) listen: String,
    pub(super) base_path: String,
    pub(super) legacy_base_path: Option<String>,
    pub(super) base_url: Option<String>,
    pub(super) certificate_file: Option<String>,
    pub(super) private_key_file: Option<String>,
    pub(super) plain_http: bool,
    pub(super) admin_listen: String,
    pub(super) body_limit: Size,
    pub(super) request_timeout: String,
    pub(super) max_concurrent_requests: u32,
    pub(super) max_results: u32,
    pub(super) max_candidates: u32,
    pub(super) bulk_operations: u32,
    pub(super) bulk_payload: Size,
    pub(super) shutdown_timeout: String,
    pub(super) workers: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDirectory {
    pub(super) mapping: String,
    pub(super) urls: Vec<String>,
    pub(super) start_tls: bool,
    pub(super) ca_file: Option<String>,
    pub(super) bind_dn: String,
    pub(super) bind_password_file: Option<String>,
    pub(super) bind_password: Option<SecretString>,
    pub(super) connections: u32,
    pub(super) in_flight: u32,
    pub(super) connect_timeout: String,
    pub(super) operation_timeout: String,
    pub(super) max_age: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawResource {
    pub(super) base: String,
    pub(super) create_in: Option<String>,
    pub(super) filter: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawGuard {
    pub(super) allowed: Vec<String>,
    pub(super) protected_entries: Vec<String>,
    pub(super) protected_groups: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawReferences {
    pub(super) unknown_manager: String,
    pub(super) unknown_member: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawClient {
    pub(super) name: String,
    pub(super) tokens: Vec<String>,
    pub(super) profile: Option<String>,
    #[serde(default)]
    pub(super) switch_on: Vec<String>,
    #[serde(default)]
    pub(super) switch_off: Vec<String>,
    pub(super) me: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLog {
    pub(super) filter: String,
    pub(super) format: String,
}

/// A number of bytes, written as a number or as a text with a unit; kept as text until it is checked.
#[derive(Debug)]
pub(super) struct Size(pub(super) String);

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Size, D::Error> {
        struct Typed;
        impl de::Visitor<'_> for Typed {
            type Value = Size;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number of bytes, or a text with a unit")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Size, E> {
                Ok(Size(text.to_owned()))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Size, E> {
                Ok(Size(number.to_string()))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Size, E> {
                Ok(Size(number.to_string()))
            }
        }
        deserializer.deserialize_any(Typed)
    }
}
