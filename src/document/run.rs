//! A run on record: the entries of its journal, and what they say together.
//! Pure. Every report of a run is made from its record, whether it has just ended or is long over.

mod applied_map;
mod compact;
pub mod entry;
mod follow_up;
mod record;
mod rollback;
mod step_row;
mod step_rows;
mod summary;

pub use applied_map::AppliedMap;
pub use follow_up::{FollowUp, RewritingOptions, TargetOptions};
pub use record::{ItemRecord, RunRecord, WrittenWebhook};
pub use rollback::{RollbackProgress, RolledBack};
pub use step_row::{Destination, StepDetails, StepRow};
pub use step_rows::StepRows;
