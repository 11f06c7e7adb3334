//! Fences that contradict themselves.

use super::*;

#[test]
fn fences_that_let_nothing_through_are_refused() {
    for (fences, expected) in [
        (
            r#"protected_entries = ["dc=example,dc=com"]"#,
            "protects all that lies below it",
        ),
        (
            r#"protected_entries = ["cn=a,dc=x", "OU=Groups,dc=example,dc=com"]"#,
            "new entries are made in `ou=groups,dc=example,dc=com`",
        ),
    ] {
        let report = report(&format!("[guard]\n{fences}\n{}", whole()));
        assert!(report.contains(expected), "{report}");
        assert!(report.contains("hint: "), "{report}");
    }
    for fences in [
        // Nobody is to be created, as it seems; `scimbridge check` warns.
        r#"allowed = ["ou=x,ou=people,dc=example,dc=com"]"#,
        r#"allowed = ["ou=people,dc=example,dc=com"]"#,
        r#"protected_entries = ["ou=board,ou=people,dc=example,dc=com"]"#,
    ] {
        let text = format!("[guard]\n{fences}\n{}", whole());
        assert!(read(&text).is_ok(), "{fences}");
    }
}
