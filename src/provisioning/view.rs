//! What a client wants to see of a resource, and what must be read for it.

use std::sync::Arc;

use super::service::Type;
use super::{Caller, Error, Query, Shown};
use crate::directory::Wanted;
use crate::ldap::Entry;
use crate::mapping::{Attributes, ResourceMapping};
use crate::scim::{AttributePath, Behaviour, Projection, Resource};

/// What a client wants to see, and what must be read for it.
#[derive(Debug)]
pub(super) struct View {
    pub(super) projection: Projection,
    pub(super) wanted: Wanted,
    /// Whether the version is told.
    version: bool,
}

impl View {
    /// Of one resource the version is told in a header, seen or not; of each in a list, what is not seen is not read.
    fn new(projection: Projection, mapping: &ResourceMapping, one: bool) -> Self {
        let mut wanted: Wanted = mapping.read_plan(&projection).into();
        let made_of = mapping.version_plan();
        // A collection of any size is not read for the sake of a version: without it, none is told.
        let unread = mapping.members().filter(|line| {
            made_of.references.contains(&line.ldap) && !wanted.references.contains(&line.ldap)
        });
        let version = unread.is_none() && (one || projection.wants(&version_path()));
        if version {
            wanted.add(made_of.clone().into());
        }
        Self {
            projection,
            wanted,
            version,
        }
    }

    /// What is seen when nothing is asked for by name.
    pub(super) fn default_of(mapping: &ResourceMapping) -> Arc<Self> {
        Arc::new(Self::new(
            Projection::everything(&mapping.definition),
            mapping,
            false,
        ))
    }

    /// Whether the members of a group are part of it.
    pub(super) fn shows_members(&self, of: Type<'_>) -> bool {
        let members = of.mapping.members().map(|line| &line.ldap);
        members.is_some_and(|members| self.wanted.references.contains(members))
    }

    /// The one resource that is answered.
    pub(super) fn show_one(&self, of: Type<'_>, resource: Resource, entry: &Entry) -> Shown {
        let location = resource.text(&AttributePath::of("meta").sub("location"));
        Shown {
            location: location.map(str::to_owned),
            version: self.version.then(|| of.mapping.version(entry)).flatten(),
            resource: self.show(of, resource, entry),
        }
    }

    /// The resource that was made of the entry, as far as the client wants to see it.
    pub(super) fn show(&self, of: Type<'_>, mut resource: Resource, entry: &Entry) -> Resource {
        if self.version
            && let Some(version) = of.mapping.version(entry)
        {
            resource.set(&version_path(), version.to_string().into());
        }
        self.projection.apply(resource, &of.mapping.definition)
    }
}

impl Query {
    /// Whether the client says what it wants to see.
    pub(super) fn chooses(&self) -> bool {
        self.attributes.is_some() || self.excluded_attributes.is_some()
    }

    /// The view that `attributes` and `excludedAttributes` ask for, as far as the client is shown it: of those in a list.
    pub(super) fn view(&self, of: Type<'_>, caller: &Caller) -> Result<Arc<View>, Error> {
        self.view_of(of, caller, false)
    }

    /// The same of one resource.
    pub(super) fn view_of_one(&self, of: Type<'_>, caller: &Caller) -> Result<Arc<View>, Error> {
        self.view_of(of, caller, true)
    }

    fn view_of(&self, of: Type<'_>, caller: &Caller, one: bool) -> Result<Arc<View>, Error> {
        let hidden = of
            .mapping
            .members()
            .filter(|_| caller.dialect.has(Behaviour::MembersNotReturned));
        if !self.chooses() && hidden.is_none() {
            return Ok(Arc::clone(of.view));
        }
        let mut excluded = self.excluded_attributes.clone().unwrap_or_default();
        if let Some(members) = hidden {
            excluded = format!("{},{excluded}", members.place());
        }
        let projection = Projection::parse(
            self.attributes.as_deref(),
            Some(&excluded),
            &of.mapping.definition,
        )?;
        Ok(Arc::new(View::new(projection, of.mapping, one)))
    }
}

fn version_path() -> AttributePath {
    AttributePath::of("meta").sub("version")
}

impl From<Attributes> for Wanted {
    fn from(attributes: Attributes) -> Self {
        Self {
            attributes: attributes.attributes,
            references: attributes.references,
        }
    }
}
