//! What a request would write, as LDIF. The same preparation as the real thing, and nothing applied.

use super::{Caller, Error, Service};
use crate::scim::Error as ScimError;

impl Service {
    /// The LDIF that `method path` with this body would cause; empty when nothing would change.
    ///
    /// `path` is relative to the base URL: `/Users`, `/Groups/{id}`. The directory is read, the guard judges, nothing is
    /// written. Where the mapping proposes several names, the plan shows the first.
    ///
    /// # Errors
    /// What the request itself would be refused with.
    pub async fn plan(
        &self,
        caller: &Caller,
        method: &str,
        path: &str,
        body: &[u8],
    ) -> Result<String, Error> {
        let (resource_type, id) = self.locate(path)?;
        let of = self.resource_type(resource_type)?;
        let guarded = match (method.to_ascii_uppercase().as_str(), id) {
            ("POST", None) => self
                .prepare_create(caller, of, body)
                .await?
                .alternatives
                .into_iter()
                .next(),
            ("PUT", Some(id)) => self
                .prepare_replace(caller, of, id, of.view, body)
                .await?
                .1
                .alternatives
                .into_iter()
                .next(),
            ("PATCH", Some(id)) => self
                .prepare_patch(caller, of, id, of.view, body)
                .await?
                .1
                .alternatives
                .into_iter()
                .next(),
            ("DELETE", Some(id)) => Some(self.prepare_delete(caller, resource_type, id).await?),
            (method, _) => {
                return Err(ScimError::invalid_value(format!(
                    "`{method} {path}` writes nothing; a plan can be made of POST /Users, and of PUT, PATCH and DELETE /Users/{{id}}"
                ))
                .into());
            }
        };
        Ok(guarded
            .map(|guarded| guarded.plan().to_ldif())
            .unwrap_or_default())
    }

    /// Resource type and id that a path names.
    fn locate<'a>(&'a self, path: &'a str) -> Result<(&'a str, Option<&'a str>), Error> {
        let path = path.trim_end_matches('/');
        for (name, endpoint) in self.endpoints() {
            if let Some(rest) = path.strip_prefix(endpoint) {
                match rest.strip_prefix('/') {
                    None if rest.is_empty() => return Ok((name, None)),
                    Some(id) if !id.contains('/') => return Ok((name, Some(id))),
                    _ => {}
                }
            }
        }
        let endpoints: Vec<&str> = self.endpoints().map(|(_, endpoint)| endpoint).collect();
        Err(Error::NotFound {
            detail: format!(
                "`{path}` is no endpoint of this bridge; there are {}",
                endpoints.join(", ")
            ),
        })
    }
}
