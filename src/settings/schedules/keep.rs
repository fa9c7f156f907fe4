//! Reads the retention policy of a schedule.

use crate::store::backup::retention::{Policy, Within};
use crate::toml_file::{Entry, Reading};

const KNOWN: &[&str] = &[
    "last", "hourly", "daily", "weekly", "monthly", "yearly", "within",
];

/// Reads the `keep` table; `None` if it has mistakes.
pub(super) fn policy(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Option<Policy> {
    let Some(table) = entry.table() else {
        let what = "keep must be a table, such as { last = 3, daily = 14 }";
        reading.wrong(entry.value_at, what);
        return None;
    };
    let before = reading.n_wrong();
    let mut policy = Policy::default();
    for entry in reading.known(&table, "keep", KNOWN) {
        match entry.key() {
            "last" => policy.last = count(reading, &entry),
            "hourly" => policy.hourly = count(reading, &entry),
            "daily" => policy.daily = count(reading, &entry),
            "weekly" => policy.weekly = count(reading, &entry),
            "monthly" => policy.monthly = count(reading, &entry),
            "yearly" => policy.yearly = count(reading, &entry),
            _ => {
                policy.within = entry.text().and_then(Within::parse);
                if policy.within.is_none() {
                    let what = "within must be a length of time such as \"30d\" or \"2y5m7d3h\": years, months, days, hours";
                    reading.wrong(entry.value_at, what);
                }
            }
        }
    }
    let is_whole = reading.n_wrong() == before;
    if is_whole && policy.is_empty() {
        let what = format!(
            "keep is empty, so it would keep no backups: set at least one of {}",
            KNOWN.join(", ")
        );
        reading.wrong(entry.value_at, what);
        return None;
    }
    is_whole.then_some(policy)
}

fn count(reading: &mut Reading<'_>, entry: &Entry<'_>) -> usize {
    let count = entry.number().and_then(|number| number.parse().ok());
    count.filter(|count| *count > 0).unwrap_or_else(|| {
        let what = format!("{} must be a whole number of at least 1", entry.key());
        reading.wrong(entry.value_at, what);
        0
    })
}
