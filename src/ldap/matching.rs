//! When two texts are one value to a directory.

use unicode_normalization::UnicodeNormalization as _;

/// The text as the usual rules compare it (RFC 4518): the forms of a letter are one, and so are a run of spaces and a single
/// one; those at either end do not count. Whether case does, the rule says (caseIgnoreMatch, caseExactMatch).
pub fn prepared(text: &str, minds_case: bool) -> String {
    let text: String = text.nfkc().collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    if minds_case {
        text
    } else {
        text.to_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_directory_takes_for_one_value_is_prepared_as_one() {
        for (one, other) in [
            ("a@e.test", " A@e.test "),
            ("day  shift", "Day shift"),
            ("Caf\u{e9}", "cafe\u{301}"),
            ("\u{ff23}lub", "club"),
            ("o\u{fb03}ce", "office"),
            ("a\u{a0}b", "a b"),
        ] {
            assert_eq!(prepared(one, false), prepared(other, false), "{one}");
        }
        for (one, other) in [("a", "\u{e1}"), ("a b", "ab"), ("a", "b")] {
            assert_ne!(prepared(one, false), prepared(other, false), "{one}");
        }
        assert_ne!(prepared("a", true), prepared("A", true));
        assert_eq!(prepared("a ", true), prepared("a", true));
    }
}
