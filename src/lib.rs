//! hookferry copies a Coralogix account's outbound webhooks to another account, exactly once.
//!
//! ```text
//! source account ─fetch→ Inventory ─strip→ Stripped ─rewrite→ Portable ─plan→ Plan ─push→ Applied ─verify→ Verdict
//! target account ─fetch→ Inventory ─strip→ Stripped ───────────────────↗        │  ↑
//!                                                                      observe, re-plan until nothing is left
//! ```
//!
//! Each arrow is one file in [`pipeline`] with one public function of its name. A type from
//! [`Stripped`](pipeline::strip::Stripped) on can be made by its stage only, so what was not stripped and
//! rewritten cannot be sent: it does not type-check. `docs/architecture.md` says who may import whom.

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
pub mod foreign;
pub mod heartbeat;
pub mod http;
pub mod interrupt;
pub mod secret;
pub mod stdin;
pub mod toml_file;
mod wording;
