//! The lab's administrator: reads and writes the directory behind the bridge's back.
#![allow(clippy::disallowed_methods)] // A test's short-lived connection may leak message ids and trusts its own directory.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use ldap3::controls::RawControl;
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, Mod, Scope, SearchEntry};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::held::Held;
use super::lab::{Kind, Lab};

/// A connection bound as the directory's administrator. Cheap to clone; every clone shares the connection.
#[derive(Clone)]
pub(crate) struct Admin {
    lab: &'static Lab,
    ldap: Ldap,
}

/// Attributes of an entry to be, as `(name, values)`.
pub(crate) type Attributes<'a> = Vec<(&'a str, Vec<Vec<u8>>)>;

impl Admin {
    pub(crate) async fn connect(lab: &'static Lab) -> Admin {
        let mut ldap = connect(lab).await;
        ldap.simple_bind(lab.get("ADMIN_DN"), lab.get("ADMIN_PASSWORD"))
            .await
            .and_then(ldap3::LdapResult::success)
            .expect("the lab's administrator can bind");
        Admin { lab, ldap }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.lab.kind
    }

    /// The entry of that DN, if it is there.
    pub(crate) async fn entry(&self, dn: &str) -> Option<Held> {
        self.search(dn, Scope::Base, "(objectClass=*)").await.pop()
    }

    /// The entry of that SCIM id, wherever in the directory it is.
    pub(crate) async fn by_id(&self, id: &str) -> Option<Held> {
        match self.kind() {
            Kind::OpenLdap | Kind::Ds389 => self
                .search(
                    self.lab.get("BASE"),
                    Scope::Subtree,
                    &format!("(entryUUID={id})"),
                )
                .await
                .pop(),
            Kind::Samba => self.entry(&format!("<GUID={id}>")).await,
        }
    }

    /// Every entry below `base` that matches an RFC 4515 filter.
    pub(crate) async fn find(&self, base: &str, filter: &str) -> Vec<Held> {
        self.search(base, Scope::Subtree, filter).await
    }

    async fn search(&self, base: &str, scope: Scope, filter: &str) -> Vec<Held> {
        let wanted = self.kind().pick(vec!["*", "+"], vec!["*"]);
        let mut ldap = self.ldap.clone();
        let result = ldap
            .search(base, scope, filter, wanted)
            .await
            .expect("the directory answers the administrator");
        match result.success() {
            Ok((entries, _)) => entries
                .into_iter()
                .map(|entry| {
                    let entry = SearchEntry::construct(entry);
                    let texts = entry.attrs.into_iter();
                    let texts = texts.map(|(name, values)| {
                        (name, values.into_iter().map(String::into_bytes).collect())
                    });
                    Held::new(self.kind(), entry.dn, texts.chain(entry.bin_attrs))
                })
                .collect(),
            Err(ldap3::LdapError::LdapResult { result }) if result.rc == 32 => Vec::new(),
            Err(error) => panic!("search of `{base}` for {filter}: {error}"),
        }
    }

    pub(crate) async fn add(&self, dn: &str, attributes: Attributes<'_>) {
        let attributes = attributes
            .into_iter()
            .map(|(name, values)| {
                (
                    name.as_bytes().to_vec(),
                    values.into_iter().collect::<HashSet<_>>(),
                )
            })
            .collect();
        let mut ldap = self.ldap.clone();
        let outcome = ldap
            .add(dn, attributes)
            .await
            .and_then(ldap3::LdapResult::success);
        outcome.unwrap_or_else(|error| panic!("the administrator adds `{dn}`: {error}"));
    }

    pub(crate) async fn modify(&self, dn: &str, modifications: Vec<Mod<Vec<u8>>>) {
        let mut ldap = self.ldap.clone();
        let outcome = ldap
            .modify(dn, modifications)
            .await
            .and_then(ldap3::LdapResult::success);
        outcome.unwrap_or_else(|error| panic!("the administrator modifies `{dn}`: {error}"));
    }

    /// The same, answering the directory's result code instead of failing.
    pub(crate) async fn try_modify(&self, dn: &str, modifications: Vec<Mod<Vec<u8>>>) -> u32 {
        let mut ldap = self.ldap.clone();
        ldap.modify(dn, modifications)
            .await
            .expect("the directory answers the administrator")
            .rc
    }

    /// Replaces an attribute's values; none removes it.
    pub(crate) async fn set<V: AsRef<[u8]>>(&self, dn: &str, attribute: &str, values: &[V]) {
        let values = values.iter().map(|value| value.as_ref().to_vec()).collect();
        self.modify(
            dn,
            vec![Mod::Replace(attribute.as_bytes().to_vec(), values)],
        )
        .await;
    }

    /// Adds values to an attribute.
    pub(crate) async fn give<V: AsRef<[u8]>>(&self, dn: &str, attribute: &str, values: &[V]) {
        let values = values.iter().map(|value| value.as_ref().to_vec()).collect();
        self.modify(dn, vec![Mod::Add(attribute.as_bytes().to_vec(), values)])
            .await;
    }

    /// Renames an entry, and moves it below `superior` when one is given.
    pub(crate) async fn rename(&self, dn: &str, rdn: &str, superior: Option<&str>) {
        let mut ldap = self.ldap.clone();
        let outcome = ldap
            .modifydn(dn, rdn, true, superior)
            .await
            .and_then(ldap3::LdapResult::success);
        outcome.unwrap_or_else(|error| panic!("the administrator renames `{dn}`: {error}"));
    }

    /// Deletes an entry and everything below it. Never fails: it tidies up after a test that may have.
    ///
    /// One entry at a time: while Samba deletes a tree of a thousand by itself, it answers no other test.
    pub(crate) async fn delete_tree(&self, dn: &str) {
        let mut ldap = self.ldap.clone();
        let Ok(found) = ldap
            .search(dn, Scope::Subtree, "(objectClass=*)", vec!["1.1"])
            .await
        else {
            return;
        };
        let mut names: Vec<String> = found
            .0
            .into_iter()
            .map(|entry| SearchEntry::construct(entry).dn)
            .collect();
        // Leaves before branches; groups before their members, or each member costs a look into the group.
        names.sort_by_key(|name| {
            (
                std::cmp::Reverse(name.matches(',').count()),
                !name.to_lowercase().contains("ou=groups,"),
            )
        });
        for level in names.chunk_by(|a, b| a.matches(',').count() == b.matches(',').count()) {
            for some in level.chunks(32) {
                join_all(some.iter().map(|name| {
                    let mut ldap = self.ldap.clone();
                    async move { ldap.delete(name).await.is_ok() }
                }))
                .await;
            }
        }
        if self.kind() == Kind::Samba {
            // What is left, such as what came meanwhile.
            let tree_delete = RawControl {
                ctype: "1.2.840.113556.1.4.805".to_owned(),
                crit: true,
                val: None,
            };
            let _ = ldap.with_controls(tree_delete).delete(dn).await;
        }
    }

    /// Tries to sign in as somebody else; answers the directory's result code (0: the password is right).
    pub(crate) async fn bind_as(&self, dn: &str, password: &str) -> u32 {
        let mut ldap = connect(self.lab).await;
        let code = ldap
            .simple_bind(dn, password)
            .await
            .expect("the directory answers a bind")
            .rc;
        let _ = ldap.unbind().await;
        code
    }
}

async fn connect(lab: &Lab) -> Ldap {
    let settings = LdapConnSettings::new()
        .set_conn_timeout(Duration::from_secs(60))
        .set_config(trust(lab));
    let url = lab.get("URL");
    let (connection, ldap) = LdapConnAsync::with_settings(settings, url)
        .await
        .unwrap_or_else(|error| panic!("the lab's {} does not answer at {url}: {error}", lab.kind));
    ldap3::drive!(connection);
    ldap
}

pub(super) fn trust(lab: &Lab) -> Arc<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    let pem = lab.ca();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        roots
            .add(certificate.expect("the lab's CA is PEM"))
            .expect("the lab's CA is a certificate");
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

/// One text value, as an attribute's values.
pub(crate) fn one(value: impl AsRef<str>) -> Vec<Vec<u8>> {
    vec![value.as_ref().as_bytes().to_vec()]
}

/// Several text values.
pub(crate) fn many(values: &[&str]) -> Vec<Vec<u8>> {
    values
        .iter()
        .map(|value| value.as_bytes().to_vec())
        .collect()
}

/// A password as Active Directory wants it: UTF-16LE, in quotes (MS-ADTS 3.1.1.3.1.5.1).
pub(crate) fn unicode_pwd(password: &str) -> Vec<Vec<u8>> {
    vec![
        format!("\"{password}\"")
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect(),
    ]
}
