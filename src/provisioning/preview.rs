//! What a request would write, as LDIF. The same preparation as the real thing, and nothing applied.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::references::References;
use super::write::Try;
use super::{Caller, Error, Service};
use crate::ldap::Dn;
use crate::scim::error::quoted;
use crate::scim::{Error as ScimError, Precondition};

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
        let precondition = &Precondition::default();
        let this = Try {
            precondition,
            last: false,
        };
        let (mut alternatives, references) = match (method.to_ascii_uppercase().as_str(), id) {
            ("POST", None) => {
                let creation = self.prepare_create(caller, of, body).await?;
                (creation.alternatives, creation.references)
            }
            ("PUT", Some(id)) => {
                let (_, prepared) = self
                    .prepare_replace(caller, of, id, of.view, body, this)
                    .await?;
                (prepared.alternatives, prepared.references)
            }
            ("PATCH", Some(id)) => {
                let (_, prepared) = self
                    .prepare_patch(caller, of, id, of.view, body, this)
                    .await?;
                (prepared.alternatives, prepared.references)
            }
            ("DELETE", Some(id)) => {
                let guarded = self.prepare_delete(caller, of, id, precondition).await?;
                (vec![guarded], References::default())
            }
            (method, _) => {
                return Err(ScimError::invalid_value(format!(
                    "`{method} {path}` writes nothing; a plan can be made of POST /Users, and of PUT, PATCH and DELETE /Users/{{id}}"
                ))
                .into());
            }
        };
        if alternatives.is_empty() {
            return Ok(String::new());
        }
        let ldif = alternatives.swap_remove(0).plan().to_ldif();
        Ok(self.with_names(&ldif, &references))
    }

    /// Members that are written by id, which LDIF shows as base64, get a comment with their name.
    fn with_names(&self, ldif: &str, references: &References) -> String {
        let kind = self.kind();
        let encoded = |id, dn: &Dn| STANDARD.encode(kind.reference_value(id, dn));
        let names: HashMap<String, &Dn> = references
            .names()
            .map(|(id, dn)| (encoded(id, dn), dn))
            .collect();
        let mut text = String::with_capacity(ldif.len());
        for line in ldif.lines() {
            let name = line
                .split_once(":: ")
                .and_then(|(_, value)| names.get(value));
            if let Some(dn) = name {
                text.push_str(&format!("# {dn}\n"));
            }
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// Resource type and id that a path names.
    pub(super) fn locate<'a>(&'a self, path: &'a str) -> Result<(&'a str, Option<&'a str>), Error> {
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
                "{} is no endpoint of this bridge; there are {}",
                quoted(path),
                endpoints.join(", ")
            ),
        })
    }
}
