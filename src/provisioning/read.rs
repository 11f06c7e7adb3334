//! GET by id: one read.

use super::{Answer, Caller, Error, Query, Service};

impl Service {
    /// Reads one resource (RFC 7644 §3.4.1).
    ///
    /// # Errors
    /// [`Error::NotFound`] for an id in any syntax that names no entry of this type below its base.
    pub async fn read(
        &self,
        caller: &Caller,
        resource_type: &str,
        id: &str,
        query: &Query,
    ) -> Result<Answer, Error> {
        let of = self.resource_type(resource_type)?;
        let view = query.view(of, caller)?;
        let (_, entry) = self.find(of, id, &view.wanted, caller).await?;
        Ok(Answer::Resource(
            view.show(of, self.resource(of, &entry, caller)),
        ))
    }
}
