//! Coralogix, the vendor: its webhook objects and types, its regions, and the client of its webhooks API.
//! Does not depend on the pipeline.

pub mod account;
pub mod alert;
mod answer;
pub mod client;
pub mod content;
pub(crate) mod edit;
pub mod endpoint;
pub mod failure;
mod fields;
pub(crate) mod id_json;
mod intake;
pub mod json;
pub mod kind;
mod listing;
pub mod mask;
pub mod path;
pub mod place;
pub mod region;
pub mod retry;
mod scan;
mod scrub;
pub mod sealed;
pub mod webhook;
