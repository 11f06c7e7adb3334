//! A domain controller that tells the members of a group in parts, as Active Directory does and Samba never does by itself.
//!
//! A relay in front of Samba: it ends the bridge's TLS with the lab's certificate for `localhost`, speaks TLS to Samba, and
//! changes two things on the way (MS-ADTS 3.1.1.3.1.3.3). A `member` with more values than [`Ranging::LIMIT`] becomes an
//! empty `member` and `member;range=0-…`; who asks for `member;range=…-*` is asked no more than that many.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::lab::Lab;
use super::wire::{OCTETS, OnTheWay, SEQUENCE, SET, Wire, element, elements, encode};

/// The relay; it ends with the test's runtime.
pub(crate) struct Ranging {
    wire: Wire,
    parts: Arc<AtomicUsize>,
}

/// How many parts of an attribute were told so far.
struct Parts(Arc<AtomicUsize>);

impl OnTheWay for Parts {
    async fn request(&self, message: Vec<u8>) -> Result<Vec<u8>, Vec<u8>> {
        Ok(ask_for_a_part(&message))
    }

    fn answer(&self, message: Vec<u8>) -> Vec<u8> {
        tell_a_part(&message, &self.0)
    }
}

impl Ranging {
    /// Active Directory's MaxValRange is 1500; the rule is the same for any number.
    pub(crate) const LIMIT: usize = 40;

    /// A relay in front of this directory's LDAPS port.
    pub(crate) async fn to(lab: &'static Lab) -> Ranging {
        let parts = Arc::new(AtomicUsize::new(0));
        let wire = Wire::to(lab, Parts(Arc::clone(&parts))).await;
        Ranging { wire, parts }
    }

    /// What the bridge's `directory.urls` has to say.
    pub(crate) fn url(&self) -> String {
        self.wire.url()
    }

    /// How many parts of an attribute were told so far.
    pub(crate) fn parts(&self) -> usize {
        self.parts.load(Ordering::SeqCst)
    }
}

const SEARCH: u8 = 0x63;
const ENTRY: u8 = 0x64;

/// A search for `member;range=N-*` becomes one for as many values as are told at once.
fn ask_for_a_part(message: &[u8]) -> Vec<u8> {
    changed(message, SEARCH, |mut fields| {
        let attributes = fields.pop().expect("a search names attributes");
        let names = elements(attributes.1).into_iter().map(|(tag, name)| {
            let text = String::from_utf8_lossy(name);
            let range = text.strip_prefix("member;range=");
            let first = range.and_then(|range| range.strip_suffix("-*")?.parse::<usize>().ok());
            let part = |first| format!("member;range={first}-{}", first + Ranging::LIMIT - 1);
            encode(
                tag,
                &first.map_or_else(|| name.to_vec(), |first| part(first).into_bytes()),
            )
        });
        let names: Vec<u8> = names.flatten().collect();
        let mut body: Vec<u8> = fields
            .iter()
            .flat_map(|(tag, content)| encode(*tag, content))
            .collect();
        body.extend(encode(attributes.0, &names));
        body
    })
}

/// An entry with a `member` of many values becomes one with none and a first part.
fn tell_a_part(message: &[u8], parts: &AtomicUsize) -> Vec<u8> {
    changed(message, ENTRY, |fields| {
        let mut body = encode(fields[0].0, fields[0].1);
        let mut attributes = Vec::new();
        for (tag, attribute) in elements(fields[1].1) {
            let pair = elements(attribute);
            let (name, values) = (pair[0].1, elements(pair[1].1));
            let with = |name: &str, values: &[(u8, &[u8])]| {
                let values: Vec<u8> = values
                    .iter()
                    .flat_map(|(tag, value)| encode(*tag, value))
                    .collect();
                let pair = [encode(OCTETS, name.as_bytes()), encode(SET, &values)];
                encode(SEQUENCE, &pair.concat())
            };
            if name.starts_with(b"member;range=") {
                assert!(
                    values.len() <= Ranging::LIMIT,
                    "Samba tells what it is asked for"
                );
                parts.fetch_add(1, Ordering::SeqCst);
            }
            if name == b"member" && values.len() > Ranging::LIMIT {
                let range = format!("member;range=0-{}", Ranging::LIMIT - 1);
                attributes.extend(with("member", &[]));
                attributes.extend(with(&range, &values[..Ranging::LIMIT]));
                parts.fetch_add(1, Ordering::SeqCst);
            } else {
                attributes.extend(encode(tag, attribute));
            }
        }
        body.extend(encode(SEQUENCE, &attributes));
        body
    })
}

/// The message with the body of its operation changed, if it is this operation.
fn changed(
    message: &[u8],
    operation: u8,
    body: impl FnOnce(Vec<(u8, &[u8])>) -> Vec<u8>,
) -> Vec<u8> {
    let (_, content, _) = element(message).expect("a whole message");
    let mut parts = elements(content);
    if parts.get(1).is_none_or(|(tag, _)| *tag != operation) {
        return message.to_vec();
    }
    let (tag, content) = parts.remove(1);
    let body = body(elements(content));
    let mut all = encode(parts[0].0, parts[0].1);
    all.extend(encode(tag, &body));
    all.extend(
        parts[1..]
            .iter()
            .flat_map(|(tag, content)| encode(*tag, content)),
    );
    encode(SEQUENCE, &all)
}
