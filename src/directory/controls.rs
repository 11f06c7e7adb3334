//! The LDAP controls this bridge sends and understands.

use lber::common::TagClass;
use lber::structure::{PL, StructureTag};
use lber::structures::ASNTag;
use ldap3::controls::{Control, RawControl};
use uuid::Uuid;

use crate::ldap::{AttributeName, DirectoryKind, Filter, OrderBy};

use super::ber;
use super::decode::{self, RawEntry};
use super::error::Error;

/// Simple paged results, RFC 2696.
pub(super) const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";
/// DNs with GUID and SID, MS-ADTS 3.1.1.3.4.1.5.
pub(super) const EXTENDED_DN: &str = "1.2.840.113556.1.4.529";
/// Values of the entries that references point at, draft-masarati-ldap-deref; OpenLDAP's overlay `deref`, 389 DS.
pub(super) const DEREF: &str = "1.3.6.1.4.1.4203.666.5.16";
/// Values there already or not there are no errors, MS-ADTS 3.1.1.3.4.1.8.
pub(super) const PERMISSIVE_MODIFY: &str = "1.2.840.113556.1.4.1413";
/// No referrals to other domains, MS-ADTS 3.1.1.3.4.1.4.
pub(super) const DOMAIN_SCOPE: &str = "1.2.840.113556.1.4.1339";
/// The entry before the change, RFC 4527.
pub(super) const PRE_READ: &str = "1.3.6.1.1.13.1";
/// The entry after the change, RFC 4527.
pub(super) const POST_READ: &str = "1.3.6.1.1.13.2";
/// Only if the entry matches, RFC 4528.
pub(super) const ASSERTION: &str = "1.3.6.1.1.12";
/// Only the values that match, RFC 3876.
pub(super) const MATCHED_VALUES: &str = "1.2.826.0.1.3344810.2.3";
/// Server side sorting, RFC 2891: what is asked for, and what became of it.
const SORT: &str = "1.2.840.113556.1.4.473";
const SORTED: &str = "1.2.840.113556.1.4.474";
/// Who am I, RFC 4532.
pub(super) const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";

fn control(identifier: &str, critical: bool, value: Option<Vec<u8>>) -> RawControl {
    RawControl {
        ctype: identifier.to_owned(),
        crit: critical,
        val: value,
    }
}

/// Asks for a page of so many entries; the cookie is empty for the first page. Critical: an answer without pages
/// would be cut off by the directory's limits without a word.
pub(super) fn paged(size: u32, cookie: &[u8]) -> RawControl {
    let value = ber::sequence(vec![ber::integer(size), ber::octets(cookie)]);
    control(PAGED_RESULTS, true, Some(ber::encode(value)))
}

/// The cookie for the next page; empty when this was the last. `None` when the answer has no such control.
pub(super) fn next_page(controls: &[Control]) -> Option<Vec<u8>> {
    let value = ber::decode(value_of(controls, PAGED_RESULTS)?)?;
    let mut fields = ber::parts(value)?.into_iter();
    fields.next()?;
    ber::content(fields.next()?)
}

/// Asks for the entries in this order. Critical: entries in another order would pass for ordered ones.
pub(super) fn sort(order: &OrderBy) -> RawControl {
    let mut key = vec![ber::octets(order.attribute.as_str())];
    key.extend(order.rule.map(|rule| StructureTag {
        class: TagClass::Context,
        id: 0,
        payload: PL::P(rule.into()),
    }));
    let keys = ber::sequence(vec![ber::sequence(key)]);
    control(SORT, true, Some(ber::encode(keys)))
}

/// Whether the server says that it could not order the entries; Samba says nothing.
pub(super) fn is_unsorted(controls: &[Control]) -> bool {
    let result = value_of(controls, SORTED)
        .and_then(ber::decode)
        .and_then(ber::parts)
        .and_then(|fields| ber::content(fields.into_iter().next()?));
    result.is_some_and(|result| result.iter().any(|octet| *octet != 0))
}

/// Asks for DNs in the form `<GUID=…>;<SID=…>;…` with the GUID as text (option 1).
pub(super) fn extended_dn() -> RawControl {
    control(
        EXTENDED_DN,
        false,
        Some(ber::encode(ber::sequence(vec![ber::integer(1)]))),
    )
}

/// Asks for the id attribute of every entry that these attributes point at.
pub(super) fn deref(attributes: &[AttributeName], kind: DirectoryKind) -> RawControl {
    let specification = |attribute: &AttributeName| {
        let wanted = ber::sequence(vec![ber::octets(kind.id_attribute().as_str())]);
        ber::sequence(vec![ber::octets(attribute.as_str()), wanted])
    };
    let value = ber::sequence(attributes.iter().map(specification).collect());
    control(DEREF, false, Some(ber::encode(value)))
}

/// One line of a deref answer: this name is that of the entry with this id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dereferenced {
    pub(super) dn: String,
    pub(super) id: Option<Uuid>,
}

/// The ids in a deref answer; `None` when the entry came without such a control.
pub(super) fn dereferenced(
    controls: &[Control],
    kind: DirectoryKind,
) -> Result<Option<Vec<Dereferenced>>, Error> {
    let Some(value) = value_of(controls, DEREF) else {
        return Ok(None);
    };
    ber::decode(value)
        .and_then(ber::parts)
        .and_then(|lines| {
            lines
                .into_iter()
                .map(|line| dereferenced_line(line, kind))
                .collect()
        })
        .map(Some)
        .ok_or_else(|| Error::protocol("the answer to the deref control is malformed"))
}

fn dereferenced_line(line: StructureTag, kind: DirectoryKind) -> Option<Dereferenced> {
    let mut fields = ber::parts(line)?.into_iter();
    // Which attribute the name stands in.
    fields.next()?;
    let dn = ber::text(fields.next()?)?;
    let mut id = None;
    for value in fields
        .next()
        .map(ber::parts)
        .unwrap_or_else(|| Some(Vec::new()))?
    {
        let (name, values) = decode::attribute(value)?;
        if kind.id_attribute().is(&name) {
            id = values.first().and_then(|value| kind.id_of(value));
        }
    }
    Some(Dereferenced { dn, id })
}

/// Makes adding a present value and deleting an absent one succeed. Never critical: OpenLDAP honours it without listing
/// it, Samba lists it without honouring it for `member`.
pub(super) fn permissive_modify() -> RawControl {
    control(PERMISSIVE_MODIFY, false, None)
}

/// Asks for those of these values that the attribute holds, and no others: of a group of any size only a few.
pub(super) fn matched_values(attribute: &AttributeName, values: &[Vec<u8>]) -> RawControl {
    let equals = |value: &Vec<u8>| StructureTag {
        class: TagClass::Context,
        id: 3,
        payload: PL::C(vec![
            ber::octets(attribute.as_str()),
            ber::octets(value.clone()),
        ]),
    };
    let value = ber::sequence(values.iter().map(equals).collect());
    control(MATCHED_VALUES, false, Some(ber::encode(value)))
}

/// Keeps the search within the domain, so that no referrals come back.
pub(super) fn domain_scope() -> RawControl {
    control(DOMAIN_SCOPE, false, None)
}

/// Asks for these attributes of the entry as it was before the change, or is after it.
pub(super) fn entry_read(which: &str, attributes: &[String]) -> RawControl {
    let names = attributes.iter().map(|name| ber::octets(name.as_str()));
    let value = ber::sequence(names.collect());
    control(which, false, Some(ber::encode(value)))
}

/// The entry in the answer to such a control.
pub(super) fn read_entry(which: &str, controls: &[Control]) -> Option<Result<RawEntry, Error>> {
    let value = value_of(controls, which)?;
    let malformed = || Error::protocol("the entry that came with a change is malformed");
    Some(
        ber::decode(value)
            .ok_or_else(malformed)
            .and_then(decode::entry),
    )
}

/// Makes the change fail unless the entry matches. Always critical: a server that does not know the control would
/// silently ignore it otherwise.
pub(super) fn assertion(filter: &Filter) -> Result<RawControl, Error> {
    let parsed = ldap3::parse_filter(filter.to_string())
        .map_err(|()| Error::protocol(format!("the condition {filter} cannot be encoded")))?;
    Ok(control(
        ASSERTION,
        true,
        Some(ber::encode(parsed.into_structure())),
    ))
}

fn value_of<'a>(controls: &'a [Control], identifier: &str) -> Option<&'a [u8]> {
    controls
        .iter()
        .find(|control| control.1.ctype == identifier)?
        .1
        .val
        .as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(identifier: &str, value: Vec<u8>) -> Vec<Control> {
        vec![Control(None, control(identifier, false, Some(value)))]
    }

    #[test]
    fn the_extended_dn_control_has_the_octets_of_the_specification() {
        assert_eq!(extended_dn().val, Some(vec![0x30, 3, 2, 1, 1]));
    }

    #[test]
    fn the_sort_control_names_attribute_and_rule() {
        let name = || AttributeName::known("sn");
        let by_schema = sort(&OrderBy::schema(name()));
        assert!(by_schema.crit);
        assert_eq!(
            by_schema.val.as_deref(),
            Some(&b"\x30\x06\x30\x04\x04\x02sn"[..])
        );
        let by_rule = sort(&OrderBy::text(DirectoryKind::OpenLdap, name()));
        assert_eq!(
            by_rule.val.as_deref(),
            Some(&b"\x30\x10\x30\x0e\x04\x02sn\x80\x082.5.13.3"[..])
        );
    }

    #[test]
    fn what_could_not_be_ordered_is_noticed() {
        let answer = |result: u8| answered(SORTED, vec![0x30, 3, 0x0a, 1, result]);
        assert!(!is_unsorted(&answer(0)) && is_unsorted(&answer(53)));
        assert!(!is_unsorted(&[]));
    }

    #[test]
    fn the_cookie_of_a_page_comes_back_as_it_was() {
        let sent = paged(500, b"\x00cookie");
        assert!(sent.crit);
        assert_eq!(
            sent.val.as_deref(),
            Some(&b"\x30\x0d\x02\x02\x01\xf4\x04\x07\x00cookie"[..])
        );
        assert_eq!(
            next_page(&answered(PAGED_RESULTS, sent.val.unwrap())),
            Some(b"\x00cookie".to_vec())
        );
        assert_eq!(next_page(&[]), None);
        assert_eq!(next_page(&answered(PAGED_RESULTS, vec![0x30, 1])), None);
    }

    #[test]
    fn a_deref_answer_tells_the_id_of_each_reference_that_exists() {
        let kind = DirectoryKind::OpenLdap;
        let id = Uuid::from_u128(7);
        let values = ber::sequence(vec![ber::octets(id.to_string())]);
        let attributes = StructureTag {
            class: TagClass::Context,
            id: 0,
            payload: PL::C(vec![ber::sequence(vec![ber::octets("entryUUID"), values])]),
        };
        let known = ber::sequence(vec![
            ber::octets("member"),
            ber::octets("uid=ada"),
            attributes,
        ]);
        let dangling = ber::sequence(vec![ber::octets("member"), ber::octets("uid=gone")]);
        let value = ber::encode(ber::sequence(vec![known, dangling]));
        let read = dereferenced(&answered(DEREF, value), kind)
            .unwrap()
            .unwrap();
        assert_eq!(
            read[0],
            Dereferenced {
                dn: "uid=ada".into(),
                id: Some(id)
            }
        );
        assert_eq!(read[1].id, None);
    }

    #[test]
    fn a_malformed_deref_answer_is_an_error() {
        assert!(dereferenced(&answered(DEREF, vec![0x30, 5, 1]), DirectoryKind::OpenLdap).is_err());
    }

    #[test]
    fn an_assertion_is_always_critical() {
        let sent = assertion(&Filter::equal(AttributeName::known("cn"), "a")).unwrap();
        assert!(sent.crit);
        assert_eq!(
            sent.val.as_deref(),
            Some(&b"\xa3\x07\x04\x02cn\x04\x01a"[..])
        );
    }
}
