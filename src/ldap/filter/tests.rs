use super::*;
use proptest::prelude::*;

fn name(text: &'static str) -> AttributeName {
    AttributeName::known(text)
}

#[test]
fn the_examples_of_rfc_4515_are_read_and_printed_alike() {
    for text in [
        "(cn=Babs Jensen)",
        "(!(cn=Tim Howes))",
        "(&(objectClass=Person)(|(sn=Jensen)(cn=Babs J*)))",
        "(o=univ*of*mich*)",
        "(seeAlso=)",
        "(cn:caseExactMatch:=Fred Flintstone)",
        r"(o=Parens R Us \28for all your parenthetical needs\29)",
        r"(cn=*\2a*)",
        r"(filename=C:\5cMyFile)",
        r"(bin=\00\00\00\04)",
        "(userAccountControl:1.2.840.113556.1.4.803:=2)",
        "(whenChanged>=20260101000000.0Z)",
        "(uidNumber<=5000)",
        "(mail=*)",
        "(cn;lang-de=*ß)",
    ] {
        assert_eq!(Filter::parse(text).unwrap().to_string(), text);
    }
    // Bytes that are UTF-8 need no escape.
    assert_eq!(
        Filter::parse(r"(sn=Lu\c4\8di\c4\87)").unwrap().to_string(),
        "(sn=Lučić)"
    );
    assert_eq!(
        Filter::parse(" ( & (a=1)\n  (b=2) ) ").unwrap().to_string(),
        "(&(a=1)(b=2))"
    );
}

#[test]
fn a_value_cannot_become_another_filter() {
    let filter = Filter::equal(name("uid"), "*)(uid=*");
    assert_eq!(filter.to_string(), r"(uid=\2a\29\28uid=\2a)");
    assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
    assert_eq!(
        Filter::equal(name("uid"), "a\0\\\n").to_string(),
        r"(uid=a\00\5c\0a)"
    );
    assert_eq!(
        Filter::equal(name("id"), vec![0x28, 0xff, 0xc3]).to_string(),
        r"(id=\28\ff\c3)"
    );
}

#[test]
fn substrings_keep_their_places() {
    let read = |text: &str| Filter::parse(text).unwrap();
    assert_eq!(
        read("(cn=a*b*c)"),
        Filter::Substrings {
            attribute: name("cn"),
            initial: Some(b"a".into()),
            any: vec![b"b".into()],
            end: Some(b"c".into())
        }
    );
    assert_eq!(
        read("(cn=*b*)"),
        Filter::Substrings {
            attribute: name("cn"),
            initial: None,
            any: vec![b"b".into()],
            end: None
        }
    );
    assert_eq!(read("(cn=*)"), Filter::Present(name("cn")));
}

#[test]
fn what_is_no_filter_is_refused_where_it_goes_wrong() {
    for (text, error) in [
        ("", FilterError::Expected(0, '(')),
        ("cn=a", FilterError::Expected(0, '(')),
        ("(cn=a", FilterError::Expected(5, ')')),
        ("(cn=a))", FilterError::Trailing(6)),
        ("(cn)", FilterError::Operator(1)),
        ("(&)", FilterError::EmptyList(1, '&')),
        ("(|)", FilterError::EmptyList(1, '|')),
        ("(cn=a(b)", FilterError::Unescaped(5, '(')),
        ("(cn=a\0)", FilterError::Unescaped(5, '\0')),
        ("(cn>=a*)", FilterError::Unescaped(6, '*')),
        (r"(cn=\4)", FilterError::Escape(4)),
        (r"(cn=\+4)", FilterError::Escape(4)),
        (r"(cn=\é)", FilterError::Escape(4)),
        ("(cn=a**b)", FilterError::EmptySubstring(6)),
        ("(cn=**)", FilterError::EmptySubstring(5)),
        ("(cn~=a)", FilterError::Approximate(1)),
        ("(cn:=a)", FilterError::Extensible(1)),
        ("(:caseExactMatch:=a)", FilterError::Extensible(1)),
        ("(ou:dn:=a)", FilterError::Extensible(1)),
        ("(ou:dn:caseExactMatch:=a)", FilterError::Extensible(1)),
    ] {
        assert_eq!(Filter::parse(text), Err(error), "{text}");
    }
    assert!(matches!(
        Filter::parse("(c n=a)"),
        Err(FilterError::Attribute(1, _))
    ));
}

#[test]
fn ten_thousand_parentheses_are_too_deep() {
    let nested = |depth: usize| format!("{}(a=b){}", "(!".repeat(depth - 1), ")".repeat(depth - 1));
    assert!(Filter::parse(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(
        Filter::parse(&nested(MAX_DEPTH + 1)),
        Err(FilterError::TooDeep(MAX_DEPTH * 2))
    );
    assert!(matches!(
        Filter::parse(&nested(10_000)),
        Err(FilterError::TooDeep(_))
    ));
    assert!(matches!(
        Filter::parse(&"(".repeat(10_000)),
        Err(FilterError::Operator(_))
    ));
    assert!(matches!(
        Filter::parse(&"(".repeat(MAX_LENGTH + 1)),
        Err(FilterError::TooLong(_))
    ));
}

#[test]
fn combining_keeps_the_meaning_and_the_shape_small() {
    let (a, b, c) = (
        Filter::Present(name("a")),
        Filter::Present(name("b")),
        Filter::Present(name("c")),
    );
    assert_eq!(Filter::and([]), Filter::everything());
    assert_eq!(Filter::or([]), Filter::nothing());
    assert_eq!(Filter::and([a.clone()]), a);
    assert_eq!(
        Filter::and([a.clone(), Filter::and([b.clone(), c.clone()])]).to_string(),
        "(&(a=*)(b=*)(c=*))"
    );
    assert_eq!(
        Filter::or([Filter::or([a.clone(), b.clone()]), c.clone()]).to_string(),
        "(|(a=*)(b=*)(c=*))"
    );
    assert_eq!(
        Filter::and([a.clone(), Filter::or([b, c])]).to_string(),
        "(&(a=*)(|(b=*)(c=*)))"
    );
    assert_eq!(a.clone().negate().negate(), a);
    assert_eq!(Filter::nothing().to_string(), "(!(objectClass=*))");
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let attribute = || {
        "[a-zA-Z][a-zA-Z0-9-]{0,6}(;x-[a-z]{1,3})?|2\\.5\\.[1-9]"
            .prop_map(|name| AttributeName::parse(&name).unwrap())
    };
    let octets = || {
        prop_oneof![
            any::<Vec<u8>>(),
            "[()*\\\\\\x00 aé]{0,6}".prop_map(String::into_bytes)
        ]
    };
    let part = || octets().prop_filter("a part is not empty", |part| !part.is_empty());
    let substrings = (
        attribute(),
        proptest::option::of(part()),
        proptest::collection::vec(part(), 0..3),
        proptest::option::of(part()),
    )
        .prop_filter("at least one part", |(_, initial, any, end)| {
            initial.is_some() || !any.is_empty() || end.is_some()
        })
        .prop_map(|(attribute, initial, any, end)| Filter::Substrings {
            attribute,
            initial,
            any,
            end,
        });
    let leaf = prop_oneof![
        (attribute(), octets()).prop_map(|(name, value)| Filter::Equal(name, value)),
        (attribute(), octets()).prop_map(|(name, value)| Filter::GreaterOrEqual(name, value)),
        (attribute(), octets()).prop_map(|(name, value)| Filter::LessOrEqual(name, value)),
        attribute().prop_map(Filter::Present),
        substrings,
        (attribute(), "[a-z]{1,5}X|1\\.2\\.[1-9]", octets()).prop_map(
            |(attribute, rule, value)| Filter::Extensible {
                attribute,
                rule,
                value
            }
        ),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 1..4).prop_map(Filter::And),
            proptest::collection::vec(inner.clone(), 1..4).prop_map(Filter::Or),
            inner.prop_map(|filter| Filter::Not(Box::new(filter))),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back(filter in any_filter()) {
        let printed = filter.to_string();
        prop_assert_eq!(Filter::parse(&printed), Ok(filter), "{}", printed);
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC*", like in "[(&|!a=*:<>~)\\\\é0-9]{0,24}") {
        for text in [text, like] {
            if let Ok(filter) = Filter::parse(&text) {
                prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
            }
        }
    }
}

#[test]
fn negations_go_inside_and_no_further_than_a_comparison() {
    for (filter, inside) in [
        ("(|(a=1)(!(|(a=1)(b=*))))", "(|(a=1)(&(!(a=1))(!(b=*))))"),
        (
            "(!(&(a=1)(!(b=2))(|(c=3)(d=4))))",
            "(|(!(a=1))(b=2)(&(!(c=3))(!(d=4))))",
        ),
        ("(!(!(!(a=1))))", "(!(a=1))"),
        ("(&(a=1)(b=2))", "(&(a=1)(b=2))"),
    ] {
        let parsed = Filter::parse(filter).unwrap();
        assert_eq!(
            parsed.with_negations_inside().to_string(),
            inside,
            "{filter}"
        );
    }
}
