//! GET by id: one read.

use super::{Answer, Caller, Error, Query, Service};
use crate::directory::Wanted;
use crate::mapping::{Attributes, ResourceMapping};
use crate::scim::Projection;

impl Service {
    /// Reads one resource (RFC 7644 §3.4.1).
    ///
    /// # Errors
    /// [`Error::NotFound`] for an id in any syntax that names no entry of this type below its base.
    pub async fn read(&self, caller: &Caller, resource_type: &str, id: &str, query: &Query) -> Result<Answer, Error> {
        let of = self.resource_type(resource_type)?;
        let projection = query.projection(of.mapping)?;
        let wanted = Wanted::from(of.mapping.read_plan(&projection));
        let (_, entry) = self.find(of, id, &wanted, caller).await?;
        let resource = self.resource(of, &entry, caller);
        Ok(Answer::Resource(projection.apply(resource, &of.mapping.definition)))
    }
}

impl From<Attributes> for Wanted {
    fn from(attributes: Attributes) -> Self {
        Self { attributes: attributes.attributes, references: attributes.references }
    }
}

impl Query {
    /// Which attributes the client wants to see.
    pub(super) fn projection(&self, mapping: &ResourceMapping) -> Result<Projection, Error> {
        Ok(Projection::parse(self.attributes.as_deref(), self.excluded_attributes.as_deref(), &mapping.definition)?)
    }
}
