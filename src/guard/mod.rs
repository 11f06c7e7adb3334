//! The fences around the directory: what this bridge may never write, whoever asks. The room exists so
//! that there is no second way in: `directory` applies nothing but a [`GuardedPlan`], and only
//! [`Guard::judge`] makes one. It lies below `directory` so that the type system can close that second
//! way, and it is pure: what must be known of an entry before it may be written is handed in as
//! [`Facts`], and an entry of which nothing is known may not be written.

mod attributes;
mod facts;
mod fences;
mod judge;
mod plan;
mod refusal;
mod standing;
mod well_known;

pub use attributes::is_forbidden;
pub use facts::Facts;
pub use fences::Fences;
pub use judge::{Guard, GuardedPlan};
pub use plan::{Plan, Step};
pub use refusal::{Attempt, Refusal, Rule};
pub use well_known::powerful_groups;
