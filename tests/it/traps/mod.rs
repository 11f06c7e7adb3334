//! The directory room by itself, without SCIM on top, against real directories. What needs a directory that lies, hangs
//! or dies is tested beside the room's code, against a server that does so when told to.

use std::time::Duration;

use scimbridge::directory::{
    Bind, Deadline, Directory, Error, Meaning, ReadBack, Settings, Trust, Undo, Wanted,
};
use scimbridge::guard::{Facts, Fences, Guard, GuardedPlan, Plan, Step};
use scimbridge::ldap::{
    AttributeName, Change, Convergence, DirectoryKind, Dn, EntryName, Filter, Modification, Rdn,
    Target, Values,
};
use scimbridge::mapping::{Mapping, ReadContext, ReferenceTable, WriteContext};
use scimbridge::scim::Resource;

use crate::support::run::in_a_place;
use crate::support::{GOOD_PASSWORD, Kind, Place, both};

both!(places: [
    an_entry_is_added_read_back_and_found_by_its_id,
    a_group_comes_with_the_ids_of_its_members_in_one_round_trip,
    members_end_up_as_wished_whatever_they_were,
    a_refused_later_step_leaves_nothing_half_made,
    a_change_of_one_entry_leaves_another_that_got_its_name_as_it_was,
    start_tls_secures_the_plain_port,
    only_the_configured_authority_is_believed,
]);

const MEMBER: AttributeName = AttributeName::known("member");

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(90))
}

fn kind(place: &Place) -> DirectoryKind {
    match place.kind() {
        Kind::OpenLdap => DirectoryKind::OpenLdap,
        Kind::Samba => DirectoryKind::ActiveDirectory,
        Kind::Ds389 => DirectoryKind::Ds389,
    }
}

fn settings(place: &Place) -> Settings {
    let password = std::fs::read_to_string(place.lab.get("PASSWORD_FILE")).unwrap();
    let bind = Bind {
        dn: place.lab.get("BIND_DN").to_owned(),
        password: password.trim_end().to_owned().into(),
    };
    let urls = vec![place.lab.get("URL").to_owned()];
    let trust = Trust::Authorities(place.lab.ca());
    let mut settings = Settings::new(kind(place), urls, bind, trust);
    // Three directories and as many other tests as there is room for share the machine.
    settings.operation_timeout = Duration::from_secs(60);
    settings.connect_timeout = Duration::from_secs(30);
    settings
}

fn directory(settings: Settings) -> Directory {
    Directory::new(settings, tokio::runtime::Handle::current()).unwrap()
}

/// A plan judged by a guard that knows everything it names.
fn judged(place: &Place, steps: Vec<Step>, members: &[Dn]) -> GuardedPlan {
    let guard = Guard::new(Fences {
        bases: vec![Dn::parse(&place.root).unwrap()],
        ..Fences::default()
    });
    let known = |step: &Step| {
        let mut facts = Facts::new(step.change.dn().clone());
        facts.id = step.change.target().and_then(|target| target.guid);
        facts
    };
    let named = steps.iter().map(known);
    let facts: Vec<Facts> = named
        .chain(members.iter().cloned().map(Facts::new))
        .collect();
    guard.judge(Plan { steps }, &facts).unwrap()
}

fn user(place: &Place, name: &str) -> (Dn, Change) {
    let account = format!("{name}.{}", place.tag);
    let naming = place.kind().pick("uid", "cn");
    let rdn = Rdn::new(AttributeName::known(naming), account.clone());
    let dn = Dn::parse(&place.people).unwrap().child(rdn);
    let class = place.kind().pick("inetOrgPerson", "user");
    let account_name = place.kind().pick("uid", "sAMAccountName");
    let mut attributes = vec![
        (AttributeName::known("objectClass"), Values::one(class)),
        (AttributeName::known("cn"), Values::one(account.clone())),
        (AttributeName::known("sn"), Values::one("Trap")),
        (AttributeName::known(account_name), Values::one(account)),
    ];
    if place.kind() == Kind::Samba {
        attributes.push((
            AttributeName::known("userAccountControl"),
            Values::one("514"),
        ));
    }
    (dn.clone(), Change::Add { dn, attributes })
}

fn group(place: &Place, members: &[Dn]) -> (Dn, Change) {
    let name = format!("traps {}", place.tag);
    let rdn = Rdn::new(AttributeName::known("cn"), name.clone());
    let dn = Dn::parse(&place.groups).unwrap().child(rdn);
    let class = place.kind().pick("groupOfNames", "group");
    let mut values: Vec<Vec<u8>> = members
        .iter()
        .map(|dn| dn.to_string().into_bytes())
        .collect();
    let mut attributes = vec![
        (AttributeName::known("objectClass"), Values::one(class)),
        (AttributeName::known("cn"), Values::one(name.clone())),
    ];
    match place.kind() {
        Kind::OpenLdap => values.push(Vec::new()),
        Kind::Samba => attributes.push((AttributeName::known("sAMAccountName"), Values::one(name))),
        Kind::Ds389 => {}
    }
    attributes.push((MEMBER, Values::Plain(values)));
    (dn.clone(), Change::Add { dn, attributes })
}

async fn add_users(place: &Place, directory: &Directory, count: usize) -> Vec<Dn> {
    let mut users = Vec::new();
    for number in 0..count {
        let (dn, add) = user(place, &format!("u{number}"));
        directory
            .apply(&judged(place, vec![Step::new(add)], &[]), None, soon())
            .await
            .unwrap();
        users.push(dn);
    }
    users
}

async fn an_entry_is_added_read_back_and_found_by_its_id(place: &Place) {
    let directory = directory(settings(place));
    let (dn, add) = user(place, "ana");
    let wanted = Wanted::attributes([kind(place).id_attribute(), AttributeName::known("sn")]);
    let plan = judged(place, vec![Step::new(add)], &[]);
    let before = directory.round_trips();
    let applied = directory
        .apply(
            &plan,
            Some(ReadBack {
                wanted: wanted.clone(),
            }),
            soon(),
        )
        .await
        .unwrap();
    // OpenLDAP and 389 DS answer the entry with the add.
    assert_eq!(directory.round_trips() - before, place.kind().pick(1, 2));
    let id = applied.id.expect("the id of the new entry");
    assert_eq!(
        applied.entry.unwrap().text(&AttributeName::known("sn")),
        Some("Trap")
    );

    let found = async |base: &str| {
        let base = Dn::parse(base).unwrap();
        directory
            .find(id, &base, &Filter::everything(), &wanted, soon())
            .await
            .unwrap()
    };
    assert_eq!(found(&place.people).await.unwrap().dn, dn);
    assert_eq!(
        found(&place.groups).await,
        None,
        "nothing outside the base is found"
    );

    let again = directory.apply(&plan, None, soon()).await.unwrap_err();
    let taken = matches!(
        again.error.meaning(),
        Some(Meaning::NameTaken | Meaning::AccountNameTaken)
    );
    assert!(taken, "{again}");
}

async fn a_group_comes_with_the_ids_of_its_members_in_one_round_trip(place: &Place) {
    let directory = directory(settings(place));
    let users = add_users(place, &directory, 3).await;
    let (dn, add) = group(place, &users);
    directory
        .apply(&judged(place, vec![Step::new(add)], &users), None, soon())
        .await
        .unwrap();
    let wanted = Wanted {
        attributes: Vec::new(),
        references: vec![MEMBER],
    };
    let before = directory.round_trips();
    let read = directory
        .read(&EntryName::Dn(dn), &Filter::everything(), &wanted, soon())
        .await;
    let group = read.unwrap().unwrap();
    assert_eq!(directory.round_trips() - before, 1);
    let members = group.references(&MEMBER);
    assert_eq!(members.len(), 3, "the placeholder is hidden: {members:?}");
    assert!(
        members
            .iter()
            .all(|member| member.id.is_some() && users.contains(&member.dn))
    );
}

async fn members_end_up_as_wished_whatever_they_were(place: &Place) {
    let directory = directory(settings(place));
    let users = add_users(place, &directory, 5).await;
    let (dn, add) = group(place, &users[..1]);
    directory
        .apply(&judged(place, vec![Step::new(add)], &users), None, soon())
        .await
        .unwrap();
    let values =
        |dns: &[Dn]| Values::Plain(dns.iter().map(|dn| dn.to_string().into_bytes()).collect());
    let none: &[Dn] = &[];
    for (add, remove, left) in [
        (&users[..4], none, 4),
        (&users[..4], none, 4),
        (none, &users[4..], 4),
        (&users[4..], &users[..3], 2),
        (none, &users[2..], 0),
        (none, &users[..], 0),
    ] {
        let mut modifications = Vec::new();
        if !remove.is_empty() {
            modifications.push(Modification::delete(MEMBER, values(remove)));
        }
        if !add.is_empty() {
            modifications.push(Modification::add(MEMBER, values(add)));
        }
        let target = Target {
            dn: dn.clone(),
            guid: None,
        };
        let convergence = Convergence::Converge;
        let change = Change::Modify {
            target,
            modifications,
            assertion: None,
            convergence,
        };
        directory
            .apply(
                &judged(place, vec![Step::new(change)], &users),
                None,
                soon(),
            )
            .await
            .unwrap();
        let wanted = Wanted {
            attributes: Vec::new(),
            references: vec![MEMBER],
        };
        let name = EntryName::Dn(dn.clone());
        let group = directory
            .read(&name, &Filter::everything(), &wanted, soon())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            group.references(&MEMBER).len(),
            left,
            "+{} -{}",
            add.len(),
            remove.len()
        );
    }
}

async fn a_refused_later_step_leaves_nothing_half_made(place: &Place) {
    let directory = directory(settings(place));
    let (dn, add) = user(place, "half");
    let target = Target {
        dn: dn.clone(),
        guid: None,
    };
    let unknown = Modification::add(AttributeName::known("colour"), Values::one("red"));
    let refused = Change::Modify {
        target: target.clone(),
        modifications: vec![unknown],
        assertion: None,
        convergence: Convergence::Exact,
    };
    let steps = vec![
        Step::with_undo(
            add,
            Change::Delete {
                target,
                assertion: None,
            },
        ),
        Step::new(refused),
    ];
    let failed = directory
        .apply(&judged(place, steps, &[]), None, soon())
        .await
        .unwrap_err();
    // 389 DS says of an attribute that it does not know that the class does not allow it.
    let meaning = match place.kind() {
        Kind::Ds389 => Meaning::NotAllowedByClass,
        Kind::OpenLdap | Kind::Samba => Meaning::UnknownAttribute,
    };
    assert_eq!(failed.error.meaning(), Some(meaning), "{failed}");
    assert!(matches!(failed.undo, Undo::Done), "{failed}");
    assert_eq!(place.count(&place.people).await, 0);
}

/// What a request meets that read an entry just before it was renamed and somebody else got its name.
async fn a_change_of_one_entry_leaves_another_that_got_its_name_as_it_was(place: &Place) {
    let directory = directory(settings(place));
    let users = add_users(place, &directory, 2).await;
    let wanted = Wanted::attributes([kind(place).id_attribute()]);
    let read = directory
        .read(
            &EntryName::Dn(users[0].clone()),
            &Filter::everything(),
            &wanted,
            soon(),
        )
        .await;
    let guid = read.unwrap().unwrap().id(kind(place));
    let shown = users[1].to_string();
    let before = place.admin.entry(&shown).await.unwrap();
    let target = Target {
        dn: users[1].clone(),
        guid,
    };
    let naming = AttributeName::known(place.kind().pick("uid", "cn"));
    let rename = Change::Rename {
        target: target.clone(),
        rdn: Rdn::new(naming, format!("other.{}", place.tag)),
        delete_old_rdn: true,
        superior: None,
        assertion: None,
    };
    let modify = Change::Modify {
        target,
        modifications: vec![
            Modification::replace(AttributeName::known("sn"), Values::one("Other")),
            Modification::replace(AttributeName::known("title"), Values::one("Other")),
        ],
        assertion: None,
        convergence: Convergence::Exact,
    };
    for change in [rename, modify] {
        let by_id = place.kind() == Kind::Samba && matches!(change, Change::Modify { .. });
        let renamed = change.dn_afterwards().filter(|dn| dn != change.dn());
        let named: Vec<Dn> = renamed.into_iter().collect();
        let plan = judged(place, vec![Step::new(change)], &named);
        match directory.apply(&plan, None, soon()).await {
            // Active Directory finds the right one by its id.
            Ok(_) => assert!(by_id),
            Err(failed) => assert_eq!(failed.error.meaning(), Some(Meaning::NoSuchEntry)),
        }
        let after = place.admin.entry(&shown).await.unwrap();
        assert_eq!(
            after.without_bookkeeping(),
            before.clone().without_bookkeeping()
        );
    }
}

async fn start_tls_secures_the_plain_port(place: &Place) {
    let mut settings = settings(place);
    settings.urls = vec![place.lab.get("PLAIN_URL").to_owned()];
    settings.start_tls = true;
    let base = EntryName::Dn(Dn::parse(&place.people).unwrap());
    let directory = directory(settings);
    let read = directory
        .read(&base, &Filter::everything(), &Wanted::nothing(), soon())
        .await;
    assert!(read.unwrap().is_some());
}

async fn only_the_configured_authority_is_believed(place: &Place) {
    let mut settings = settings(place);
    settings.trust = Trust::Authorities(std::fs::read(place.lab.get("OTHER_CA")).unwrap());
    let directory = directory(settings);
    let refused = directory
        .capabilities(Deadline::after(Duration::from_secs(60)))
        .await
        .unwrap_err();
    assert!(matches!(refused, Error::Unavailable { .. }), "{refused}");
    assert!(refused.to_string().contains("certificate"), "{refused}");
    assert!(!directory.health().ready);
}

/// Whatever is to follow may never be sent: the lock must not depend on it.
#[test]
fn the_change_that_sets_a_password_keeps_the_lock_by_itself() {
    in_a_place(Kind::OpenLdap, a_password_and_nothing_more);
}

async fn a_password_and_nothing_more(place: &Place) {
    let directory = directory(settings(place));
    let mapping = Mapping::load("openldap", Mapping::builtin("openldap").unwrap()).unwrap();
    let of = mapping.resource("User").unwrap();
    let dn = add_users(place, &directory, 1).await.remove(0);
    let shown = dn.to_string();
    place
        .admin
        .set(&shown, "pwdAccountLockedTime", &["000001010000Z"])
        .await;

    let name = EntryName::Dn(dn.clone());
    let wanted = Wanted::from(of.update_plan(false));
    let before = directory
        .read(&name, &Filter::everything(), &wanted, soon())
        .await
        .unwrap()
        .unwrap();
    let context = ReadContext {
        base_url: "https://scim.example/v2",
        bases: &[],
    };
    let old = of.to_resource(&before, &context);
    let mut new = old.clone().into_map();
    new.insert("password".into(), GOOD_PASSWORD.into());
    let context = WriteContext {
        references: &ReferenceTable::default(),
        generated_password: None,
    };
    let difference = of
        .write_changes(&before, &old, &Resource::from_map(new), &context)
        .unwrap();
    let change = Change::Modify {
        target: Target { dn, guid: None },
        modifications: difference.modifications,
        assertion: None,
        convergence: Convergence::Exact,
    };
    directory
        .apply(&judged(place, vec![Step::new(change)], &[]), None, soon())
        .await
        .unwrap();

    let held = place.admin.entry(&shown).await.unwrap();
    assert!(!held.enabled(), "{held:?}");
    assert_ne!(place.admin.bind_as(&shown, GOOD_PASSWORD).await, 0);
    place
        .admin
        .set::<&str>(&shown, "pwdAccountLockedTime", &[])
        .await;
    assert_eq!(place.admin.bind_as(&shown, GOOD_PASSWORD).await, 0);
}
