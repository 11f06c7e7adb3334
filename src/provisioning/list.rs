//! GET of a list: filter pushed down to the directory, a true total, pages in a stable order.

use super::{Answer, Caller, Error, Query, Service};
use crate::scim::{ListResponse, Paging};

impl Service {
    /// Lists the resources of a type (RFC 7644 §3.4.2).
    ///
    /// # Errors
    /// invalidFilter for what cannot be asked of the directory; an outage is never an empty list.
    pub async fn list(
        &self,
        caller: &Caller,
        resource_type: &str,
        query: &Query,
    ) -> Result<Answer, Error> {
        let of = self.resource_type(resource_type)?;
        let view = query.view(of)?;
        let most = self.settings().max_results;
        let paging = Paging::parse(
            query.start_index.as_deref(),
            query.count.as_deref(),
            most,
            most,
        )?;
        let selection = self.selection(caller, of, query).await?;
        let (total, entries) = self.page(caller, of, &selection, &view, paging).await?;
        let resources = entries
            .iter()
            .map(|entry| view.show(of, self.resource(of, entry, caller), entry));
        Ok(Answer::List(ListResponse::new(
            total,
            paging,
            resources.collect(),
        )))
    }
}
