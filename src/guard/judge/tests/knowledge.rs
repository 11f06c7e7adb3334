//! What must be known before anything is written, and how a plan goes on from step to step.

use super::*;

#[test]
fn unknown_target_what_nobody_has_told_of_is_not_written() {
    let (ada, staff) = (person("Ada"), group("Staff"));
    assert_eq!(
        verdict([set(&ada, "sn", "x")], NOBODY),
        Err(Rule::UnknownTarget)
    );
    assert_eq!(
        verdict([rename(&ada, "x", None)], NOBODY),
        Err(Rule::UnknownTarget)
    );
    assert_eq!(
        verdict(
            [Change::Delete {
                target: target(&ada),
                assertion: None
            }],
            NOBODY
        ),
        Err(Rule::UnknownTarget)
    );
    let known = [staff.clone()];
    assert_eq!(
        verdict([join(&staff, &ada.dn.to_string())], &known),
        Err(Rule::UnknownTarget)
    );
    for member in [
        "<SID=S-1-5-21-10-20-30-512>",
        "<GUID=x>",
        "nobody",
        " ",
        "<GUID=00000000-0000-0000-0000-000000000007>;CN=Ada,OU=People,DC=example",
    ] {
        assert_eq!(
            verdict([join(&staff, member)], &known),
            Err(Rule::UnknownTarget),
            "{member}"
        );
    }
    let unreadable = Facts {
        unreadable: true,
        ..ada
    };
    assert_eq!(
        verdict([set(&unreadable, "sn", "x")], [&unreadable]),
        Err(Rule::UnknownTarget)
    );
}

#[test]
fn unknown_target_members_nobody_named_are_not_swept_away() {
    let staff = group("Staff");
    for modification in [
        Modification::replace(name("member"), Values::none()),
        Modification::replace(name("member"), Values::one("")),
        Modification::delete(name("uniqueMember"), Values::none()),
        Modification::delete(name("roleOccupant"), Values::none()),
    ] {
        assert_eq!(
            verdict([modify(&staff, vec![modification])], [&staff]),
            Err(Rule::UnknownTarget)
        );
    }
}

#[test]
fn unknown_target_an_id_must_be_that_of_the_entry_that_was_judged() {
    let ada = Facts {
        id: Some(Uuid::from_u128(7)),
        ..person("Ada")
    };
    let eve = Facts {
        id: Some(Uuid::from_u128(8)),
        admin_count: true,
        ..person("Eve")
    };
    let swapped = |id| Change::Modify {
        target: Target {
            dn: ada.dn.clone(),
            guid: Some(Uuid::from_u128(id)),
        },
        modifications: vec![],
        assertion: None,
        convergence: Convergence::Exact,
    };
    let told = [ada.clone(), eve];
    assert_eq!(verdict([swapped(7)], &told), Ok(()));
    assert_eq!(verdict([swapped(8)], &told), Err(Rule::PrivilegedAccount));
    assert_eq!(verdict([swapped(9)], &told), Err(Rule::UnknownTarget));
    let other = Facts {
        id: Some(Uuid::from_u128(9)),
        ..ada.clone()
    };
    assert_eq!(
        verdict([swapped(7)], &[told[0].clone(), other]),
        Err(Rule::UnknownTarget)
    );
}

#[test]
fn members_by_id_are_judged_like_members_by_name() {
    let ada = Facts {
        id: Some(Uuid::from_u128(7)),
        ..person("Ada")
    };
    let eve = Facts {
        id: Some(Uuid::from_u128(8)),
        admin_count: true,
        ..person("Eve")
    };
    let staff = group("Staff");
    let by_id = |id| {
        join(
            &staff,
            &crate::ldap::EntryName::Guid(Uuid::from_u128(id)).to_string(),
        )
    };
    let told = [staff.clone(), ada, eve.clone()];
    assert_eq!(verdict([by_id(7)], &told), Ok(()));
    assert_eq!(verdict([by_id(9)], &told), Err(Rule::UnknownTarget));
    let refusal = guard()
        .judge(
            Plan {
                steps: vec![by_id(8).into()],
            },
            &told,
        )
        .unwrap_err();
    assert_eq!(refusal.rule, Rule::PrivilegedAccount);
    assert_eq!(refusal.dn, eve.dn);
    assert_eq!(refusal.attribute, Some(name("member")));
}

#[test]
fn the_placeholder_of_an_empty_group_is_nobody() {
    let staff = group("Staff");
    let modifications = vec![
        Modification::add(name("member"), Values::one("")),
        Modification::delete(name("member"), Values::one("")),
    ];
    assert_eq!(verdict([modify(&staff, modifications)], &[staff]), Ok(()));
    let created = add(
        "CN=New,OU=Groups,DC=example",
        vec![(name("member"), Values::one(""))],
    );
    assert_eq!(verdict([created], NOBODY), Ok(()));
}

#[test]
fn a_new_group_cannot_smuggle_a_fenced_member_in() {
    let eve = Facts {
        admin_count: true,
        ..person("Eve")
    };
    let created = |member: &Facts| {
        add(
            "CN=New,OU=Groups,DC=example",
            vec![(name("roleOccupant"), Values::one(member.dn.to_string()))],
        )
    };
    assert_eq!(
        verdict([created(&eve)], [&eve]),
        Err(Rule::PrivilegedAccount)
    );
    assert_eq!(verdict([created(&person("Ada"))], &[person("Ada")]), Ok(()));
}

#[test]
fn what_a_plan_creates_or_renames_it_may_go_on_with() {
    let new = Facts::new(dn("CN=New,OU=People,DC=example"));
    let (ada, staff) = (person("Ada"), group("Staff"));
    let renamed = Facts {
        dn: dn("CN=Ada King,OU=People,DC=example"),
        ..ada.clone()
    };
    let changes = [
        add(
            "CN=New,OU=People,DC=example",
            vec![(name("userAccountControl"), Values::one("514"))],
        ),
        flags(&new, "514", "512"),
        join(&staff, &new.dn.to_string()),
        rename(&ada, "Ada King", None),
        set(&renamed, "displayName", "Ada King"),
    ];
    assert_eq!(verdict(changes, &[ada.clone(), staff]), Ok(()));
    let eve = Facts {
        admin_count: true,
        ..ada
    };
    assert_eq!(
        verdict([rename(&eve, "x", None)], &[eve]),
        Err(Rule::PrivilegedAccount)
    );
    // In the order of the plan: nothing may be done to an entry before it is created.
    assert_eq!(
        verdict(
            [
                flags(&new, "514", "512"),
                add("CN=New,OU=People,DC=example", vec![])
            ],
            NOBODY
        ),
        Err(Rule::UnknownTarget)
    );
}

#[test]
fn an_undo_stays_inside_the_fences_too() {
    let (ada, chief) = (person("Ada"), person("Chief"));
    let judge = |change: Change, undo: Change| {
        let plan = Plan {
            steps: vec![Step::with_undo(change, undo)],
        };
        guard()
            .judge(plan, &[ada.clone(), chief.clone()])
            .map(|_| ())
            .map_err(|refusal| refusal.rule)
    };
    let new = Facts::new(dn("CN=New,OU=People,DC=example"));
    let create = || add("CN=New,OU=People,DC=example", vec![]);
    assert_eq!(
        judge(
            create(),
            Change::Delete {
                target: target(&new),
                assertion: None
            }
        ),
        Ok(())
    );
    assert_eq!(
        judge(
            create(),
            Change::Delete {
                target: target(&chief),
                assertion: None
            }
        ),
        Err(Rule::ProtectedEntry)
    );
    let renamed = Facts {
        dn: dn("CN=Ada King,OU=People,DC=example"),
        ..ada.clone()
    };
    assert_eq!(
        judge(
            rename(&ada, "Ada King", None),
            rename(&renamed, "Ada", None)
        ),
        Ok(())
    );
    let away = rename(&renamed, "Ada", Some("CN=Users,DC=example"));
    assert_eq!(
        judge(rename(&ada, "Ada King", None), away),
        Err(Rule::OutsideAllowedOus)
    );
    assert_eq!(
        judge(flags(&ada, "512", "514"), flags(&ada, "514", "4194816")),
        Err(Rule::ForbiddenFlag)
    );
}

#[test]
fn a_guarded_plan_is_the_plan_that_was_judged() {
    let ada = person("Ada");
    let mut plan = Plan::empty();
    assert!(plan.is_empty());
    plan.push(set(&ada, "displayName", "Ada"));
    let guarded = guard().judge(plan.clone(), &[ada]).unwrap();
    assert_eq!(guarded.plan(), &plan);
    assert_eq!(guarded.steps().len(), 1);
    assert!(
        guarded
            .plan()
            .to_ldif()
            .contains("replace: displayName\ndisplayName: Ada\n-\n")
    );
}

#[test]
fn ten_thousand_members_are_judged_in_one_go() {
    let staff = group("Staff");
    let mut facts = vec![staff.clone()];
    facts.extend((0..10_000).map(|number| person(&format!("Person {number}"))));
    let members = facts
        .iter()
        .skip(1)
        .map(|facts| facts.dn.to_string().into_bytes())
        .collect();
    let change = modify(
        &staff,
        vec![Modification::add(name("member"), Values::Plain(members))],
    );
    assert_eq!(verdict([change], &facts), Ok(()));
}

#[test]
fn what_is_fenced_by_id_is_fenced_whatever_it_is_called() {
    let id = Uuid::from_u128(7);
    let guard = Guard::new(Fences {
        bases: vec![dn("DC=example")],
        by_id: [(id, Rule::ProtectedEntry)].into(),
        ..Fences::default()
    });
    let mut olga = person("Olga");
    let judge = |facts: &Facts| {
        let change = set(facts, "title", "x");
        let plan = Plan {
            steps: vec![change.into()],
        };
        guard.judge(plan, std::slice::from_ref(facts)).map(drop)
    };
    assert_eq!(judge(&olga), Ok(()));
    olga.id = Some(id);
    assert_eq!(judge(&olga).unwrap_err().rule, Rule::ProtectedEntry);
}
