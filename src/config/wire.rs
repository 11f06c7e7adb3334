//! From a checked configuration to what each room wants to be told.

use std::sync::Arc;

use super::checked::Config;
use crate::directory;
use crate::http;
use crate::ldap::kind::DirectoryKind;
use crate::provisioning;
use crate::scim::discovery::BulkLimits;

impl Config {
    /// How to reach the directory.
    pub fn directory_settings(&self) -> directory::Settings {
        let from = &self.directory;
        let bind = directory::Bind {
            dn: from.bind_dn.to_string(),
            password: from.bind_password.clone(),
        };
        let trust = match &from.ca {
            Some(pem) => directory::Trust::Authorities(pem.clone()),
            None => directory::Trust::Platform,
        };
        let kind: DirectoryKind = self.mapping.kind;
        let mut settings = directory::Settings::new(kind, from.urls.clone(), bind, trust);
        settings.start_tls = from.start_tls;
        // The check at the door lets `ldap://` without StartTLS pass only to a loopback host.
        settings.allow_clear_text = !from.start_tls;
        settings.connections = from.connections;
        settings.in_flight = from.in_flight;
        settings.connect_timeout = from.connect_timeout;
        settings.operation_timeout = from.operation_timeout;
        settings.max_age = from.max_age;
        settings
    }

    /// What the operator decided about provisioning.
    pub fn provisioning_settings(&self) -> provisioning::Settings {
        let resources = self.resources.iter().map(|(name, resource)| {
            let settings = provisioning::ResourceSettings {
                base: resource.base.clone(),
                create_in: resource.create_in.clone(),
                filter: resource.filter.clone(),
            };
            (name.clone(), settings)
        });
        provisioning::Settings {
            resources: resources.collect(),
            unknown_manager: self.unknown_manager,
            unknown_member: self.unknown_member,
            allowed: self.allowed.clone(),
            protected_entries: self.protected_entries.clone(),
            protected_groups: self.protected_groups.clone(),
            own_account: Some(self.directory.bind_dn.clone()),
            max_results: self.server.max_results,
            max_candidates: self.server.max_candidates,
            bulk: BulkLimits {
                operations: self.server.bulk_operations,
                payload: self.server.bulk_payload,
            },
        }
    }

    /// Where and how SCIM is served. Operations run on `runtime`; `metrics` renders what was counted.
    pub fn http_settings(
        &self,
        runtime: tokio::runtime::Handle,
        metrics: Arc<dyn Fn() -> String + Send + Sync>,
    ) -> http::Settings {
        let server = &self.server;
        http::Settings {
            listen: server.listen,
            admin_listen: server.admin_listen,
            base_path: server.base_path.clone(),
            legacy_base_path: server.legacy_base_path.clone(),
            base_url: server.base_url.clone(),
            tls: self.tls_files(),
            body_limit: server.body_limit,
            request_timeout: server.request_timeout,
            max_concurrent_requests: server.max_concurrent_requests,
            shutdown_timeout: server.shutdown_timeout,
            workers: server.workers,
            clients: self.http_clients(),
            runtime,
            metrics,
        }
    }

    /// Certificate and key, if TLS is served.
    pub fn tls_files(&self) -> Option<http::TlsFiles> {
        let (certificate, private_key) = self.server.tls.clone()?;
        Some(http::TlsFiles {
            certificate,
            private_key,
        })
    }

    /// Who may call, as the front door knows them.
    pub fn http_clients(&self) -> Vec<http::Client> {
        self.clients.iter().map(client).collect()
    }
}

fn client(client: &super::Client) -> http::Client {
    http::Client {
        name: client.name.clone(),
        tokens: client.tokens.clone(),
        dialect: client.dialect,
        me: client.me.clone(),
    }
}
