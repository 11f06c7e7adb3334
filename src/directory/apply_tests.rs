//! Carrying out plans: what is sent, what is looked at when an answer is lost, what is undone.

use std::time::Duration;

use uuid::Uuid;

use super::apply::{Applied, ApplyError, ReadBack, Undo, carry_out};
use super::ber;
use super::controls::{ASSERTION, POST_READ, PRE_READ};
use super::deadline::Deadline;
use super::error::Error;
use super::fake::{
    ADD, DELETE, Fake, MODIFY, RENAME, Reply, Request, SEARCH, done, entry, found, pool, refused,
    result, settings,
};
use super::meaning::Meaning;
use super::references::Wanted;
use crate::guard::Step;
use crate::ldap::{
    AttributeName, Change, Convergence, DirectoryKind, Dn, Filter, Modification, Rdn, SecretBytes,
    Target, Values,
};

const CN: AttributeName = AttributeName::known("cn");
const MEMBER: AttributeName = AttributeName::known("member");

fn dn(text: &str) -> Dn {
    Dn::parse(text).unwrap()
}

fn target(text: &str) -> Target {
    Target {
        dn: dn(text),
        guid: None,
    }
}

fn add(name: &str) -> Change {
    let attributes = vec![
        (CN, Values::one("Ada")),
        (
            AttributeName::known("unicodePwd"),
            Values::Secret(SecretBytes::new(b"x".to_vec())),
        ),
    ];
    Change::Add {
        dn: dn(name),
        attributes,
    }
}

fn delete(name: &str) -> Change {
    Change::Delete {
        target: target(name),
        assertion: None,
    }
}

fn modify(name: &str, modifications: Vec<Modification>, convergence: Convergence) -> Change {
    Change::Modify {
        target: target(name),
        modifications,
        assertion: None,
        convergence,
    }
}

fn set_cn(name: &str) -> Change {
    modify(
        name,
        vec![Modification::replace(CN, Values::one("Ada"))],
        Convergence::Exact,
    )
}

pub(super) fn members(add: &[&str], remove: &[&str]) -> Change {
    let values =
        |dns: &[&str]| Values::Plain(dns.iter().map(|dn| dn.as_bytes().to_vec()).collect());
    let mut modifications = Vec::new();
    if !remove.is_empty() {
        modifications.push(Modification::delete(MEMBER, values(remove)));
    }
    if !add.is_empty() {
        modifications.push(Modification::add(MEMBER, values(add)));
    }
    modify("cn=g,dc=e", modifications, Convergence::Converge)
}

fn read_back() -> Option<ReadBack> {
    Some(ReadBack {
        wanted: Wanted::attributes([CN]),
    })
}

pub(super) async fn run(
    kind: DirectoryKind,
    server: &Fake,
    steps: Vec<Step>,
    read_back: Option<ReadBack>,
) -> Result<Applied, ApplyError> {
    let pool = pool(settings(kind, vec![server.url()]));
    let deadline = Deadline::after(Duration::from_secs(20));
    carry_out(pool, steps, read_back, deadline).await
}

/// The values of all modifications in a modify, as the server saw them.
pub(super) fn modified(request: &Request) -> Vec<(u8, Vec<String>)> {
    let list = ber::parts(ber::parts(request.body.clone()).unwrap().remove(1)).unwrap();
    list.into_iter()
        .map(|one| {
            let mut fields = ber::parts(one).unwrap();
            let (_, values) = super::decode::attribute(fields.remove(1)).unwrap();
            let mut values: Vec<String> = values
                .into_iter()
                .map(|value| String::from_utf8(value).unwrap())
                .collect();
            values.sort();
            (ber::content(fields.remove(0)).unwrap()[0], values)
        })
        .collect()
}

#[tokio::test]
async fn a_directory_with_post_read_answers_an_add_in_one_round_trip() {
    let server = Fake::start(&[POST_READ], |request: &Request| {
        if request.operation != ADD {
            return Vec::new();
        }
        assert!(request.has(POST_READ));
        let id = Uuid::from_u128(7).to_string();
        let after = ber::encode(entry(
            "cn=ada,dc=e",
            &[("cn", &["Ada"]), ("entryUUID", &[&id])],
        ));
        vec![Reply::Send(result(ADD, 0, ""), vec![(POST_READ, after)])]
    })
    .await;
    let applied = run(
        DirectoryKind::OpenLdap,
        &server,
        vec![Step::new(add("cn=ada,dc=e"))],
        read_back(),
    )
    .await
    .unwrap();
    assert_eq!(applied.id, Some(Uuid::from_u128(7)));
    assert_eq!(applied.entry.unwrap().text(&CN), Some("Ada"));
    assert!(server.seen(SEARCH).is_empty());
}

#[tokio::test]
async fn elsewhere_the_entry_is_read_under_the_name_it_ends_up_with() {
    let server = Fake::start(&[], |request: &Request| match request.operation {
        RENAME | MODIFY => done(request),
        SEARCH if request.name() == "cn=Ada,dc=e" => found("cn=Ada,dc=e", &[("cn", &["Ada"])]),
        SEARCH if !request.name().is_empty() => refused(request, 32, ""),
        _ => Vec::new(),
    })
    .await;
    let rename = Change::Rename {
        target: target("cn=ada old,dc=e"),
        rdn: Rdn::new(CN, "Ada"),
        delete_old_rdn: true,
        superior: None,
        assertion: None,
    };
    let steps = vec![Step::new(rename), Step::new(set_cn("cn=Ada,dc=e"))];
    let applied = run(DirectoryKind::ActiveDirectory, &server, steps, read_back())
        .await
        .unwrap();
    assert_eq!(applied.entry.unwrap().dn.to_string(), "cn=Ada,dc=e");
}

#[tokio::test]
async fn when_a_later_step_is_refused_the_earlier_ones_are_taken_back() {
    let server = Fake::start(&[], |request: &Request| match request.operation {
        ADD | DELETE => done(request),
        MODIFY => refused(
            request,
            53,
            "0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0",
        ),
        _ => Vec::new(),
    })
    .await;
    let steps = vec![
        Step::with_undo(add("cn=ada,dc=e"), delete("cn=ada,dc=e")),
        Step::new(set_cn("cn=ada,dc=e")),
    ];
    let failed = run(DirectoryKind::ActiveDirectory, &server, steps, None)
        .await
        .unwrap_err();
    assert_eq!(failed.error.meaning(), Some(Meaning::PasswordPolicy));
    assert_eq!(failed.step, 1);
    assert!(matches!(failed.undo, Undo::Done));
    assert_eq!(server.seen(DELETE)[0].name(), "cn=ada,dc=e");
}

#[tokio::test]
async fn an_undo_that_fails_is_said() {
    let server = Fake::start(&[], |request: &Request| match request.operation {
        ADD => done(request),
        MODIFY | DELETE => refused(request, 50, "00002098: SecErr"),
        _ => Vec::new(),
    })
    .await;
    let steps = vec![
        Step::with_undo(add("cn=ada,dc=e"), delete("cn=ada,dc=e")),
        Step::new(set_cn("cn=ada,dc=e")),
    ];
    let failed = run(DirectoryKind::ActiveDirectory, &server, steps, None)
        .await
        .unwrap_err();
    assert!(matches!(failed.undo, Undo::Failed(_)));
    assert!(
        failed
            .to_string()
            .contains("undoing the completed steps failed"),
        "{failed}"
    );
}

/// A server that takes one request of this kind, says nothing and hangs up; afterwards searches are answered so.
async fn forgetful(
    operation: u64,
    afterwards: impl Fn(&Request) -> Vec<Reply> + Send + Sync + 'static,
) -> Fake {
    Fake::start(&[], move |request: &Request| match request.operation {
        kind if kind == operation => vec![Reply::Close],
        SEARCH if !request.name().is_empty() => afterwards(request),
        _ => Vec::new(),
    })
    .await
}

#[tokio::test]
async fn an_add_whose_answer_is_lost_is_a_success_when_the_entry_is_there() {
    let Change::Add { dn, mut attributes } = add("cn=ada,dc=e") else {
        unreachable!()
    };
    attributes.pop();
    let open = Change::Add { dn, attributes };
    let server = forgetful(ADD, |request| found(&request.name(), &[("cn", &["ada"])])).await;
    let kind = DirectoryKind::OpenLdap;
    let steps = || vec![Step::new(open.clone())];
    let applied = run(kind, &server, steps(), read_back()).await.unwrap();
    assert!(applied.entry.is_some());
    assert_eq!(server.seen(ADD).len(), 1, "an add is never sent twice");
    let unread = run(kind, &server, steps(), None).await.unwrap();
    assert_eq!(unread.entry, None, "nobody wants to see it");

    // Whoever made it, a later step that is refused must not delete it.
    let steps = vec![
        Step::with_undo(open, delete("cn=ada,dc=e")),
        Step::new(set_cn("cn=ada,dc=e")),
    ];
    let failed = run(kind, &server, steps, read_back()).await.unwrap_err();
    assert!(
        matches!(failed.error, Error::OutcomeUnknown { .. }),
        "{failed:?}"
    );
    assert!(server.seen(DELETE).is_empty() && server.seen(MODIFY).is_empty());
}

/// Two requests for one person with two passwords: the entry that is found is the other's, and so is its password.
#[tokio::test]
async fn an_add_with_a_password_whose_answer_is_lost_is_unknown_though_an_equal_entry_is_there() {
    let server = forgetful(ADD, |request| found(&request.name(), &[("cn", &["ada"])])).await;
    let steps = vec![Step::new(add("cn=ada,dc=e"))];
    let kind = DirectoryKind::ActiveDirectory;
    let failed = run(kind, &server, steps, read_back()).await.unwrap_err();
    assert!(
        matches!(failed.error, Error::OutcomeUnknown { .. }),
        "{failed:?}"
    );
}

#[tokio::test]
async fn an_add_whose_answer_is_lost_is_unknown_when_the_entry_is_not_there_and_is_not_repeated() {
    let server = forgetful(ADD, |request| refused(request, 32, "")).await;
    let failed = run(
        DirectoryKind::OpenLdap,
        &server,
        vec![Step::new(add("cn=ada,dc=e"))],
        None,
    )
    .await
    .unwrap_err();
    assert!(
        matches!(&failed.error, Error::OutcomeUnknown { dn, .. } if dn == "cn=ada,dc=e"),
        "{failed}"
    );
    assert_eq!(server.seen(ADD).len(), 1);
}

#[tokio::test]
async fn lost_answers_to_other_changes_are_settled_by_a_look() {
    let there = |name: &'static str| {
        move |request: &Request| {
            if request.name() == name {
                found(name, &[("cn", &["Ada"])])
            } else {
                refused(request, 32, "")
            }
        }
    };
    let rename = |from: &str| Change::Rename {
        target: target(from),
        rdn: Rdn::new(CN, "Ada"),
        delete_old_rdn: true,
        superior: None,
        assertion: None,
    };
    let kind = DirectoryKind::OpenLdap;

    let server = forgetful(DELETE, there("cn=other,dc=e")).await;
    run(kind, &server, vec![Step::new(delete("cn=ada,dc=e"))], None)
        .await
        .unwrap();
    let server = forgetful(DELETE, there("cn=ada,dc=e")).await;
    assert!(
        run(kind, &server, vec![Step::new(delete("cn=ada,dc=e"))], None)
            .await
            .is_err()
    );

    let server = forgetful(RENAME, there("cn=Ada,dc=e")).await;
    run(kind, &server, vec![Step::new(rename("cn=old,dc=e"))], None)
        .await
        .unwrap();
    let server = forgetful(RENAME, there("cn=old,dc=e")).await;
    assert!(
        run(kind, &server, vec![Step::new(rename("cn=old,dc=e"))], None)
            .await
            .is_err()
    );

    let server = forgetful(MODIFY, there("cn=ada,dc=e")).await;
    run(kind, &server, vec![Step::new(set_cn("cn=ada,dc=e"))], None)
        .await
        .unwrap();
    let other = vec![Modification::replace(CN, Values::one("Grace"))];
    let failed = run(
        kind,
        &server,
        vec![Step::new(modify("cn=ada,dc=e", other, Convergence::Exact))],
        None,
    )
    .await;
    assert!(matches!(
        failed.unwrap_err().error,
        Error::OutcomeUnknown { .. }
    ));
}

#[tokio::test]
async fn a_secret_whose_answer_is_lost_is_unknown_and_earlier_steps_stand() {
    let server = Fake::start(&[], |request: &Request| match request.operation {
        ADD | DELETE => done(request),
        MODIFY => vec![Reply::Close],
        SEARCH if !request.name().is_empty() => found(&request.name(), &[]),
        _ => Vec::new(),
    })
    .await;
    let secret = vec![Modification::replace(
        AttributeName::known("unicodePwd"),
        Values::Secret(SecretBytes::new(b"x".to_vec())),
    )];
    let steps = vec![
        Step::with_undo(add("cn=ada,dc=e"), delete("cn=ada,dc=e")),
        Step::new(modify("cn=ada,dc=e", secret, Convergence::Exact)),
    ];
    let failed = run(DirectoryKind::ActiveDirectory, &server, steps, None)
        .await
        .unwrap_err();
    assert!(
        matches!(failed.error, Error::OutcomeUnknown { .. }) && matches!(failed.undo, Undo::Kept),
        "{failed:?}"
    );
    assert!(server.seen(DELETE).is_empty());
}

#[tokio::test]
async fn what_is_not_there_is_told_from_what_is_denied() {
    for (there, meaning) in [(true, Meaning::Denied), (false, Meaning::NoSuchEntry)] {
        let server = Fake::start(&[], move |request: &Request| match request.operation {
            MODIFY => refused(request, 50, ""),
            SEARCH if request.name().is_empty() => Vec::new(),
            SEARCH if there => found("cn=ada,dc=e", &[]),
            SEARCH => refused(request, 32, ""),
            _ => Vec::new(),
        })
        .await;
        let steps = vec![Step::new(set_cn("cn=ada,dc=e"))];
        let failed = run(DirectoryKind::Ds389, &server, steps, None)
            .await
            .unwrap_err();
        assert_eq!(failed.error.meaning(), Some(meaning), "{failed}");
        assert_eq!(server.seen(MODIFY).len(), 1);
    }
}

#[tokio::test]
async fn a_write_is_not_sent_when_there_is_no_connection() {
    let server = Fake::start(&[], |_: &Request| Vec::new()).await;
    server.stop();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let failed = run(
        DirectoryKind::OpenLdap,
        &server,
        vec![Step::new(delete("cn=ada,dc=e"))],
        None,
    )
    .await
    .unwrap_err();
    assert!(
        matches!(failed.error, Error::Unavailable { .. }),
        "{failed}"
    );
}

#[tokio::test]
async fn an_assertion_goes_as_a_critical_control_to_every_server() {
    let condition = Some(Filter::equal(CN, "Ada"));
    let change = |assertion| Change::Modify {
        target: target("cn=ada,dc=e"),
        modifications: vec![Modification::replace(CN, Values::one("Grace"))],
        assertion,
        convergence: Convergence::Exact,
    };
    for controls in [&[ASSERTION][..], &[]] {
        let server = Fake::start(controls, |request: &Request| {
            if request.operation == MODIFY {
                refused(request, 122, "")
            } else {
                Vec::new()
            }
        })
        .await;
        let steps = vec![Step::new(change(condition.clone()))];
        let failed = run(DirectoryKind::OpenLdap, &server, steps, None)
            .await
            .unwrap_err();
        assert_eq!(failed.error.meaning(), Some(Meaning::AssertionFailed));
        assert!(server.seen(MODIFY)[0].has(ASSERTION));
        assert!(server.seen(SEARCH).is_empty());
    }
}

/// The deleteOldRDN of a rename (RFC 4511 §4.9).
fn drops_old(request: &Request) -> bool {
    let old = ber::parts(request.body.clone()).unwrap().remove(2);
    ber::content(old).unwrap() != [0]
}

/// 389 DS: the entry that has the name by now gets back what it had, and the change counts as not done.
#[tokio::test]
async fn a_change_that_met_another_entry_is_taken_back_from_it() {
    let (meant, met) = (Uuid::from_u128(7), Uuid::from_u128(8));
    let answer = move |request: &Request| {
        let name = request.name();
        let id = met.to_string();
        let before = entry(name.as_str(), &[("entryUUID", &[&id]), ("cn", &["Bo"])]);
        vec![Reply::Send(
            result(request.operation, 0, ""),
            vec![(PRE_READ, ber::encode(before))],
        )]
    };
    let one = |change: Change| async move {
        let server = Fake::start(&[PRE_READ], move |request: &Request| {
            match request.operation {
                MODIFY | RENAME | DELETE if request.has(PRE_READ) => answer(request),
                MODIFY | RENAME => done(request),
                _ => Vec::new(),
            }
        })
        .await;
        let failed = run(DirectoryKind::Ds389, &server, vec![Step::new(change)], None).await;
        let failed = failed.unwrap_err();
        assert_eq!(failed.error.meaning(), Some(Meaning::NoSuchEntry));
        server
    };
    let target = Target {
        dn: dn("cn=ada,dc=e"),
        guid: Some(meant),
    };
    let change = |modifications, convergence| Change::Modify {
        target: target.clone(),
        modifications,
        assertion: None,
        convergence,
    };
    let server = one(change(
        vec![Modification::replace(CN, Values::one("Ada"))],
        Convergence::Exact,
    ))
    .await;
    let sent = server.seen(MODIFY);
    assert_eq!(sent.len(), 2);
    assert_eq!(modified(&sent[1]), [(2, vec!["Bo".into()])]);

    let joins = Modification::add(MEMBER, Values::one("cn=eve,dc=e"));
    let server = one(change(vec![joins], Convergence::Converge)).await;
    let sent = server.seen(MODIFY);
    assert_eq!(modified(&sent[1]), [(1, vec!["cn=eve,dc=e".into()])]);

    let server = one(Change::Rename {
        target: target.clone(),
        rdn: Rdn::new(CN, "grace"),
        delete_old_rdn: true,
        superior: None,
        assertion: None,
    })
    .await;
    let back = &server.seen(RENAME)[1];
    assert_eq!(
        (back.name().as_str(), drops_old(back)),
        ("cn=grace,dc=e", true)
    );

    // It was called that, too.
    let server = one(Change::Rename {
        target: target.clone(),
        rdn: Rdn::new(CN, "bo"),
        delete_old_rdn: true,
        superior: None,
        assertion: None,
    })
    .await;
    let back = &server.seen(RENAME)[1];
    assert_eq!(
        (back.name().as_str(), drops_old(back)),
        ("cn=bo,dc=e", false)
    );

    let server = one(Change::Delete {
        target,
        assertion: None,
    })
    .await;
    assert_eq!(server.seen(DELETE).len(), 1);
}

#[tokio::test]
async fn a_write_that_is_not_answered_leaves_time_to_look_what_became_of_it() {
    let server = Fake::start(&[], |request: &Request| match request.operation {
        MODIFY => vec![Reply::Wait(Duration::from_secs(30))],
        SEARCH if !request.name().is_empty() => found(&request.name(), &[("cn", &["Ada"])]),
        _ => Vec::new(),
    })
    .await;
    let begun = std::time::Instant::now();
    let steps = vec![Step::new(set_cn("cn=ada,dc=e"))];
    run(DirectoryKind::OpenLdap, &server, steps, None)
        .await
        .expect("the entry is as it should be");
    // The operation's own patience is five seconds, the whole request's twenty.
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(server.seen(MODIFY).len(), 1);
}
