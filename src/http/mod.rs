//! The HTTP basics that all clients share: those of the vendor's API, of object stores and of heartbeats.
//! Never re-sends a request by itself, limits the size of responses, and classifies failures by what they prove.

pub mod certificate;
pub(crate) mod client;
pub mod failure;
pub mod proxy;
pub mod server_words;
pub(crate) mod spelling;
pub(crate) mod transport;
