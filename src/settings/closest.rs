//! Suggests a name for a mistyped one.

/// The name most similar to what was typed, if one is similar enough.
pub(super) fn closest_name<'n>(typed: &str, names: &[&'n str]) -> Option<&'n str> {
    const MIN_SIMILARITY: f64 = 0.8;
    let similarity = |name: &&&str| strsim::jaro_winkler(typed, name);
    let best = names
        .iter()
        .max_by(|a, b| similarity(a).total_cmp(&similarity(b)))?;
    (similarity(&best) >= MIN_SIMILARITY).then_some(best)
}
