//! The stages, in the order in which data flows through them; each file has one function of its own name.
//! Knows no terminal, no disk and no environment.

pub mod binding;
pub mod content_cache;
pub mod diff;
pub mod fetch;
pub mod filter;
pub mod idmap;
pub mod outcome;
pub mod plan;
pub mod push;
pub mod rewrite;
pub mod rollback;
pub mod strip;
pub mod verify;
pub mod verify_run;
