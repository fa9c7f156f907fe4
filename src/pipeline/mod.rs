//! The pipeline stages. Each file defines one stage, with a function of the same name.
//! Nothing in here accesses a terminal, a disk or the environment.

pub mod absence;
pub mod binding;
pub mod content_cache;
pub mod cross_check;
pub mod delivery;
pub mod diff;
pub mod fetch;
pub mod filter;
pub mod idmap;
pub mod outcome;
mod pairing;
pub mod plan;
pub mod push;
pub mod rewrite;
pub mod rollback;
pub mod strip;
pub mod verify;
pub mod verify_run;
