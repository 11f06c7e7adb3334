//! The bridge under test: the real binary, as its own process, on an address of its own.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Deref;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::answer::Answer;
use super::client::{Client, Manner};
use super::options::{Options, Tokens};
use super::place::Place;

/// A running bridge. It is killed, by its pid, when this value is dropped.
pub(crate) struct Bridge {
    pub(crate) place: Place,
    pub(crate) tokens: Tokens,
    /// `http://127.x.y.z:port/scim/v2`
    pub(crate) base: String,
    /// `http://127.x.y.z:port/scim/v1`
    older_base: String,
    admin: String,
    pub(crate) address: SocketAddr,
    folder: PathBuf,
    http: reqwest::Client,
    process: Child,
}

impl Deref for Bridge {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.place
    }
}

impl Bridge {
    /// Starts the binary on a fresh configuration and waits until `/readyz` says so.
    pub(crate) async fn start(place: &Place, options: Options) -> Bridge {
        let (address, admin_address) = (free_address(), free_address());
        let tokens = Tokens::fresh();
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join("it")
            .join(format!("{}-{}-{}", place.tag, address.ip(), address.port()));
        fs::create_dir_all(&folder).expect("a folder for the test");
        let mut options = options;
        if options.tls {
            let root = PathBuf::from(place.lab.get("CA"));
            let tls = root
                .parent()
                .and_then(|ca| ca.parent())
                .expect("the lab's root")
                .join("openldap/tls");
            options = options
                .with(
                    "server.certificate_file",
                    tls.join("server.crt").display().to_string(),
                )
                .with(
                    "server.private_key_file",
                    tls.join("server.key").display().to_string(),
                );
        }
        if !options.mapping_edits.is_empty() || !options.mapping_more.is_empty() {
            let mapping = edited_mapping(place, &options.mapping_edits) + &options.mapping_more;
            fs::write(folder.join("mapping.toml"), mapping).expect("the mapping can be written");
            options = options.with("directory.mapping", "mapping.toml");
        }
        let config = options.to_toml(
            place,
            &address.to_string(),
            &admin_address.to_string(),
            &tokens,
        );
        let file = folder.join("scimbridge.toml");
        fs::write(&file, config).expect("the configuration can be written");
        let log = File::create(folder.join("log.json")).expect("the log can be written");
        let process = Command::new(env!("CARGO_BIN_EXE_scimbridge"))
            .arg("serve")
            .arg("--config")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the binary can be started");
        let (scheme, host) = if options.tls {
            ("https", "localhost".to_owned())
        } else {
            ("http", address.ip().to_string())
        };
        let mut bridge = Bridge {
            place: place.clone(),
            base: format!("{scheme}://{host}:{}/scim/v2", address.port()),
            older_base: format!("{scheme}://{host}:{}/scim/v1", address.port()),
            admin: format!("http://{admin_address}"),
            tokens,
            address,
            http: http_client(place, address),
            folder,
            process,
        };
        bridge.wait_until_up(options.not_ready).await;
        bridge
    }

    async fn wait_until_up(&mut self, not_ready: bool) {
        let path = if not_ready { "/healthz" } else { "/readyz" };
        let begun = Instant::now();
        while self
            .admin(path)
            .await
            .is_none_or(|(status, _)| status != 200)
        {
            if let Some(status) = self.process.try_wait().expect("the process can be asked") {
                panic!("the bridge stopped with {status}: {}", self.log_text());
            }
            assert!(
                begun.elapsed() < Duration::from_secs(120),
                "{path} was not 200 for 120 s: {:?} {}",
                self.admin(path).await,
                self.log_text()
            );
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    }

    /// A client with the manners of an identity provider.
    pub(crate) fn client(&self, manner: Manner) -> Client<'_> {
        Client::new(&self.http, &self.base, manner, &self.tokens)
    }

    pub(crate) fn entra(&self) -> Client<'_> {
        self.client(Manner::Entra)
    }

    pub(crate) fn okta(&self) -> Client<'_> {
        self.client(Manner::Okta)
    }

    /// A client of SCIM 1.1, where the options enable it at `/scim/v1`.
    pub(crate) fn older(&self) -> Client<'_> {
        Client::new(&self.http, &self.older_base, Manner::Okta, &self.tokens)
    }

    /// The client with the default profile.
    pub(crate) fn generic(&self) -> Client<'_> {
        self.client(Manner::Generic)
    }

    /// The client that is configured with `profile = "strict"`.
    pub(crate) fn strict(&self) -> Client<'_> {
        self.client(Manner::Strict)
    }

    /// An admin page: status and text, or nothing while nobody listens. On a connection of its own: one that is kept might
    /// be closed, after five seconds, in the moment it is used again.
    pub(crate) async fn admin(&self, path: &str) -> Option<(u16, String)> {
        let answer = self
            .http
            .get(format!("{}{path}", self.admin))
            .header("connection", "close")
            .send()
            .await
            .ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    }

    /// Waits until `/readyz` answers with this status.
    pub(crate) async fn wait_for_readiness(&self, status: u16, patience: Duration) {
        let begun = Instant::now();
        loop {
            let now = self.admin("/readyz").await;
            if now.as_ref().is_some_and(|(code, _)| *code == status) {
                return;
            }
            assert!(
                begun.elapsed() < patience,
                "/readyz was not {status} within {patience:?}: {now:?}\n{}",
                self.log_text()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Keeps asking, as a provider would, until the directory is there again; then the bridge is ready, too.
    pub(crate) async fn until_available(&self, patience: Duration) {
        let begun = Instant::now();
        loop {
            let answer = self.entra().get("/Users?count=0").await;
            if answer.status == 200 {
                break;
            }
            answer.unavailable();
            assert!(
                begun.elapsed() < patience,
                "not available within {patience:?}: {}",
                self.log_text()
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.wait_for_readiness(200, Duration::from_secs(30)).await;
    }

    /// `scimbridge check` on the configuration of this bridge: whether it is content, and what it says.
    pub(crate) fn check(&self) -> (bool, String) {
        let checked = Command::new(env!("CARGO_BIN_EXE_scimbridge"))
            .arg("check")
            .arg("--config")
            .arg(self.folder.join("scimbridge.toml"))
            .output()
            .expect("the binary can be started");
        let text = [checked.stdout, checked.stderr].concat();
        (
            checked.status.success(),
            String::from_utf8(text).expect("words"),
        )
    }

    /// How many requests the bridge has sent to the directory, binds not counted.
    pub(crate) async fn round_trips(&self) -> u64 {
        let (_, text) = self
            .admin("/metrics")
            .await
            .expect("the admin listener answers");
        super::metrics::round_trips(&text)
    }

    /// Everything the bridge wrote to standard error.
    pub(crate) fn log_text(&self) -> String {
        fs::read_to_string(self.folder.join("log.json")).unwrap_or_default()
    }

    /// The log's lines, each a JSON object.
    pub(crate) fn log(&self) -> Vec<Value> {
        self.log_text()
            .lines()
            .map(|line| {
                serde_json::from_str(line)
                    .unwrap_or_else(|error| panic!("not JSON ({error}): {line}"))
            })
            .collect()
    }

    /// The log's lines about the request of this answer.
    #[track_caller]
    pub(crate) fn log_of(&self, answer: &Answer) -> Vec<Value> {
        let id = answer.request_id();
        let mut lines = self.log();
        lines.retain(|line| line["span"]["request_id"] == id);
        assert!(
            !lines.is_empty(),
            "the log says nothing of {id}:\n{}",
            self.log_text()
        );
        lines
    }

    /// Asserts that a warning about all of these words was written.
    #[track_caller]
    pub(crate) fn warned(&self, words: &[&str]) {
        let lines = self.log();
        let warned = lines
            .iter()
            .filter(|line| line["level"] == "WARN")
            .any(|line| {
                let text = line.to_string().to_lowercase();
                words.iter().all(|word| text.contains(&word.to_lowercase()))
            });
        assert!(
            warned,
            "no warning that says {words:?} in:\n{}",
            self.log_text()
        );
    }

    /// Asserts that the log says none of these, at any level the test runs with.
    #[track_caller]
    pub(crate) fn never_logged(&self, secrets: &[&str]) {
        let text = self.log_text();
        for secret in secrets {
            assert!(!text.contains(secret), "the log holds `{secret}`:\n{text}");
        }
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            eprintln!("the bridge's files are in {}", self.folder.display());
        } else {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// A loopback address that nobody else has, with a port that was free a moment ago. The address is picked
/// at random, so that parallel tests cannot race for the port.
pub(crate) fn free_address() -> SocketAddr {
    let random = uuid::Uuid::new_v4().into_bytes();
    let address = Ipv4Addr::new(127, 100 + random[0] % 100, random[1], 1 + random[2] % 250);
    TcpListener::bind((address, 0))
        .and_then(|listener| listener.local_addr())
        .expect("a loopback address is free")
}

/// The mapping this directory is used with, changed.
fn edited_mapping(place: &Place, edits: &[(String, String)]) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("mappings")
        .join(format!("{}.toml", place.lab.get("MAPPING")));
    let mut text =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    for (words, instead) in edits {
        assert!(
            text.contains(words),
            "{} does not say {words}",
            path.display()
        );
        text = text.replace(words, instead);
    }
    text
}

fn http_client(place: &Place, address: SocketAddr) -> reqwest::Client {
    let ca = reqwest::Certificate::from_pem(&place.lab.ca()).expect("the lab's CA is PEM");
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .tls_certs_only([ca])
        .resolve("localhost", address)
        // The bridge closes an idle connection after 75 seconds: not in the moment it is used again.
        .pool_idle_timeout(Duration::from_secs(60))
        .timeout(Duration::from_secs(120))
        .build()
        .expect("an HTTP client")
}
