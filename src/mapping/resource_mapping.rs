//! The checked mapping: what every operation uses.

use std::sync::Arc;

use super::check::Check;
use super::codec::Codec;
use super::derived::Derived;
use super::diagnostic::{Diagnostic, Source};
use super::line::{Line, Unique};
use super::template::Templates;
use super::{compile, enabling, file};
use crate::ldap::{AttributeName, DirectoryKind, Filter};
use crate::scim::schema::Holder;
use crate::scim::{AttributePath, Definition, Projection, Resource};

/// A mapping file, understood and checked.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// As the file calls itself.
    pub name: String,
    /// The kind of directory it is for.
    pub kind: DirectoryKind,
    /// The resource types, in the file's order.
    pub types: Vec<ResourceMapping>,
    source: Source,
}

/// What is done when a new account comes without a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithoutPassword {
    /// The account gets a random one that nobody is told.
    Generate,
    /// The account is created disabled.
    Disabled,
    /// The request is refused.
    Refuse,
}

/// The mapping of one resource type.
#[derive(Debug, Clone)]
pub struct ResourceMapping {
    /// What SCIM clients are told: only mapped attributes.
    pub definition: Definition,
    /// Object classes of new entries.
    pub object_classes: Vec<String>,
    /// Which entries are resources of this type.
    pub filter: Filter,
    /// The attribute that names new entries.
    pub rdn: AttributeName,
    /// The lines, in the file's order.
    pub lines: Vec<Line>,
    /// What happens to new accounts without a password; `None` where that is nothing special.
    pub without_password: Option<WithoutPassword>,
    pub(super) kind: DirectoryKind,
    pub(super) collections: Vec<Collection>,
    pub(super) sections: Vec<Section>,
    pub(super) derived: Vec<Derived>,
    pub(super) constants: Vec<(AttributeName, Vec<Vec<u8>>)>,
    pub(super) templates: Arc<Templates>,
    /// `whenCreated` and `whenChanged`, or what this directory calls them.
    pub(super) created: AttributeName,
    pub(super) changed: AttributeName,
    /// What the version is made of.
    pub(super) versioned: Attributes,
}

/// A multi-valued complex attribute whose elements are told apart by their types.
#[derive(Debug, Clone)]
pub(super) struct Collection {
    pub(super) place: AttributePath,
    pub(super) groups: Vec<Group>,
}

impl Collection {
    /// Whether one of its elements is shown as the primary one.
    pub(super) fn has_primary(&self) -> bool {
        self.groups.iter().any(|group| group.primary)
    }
}

/// The lines that together make one element; or, if `many`, one line that makes any number of them.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) terms: Vec<(String, serde_json::Value)>,
    pub(super) primary: bool,
    pub(super) many: bool,
    /// Indexes into the lines.
    pub(super) parts: Vec<usize>,
}

impl Group {
    /// What the group is for the definition.
    pub(super) fn holder(&self) -> Holder {
        Holder {
            terms: self.terms.clone(),
            primary: self.primary,
            many: self.many,
        }
    }
}

/// One JSON object of the resource: the resource itself, or an extension.
#[derive(Debug, Clone)]
pub(super) struct Section {
    pub(super) urn: Option<String>,
    pub(super) steps: Vec<Step>,
}

/// How one attribute of a resource is read; numbers are indexes into lines and collections.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Value(usize),
    Values(usize),
    Object {
        name: String,
        parts: Vec<(String, usize)>,
    },
    Collection(usize),
    Reference(usize, ReferenceForm),
    References(usize, ReferenceForm),
}

/// Which sub-attributes a reference has beside `value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ReferenceForm {
    pub(super) location: bool,
    pub(super) kind: bool,
    pub(super) display: Option<&'static str>,
}

/// What to ask the directory for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// Attributes wanted with their values.
    pub attributes: Vec<AttributeName>,
    /// Attributes of DNs, wanted with the ids of what they name.
    pub references: Vec<AttributeName>,
}

impl Attributes {
    pub(super) fn want(&mut self, name: &AttributeName, reference: bool) {
        let list = if reference {
            &mut self.references
        } else {
            &mut self.attributes
        };
        if !list.contains(name) {
            list.push(name.clone());
        }
    }
}

/// An LDAP attribute that the mapping names, for comparing with the directory's schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedAttribute {
    /// The LDAP attribute.
    pub name: AttributeName,
    /// The resource type.
    pub resource_type: String,
    /// What stands on the other side: a SCIM path, or what kind of value it is.
    pub scim: String,
    /// The line in the mapping file, counted from 1.
    pub line: usize,
    /// Whether it is read.
    pub read: bool,
    /// Whether it is written.
    pub written: bool,
    /// Whether several values are read and written.
    pub many: bool,
    /// Whether the line may be left out where the schema lacks the attribute.
    pub optional: bool,
    /// Whether filters compare its values.
    pub equality: bool,
    /// Whether filters ask for parts of its values.
    pub substring: bool,
    /// Whether filters compare its values with whatever text they are given that the check allows.
    pub any_text: bool,
    /// Whether filters compare its values without minding the case of letters.
    pub caseless: bool,
    /// The rule that its values keep.
    pub check: Option<Check>,
    /// The auxiliary object class that allows it, if the line names one.
    pub object_class: Option<String>,
}

impl Mapping {
    /// Reads and checks a mapping file. `source_name` is what messages call it: a path, or the name of a built-in one.
    ///
    /// # Errors
    /// The first fault, with its place in the file.
    pub fn load(source_name: &str, text: &str) -> Result<Self, Box<Diagnostic>> {
        Self::compile(Source::new(source_name, text), &|_| true)
    }

    /// The same mapping for a directory whose schema is known: lines marked `optional` whose attribute `has` does not
    /// know are left out.
    ///
    /// # Errors
    /// When what remains makes no sense, such as a template that uses what was left out.
    pub fn fitted(&self, has: impl Fn(&AttributeName) -> bool) -> Result<Self, Box<Diagnostic>> {
        Self::compile(self.source.clone(), &has)
    }

    fn compile(
        source: Source,
        has: &dyn Fn(&AttributeName) -> bool,
    ) -> Result<Self, Box<Diagnostic>> {
        let file = file::parse(&source)?;
        let (name, kind, types) = compile::compile(&source, file, has)?;
        Ok(Self {
            name,
            kind,
            types,
            source,
        })
    }

    /// The first attribute that the mapping writes and that must not be written, as a fault shown where it stands.
    ///
    /// # Errors
    /// That fault.
    pub fn refuse_written(
        &self,
        forbidden: impl Fn(&AttributeName) -> bool,
        hint: &str,
    ) -> Result<(), Box<Diagnostic>> {
        let attributes = self.attributes();
        let lines = attributes.iter().filter(|one| one.written);
        let constants = self.types.iter().flat_map(|of| &of.constants);
        let mut written = lines
            .map(|one| (&one.name, Some(one.line)))
            .chain(constants.map(|(name, _)| (name, None)));
        let Some((name, line)) = written.find(|(name, _)| forbidden(name)) else {
            return Ok(());
        };
        let rule = format!("`{name}` is never written, whatever a mapping says");
        let place = self.source.place_of(line, name.as_str());
        Err(self.source.fault(place, rule, "this attribute").hint(hint))
    }

    /// The name of the file, for messages.
    pub fn source_name(&self) -> &str {
        &self.source.name
    }

    /// The resource type of that name, such as `User`.
    pub fn resource(&self, name: &str) -> Option<&ResourceMapping> {
        self.types
            .iter()
            .find(|of| of.definition.resource_type.name.eq_ignore_ascii_case(name))
    }

    /// The resource type at that endpoint, such as `/Users`.
    pub fn by_endpoint(&self, endpoint: &str) -> Option<&ResourceMapping> {
        self.types.iter().find(|of| {
            of.definition
                .resource_type
                .endpoint
                .eq_ignore_ascii_case(endpoint)
        })
    }

    /// What SCIM clients are told of each resource type.
    pub fn definitions(&self) -> impl Iterator<Item = &Definition> {
        self.types.iter().map(|of| &of.definition)
    }

    /// Whether passwords can be set through this mapping.
    pub fn sets_passwords(&self) -> bool {
        self.types
            .iter()
            .flat_map(|of| &of.lines)
            .any(|line| line.codec == Codec::Password)
    }

    /// Every LDAP attribute that the mapping names, with the line that names it.
    pub fn attributes(&self) -> Vec<MappedAttribute> {
        self.types
            .iter()
            .flat_map(ResourceMapping::mapped_attributes)
            .collect()
    }
}

impl ResourceMapping {
    fn mapped_attributes(&self) -> impl Iterator<Item = MappedAttribute> + '_ {
        let resource_type = &self.definition.resource_type.name;
        let lines = self.lines.iter().map(|line| MappedAttribute {
            name: line.ldap.clone(),
            resource_type: resource_type.clone(),
            scim: line.path.clone(),
            line: line.line_number,
            read: line.is_read(),
            written: line.is_written() || line.constant.is_some(),
            many: line.is_many(),
            optional: line.optional,
            equality: line.equality && line.is_read(),
            substring: line.has_parts(),
            any_text: line.codec == Codec::String,
            caseless: line.is_read() && line.codec.is_text() && !self.minds_case(line),
            check: line.check,
            object_class: line.object_class.clone(),
        });
        let derived = self.derived.iter().map(|derived| MappedAttribute {
            name: derived.ldap.clone(),
            resource_type: resource_type.clone(),
            scim: format!("derived from {}", derived.made_of()),
            line: derived.line_number,
            read: derived.follow,
            written: true,
            many: false,
            optional: false,
            equality: false,
            substring: false,
            any_text: false,
            caseless: false,
            check: None,
            object_class: None,
        });
        lines.chain(derived)
    }

    /// Whether filters mind the case of letters in the line's values.
    pub(super) fn minds_case(&self, line: &Line) -> bool {
        let resolved = self.definition.lookup(&line.place);
        resolved.is_some_and(|of| of.leaf().case_exact)
    }

    /// What to ask the directory for, so that [`to_resource`](Self::to_resource) can fill what the projection wants.
    /// The id is always asked for.
    pub fn read_plan(&self, projection: &Projection) -> Attributes {
        let mut wanted = Attributes::default();
        wanted.want(&self.kind.id_attribute(), false);
        for line in self.lines.iter().filter(|line| line.is_read()) {
            if projection.wants(&line.place) {
                wanted.want(&line.ldap, line.is_reference());
            }
        }
        if projection.wants(&AttributePath::of("meta").sub("created")) {
            wanted.want(&self.created, false);
        }
        if projection.wants(&AttributePath::of("meta").sub("lastModified")) {
            wanted.want(&self.changed, false);
        }
        wanted
    }

    /// What to ask for before an entry is changed: everything the mapping writes or derives from, and the members only
    /// when they are compared.
    pub fn update_plan(&self, with_members: bool) -> Attributes {
        let mut wanted = Attributes::default();
        wanted.want(&self.kind.id_attribute(), false);
        wanted.want(&self.rdn, false);
        let members = self.members().map(|line| &line.ldap);
        // Read-only values too: templates may use them. Not the groups, which may be many.
        for line in self
            .lines
            .iter()
            .filter(|line| line.is_read() && (line.is_written() || !line.is_reference()))
        {
            if with_members || members != Some(&line.ldap) {
                wanted.want(&line.ldap, line.is_reference());
            }
        }
        for derived in &self.derived {
            wanted.want(&derived.ldap, false);
        }
        if self
            .lines
            .iter()
            .any(|line| matches!(line.codec, Codec::Flag { .. }))
        {
            enabling::NEEDED
                .iter()
                .for_each(|name| wanted.want(name, false));
        }
        if self.lines.iter().any(|line| line.object_class.is_some()) {
            wanted.want(&OBJECT_CLASS, false);
        }
        wanted
    }

    /// The line of the collection of ids that changes by value deltas: `members` of a group.
    pub fn members(&self) -> Option<&Line> {
        self.lines
            .iter()
            .find(|line| line.is_reference() && line.is_many() && line.is_written())
    }

    /// The types that any reference of this one may point to, members included.
    pub fn types_referred_to(&self) -> Vec<String> {
        self.targets(|_| true)
    }

    /// The types that references other than members may point to.
    pub fn reference_targets(&self) -> Vec<String> {
        self.targets(|line| !line.is_many())
    }

    fn targets(&self, of: impl Fn(&Line) -> bool) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for target in self
            .lines
            .iter()
            .filter(|line| of(line))
            .flat_map(|line| &line.targets)
        {
            if !names.contains(&target.name) {
                names.push(target.name.clone());
            }
        }
        names
    }

    /// The ids that the resource refers to in attributes that are written, as they were sent.
    pub fn references_in(&self, resource: &Resource) -> Vec<(AttributePath, String)> {
        let mut found = Vec::new();
        for line in self
            .lines
            .iter()
            .filter(|line| line.is_reference() && line.is_written())
        {
            let ids = reference_ids(line, resource);
            found.extend(
                ids.into_iter()
                    .map(|id| (line.place.whole(), id.to_owned())),
            );
        }
        found
    }

    /// Searches to make before writing: for values that must be unique although the directory does not see to it.
    pub fn unique_checks(&self, resource: &Resource) -> Vec<(AttributePath, Filter)> {
        self.taken_checks(resource, |unique| unique == Unique::Bridge)
    }

    /// Searches that tell whether this very resource is there already: one for each value that may be used once.
    pub fn identity_checks(&self, resource: &Resource) -> Vec<(AttributePath, Filter)> {
        self.taken_checks(resource, |_| true)
    }

    fn taken_checks(
        &self,
        resource: &Resource,
        of: impl Fn(Unique) -> bool,
    ) -> Vec<(AttributePath, Filter)> {
        let assigned = self.assign(resource);
        let mut checks = Vec::new();
        for (line, values) in self.lines.iter().zip(&assigned.values) {
            if !line.unique.is_some_and(&of) {
                continue;
            }
            for value in values {
                // A value that cannot be encoded is refused when it is written.
                if let Ok(octets) = line.codec.encode(self.kind, value) {
                    checks.push((line.place.clone(), Filter::equal(line.ldap.clone(), octets)));
                }
            }
        }
        checks
    }

    /// What SCIM calls an LDAP attribute, for naming it in a conflict: the line's path, or what the value was derived
    /// from.
    pub fn scim_name_of(&self, ldap: &AttributeName) -> Option<String> {
        let line = self
            .lines
            .iter()
            .find(|line| line.ldap == *ldap && line.is_written());
        line.map(|line| line.path.clone()).or_else(|| {
            self.derived
                .iter()
                .find(|derived| derived.ldap == *ldap)
                .map(Derived::made_of)
        })
    }
}

/// `objectClass`.
pub(super) const OBJECT_CLASS: AttributeName = AttributeName::known("objectClass");

/// The ids at a reference's place: of the one value, or of each element.
pub(super) fn reference_ids<'a>(line: &Line, resource: &'a Resource) -> Vec<&'a str> {
    let whole = line.place.whole();
    resource
        .elements(&whole)
        .iter()
        .filter_map(|element| element.as_str().or_else(|| element.get("value")?.as_str()))
        .filter(|id| !id.is_empty())
        .collect()
}
