//! Writes counts and durations for people, all in one place, so that singular and plural always agree.

use std::time::Duration;

/// A number with its noun in singular or plural: `1 webhook`, `2 webhooks`.
pub(crate) fn counted(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", one_or_many(n, "", "s"))
}

/// A number with its noun and the verb that agrees with it: `1 webhook sends`, `2 webhooks send`.
pub(crate) fn counted_with_verb(n: usize, noun: &str, singular: &str, plural: &str) -> String {
    format!("{} {}", counted(n, noun), one_or_many(n, singular, plural))
}

/// The word that agrees with a number.
pub(crate) fn one_or_many<'w>(n: usize, singular: &'w str, plural: &'w str) -> &'w str {
    if n == 1 { singular } else { plural }
}

/// A duration for people: `0.4 s`, `12 s`, `2 min 5 s`, `24 h`.
pub(crate) fn duration_text(duration: Duration) -> String {
    let whole = duration.as_secs();
    let two_units = |large: u64, unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{large} {unit}"),
        small => format!("{large} {unit} {small} {small_unit}"),
    };
    if whole >= 3600 {
        two_units(whole / 3600, "h", whole % 3600 / 60, "min")
    } else if whole >= 60 {
        two_units(whole / 60, "min", whole % 60, "s")
    } else if whole >= 10 || duration.subsec_nanos() == 0 {
        format!("{whole} s")
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::duration_text;
    use std::time::Duration;

    #[test]
    fn durations_are_rounded_for_people() {
        assert_eq!(duration_text(Duration::from_millis(420)), "0.4 s");
        assert_eq!(duration_text(Duration::from_secs(8)), "8 s");
        assert_eq!(duration_text(Duration::from_millis(12_700)), "12 s");
        assert_eq!(duration_text(Duration::from_secs(125)), "2 min 5 s");
        assert_eq!(duration_text(Duration::from_secs(86_400)), "24 h");
        assert_eq!(duration_text(Duration::from_secs(3720)), "1 h 2 min");
    }
}
