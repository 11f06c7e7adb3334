//! Distinguished names (RFC 4514), parsed into parts and printed with every escape in its place.

mod extended;
mod key;
mod parse;
mod rdn;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

pub use extended::{EntryName, ExtendedDn};
pub use parse::{DnError, MAX_LENGTH};
pub use rdn::{Ava, AvaValue, Rdn};

/// A distinguished name.
///
/// Two DNs are equal, and sort and hash alike, when their normalised forms are equal: attribute types
/// and values caseless, runs of spaces squeezed, multi-valued RDNs as sets, well-known OIDs as their
/// short names. `Display` keeps the spelling; [`Dn::same_spelling`] compares it. The normalised form
/// is made once, when the DN is, so that sets of members of large groups are cheap. Cloning and
/// [`Dn::parent`] are cheap.
#[derive(Clone)]
pub struct Dn {
    whole: Arc<Whole>,
    /// Where this DN begins in `whole.rdns`, for a DN made by `parent`.
    first_rdn: usize,
    /// Where it begins in `whole.key`.
    key_start: usize,
}

/// What a DN shares with the DNs of the entries above it.
struct Whole {
    /// Leaf first.
    rdns: Vec<Rdn>,
    /// Every RDN's normalised form, each *after* a separator that cannot occur in one: so the key of
    /// an entry above is a suffix of this key, and no other name is.
    key: String,
}

impl Dn {
    /// Reads a DN.
    ///
    /// Accepts RFC 4514, spaces around separators, and what RFC 2253 §4 asks to be accepted of older
    /// forms: `;` as separator, values in quotation marks and `OID.` before a numeric attribute type.
    ///
    /// # Errors
    /// When the text is not a DN, or longer than [`MAX_LENGTH`]; the error tells where.
    pub fn parse(text: &str) -> Result<Self, DnError> {
        let rdns = parse::rdns(text)?;
        Ok(Self::from_rdns(rdns, text.len()))
    }

    /// The empty DN: the name of the root DSE.
    #[must_use]
    pub fn root() -> Self {
        Self::from_rdns(Vec::new(), 0)
    }

    fn from_rdns(rdns: Vec<Rdn>, size_hint: usize) -> Self {
        let mut key = String::with_capacity(size_hint + 2);
        for rdn in &rdns {
            key.push(key::RDN);
            key::push_rdn(rdn, &mut key);
        }
        Self {
            whole: Arc::new(Whole { rdns, key }),
            first_rdn: 0,
            key_start: 0,
        }
    }

    /// Whether this is the empty DN.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.rdns().is_empty()
    }

    /// The relative names, leaf first.
    #[must_use]
    pub fn rdns(&self) -> &[Rdn] {
        self.whole.rdns.get(self.first_rdn..).unwrap_or(&[])
    }

    /// The entry's own relative name; the root has none.
    #[must_use]
    pub fn rdn(&self) -> Option<&Rdn> {
        self.rdns().first()
    }

    /// The name of the entry above; the root has none.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        let after_separator = self.key().get(1..).unwrap_or("");
        let own = after_separator
            .find(key::RDN)
            .unwrap_or(after_separator.len());
        Some(Self {
            whole: Arc::clone(&self.whole),
            first_rdn: self.first_rdn + 1,
            key_start: self.key_start + 1 + own,
        })
    }

    /// The name of the entry directly below this one that is called `rdn`.
    #[must_use]
    pub fn child(&self, rdn: Rdn) -> Self {
        let mut rdns = Vec::with_capacity(self.depth() + 1);
        let mut key = String::with_capacity(self.key().len() + 32);
        key.push(key::RDN);
        key::push_rdn(&rdn, &mut key);
        key.push_str(self.key());
        rdns.push(rdn);
        rdns.extend_from_slice(self.rdns());
        Self {
            whole: Arc::new(Whole { rdns, key }),
            first_rdn: 0,
            key_start: 0,
        }
    }

    /// Whether this entry is `base` or lies below it, at whatever depth.
    #[must_use]
    pub fn is_within(&self, base: &Self) -> bool {
        self.key().ends_with(base.key())
    }

    /// How many relative names it has; 0 for the root.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.rdns().len()
    }

    /// Whether the two are written alike, letter by letter, apart from the choice of escapes.
    #[must_use]
    pub fn same_spelling(&self, other: &Self) -> bool {
        self.depth() == other.depth()
            && self
                .rdns()
                .iter()
                .zip(other.rdns())
                .all(|(left, right)| left.same_spelling(right))
    }

    /// The name with its values in one Unicode normalisation (NFKC) and case. Two names whose folded forms are equal are one
    /// to some directories and two to others: for comparisons in which to take two for one is the safe mistake.
    #[must_use]
    pub fn folded(&self) -> Self {
        if self.key().is_ascii() {
            return self.clone();
        }
        let rdns = self.rdns().iter().map(Rdn::folded).collect();
        Self::from_rdns(rdns, self.key().len())
    }

    fn key(&self) -> &str {
        self.whole.key.get(self.key_start..).unwrap_or("")
    }
}

impl PartialEq for Dn {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Dn {}

impl PartialOrd for Dn {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Dn {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(other.key())
    }
}

impl Hash for Dn {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl fmt::Display for Dn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, rdn) in self.rdns().iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            write!(f, "{rdn}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Dn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

#[cfg(test)]
mod tests;
