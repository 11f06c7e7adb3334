//! GUIDs as Active Directory stores them: 16 octets of which the first three fields are
//! little-endian (MS-DTYP 2.3.4.2).

use uuid::Uuid;

/// The 16 octets in which Active Directory stores this GUID.
#[must_use]
pub fn to_stored(id: Uuid) -> [u8; 16] {
    id.to_bytes_le()
}

/// The GUID behind 16 stored octets; `None` for any other length.
#[must_use]
pub fn from_stored(octets: &[u8]) -> Option<Uuid> {
    octets.try_into().ok().map(Uuid::from_bytes_le)
}

/// Reads a GUID as it stands in an extended DN (MS-ADTS 3.1.1.3.4.1.5): either the usual text with
/// hyphens, or 32 hexadecimal digits in *stored* order.
#[must_use]
pub fn parse(text: &str) -> Option<Uuid> {
    match text.len() {
        36 => Uuid::try_parse(text).ok(),
        32 => {
            let as_written = Uuid::try_parse(text).ok()?;
            Some(Uuid::from_bytes_le(as_written.into_bytes()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_three_fields_are_little_endian() {
        let id = Uuid::parse_str("00112233-4455-6677-8899-aabbccddeeff").unwrap();
        let stored = [
            0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd,
            0xee, 0xff,
        ];
        assert_eq!(to_stored(id), stored);
        assert_eq!(from_stored(&stored), Some(id));
        assert_eq!(parse("33221100554477668899aabbccddeeff"), Some(id));
        assert_eq!(parse("00112233-4455-6677-8899-AABBCCDDEEFF"), Some(id));
    }

    #[test]
    fn other_lengths_and_forms_are_not_guids() {
        assert_eq!(from_stored(&[0; 15]), None);
        assert_eq!(from_stored(&[0; 17]), None);
        assert_eq!(parse("{00112233-4455-6677-8899-aabbccddeeff}"), None);
        assert_eq!(parse("3322110055447766889gaabbccddeeff"), None);
        assert_eq!(parse(""), None);
    }

    proptest! {
        #[test]
        fn every_guid_survives_storage(octets: [u8; 16]) {
            let id = Uuid::from_bytes(octets);
            prop_assert_eq!(from_stored(&to_stored(id)), Some(id));
            prop_assert_eq!(parse(&id.to_string()), Some(id));
            let hex: String = to_stored(id).iter().map(|b| format!("{b:02X}")).collect();
            prop_assert_eq!(parse(&hex), Some(id));
        }
    }
}
