//! Enums that know all their variants, and errors that know their kinds: what a document or a test goes through cannot
//! forget one, since the list and the type are written once.

/// An enum without data, with `ALL`: every variant, in the order of the declaration.
macro_rules! listed {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$inner:meta])* $variant:ident,)* }) => {
        $(#[$meta])*
        pub enum $name {
            $($(#[$inner])* $variant,)*
        }

        impl $name {
            /// Every variant, in the order of the declaration.
            pub const ALL: [Self; [$(stringify!($variant)),*].len()] = [$(Self::$variant),*];
        }
    };
}

/// The name of each kind of an error, and `KINDS`: all of these names. A kind without a name does not compile.
macro_rules! kinds {
    ($name:ident { $($pattern:pat => $kind:literal,)* }) => {
        impl $name {
            /// Every kind, by its name.
            pub const KINDS: [&'static str; [$($kind),*].len()] = [$($kind),*];

            /// Which kind it is: the name in the journal, by which each answer is found in `docs/errors.md`.
            pub fn kind(&self) -> &'static str {
                match self {
                    $($pattern => $kind,)*
                }
            }
        }
    };
}
