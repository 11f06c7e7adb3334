//! Where identity providers differ from RFC 7643 and RFC 7644, each difference by name.
//!
//! A leniency is asked for in exactly one place of the code, as `dialect.allows(Leniency::X)`, and has
//! one test named after it; a behaviour likewise, as `dialect.has(Behaviour::X)`. A client gets a
//! [`Profile`] of them. One with the profile `strict` gets [`Dialect::strict`] and with it the RFC's
//! answer.

mod behaviour;
mod leniency;
mod profile;

pub use behaviour::Behaviour;
pub use leniency::Leniency;
pub use profile::Profile;

/// What a profile turns on, and an operator on or off: a leniency or a behaviour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Switch {
    /// Something is forgiven.
    Leniency(Leniency),
    /// Something is answered in one of the ways that the RFC leaves open.
    Behaviour(Behaviour),
}

impl Switch {
    /// Every switch, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = Switch> {
        let leniencies = Leniency::ALL.into_iter().map(Switch::Leniency);
        leniencies.chain(Behaviour::ALL.into_iter().map(Switch::Behaviour))
    }

    /// The name used in configuration and documentation.
    pub fn name(self) -> &'static str {
        match self {
            Switch::Leniency(one) => one.name(),
            Switch::Behaviour(one) => one.name(),
        }
    }

    /// Who needs it, and where that is written down.
    pub fn source(self) -> &'static str {
        match self {
            Switch::Leniency(one) => one.source(),
            Switch::Behaviour(one) => one.source(),
        }
    }

    /// What happens while it is on, and what otherwise.
    pub fn description(self) -> &'static str {
        match self {
            Switch::Leniency(one) => one.description(),
            Switch::Behaviour(one) => one.description(),
        }
    }

    /// The switch of that name.
    pub fn parse(name: &str) -> Option<Switch> {
        Switch::all().find(|one| one.name() == name)
    }

    const fn bit(self) -> u32 {
        match self {
            Switch::Leniency(one) => 1 << one as u8,
            Switch::Behaviour(one) => 1 << (Leniency::ALL.len() + one as usize),
        }
    }
}

/// The set of switches that are on for a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    on: u32,
}

impl Dialect {
    /// Every leniency: the default, so that any identity provider works unconfigured.
    pub const fn lenient() -> Self {
        Dialect {
            on: (1 << Leniency::ALL.len()) - 1,
        }
    }

    /// No switch is on: RFC 7643 and RFC 7644 to the letter.
    pub const fn strict() -> Self {
        Dialect { on: 0 }
    }

    /// The same, with one more leniency.
    #[must_use]
    pub const fn with(self, leniency: Leniency) -> Self {
        self.on(Switch::Leniency(leniency))
    }

    /// The same, with one leniency fewer.
    #[must_use]
    pub const fn without(self, leniency: Leniency) -> Self {
        self.off(Switch::Leniency(leniency))
    }

    /// The same, with this switch on.
    #[must_use]
    pub const fn on(self, switch: Switch) -> Self {
        Dialect {
            on: self.on | switch.bit(),
        }
    }

    /// The same, with this switch off.
    #[must_use]
    pub const fn off(self, switch: Switch) -> Self {
        Dialect {
            on: self.on & !switch.bit(),
        }
    }

    /// Whether this switch is on.
    pub const fn is_on(&self, switch: Switch) -> bool {
        self.on & switch.bit() != 0
    }

    /// Whether the client may do that.
    pub const fn allows(&self, leniency: Leniency) -> bool {
        self.is_on(Switch::Leniency(leniency))
    }

    /// Whether the client is answered in that way.
    pub const fn has(&self, behaviour: Behaviour) -> bool {
        self.is_on(Switch::Behaviour(behaviour))
    }
}

impl Default for Dialect {
    fn default() -> Self {
        Dialect::lenient()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_switch_has_its_own_name_place_source_and_description() {
        let names: HashSet<_> = Switch::all().map(Switch::name).collect();
        assert_eq!(names.len(), Switch::all().count());
        let bits: HashSet<_> = Switch::all().map(Switch::bit).collect();
        assert_eq!(bits.len(), Switch::all().count());
        for one in Switch::all() {
            assert_eq!(Switch::parse(one.name()), Some(one));
            assert!(!one.source().is_empty());
        }
        for (position, one) in Leniency::ALL.into_iter().enumerate() {
            assert_eq!(one as usize, position, "ALL must list {one:?} in order");
            assert!(one.description().contains("Strict:"), "{one:?}");
        }
        for (position, one) in Behaviour::ALL.into_iter().enumerate() {
            assert_eq!(one as usize, position, "ALL must list {one:?} in order");
            assert!(one.description().contains("Otherwise:"), "{one:?}");
        }
    }

    #[test]
    fn a_dialect_is_a_set() {
        for one in Leniency::ALL {
            assert!(Dialect::lenient().allows(one));
            assert!(!Dialect::strict().allows(one));
            assert!(Dialect::strict().with(one).allows(one));
            assert!(!Dialect::lenient().without(one).allows(one));
        }
        for one in Behaviour::ALL {
            assert!(!Dialect::lenient().has(one) && !Dialect::strict().has(one));
            let on = Dialect::strict().on(Switch::Behaviour(one));
            assert!(on.has(one));
            assert_eq!(on.off(Switch::Behaviour(one)), Dialect::strict());
        }
    }
}
