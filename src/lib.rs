//! hookferry.
pub mod coralogix;
pub mod error;
pub mod foreign;
pub mod pipeline;
pub mod sandbox;
