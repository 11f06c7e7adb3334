//! Versions and conditional requests, RFC 7644 §3.14 and RFC 9110 §13.

use std::fmt;

use super::Error;

/// The version of a resource: what `meta.version` and `ETag` show.
///
/// All versions here are weak validators (RFC 9110 §8.8.1): what a resource shows of *other* entries, such as the groups
/// of a user, can change under the same version. So tags are compared weakly everywhere, as SCIM clients expect and as
/// the examples of RFC 7644 §3.14 need, `If-Match` included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(String);

impl Version {
    /// A version of this text; none where the text cannot stand in an entity tag.
    pub fn new(text: &str) -> Option<Self> {
        (!text.is_empty() && text.bytes().all(is_tag_character)).then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "W/\"{}\"", self.0)
    }
}

/// The conditions under which a request is to be carried out: `If-Match` and `If-None-Match`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Precondition {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
}

/// Which condition does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmet {
    /// `If-Match`: the resource has another version.
    IfMatch,
    /// `If-None-Match`: the resource exists, or has a version that the client knows.
    IfNoneMatch,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Tags {
    /// `*`: whatever there is.
    Any,
    These(Vec<Version>),
}

impl Precondition {
    /// Reads the two header fields; several fields of one name come joined by commas.
    ///
    /// # Errors
    /// 400 where a value is neither `*` nor a list of entity tags.
    pub fn parse(if_match: Option<&str>, if_none_match: Option<&str>) -> Result<Self, Error> {
        let read =
            |name: &str, text: Option<&str>| text.map(|text| Tags::parse(name, text)).transpose();
        Ok(Self {
            if_match: read("If-Match", if_match)?,
            if_none_match: read("If-None-Match", if_none_match)?,
        })
    }

    /// Reads the `version` of an operation of a bulk request, which means what `If-Match` means (RFC 7644 §3.7).
    ///
    /// # Errors
    /// 400 where it is neither `*` nor a list of entity tags.
    pub fn of_version(version: Option<&str>) -> Result<Self, Error> {
        let tags = version.map(|text| Tags::parse("version", text));
        Ok(Self {
            if_match: tags.transpose()?,
            if_none_match: None,
        })
    }

    /// Whether the version of the resource must be known to tell.
    pub fn names_versions(&self) -> bool {
        let both = [&self.if_match, &self.if_none_match];
        both.into_iter()
            .flatten()
            .any(|tags| matches!(tags, Tags::These(_)))
    }

    /// Whether a resource that exists and has this version may be touched, in the order of RFC 9110 §13.2.2.
    ///
    /// # Errors
    /// The condition that does not hold.
    pub fn check(&self, version: Option<&Version>) -> Result<(), Unmet> {
        let has = |tags: &Tags| match tags {
            Tags::Any => true,
            Tags::These(listed) => version.is_some_and(|version| listed.contains(version)),
        };
        match (&self.if_match, &self.if_none_match) {
            (Some(wanted), _) if !has(wanted) => Err(Unmet::IfMatch),
            (_, Some(known)) if has(known) => Err(Unmet::IfNoneMatch),
            _ => Ok(()),
        }
    }
}

impl Tags {
    fn parse(name: &str, text: &str) -> Result<Self, Error> {
        if text.trim() == "*" {
            return Ok(Self::Any);
        }
        let listed = tags(text).filter(|listed| !listed.is_empty());
        listed.map(Self::These).ok_or_else(|| {
            Error::invalid_value(format!(
                "`{name}` is neither `*` nor a list of entity tags such as `W/\"1\"`; send `meta.version` of the resource as it was read, quotes included"
            ))
        })
    }
}

/// The entity tags of a list (RFC 9110 §5.6.1, §8.8.3); none where it is not one. Empty elements are skipped. A comma
/// may stand within a tag.
fn tags(text: &str) -> Option<Vec<Version>> {
    let mut listed = Vec::new();
    let mut rest = text.trim_start_matches(is_between);
    while !rest.is_empty() {
        let opened = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?;
        let (tag, after) = opened.split_once('"')?;
        // An empty tag is a tag; no version is empty, so that it equals none.
        if !tag.bytes().all(is_tag_character) {
            return None;
        }
        listed.push(Version(tag.to_owned()));
        rest = after.trim_start_matches([' ', '\t']);
        if !rest.is_empty() {
            rest = rest.strip_prefix(',')?.trim_start_matches(is_between);
        }
    }
    Some(listed)
}

fn is_between(character: char) -> bool {
    matches!(character, ' ' | '\t' | ',')
}

/// `etagc` of RFC 9110 §8.8.3, its obsolete octets left out.
const fn is_tag_character(octet: u8) -> bool {
    matches!(octet, 0x21 | 0x23..=0x7e)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn precondition(if_match: Option<&str>, if_none_match: Option<&str>) -> Precondition {
        Precondition::parse(if_match, if_none_match).unwrap()
    }

    fn version(text: &str) -> Version {
        Version::new(text).unwrap()
    }

    #[test]
    fn a_version_is_shown_as_a_weak_tag_and_read_back() {
        let csn = version("20261128004009.256127Z#000000#001#000000");
        let shown = csn.to_string();
        assert_eq!(shown, "W/\"20261128004009.256127Z#000000#001#000000\"");
        assert_eq!(precondition(Some(&shown), None).check(Some(&csn)), Ok(()));
        for text in ["", "a\"b", "a b", "é"] {
            assert_eq!(Version::new(text), None, "{text:?}");
        }
    }

    #[test]
    fn any_tag_of_a_list_will_do_weak_or_strong() {
        for list in [
            "W/\"1\"",
            "\"1\"",
            " W/\"0\" ,\t\"1\"",
            ",, \"0\",,\"1\",",
            "\"0\",W/\"1\"",
        ] {
            let met = precondition(Some(list), None);
            assert!(met.names_versions());
            assert_eq!(met.check(Some(&version("1"))), Ok(()), "{list}");
            assert_eq!(
                met.check(Some(&version("2"))),
                Err(Unmet::IfMatch),
                "{list}"
            );
            assert_eq!(met.check(None), Err(Unmet::IfMatch), "{list}");
            let unmet = precondition(None, Some(list));
            assert_eq!(
                unmet.check(Some(&version("1"))),
                Err(Unmet::IfNoneMatch),
                "{list}"
            );
            assert_eq!(unmet.check(Some(&version("2"))), Ok(()), "{list}");
        }
        assert_eq!(
            precondition(Some("\"a,b\""), None).check(Some(&version("a,b"))),
            Ok(())
        );
    }

    #[test]
    fn a_star_asks_for_existence_and_for_no_version() {
        assert_eq!(precondition(Some(" * "), None).check(None), Ok(()));
        assert_eq!(
            precondition(None, Some("*")).check(None),
            Err(Unmet::IfNoneMatch)
        );
        assert!(!precondition(Some("*"), Some("*")).names_versions());
        assert_eq!(Precondition::default().check(None), Ok(()));
    }

    #[test]
    fn if_match_is_looked_at_first() {
        let both = precondition(Some("\"1\""), Some("\"1\", \"2\""));
        assert_eq!(both.check(Some(&version("2"))), Err(Unmet::IfMatch));
        assert_eq!(both.check(Some(&version("1"))), Err(Unmet::IfNoneMatch));
    }

    #[test]
    fn what_is_no_list_of_tags_is_refused_with_its_remedy() {
        for text in [
            "",
            " ",
            ",",
            "1",
            "W/1",
            "w/\"1\"",
            "\"1",
            "\"1\" \"2\"",
            "\"1\";",
            "*, \"1\"",
            "\"é\"",
            "\"a b\"",
        ] {
            let error = Precondition::parse(Some(text), None).unwrap_err();
            assert_eq!(error.status, 400, "{text}");
            assert!(error.detail.contains("If-Match"), "{error}");
            assert!(error.detail.contains("meta.version"), "{error}");
            let error = Precondition::of_version(Some(text)).unwrap_err();
            assert!(error.detail.starts_with("`version` is"), "{error}");
            assert!(!error.detail.contains("If-Match"), "{error}");
        }
    }
}
