//! What identity providers send in their daily work, exchange by exchange, and what the directory then holds.
//!
//! The numbers in the names are those of the catalogue of captures. The stories of a provider are answered by the profile
//! named after it. A mark says how well an exchange is known: `[A]` the vendor's own documentation, `[B]` a public capture or
//! another server's test, `[C]` a third party's guide, `[D]` inferred. None was seen on a live tenant. What is `[C]` or `[D]`
//! is taken, and nothing else depends on it.

mod aws;
mod cyberark;
mod entra;
mod google;
mod interop;
mod jumpcloud;
mod okta;
mod onelogin;
mod others;
mod ping;
mod rippling;
mod sailpoint;
