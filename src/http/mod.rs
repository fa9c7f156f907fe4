//! HTTP with care, whoever is asked: the vendor, an object store, or a heartbeat.
//! A request is sent once, an answer has a limit, and a failure says what it proves about the server.

pub(crate) mod client;
pub mod failure;
pub(crate) mod scrub;
pub(crate) mod transport;
