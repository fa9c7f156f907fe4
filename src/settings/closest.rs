//! Suggests a name for a mistyped one.

/// The name most similar to what was typed, if one is similar enough.
pub(super) fn closest<'n>(typed: &str, names: &[&'n str]) -> Option<&'n str> {
    const ALIKE: f64 = 0.8;
    let likeness = |name: &&&str| strsim::jaro_winkler(typed, name);
    let best = names
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(&best) >= ALIKE).then_some(best)
}
