//! What identity providers send in their daily work, exchange by exchange, and what the directory then holds.

mod entra;
mod okta;
