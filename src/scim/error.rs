//! The one error of this room: what RFC 7644 §3.12 lets a service provider say.

use serde_json::{Value, json};

/// URN of the error message, RFC 7644 §3.12.
pub const ERROR_URN: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

listed! {
    /// The `scimType` keywords of RFC 7644 §3.12, table 9, and of RFC 9865 §2.1 that are ever answered: there is one version
    /// (no `invalidVers`), queries can come in a body (no `sensitive`), and cursors do not expire (no `expiredCursor`).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum ScimType {
        /// The filter does not follow the grammar, or asks for a comparison that is not supported.
        InvalidFilter,
        /// The answer would be larger than the server is willing to compute.
        TooMany,
        /// A value is taken that must be unique.
        Uniqueness,
        /// The attribute cannot be changed in this way.
        Mutability,
        /// The body has the wrong structure.
        InvalidSyntax,
        /// The PATCH path is malformed or names nothing.
        InvalidPath,
        /// The PATCH path selects no value that could be operated on.
        NoTarget,
        /// A required value is missing, or a value does not fit its attribute.
        InvalidValue,
        /// The cursor is none, or belongs to another query.
        InvalidCursor,
        /// A page by cursor cannot have so many results.
        InvalidCount,
    }
}

impl ScimType {
    /// The keyword as it stands on the wire.
    pub fn name(self) -> &'static str {
        match self {
            ScimType::InvalidFilter => "invalidFilter",
            ScimType::TooMany => "tooMany",
            ScimType::Uniqueness => "uniqueness",
            ScimType::Mutability => "mutability",
            ScimType::InvalidSyntax => "invalidSyntax",
            ScimType::InvalidPath => "invalidPath",
            ScimType::NoTarget => "noTarget",
            ScimType::InvalidValue => "invalidValue",
            ScimType::InvalidCursor => "invalidCursor",
            ScimType::InvalidCount => "invalidCount",
        }
    }
}

/// An answer that is not success: HTTP status, optional keyword, and a sentence for the person who must act.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Error {
    /// HTTP status code, 400 to 599.
    pub status: u16,
    /// The keyword, for the statuses that RFC 7644 gives one.
    pub scim_type: Option<ScimType>,
    /// Names the attribute, the rule and the remedy.
    pub detail: String,
}

impl Error {
    /// An error with any status.
    pub fn new(status: u16, scim_type: Option<ScimType>, detail: impl Into<String>) -> Self {
        Error {
            status,
            scim_type,
            detail: detail.into(),
        }
    }

    fn bad_request(scim_type: ScimType, detail: impl Into<String>) -> Self {
        Error::new(400, Some(scim_type), detail)
    }

    /// 400 `invalidFilter`.
    pub fn invalid_filter(detail: impl Into<String>) -> Self {
        Error::bad_request(ScimType::InvalidFilter, detail)
    }

    /// 400 `tooMany`.
    pub fn too_many(detail: impl Into<String>) -> Self {
        Error::bad_request(ScimType::TooMany, detail)
    }

    /// 409 `uniqueness`.
    pub fn uniqueness(detail: impl Into<String>) -> Self {
        Error::new(409, Some(ScimType::Uniqueness), detail)
    }

    /// 400 `mutability`.
    pub fn mutability(detail: impl Into<String>) -> Self {
        Error::bad_request(ScimType::Mutability, detail)
    }

    /// 400 `invalidSyntax`.
    pub fn invalid_syntax(detail: impl Into<String>) -> Self {
        Error::bad_request(ScimType::InvalidSyntax, detail)
    }

    /// 400 `invalidPath`.
    pub fn invalid_path(detail: impl Into<String>) -> Self {
        Error::bad_request(ScimType::InvalidPath, detail)
    }

    /// 400 `noTarget`.
    pub fn no_target(detail: impl Into<String>) -> Self {
        Error::bad_request(ScimType::NoTarget, detail)
    }

    /// 400 `invalidValue`.
    pub fn invalid_value(detail: impl Into<String>) -> Self {
        Error::bad_request(ScimType::InvalidValue, detail)
    }

    /// 400 `invalidCursor`.
    pub fn invalid_cursor(detail: impl Into<String>) -> Self {
        Error::bad_request(ScimType::InvalidCursor, detail)
    }

    /// 400 `invalidCount`.
    pub fn invalid_count(detail: impl Into<String>) -> Self {
        Error::bad_request(ScimType::InvalidCount, detail)
    }

    /// 404, for an id or a path that names nothing here.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Error::new(404, None, detail)
    }

    /// 403, for what the client may not do.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Error::new(403, None, detail)
    }

    /// The body of RFC 7644 §3.12; `status` is a string there.
    pub fn to_json(&self) -> Value {
        let mut body = json!({ "schemas": [ERROR_URN], "status": self.status.to_string() });
        if let Some(scim_type) = self.scim_type {
            body["scimType"] = scim_type.name().into();
        }
        body["detail"] = self.detail.as_str().into();
        body
    }
}

/// How much of what somebody sent is repeated in an error, in characters.
const ECHO: usize = 80;

/// What somebody sent, in backticks, cut short and with control characters escaped, fit for a `detail`.
pub fn quoted(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(ECHO) + 4);
    shown.push('`');
    for (position, character) in text.chars().enumerate() {
        if position == ECHO {
            shown.push('…');
            break;
        }
        if character.is_control() {
            shown.extend(character.escape_default());
        } else if character == '`' {
            shown.push('\'');
        } else {
            shown.push(character);
        }
    }
    shown.push('`');
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_a_string_and_the_keyword_is_named() {
        let body = Error::no_target("emails: nothing matches").to_json();
        assert_eq!(body["status"], "400");
        assert_eq!(body["scimType"], "noTarget");
        assert_eq!(body["schemas"][0], ERROR_URN);
        assert_eq!(Error::not_found("x").to_json().get("scimType"), None);
        assert_eq!(Error::uniqueness("x").status, 409);
    }

    #[test]
    fn what_was_sent_is_repeated_short_and_harmless() {
        assert_eq!(quoted("a`b\0c"), "`a'b\\u{0}c`");
        let long = quoted(&"é".repeat(100_000));
        assert!(long.chars().count() <= ECHO + 3, "{long}");
    }
}
