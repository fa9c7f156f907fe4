//! Output: pure renderers that return text, JSON, markdown or HTML, and the `Screen`, the only writer.
//! Never shows a webhook value that did not pass through `masked()`; reads no setting, file or environment.

pub mod account_check;
pub mod accounts;
pub mod backup;
pub mod changes;
mod columns;
pub mod deliver_test;
pub mod diff;
mod differences;
pub mod drift;
mod escape;
mod filters;
mod groups;
pub mod html;
pub mod idmap;
pub mod json;
pub mod list;
pub mod markdown;
mod names;
pub mod outcome;
pub mod page;
pub mod plan;
pub mod progress;
mod quoted;
pub mod report;
pub mod rollback;
mod rows;
pub mod rules;
pub mod runs;
pub mod schedule;
pub mod schedule_run;
pub mod screen;
pub(crate) mod side_words;
mod streams;
pub mod style;
mod terminal;
pub mod verify;
