//! What a SCIM operation means for a directory, beyond what any single provider sends: one file per topic.

mod account_control;
mod bind_refused;
mod empty_values;
mod fences;
mod group_size;
mod identity;
mod ids;
mod limits;
mod members;
mod outage;
mod passwords;
mod references;
mod uniqueness;
mod unmanaged;
