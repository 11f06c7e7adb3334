//! Disabling and enabling an account: one bit, one word or a lock, and what a new password does to it.

use serde_json::json;

use super::updating::{difference, shown, unix_user, windows_user};
use super::*;

#[test]
fn disabling_changes_one_bit_and_fails_when_the_number_changed_meanwhile() {
    let change = difference("active-directory", &windows_user(), |new| {
        _ = new.insert("active".into(), json!(false))
    })
    .unwrap();
    assert_eq!(
        shown(&change.modifications),
        ["-userAccountControl 66048", "+userAccountControl 66050"]
    );
    assert_eq!(
        shown(&change.inverse),
        ["-userAccountControl 66050", "+userAccountControl 66048"]
    );
}

#[test]
fn disabling_twice_and_enabling_twice_is_once() {
    for (directory, before) in [
        ("active-directory", windows_user()),
        ("openldap", unix_user()),
    ] {
        let mapping = mapping(directory);
        let user = mapping.resource("User").unwrap();
        let mut entry = before;
        for (active, expected) in [(true, 0), (false, 1), (false, 0), (true, 1), (true, 0)] {
            let change = difference(directory, &entry, |new| {
                _ = new.insert("active".into(), json!(active))
            })
            .unwrap();
            assert_eq!(
                usize::from(!change.is_empty()),
                expected,
                "{directory} {active}"
            );
            apply(user, &mut entry, &change.modifications);
            assert_eq!(read(user, &entry).as_map()["active"], json!(active));
        }
    }
}

#[test]
fn a_lock_by_a_word_is_set_once_and_taken_away_whole() {
    let change = |locks: &[&str], active| {
        let entry = unix_user().with(name("nsAccountLock"), locks.iter().copied());
        let change = difference("389ds", &entry, |new| {
            _ = new.insert("active".into(), json!(active))
        });
        shown(&change.unwrap().modifications)
    };
    assert_eq!(change(&[], false), ["=nsAccountLock true"]);
    assert_eq!(change(&["false"], false), ["=nsAccountLock true"]);
    assert_eq!(change(&["TRUE"], false), [""; 0]);
    assert_eq!(change(&["TRUE"], true), ["=nsAccountLock"]);
    assert_eq!(change(&["false"], true), [""; 0]);
}

#[test]
fn disabling_replaces_a_lock_that_would_end_and_enabling_leaves_it() {
    let locked = unix_user().with(name("pwdAccountLockedTime"), ["20260101000000Z"]);
    let change = |active| {
        difference("openldap", &locked, |new| {
            _ = new.insert("active".into(), json!(active))
        })
        .unwrap()
    };
    assert_eq!(
        shown(&change(false).modifications),
        ["=pwdAccountLockedTime 000001010000Z"]
    );
    assert!(
        change(true).is_empty(),
        "who is locked out by failed attempts is not disabled"
    );
}

#[test]
fn whoever_is_to_stay_disabled_is_locked_with_the_new_password() {
    let with_password = |entry: &Entry, active: Option<bool>| {
        let change = difference("openldap", entry, |new| {
            new.insert("password".into(), json!("N3w!"));
            match active {
                Some(active) => _ = new.insert("active".into(), json!(active)),
                None => _ = new.shift_remove("active"),
            }
        });
        change.unwrap()
    };
    let (for_good, for_now) = ("000001010000Z", "20260101000000Z");
    let locked = |lock| unix_user().with(name("pwdAccountLockedTime"), [lock]);
    let password = "=userPassword [redacted]".to_owned();
    let out = |lock| format!("-pwdAccountLockedTime {lock}");
    // A lock that would end goes with the password, too.
    for (lock, active) in [
        (for_good, Some(false)),
        (for_good, None),
        (for_now, Some(false)),
    ] {
        let change = with_password(&locked(lock), active);
        let again = format!("+pwdAccountLockedTime {for_good}");
        let wished = [password.clone(), out(lock), again];
        assert_eq!(shown(&change.modifications), wished);
        let back = [format!("=pwdAccountLockedTime {lock}")];
        assert_eq!(shown(&change.inverse), back);
        assert_eq!(
            change.condition, None,
            "a lock that is another by then is noticed"
        );
    }
    let change = with_password(&locked(for_good), Some(true));
    assert_eq!(shown(&change.modifications), [out(for_good), password]);
    assert_eq!(change.condition, None);
    // Nobody is enabled whom others disabled meanwhile, be it in place of a lock by failed attempts.
    for active in [Some(true), None] {
        let condition = with_password(&locked(for_now), active).condition;
        let same = format!("(pwdAccountLockedTime={for_now})");
        assert_eq!(condition.map(|condition| condition.to_string()), Some(same));
    }
    for active in [Some(true), Some(false), None] {
        let condition = with_password(&unix_user(), active).condition;
        let condition = condition.map(|condition| condition.to_string());
        let unlocked = "(!(pwdaccountlockedtime=*))";
        assert_eq!(condition.unwrap().to_lowercase(), unlocked);
    }
}
