//! The grammar, its laws, and evaluation in memory.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::scim::fixtures::{user, users};
use crate::scim::path::Path;
use crate::scim::schema::ENTERPRISE_URN;
use crate::scim::{Dialect, Resource};

fn parse(text: &str) -> Filter {
    Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> String {
    let error = Filter::parse(text).expect_err(text.get(..80).unwrap_or(text));
    assert_eq!(
        (error.status, error.scim_type.map(|one| one.name())),
        (400, Some("invalidFilter"))
    );
    assert!(error.detail.len() < 400, "{error}");
    error.detail
}

#[test]
fn what_identity_providers_send_is_read() {
    for (text, printed) in [
        ("userName eq \"ana@example.com\"", None),
        ("userName Eq \"ana\"", Some("userName eq \"ana\"")),
        (
            "email CO \"ana\" AND title pr",
            Some("email co \"ana\" and title pr"),
        ),
        (
            "emails[type eq \"work\"].value eq \"x\"",
            Some("emails[type eq \"work\" and value eq \"x\"]"),
        ),
        (
            "emails[type eq \"work\" or primary eq true].value sw \"x\"",
            Some("emails[(type eq \"work\" or primary eq true) and value sw \"x\"]"),
        ),
        ("id eq \"1\" and manager eq \"2\"", None),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq \"2\"",
            None,
        ),
        ("not(title pr)", Some("not (title pr)")),
        ("NOT  ( title pr )", Some("not (title pr)")),
        (
            "a eq 1 or b eq -2.5e3 and c eq null",
            Some("a eq 1 or b eq -2500.0 and c eq null"),
        ),
        ("(a eq 1 or b eq 2) and c ne false", None),
        (
            "  a   eq   \"x y)]\\\" \\u00e9\"  ",
            Some("a eq \"x y)]\\\" é\""),
        ),
        ("not pr", None),
        ("and eq 1", None),
        ("meta.lastModified ge \"2011-05-13T04:42:34Z\"", None),
    ] {
        assert_eq!(parse(text).to_string(), printed.unwrap_or(text));
    }
}

#[test]
fn and_binds_closer_than_or() {
    let Filter::Or(parts) = parse("a pr and b pr or c pr and not (d pr)") else {
        panic!("an or at the top")
    };
    assert_eq!(parts.len(), 2);
    assert!(matches!(&parts[0], Filter::And(both) if both.len() == 2));
}

#[test]
fn a_mistake_is_shown_where_it_is() {
    for (text, mention) in [
        (
            "",
            "position 1 of the filter: expected an attribute, found the end",
        ),
        ("userName", "position 9 of the filter: expected an operator"),
        (
            "userName is \"x\"",
            "position 10 of the filter: expected an operator (eq, ne, co, sw, ew, pr, gt, ge, lt, le), found `is \"x\"`",
        ),
        (
            "userName eq ana",
            "position 13 of the filter: expected a value: text in double quotes",
        ),
        ("active eq True", "expected a value"),
        ("userName eq \"ana", "closing double quote"),
        ("userName eq \"a\\x\"", "not a JSON string"),
        ("userName eq \"\\ud800\"", "not a JSON string"),
        ("userName eq \"a\\u0000b\"", "NUL"),
        ("userName eq \"a\"b", "position 16"),
        ("userName eq \"a\" title pr", "`and`, `or` or the end"),
        ("(userName pr", "expected `)`, found the end"),
        ("emails[type eq \"work\"", "expected `]`"),
        (
            "emails[type eq \"work\"] eq \"x\"",
            "`and`, `or` or the end",
        ),
        ("emails[a[b pr]]", "do not nest"),
        ("emails[urn:x:y eq 1]", "sub-attribute's name alone"),
        ("*)(uid=* eq \"x\"", "At position 1"),
        ("a.b.c pr", "not an attribute path"),
        ("active gt true", "use eq or ne"),
        ("a eq 1e999", "expected a value"),
    ] {
        let detail = refused(text);
        assert!(detail.contains(mention), "{text}: {detail}");
    }
}

#[test]
fn hostile_filters_end_quickly() {
    assert!(refused(&"(".repeat(10_000)).contains("deeper than 50"));
    assert!(refused(&"not (".repeat(10_000)).contains("deeper than 50"));
    assert!(refused(&"x".repeat(100_000)).contains("65536"));
    assert!(refused(&format!("a eq \"{}", "x".repeat(60_000))).contains("closing"));
    let wide = vec!["a pr"; 8_000].join(" or ");
    assert_eq!(parse(&wide).size(), 8_001);
    let deep = format!("{}a pr{}", "(".repeat(50), ")".repeat(50));
    assert_eq!(parse(&deep).to_string(), "a pr");
}

#[test]
fn paths_are_read_with_and_without_brackets() {
    for text in [
        "userName",
        "name.givenName",
        "members[value eq \"x\"]",
        "emails[type eq \"work\" and not (primary eq true)].value",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.$ref",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        "urn:ietf:params:scim:schemas:core:2.0:User:emails[value co \":].\"].display",
        "urn:scim:schemas:core:1.0",
    ] {
        assert_eq!(Path::parse(text).unwrap().to_string(), text);
    }
    for (text, kind) in [
        ("", "invalidPath"),
        (".value", "invalidPath"),
        ("a..b", "invalidPath"),
        ("http://x:name", "invalidPath"),
        ("emails.value[type eq \"x\"]", "invalidPath"),
        ("emails[type eq \"x\"]value", "invalidPath"),
        ("emails[type eq \"x\"].", "invalidFilter"),
        ("emails[]", "invalidFilter"),
    ] {
        let error = Path::parse(text).unwrap_err();
        assert_eq!(error.scim_type.unwrap().name(), kind, "{text}: {error}");
    }
}

fn ana() -> Resource {
    let mut ana = user(json!({
        "userName": "Ana@Example.com", "externalId": "Key", "active": true, "title": "Größe",
        "emails": [{ "type": "work", "value": "ana@work.example", "primary": true }, { "type": "home", "value": "ana@home.example" }],
        ENTERPRISE_URN: { "manager": "m1", "employeeNumber": "7" },
    }));
    ana.set(
        &AttributePath::of("meta").sub("created"),
        json!("2026-01-02T03:04:05Z"),
    );
    ana
}

#[test]
fn every_operator_is_evaluated() {
    let (ana, users) = (ana(), users());
    for (text, expected) in [
        ("userName eq \"ana@example.COM\"", true),
        ("USERNAME eq \"bo\"", false),
        ("externalId eq \"key\"", false),
        ("externalId eq \"Key\"", true),
        ("userName ne \"bo\"", true),
        ("userName co \"A@E\"", true),
        ("userName sw \"ana@\"", true),
        ("userName ew \".COM\"", true),
        ("userName gt \"AAA\"", true),
        ("userName lt \"aaa\"", false),
        ("title eq \"GRÖSSE\"", false),
        ("title eq \"GRÖßE\"", true),
        ("active eq true", true),
        ("active ne true", false),
        ("nickName pr", false),
        ("nickName eq null", true),
        ("nickName ne \"x\"", true),
        ("title ne null", true),
        ("emails pr", true),
        ("emails.value eq \"ana@home.example\"", true),
        ("emails eq \"ana@home.example\"", true),
        ("emails co \"work\"", true),
        ("emails.value ne \"ana@home.example\"", false),
        (
            "emails[type eq \"home\" and value ew \"home.example\"]",
            true,
        ),
        (
            "emails[type eq \"home\" and value ew \"work.example\"]",
            false,
        ),
        ("emails[type eq \"home\" and not (primary eq true)]", true),
        (
            "emails[type eq \"home\"].value eq \"ana@work.example\"",
            false,
        ),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user:manager eq \"m1\"",
            true,
        ),
        (
            "urn:ietf:params:scim:schemas:core:2.0:User:userName sw \"ana\"",
            true,
        ),
        ("meta.created gt \"2026-01-02T04:04:04+01:00\"", true),
        ("meta.created ge \"2026-01-02T03:04:05.000Z\"", true),
        ("meta.created lt \"2026-01-02T03:04:05Z\"", false),
        ("meta.created le \"2026-01-02T03:04:05Z\"", true),
        ("shoeSize eq 44", false),
        ("not (shoeSize pr)", true),
        ("userName eq 5", false),
        ("title pr and (nickName pr or active eq true)", true),
        (
            "schemas eq \"urn:ietf:params:scim:schemas:core:2.0:User\"",
            true,
        ),
    ] {
        assert_eq!(parse(text).matches(&ana, &users), expected, "{text}");
    }
}

#[test]
fn resolving_makes_names_canonical_and_refuses_what_cannot_be_compared() {
    let resolve = |text: &str| parse(text).resolve(&users(), &Dialect::lenient());
    for (text, resolved) in [
        ("USERNAME eq \"x\"", "userName eq \"x\""),
        (
            "manager eq \"m\"",
            &format!("{ENTERPRISE_URN}:manager.value eq \"m\""),
        ),
        ("emails co \"x\"", "emails.value co \"x\""),
        (
            "EMAILS[TYPE eq \"x\" and Primary eq \"FALSE\"]",
            "emails[type eq \"x\" and primary eq false]",
        ),
        (
            "urn:ietf:params:scim:schemas:core:2.0:user:username pr",
            "userName pr",
        ),
        ("shoeSize eq 44", "shoeSize eq 44"),
    ] {
        assert_eq!(resolve(text).unwrap().to_string(), resolved);
    }
    for (text, mention) in [
        (
            "userName eq 5",
            "userName cannot be compared with `5` by `eq`: it is of type string",
        ),
        ("active gt \"true\"", "use eq or ne"),
        ("active eq \"yes\"", "true or false"),
        ("name eq \"x\"", "sub-attributes"),
        ("meta.created gt \"yesterday\"", "2026-11-23T17:22:00Z"),
        ("x509Certificates co \"MII\"", "use eq, ne or pr"),
        ("emails[primary eq 1]", "emails.primary"),
    ] {
        let error = resolve(text).unwrap_err();
        assert!(error.detail.contains(mention), "{error}");
        assert_eq!(error.scim_type.unwrap().name(), "invalidFilter");
    }
}

fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z][a-zA-Z0-9_-]{0,6}"
}

fn attribute_path() -> impl Strategy<Value = AttributePath> {
    let urn = prop_oneof![Just(None), Just(Some(ENTERPRISE_URN.to_owned()))];
    (urn, name(), proptest::option::of(name())).prop_map(|(schema, attribute, sub)| AttributePath {
        schema,
        attribute,
        sub,
    })
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        any::<String>().prop_map(|text| Literal::String(text.replace('\0', ""))),
        any::<i64>().prop_map(|number| Literal::Number(number.into())),
        any::<f64>().prop_filter_map("finite", |number| serde_json::Number::from_f64(number)
            .map(Literal::Number)),
        any::<bool>().prop_map(Literal::Boolean),
        Just(Literal::Null),
    ]
}

fn test_on(path: impl Strategy<Value = AttributePath> + Clone) -> impl Strategy<Value = Filter> {
    let compare =
        (path.clone(), 0..Operator::ALL.len(), literal()).prop_map(|(path, place, value)| {
            let plain = matches!(value, Literal::Boolean(_) | Literal::Null);
            let operator = Operator::ALL[if plain { place % 2 } else { place }];
            Filter::Compare {
                path,
                operator,
                value,
            }
        });
    prop_oneof![compare, path.prop_map(Filter::Present)]
}

fn tree(leaf: impl Strategy<Value = Filter> + 'static) -> impl Strategy<Value = Filter> {
    leaf.prop_recursive(4, 24, 4, |inner| {
        let parts = proptest::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            parts.clone().prop_map(Filter::And),
            parts.prop_map(Filter::Or),
            inner.prop_map(|one| Filter::Not(Box::new(one))),
        ]
    })
}

fn inside() -> impl Strategy<Value = Filter> {
    tree(test_on(name().prop_map(AttributePath::of).boxed()))
}

fn filter() -> impl Strategy<Value = Filter> {
    let value_path = (attribute_path(), inside()).prop_map(|(path, filter)| Filter::ValuePath {
        path: path.whole(),
        filter: Box::new(filter),
    });
    tree(prop_oneof![3 => test_on(attribute_path().boxed()), 1 => value_path])
}

#[test]
fn an_attribute_that_a_type_does_not_have_has_no_value() {
    let nobody = Resource::new();
    for (text, expected) in [
        ("members pr", false),
        ("members.value eq \"1\"", false),
        ("members ne \"1\"", true),
        ("members eq null", true),
        ("members ne null", false),
        ("members gt \"1\"", false),
        ("members[value eq \"1\"]", false),
        ("not (members pr)", true),
        ("members pr or not (userName pr)", true),
        ("members ne \"1\" and userName pr", false),
    ] {
        let filter = Filter::parse(text).unwrap();
        let filter = filter.without_undefined(&users(), &Dialect::strict());
        assert_eq!(filter.matches(&nobody, &users()), expected, "{text}");
    }
}

#[test]
fn an_element_that_does_not_say_that_it_is_primary_is_not() {
    let ana = user(json!({ "emails": [
        { "type": "work", "value": "w", "primary": true },
        { "type": "home", "value": "h" },
    ] }));
    for (text, expected) in [
        ("emails[primary eq false and value eq \"h\"]", true),
        ("emails[primary ne true and value eq \"w\"]", false),
        ("emails[primary pr and value eq \"h\"]", false),
        ("emails.primary eq false", true),
    ] {
        let filter = Filter::parse(text).unwrap();
        assert_eq!(filter.matches(&ana, &users()), expected, "{text}");
    }
}

proptest! {
    #[test]
    fn parsing_what_was_printed_gives_the_same_filter(filter in filter()) {
        let printed = filter.to_string();
        prop_assert_eq!(Filter::parse(&printed).unwrap(), filter);
    }

    #[test]
    fn parsing_what_was_printed_gives_the_same_path(
        path in attribute_path(), filter in proptest::option::of(inside()),
    ) {
        let path = Path { schema: path.schema, attribute: path.attribute, filter, sub: path.sub };
        let again = Path::parse(&path.to_string()).unwrap();
        prop_assert_eq!(again.to_string(), path.to_string());
        prop_assert_eq!(again, path);
    }

    #[test]
    fn nothing_panics(text in ".{0,60}", pieces in proptest::collection::vec(prop_oneof![
        Just("("), Just(")"), Just("["), Just("]"), Just("not"), Just(" and "), Just(" or "), Just("a"), Just(" eq "),
        Just("\"x\""), Just("\""), Just("\\"), Just("."), Just(":"), Just("urn:"), Just(" pr"), Just("é"), Just("1"),
    ], 0..24)) {
        for text in [text, pieces.concat()] {
            let _ = Path::parse(&text);
            if let Ok(filter) = Filter::parse(&text) {
                let filter = filter.resolve(&users(), &Dialect::lenient());
                let _ = filter.map(|filter| filter.matches(&ana(), &users()));
            }
        }
    }
}

#[test]
fn paths_are_found_once_each_however_many_there_are() {
    let path =
        |number: usize, name: &str| Filter::Present(AttributePath::of(format!("{name}{number}")));
    let start = std::time::Instant::now();
    let all = (0..60_000).flat_map(|number| [path(number, "a"), path(number, "A")]);
    let filter = Filter::Or(all.collect());
    let found = filter.paths();
    assert_eq!(found.len(), 60_000);
    assert_eq!(found[1].to_string(), "a1");
    // Quadratic work would take minutes.
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}

#[test]
fn spaces_between_and_around_words_make_no_difference_to_a_whole_value() {
    let definition = users();
    let resource = user(json!({ "title": "Head  of Émile ", "externalId": "a B" }));
    for (filter, expected) in [
        (r#"title eq " head of émile""#, true),
        (r#"title ne "Head of Émile""#, false),
        (r#"title eq "Headof Émile""#, false),
        (r#"title eq "Head of""#, false),
        (r#"externalId eq " a  B ""#, true),
        (r#"externalId eq "a b""#, false),
        (r#"title sw "Head of""#, false),
    ] {
        let matches = Filter::parse(filter)
            .unwrap()
            .matches(&resource, &definition);
        assert_eq!(matches, expected, "{filter}");
    }
}
