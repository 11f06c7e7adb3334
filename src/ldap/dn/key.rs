//! The normalised form by which DNs are compared: RFC 4514 parts, compared as `caseIgnoreMatch` would
//! (RFC 4518), short of Unicode normalisation, which Samba does not do either.

use super::{Ava, AvaValue, Rdn};

/// Stands before each RDN in a key. Cannot occur inside one: control characters are escaped there.
pub(super) const RDN: char = '\0';
/// Escapes the three control characters that have a meaning in a key.
const ESCAPE: char = '\u{1}';
/// Stands between the parts of a multi-valued RDN.
const AVA: char = '\u{2}';

pub(super) fn push_rdn(rdn: &Rdn, key: &mut String) {
    let mut avas = rdn.avas();
    if rdn.is_multi_valued() {
        // An RDN is a set: its parts have no order.
        let mut parts: Vec<String> = avas
            .map(|ava| {
                let mut part = String::new();
                push_ava(ava, &mut part);
                part
            })
            .collect();
        parts.sort_unstable();
        parts.dedup();
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                key.push(AVA);
            }
            key.push_str(part);
        }
    } else if let Some(ava) = avas.next() {
        push_ava(ava, key);
    }
}

pub(super) fn push_ava(ava: &Ava, key: &mut String) {
    push_attribute(ava.attribute.as_str(), key);
    key.push('=');
    match (&ava.value, ava.value.text()) {
        (_, Some(text)) => push_text(text, key),
        (AvaValue::Ber(octets), None) => {
            key.push(ESCAPE);
            key.push('#');
            for octet in octets {
                key.push(hex_digit(octet >> 4));
                key.push(hex_digit(octet & 15));
            }
        }
        (AvaValue::Text(_), None) => {}
    }
}

/// RFC 4514 §3's table and the long names of the same types, so that a DN written with OIDs in a
/// configuration file is the DN the directory prints. `streetAddress` is left out on purpose: it is
/// another attribute in Active Directory.
const SAME_TYPE: [(&str, &str); 17] = [
    ("2.5.4.3", "cn"),
    ("commonname", "cn"),
    ("2.5.4.6", "c"),
    ("countryname", "c"),
    ("2.5.4.7", "l"),
    ("localityname", "l"),
    ("2.5.4.8", "st"),
    ("stateorprovincename", "st"),
    ("2.5.4.9", "street"),
    ("2.5.4.10", "o"),
    ("organizationname", "o"),
    ("2.5.4.11", "ou"),
    ("organizationalunitname", "ou"),
    ("0.9.2342.19200300.100.1.25", "dc"),
    ("domaincomponent", "dc"),
    ("0.9.2342.19200300.100.1.1", "uid"),
    ("userid", "uid"),
];

fn push_attribute(name: &str, key: &mut String) {
    if name.len() > 3 {
        let same = SAME_TYPE
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name));
        if let Some((_, short)) = same {
            key.push_str(short);
            return;
        }
    }
    key.extend(name.chars().map(|c| c.to_ascii_lowercase()));
}

fn push_text(text: &str, key: &mut String) {
    // Spaces at either end do not count, and a run of them counts as one (RFC 4518 §2.6.1).
    let text = text.trim_matches(' ');
    let mut after_space = false;
    for c in text.chars() {
        match c {
            ' ' => {
                if !after_space {
                    key.push(' ');
                }
            }
            RDN | ESCAPE | AVA => {
                key.push(ESCAPE);
                key.push(char::from(b'0' + (c as u8)));
            }
            _ if c.is_ascii() => key.push(c.to_ascii_lowercase()),
            _ => key.extend(c.to_lowercase()),
        }
        after_space = c == ' ';
    }
}

fn hex_digit(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16).unwrap_or('0')
}
