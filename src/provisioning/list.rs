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
        let view = query.view(of, caller)?;
        let paging = self.paging(query)?;
        let selection = self.selection(caller, of, query).await?;
        let shown = self.page(caller, of, &selection, &view, &paging).await?;
        let resources = shown
            .entries
            .iter()
            .map(|entry| view.show(of, self.resource(of, entry, caller), entry))
            .collect();
        let list = ListResponse::new(shown.total, &paging.page, resources);
        Ok(Answer::List(list.followed_by(shown.next)))
    }

    /// Which page the query asks for.
    pub(super) fn paging(&self, query: &Query) -> Result<Paging, Error> {
        let most = self.settings().max_results;
        Ok(Paging::parse(
            query.start_index.as_deref(),
            query.cursor.as_deref(),
            query.count.as_deref(),
            most,
            most,
        )?)
    }
}
