//! What the pure translation must be told: where resources live, and which id is which DN.

use std::collections::HashMap;

use secrecy::SecretString;
use uuid::Uuid;

use super::line::Line;
use super::resource_mapping::ResourceMapping;
use crate::ldap::Dn;

/// Ids and the DNs they stand for, looked up beforehand. An id that names nothing is absent.
#[derive(Debug, Clone, Default)]
pub struct ReferenceTable(HashMap<Uuid, Dn>);

impl ReferenceTable {
    /// Notes an id.
    pub fn insert(&mut self, id: Uuid, dn: Dn) {
        self.0.insert(id, dn);
    }

    /// The DN of an id.
    pub fn get(&self, id: Uuid) -> Option<&Dn> {
        self.0.get(&id)
    }

    /// The DN of an id as a client sent it; text that is no UUID names nothing.
    pub fn dn(&self, id: &str) -> Option<&Dn> {
        self.get(Uuid::try_parse(id).ok()?)
    }

    /// How many ids are known.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no id is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(Uuid, Dn)> for ReferenceTable {
    fn from_iter<I: IntoIterator<Item = (Uuid, Dn)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

/// Where the resources of one type live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeBase {
    /// The resource type, such as `User`.
    pub name: String,
    /// Its endpoint, such as `/Users`.
    pub endpoint: String,
    /// The entry below which they are found.
    pub base: Dn,
}

impl ResourceMapping {
    /// The references of which nobody can tell what type they point to: to one of several whose bases overlap.
    pub fn references_of_untold_type(&self, bases: &[TypeBase]) -> impl Iterator<Item = &Line> {
        let overlap = |line: &Line| {
            let bases = bases
                .iter()
                .filter(|base| line.targets.iter().any(|target| target.name == base.name));
            let bases: Vec<&Dn> = bases.map(|base| &base.base).collect();
            bases.iter().enumerate().any(|(at, one)| {
                let mut others = bases.iter().skip(at + 1);
                others.any(|other| one.is_within(other) || other.is_within(one))
            })
        };
        self.lines
            .iter()
            .filter(move |line| line.is_reference() && overlap(line))
    }
}

/// What reading needs to know beside the entry.
#[derive(Debug, Clone, Copy)]
pub struct ReadContext<'a> {
    /// The URL that endpoints follow, without a slash at its end.
    pub base_url: &'a str,
    /// Every type served, to tell what a reference points to.
    pub bases: &'a [TypeBase],
}

/// What writing needs to know beside the resource.
#[derive(Debug, Clone, Copy)]
pub struct WriteContext<'a> {
    /// The DNs of the resource's references.
    pub references: &'a ReferenceTable,
    /// A first password for an account whose provider sent none, where the mapping asks for one.
    pub generated_password: Option<&'a SecretString>,
}
