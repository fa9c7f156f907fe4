//! Helpers shared by several test modules.

#[macro_use]
pub(crate) mod snapshots;

#[cfg(feature = "cloud")]
pub(crate) mod bucket;
pub(crate) mod chromium;
pub(crate) mod draft;
pub(crate) mod fixture;
pub(crate) mod generator;
pub(crate) mod literal_server;
pub(crate) mod markup;
pub(crate) mod parallel;
pub(crate) mod preview;
pub(crate) mod program;
pub(crate) mod proposals;
pub(crate) mod raw_server;
pub(crate) mod receiver;
pub(crate) mod schema;
pub(crate) mod source;
pub(crate) mod spelling;
pub(crate) mod stand_in;
pub(crate) mod terminal;
pub(crate) mod tls;
