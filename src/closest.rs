//! Finds the name that somebody probably meant. No suggestion beats a wrong one, so few slips are allowed.

/// In one letter there is nothing to recognize.
const MIN_CHARS: usize = 2;
/// Longer texts are no mistyped names.
const MAX_CHARS: usize = 40;

/// The known names that differ from what was typed in the fewest letters, or start with it; none if all are too
/// different. Case does not count.
pub(crate) fn closest_names<'n>(
    typed: &str,
    known: impl IntoIterator<Item = &'n str>,
) -> Vec<&'n str> {
    let typed = typed.to_lowercase();
    let n_chars = typed.chars().count();
    if !(MIN_CHARS..=MAX_CHARS).contains(&n_chars) {
        return Vec::new();
    }
    let known: Vec<&str> = known.into_iter().collect();
    // One slip in four letters, and at least one; a transposition counts as one.
    let max_distance = (n_chars / 4).max(1);
    let distances: Vec<(usize, &str)> = known
        .iter()
        .map(|name| (strsim::osa_distance(&typed, &name.to_lowercase()), *name))
        .filter(|(distance, _)| *distance <= max_distance && *distance < n_chars)
        .collect();
    let Some(least) = distances.iter().map(|(distance, _)| *distance).min() else {
        let is_start = |name: &&str| name.to_lowercase().starts_with(&typed);
        return known.into_iter().filter(is_start).collect();
    };
    let nearest = distances
        .into_iter()
        .filter(|(distance, _)| *distance == least);
    nearest.map(|(_, name)| name).collect()
}

/// The question that suggests names: ``did you mean `a` or `b`?``; `None` without any name, or with too many to help.
pub(crate) fn did_you_mean(names: &[&str]) -> Option<String> {
    const MAX_NAMES: usize = 3;
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let (last, rest) = quoted.split_last()?;
    let all = match rest {
        [] => last.clone(),
        rest => format!("{} or {last}", rest.join(", ")),
    };
    (names.len() <= MAX_NAMES).then(|| format!("did you mean {all}?"))
}

#[cfg(test)]
mod tests {
    use super::{closest_names, did_you_mean};

    #[test]
    fn a_slip_finds_its_name_and_another_word_finds_none() {
        let profiles = ["team-a", "prod-eu", "prod-us", "staging"];
        for (typed, expected) in [
            ("Team-A", &["team-a"][..]),
            ("prd-eu", &["prod-eu"]),
            ("stagin", &["staging"]),
            ("prod-xs", &["prod-us"]),
            ("prod", &["prod-eu", "prod-us"]),
            ("other", &[]),
            ("t", &[]),
            ("", &[]),
        ] {
            assert_eq!(closest_names(typed, profiles), expected, "{typed}");
        }
        let commands = ["sandbox", "restore", "rollback", "report", "rules"];
        for typed in ["undo", "destroy", "target", "revert"] {
            assert!(closest_names(typed, commands).is_empty(), "{typed}");
        }
    }

    #[test]
    fn a_question_names_up_to_three() {
        assert_eq!(did_you_mean(&[]), None);
        assert_eq!(did_you_mean(&["a"]).as_deref(), Some("did you mean `a`?"));
        let three = did_you_mean(&["a", "b", "c"]);
        assert_eq!(three.as_deref(), Some("did you mean `a`, `b` or `c`?"));
        assert_eq!(did_you_mean(&["a", "b", "c", "d"]), None);
    }
}
