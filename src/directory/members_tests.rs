//! Changes of members: what is so already, what is sent again, what stands when a batch fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use uuid::Uuid;

use super::apply::Undo;
use super::apply_tests::{members, modified, run};
use super::controls::{MATCHED_VALUES, PERMISSIVE_MODIFY, PRE_READ};
use super::error::Error;
use super::fake::{Fake, MODIFY, Reply, Request, SEARCH, done, found, refused, result};
use super::meaning::Meaning;
use crate::guard::Step;
use crate::ldap::{Change, DirectoryKind};

#[tokio::test]
async fn members_already_present_are_success_in_one_round_trip_where_the_control_is_honoured() {
    let server = Fake::start(&[PERMISSIVE_MODIFY], |request: &Request| {
        if request.operation == MODIFY {
            done(request)
        } else {
            Vec::new()
        }
    })
    .await;
    run(
        DirectoryKind::OpenLdap,
        &server,
        vec![Step::new(members(&["uid=ada,dc=e"], &[]))],
        None,
    )
    .await
    .unwrap();
    assert!(server.seen(MODIFY)[0].has(PERMISSIVE_MODIFY));
    assert!(server.seen(SEARCH).is_empty());
}

#[tokio::test]
async fn where_a_present_member_fails_the_whole_change_only_what_is_missing_is_sent_again() {
    let server = Fake::start(&[PERMISSIVE_MODIFY], |request: &Request| match request.operation {
        MODIFY if modified(request).iter().any(|(_, values)| values.contains(&"CN=a,DC=e".to_owned())) => {
            refused(request, 68, "Attribute member already exists for target GUID 20e1fb89-ba6c-4ab5-aaa1-87e371668646")
        }
        MODIFY => done(request),
        // The look: the group, then who of the three says that it is a member.
        SEARCH if request.name() == "cn=g,dc=e" => found("CN=g,DC=e", &[]),
        SEARCH if request.name() == "dc=e" => found("CN=A,DC=e", &[]),
        _ => Vec::new(),
    })
    .await;
    let change = members(&["CN=a,DC=e", "CN=b,DC=e", "CN=c,DC=e"], &[]);
    run(
        DirectoryKind::ActiveDirectory,
        &server,
        vec![Step::new(change)],
        None,
    )
    .await
    .unwrap();
    let sent = server.seen(MODIFY);
    assert_eq!(sent.len(), 2);
    assert_eq!(
        modified(&sent[1]),
        [(0, vec!["CN=b,DC=e".to_owned(), "CN=c,DC=e".to_owned()])]
    );
}

#[tokio::test]
async fn removing_the_absent_and_adding_the_present_alone_changes_nothing_and_succeeds() {
    let server = Fake::start(&[], |request: &Request| match request.operation {
        MODIFY => refused(
            request,
            53,
            "Attribute member doesn't exist for target GUID 20e1fb89-ba6c-4ab5-aaa1-87e371668646",
        ),
        SEARCH if !request.name().is_empty() => {
            vec![Reply::Send(result(SEARCH, 0, ""), Vec::new())]
        }
        _ => Vec::new(),
    })
    .await;
    run(
        DirectoryKind::ActiveDirectory,
        &server,
        vec![Step::new(members(&[], &["CN=a,DC=e"]))],
        None,
    )
    .await
    .unwrap();
    assert_eq!(server.seen(MODIFY).len(), 1);
}

#[tokio::test]
async fn the_wrong_direction_is_no_success() {
    // The server says "exists", but the look says that the member is not there: something else is wrong.
    let server = Fake::start(&[], |request: &Request| match request.operation {
        MODIFY => refused(request, 68, ""),
        SEARCH if !request.name().is_empty() => {
            vec![Reply::Send(result(SEARCH, 0, ""), Vec::new())]
        }
        _ => Vec::new(),
    })
    .await;
    let failed = run(
        DirectoryKind::ActiveDirectory,
        &server,
        vec![Step::new(members(&["CN=a,DC=e"], &[]))],
        None,
    )
    .await;
    assert!(matches!(failed.unwrap_err().error, Error::Refused(_)));
    assert_eq!(
        server.seen(MODIFY).len(),
        2,
        "once more, in case somebody else was at it"
    );
}

#[tokio::test]
async fn a_member_change_whose_answer_is_lost_is_completed_with_what_is_missing() {
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let server = Fake::start(&[], move |request: &Request| match request.operation {
        MODIFY if count.fetch_add(1, Ordering::SeqCst) == 0 => vec![Reply::Close],
        MODIFY => done(request),
        SEARCH if !request.name().is_empty() => found("cn=g,dc=e", &[("member", &["uid=a,dc=e"])]),
        _ => Vec::new(),
    })
    .await;
    run(
        DirectoryKind::OpenLdap,
        &server,
        vec![Step::new(members(&["uid=a,dc=e", "uid=b,dc=e"], &[]))],
        None,
    )
    .await
    .unwrap();
    let sent = server.seen(MODIFY);
    assert_eq!(modified(&sent[1]), [(0, vec!["uid=b,dc=e".to_owned()])]);
}

#[tokio::test]
async fn the_last_member_of_a_group_without_placeholder_leaves_one_behind() {
    let server = Fake::start(&[PERMISSIVE_MODIFY], |request: &Request| {
        match request.operation {
            MODIFY if modified(request).len() == 1 => refused(
                request,
                65,
                "object class 'groupOfNames' requires attribute 'member'",
            ),
            MODIFY => done(request),
            _ => Vec::new(),
        }
    })
    .await;
    run(
        DirectoryKind::OpenLdap,
        &server,
        vec![Step::new(members(&[], &["uid=a,dc=e"]))],
        None,
    )
    .await
    .unwrap();
    assert_eq!(
        modified(&server.seen(MODIFY)[1]),
        [(0, vec![String::new()]), (1, vec!["uid=a,dc=e".to_owned()])]
    );
}

#[tokio::test]
async fn members_in_batches_that_fail_half_way_say_so() {
    let sent = AtomicUsize::new(0);
    let server = Fake::start(&[], move |request: &Request| match request.operation {
        MODIFY if sent.fetch_add(1, Ordering::SeqCst) == 0 => done(request),
        MODIFY => refused(request, 50, "00002098: SecErr"),
        _ => Vec::new(),
    })
    .await;
    let many: Vec<String> = (0..1500)
        .map(|number| format!("uid={number},dc=e"))
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let failed = run(
        DirectoryKind::OpenLdap,
        &server,
        vec![Step::new(members(&many, &[]))],
        None,
    )
    .await
    .unwrap_err();
    assert!(
        matches!(failed.undo, Undo::Kept) && failed.to_string().contains("stand"),
        "{failed}"
    );
}

#[tokio::test]
async fn of_a_large_group_only_the_values_in_question_are_read() {
    let server = Fake::start(&[MATCHED_VALUES], |request: &Request| {
        match request.operation {
            MODIFY if modified(request)[0].1.len() == 2 => {
                refused(request, 16, "modify/delete: member: no such value")
            }
            MODIFY => done(request),
            SEARCH if request.has(MATCHED_VALUES) => {
                found("cn=g,dc=e", &[("member", &["uid=b,dc=e"])])
            }
            _ => Vec::new(),
        }
    })
    .await;
    let change = members(&[], &["uid=a,dc=e", "uid=b,dc=e"]);
    run(
        DirectoryKind::OpenLdap,
        &server,
        vec![Step::new(change)],
        None,
    )
    .await
    .unwrap();
    assert_eq!(
        modified(&server.seen(MODIFY)[1]),
        [(1, vec!["uid=b,dc=e".to_owned()])]
    );
    assert_eq!(server.seen(SEARCH).len(), 1);
}

/// 389 DS: another group has the name of the one that was meant by now. What is so already of that one is no success, and
/// what is changed of it has to be what it did not have before.
#[tokio::test]
async fn of_another_group_nothing_is_believed_and_nothing_taken_that_it_had() {
    for code in [20, 16] {
        let server =
            Fake::start(
                &[PRE_READ, PERMISSIVE_MODIFY],
                move |request: &Request| match request.operation {
                    MODIFY => refused(request, code, ""),
                    // Nothing of this name has the id.
                    SEARCH if !request.name().is_empty() => {
                        vec![Reply::Send(result(SEARCH, 0, ""), Vec::new())]
                    }
                    _ => Vec::new(),
                },
            )
            .await;
        for many in [&["uid=a,dc=e"][..], &["uid=a,dc=e", "uid=b,dc=e"]] {
            let (add, remove) = if code == 20 {
                (many, &[][..])
            } else {
                (&[][..], many)
            };
            let mut change = members(add, remove);
            if let Change::Modify { target, .. } = &mut change {
                target.guid = Some(Uuid::from_u128(7));
            }
            let run = run(DirectoryKind::Ds389, &server, vec![Step::new(change)], None);
            let failed = run.await.unwrap_err();
            assert_eq!(failed.error.meaning(), Some(Meaning::NoSuchEntry));
        }
        for sent in server.seen(MODIFY) {
            assert!(sent.has(PRE_READ) && !sent.has(PERMISSIVE_MODIFY));
        }
    }
}
