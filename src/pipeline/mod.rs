//! The pipeline stages. Each file defines one stage, with a function of the same name.
//! Nothing in here accesses a terminal, a disk or the environment.

pub mod binding;
pub mod diff;
pub mod fetch;
pub mod filter;
pub mod idmap;
pub mod plan;
pub mod push;
pub mod recall;
pub mod rewrite;
pub mod rollback;
pub mod strip;
pub mod verify;
