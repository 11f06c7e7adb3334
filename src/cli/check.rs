//! `check`: is this configuration good for this directory? Reads; never writes.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::report::{Report, Verdict};
use super::{Outcome, Streams, log, rights, schema};
use crate::config::{self, Config};
use crate::directory::{self, Capabilities, Deadline, Directory, Wanted};
use crate::ldap::{AttributeName, DirectoryKind, Dn, Entry, EntryName, Filter};

/// Checks the configuration; then, unless `offline`, the directory.
pub(super) fn run(file: &Path, offline: bool, streams: &mut Streams<'_>) -> io::Result<Outcome> {
    let config = match config::read(file) {
        Ok(config) => config,
        Err(refused) => {
            write!(streams.errors, "{refused}")?;
            return Ok(Outcome::Refused);
        }
    };
    log::begin_quiet();
    let mut report = Report::default();
    report.ok(format!(
        "configuration `{}`, mapping `{}`",
        file.display(),
        config.mapping.name
    ));
    certificate(&config, &mut report);
    if !offline {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        runtime.block_on(look(&config, runtime.handle(), &mut report));
        runtime.shutdown_timeout(Duration::from_secs(1));
    }
    report.print(streams.output)?;
    Ok(if report.count(Verdict::Fail) == 0 {
        Outcome::Done
    } else {
        Outcome::Failed
    })
}

fn certificate(config: &Config, report: &mut Report) {
    let runtime_free = config.tls_files();
    match runtime_free.as_ref().map(crate::http::TlsFiles::check) {
        Some(Ok(())) => report.ok("the server's certificate and private key go together"),
        Some(Err(error)) => {
            let text = error.to_string();
            let (text, hint) = text.split_once("\nhint: ").unwrap_or((&text, ""));
            report.fail(text, hint);
        }
        None => report.warn(
            format!("SCIM is served without TLS on {}", config.server.listen),
            "identity providers in the cloud speak HTTPS only; set `certificate_file` or end TLS in front of the bridge",
        ),
    }
}

async fn look(config: &Config, runtime: &tokio::runtime::Handle, report: &mut Report) {
    let Some(site) = Site::open(config, runtime, report).await else {
        return;
    };
    kind(&site, report);
    order(&site, report);
    own_account(&site, report).await;
    places(&site, report).await;
    fences(&site, report).await;
    schema::check(&site, report).await;
    rights::check(&site, report).await;
}

/// A directory that answers, and how to ask it.
pub(super) struct Site<'a> {
    pub(super) config: &'a Config,
    pub(super) directory: Directory,
    pub(super) capabilities: Capabilities,
}

impl<'a> Site<'a> {
    /// Tries every URL on its own; the first that answers is looked at. Stops at a refused bind, so as not to lock the
    /// account.
    async fn open(
        config: &'a Config,
        runtime: &tokio::runtime::Handle,
        report: &mut Report,
    ) -> Option<Site<'a>> {
        let mut site = None;
        for url in &config.directory.urls {
            let mut settings = config.directory_settings();
            settings.urls = vec![url.clone()];
            settings.connections = 1;
            let directory = match Directory::new(settings, runtime.clone()) {
                Ok(directory) => directory,
                Err(error) => {
                    report.fail(format!("{url}: {error}"), "");
                    continue;
                }
            };
            match directory.capabilities(deadline(config)).await {
                Ok(capabilities) => {
                    let vendor = capabilities.vendor.clone().or(capabilities.host.clone());
                    let vendor = vendor.map(|vendor| format!(" ({vendor})")).unwrap_or_default();
                    report.ok(format!("{url}{vendor}: TLS, bind as `{}`", config.directory.bind_dn));
                    site.get_or_insert(Site { config, directory, capabilities });
                }
                Err(directory::Error::BindRefused { reason }) => {
                    report.fail(
                        format!("{url}: the bind as `{}` is refused: {reason}", config.directory.bind_dn),
                        "correct `bind_dn` or `bind_password_file`; no further server is tried, lest the account be locked",
                    );
                    break;
                }
                Err(error) => report.fail(
                    format!("{url}: {error}"),
                    "is the host reachable, the port right, and its certificate signed by an authority in `ca_file`?",
                ),
            }
        }
        site
    }

    /// The entry of that name, with these attributes.
    pub(super) async fn entry(
        &self,
        dn: &Dn,
        names: &[&'static str],
    ) -> Result<Option<Entry>, directory::Error> {
        let wanted = Wanted::attributes(names.iter().map(|name| AttributeName::known(name)));
        self.directory
            .read(
                &EntryName::Dn(dn.clone()),
                &Filter::everything(),
                &wanted,
                self.deadline(),
            )
            .await
    }

    pub(super) fn deadline(&self) -> Deadline {
        deadline(self.config)
    }

    pub(super) fn kind(&self) -> DirectoryKind {
        self.config.mapping.kind
    }
}

fn deadline(config: &Config) -> Deadline {
    Deadline::after(config.directory.connect_timeout + config.directory.operation_timeout)
}

/// The mapping's kind of directory against what the directory says of itself.
fn kind(site: &Site<'_>, report: &mut Report) {
    // MS-ADTS 3.1.1.3.4.3.1: LDAP_CAP_ACTIVE_DIRECTORY_OID.
    let active_directory = site.capabilities.supports("1.2.840.113556.1.4.800");
    let meant = site.kind() == DirectoryKind::ActiveDirectory;
    if active_directory != meant {
        let is = if active_directory { "is" } else { "is not" };
        report.fail(
            format!(
                "the mapping is for `{}`, and this directory {is} an Active Directory",
                site.kind().name()
            ),
            "choose another `mapping` in `[directory]`",
        );
    }
}

/// Server side sorting, RFC 2891.
fn order(site: &Site<'_>, report: &mut Report) {
    if !site.capabilities.supports("1.2.840.113556.1.4.473") {
        report.warn(
            "the directory orders no lists (no control 1.2.840.113556.1.4.473): `sortBy` works on at most `max_candidates` resources",
            "OpenLDAP does with the overlay sssvlv",
        );
    }
}

async fn own_account(site: &Site<'_>, report: &mut Report) {
    let dn = &site.config.directory.bind_dn;
    match site.entry(dn, &["adminCount"]).await {
        Ok(Some(entry)) if entry.text(&AttributeName::known("adminCount")) == Some("1") => report
            .warn(
                format!("the bridge's account `{dn}` is privileged (adminCount=1)"),
                "use an account of its own with rights delegated on the bases only",
            ),
        Ok(Some(_)) => report.ok(format!("the bridge's account `{dn}` can read itself")),
        Ok(None) => report.warn(
            format!("the bridge's account `{dn}` cannot be read"),
            "that is no fault where the account lies outside what it may see",
        ),
        Err(error) => report.warn(
            format!("the bridge's account `{dn}` cannot be read: {error}"),
            "that is no fault where the account lies outside what it may see",
        ),
    }
}

async fn places(site: &Site<'_>, report: &mut Report) {
    for (name, resource) in &site.config.resources {
        let allowed = &site.config.allowed;
        if !allowed.is_empty()
            && !allowed
                .iter()
                .any(|unit| resource.create_in.is_within(unit))
        {
            report.warn(
                format!("[resources.{name}] create_in `{}` lies in none of [guard] allowed: every POST is refused", resource.create_in),
                "set `create_in` to an OU within `allowed`, unless nothing of this type is to be created",
            );
        }
        let mut places = vec![("base", &resource.base)];
        if resource.create_in != resource.base {
            places.push(("create_in", &resource.create_in));
        }
        for (key, dn) in places {
            match site.entry(dn, &[]).await {
                Ok(Some(_)) => report.ok(format!("[resources.{name}] {key} `{dn}` exists")),
                Ok(None) => report.fail(
                    format!("[resources.{name}] {key} `{dn}` does not exist, or the bridge's account may not see it"),
                    "correct the DN, create the organizational unit, or give the account the right to read it",
                ),
                Err(error) => report.fail(format!("[resources.{name}] {key} `{dn}`: {error}"), ""),
            }
        }
    }
}

/// A fence around an entry that does not exist protects nothing, so that the bridge then writes nothing.
async fn fences(site: &Site<'_>, report: &mut Report) {
    let config = site.config;
    let lists = [
        ("allowed", &config.allowed),
        ("protected_entries", &config.protected_entries),
        ("protected_groups", &config.protected_groups),
    ];
    let bases = || config.resources.values().map(|resource| &resource.base);
    let is_far = |dn: &Dn| !bases().any(|base| dn.is_within(base) || base.is_within(dn));
    for (key, list) in lists {
        for dn in list {
            match site.entry(dn, &[]).await {
                Ok(Some(_)) => report.ok(format!("[guard] {key} `{dn}` exists")),
                Ok(None) if key == "allowed" => report.warn(
                    format!("[guard] {key} `{dn}` does not exist, or the bridge's account may not see it"),
                    "nothing can be written there: correct the DN",
                ),
                found if key == "protected_entries" && is_far(dn) => {
                    let why = found.err().map(|error| format!(": {error}")).unwrap_or_default();
                    report.warn(
                        format!("[guard] {key} `{dn}` cannot be read{why}"),
                        "it lies outside every base, so that nothing there is written anyway; correct the DN if that is not meant",
                    );
                }
                Ok(None) => report.fail(
                    format!("[guard] {key} `{dn}` does not exist, or the bridge's account may not see it"),
                    "correct the DN, remove it, or give the account the right to read it; until then the bridge writes nothing",
                ),
                Err(error) => report.fail(format!("[guard] {key} `{dn}`: {error}"), ""),
            }
        }
    }
}
