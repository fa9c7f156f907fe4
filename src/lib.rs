//! hookferry copies a Coralogix account's outbound webhooks to another account, exactly once.
//!
//! ```text
//! source account ─fetch→ Inventory ─strip→ Stripped ─rewrite→ Portable ─plan→ Plan ─push→ PushResult ─verify→ Verdict
//! target account ─fetch→ Inventory ─strip→ Stripped ───────────────────↗        │  ↑
//!                                                                      observe, re-plan until nothing is left
//! ```
//!
//! Each arrow is one file in [`pipeline`] with one public function of the same name. From
//! [`Stripped`](pipeline::strip::Stripped) on, only the stage itself can construct its type, so sending a webhook
//! that was not stripped and rewritten does not type-check. `docs/architecture.md` lists the allowed imports.

pub mod cli;
pub mod settings;

pub mod commands;

pub mod pipeline;

pub mod coralogix;

pub mod document;
pub mod render;
pub mod store;

pub mod sandbox;

pub mod crash;
pub mod error;
pub mod heartbeat;
pub mod http;
pub mod interrupt;
pub mod secret;
pub mod stdin;
pub mod toml_file;
pub mod untrusted;
mod wording;
