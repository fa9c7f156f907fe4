//! What is shown: pure renderers that return text or JSON, and the one `Screen` that writes it.
//! Never shows a value of a webhook that `masked()` has not passed, and reads no setting, file or environment.

pub mod account_check;
pub mod accounts;
pub mod backup;
pub mod changes;
mod columns;
pub mod diff;
mod groups;
pub mod html;
pub mod idmap;
pub mod json;
pub mod list;
pub mod markdown;
pub mod moved;
pub mod outcome;
pub mod page;
pub mod plan;
pub mod progress;
pub mod report;
pub mod rollback;
mod rows;
pub mod rules;
pub mod runs;
pub mod schedule;
pub mod schedule_run;
pub mod screen;
mod streams;
pub mod style;
mod terminal;
pub mod verify;
