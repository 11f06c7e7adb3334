//! What a SCIM operation means for a directory, beyond what any single provider sends: one file per topic.

mod account_control;
mod agreement;
mod bind_refused;
mod bulk;
mod custom_types;
mod discovery;
mod empty_values;
mod fences;
mod filters;
mod group_size;
mod identity;
mod ids;
mod journal;
mod limits;
mod lists;
mod members;
mod outage;
mod paging;
mod passwords;
mod queries;
mod ranges;
mod references;
mod rights;
mod uniqueness;
mod unmanaged;
mod versions;
