//! Okta, with an app made by the integration wizard (AIW: GET and PUT) and one of the integration network (OIN: PATCH).
//! The numbers in the names are those of the catalogue of captures.

mod create;
mod group_push;
mod import;
mod life;
mod on_premises;
mod update;
