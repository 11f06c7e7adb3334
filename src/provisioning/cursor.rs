//! Cursors (RFC 9865): where a client is on its way through a list, told by the client itself.
//!
//! A cursor says after which id to go on, and of which selection. Ids have one order everywhere and for ever, so that
//! nothing has to be remembered for it: it is good on every replica, after a restart and next week, and whatever is there
//! all along is seen once, whatever comes and goes meanwhile. (Of a list that the directory ordered this holds while the
//! list is remembered: where it is made anew, equals may come in another order.) It needs no seal either. Who makes one up gets a page that
//! begins at another id of what it may list anyway: each page is read under base and filter, like any other.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::snapshot::Key;
use crate::scim::Error as ScimError;

/// The first octet; another meaning of the rest gets another one.
const VERSION: u8 = 1;

/// A place in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The last resource that was seen.
    pub(super) after: Uuid,
    /// How many came before the page that begins here; tells the place in a list that is not in the order of its ids, when
    /// that last resource is gone.
    pub(super) before: u32,
}

impl Cursor {
    /// To go on after this resource, with so many before the next page.
    pub(super) fn after(last: Uuid, before: usize) -> Self {
        Self {
            after: last,
            before: u32::try_from(before).unwrap_or(u32::MAX),
        }
    }

    /// The index of the first result of its page, as it was when it was given.
    pub(super) fn start(self) -> usize {
        usize::try_from(self.before).map_or(usize::MAX, |before| before.saturating_add(1))
    }

    /// As the client is given it: letters, digits, `-` and `_`, all unreserved (RFC 3986 §2.3).
    pub(super) fn write(self, selection: Key) -> String {
        let mut octets = vec![VERSION];
        octets.extend(selection.octets());
        octets.extend(self.before.to_be_bytes());
        octets.extend(self.after.into_bytes());
        URL_SAFE_NO_PAD.encode(octets)
    }

    /// Reads a cursor of this selection; none for an empty one, with which a walk begins.
    ///
    /// # Errors
    /// invalidCursor for what is no cursor, or one of another query.
    pub(super) fn read(text: &str, selection: Key) -> Result<Option<Self>, ScimError> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let octets = URL_SAFE_NO_PAD.decode(text).ok();
        let parts = octets.as_deref().and_then(parts);
        let (key, before, after) = parts.ok_or_else(|| {
            ScimError::invalid_cursor(
                "`cursor` is none that this bridge has given; send `nextCursor` of an answer as it came, or an empty `cursor` \
                 to begin",
            )
        })?;
        if key != selection.octets() {
            return Err(ScimError::invalid_cursor(
                "`cursor` belongs to another query; send it to the same endpoint with the same `filter`, `sortBy` and \
                 `sortOrder` as before, or an empty `cursor` to begin",
            ));
        }
        Ok(Some(Self { after, before }))
    }

    /// Where in these ids the page begins.
    pub(super) fn position(self, ids: &[Uuid], sorted: bool) -> usize {
        if !sorted {
            return ids.partition_point(|id| *id <= self.after);
        }
        let before = usize::try_from(self.before).unwrap_or(usize::MAX);
        let seen = ids.iter().position(|id| *id == self.after);
        seen.map_or(before.min(ids.len()), |seen| seen + 1)
    }
}

fn parts(octets: &[u8]) -> Option<([u8; 16], u32, Uuid)> {
    let (version, rest) = octets.split_first()?;
    let (key, rest) = rest.split_first_chunk::<16>()?;
    let (before, rest) = rest.split_first_chunk::<4>()?;
    let after = <[u8; 16]>::try_from(rest).ok()?;
    (*version == VERSION).then(|| (*key, u32::from_be_bytes(*before), Uuid::from_bytes(after)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURSOR: Cursor = Cursor {
        after: Uuid::from_u128(20),
        before: 2,
    };

    fn ids(numbers: &[u128]) -> Vec<Uuid> {
        numbers
            .iter()
            .map(|number| Uuid::from_u128(*number))
            .collect()
    }

    #[test]
    fn a_cursor_is_read_back_and_made_of_unreserved_characters() {
        let key = Key::new("User", "(uid=*)");
        let text = CURSOR.write(key);
        assert_eq!(Cursor::read(&text, key).unwrap(), Some(CURSOR));
        assert_eq!(Cursor::read(" ", key).unwrap(), None);
        let unreserved = |letter: char| letter.is_ascii_alphanumeric() || "-._~".contains(letter);
        assert!(text.chars().all(unreserved), "{text}");
    }

    #[test]
    fn what_is_no_cursor_of_this_query_is_refused() {
        let (users, groups) = (Key::new("User", "(cn=*)"), Key::new("Group", "(cn=*)"));
        let text = CURSOR.write(users);
        let refused = Cursor::read(&text, groups).unwrap_err();
        assert!(
            refused.detail.contains("another query"),
            "{}",
            refused.detail
        );
        for odd in [
            "x",
            "AAAA",
            &text[1..],
            &format!("{text}AA"),
            "é",
            &text.replace('A', "B"),
        ] {
            let refused = Cursor::read(odd, users).unwrap_err();
            assert_eq!(refused.scim_type.unwrap().name(), "invalidCursor", "{odd}");
        }
    }

    #[test]
    fn whatever_comes_and_goes_the_page_begins_after_what_was_seen() {
        assert_eq!(CURSOR.position(&ids(&[10, 20, 30]), false), 2);
        assert_eq!(CURSOR.position(&ids(&[5, 10, 15, 30]), false), 3);
        assert_eq!(CURSOR.position(&ids(&[]), false), 0);
    }

    #[test]
    fn in_another_order_the_last_one_seen_is_looked_for() {
        assert_eq!(CURSOR.position(&ids(&[30, 1, 20, 10]), true), 3);
        assert_eq!(CURSOR.position(&ids(&[30, 1, 10]), true), 2);
        assert_eq!(CURSOR.position(&ids(&[30]), true), 1);
    }
}
