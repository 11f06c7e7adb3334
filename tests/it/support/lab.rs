//! The directories the tests run against, as `tests/lab/lab` describes them.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// Which of the lab's directories a test talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    OpenLdap,
    Samba,
    Ds389,
}

impl Kind {
    /// The name the lab's script knows it by.
    fn lab_name(self) -> &'static str {
        match self {
            Kind::OpenLdap => "openldap",
            Kind::Samba => "samba",
            Kind::Ds389 => "389ds",
        }
    }

    /// The attribute by which the directory marks a disabled account.
    pub(crate) fn lock_attribute(self) -> &'static str {
        match self {
            Kind::OpenLdap => "pwdAccountLockedTime",
            Kind::Samba => "userAccountControl",
            Kind::Ds389 => "nsAccountLock",
        }
    }

    /// Picks the value that belongs to this directory: of those with the standard schemas, or of Active Directory.
    pub(crate) fn pick<T>(self, standard: T, active_directory: T) -> T {
        match self {
            Kind::OpenLdap | Kind::Ds389 => standard,
            Kind::Samba => active_directory,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.lab_name())
    }
}

/// One running directory and what is needed to reach it.
#[derive(Debug)]
pub(crate) struct Lab {
    pub(crate) kind: Kind,
    variables: HashMap<String, String>,
}

impl Lab {
    /// The running directory; started first when it does not run. A directory that cannot be
    /// started fails the test that asked for it: nothing is ever skipped in silence.
    pub(crate) fn of(kind: Kind) -> &'static Lab {
        static OPENLDAP: OnceLock<Lab> = OnceLock::new();
        static SAMBA: OnceLock<Lab> = OnceLock::new();
        static DS389: OnceLock<Lab> = OnceLock::new();
        match kind {
            Kind::OpenLdap => &OPENLDAP,
            Kind::Samba => &SAMBA,
            Kind::Ds389 => &DS389,
        }
        .get_or_init(|| Lab::find(kind))
    }

    fn find(kind: Kind) -> Lab {
        let describe = || -> HashMap<String, String> {
            script(&["env", kind.lab_name()])
                .lines()
                .filter_map(assignment)
                .collect()
        };
        let mut variables = describe();
        if variables.get("PID").is_none_or(String::is_empty) {
            script(&["up", kind.lab_name()]);
            variables = describe();
        }
        Lab { kind, variables }
    }

    /// A variable of the lab's environment; one that is missing is a fault of the lab.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.variables.get(name).unwrap_or_else(|| {
            panic!(
                "`tests/lab/lab env {}` does not say {name}; it says {:?}",
                self.kind,
                self.variables.keys()
            )
        })
    }

    /// The certificate of the lab's own authority, PEM.
    pub(crate) fn ca(&self) -> Vec<u8> {
        std::fs::read(self.get("CA")).expect("the lab's CA certificate can be read")
    }
}

fn script(arguments: &[&str]) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/lab/lab");
    let output = Command::new(&path)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{} cannot be run: {error}", path.display()));
    assert!(
        output.status.success(),
        "`{} {}` failed: {}",
        path.display(),
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("the lab's script writes UTF-8")
}

/// `NAME=value` or `NAME='quoted value'`, as a shell would read it.
fn assignment(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once('=')?;
    let value = value
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''))
        .unwrap_or(value);
    Some((
        name.trim_start_matches("export ").to_owned(),
        value.to_owned(),
    ))
}
