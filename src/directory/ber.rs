//! The few BER shapes of RFC 4511 that controls and entries are made of, built and taken apart without panicking.

use lber::common::TagClass;
use lber::structure::{PL, StructureTag};
use lber::universal::Types;

/// Deepest nesting of a value taken apart here; real ones have five levels.
const MOST_NESTED: usize = 16;

pub(super) fn octets(value: impl Into<Vec<u8>>) -> StructureTag {
    primitive(Types::OctetString, value.into())
}

pub(super) fn integer(value: u32) -> StructureTag {
    let bytes = value.to_be_bytes();
    let mut rest: &[u8] = &bytes;
    while let [0, next @ ..] = rest
        && next.first().is_some_and(|byte| byte & 0x80 == 0)
    {
        rest = next;
    }
    let mut encoded = rest.to_vec();
    if encoded.first().is_some_and(|byte| byte & 0x80 != 0) {
        encoded.insert(0, 0);
    }
    primitive(Types::Integer, encoded)
}

pub(super) fn sequence(parts: Vec<StructureTag>) -> StructureTag {
    StructureTag {
        class: TagClass::Universal,
        id: Types::Sequence as u64,
        payload: PL::C(parts),
    }
}

fn primitive(kind: Types, content: Vec<u8>) -> StructureTag {
    StructureTag {
        class: TagClass::Universal,
        id: kind as u64,
        payload: PL::P(content),
    }
}

/// The value's octets.
pub(super) fn encode(value: StructureTag) -> Vec<u8> {
    let mut out = Vec::new();
    encode_into(&mut out, value);
    out
}

fn encode_into(out: &mut Vec<u8>, value: StructureTag) {
    let (constructed, content) = match value.payload {
        PL::P(content) => (0, content),
        PL::C(parts) => {
            let mut content = Vec::new();
            for part in parts {
                encode_into(&mut content, part);
            }
            (0x20, content)
        }
    };
    // Tag numbers above 30 do not occur in LDAP.
    out.push(((value.class as u8) << 6) | constructed | (value.id as u8 & 0x1f));
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let length = content.len().to_be_bytes();
            let skip = length.iter().take_while(|byte| **byte == 0).count();
            out.push(0x80 | (length.len() - skip) as u8);
            out.extend_from_slice(&length[skip..]);
        }
    }
    out.extend_from_slice(&content);
}

/// Takes one value apart; `None` when it is malformed, too deep, or followed by something else.
pub(super) fn decode(bytes: &[u8]) -> Option<StructureTag> {
    let (value, rest) = decode_one(bytes, 0)?;
    rest.is_empty().then_some(value)
}

fn decode_one(bytes: &[u8], depth: usize) -> Option<(StructureTag, &[u8])> {
    let (&head, rest) = bytes.split_first()?;
    if depth > MOST_NESTED || head & 0x1f == 0x1f {
        return None;
    }
    let (&first, mut rest) = rest.split_first()?;
    let mut length = usize::from(first);
    if first & 0x80 != 0 {
        let count = usize::from(first & 0x7f);
        if count == 0 || count > 8 {
            return None;
        }
        let (digits, after) = rest.split_at_checked(count)?;
        length = digits.iter().try_fold(0_usize, |sum, byte| {
            Some(sum.checked_mul(256)? | usize::from(*byte))
        })?;
        rest = after;
    }
    let (content, rest) = rest.split_at_checked(length)?;
    let payload = if head & 0x20 == 0 {
        PL::P(content.to_vec())
    } else {
        let mut parts = Vec::new();
        let mut left = content;
        while !left.is_empty() {
            let (part, after) = decode_one(left, depth + 1)?;
            parts.push(part);
            left = after;
        }
        PL::C(parts)
    };
    let value = StructureTag {
        class: TagClass::from_u8(head >> 6)?,
        id: u64::from(head & 0x1f),
        payload,
    };
    Some((value, rest))
}

/// The parts of a sequence or set, of whatever tag.
pub(super) fn parts(value: StructureTag) -> Option<Vec<StructureTag>> {
    match value.payload {
        PL::C(parts) => Some(parts),
        PL::P(_) => None,
    }
}

/// The content of a primitive value, of whatever tag.
pub(super) fn content(value: StructureTag) -> Option<Vec<u8>> {
    match value.payload {
        PL::P(content) => Some(content),
        PL::C(_) => None,
    }
}

/// A string.
pub(super) fn text(value: StructureTag) -> Option<String> {
    String::from_utf8(content(value)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn integers_have_no_superfluous_octets_and_no_sign() {
        for (number, encoded) in [
            (0, vec![2, 1, 0]),
            (127, vec![2, 1, 127]),
            (128, vec![2, 2, 0, 128]),
            (500, vec![2, 2, 1, 244]),
        ] {
            assert_eq!(encode(integer(number)), encoded);
        }
        assert_eq!(encode(integer(u32::MAX)), vec![2, 5, 0, 255, 255, 255, 255]);
    }

    #[test]
    fn long_values_carry_their_length() {
        let long = encode(octets(vec![7; 300]));
        assert_eq!(&long[..4], &[4, 0x82, 1, 44]);
        assert_eq!(decode(&long), Some(octets(vec![7; 300])));
    }

    #[test]
    fn nesting_without_end_is_refused() {
        assert_eq!(decode(&[0x30, 0x80].repeat(100_000)), None);
        let mut deep = vec![0x30, 0];
        for _ in 0..40 {
            deep = [&[0x30, deep.len() as u8][..], &deep].concat();
        }
        assert_eq!(decode(&deep), None);
    }

    proptest! {
        #[test]
        fn hostile_octets_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }

        #[test]
        fn what_is_encoded_is_decoded(values in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..5)) {
            let value = sequence(values.into_iter().map(octets).collect());
            prop_assert_eq!(decode(&encode(value.clone())), Some(value));
        }
    }
}
