//! The tests: one binary, one module per subject; snapshots live in the top-level `snapshots/`.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot continue has failed, and the panic says where"
)]

#[macro_use]
mod support;

mod architecture;
mod backup;
mod binding;
mod browser;
#[expect(
    dead_code,
    clippy::print_stdout,
    reason = "its `main` is for Cargo; here are its tests"
)]
#[path = "../../build.rs"]
mod build_script;
mod campaign;
mod cli;
mod comparison;
mod content;
mod diff;
mod endpoint;
mod fetch;
mod filter;
mod fuzzed;
mod idmap;
mod json_docs;
mod mask;
mod pictures;
mod plan;
mod profiles;
mod properties;
mod readme;
mod references;
mod render;
mod retention;
mod rewrite;
mod rollback;
mod run_record;
mod schedules;
mod secrets;
mod server_words;
mod stand_ins;
mod strip;
mod verify;
