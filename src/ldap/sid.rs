//! Security identifiers: MS-DTYP 2.4.2.

use std::fmt;

/// A Windows security identifier: an authority and up to 15 sub-authorities, the last of which is the
/// relative identifier (RID).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sid {
    /// 48 bits, as MS-DTYP 2.4.1.1 has it.
    authority: u64,
    sub_authorities: Vec<u32>,
}

/// Why octets or a text are not a security identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SidError {
    /// The octets are not of the form of MS-DTYP 2.4.2.2.
    #[error("the octets are not a security identifier (MS-DTYP 2.4.2.2)")]
    Octets,
    /// The text is not of the form of MS-DTYP 2.4.2.1.
    #[error("the text is not a security identifier such as S-1-5-21-1-2-3-1104 (MS-DTYP 2.4.2.1)")]
    Text,
}

/// MS-DTYP 2.4.2: no more sub-authorities than this.
const MAX_SUB_AUTHORITIES: usize = 15;

impl Sid {
    /// Reads the octets of `objectSid` or `tokenGroups` (MS-DTYP 2.4.2.2).
    ///
    /// # Errors
    /// When the revision is not 1, or the length is not what the sub-authority count says.
    pub fn from_bytes(octets: &[u8]) -> Result<Self, SidError> {
        let [1, count, a, b, c, d, e, f, rest @ ..] = octets else {
            return Err(SidError::Octets);
        };
        let count = usize::from(*count);
        if count > MAX_SUB_AUTHORITIES || rest.len() != count * 4 {
            return Err(SidError::Octets);
        }
        let authority = u64::from_be_bytes([0, 0, *a, *b, *c, *d, *e, *f]);
        let sub_authorities = rest
            .as_chunks::<4>()
            .0
            .iter()
            .map(|four| u32::from_le_bytes(*four))
            .collect();
        Ok(Self {
            authority,
            sub_authorities,
        })
    }

    /// The octets of MS-DTYP 2.4.2.2.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(8 + 4 * self.sub_authorities.len());
        octets.push(1);
        // At most 15, by construction.
        octets.push(u8::try_from(self.sub_authorities.len()).unwrap_or(0));
        octets.extend_from_slice(&self.authority.to_be_bytes()[2..]);
        for sub_authority in &self.sub_authorities {
            octets.extend_from_slice(&sub_authority.to_le_bytes());
        }
        octets
    }

    /// Reads `S-1-5-21-…` (MS-DTYP 2.4.2.1); an authority of 2^32 or more is in hexadecimal.
    ///
    /// # Errors
    /// When the text is not of that form.
    pub fn parse(text: &str) -> Result<Self, SidError> {
        let mut parts = text.split('-');
        let s = parts.next().ok_or(SidError::Text)?;
        if !s.eq_ignore_ascii_case("s") || parts.next() != Some("1") {
            return Err(SidError::Text);
        }
        let authority = parts.next().ok_or(SidError::Text)?;
        let authority = match authority
            .strip_prefix("0x")
            .or_else(|| authority.strip_prefix("0X"))
        {
            Some(hex) if hex.bytes().all(|b| b.is_ascii_hexdigit()) => u64::from_str_radix(hex, 16),
            _ if authority.bytes().all(|b| b.is_ascii_digit()) => authority.parse(),
            _ => return Err(SidError::Text),
        }
        .map_err(|_| SidError::Text)?;
        if authority >= 1 << 48 {
            return Err(SidError::Text);
        }
        let mut sub_authorities = Vec::with_capacity(5);
        for part in parts {
            if sub_authorities.len() == MAX_SUB_AUTHORITIES
                || !part.bytes().all(|b| b.is_ascii_digit())
            {
                return Err(SidError::Text);
            }
            sub_authorities.push(part.parse().map_err(|_| SidError::Text)?);
        }
        Ok(Self {
            authority,
            sub_authorities,
        })
    }

    /// The relative identifier: the last sub-authority.
    #[must_use]
    pub fn rid(&self) -> Option<u32> {
        self.sub_authorities.last().copied()
    }

    /// The SID without its relative identifier: of an account in Active Directory, its domain's SID.
    #[must_use]
    pub fn domain(&self) -> Option<Sid> {
        let (_, domain) = self.sub_authorities.split_last()?;
        Some(Self {
            authority: self.authority,
            sub_authorities: domain.to_vec(),
        })
    }

    /// The SID of `rid` in this domain; `None` when no further sub-authority fits.
    #[must_use]
    pub fn with_rid(&self, rid: u32) -> Option<Sid> {
        if self.sub_authorities.len() == MAX_SUB_AUTHORITIES {
            return None;
        }
        let mut sub_authorities = self.sub_authorities.clone();
        sub_authorities.push(rid);
        Some(Self {
            authority: self.authority,
            sub_authorities,
        })
    }

    /// Whether it names one of the built-in groups, `S-1-5-32-…` (MS-DTYP 2.4.2.4).
    #[must_use]
    pub fn is_builtin(&self) -> bool {
        self.authority == 5 && self.sub_authorities.first() == Some(&32)
    }

    /// Whether it belongs to an account or group of a domain: `S-1-5-21-a-b-c-rid`.
    #[must_use]
    pub fn is_of_a_domain(&self) -> bool {
        self.authority == 5
            && self.sub_authorities.len() == 5
            && self.sub_authorities.first() == Some(&21)
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.authority < 1 << 32 {
            write!(f, "S-1-{}", self.authority)?;
        } else {
            write!(f, "S-1-0x{:012X}", self.authority)?;
        }
        for sub_authority in &self.sub_authorities {
            write!(f, "-{sub_authority}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ADMINISTRATOR: [u8; 28] = [
        1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 1, 0, 0, 0xf4, 1, 0, 0,
    ];

    #[test]
    fn a_stored_sid_reads_as_windows_prints_it() {
        let sid = Sid::from_bytes(&ADMINISTRATOR).unwrap();
        assert_eq!(sid.to_string(), "S-1-5-21-1-2-259-500");
        assert_eq!(sid.rid(), Some(500));
        assert_eq!(sid.domain().unwrap().to_string(), "S-1-5-21-1-2-259");
        assert_eq!(sid.domain().unwrap().with_rid(500), Some(sid.clone()));
        assert!(sid.is_of_a_domain());
        assert!(Sid::parse("S-1-5-32-544").unwrap().is_builtin());
    }

    #[test]
    fn octets_that_lie_about_their_length_are_refused() {
        assert_eq!(Sid::from_bytes(&ADMINISTRATOR[..27]), Err(SidError::Octets));
        assert_eq!(Sid::from_bytes(&[]), Err(SidError::Octets));
        let longer = [&ADMINISTRATOR[..], &[0; 4]].concat();
        assert_eq!(Sid::from_bytes(&longer), Err(SidError::Octets));
        assert_eq!(
            Sid::from_bytes(&[1, 255, 0, 0, 0, 0, 0, 5]),
            Err(SidError::Octets)
        );
        assert_eq!(
            Sid::from_bytes(&[2, 0, 0, 0, 0, 0, 0, 5]),
            Err(SidError::Octets)
        );
    }

    #[test]
    fn texts_that_are_nearly_a_sid_are_refused() {
        for text in [
            "",
            "S",
            "S-1",
            "S-2-5",
            "S-1-5-",
            "S-1-5-+1",
            "S-1-5-4294967296",
            "S-1-0x1000000000000",
            "S-1-x",
        ] {
            assert_eq!(Sid::parse(text), Err(SidError::Text), "{text}");
        }
        assert!(Sid::parse(&format!("S-1-5{}", "-1".repeat(16))).is_err());
    }

    proptest! {
        #[test]
        fn every_sid_survives_printing_and_storing(
            authority in 0u64..1 << 48,
            sub_authorities in proptest::collection::vec(any::<u32>(), 0..=15),
        ) {
            let sid = Sid { authority, sub_authorities };
            prop_assert_eq!(Sid::parse(&sid.to_string()), Ok(sid.clone()));
            prop_assert_eq!(Sid::from_bytes(&sid.to_bytes()), Ok(sid));
        }

        #[test]
        fn no_octets_make_it_panic(octets: Vec<u8>) {
            if let Ok(sid) = Sid::from_bytes(&octets) {
                prop_assert_eq!(sid.to_bytes(), octets);
            }
        }
    }
}
