//! What must hold for every resource that a mapping can hold.

use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;

/// Text that both directories take: no NUL, not empty, short enough for every attribute.
fn text() -> impl Strategy<Value = String> {
    proptest::string::string_regex("[ -~áñ€𝄞\\n]{1,30}")
        .unwrap()
        .prop_filter("not only spaces", |text| !text.trim().is_empty())
}

fn ascii() -> impl Strategy<Value = String> {
    proptest::string::string_regex("[a-z0-9.]{1,12}@[a-z]{1,8}").unwrap()
}

fn telephone() -> impl Strategy<Value = String> {
    proptest::string::string_regex("[A-Za-z0-9+()=,./:?'-][A-Za-z0-9 +()=,./:?'-]{0,29}").unwrap()
}

fn optional<T: std::fmt::Debug>(of: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    proptest::option::of(of)
}

fn objects(parts: Vec<(&'static str, Option<String>)>) -> Option<Value> {
    let object: Map<String, Value> = parts
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.into())))
        .collect();
    (!object.is_empty()).then_some(Value::Object(object))
}

/// The elements, the one of the primary line first; so the first is shown as the primary one.
fn with_primary(mut elements: Vec<Value>) -> Option<Value> {
    elements.first_mut()?["primary"] = true.into();
    Some(elements.into())
}

prop_compose! {
    /// A user, in the order in which the bridge shows one.
    fn user()(
        (user_name, external_id, active, display, nick, title) in (ascii(), optional(text()), any::<bool>(), optional(text()), optional(text()), optional(text())),
        (formatted, family, given, middle) in (text(), text(), optional(text()), optional(text())),
        (work, others) in (optional(ascii()), proptest::collection::btree_set(ascii(), 0..4)),
        (phone, mobile, fax) in (optional(telephone()), optional(telephone()), optional(text())),
        (address, street, city) in (optional(text()), optional(text()), optional(text())),
        (number, department, manager) in (optional(text()), optional(text()), optional(1u128..10)),
    ) -> Value {
        let mut user = Map::new();
        let mut put = |name: &str, value: Option<Value>| if let Some(value) = value { user.insert(name.into(), value); };
        put("externalId", external_id.map(Value::from));
        put("userName", Some(user_name.into()));
        put("name", objects(vec![("formatted", Some(formatted)), ("familyName", Some(family)), ("givenName", given), ("middleName", middle)]));
        put("displayName", display.map(Value::from));
        put("nickName", nick.map(Value::from));
        put("title", title.map(Value::from));
        put("active", Some(active.into()));
        let mut emails: Vec<Value> = work.into_iter().map(|value| json!({ "value": value, "type": "work" })).collect();
        emails.extend(others.into_iter().map(|value| json!({ "value": value, "type": "other" })));
        put("emails", with_primary(emails));
        let mut phones: Vec<Value> = phone.into_iter().map(|value| json!({ "value": value, "type": "work" })).collect();
        phones.extend(mobile.into_iter().map(|value| json!({ "value": value, "type": "mobile" })));
        phones.extend(fax.into_iter().map(|value| json!({ "value": value, "type": "fax" })));
        put("phoneNumbers", with_primary(phones));
        let address = objects(vec![("formatted", address), ("streetAddress", street), ("locality", city)]).map(|mut address| {
            address["type"] = "work".into();
            address["primary"] = true.into();
            json!([address])
        });
        put("addresses", address);
        let mut enterprise = objects(vec![("employeeNumber", number), ("department", department)]);
        if let Some(manager) = manager {
            enterprise.get_or_insert_with(|| json!({}))["manager"] = json!({ "value": id(manager).to_string() });
        }
        put(ENTERPRISE, enterprise);
        Value::Object(user)
    }
}

/// What of a resource came from the client: without what the bridge adds.
fn bare(resource: &Resource) -> Value {
    let mut value = resource.clone().into_value();
    for added in ["schemas", "id", "meta"] {
        value.as_object_mut().unwrap().shift_remove(added);
    }
    if let Some(manager) = value
        .get_mut(ENTERPRISE)
        .and_then(|enterprise| enterprise.get_mut("manager"))
    {
        *manager = json!({ "value": manager["value"] });
    }
    value
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn what_was_written_is_read_back_unchanged(user in user()) {
        let (table, password) = (table(), password());
        for directory in ["active-directory", "openldap"] {
            let mapping = mapping(directory);
            let of = mapping.resource("User").unwrap();
            let new = of.write_new(&resource(user.clone()), &context(&table, &password)).unwrap();
            prop_assert_eq!(&new.ignored, &Vec::new());
            let best = &new.alternatives[0];
            let entry = entry_of(of, &best.rdn, &best.attributes);
            prop_assert_eq!(bare(&read(of, &entry)), user.clone(), "{}", directory);
        }
    }

    #[test]
    fn changes_lead_from_one_resource_to_the_other_and_back(old in user(), new in user()) {
        let (table, password) = (table(), password());
        for directory in ["active-directory", "openldap"] {
            let mapping = mapping(directory);
            let of = mapping.resource("User").unwrap();
            let created = of.write_new(&resource(old.clone()), &context(&table, &password)).unwrap();
            let best = &created.alternatives[0];
            let before = entry_of(of, &best.rdn, &best.attributes);
            let was = read(of, &before);

            let difference = of.write_changes(&before, &was, &resource(new.clone()), &context(&table, &password)).unwrap();
            let mut after = before.clone();
            apply(of, &mut after, &difference.modifications);
            if let Some(names) = &difference.rename {
                after.dn = after.dn.parent().unwrap().child(names[0].clone());
                put(of, &mut after, &of.rdn, vec![names[0].value().as_bytes().to_vec()]);
            }
            let is = read(of, &after);
            prop_assert_eq!(bare(&is), new.clone(), "{}", directory);

            let again = of.write_changes(&after, &is, &resource(new.clone()), &context(&table, &password)).unwrap();
            prop_assert!(again.is_empty(), "{directory}: {again:?}");

            let mut undone = before.clone();
            apply(of, &mut undone, &difference.modifications);
            apply(of, &mut undone, &difference.inverse);
            prop_assert_eq!(bare(&read(of, &undone)), bare(&was), "{}", directory);
        }
    }

    #[test]
    fn a_resource_that_does_not_change_changes_nothing(user in user()) {
        let (table, password) = (table(), password());
        for directory in ["active-directory", "openldap"] {
            let mapping = mapping(directory);
            let of = mapping.resource("User").unwrap();
            let new = of.write_new(&resource(user.clone()), &context(&table, &password)).unwrap();
            let entry = entry_of(of, &new.alternatives[0].rdn, &new.alternatives[0].attributes);
            let read = read(of, &entry);
            let difference = of.write_changes(&entry, &read, &read, &context(&table, &password)).unwrap();
            prop_assert!(difference.is_empty(), "{directory}: {difference:?}");
        }
    }

    /// Whatever arrives: a clear refusal or an entry, never a panic.
    #[test]
    fn any_text_is_written_or_refused_by_a_rule_that_names_the_attribute(user_name in "\\PC{0,80}", display in any::<String>()) {
        let (table, password) = (table(), password());
        for directory in ["active-directory", "openldap"] {
            let mapping = mapping(directory);
            let of = mapping.resource("User").unwrap();
            let value = resource(json!({ "userName": user_name, "displayName": display }));
            match of.write_new(&value, &context(&table, &password)) {
                Ok(new) => {
                    let best = &new.alternatives[0];
                    let read = read(of, &entry_of(of, &best.rdn, &best.attributes));
                    prop_assert_eq!(read.as_map()["userName"].as_str(), Some(user_name.as_str()));
                }
                Err(fault) => prop_assert!(fault.attribute.contains("Name"), "{fault}"),
            }
        }
    }

    #[test]
    fn no_text_makes_loading_a_mapping_panic(text in "\\PC{0,200}", at in 0usize..6000, noise in "[\\[\\]{}=\"' a-z\n]{0,6}") {
        let _ = Mapping::load("x", &text);
        let good = Mapping::builtin("openldap").unwrap();
        let at = (0..=at.min(good.len())).rev().find(|at| good.is_char_boundary(*at)).unwrap();
        if let Err(fault) = Mapping::load("x", &format!("{}{noise}{}", &good[..at], &good[at..])) {
            let _ = fault.report();
        }
    }
}
