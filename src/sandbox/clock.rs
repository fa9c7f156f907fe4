//! The server's clock, in the time format of the API.

use jiff::{SignedDuration, Timestamp};

/// Creation time of every initial webhook that states none: long before any test.
pub(super) const SEEDED_AT: &str = "2024-05-14T08:30:00.000Z";

pub(super) fn now() -> String {
    ahead(0)
}

/// The time of a clock that is so many seconds ahead.
pub(super) fn ahead(seconds: i64) -> String {
    format!(
        "{:.3}",
        Timestamp::now() + SignedDuration::from_secs(seconds)
    )
}
