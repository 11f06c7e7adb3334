//! What a directory can say of a filter, when it cannot say all.

use crate::ldap::Filter as LdapFilter;

/// An LDAP filter, or the answer where it needs no directory.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test {
    Always,
    Never,
    Ask(LdapFilter),
}

impl Test {
    fn all(tests: impl IntoIterator<Item = Test>) -> Test {
        let mut parts = Vec::new();
        for test in tests {
            match test {
                Test::Never => return Test::Never,
                Test::Always => {}
                Test::Ask(filter) => parts.push(filter),
            }
        }
        if parts.is_empty() {
            Test::Always
        } else {
            Test::Ask(LdapFilter::and(parts))
        }
    }

    fn negate(self) -> Test {
        match self {
            Test::Always => Test::Never,
            Test::Never => Test::Always,
            Test::Ask(filter) => Test::Ask(filter.negate()),
        }
    }

    fn any(tests: impl IntoIterator<Item = Test>) -> Test {
        let mut parts = Vec::new();
        for test in tests {
            match test {
                Test::Always => return Test::Always,
                Test::Never => {}
                Test::Ask(filter) => parts.push(filter),
            }
        }
        if parts.is_empty() {
            Test::Never
        } else {
            Test::Ask(LdapFilter::or(parts))
        }
    }

    pub(super) fn into_filter(self) -> LdapFilter {
        match self {
            Test::Always => LdapFilter::everything(),
            Test::Never => LdapFilter::nothing(),
            Test::Ask(filter) => filter,
        }
    }
}

/// Two tests that hold the filter between them: nothing that matches fails `most`, and nothing that passes `least` does
/// not match. Where they are the same, the directory's answer is the answer. Otherwise what passes `most` is a
/// candidate, and is looked at.
///
/// Both are carried along, because a negation turns them round: what is not a match is all but what certainly is one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bounds {
    pub(super) most: Test,
    least: Test,
}

impl Bounds {
    pub(super) const ALWAYS: Bounds = Bounds {
        most: Test::Always,
        least: Test::Always,
    };

    pub(super) const NEVER: Bounds = Bounds {
        most: Test::Never,
        least: Test::Never,
    };

    /// The directory can tell.
    pub(super) fn exactly(filter: LdapFilter) -> Self {
        Bounds {
            most: Test::Ask(filter.clone()),
            least: Test::Ask(filter),
        }
    }

    /// What matches is among these; which of them do, the directory cannot tell.
    pub(super) fn among(filter: LdapFilter) -> Self {
        Bounds {
            most: Test::Ask(filter),
            least: Test::Never,
        }
    }

    /// The directory can tell nothing.
    pub(super) const ANYBODY: Bounds = Bounds {
        most: Test::Always,
        least: Test::Never,
    };

    /// What the mapping knows without asking.
    pub(super) fn known(truth: bool) -> Self {
        if truth { Self::ALWAYS } else { Self::NEVER }
    }

    pub(super) fn all(parts: impl IntoIterator<Item = Bounds>) -> Self {
        let (most, least): (Vec<_>, Vec<_>) = split(parts);
        Bounds {
            most: Test::all(most),
            least: Test::all(least),
        }
    }

    pub(super) fn any(parts: impl IntoIterator<Item = Bounds>) -> Self {
        let (most, least): (Vec<_>, Vec<_>) = split(parts);
        Bounds {
            most: Test::any(most),
            least: Test::any(least),
        }
    }

    pub(super) fn negate(self) -> Self {
        Bounds {
            most: self.least.negate(),
            least: self.most.negate(),
        }
    }

    /// The same candidates, of which none is certain any more.
    pub(super) fn unsure(self) -> Self {
        Bounds {
            least: Test::Never,
            ..self
        }
    }

    pub(super) fn is_exact(&self) -> bool {
        self.most == self.least
    }

    /// Whether no directory is needed to tell.
    pub(super) fn is_known(&self) -> bool {
        self.is_exact() && !matches!(self.most, Test::Ask(_))
    }
}

fn split(parts: impl IntoIterator<Item = Bounds>) -> (Vec<Test>, Vec<Test>) {
    parts
        .into_iter()
        .map(|part| (part.most, part.least))
        .unzip()
}
