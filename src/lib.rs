//! A SCIM 2.0 service whose only store is an LDAP directory: Active Directory first, then OpenLDAP and its kin.
//!
//! This page is the map of the house. Nine rooms, each a folder whose `mod.rs` says why it exists, from the ground up:
//!
//! | room | what it is | knows |
//! |---|---|---|
//! | [`scim`] | what SCIM says: schema, resource, path, filter, patch, projection, list, discovery, error, dialect | nobody |
//! | [`ldap`] | what LDAP says: DN, filter, entry, change, LDIF, GUID, SID, time, schema | nobody |
//! | [`mapping`] | the dictionary between the two: one TOML file per directory, one line for reading, writing and filtering | `scim`, `ldap` |
//! | [`guard`] | the plan of LDAP changes as a value, and the fences that it must pass | `ldap` |
//! | [`directory`] | the only room that talks to a directory: connections, failover, paging, the meaning of result codes | `ldap`, `guard` |
//! | [`provisioning`] | what an operation means: create, read, list, replace, patch, delete, plan | the five above |
//! | [`http`] | the front door: routes, authentication, limits, TLS, the one table from error to response | `provisioning`, `scim` |
//! | [`config`] | what the operator wrote, and what it means: raw, checked, reference | all but `cli` |
//! | [`cli`] | serve, check, plan, token, mapping, config | all |
//!
//! `tests/it/house.rs` reads the `use` lines and fails on an arrow that is not in this table.
//!
//! # A write, as the data travels
//!
//! Bytes reach `http`: who is calling, may they? → `scim`: a typed operation → `provisioning` reads what the directory
//! holds, only what the operation needs → `scim`: the resource as it should be → `mapping`: the difference, as LDAP changes
//! → `guard`: a [`Plan`](guard::Plan) becomes a [`GuardedPlan`](guard::GuardedPlan) or a refusal → `directory` applies it
//! and reads back → the answer shows what the directory now holds.
//!
//! The plan is a value: it can be printed as LDIF (`scimbridge plan`), judged, and applied. The same value serves all
//! three, so a preview shows what the deed is. How a directory has to be made to do it, it does not show: see below.
//!
//! # Invariants
//!
//! - **One way in.** [`Directory::apply`](directory::Directory::apply) takes a `GuardedPlan`, and only
//!   [`Guard::judge`](guard::Guard::judge) makes one. This is why `guard` is a room of its own below `directory`, and not a
//!   file of `provisioning`: the type system closes the second way in. What `directory` makes of a plan by itself, no
//!   preview shows and no fence sees: 389 DS is renamed in two steps where one fails (`rename.rs`), a group that may not be
//!   empty gets its placeholder (`members.rs`), and an entry that a change met because it had got the name of the one that
//!   was meant is given back what it had, in 389 DS and after a rename in Samba (`identity.rs`).
//! - **Pure ground.** `scim`, `ldap`, `mapping` and `guard` see no tokio, no socket, no clock and no random source.
//! - **Libraries stay in their room.** Only `directory` names `ldap3` and `lber`, only `http` names `actix_web`, only
//!   `config` names `figment`.
//! - **No LDAP string is formatted from input.** DNs and filters are values built from parts; `Display` escapes, once.
//! - **Nothing outside the base exists.** An id is looked up under the configured base and filter on every call.
//! - **Everything is bounded.** Every wait has a deadline, every queue a bound, every parser a depth. A request that cannot
//!   be served in time is refused in time.
//! - **An outage is 503**, never 404 and never an empty list.
//! - **A write whose outcome is unknown is never repeated blindly**: read, compare, then decide.
//! - **A client that hangs up stops nothing half way.** Writes run on their own runtime, not on the HTTP threads, and a
//!   stopping bridge waits for them. Short reads run on the HTTP thread, over a connection that it drives.
//! - **Secrets print as `[redacted]`.** Passwords are never read, logged or returned; tokens are kept as hashes.
//! - **Each layer has its own errors.** Status, scimType and detail are chosen in one table (`http/error.rs`); LDAP result
//!   codes get their meaning in another (`directory/codes.rs`). Every kind has its row in `docs/errors.md`, made of answers.
//! - **Each leniency has one name, one place, one test and one source** ([`scim::dialect`]); a strict client turns it off.
//! - **Every setting stands once**, in a table (`config/setting.rs`) from which defaults, environment names, hints and
//!   `docs/configuration.md` come.

#[macro_use]
mod listed;

pub mod cli;
pub mod config;
pub mod directory;
pub mod guard;
pub mod http;
pub mod ldap;
pub mod mapping;
pub mod provisioning;
pub mod scim;
