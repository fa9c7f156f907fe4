//! The name that somebody probably meant.

/// The name that is most like what was typed, if any is like it.
pub(super) fn closest<'n>(typed: &str, names: &[&'n str]) -> Option<&'n str> {
    const ALIKE: f64 = 0.8;
    let likeness = |name: &&&str| strsim::jaro_winkler(typed, name);
    let best = names
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(&best) >= ALIKE).then_some(best)
}
