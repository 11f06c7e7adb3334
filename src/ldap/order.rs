//! The order of what a search finds, RFC 2891.

use super::attribute::AttributeName;
use super::kind::DirectoryKind;

/// By which attribute a directory orders entries, ascending: of several values the least counts, and entries without one
/// come last.
///
/// Descending is not asked for. RFC 2891 §2.2 wants entries without a value first then; 389 DS 2.3 and Samba 4.17 leave
/// them at the end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OrderBy {
    /// The attribute.
    pub attribute: AttributeName,
    /// The rule that compares its values, as an object identifier; none for that of the schema.
    pub rule: Option<&'static str>,
}

impl OrderBy {
    /// caseIgnoreOrderingMatch, RFC 4517 §4.2.12.
    const TEXT: &'static str = "2.5.13.3";

    /// By text. OpenLDAP has no ordering rule in the schema of most such attributes, wants one named, and compares values
    /// as the attribute's equality has them, with or without case; the others know an order for all text, and 389 DS
    /// knows no rule by this name.
    #[must_use]
    pub fn text(kind: DirectoryKind, attribute: AttributeName) -> Self {
        let rule = match kind {
            DirectoryKind::OpenLdap => Some(Self::TEXT),
            DirectoryKind::ActiveDirectory | DirectoryKind::Ds389 => None,
        };
        Self { attribute, rule }
    }

    /// By the order that the schema gives the attribute.
    #[must_use]
    pub fn schema(attribute: AttributeName) -> Self {
        Self {
            attribute,
            rule: None,
        }
    }
}
