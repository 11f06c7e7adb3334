//! The mappings that are part of the program.

use super::Mapping;

const BUILTIN: [(&str, &str); 3] = [
    (
        "active-directory",
        include_str!("../../mappings/active-directory.toml"),
    ),
    ("openldap", include_str!("../../mappings/openldap.toml")),
    ("389ds", include_str!("../../mappings/389ds.toml")),
];

impl Mapping {
    /// The text of a built-in mapping.
    pub fn builtin(name: &str) -> Option<&'static str> {
        BUILTIN
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, text)| *text)
    }

    /// The names of the built-in mappings.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        BUILTIN.iter().map(|(name, _)| *name)
    }
}
