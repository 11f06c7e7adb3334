//! The configuration a test's bridge is started with.

use toml::{Table, Value};

use super::place::Place;

/// `scimbridge.toml` of one bridge: sensible for a [`Place`], changed setting by setting.
#[derive(Clone, Default)]
pub(crate) struct Options {
    settings: Vec<(String, Value)>,
    left_out: Vec<String>,
    /// Words of the built-in mapping and what stands there instead.
    pub(crate) mapping_edits: Vec<(String, String)>,
    /// What is written below the built-in mapping.
    pub(crate) mapping_more: String,
    /// The resource that the lenient client reaches as `/Me`.
    me: Option<String>,
    pub(crate) tls: bool,
    pub(crate) not_ready: bool,
}

impl Options {
    pub(crate) fn new() -> Options {
        Options::default()
    }

    /// Sets one key, given with its section: `guard.protected_groups`, `resources.User.base`.
    pub(crate) fn with(mut self, key: &str, value: impl Into<Value>) -> Options {
        self.settings.push((key.to_owned(), value.into()));
        self
    }

    /// Uses a copy of the built-in mapping with these words replaced; words that are not there fail the test.
    pub(crate) fn edit_mapping(mut self, words: &str, instead: &str) -> Options {
        self.mapping_edits
            .push((words.to_owned(), instead.to_owned()));
        self
    }

    /// Uses a copy of the built-in mapping with this below it.
    pub(crate) fn extend_mapping(mut self, text: &str) -> Options {
        self.mapping_more.push_str(text);
        self
    }

    /// Binds the lenient client's credential to a resource, named by its path.
    pub(crate) fn me(mut self, path: String) -> Options {
        self.me = Some(path);
        self
    }

    /// Leaves out a key that is there by default.
    pub(crate) fn without(mut self, key: &str) -> Options {
        self.left_out.push(key.to_owned());
        self
    }

    /// The front end speaks TLS with the certificate of the lab's OpenLDAP, which names `localhost`.
    pub(crate) fn tls(mut self) -> Options {
        self.tls = true;
        self
    }

    /// Do not wait for readiness, only for the listener: the directory is out of order on purpose.
    pub(crate) fn not_ready(mut self) -> Options {
        self.not_ready = true;
        self
    }

    /// The whole file.
    pub(crate) fn to_toml(
        &self,
        place: &Place,
        listen: &str,
        admin_listen: &str,
        tokens: &Tokens,
    ) -> String {
        let lab = place.lab;
        let mut file = Table::new();
        let mut set = |key: &str, value: Value| insert(&mut file, key, value);
        set("server.listen", listen.into());
        set("server.admin_listen", admin_listen.into());
        set("server.workers", 1.into());
        set("server.shutdown_timeout", "2s".into());
        // Three directories and six stories share the machine. What a story asserts about time, it sets itself.
        set("server.request_timeout", "100s".into());
        set("directory.operation_timeout", "60s".into());
        set("directory.connect_timeout", "30s".into());
        set("directory.mapping", lab.get("MAPPING").into());
        set("directory.urls", vec![lab.get("URL")].into());
        set("directory.ca_file", lab.get("CA").into());
        set("directory.bind_dn", lab.get("BIND_DN").into());
        set(
            "directory.bind_password_file",
            lab.get("PASSWORD_FILE").into(),
        );
        set("directory.connections", 2.into());
        set("resources.User.base", place.people.as_str().into());
        set("resources.Group.base", place.groups.as_str().into());
        set("log.filter", "info,scimbridge=debug".into());
        for (key, value) in &self.settings {
            set(key, value.clone());
        }
        for key in &self.left_out {
            let (section, key) = key.split_once('.').expect("a key has a section");
            if let Some(Value::Table(section)) = file.get_mut(section) {
                section.remove(key);
            }
        }
        let clients = CLIENTS.iter().map(|known| {
            let mut client = Table::new();
            client.insert("name".into(), known.name.into());
            client.insert("tokens".into(), vec![hash(&tokens.of(known.name))].into());
            client.insert("profile".into(), known.profile.into());
            client.insert("switch_on".into(), known.on.to_vec().into());
            client.insert("switch_off".into(), known.off.to_vec().into());
            Value::Table(client)
        });
        let mut clients: Vec<Value> = clients.collect();
        if let Some(me) = &self.me {
            let of_entra = |client: &&mut Value| client["name"].as_str() == Some("entra");
            let entra = clients.iter_mut().find(of_entra);
            let entra = entra.and_then(Value::as_table_mut).expect("a client");
            entra.insert("me".into(), me.as_str().into());
        }
        file.insert("clients".into(), Value::Array(clients));
        toml::to_string(&file).expect("a table is TOML")
    }
}

/// A client that every bridge of the tests knows.
struct Known {
    name: &'static str,
    profile: &'static str,
    on: &'static [&'static str],
    off: &'static [&'static str],
}

const fn known(name: &'static str) -> Known {
    let (on, off): (&[&str], &[&str]) = (&[], &[]);
    Known {
        name,
        profile: name,
        on,
        off,
    }
}

/// One client for each profile, named after it, and two with switches of their own.
const CLIENTS: &[Known] = &[
    known("generic"),
    known("strict"),
    known("entra"),
    known("okta"),
    known("ping"),
    known("onelogin"),
    known("jumpcloud"),
    known("google"),
    known("sailpoint"),
    known("cyberark"),
    Known {
        name: "aws",
        profile: "generic",
        on: &["members-not-returned"],
        off: &[],
    },
    Known {
        name: "interop",
        profile: "generic",
        on: &[],
        off: &["unknown-attribute"],
    },
];

/// The bearer tokens of these clients.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    /// The client with the default profile.
    pub(crate) lenient: String,
    pub(crate) strict: String,
    secret: String,
}

impl Tokens {
    pub(crate) fn fresh() -> Tokens {
        let token = || {
            format!(
                "it_{}{}",
                uuid::Uuid::new_v4().simple(),
                uuid::Uuid::new_v4().simple()
            )
        };
        Tokens {
            lenient: token(),
            strict: token(),
            secret: token(),
        }
    }

    /// The token of the client of that name.
    pub(crate) fn of(&self, name: &str) -> String {
        match name {
            "generic" => self.lenient.clone(),
            "strict" => self.strict.clone(),
            name => format!("{}_{name}", self.secret),
        }
    }
}

fn hash(token: &str) -> String {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(token.as_bytes());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// Puts a value at a dotted key, making tables on the way.
fn insert(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((head, tail)) => {
            let inner = table
                .entry(head)
                .or_insert_with(|| Value::Table(Table::new()));
            insert(inner.as_table_mut().expect("a section"), tail, value);
        }
    }
}
