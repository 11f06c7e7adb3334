//! Reading: references in each of the three ways, ranges, pages, limits.

use uuid::Uuid;

use super::ber;
use super::controls::{DEREF, DOMAIN_SCOPE, EXTENDED_DN, PAGED_RESULTS};
use super::deadline::Deadline;
use super::error::Error;
use super::fake::{
    Fake, Reply, Request, SEARCH, entry, found, pool, refused, result, settings, until,
};
use super::meaning::Meaning;
use super::pool::Pool;
use super::references::Wanted;
use super::search::{Found, Search};
use crate::ldap::{AttributeName, DirectoryKind, Dn, Entry, EntryName, Filter};

const MEMBER: AttributeName = AttributeName::known("member");
const ADA: &str = "20e1fb89-ba6c-4ab5-aaa1-87e371668646";

fn soon() -> Deadline {
    Deadline::after(std::time::Duration::from_secs(20))
}

fn group_with_members() -> Wanted {
    Wanted {
        attributes: vec![AttributeName::known("cn")],
        references: vec![MEMBER],
    }
}

async fn read(pool: &Pool, dn: &str, wanted: &Wanted) -> Result<Option<Entry>, Error> {
    pool.read_entry(
        &EntryName::Dn(Dn::parse(dn).unwrap()),
        &Filter::everything(),
        wanted,
        soon(),
    )
    .await
}

async fn search(pool: &Pool, limit: Option<usize>) -> Result<Found, Error> {
    let search = Search {
        base: Dn::parse("dc=e").unwrap(),
        filter: Filter::everything(),
        wanted: Wanted::nothing(),
        order: None,
        limit,
    };
    pool.search_entries(&search, soon()).await
}

fn asks(request: &Request) -> bool {
    request.operation == SEARCH && !request.name().is_empty()
}

#[tokio::test]
async fn what_is_not_there_is_nothing_and_what_is_refused_is_an_error() {
    let server = Fake::start(&[], |request: &Request| match request.name().as_str() {
        "cn=gone" => refused(request, 32, ""),
        "cn=other" => vec![Reply::Send(result(SEARCH, 0, ""), Vec::new())],
        "cn=secret" => refused(request, 50, "00002098: SecErr: DSID-03150F94"),
        _ => Vec::new(),
    })
    .await;
    let pool = pool(settings(DirectoryKind::OpenLdap, vec![server.url()]));
    assert_eq!(
        read(&pool, "cn=gone", &Wanted::nothing()).await.unwrap(),
        None
    );
    assert_eq!(
        read(&pool, "cn=other", &Wanted::nothing()).await.unwrap(),
        None
    );
    assert_eq!(
        read(&pool, "cn=secret", &Wanted::nothing())
            .await
            .unwrap_err()
            .meaning(),
        Some(Meaning::Denied)
    );
    assert_eq!(server.seen(SEARCH)[0].attributes(), ["1.1"]);
    assert_eq!(pool.round_trips(), 3);
}

#[tokio::test]
async fn active_directory_tells_the_ids_of_members_with_the_group_in_one_round_trip() {
    let ada = format!("<GUID={ADA}>;<SID=S-1-5-21-1-2-3-1104>;CN=Ada,DC=e");
    let server = Fake::start(&[EXTENDED_DN, DOMAIN_SCOPE], move |request: &Request| {
        if !asks(request) {
            return Vec::new();
        }
        assert_eq!(request.controls[EXTENDED_DN], [0x30, 3, 2, 1, 1]);
        found(
            "<GUID=00000000-0000-0000-0000-000000000001>;CN=G,DC=e",
            &[("cn", &["G"]), ("member", &[&ada])],
        )
    })
    .await;
    let pool = pool(settings(DirectoryKind::ActiveDirectory, vec![server.url()]));
    let group = read(&pool, "cn=g,dc=e", &group_with_members())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(group.dn.to_string(), "CN=G,DC=e");
    assert_eq!(group.references(&MEMBER)[0].id, Uuid::parse_str(ADA).ok());
    assert_eq!(pool.round_trips(), 1);
}

#[tokio::test]
async fn a_group_of_4000_comes_in_ranges_that_start_where_the_last_one_ended() {
    let member = |number: usize| {
        format!(
            "<GUID={}>;CN=u{number},DC=e",
            Uuid::from_u128(number as u128)
        )
    };
    let server = Fake::start(&[EXTENDED_DN], move |request: &Request| {
        if !asks(request) {
            return Vec::new();
        }
        let part = |from: usize, to: usize, name: &str| {
            let members: Vec<String> = (from..to).map(member).collect();
            let members: Vec<&str> = members.iter().map(String::as_str).collect();
            // With the control, the entry's own name has its id in front, too. In a request that is no name.
            let group = format!("<GUID={ADA}>;CN=g,DC=e");
            found(&group, &[("member", &[]), (name, &members)])
        };
        if request.name() != "cn=g,dc=e" {
            assert_eq!(request.name(), format!("<GUID={ADA}>"));
        }
        // A server that changes the size of its parts under way.
        match request.attributes().join(" ").as_str() {
            "cn member" => part(0, 1500, "member;range=0-1499"),
            "member;range=1500-*" => part(1500, 2000, "member;range=1500-1999"),
            "member;range=2000-*" => part(2000, 4000, "member;range=2000-*"),
            other => panic!("{other}"),
        }
    })
    .await;
    let pool = pool(settings(DirectoryKind::ActiveDirectory, vec![server.url()]));
    let group = read(&pool, "cn=g,dc=e", &group_with_members())
        .await
        .unwrap()
        .unwrap();
    let members = group.references(&MEMBER);
    assert_eq!(members.len(), 4000);
    assert!(
        members
            .iter()
            .enumerate()
            .all(|(number, member)| member.id == Some(Uuid::from_u128(number as u128)))
    );
    assert_eq!(pool.round_trips(), 3);
}

/// Deleted by others between two parts.
#[tokio::test]
async fn a_group_that_is_gone_before_its_last_members_came_is_no_entry() {
    let server = Fake::start(&[], |request: &Request| {
        match request.attributes().join(" ").as_str() {
            _ if !asks(request) => Vec::new(),
            "member" => found(&request.name(), &[("member;range=0-0", &["cn=a"])]),
            _ => refused(
                request,
                32,
                "0000208D: NameErr: DSID-03100241, problem 2001 (NO_OBJECT)",
            ),
        }
    })
    .await;
    let pool = pool(settings(DirectoryKind::ActiveDirectory, vec![server.url()]));
    let group = read(&pool, "cn=g", &Wanted::attributes([MEMBER])).await;
    assert_eq!(group.unwrap(), None);
}

/// OpenLDAP without its overlay deref. Taken for nobody, members would stay in a group that a PUT takes them out of.
#[tokio::test]
async fn whom_references_point_at_is_unknown_only_where_nobody_can_be_seen() {
    for (code, text, unseen) in [
        (32, "", true),
        (50, "", true),
        (10, "", true),
        (53, "no global superior knowledge", true),
        (3, "", false),
        (11, "", false),
        (51, "", false),
        (52, "", false),
        (80, "", false),
    ] {
        let server = Fake::start(&[], move |request: &Request| {
            match request.name().as_str() {
                "cn=g,dc=e" => found("cn=g,dc=e", &[("member", &["cn=a,dc=e"])]),
                "cn=a,dc=e" => refused(request, code, text),
                _ => Vec::new(),
            }
        })
        .await;
        let pool = pool(settings(DirectoryKind::OpenLdap, vec![server.url()]));
        let group = read(&pool, "cn=g,dc=e", &group_with_members()).await;
        match group {
            Ok(group) => {
                assert!(unseen, "{code}");
                assert_eq!(group.unwrap().references(&MEMBER)[0].id, None);
            }
            Err(error) => {
                assert!(!unseen, "{code}");
                assert!(matches!(error, Error::Unavailable { .. }), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn a_range_that_does_not_get_on_is_not_asked_for_for_ever() {
    let server = Fake::start(&[], |request: &Request| {
        if asks(request) {
            found(&request.name(), &[("member;range=0-0", &["cn=a"])])
        } else {
            Vec::new()
        }
    })
    .await;
    let pool = pool(settings(DirectoryKind::ActiveDirectory, vec![server.url()]));
    read(&pool, "cn=g", &Wanted::attributes([MEMBER]))
        .await
        .unwrap();
    assert!(server.seen(SEARCH).len() < 5);
}

#[tokio::test]
async fn openldap_tells_the_ids_of_members_in_a_control() {
    let server = Fake::start(&[DEREF], |request: &Request| {
        if !asks(request) {
            return Vec::new();
        }
        assert!(request.has(DEREF));
        let values = ber::sequence(vec![ber::octets(ADA)]);
        let mut list = ber::sequence(vec![ber::sequence(vec![ber::octets("entryUUID"), values])]);
        list.class = lber::common::TagClass::Context;
        list.id = 0;
        let line = ber::sequence(vec![
            ber::octets("member"),
            ber::octets("uid=ada,dc=e"),
            list,
        ]);
        let answer = ber::encode(ber::sequence(vec![line]));
        let group = entry(
            "cn=g,dc=e",
            &[("member", &["", "uid=ada,dc=e", "uid=gone,dc=e"])],
        );
        vec![
            Reply::Send(group, vec![(DEREF, answer)]),
            Reply::Send(result(SEARCH, 0, ""), Vec::new()),
        ]
    })
    .await;
    let pool = pool(settings(DirectoryKind::OpenLdap, vec![server.url()]));
    let group = read(&pool, "cn=g,dc=e", &group_with_members())
        .await
        .unwrap()
        .unwrap();
    let ids: Vec<Option<Uuid>> = group
        .references(&MEMBER)
        .iter()
        .map(|member| member.id)
        .collect();
    assert_eq!(
        ids,
        [Uuid::parse_str(ADA).ok(), None],
        "the placeholder is hidden, the dangling member is without id"
    );
    assert_eq!(pool.round_trips(), 1);
}

#[tokio::test]
async fn where_no_control_helps_one_search_resolves_all_references() {
    let server = Fake::start(&[], |request: &Request| match request.name().as_str() {
        "cn=g,dc=e" => found(
            "cn=g,dc=e",
            &[("member", &["uid=ada,ou=p,dc=e", "uid=bob,ou=p,dc=e"])],
        ),
        "ou=p,dc=e" => found("uid=ADA,ou=p,dc=e", &[("entryUUID", &[ADA])]),
        _ => Vec::new(),
    })
    .await;
    let pool = pool(settings(DirectoryKind::Ds389, vec![server.url()]));
    let group = read(&pool, "cn=g,dc=e", &group_with_members())
        .await
        .unwrap()
        .unwrap();
    let ids: Vec<Option<Uuid>> = group
        .references(&MEMBER)
        .iter()
        .map(|member| member.id)
        .collect();
    assert_eq!(ids, [Uuid::parse_str(ADA).ok(), None]);
    assert_eq!(pool.round_trips(), 2);
}

/// With one permit in all, a read that waited for a second one would wait for itself.
#[tokio::test]
async fn references_are_resolved_without_a_second_permit() {
    let server = Fake::start(&[PAGED_RESULTS], |request: &Request| {
        if request.attributes() == ["entryUUID"] {
            return found("uid=ada,ou=p,dc=e", &[("entryUUID", &[ADA])]);
        }
        if asks(request) {
            return found("cn=g,dc=e", &[("member", &["uid=ada,ou=p,dc=e"])]);
        }
        Vec::new()
    })
    .await;
    let mut settings = settings(DirectoryKind::OpenLdap, vec![server.url()]);
    settings.in_flight = 1;
    let pool = pool(settings);
    let (base, everything) = (Dn::parse("dc=e").unwrap(), Filter::everything());
    let wanted = group_with_members();
    let read = read(&pool, "cn=g,dc=e", &wanted).await.unwrap();
    let found = pool
        .find_entry(Uuid::from_u128(1), &base, &everything, &wanted, soon())
        .await
        .unwrap();
    let search = Search {
        base: base.clone(),
        filter: everything.clone(),
        wanted: wanted.clone(),
        order: None,
        limit: None,
    };
    let searched = pool.search_entries(&search, soon()).await.unwrap();
    for group in [read, found, searched.entries.into_iter().next()] {
        let group = group.unwrap();
        assert_eq!(group.references(&MEMBER)[0].id, Uuid::parse_str(ADA).ok());
    }
}

#[tokio::test]
async fn references_are_resolved_elsewhere_when_the_connection_is_lost_in_between() {
    let server = Fake::start(&[], |request: &Request| {
        match (request.name().as_str(), request.connection) {
            ("cn=g,dc=e", _) => found("cn=g,dc=e", &[("member", &["uid=ada,ou=p,dc=e"])]),
            ("uid=ada,ou=p,dc=e", 0) => vec![Reply::Close],
            ("uid=ada,ou=p,dc=e", _) => found("uid=ada,ou=p,dc=e", &[("entryUUID", &[ADA])]),
            _ => Vec::new(),
        }
    })
    .await;
    let mut settings = settings(DirectoryKind::OpenLdap, vec![server.url()]);
    settings.in_flight = 1;
    let pool = pool(settings);
    let group = read(&pool, "cn=g,dc=e", &group_with_members()).await;
    let group = group.unwrap().unwrap();
    assert_eq!(group.references(&MEMBER)[0].id, Uuid::parse_str(ADA).ok());
}

#[tokio::test]
async fn an_id_is_found_only_below_its_base() {
    let server = Fake::start(&[], |request: &Request| {
        if request.name().starts_with("<GUID=") {
            found("CN=Ada,OU=Out,DC=e", &[])
        } else {
            Vec::new()
        }
    })
    .await;
    let pool = pool(settings(DirectoryKind::ActiveDirectory, vec![server.url()]));
    let find = async |base: &str| {
        let base = Dn::parse(base).unwrap();
        pool.find_entry(
            Uuid::from_u128(1),
            &base,
            &Filter::everything(),
            &Wanted::nothing(),
            soon(),
        )
        .await
        .unwrap()
    };
    assert!(find("OU=Out,DC=e").await.is_some());
    assert_eq!(find("OU=In,DC=e").await, None);
}

#[tokio::test]
async fn five_hundred_ids_are_found_in_few_searches() {
    let server = Fake::start(&[], |request: &Request| {
        if asks(request) {
            found("uid=a,dc=e", &[])
        } else {
            Vec::new()
        }
    })
    .await;
    let pool = pool(settings(DirectoryKind::OpenLdap, vec![server.url()]));
    let ids: Vec<Uuid> = (0..500).chain(0..500).map(Uuid::from_u128).collect();
    let found = pool
        .find_entries(
            &ids,
            &Dn::parse("dc=e").unwrap(),
            &Filter::everything(),
            &Wanted::nothing(),
            soon(),
        )
        .await;
    // The same id is asked for once, and slapd likes short questions.
    assert_eq!((found.unwrap().len(), pool.round_trips()), (25, 25));
    let none = pool
        .find_entries(
            &[],
            &Dn::root(),
            &Filter::everything(),
            &Wanted::nothing(),
            soon(),
        )
        .await
        .unwrap();
    assert!(none.is_empty());
    assert_eq!(pool.round_trips(), 25, "nothing is asked for nothing");
}

/// A directory of so many entries that answers in pages; `limit` is its own.
async fn paged(entries: usize, limit: usize) -> Fake {
    Fake::start(&[PAGED_RESULTS], move |request: &Request| {
        if !asks(request) {
            return Vec::new();
        }
        let mut fields = ber::parts(ber::decode(&request.controls[PAGED_RESULTS]).unwrap())
            .unwrap()
            .into_iter();
        let size = ber::content(fields.next().unwrap())
            .unwrap()
            .iter()
            .fold(0, |sum, byte| sum * 256 + usize::from(*byte));
        let cookie = ber::text(fields.next().unwrap()).unwrap();
        let from: usize = match cookie.split_once('@') {
            None => 0,
            Some((connection, from)) => {
                if connection != request.connection.to_string() {
                    return refused(
                        request,
                        12,
                        "00000057: LdapErr: DSID-0C090850, comment: Error processing control",
                    );
                }
                from.parse().unwrap()
            }
        };
        if size == 0 {
            return vec![Reply::Send(result(SEARCH, 0, ""), Vec::new())];
        }
        let to = (from + size).min(entries).min(limit);
        let mut replies: Vec<Reply> = (from..to)
            .map(|number| Reply::Send(entry(format!("uid={number},dc=e"), &[]), Vec::new()))
            .collect();
        replies.push(Reply::Send(
            super::fake::application(19, vec![ber::octets("ldap://elsewhere")]),
            Vec::new(),
        ));
        let code = if to == limit && limit < entries { 4 } else { 0 };
        let next = if to < entries && code == 0 {
            format!("{}@{to}", request.connection)
        } else {
            String::new()
        };
        let control = ber::encode(ber::sequence(vec![ber::integer(0), ber::octets(next)]));
        replies.push(Reply::Send(
            result(SEARCH, code, ""),
            vec![(PAGED_RESULTS, control)],
        ));
        replies
    })
    .await
}

#[tokio::test]
async fn a_scan_reads_every_page_on_one_connection() {
    let server = paged(1700, usize::MAX).await;
    let mut settings = settings(DirectoryKind::OpenLdap, vec![server.url()]);
    settings.connections = 3;
    let pool = pool(settings);
    until(|| pool.health().connections == 3).await;
    let found = search(&pool, None).await.unwrap();
    assert_eq!((found.entries.len(), found.complete), (1700, true));
    assert_eq!(found.entries[1699].dn.to_string(), "uid=1699,dc=e");
    assert_eq!(pool.round_trips(), 2);
}

#[tokio::test]
async fn a_limit_stops_the_scan_and_says_whether_there_is_more() {
    let server = paged(1700, usize::MAX).await;
    let pool = pool(settings(DirectoryKind::OpenLdap, vec![server.url()]));
    for (limit, count, complete) in [
        (1, 1, false),
        (600, 600, false),
        (1700, 1700, true),
        (5000, 1700, true),
        (0, 0, false),
    ] {
        let found = search(&pool, Some(limit)).await.unwrap();
        assert_eq!(
            (found.entries.len(), found.complete),
            (count, complete),
            "{limit}"
        );
    }
    let released = |server: &Fake| {
        server
            .seen(SEARCH)
            .iter()
            .filter(|one| one.controls[PAGED_RESULTS][2..].starts_with(&[2, 1, 0]))
            .count()
    };
    until(|| released(&server) >= 1).await;
}

#[tokio::test]
async fn the_directory_s_own_limit_makes_an_answer_incomplete_and_no_error() {
    let server = paged(1700, 700).await;
    let pool = pool(settings(DirectoryKind::OpenLdap, vec![server.url()]));
    let found = search(&pool, None).await.unwrap();
    assert_eq!((found.entries.len(), found.complete), (700, false));
}

#[tokio::test]
async fn a_scan_whose_cookie_is_lost_begins_again_once() {
    let lost = std::sync::atomic::AtomicBool::new(false);
    let server = Fake::start(&[PAGED_RESULTS], move |request: &Request| {
        if !asks(request) {
            return Vec::new();
        }
        let first = request.controls[PAGED_RESULTS].ends_with(&[4, 0]);
        if first {
            let control = ber::encode(ber::sequence(vec![ber::integer(0), ber::octets("cookie")]));
            let page = entry("uid=first,dc=e", &[]);
            return vec![Reply::Send(page, Vec::new()), Reply::Send(result(SEARCH, 0, ""), vec![(PAGED_RESULTS, control)])];
        }
        if !lost.swap(true, std::sync::atomic::Ordering::SeqCst) {
            return refused(request, 12, "00000057: LdapErr: DSID-0C090850, comment: Error processing control, data 0, v4563");
        }
        found("uid=second,dc=e", &[])
    })
    .await;
    let pool = pool(settings(DirectoryKind::ActiveDirectory, vec![server.url()]));
    let found = search(&pool, None).await.unwrap();
    let names: Vec<String> = found
        .entries
        .iter()
        .map(|entry| entry.dn.to_string())
        .collect();
    assert_eq!(names, ["uid=first,dc=e", "uid=second,dc=e"]);
    assert_eq!(server.seen(SEARCH).len(), 4);
}

#[tokio::test]
async fn a_missing_base_is_told_apart_from_a_missing_entry() {
    let server = Fake::start(&[], |request: &Request| {
        if asks(request) {
            refused(request, 32, "")
        } else {
            Vec::new()
        }
    })
    .await;
    let pool = pool(settings(DirectoryKind::OpenLdap, vec![server.url()]));
    assert_eq!(
        search(&pool, None).await.unwrap_err().meaning(),
        Some(Meaning::ParentMissing)
    );
}

#[tokio::test]
async fn a_connection_that_lost_its_bind_is_replaced_and_the_read_answered() {
    let server = Fake::start(&[], |request: &Request| match request.connection {
        _ if !asks(request) => Vec::new(),
        0 => refused(request, 1, "000004DC: LdapErr: DSID-0C090A5C, comment: In order to perform this operation a successful bind must be completed"),
        _ => found(&request.name(), &[]),
    })
    .await;
    let pool = pool(settings(DirectoryKind::ActiveDirectory, vec![server.url()]));
    assert!(
        read(&pool, "cn=a", &Wanted::nothing())
            .await
            .unwrap()
            .is_some()
    );
}
