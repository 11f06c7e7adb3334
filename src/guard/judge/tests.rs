//! Each rule, told as the attack it stops.

mod knowledge;
mod values;

use std::borrow::Borrow;

use super::*;
use crate::ldap::Sid;

const DOMAIN: &str = "S-1-5-21-10-20-30";

fn dn(text: &str) -> Dn {
    Dn::parse(text).unwrap()
}

fn name(text: &'static str) -> AttributeName {
    AttributeName::known(text)
}

fn sid(rid: u32) -> Sid {
    Sid::parse(DOMAIN).unwrap().with_rid(rid).unwrap()
}

/// The fences of a domain whose bridge may write in two OUs.
fn guard() -> Guard {
    Guard::new(Fences {
        bases: vec![dn("DC=example")],
        allowed: vec![dn("OU=People,DC=example"), dn("OU=Groups,DC=example")],
        protected_entries: vec![dn("CN=Chief,OU=People,DC=example")],
        protected_groups: vec![
            dn("CN=Domain Admins,CN=Users,DC=example"),
            dn("CN=Tier0,OU=Groups,DC=example"),
        ],
        protected_group_sids: [sid(512), sid(2000)].into(),
        protected_members: Default::default(),
        own_account: Some(dn("CN=svc-scim,OU=People,DC=example")),
        by_id: Default::default(),
        membership: vec![name("roleOccupant")],
    })
}

fn person(cn: &str) -> Facts {
    Facts {
        sid: Some(sid(1104)),
        primary_group_rid: Some(513),
        ..Facts::new(dn(&format!("CN={cn},OU=People,DC=example")))
    }
}

fn group(cn: &str) -> Facts {
    Facts {
        sid: Some(sid(1200)),
        ..Facts::new(dn(&format!("CN={cn},OU=Groups,DC=example")))
    }
}

fn target(facts: &Facts) -> Target {
    Target {
        dn: facts.dn.clone(),
        guid: facts.id,
    }
}

fn modify(facts: &Facts, modifications: Vec<Modification>) -> Change {
    Change::Modify {
        target: target(facts),
        modifications,
        assertion: None,
        convergence: Convergence::Exact,
    }
}

fn set(facts: &Facts, attribute: &'static str, value: &str) -> Change {
    modify(
        facts,
        vec![Modification::replace(name(attribute), Values::one(value))],
    )
}

fn flags(facts: &Facts, old: &str, new: &str) -> Change {
    let attribute = || name("userAccountControl");
    let modifications = vec![
        Modification::delete(attribute(), Values::one(old)),
        Modification::add(attribute(), Values::one(new)),
    ];
    modify(facts, modifications)
}

fn join(group: &Facts, member: &str) -> Change {
    modify(
        group,
        vec![Modification::add(name("member"), Values::one(member))],
    )
}

fn rename(facts: &Facts, cn: &str, superior: Option<&str>) -> Change {
    let rdn = Rdn::new(name("CN"), cn);
    Change::Rename {
        target: target(facts),
        rdn,
        delete_old_rdn: true,
        superior: superior.map(dn),
        assertion: None,
    }
}

fn add(at: &str, attributes: Vec<(AttributeName, Values)>) -> Change {
    Change::Add {
        dn: dn(at),
        attributes,
    }
}

fn verdict(
    changes: impl IntoIterator<Item = Change>,
    told: impl IntoIterator<Item = impl Borrow<Facts>>,
) -> Result<(), Rule> {
    let plan = Plan {
        steps: changes.into_iter().map(Step::new).collect(),
    };
    let facts: Vec<Facts> = told
        .into_iter()
        .map(|facts| facts.borrow().clone())
        .collect();
    guard()
        .judge(plan, &facts)
        .map(|_| ())
        .map_err(|refusal| refusal.rule)
}

const NOBODY: [Facts; 0] = [];

#[test]
fn daily_work_passes() {
    let (ada, staff) = (person("Ada"), group("Staff"));
    let password = Values::Secret(b"secret".to_vec().into());
    let changes = [
        set(&ada, "displayName", "Ada"),
        modify(
            &ada,
            vec![Modification::replace(name("unicodePwd"), password)],
        ),
        flags(&ada, "512", "514"),
        join(&staff, &ada.dn.to_string()),
        rename(&ada, "Ada King", None),
        add(
            "CN=New,OU=Groups,DC=example",
            vec![(name("groupType"), Values::one("-2147483646"))],
        ),
        Change::Delete {
            target: target(&staff),
            assertion: None,
        },
    ];
    assert_eq!(verdict(changes, &[ada, staff]), Ok(()));
    assert_eq!(verdict([], NOBODY), Ok(()));
}

#[test]
fn outside_base_a_stranger_cannot_be_changed_deleted_or_created() {
    let stranger = Facts::new(dn("CN=Ada,DC=elsewhere"));
    let told = [stranger.clone()];
    assert_eq!(
        verdict([set(&stranger, "sn", "x")], &told),
        Err(Rule::OutsideBase)
    );
    assert_eq!(
        verdict(
            [Change::Delete {
                target: target(&stranger),
                assertion: None
            }],
            NOBODY
        ),
        Err(Rule::OutsideBase)
    );
    assert_eq!(
        verdict([add("CN=x,DC=elsewhere", vec![])], NOBODY),
        Err(Rule::OutsideBase)
    );
    let staff = group("Staff");
    assert_eq!(
        verdict(
            [join(&staff, "CN=Ada,DC=elsewhere")],
            &[staff.clone(), stranger]
        ),
        Err(Rule::OutsideBase)
    );
    let nowhere = Guard::new(Fences::default());
    let plan = Plan {
        steps: vec![set(&staff, "description", "x").into()],
    };
    assert_eq!(
        nowhere.judge(plan, &[staff]).unwrap_err().rule,
        Rule::OutsideBase
    );
}

#[test]
fn outside_allowed_ous_a_user_cannot_be_moved_out_or_created() {
    let ada = person("Ada");
    let moved = rename(&ada, "Ada", Some("OU=Servers,DC=example"));
    assert_eq!(verdict([moved], [&ada]), Err(Rule::OutsideAllowedOus));
    let escaped = rename(&ada, "Ada", Some("OU=People,DC=elsewhere"));
    assert_eq!(verdict([escaped], [&ada]), Err(Rule::OutsideBase));
    let kept = rename(&ada, "Ada", Some("OU=Berlin,OU=People,DC=example"));
    assert_eq!(verdict([kept], &[ada]), Ok(()));
    assert_eq!(
        verdict([add("CN=x,CN=Users,DC=example", vec![])], NOBODY),
        Err(Rule::OutsideAllowedOus)
    );
    let server = Facts::new(dn("CN=Db,OU=Servers,DC=example"));
    assert_eq!(
        verdict([set(&server, "sn", "x")], [&server]),
        Err(Rule::OutsideAllowedOus)
    );
}

#[test]
fn protected_entry_cannot_be_touched_nor_its_name_taken() {
    let (chief, ada) = (person("Chief"), person("Ada"));
    assert_eq!(
        verdict([set(&chief, "sn", "x")], [&chief]),
        Err(Rule::ProtectedEntry)
    );
    assert_eq!(
        verdict([rename(&ada, "chief", None)], &[ada]),
        Err(Rule::ProtectedEntry)
    );
    assert_eq!(
        verdict([add("CN=CHIEF,OU=People,DC=example", vec![])], NOBODY),
        Err(Rule::ProtectedEntry)
    );
    assert_eq!(
        verdict([add("CN=x,CN=Chief,OU=People,DC=example", vec![])], NOBODY),
        Err(Rule::ProtectedEntry)
    );
}

#[test]
fn protected_entry_includes_the_ou_a_fence_stands_on() {
    let people = Facts::new(dn("OU=People,DC=example"));
    let told = [people.clone()];
    assert_eq!(
        verdict(
            [Change::Delete {
                target: target(&people),
                assertion: None
            }],
            &told
        ),
        Err(Rule::ProtectedEntry)
    );
    assert_eq!(
        verdict([rename(&people, "Nobody", None)], &told),
        Err(Rule::ProtectedEntry)
    );
}

#[test]
fn protected_group_nobody_is_added_to_domain_admins() {
    let ada = person("Ada");
    let admins = Facts {
        sid: Some(sid(512)),
        ..Facts::new(dn("CN=Domain Admins,CN=Users,DC=example"))
    };
    let change = join(&admins, &ada.dn.to_string());
    assert_eq!(
        verdict([change.clone()], &[admins, ada.clone()]),
        Err(Rule::ProtectedGroup)
    );
    // Not even when nothing is told of the group but its name.
    assert_eq!(verdict([change], &[ada]), Err(Rule::ProtectedGroup));
}

#[test]
fn protected_group_nobody_is_added_to_a_group_nested_in_one() {
    let ada = person("Ada");
    let directly = Facts {
        member_of: vec![dn("cn=domain admins,cn=users,dc=example")],
        ..group("Helpers")
    };
    let deeply = Facts {
        token_groups: vec![sid(1300), sid(2000)],
        ..group("Helpers")
    };
    let in_builtin = Facts {
        token_groups: vec![Sid::parse("S-1-5-32-548").unwrap()],
        ..group("Helpers")
    };
    for helpers in [directly, deeply, in_builtin] {
        let change = join(&helpers, &ada.dn.to_string());
        assert_eq!(
            verdict([change], &[helpers, ada.clone()]),
            Err(Rule::ProtectedGroup)
        );
    }
    let everybody = Facts {
        token_groups: vec![sid(513), Sid::parse("S-1-5-32-545").unwrap()],
        ..group("Helpers")
    };
    assert_eq!(
        verdict([join(&everybody, &ada.dn.to_string())], &[everybody, ada]),
        Ok(())
    );
}

#[test]
fn protected_group_an_administrators_password_cannot_be_reset() {
    let by_link = Facts {
        member_of: vec![dn("CN=Tier0,OU=Groups,DC=example")],
        ..person("Eve")
    };
    let by_primary_group = Facts {
        primary_group_rid: Some(512),
        ..person("Eve")
    };
    // No configuration names Enterprise Admins here.
    let by_unconfigured_primary_group = Facts {
        primary_group_rid: Some(519),
        ..person("Eve")
    };
    let by_own_primary_group = Facts {
        primary_group_rid: Some(2000),
        ..person("Eve")
    };
    for eve in [
        by_link,
        by_primary_group,
        by_unconfigured_primary_group,
        by_own_primary_group,
    ] {
        let password = Values::Secret(b"mine".to_vec().into());
        let reset = modify(
            &eve,
            vec![Modification::replace(name("unicodePwd"), password)],
        );
        assert_eq!(verdict([reset], [&eve]), Err(Rule::ProtectedGroup));
        assert_eq!(
            verdict(
                [Change::Delete {
                    target: target(&eve),
                    assertion: None
                }],
                &[eve]
            ),
            Err(Rule::ProtectedGroup)
        );
    }
}

#[test]
fn privileged_account_with_admin_count_cannot_be_disabled_or_made_a_member() {
    let eve = Facts {
        admin_count: true,
        ..person("Eve")
    };
    let staff = group("Staff");
    assert_eq!(
        verdict([flags(&eve, "512", "514")], [&eve]),
        Err(Rule::PrivilegedAccount)
    );
    let change = join(&staff, &eve.dn.to_string());
    assert_eq!(
        verdict([change], &[staff, eve]),
        Err(Rule::PrivilegedAccount)
    );
}

#[test]
fn well_known_account_administrator_gets_no_new_password_wherever_it_was_moved() {
    let administrator = Facts {
        sid: Some(sid(500)),
        ..person("Renamed Administrator")
    };
    let password = Values::Secret(b"mine".to_vec().into());
    let reset = modify(
        &administrator,
        vec![Modification::replace(name("unicodePwd"), password)],
    );
    assert_eq!(
        verdict([reset], &[administrator]),
        Err(Rule::WellKnownAccount)
    );
    let operators = Facts {
        sid: Some(Sid::parse("S-1-5-32-548").unwrap()),
        ..group("Account Operators")
    };
    let ada = person("Ada");
    let change = join(&operators, &ada.dn.to_string());
    assert_eq!(
        verdict([change], &[operators, ada]),
        Err(Rule::WellKnownAccount)
    );
}

#[test]
fn own_account_cannot_be_locked_out_or_promoted() {
    let (own, staff) = (person("svc-scim"), group("Staff"));
    assert_eq!(
        verdict([flags(&own, "512", "514")], [&own]),
        Err(Rule::OwnAccount)
    );
    let change = join(&staff, "cn=SVC-SCIM,ou=people,dc=example");
    assert_eq!(verdict([change], &[staff, own]), Err(Rule::OwnAccount));
}
