//! The server's clock, in the form of the wire.

use jiff::Timestamp;

/// When every seeded webhook was made, unless it says otherwise: long before any test.
pub(super) const SEEDED_AT: &str = "2024-05-14T08:30:00.000Z";

pub(super) fn now() -> String {
    format!("{:.3}", Timestamp::now())
}
