//! An entry as the directory holds it, read behind the bridge's back.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::lab::Kind;
use super::vocabulary;

/// An entry with all its attributes, operational ones included.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) kind: Kind,
    pub(crate) dn: String,
    /// By lower-case name.
    attributes: BTreeMap<String, Vec<Vec<u8>>>,
}

impl Held {
    pub(crate) fn new(
        kind: Kind,
        dn: String,
        attributes: impl IntoIterator<Item = (String, Vec<Vec<u8>>)>,
    ) -> Held {
        let attributes = attributes
            .into_iter()
            .map(|(name, values)| (name.to_lowercase(), values))
            .collect();
        Held {
            kind,
            dn,
            attributes,
        }
    }

    pub(crate) fn values(&self, name: &str) -> &[Vec<u8>] {
        self.attributes
            .get(&name.to_lowercase())
            .map_or(&[], Vec::as_slice)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        !self.values(name).is_empty()
    }

    /// All values of an LDAP attribute, as text, sorted.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let mut texts: Vec<String> = self
            .values(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value).into_owned())
            .collect();
        texts.sort();
        texts
    }

    /// The one value of an LDAP attribute; more than one is a failure.
    #[track_caller]
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let mut texts = self.texts(name);
        assert!(
            texts.len() <= 1,
            "`{name}` of {} has {} values: {texts:?}",
            self.dn,
            texts.len()
        );
        texts.pop()
    }

    /// What the directory holds for a SCIM path, by the table in [`vocabulary`].
    #[track_caller]
    pub(crate) fn scim(&self, path: &str) -> Option<String> {
        self.text(vocabulary::ldap_name(self.kind, path))
    }

    /// Asserts what the directory holds for several SCIM paths.
    #[track_caller]
    pub(crate) fn holds(&self, facts: &[(&str, &str)]) -> &Self {
        for (path, expected) in facts {
            let name = vocabulary::ldap_name(self.kind, path);
            assert_eq!(
                self.text(name).as_deref(),
                Some(*expected),
                "`{name}` (SCIM `{path}`) of {self:?}"
            );
        }
        self
    }

    /// Asserts that the directory holds nothing for these SCIM paths.
    #[track_caller]
    pub(crate) fn lacks(&self, paths: &[&str]) -> &Self {
        for path in paths {
            let name = vocabulary::ldap_name(self.kind, path);
            assert!(
                !self.has(name),
                "`{name}` (SCIM `{path}`) should be absent from {self:?}"
            );
        }
        self
    }

    /// The entry's identity, as SCIM spells it.
    #[track_caller]
    pub(crate) fn id(&self) -> String {
        match self.kind {
            Kind::OpenLdap | Kind::Ds389 => self
                .text("entryUUID")
                .expect("every entry has an entryUUID"),
            Kind::Samba => {
                let bytes: [u8; 16] = self.values("objectGUID")[0]
                    .as_slice()
                    .try_into()
                    .expect("16 bytes");
                Uuid::from_bytes_le(bytes).to_string()
            }
        }
    }

    /// Which state of the entry this is: changes with every write that changes something.
    #[track_caller]
    pub(crate) fn version(&self) -> String {
        let name = match self.kind {
            Kind::OpenLdap => "entryCSN",
            Kind::Samba => "uSNChanged",
            Kind::Ds389 => "entryusn",
        };
        self.text(name)
            .unwrap_or_else(|| panic!("{} has no {name}", self.dn))
    }

    /// `userAccountControl` (Active Directory only).
    #[track_caller]
    pub(crate) fn account_control(&self) -> u32 {
        let text = self
            .text("userAccountControl")
            .expect("an account has userAccountControl");
        text.parse::<i64>().expect("a number") as u32
    }

    /// Whether the account may sign in, by the directory's own mark.
    #[track_caller]
    pub(crate) fn enabled(&self) -> bool {
        match self.kind {
            Kind::OpenLdap => !self.has("pwdAccountLockedTime"),
            Kind::Samba => self.account_control() & 0x2 == 0,
            Kind::Ds389 => self.text("nsAccountLock").as_deref() != Some("true"),
        }
    }

    /// The members' DNs in lower case, sorted, without the placeholder that groupOfNames needs.
    pub(crate) fn members(&self) -> Vec<String> {
        let mut members: Vec<String> = self
            .texts("member")
            .into_iter()
            .map(|dn| dn.to_lowercase())
            .filter(|dn| !dn.is_empty() && !dn.starts_with("cn=empty-membership-placeholder"))
            .collect();
        members.sort();
        members
    }

    /// Every attribute but those that move with every write.
    pub(crate) fn without_bookkeeping(&self) -> BTreeMap<String, Vec<Vec<u8>>> {
        const BOOKKEEPING: &[&str] = &[
            "entrycsn",
            "modifytimestamp",
            "modifiersname",
            "usnchanged",
            "whenchanged",
            "dscorepropagationdata",
            "entryusn",
        ];
        let mut attributes = self.attributes.clone();
        attributes.retain(|name, _| !BOOKKEEPING.contains(&name.as_str()));
        attributes.values_mut().for_each(|values| values.sort());
        attributes
    }
}

impl std::fmt::Debug for Held {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(formatter, "{} ({})", self.dn, self.kind)?;
        for (name, values) in &self.attributes {
            for value in values {
                writeln!(formatter, "  {name}: {}", String::from_utf8_lossy(value))?;
            }
        }
        Ok(())
    }
}
