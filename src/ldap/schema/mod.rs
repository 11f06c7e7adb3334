//! What a directory's schema says about its attributes and object classes (RFC 4512 §4.1).

mod description;

use std::collections::{BTreeMap, BTreeSet};

use self::description::AttributeDescription;
use super::AttributeName;

/// An attribute type (RFC 4512 §4.1.2). What SUP passes on is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeType {
    /// The numeric OID, or the name some servers print in its place.
    pub oid: String,
    /// The short names, the preferred one first; may be empty.
    pub names: Vec<AttributeName>,
    /// The syntax's OID, without its length bound; inherited by SUP.
    pub syntax: Option<String>,
    /// The length bound that stood in braces after the syntax, in characters or octets.
    pub length_bound: Option<u32>,
    /// Whether an entry can hold one value at most.
    pub single_valued: bool,
    /// Whether clients may write it (no NO-USER-MODIFICATION).
    pub user_modifiable: bool,
    /// Whether it is for the directory's own use, and read only when asked for by name (USAGE).
    pub operational: bool,
    /// The equality matching rule; inherited by SUP.
    pub equality: Option<String>,
    /// The ordering matching rule; inherited by SUP.
    pub ordering: Option<String>,
    /// The substrings matching rule; inherited by SUP.
    pub substring: Option<String>,
}

/// The kind of an object class (RFC 4512 §2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectClassKind {
    /// Only for others to derive from.
    Abstract,
    /// What an entry is.
    Structural,
    /// What an entry is in addition.
    Auxiliary,
}

/// An object class (RFC 4512 §4.1.1). `must` and `may` are its own; [`Schema::allowed_attributes`]
/// adds those of the classes above.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectClass {
    /// The numeric OID, or the name some servers print in its place.
    pub oid: String,
    /// The short names, the preferred one first; may be empty.
    pub names: Vec<AttributeName>,
    /// The classes it derives from.
    pub sup: Vec<AttributeName>,
    /// The attributes an entry of the class must have.
    pub must: Vec<AttributeName>,
    /// The attributes an entry of the class may have.
    pub may: Vec<AttributeName>,
    /// The kind.
    pub kind: ObjectClassKind,
}

/// What a directory's subschema entry says, looked up by name or OID without regard to case.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    attributes: Vec<AttributeType>,
    attribute_index: BTreeMap<AttributeName, usize>,
    classes: Vec<ObjectClass>,
    class_index: BTreeMap<AttributeName, usize>,
    /// By the class they belong to: auxiliary classes that every entry of it has.
    auxiliary: BTreeMap<usize, Vec<AttributeName>>,
    unread: usize,
}

/// How far SUP is followed: no directory derives deeper, and a loop must end.
const MAX_DERIVATION: usize = 32;

impl Schema {
    /// Reads the values of `attributeTypes` and `objectClasses`. Descriptions that cannot be read are
    /// passed over and [counted](Self::unread): one odd vendor extension must not hide the rest. Of
    /// several descriptions with one name, the first counts.
    pub fn parse<'a>(
        attribute_types: impl IntoIterator<Item = &'a str>,
        object_classes: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut schema = Self::default();
        let mut sups = Vec::new();
        for text in attribute_types {
            let Some(AttributeDescription { attribute, sup }) = description::attribute_type(text)
            else {
                schema.unread += 1;
                continue;
            };
            let number = schema.attributes.len();
            index(
                &mut schema.attribute_index,
                &attribute.oid,
                &attribute.names,
                number,
            );
            schema.attributes.push(attribute);
            sups.push(sup);
        }
        schema.inherit(&sups);
        for text in object_classes {
            let Some(class) = description::object_class(text) else {
                schema.unread += 1;
                continue;
            };
            index(
                &mut schema.class_index,
                &class.oid,
                &class.names,
                schema.classes.len(),
            );
            schema.classes.push(class);
        }
        schema
    }

    /// The same schema with the values of `dITContentRules` taken in, by which Active Directory adds
    /// auxiliary classes and attributes to structural classes: without them a `user` may have no `mail`.
    #[must_use]
    pub fn with_content_rules<'a>(mut self, rules: impl IntoIterator<Item = &'a str>) -> Self {
        for text in rules {
            let rule = description::content_rule(text);
            let number = rule
                .as_ref()
                .and_then(|rule| self.class_number(&rule.class));
            let (Some(rule), Some(number)) = (rule, number) else {
                self.unread += 1;
                continue;
            };
            if let Some(class) = self.classes.get_mut(number) {
                class.must.extend(rule.must);
                class.may.extend(rule.may);
            }
            self.auxiliary
                .entry(number)
                .or_default()
                .extend(rule.auxiliary);
        }
        self
    }

    /// Fills in what SUP passes on (RFC 4512 §2.5.1).
    fn inherit(&mut self, sups: &[Option<AttributeName>]) {
        for number in 0..self.attributes.len() {
            let mut next = sups.get(number).and_then(Option::as_ref);
            for _ in 0..MAX_DERIVATION {
                let Some(above) = next
                    .and_then(|name| self.attribute_index.get(name))
                    .copied()
                else {
                    break;
                };
                next = sups.get(above).and_then(Option::as_ref);
                let Some(above) = self.attributes.get(above).cloned() else {
                    break;
                };
                let Some(attribute) = self.attributes.get_mut(number) else {
                    break;
                };
                let pass_on = |mine: &mut Option<String>, theirs: Option<String>| {
                    if mine.is_none() {
                        *mine = theirs;
                    }
                };
                if attribute.syntax.is_none() {
                    attribute.syntax = above.syntax;
                    attribute.length_bound = above.length_bound;
                }
                pass_on(&mut attribute.equality, above.equality);
                pass_on(&mut attribute.ordering, above.ordering);
                pass_on(&mut attribute.substring, above.substring);
            }
        }
    }

    /// How many descriptions could not be read.
    #[must_use]
    pub const fn unread(&self) -> usize {
        self.unread
    }

    /// Whether nothing is known: the subschema was not readable.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.attributes.is_empty()
    }

    /// The attribute type with this name or OID; options are left aside.
    #[must_use]
    pub fn attribute(&self, name: &AttributeName) -> Option<&AttributeType> {
        let number = match self.attribute_index.get(name) {
            Some(number) => *number,
            None => *self
                .attribute_index
                .get(&AttributeName::parse(name.base()).ok()?)?,
        };
        self.attributes.get(number)
    }

    /// The object class with this name or OID.
    #[must_use]
    pub fn object_class(&self, name: &str) -> Option<&ObjectClass> {
        self.classes.get(self.class_number(name)?)
    }

    fn class_number(&self, name: &str) -> Option<usize> {
        self.class_index
            .get(&AttributeName::parse(name).ok()?)
            .copied()
    }

    /// Every attribute that an entry of these classes may or must have, under all of its names. The
    /// classes they derive from count, and the auxiliary ones that content rules add.
    pub fn allowed_attributes<'a>(
        &self,
        classes: impl IntoIterator<Item = &'a str>,
    ) -> BTreeSet<AttributeName> {
        self.attributes_of(classes, |class| {
            class.must.iter().chain(&class.may).collect()
        })
    }

    /// Every attribute that an entry of these classes must have, under all of its names.
    pub fn required_attributes<'a>(
        &self,
        classes: impl IntoIterator<Item = &'a str>,
    ) -> BTreeSet<AttributeName> {
        self.attributes_of(classes, |class| class.must.iter().collect())
    }

    fn attributes_of<'a>(
        &self,
        classes: impl IntoIterator<Item = &'a str>,
        listed: impl Fn(&ObjectClass) -> Vec<&AttributeName>,
    ) -> BTreeSet<AttributeName> {
        let mut open: Vec<usize> = classes
            .into_iter()
            .filter_map(|name| self.class_number(name))
            .collect();
        let (mut seen, mut found) = (BTreeSet::new(), BTreeSet::new());
        while let Some(number) = open.pop() {
            let Some(class) = self.classes.get(number).filter(|_| seen.insert(number)) else {
                continue;
            };
            let auxiliary = self.auxiliary.get(&number).into_iter().flatten();
            open.extend(
                class
                    .sup
                    .iter()
                    .chain(auxiliary)
                    .filter_map(|name| self.class_index.get(name)),
            );
            for name in listed(class) {
                found.extend(
                    self.attribute(name)
                        .into_iter()
                        .flat_map(|attribute| attribute.names.iter().cloned()),
                );
                found.insert(name.clone());
            }
        }
        found
    }
}

fn index(
    index: &mut BTreeMap<AttributeName, usize>,
    oid: &str,
    names: &[AttributeName],
    number: usize,
) {
    for name in AttributeName::parse(oid).iter().chain(names) {
        index.entry(name.clone()).or_insert(number);
    }
}

#[cfg(test)]
mod tests;
