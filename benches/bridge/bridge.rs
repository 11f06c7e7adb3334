//! The real binary in front of the lab's directory: configured, started, counted, ended.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::failure::{Doing, Failure};
use crate::http::{Connection, Origin};
use crate::lab::Lab;

const BINARY: &str = env!("CARGO_BIN_EXE_scimbridge");

/// LDAP connections of the bridge, and of the raw client it is measured against.
pub(crate) const CONNECTIONS: usize = 4;

/// How long a bridge may take to be ready.
const STARTING: Duration = Duration::from_secs(20);

/// Processes to end, whatever happens.
#[derive(Clone, Default)]
pub(crate) struct Children(Arc<Mutex<Vec<Child>>>);

impl Children {
    fn adopt(&self, child: Child) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(child);
    }

    /// Kills them all, by their handles, and waits for them.
    pub(crate) fn end(&self) {
        for mut child in self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .drain(..)
        {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Whether the bridge's front speaks TLS.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Front {
    Plain,
    Tls,
}

/// A running bridge.
pub(crate) struct Bridge {
    pub(crate) origin: Origin,
    pub(crate) pid: u32,
    admin: Origin,
    token: String,
}

impl Bridge {
    /// Starts one, with its files in `folder`, and waits until it is ready.
    pub(crate) fn start(
        lab: &Lab,
        front: Front,
        folder: &Path,
        children: &Children,
    ) -> Result<Bridge, Failure> {
        fs::create_dir_all(folder).doing(|| format!("make {}", folder.display()))?;
        let (token, hash) = new_token()?;
        let (listen, admin) = (free_address()?, free_address()?);
        let file = folder.join("scimbridge.toml");
        let text = configuration(lab, front, listen, admin, &hash)?;
        fs::write(&file, text).doing(|| format!("write {}", file.display()))?;
        let log = folder.join("log.json");
        let log_file = File::create(&log).doing(|| format!("write {}", log.display()))?;
        let child = Command::new(BINARY)
            .arg("serve")
            .arg("--config")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log_file)
            .spawn()
            .doing(|| format!("start {BINARY}"))?;
        let pid = child.id();
        children.adopt(child);
        let tls = if front == Front::Tls {
            Some(lab.tls()?)
        } else {
            None
        };
        let bridge = Bridge {
            origin: Origin {
                address: listen,
                tls,
            },
            pid,
            admin: Origin {
                address: admin,
                tls: None,
            },
            token,
        };
        bridge.wait_until_ready(&log)?;
        Ok(bridge)
    }

    fn wait_until_ready(&self, log: &Path) -> Result<(), Failure> {
        let begun = Instant::now();
        while !matches!(self.admin("/readyz"), Ok((200, _))) {
            if begun.elapsed() > STARTING {
                let said = fs::read_to_string(log).unwrap_or_default();
                return Err(Failure::Bridge(format!(
                    "it was not ready within {} s:\n{said}",
                    STARTING.as_secs()
                )));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// How many operations the bridge has sent to the directory.
    pub(crate) fn directory_operations(&self) -> Result<u64, Failure> {
        const COUNTER: &str = "scimbridge_ldap_operations_total";
        let (_, text) = self.admin("/metrics")?;
        let samples = text
            .lines()
            .filter(|line| line.starts_with(COUNTER))
            .filter_map(|line| line.rsplit(' ').next());
        let counts: Vec<f64> = samples.filter_map(|count| count.parse().ok()).collect();
        if counts.is_empty() {
            return Err(Failure::Bridge(format!("/metrics does not show {COUNTER}")));
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        // a counter, far below 2^53
        Ok(counts.iter().sum::<f64>() as u64)
    }

    fn admin(&self, path: &str) -> Result<(u16, String), Failure> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: admin\r\n\r\n");
        let mut connection = Connection::open(&self.admin)?;
        let answer = connection.exchange(request.as_bytes())?;
        Ok((
            answer.status,
            String::from_utf8_lossy(answer.body).into_owned(),
        ))
    }

    /// The bytes of a SCIM request. `path` is what follows the base path, percent-encoded.
    pub(crate) fn request(&self, method: &str, path: &str, body: &str) -> Vec<u8> {
        let mut text = format!(
            "{method} /scim/v2{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nAccept: application/scim+json\r\n",
            self.token
        );
        if body.is_empty() {
            text.push_str("\r\n");
        } else {
            text.push_str(&format!(
                "Content-Type: application/scim+json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ));
        }
        text.into_bytes()
    }
}

/// The configuration an operator would write: every setting not named has its default, the log included.
fn configuration(
    lab: &Lab,
    front: Front,
    listen: SocketAddr,
    admin: SocketAddr,
    hash: &str,
) -> Result<String, Failure> {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let variable = |name: &str| lab.get(name).map(quoted);
    let certificate = match front {
        Front::Plain => String::new(),
        Front::Tls => {
            let (certificate, key) = lab.server_certificate();
            let (certificate, key) = (certificate.display().to_string(), key.display().to_string());
            format!(
                "certificate_file = {}\nprivate_key_file = {}\n",
                quoted(&certificate),
                quoted(&key)
            )
        }
    };
    Ok(format!(
        "[server]\nlisten = \"{listen}\"\nadmin_listen = \"{admin}\"\n{certificate}\n\
         [directory]\nmapping = \"openldap\"\nurls = [{}]\nca_file = {}\nbind_dn = {}\nbind_password_file = {}\nconnections = {CONNECTIONS}\n\n\
         [resources.User]\nbase = {}\n\n[resources.Group]\nbase = {}\n\n\
         [[clients]]\nname = \"bench\"\ntokens = [\"{hash}\"]\n",
        variable("URL")?,
        variable("CA")?,
        variable("BIND_DN")?,
        variable("PASSWORD_FILE")?,
        variable("PEOPLE_OU")?,
        variable("GROUPS_OU")?,
    ))
}

/// A token and its hash, as `scimbridge token new` makes them.
fn new_token() -> Result<(String, String), Failure> {
    let output = Command::new(BINARY)
        .args(["token", "new"])
        .output()
        .doing(|| format!("run {BINARY}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name))
            .map(|value| value.trim().to_owned())
    };
    line("token:")
        .zip(line("hash:"))
        .ok_or_else(|| Failure::Command {
            command: "scimbridge token new".to_owned(),
            said: text.clone(),
        })
}

/// A loopback address with a port that was free a moment ago.
fn free_address() -> Result<SocketAddr, Failure> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .doing(|| "find a free port".to_owned())
}

/// What `scimbridge --version` says.
pub(crate) fn version() -> String {
    let output = Command::new(BINARY).arg("--version").output();
    output
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default()
}
