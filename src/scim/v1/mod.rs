//! SCIM 1.1 as a way of writing the same thing: the older agents' schemas, PATCH, errors and discovery, translated to
//! and from the values of SCIM 2.0.
//!
//! Okta's on-premises agent asks for 1.1 unless told otherwise, and older governance products know nothing else. A
//! request is rewritten on its way in and an answer on its way out ("SCIM Core Schema 1.1" and "SCIM Protocol 1.1",
//! simplecloud.info), so that everything in between, the fences first, is the same for both versions. Only JSON.

mod discovery;
mod patch;
mod request;
mod response;

pub use discovery::{resource_schema, service_provider_configs};
pub use patch::patch_request;
pub use request::{query_text, resource};
pub use response::{error, list, resource as resource_answer};

/// URN of the core schema, for users, groups and every message.
pub const CORE_URN: &str = "urn:scim:schemas:core:1.0";
/// URN of the enterprise extension.
pub const ENTERPRISE_URN: &str = "urn:scim:schemas:extension:enterprise:1.0";

/// The extension's URN in SCIM 2.0. Custom extensions have one name in both.
fn modern(urn: &str) -> &str {
    if urn.eq_ignore_ascii_case(ENTERPRISE_URN) {
        super::schema::ENTERPRISE_URN
    } else {
        urn
    }
}

/// The extension's URN in SCIM 1.1.
fn older(urn: &str) -> &str {
    if urn == super::schema::ENTERPRISE_URN {
        ENTERPRISE_URN
    } else {
        urn
    }
}
