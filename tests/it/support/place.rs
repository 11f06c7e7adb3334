//! A corner of the directory that belongs to one test: OUs of its own, names of its own.

use futures_util::future::join_all;
use uuid::Uuid;

use super::admin::{Admin, Attributes, many, one, unicode_pwd};
use super::held::Held;
use super::lab::{Kind, Lab};

/// A password that the rules of both directories accept.
pub(crate) const GOOD_PASSWORD: &str = "Correct-Horse-7-Battery";

/// The test's own OU tree and the administrator's eyes on it.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) lab: &'static Lab,
    pub(crate) admin: Admin,
    /// Makes this test's names distinct: uniqueness rules of both directories span every test.
    pub(crate) tag: String,
    /// `ou=<tag>` below the lab's tenants.
    pub(crate) root: String,
    /// Where the bridge's users live.
    pub(crate) people: String,
    /// Where the bridge's groups live.
    pub(crate) groups: String,
    /// The bridge's account may write here, but no base of the bridge covers it.
    pub(crate) outside: String,
}

/// An entry made behind the bridge's back.
#[derive(Debug, Clone)]
pub(crate) struct Planted {
    pub(crate) dn: String,
    pub(crate) id: String,
    /// What SCIM calls `userName` or `displayName`.
    pub(crate) name: String,
}

impl Place {
    pub(crate) async fn new(kind: Kind) -> Place {
        let lab = Lab::of(kind);
        let admin = Admin::connect(lab).await;
        let tag = format!("t{}", &Uuid::new_v4().simple().to_string()[..7]);
        let root = format!("ou={tag},{}", lab.get("TENANTS_OU"));
        let place = Place {
            lab,
            admin,
            people: format!("ou=People,{root}"),
            groups: format!("ou=Groups,{root}"),
            outside: format!("ou=Outside,{root}"),
            root,
            tag,
        };
        place.plant_ou(&place.root).await;
        for ou in [&place.people, &place.groups, &place.outside] {
            place.plant_ou(ou).await;
        }
        place
    }

    pub(crate) fn kind(&self) -> Kind {
        self.lab.kind
    }

    pub(crate) async fn remove(&self) {
        self.admin.delete_tree(&self.root).await;
    }

    /// A userName that no other test uses: `ana.<tag>@example.test`.
    pub(crate) fn name(&self, first: &str) -> String {
        format!("{first}.{}@example.test", self.tag)
    }

    /// A group name that no other test uses: `Ops <tag>`.
    pub(crate) fn group_name(&self, first: &str) -> String {
        format!("{first} {}", self.tag)
    }

    /// The entry of a SCIM id, wherever it is; its absence fails the test.
    pub(crate) async fn held(&self, id: &str) -> Held {
        self.admin
            .by_id(id)
            .await
            .unwrap_or_else(|| panic!("the {} holds no entry {id}", self.kind()))
    }

    /// How many entries there are below a base.
    pub(crate) async fn count(&self, base: &str) -> usize {
        self.admin
            .find(base, "(!(objectClass=organizationalUnit))")
            .await
            .len()
    }

    /// Everything this test's corner holds, with all attributes but bookkeeping: to show that nothing changed.
    pub(crate) async fn everything(&self) -> Vec<Held> {
        let mut all = self.admin.find(&self.root, "(objectClass=*)").await;
        all.sort_by(|a, b| a.dn.cmp(&b.dn));
        all
    }

    pub(crate) async fn plant_ou(&self, dn: &str) {
        self.admin
            .add(dn, vec![("objectClass", one("organizationalUnit"))])
            .await;
    }

    /// An enabled user with [`GOOD_PASSWORD`], made by the administrator in any OU.
    pub(crate) async fn plant_user(&self, ou: &str, first: &str) -> Planted {
        let name = self.name(first);
        let account = format!("{first}.{}", self.tag);
        let (dn, attributes): (String, Attributes<'_>) = match self.kind() {
            Kind::OpenLdap | Kind::Ds389 => (
                format!("uid={name},{ou}"),
                vec![
                    ("objectClass", one("inetOrgPerson")),
                    ("uid", one(&name)),
                    ("cn", one(first)),
                    ("sn", one("Planted")),
                    ("userPassword", one(GOOD_PASSWORD)),
                ],
            ),
            Kind::Samba => (
                format!("CN={account},{ou}"),
                vec![
                    ("objectClass", one("user")),
                    ("sAMAccountName", one(&account)),
                    ("userPrincipalName", one(&name)),
                    ("givenName", one(first)),
                    ("sn", one("Planted")),
                    ("unicodePwd", unicode_pwd(GOOD_PASSWORD)),
                    ("userAccountControl", one("512")),
                ],
            ),
        };
        self.admin.add(&dn, attributes).await;
        self.planted(dn, name).await
    }

    /// So many users of the names `u0`, `u1`, …; quicker than one by one.
    pub(crate) async fn plant_users(&self, ou: &str, count: usize) -> Vec<Planted> {
        let mut planted = Vec::with_capacity(count);
        for some in (0..count).collect::<Vec<_>>().chunks(16) {
            let names: Vec<String> = some.iter().map(|number| format!("u{number}")).collect();
            planted.extend(join_all(names.iter().map(|name| self.plant_user(ou, name))).await);
        }
        planted
    }

    /// A group with these members (DNs), made by the administrator in any OU.
    pub(crate) async fn plant_group(&self, ou: &str, first: &str, members: &[&str]) -> Planted {
        let name = self.group_name(first);
        let dn = format!("cn={name},{ou}");
        let attributes: Attributes<'_> = match self.kind() {
            Kind::OpenLdap => {
                let members = if members.is_empty() {
                    vec![Vec::new()]
                } else {
                    many(members)
                };
                vec![
                    ("objectClass", one("groupOfNames")),
                    ("cn", one(&name)),
                    ("member", members),
                ]
            }
            Kind::Ds389 => {
                let mut attributes = vec![("objectClass", one("groupOfNames")), ("cn", one(&name))];
                if !members.is_empty() {
                    attributes.push(("member", many(members)));
                }
                attributes
            }
            Kind::Samba => {
                let mut attributes = vec![
                    ("objectClass", one("group")),
                    ("sAMAccountName", one(&name)),
                ];
                attributes.push(("groupType", one("-2147483646")));
                if !members.is_empty() {
                    attributes.push(("member", many(members)));
                }
                attributes
            }
        };
        self.admin.add(&dn, attributes).await;
        self.planted(dn, name).await
    }

    async fn planted(&self, dn: String, name: String) -> Planted {
        let held = self
            .admin
            .entry(&dn)
            .await
            .unwrap_or_else(|| panic!("`{dn}` was just added"));
        Planted {
            dn: held.dn.clone(),
            id: held.id(),
            name,
        }
    }
}
