//! From a change to the request that the client library sends.

use std::collections::HashSet;

use ldap3::controls::RawControl;
use ldap3::{Ldap, LdapResult, Mod};

use crate::ldap::{
    Change, Convergence, DirectoryKind, EntryName, Modification, ModificationKind, Target, Values,
};

/// One write, in the client library's terms.
pub(super) enum Write {
    Add {
        dn: String,
        attributes: Vec<(Vec<u8>, HashSet<Vec<u8>>)>,
    },
    Modify {
        dn: String,
        modifications: Vec<Mod<Vec<u8>>>,
    },
    Rename {
        dn: String,
        rdn: String,
        delete_old_rdn: bool,
        superior: Option<String>,
    },
    Delete {
        dn: String,
    },
}

impl Write {
    pub(super) fn of(change: &Change, kind: DirectoryKind) -> Self {
        match change {
            Change::Add { dn, attributes } => {
                let attributes = attributes
                    .iter()
                    .filter(|(_, values)| !values.is_empty())
                    .map(|(name, values)| (name.as_str().as_bytes().to_vec(), octets(values)))
                    .collect();
                Self::Add {
                    dn: dn.to_string(),
                    attributes,
                }
            }
            Change::Modify {
                target,
                modifications,
                convergence,
                ..
            } => {
                let modifications = modifications
                    .iter()
                    // Adding nothing changes nothing, and is malformed on the wire.
                    .filter(|one| one.kind != ModificationKind::Add || !one.values.is_empty())
                    .flat_map(|one| mods(one, *convergence == Convergence::Exact))
                    .collect();
                Self::Modify {
                    dn: name_of(target, kind).to_string(),
                    modifications,
                }
            }
            Change::Rename {
                target,
                rdn,
                delete_old_rdn,
                superior,
                ..
            } => Self::Rename {
                // Samba does not know <GUID=…> here.
                dn: target.dn.to_string(),
                rdn: rdn.to_string(),
                delete_old_rdn: *delete_old_rdn,
                superior: superior.as_ref().map(ToString::to_string),
            },
            Change::Delete { target, .. } => Self::Delete {
                dn: name_of(target, kind).to_string(),
            },
        }
    }

    /// The name under which it is counted.
    pub(super) fn operation(&self) -> &'static str {
        match self {
            Self::Add { .. } => "add",
            Self::Modify { .. } => "modify",
            Self::Rename { .. } => "rename",
            Self::Delete { .. } => "delete",
        }
    }

    /// Whether there is nothing to send.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Modify { modifications, .. } if modifications.is_empty())
    }

    pub(super) async fn send(
        self,
        mut ldap: Ldap,
        controls: Vec<RawControl>,
    ) -> ldap3::result::Result<LdapResult> {
        if !controls.is_empty() {
            ldap.with_controls(controls);
        }
        match self {
            Self::Add { dn, attributes } => ldap.add(&dn, attributes).await,
            Self::Modify { dn, modifications } => ldap.modify(&dn, modifications).await,
            Self::Rename {
                dn,
                rdn,
                delete_old_rdn,
                superior,
            } => {
                ldap.modifydn(&dn, &rdn, delete_old_rdn, superior.as_deref())
                    .await
            }
            Self::Delete { dn } => ldap.delete(&dn).await,
        }
    }
}

/// How the target is addressed: by its id where the directory takes that, so that a rename in between does no harm.
pub(super) fn name_of(target: &Target, kind: DirectoryKind) -> EntryName {
    match target.guid {
        Some(id) if kind.addresses_by_guid() => EntryName::Guid(id),
        _ => EntryName::Dn(target.dn.clone()),
    }
}

/// A modification in the client library's terms. The library keeps values in a set and sends them in any order; where
/// the order matters, because the first value is the one that is read, each goes by itself.
fn mods(one: &Modification, in_order: bool) -> Vec<Mod<Vec<u8>>> {
    let name = || one.attribute.as_str().as_bytes().to_vec();
    let plain = one.values.plain();
    let alone = |value: &Vec<u8>| HashSet::from([value.clone()]);
    match one.kind {
        ModificationKind::Delete => vec![Mod::Delete(name(), octets(&one.values))],
        ModificationKind::Add if in_order && plain.len() > 1 => plain
            .iter()
            .map(|value| Mod::Add(name(), alone(value)))
            .collect(),
        ModificationKind::Add => vec![Mod::Add(name(), octets(&one.values))],
        ModificationKind::Replace if in_order && plain.len() > 1 => {
            let (first, rest) = plain.split_at(1);
            let replace = first.iter().map(|value| Mod::Replace(name(), alone(value)));
            replace
                .chain(rest.iter().map(|value| Mod::Add(name(), alone(value))))
                .collect()
        }
        ModificationKind::Replace => vec![Mod::Replace(name(), octets(&one.values))],
    }
}

fn octets(values: &Values) -> HashSet<Vec<u8>> {
    match values {
        Values::Plain(values) => values.iter().cloned().collect(),
        Values::Secret(secret) => HashSet::from([secret.expose().to_vec()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldap::{AttributeName, Convergence, Dn, Modification, Rdn};
    use uuid::Uuid;

    fn target() -> Target {
        Target {
            dn: Dn::parse("cn=ada,dc=e").unwrap(),
            guid: Some(Uuid::from_u128(7)),
        }
    }

    #[test]
    fn active_directory_is_asked_by_guid_except_for_a_rename() {
        let kind = DirectoryKind::ActiveDirectory;
        let Write::Delete { dn } = Write::of(
            &Change::Delete {
                target: target(),
                assertion: None,
            },
            kind,
        ) else {
            panic!()
        };
        assert_eq!(dn, "<GUID=00000000-0000-0000-0000-000000000007>");
        let rename = Change::Rename {
            target: target(),
            rdn: Rdn::new(AttributeName::known("cn"), "b,c"),
            delete_old_rdn: true,
            superior: None,
            assertion: None,
        };
        let Write::Rename { dn, rdn, .. } = Write::of(&rename, kind) else {
            panic!()
        };
        assert_eq!((dn.as_str(), rdn.as_str()), ("cn=ada,dc=e", r"cn=b\,c"));
        assert_eq!(
            name_of(&target(), DirectoryKind::OpenLdap),
            EntryName::Dn(target().dn)
        );
    }

    #[test]
    fn values_whose_order_matters_are_sent_in_order() {
        let values: Vec<String> = (0..20).map(|number| format!("T{number:02}")).collect();
        let change = |convergence| Change::Modify {
            target: target(),
            modifications: vec![Modification::replace(
                AttributeName::known("title"),
                Values::Plain(
                    values
                        .iter()
                        .map(|value| value.clone().into_bytes())
                        .collect(),
                ),
            )],
            assertion: None,
            convergence,
        };
        let sent = |convergence| match Write::of(&change(convergence), DirectoryKind::OpenLdap) {
            Write::Modify { modifications, .. } => modifications,
            _ => panic!("a modify"),
        };
        let in_order: Vec<String> = sent(Convergence::Exact)
            .iter()
            .map(|one| match one {
                Mod::Replace(_, values) | Mod::Add(_, values) => {
                    let all: Vec<_> = values
                        .iter()
                        .map(|value| String::from_utf8_lossy(value))
                        .collect();
                    all.join("|")
                }
                _ => panic!("a replace and then additions"),
            })
            .collect();
        assert_eq!(in_order, values);
        assert_eq!(
            sent(Convergence::Converge).len(),
            1,
            "a thousand members are one modification"
        );
    }

    #[test]
    fn adding_nothing_is_not_sent() {
        let change = Change::Modify {
            target: target(),
            modifications: vec![Modification::add(
                AttributeName::known("member"),
                Values::none(),
            )],
            assertion: None,
            convergence: Convergence::Converge,
        };
        assert!(Write::of(&change, DirectoryKind::OpenLdap).is_empty());
    }
}
