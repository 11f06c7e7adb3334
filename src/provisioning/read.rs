//! GET by id: one read.

use std::borrow::Cow;

use super::{Answer, Caller, Error, Query, Service};
use crate::scim::Unmet;

impl Service {
    /// Reads one resource (RFC 7644 §3.4.1).
    ///
    /// # Errors
    /// [`Error::NotFound`] for an id in any syntax that names no entry of this type below its base;
    /// [`Error::PreconditionFailed`] where it is not of the version the client wants.
    pub async fn read(
        &self,
        caller: &Caller,
        resource_type: &str,
        id: &str,
        query: &Query,
    ) -> Result<Answer, Error> {
        let of = self.resource_type(resource_type)?;
        let view = query.view_of_one(of, caller)?;
        let mut wanted = Cow::Borrowed(&view.wanted);
        if query.precondition.names_versions() {
            Self::want_version(of, &query.precondition, wanted.to_mut());
        }
        let (_, entry) = self.find(of, id, &wanted, caller).await?;
        match Self::precondition(of, &entry, &query.precondition) {
            Err(Unmet::IfNoneMatch) => return Ok(Answer::NotModified(of.mapping.version(&entry))),
            Err(Unmet::IfMatch) => return Err(Error::stale()),
            Ok(()) => {}
        }
        Ok(Answer::Resource(view.show_one(
            of,
            self.resource(of, &entry, caller),
            &entry,
        )))
    }
}
