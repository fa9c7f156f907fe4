//! The server's clock, in the time format of the API.

use jiff::Timestamp;

/// Creation time of every initial webhook that states none: long before any test.
pub(super) const SEEDED_AT: &str = "2024-05-14T08:30:00.000Z";

pub(super) fn now() -> String {
    format!("{:.3}", Timestamp::now())
}
