//! Attributes with more values than Active Directory sends at once (MS-ADTS 3.1.1.3.1.3.3).
//!
//! Above MaxValRange (1500) the answer holds `member` without values and `member;range=0-1499`; the rest is asked for
//! with `member;range=1500-*`, until a part ends in `*`.

use crate::ldap::AttributeName;

/// An attribute of which more values are to be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) attribute: AttributeName,
    /// The first value that has not come: from the answer, never from counting.
    pub(super) next: u64,
}

impl Range {
    /// The attribute that is meant, and what is left of it. `None` when the description is not well-formed.
    pub(super) fn split(description: &str) -> Option<(AttributeName, Option<Self>)> {
        if !description.contains(';') {
            return Some((AttributeName::parse(description).ok()?, None));
        }
        let lower = description.to_ascii_lowercase();
        let Some(start) = lower.find(";range=") else {
            return Some((AttributeName::parse(description).ok()?, None));
        };
        let option = &description[start + 7..];
        let (option, others) = option.split_at(option.find(';').unwrap_or(option.len()));
        let attribute = AttributeName::parse(&format!("{}{others}", &description[..start])).ok()?;
        let (_, last) = option.split_once('-')?;
        if last == "*" {
            return Some((attribute, None));
        }
        let next = last.parse::<u64>().ok()?.checked_add(1)?;
        Some((attribute.clone(), Some(Self { attribute, next })))
    }

    /// The description that asks for the rest.
    pub(super) fn rest(&self) -> String {
        format!("{};range={}-*", self.attribute, self.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_asked_for_from_where_the_answer_ended() {
        let (attribute, range) = Range::split("member;range=0-1499").unwrap();
        assert_eq!(attribute, AttributeName::known("member"));
        assert_eq!(range.unwrap().rest(), "member;range=1500-*");
    }

    #[test]
    fn a_star_ends_it() {
        assert_eq!(
            Range::split("member;range=1500-*"),
            Some((AttributeName::known("member"), None))
        );
        assert_eq!(
            Range::split("member"),
            Some((AttributeName::known("member"), None))
        );
    }

    #[test]
    fn other_options_stay() {
        let (attribute, _) = Range::split("cn;lang-de;Range=0-*").unwrap();
        assert_eq!(attribute.as_str(), "cn;lang-de");
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "member;range=",
            "member;range=0",
            "member;range=0-x",
            "member;range=0-18446744073709551615",
            ";range=0-1",
            "",
        ] {
            assert_eq!(Range::split(text), None, "{text}");
        }
    }
}
