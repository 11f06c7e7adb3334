//! The private OpenLDAP of one run: its own folder, address and certificate authority, by `tests/lab/lab`.

use std::collections::HashMap;
use std::env;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::failure::{Doing, Failure};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/lab");

/// A loopback address that neither the tests' nor the demonstration's directory takes; `LAB_OPENLDAP_ADDRESS` names another.
const ADDRESS: &str = "127.0.77.1";

/// Where the directory is and how to get in.
pub(crate) struct Lab {
    root: PathBuf,
    variables: HashMap<String, String>,
}

impl Lab {
    /// Starts a fresh directory with that many seeded users, whatever an earlier, broken run left behind.
    pub(crate) fn start(root: &Path, users: usize) -> Result<Lab, Failure> {
        stop(root)?;
        script(root, &["up", "openldap", "--users", &users.to_string()])?;
        let text = script(root, &["env", "openldap"])?;
        let variables = text.lines().filter_map(assignment).collect();
        Ok(Lab {
            root: root.to_owned(),
            variables,
        })
    }

    /// A variable of `lab env`.
    pub(crate) fn get(&self, name: &str) -> Result<&str, Failure> {
        match self.variables.get(name) {
            Some(value) => Ok(value),
            None => Err(Failure::Directory(format!(
                "`tests/lab/lab env openldap` does not say {name}"
            ))),
        }
    }

    /// The address of the LDAPS listener.
    pub(crate) fn address(&self) -> Result<SocketAddr, Failure> {
        let text = format!("{}:{}", self.get("ADDRESS")?, self.get("TLS_PORT")?);
        text.parse()
            .map_err(|_| Failure::Directory(format!("{text} is no address")))
    }

    /// The content of a variable that names a password file.
    pub(crate) fn password(&self, name: &str) -> Result<String, Failure> {
        let file = self.get(name)?;
        fs::read_to_string(file).doing(|| format!("read {file}"))
    }

    /// slapd's process.
    pub(crate) fn pid(&self) -> Result<u32, Failure> {
        self.get("PID")?
            .parse()
            .map_err(|_| Failure::Directory("it does not run".to_owned()))
    }

    /// What slapd writes about each operation.
    pub(crate) fn log(&self) -> Result<String, Failure> {
        let file = self.root.join("openldap/slapd.log");
        let bytes = fs::read(&file).doing(|| format!("read {}", file.display()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Certificate and key that the lab made for slapd. They name `localhost` too, so the bridge's TLS listener can use them.
    pub(crate) fn server_certificate(&self) -> (PathBuf, PathBuf) {
        (
            self.root.join("openldap/tls/server.crt"),
            self.root.join("openldap/tls/server.key"),
        )
    }

    /// slapd's own words on its version.
    pub(crate) fn version(&self) -> String {
        let output = Command::new(self.root.join("bin/slapd"))
            .arg("-VV")
            .output();
        let said = output
            .map(|output| String::from_utf8_lossy(&output.stderr).into_owned())
            .unwrap_or_default();
        said.split_whitespace()
            .skip_while(|word| *word != "slapd")
            .nth(1)
            .unwrap_or("of unknown version")
            .to_owned()
    }

    /// A TLS client that trusts the lab's authority and nobody else.
    pub(crate) fn tls(&self) -> Result<Arc<rustls::ClientConfig>, Failure> {
        let mut roots = rustls::RootCertStore::empty();
        let file = self.get("CA")?;
        let certificate = CertificateDer::from_pem_file(file).map_err(|error| {
            Failure::Directory(format!("the certificate {file} cannot be read: {error}"))
        })?;
        roots.add(certificate)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::new(config))
    }
}

/// Stops the directory below that folder, if there is one, and removes its data.
pub(crate) fn stop(root: &Path) -> Result<(), Failure> {
    script(root, &["down", "openldap"]).map(drop)
}

fn script(root: &Path, arguments: &[&str]) -> Result<String, Failure> {
    let command = || format!("tests/lab/lab {}", arguments.join(" "));
    let output = Command::new(SCRIPT)
        .args(arguments)
        .env("LAB_ROOT", root)
        .env("LAB_SYNC", "no")
        .env(
            "LAB_OPENLDAP_ADDRESS",
            env::var("LAB_OPENLDAP_ADDRESS").unwrap_or_else(|_| ADDRESS.to_owned()),
        )
        .env("LAB_OPENLDAP_ALIASES", "")
        .env("LAB_OPENLDAP_UNNAMED", "")
        .stdin(Stdio::null())
        .output()
        .doing(|| format!("run `{}`", command()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Failure::Command {
            command: command(),
            said,
        });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// `NAME=value` or `NAME='quoted value'`.
fn assignment(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once('=')?;
    let value = value
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''))
        .unwrap_or(value);
    Some((name.to_owned(), value.to_owned()))
}
