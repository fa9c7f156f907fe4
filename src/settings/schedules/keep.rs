//! Reads the retention policy of a schedule.

use crate::store::backup::retention::{Policy, Within};
use crate::toml_file::{TableEntry, TomlReader};

const KNOWN_KEYS: &[&str] = &[
    "last", "hourly", "daily", "weekly", "monthly", "yearly", "within",
];

/// Reads the `keep` table; `None` if it has mistakes.
pub(super) fn read_policy(reader: &mut TomlReader<'_>, entry: &TableEntry<'_>) -> Option<Policy> {
    let Some(table) = entry.as_table() else {
        let what = "keep must be a table, such as { last = 3, daily = 14 }";
        reader.report(entry.value_offset, what);
        return None;
    };
    let errors_before = reader.n_diagnostics();
    let mut policy = Policy::default();
    for entry in reader.known_entries(&table, "keep", KNOWN_KEYS) {
        match entry.key() {
            "last" => policy.last = read_count(reader, &entry),
            "hourly" => policy.hourly = read_count(reader, &entry),
            "daily" => policy.daily = read_count(reader, &entry),
            "weekly" => policy.weekly = read_count(reader, &entry),
            "monthly" => policy.monthly = read_count(reader, &entry),
            "yearly" => policy.yearly = read_count(reader, &entry),
            _ => {
                policy.within = entry.text().and_then(Within::parse);
                if policy.within.is_none() {
                    let what = "within must be a length of time such as \"30d\" or \"2y5m7d3h\": years, months, days, hours";
                    reader.report(entry.value_offset, what);
                }
            }
        }
    }
    let is_valid = reader.n_diagnostics() == errors_before;
    if is_valid && policy.is_empty() {
        let what = format!(
            "keep is empty, so it would keep no backups: set at least one of {}",
            KNOWN_KEYS.join(", ")
        );
        reader.report(entry.value_offset, what);
        return None;
    }
    is_valid.then_some(policy)
}

fn read_count(reader: &mut TomlReader<'_>, entry: &TableEntry<'_>) -> usize {
    let count = entry
        .as_decimal_digits()
        .and_then(|number| number.parse().ok());
    count.filter(|count| *count > 0).unwrap_or_else(|| {
        let what = format!("{} must be a whole number of at least 1", entry.key());
        reader.report(entry.value_offset, what);
        0
    })
}
