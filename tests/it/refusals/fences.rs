//! Each rule of the guard with a request that it refuses.

use scimbridge::guard::{Attempt, Refusal, Rule};
use scimbridge::http::Fault;
use scimbridge::ldap::Dn;
use scimbridge::provisioning::Error;

use super::{Example, Row, documented, example, from_code, merged};
use crate::support::people::create_user;
use crate::support::run::in_a_place;
use crate::support::{Bridge, GOOD_PASSWORD, Kind, Options, Place};

const FENCED: (u16, &str) = (403, "");

const MEMBER: &str =
    r#"{"Operations":[{"op":"add","path":"members","value":[{"value":"{user}"}]}]}"#;
const TITLE: &str = r#"{"Operations":[{"op":"replace","path":"title","value":"0"}]}"#;

const fn delete(situation: &'static str) -> Example {
    example(FENCED, situation, "DELETE", "/Users/{fenced}", "")
}

#[test]
fn every_rule_with_what_it_refuses() {
    let mut told = Vec::new();
    for kind in [Kind::OpenLdap, Kind::Samba, Kind::Ds389] {
        in_a_place(kind, async |place: &Place| {
            let mut rows = everywhere(place).await;
            if kind == Kind::Samba {
                rows.extend(in_active_directory(place).await);
            }
            told.push((kind, rows));
        });
    }
    let rows = merged(told);
    let mut table = Vec::new();
    for rule in Rule::ALL {
        let mut of: Vec<Row> = rows
            .iter()
            .filter(|row| row[4].contains(&format!("The rule `{rule}`")))
            .cloned()
            .collect();
        if of.is_empty() {
            of.push(from_code(&refusal(rule), out_of_reach(rule)));
        }
        for mut row in of {
            row[0] = format!("`{rule}`");
            table.push(row);
        }
    }
    let headings = ["rule, 403", "kind", "situation", "request", "detail"];
    documented("## Fences", &headings, &table);
}

/// What would have to happen for a rule that no request reaches.
fn out_of_reach(rule: Rule) -> &'static str {
    match rule {
        Rule::OutsideBase => {
            "an entry outside the base; a client is told before that there is none (404)"
        }
        Rule::ForbiddenAttribute => {
            "the mapping writes an attribute that is never written; with such a mapping the bridge does not start"
        }
        Rule::UnknownTarget => "the bridge would write an entry that it has not read",
        _ => panic!("{rule} can be provoked"),
    }
}

fn refusal(rule: Rule) -> Fault {
    Fault::Service(Error::Refused(Refusal {
        rule,
        attempted: Attempt::Change,
        dn: Dn::parse("dc=example").unwrap(),
        attribute: None,
    }))
}

async fn everywhere(place: &Place) -> Vec<Row> {
    let mut rows = Vec::new();
    // The bridge's own account lies below its base, by a careless administrator's hand.
    let own = place.plant_user(&place.people, "bridge").await;
    let listed = place.plant_user(&place.people, "listed").await;
    let user = place.plant_user(&place.people, "user").await;
    let member = place.plant_user(&place.people, "member").await;
    let crew = place
        .plant_group(&place.groups, "Crew", &[&member.dn])
        .await;
    let options = Options::new()
        .with("guard.protected_entries", vec![listed.dn.as_str()])
        .with("guard.protected_groups", vec![crew.dn.as_str()])
        .with("directory.bind_dn", own.dn.as_str())
        .without("directory.bind_password_file")
        .with("directory.bind_password", GOOD_PASSWORD);
    let bridge = &Bridge::start(place, options).await;
    rows.push(
        delete("the entry stands in `protected_entries`")
            .row(bridge, &[("{fenced}", &listed.id)])
            .await,
    );
    rows.push(
        delete("a member of a group of `protected_groups`")
            .row(bridge, &[("{fenced}", &member.id)])
            .await,
    );
    let losing = place
        .plant_group(&place.groups, "Losing", &[&user.dn, &listed.dn])
        .await;
    let losing_row = example(
        FENCED,
        "a group of which such an entry is a member",
        "DELETE",
        "/Groups/{group}",
        "",
    );
    rows.push(losing_row.row(bridge, &[("{group}", &losing.id)]).await);
    let door = example(
        FENCED,
        "a new member of such a group",
        "PATCH",
        "/Groups/{crew}",
        MEMBER,
    );
    rows.push(
        door.row(bridge, &[("{crew}", &crew.id), ("{user}", &user.id)])
            .await,
    );
    rows.push(
        delete("the account that the bridge binds with")
            .row(bridge, &[("{fenced}", &own.id)])
            .await,
    );

    let open = format!("ou=Open,{}", place.people);
    place.plant_ou(&open).await;
    let options = Options::new()
        .with("guard.allowed", vec![open.as_str()])
        .with("resources.User.create_in", open.as_str());
    let bridge = &Bridge::start(place, options).await;
    let outside = delete("an entry below the base, in none of the OUs of `allowed`");
    rows.push(outside.row(bridge, &[("{fenced}", &user.id)]).await);
    rows
}

async fn in_active_directory(place: &Place) -> Vec<Row> {
    let mut rows = Vec::new();
    let olga = place.plant_user(&place.people, "olga").await;
    place.admin.set(&olga.dn, "adminCount", &["1"]).await;
    let bridge = &Bridge::start(place, Options::new()).await;
    rows.push(
        delete("`adminCount` is 1")
            .row(bridge, &[("{fenced}", &olga.id)])
            .await,
    );

    let users = format!("CN=Users,{}", place.lab.get("BASE"));
    let guest = place
        .admin
        .entry(&format!("CN=Guest,{users}"))
        .await
        .expect("every domain has it");
    let options = Options::new()
        .with("resources.User.base", users.as_str())
        .with("resources.User.create_in", users.as_str());
    let bridge = &Bridge::start(place, options).await;
    let known = delete("an account of every domain, here Guest");
    rows.push(known.row(bridge, &[("{fenced}", &guest.id())]).await);

    let options = Options::new().edit_mapping(
        "title = { ldap = \"title\", max_length = 128 }",
        "title = \"uidNumber\"",
    );
    let bridge = &Bridge::start(place, options).await;
    let ana = create_user(bridge, "ana").await;
    let change = example(
        FENCED,
        "the value gives rights, here `title` is `uidNumber`, and 0 is root",
        "PATCH",
        "/Users/{user}",
        TITLE,
    );
    rows.push(change.row(bridge, &[("{user}", &ana)]).await);
    bridge
        .generic()
        .delete(&format!("/Users/{ana}"))
        .await
        .no_content();
    rows
}
