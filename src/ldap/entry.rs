//! An entry as a directory answered it.

use uuid::Uuid;

use super::{AttributeName, DirectoryKind, Dn};

/// A value of a DN-valued attribute, with the id of the entry it points at where the directory told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The entry pointed at.
    pub dn: Dn,
    /// Its objectGUID or entryUUID, if known.
    pub id: Option<Uuid>,
}

/// An entry, or the part of it that was asked for.
///
/// A DN-valued attribute that was asked for as a reference is found in `references` only, and there
/// without the placeholder member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name of the entry at the moment of reading.
    pub dn: Dn,
    attributes: Named<Vec<u8>>,
    references: Named<Reference>,
}

/// Values by attribute, each attribute once. An entry has so few that looking through them beats a tree, whose order of
/// names whatever their case is dear to compare.
type Named<V> = Vec<(AttributeName, Vec<V>)>;

fn of<'a, V>(named: &'a Named<V>, attribute: &AttributeName) -> &'a [V] {
    let found = named.iter().find(|(name, _)| name == attribute);
    found.map_or(&[], |(_, values)| values)
}

fn add<V>(named: &mut Named<V>, attribute: AttributeName, values: impl IntoIterator<Item = V>) {
    match named.iter_mut().find(|(name, _)| *name == attribute) {
        Some((_, held)) => held.extend(values),
        None => named.push((attribute, values.into_iter().collect())),
    }
}

impl Entry {
    /// An entry of which nothing but the name is known.
    #[must_use]
    pub fn new(dn: Dn) -> Self {
        Self {
            dn,
            attributes: Vec::new(),
            references: Vec::new(),
        }
    }

    /// The same entry with these values added to what the attribute already holds.
    #[must_use]
    pub fn with<V: Into<Vec<u8>>>(
        mut self,
        attribute: AttributeName,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        self.insert(attribute, values);
        self
    }

    /// Adds values to what the attribute already holds.
    pub fn insert<V: Into<Vec<u8>>>(
        &mut self,
        attribute: AttributeName,
        values: impl IntoIterator<Item = V>,
    ) {
        add(
            &mut self.attributes,
            attribute,
            values.into_iter().map(Into::into),
        );
    }

    /// Adds references to what the attribute already holds.
    pub fn insert_references(
        &mut self,
        attribute: AttributeName,
        references: impl IntoIterator<Item = Reference>,
    ) {
        add(&mut self.references, attribute, references);
    }

    /// The values of an attribute, as octets, in the order of the answer; empty when it has none.
    #[must_use]
    pub fn values(&self, attribute: &AttributeName) -> &[Vec<u8>] {
        of(&self.attributes, attribute)
    }

    /// The values that are UTF-8 text; others are skipped.
    pub fn texts<'a>(
        &'a self,
        attribute: &AttributeName,
    ) -> impl Iterator<Item = &'a str> + use<'a> {
        self.values(attribute)
            .iter()
            .filter_map(|value| std::str::from_utf8(value).ok())
    }

    /// The first value that is UTF-8 text.
    #[must_use]
    pub fn text(&self, attribute: &AttributeName) -> Option<&str> {
        self.texts(attribute).next()
    }

    /// Whether the attribute has at least one value or reference.
    #[must_use]
    pub fn has(&self, attribute: &AttributeName) -> bool {
        !self.values(attribute).is_empty() || !self.references(attribute).is_empty()
    }

    /// The references an attribute holds; empty when it has none.
    #[must_use]
    pub fn references(&self, attribute: &AttributeName) -> &[Reference] {
        of(&self.references, attribute)
    }

    /// Every reference of every attribute.
    pub fn all_references(&self) -> impl Iterator<Item = &Reference> {
        self.references.iter().flat_map(|(_, values)| values)
    }

    /// Fills in the ids of references whose ids the directory did not tell (a post-read dereferences nothing).
    pub fn complete_references(&mut self, id_of: impl Fn(&Dn) -> Option<Uuid>) {
        for reference in self
            .references
            .iter_mut()
            .flat_map(|(_, values)| values)
            .filter(|reference| reference.id.is_none())
        {
            reference.id = id_of(&reference.dn);
        }
    }

    /// The id of the entry: its objectGUID or entryUUID, if that was read.
    #[must_use]
    pub fn id(&self, kind: DirectoryKind) -> Option<Uuid> {
        kind.id_of(self.values(&kind.id_attribute()).first()?)
    }

    /// Every attribute with its values, in the order of the answer; references are not among them.
    pub fn attributes(&self) -> impl Iterator<Item = (&AttributeName, &[Vec<u8>])> {
        let attributes = self.attributes.iter();
        attributes.map(|(name, values)| (name, values.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_found_whatever_the_case_of_their_name() {
        let mail = AttributeName::known("mail");
        let entry = Entry::new(Dn::parse("uid=ada,dc=example").unwrap())
            .with(AttributeName::known("MAIL"), ["ada@example.org"])
            .with(mail.clone(), [vec![0xff], b"countess@example.org".to_vec()]);
        assert_eq!(entry.values(&mail).len(), 3);
        assert_eq!(
            entry.texts(&mail).collect::<Vec<_>>(),
            ["ada@example.org", "countess@example.org"]
        );
        assert!(!entry.has(&AttributeName::known("sn")));
    }

    #[test]
    fn the_id_is_that_of_the_kind_of_directory() {
        let id = Uuid::from_u128(7);
        let kind = DirectoryKind::ActiveDirectory;
        let entry = Entry::new(Dn::root()).with(kind.id_attribute(), [kind.id_value(id)]);
        assert_eq!(entry.id(kind), Some(id));
        assert_eq!(entry.id(DirectoryKind::OpenLdap), None);
    }
}
