//! Coralogix, the vendor: its webhook objects and types, its regions, and the client of its webhooks API.
//! Does not depend on the pipeline.

pub mod account;
mod answer;
pub mod birth;
mod canonical;
pub mod client;
mod completeness;
pub mod content;
mod decimal;
pub mod digest;
pub(crate) mod edit;
pub mod endpoint;
mod extent;
pub mod failure;
mod fields;
pub(crate) mod id_json;
pub mod json;
mod key_layout;
pub mod kind;
pub mod known_key;
mod list_failure;
mod list_stream;
mod listing;
pub mod mask;
pub mod path;
pub mod place;
pub mod reference;
pub mod region;
pub mod retry;
mod scan;
mod sent_values;
mod stand_in;
pub mod summary;
pub mod undocumented;
pub mod webhook;
mod webhook_id;
