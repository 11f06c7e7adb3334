//! From the octets of a search result entry to names and values. Unlike the client library's own decoder it refuses
//! what is malformed instead of panicking, and leaves every value as octets: what is text is for the schema to say.

use lber::structure::StructureTag;

use super::ber;
use super::error::Error;

/// An entry as it stands on the wire (RFC 4511 §4.5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RawEntry {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, Vec<Vec<u8>>)>,
}

/// Decodes a `SearchResultEntry`, or the same shape inside a post-read response (RFC 4527 §3.2).
pub(super) fn entry(value: StructureTag) -> Result<RawEntry, Error> {
    let malformed =
        |what: &str| Error::protocol(format!("a search result entry is malformed: {what}"));
    let mut fields = ber::parts(value)
        .ok_or_else(|| malformed("it is no sequence"))?
        .into_iter();
    let name = fields
        .next()
        .and_then(ber::content)
        .ok_or_else(|| malformed("it has no name"))?;
    let name = String::from_utf8(name).map_err(|_| malformed("its name is not UTF-8"))?;
    let list = fields
        .next()
        .and_then(ber::parts)
        .ok_or_else(|| malformed("it has no list of attributes"))?;
    let attributes = list
        .into_iter()
        .map(|part| {
            attribute(part).ok_or_else(|| malformed("one of its attributes is no name with values"))
        })
        .collect::<Result<_, _>>()?;
    Ok(RawEntry { name, attributes })
}

/// Decodes a `PartialAttribute`: a name with its values.
pub(super) fn attribute(value: StructureTag) -> Option<(String, Vec<Vec<u8>>)> {
    let mut fields = ber::parts(value)?.into_iter();
    let name = ber::text(fields.next()?)?;
    let values = ber::parts(fields.next()?)?
        .into_iter()
        .map(ber::content)
        .collect::<Option<_>>()?;
    Some((name, values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lber::common::TagClass;
    use lber::structure::PL;
    use proptest::prelude::*;

    fn entry_of(name: &[u8], attributes: StructureTag) -> StructureTag {
        StructureTag {
            class: TagClass::Application,
            id: 4,
            payload: PL::C(vec![ber::octets(name), attributes]),
        }
    }

    #[test]
    fn values_stay_octets_whatever_they_hold() {
        let values = ber::sequence(vec![ber::octets(vec![0xff, 0]), ber::octets("text")]);
        let list = ber::sequence(vec![ber::sequence(vec![ber::octets("jpegPhoto"), values])]);
        let read = entry(entry_of(b"uid=ada", list)).unwrap();
        assert_eq!(read.name, "uid=ada");
        assert_eq!(
            read.attributes,
            vec![(
                "jpegPhoto".to_owned(),
                vec![vec![0xff, 0], b"text".to_vec()]
            )]
        );
    }

    #[test]
    fn a_name_that_is_not_utf8_is_an_error_and_not_a_panic() {
        let refused = entry(entry_of(&[0xff, 0xfe], ber::sequence(vec![])));
        assert!(matches!(refused, Err(Error::Protocol { .. })));
    }

    #[test]
    fn an_attribute_without_values_set_is_an_error() {
        let list = ber::sequence(vec![ber::sequence(vec![ber::octets("cn")])]);
        assert!(entry(entry_of(b"uid=ada", list)).is_err());
    }

    proptest! {
        #[test]
        fn hostile_entries_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(value) = ber::decode(&bytes) {
                let _ = entry(value);
            }
        }
    }
}
