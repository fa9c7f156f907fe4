//! hookferry copies a Coralogix account's outbound webhooks to another account, exactly once.
//!
//! ```text
//! source account ─fetch→ Inventory ─strip→ Stripped ─rewrite→ Portable ─plan→ Plan ─push→ PushResult ─verify→ Verdict
//! target account ─fetch→ Inventory ─strip→ Stripped ───────────────────↗        │  ↑
//!                                                                      observe, send the rest until nothing is left
//! ```
//!
//! Each arrow is a file in [`pipeline`] and a public function of the same name in it. Only the stages themselves can
//! construct [`Stripped`](pipeline::strip::Stripped), [`Portable`](pipeline::rewrite::Portable) and
//! [`Plan`](pipeline::plan::Plan), so sending a webhook that was not stripped and rewritten does not type-check.
//! `docs/architecture.md` lists the allowed imports.

pub mod cli;
pub mod settings;

pub mod commands;

pub mod pipeline;

pub mod coralogix;

pub mod document;
pub mod render;
pub mod store;

pub mod sandbox;

mod closest;
pub mod crash;
pub mod error;
pub mod heartbeat;
pub mod http;
pub mod interrupt;
pub mod proposal;
pub mod secret;
pub mod stdin;
pub mod toml_file;
pub mod untrusted;
mod wording;
