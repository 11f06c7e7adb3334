//! The version of an entry: what it is made of, and how a write makes sure that it still is the current one.
//!
//! OpenLDAP counts the changes of an entry itself, in `entryCSN`, the same on every server. Active Directory and 389
//! Directory Server have nothing of the kind: `uSNChanged` is another number on every domain controller, and
//! `whenChanged` and `modifyTimestamp` know no fractions of a second. There the version is a hash of what the mapping
//! reads of the entry, which is exact, and the same wherever it is read. What other entries say of this one (`memberOf`)
//! is no part of it in either case.

use sha2::{Digest, Sha256};

use super::codec::Codec;
use super::line::Line;
use super::resource_mapping::{Attributes, ResourceMapping};
use crate::ldap::{
    AttributeName, DirectoryKind, Entry, Filter, Modification, ModificationKind, Values,
};
use crate::scim::Version;

/// When the password was set: the one sign of a change of it that can be read.
const PASSWORD_LAST_SET: AttributeName = AttributeName::known("pwdLastSet");

/// Octets of the hash that make the version.
const LENGTH: usize = 16;

/// What the version of an entry with these lines is made of.
pub(super) fn plan(kind: DirectoryKind, lines: &[Line]) -> Attributes {
    let mut made_of = Attributes::default();
    if let Some(counter) = kind.version_attribute() {
        made_of.want(&counter, false);
        return made_of;
    }
    for line in lines.iter().filter(|line| is_own(line)) {
        made_of.want(&line.ldap, line.is_reference());
    }
    let sets_passwords = lines.iter().any(|line| line.codec == Codec::Password);
    if kind == DirectoryKind::ActiveDirectory && sets_passwords {
        made_of.want(&PASSWORD_LAST_SET, false);
    }
    made_of
}

impl ResourceMapping {
    /// What must be read of an entry so that [`version`](Self::version) can tell.
    pub const fn version_plan(&self) -> &Attributes {
        &self.versioned
    }

    /// The version of an entry that was read with [`version_plan`](Self::version_plan); none where the directory does not
    /// show it to the bridge.
    pub fn version(&self, entry: &Entry) -> Option<Version> {
        if let Some(counter) = self.kind.version_attribute() {
            return Version::new(entry.text(&counter)?);
        }
        let mut hash = Sha256::new();
        for name in &self.versioned.attributes {
            let values = entry.values(name).iter().map(Vec::as_slice);
            hash_values(&mut hash, name, values.collect());
        }
        for name in &self.versioned.references {
            let dns = entry.references(name).iter();
            let dns: Vec<String> = dns.map(|one| one.dn.to_string().to_lowercase()).collect();
            hash_values(&mut hash, name, dns.iter().map(String::as_bytes).collect());
        }
        let digest = hash.finalize();
        let digits = digest.iter().take(LENGTH);
        Version::new(
            &digits
                .map(|octet| format!("{octet:02x}"))
                .collect::<String>(),
        )
    }

    /// The condition that the entry still is of the version it was read in, where the directory can be told so (RFC 4528).
    pub fn version_filter(&self, entry: &Entry) -> Option<Filter> {
        let counter = self.kind.version_attribute()?;
        let value = entry.values(&counter).first()?.clone();
        Some(Filter::equal(counter, value))
    }

    /// The same modifications, such that the directory refuses them all when a value that was read is another by now: a
    /// value in place of another becomes the old one out and the new one in, and every other value that the mapping may
    /// write is taken out and put back. For directories that know no conditions.
    ///
    /// That an attribute still has *no* value is asserted only where it gets one, and only if it can hold no more than
    /// one. The entry's name and its references are not put back: they are no plain values.
    pub fn compare_and_swap(
        &self,
        before: &Entry,
        modifications: &[Modification],
    ) -> Vec<Modification> {
        let mut swapped = Vec::with_capacity(modifications.len());
        for one in modifications {
            match (one.kind, &one.values) {
                (ModificationKind::Replace, Values::Plain(new))
                    if self.compares(&one.attribute) =>
                {
                    let old = self.held(before, &one.attribute);
                    swap(&mut swapped, &one.attribute, old, new.clone());
                }
                _ => swapped.push(one.clone()),
            }
        }
        let own = self
            .lines
            .iter()
            .filter(|line| is_own(line) && line.is_written());
        for name in own
            .filter(|line| !line.is_reference())
            .map(|line| &line.ldap)
        {
            let touched = swapped.iter().any(|one| one.attribute == *name);
            if !touched && *name != self.rdn && self.compares(name) {
                let held = before.values(name).to_vec();
                swap(&mut swapped, name, held.clone(), held);
            }
        }
        swapped
    }

    /// Whether the directory can take out one value of the attribute, and values are no burden to send.
    fn compares(&self, name: &AttributeName) -> bool {
        let mut lines = self.lines.iter().filter(|line| line.ldap == *name);
        lines.all(|line| line.equality && line.codec != Codec::Binary)
    }

    /// The values of an attribute as they are written.
    fn held(&self, entry: &Entry, name: &AttributeName) -> Vec<Vec<u8>> {
        let references = entry.references(name).iter();
        let references = references.map(|one| match one.id {
            Some(id) => self.kind.reference_value(id, &one.dn),
            None => one.dn.to_string().into_bytes(),
        });
        entry
            .values(name)
            .iter()
            .cloned()
            .chain(references)
            .collect()
    }
}

/// Whether what the line reads is the entry's own: what is read only, and points elsewhere, is a back link.
fn is_own(line: &Line) -> bool {
    line.is_read() && (line.is_written() || !line.is_reference())
}

fn swap(into: &mut Vec<Modification>, name: &AttributeName, old: Vec<Vec<u8>>, new: Vec<Vec<u8>>) {
    if !old.is_empty() {
        into.push(Modification::delete(name.clone(), Values::Plain(old)));
    }
    if !new.is_empty() {
        into.push(Modification::add(name.clone(), Values::Plain(new)));
    }
}

/// Takes an attribute into the hash, each part behind its length, so that no two contents are written alike.
fn hash_values(hash: &mut Sha256, name: &AttributeName, mut values: Vec<&[u8]>) {
    // No directory promises an order of values.
    values.sort_unstable();
    hash.update(values.len().to_be_bytes());
    for part in std::iter::once(name.as_str().as_bytes()).chain(values) {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
}
