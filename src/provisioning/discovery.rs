//! What the service tells of itself (RFC 7644 §4), generated from the mapping and claiming only what works.

use serde_json::Value;

use super::{Caller, Error, Service};
use crate::scim::Definition;
use crate::scim::discovery::{self, AuthenticationScheme, Capabilities};

impl Service {
    /// `/ServiceProviderConfig`.
    pub fn service_provider_config(&self, caller: &Caller) -> Value {
        let capabilities = Capabilities {
            patch: true,
            bulk: Some(self.bulk_limits()),
            filter: Some(self.settings().max_results),
            sort: true,
            pages: Some(self.settings().max_results),
            change_password: self.mapping().sets_passwords(),
            etag: true,
            authentication: vec![AuthenticationScheme::bearer_token()],
        };
        discovery::service_provider_config(&capabilities, &caller.base_url)
    }

    /// What each endpoint knows of its resources.
    pub fn definitions(&self) -> impl Iterator<Item = &Definition> {
        self.mapping().definitions()
    }

    /// `/Schemas`.
    pub fn schemas(&self, caller: &Caller) -> Value {
        discovery::list(&discovery::schemas(
            self.mapping().definitions(),
            &caller.base_url,
        ))
    }

    /// `/Schemas/{urn}`; the URN is matched caselessly.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a URN that neither a resource type nor discovery itself uses.
    pub fn schema(&self, caller: &Caller, urn: &str) -> Result<Value, Error> {
        let base = &caller.base_url;
        let mut schemas = discovery::schemas(self.mapping().definitions(), base);
        schemas.extend(discovery::own_schemas(base));
        document(&schemas, urn, "schema", "/Schemas")
    }

    /// `/ResourceTypes`.
    pub fn resource_types(&self, caller: &Caller) -> Value {
        discovery::list(&discovery::resource_types(
            self.mapping().definitions(),
            &caller.base_url,
        ))
    }

    /// `/ResourceTypes/{name}`.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a name that the mapping does not serve.
    pub fn resource_type_document(&self, caller: &Caller, name: &str) -> Result<Value, Error> {
        let types = discovery::resource_types(self.mapping().definitions(), &caller.base_url);
        document(&types, name, "resource type", "/ResourceTypes")
    }
}

fn document(documents: &[Value], id: &str, what: &str, list: &str) -> Result<Value, Error> {
    discovery::with_id(documents, id).cloned().ok_or_else(|| {
        let id: String = id.chars().take(100).collect();
        Error::NotFound {
            detail: format!("there is no {what} `{id}`; {list} lists them"),
        }
    })
}
