//! What a client wants to see of a resource, and what must be read for it.

use std::sync::Arc;

use super::service::Type;
use super::{Error, Query};
use crate::directory::Wanted;
use crate::mapping::{Attributes, ResourceMapping};
use crate::scim::{Projection, Resource};

/// What a client wants to see, and what must be read for it.
#[derive(Debug)]
pub(super) struct View {
    pub(super) projection: Projection,
    pub(super) wanted: Wanted,
}

impl View {
    fn new(projection: Projection, mapping: &ResourceMapping) -> Self {
        let wanted = mapping.read_plan(&projection).into();
        Self { projection, wanted }
    }

    /// What is seen when nothing is asked for by name.
    pub(super) fn default_of(mapping: &ResourceMapping) -> Arc<Self> {
        Arc::new(Self::new(
            Projection::everything(&mapping.definition),
            mapping,
        ))
    }

    /// The resource as far as the client wants to see it.
    pub(super) fn show(&self, of: Type<'_>, resource: Resource) -> Resource {
        self.projection.apply(resource, &of.mapping.definition)
    }
}

impl Query {
    /// The view that `attributes` and `excludedAttributes` ask for.
    pub(super) fn view(&self, of: Type<'_>) -> Result<Arc<View>, Error> {
        if self.attributes.is_none() && self.excluded_attributes.is_none() {
            return Ok(Arc::clone(of.view));
        }
        let (attributes, excluded) = (
            self.attributes.as_deref(),
            self.excluded_attributes.as_deref(),
        );
        let projection = Projection::parse(attributes, excluded, &of.mapping.definition)?;
        Ok(Arc::new(View::new(projection, of.mapping)))
    }
}

impl From<Attributes> for Wanted {
    fn from(attributes: Attributes) -> Self {
        Self {
            attributes: attributes.attributes,
            references: attributes.references,
        }
    }
}
