//! The version of this program, with the commit and the features that it was built from.

use std::sync::LazyLock;

/// The version as the package states it.
pub(super) const NUMBER: &str = env!("CARGO_PKG_VERSION");

/// The version with what distinguishes builds of it: `0.1.0 (commit 1a2b3c4d5e6f, features: cloud)`.
///
/// `build.rs` finds the commit; a debug build, and one from an archive, has none.
pub(super) static LONG: LazyLock<String> = LazyLock::new(|| {
    let features = if cfg!(feature = "cloud") {
        "cloud"
    } else {
        "none"
    };
    match option_env!("HOOKFERRY_COMMIT") {
        Some(commit) => format!("{NUMBER} (commit {commit}, features: {features})"),
        None => format!("{NUMBER} (features: {features})"),
    }
});
