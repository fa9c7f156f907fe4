//! Location of snapshots, and filters for what varies in them: one folder per test module,
//! `it::plan::states` → `snapshots/plan/states/`. Filters hide no secret and no id: the output itself must not hold any.

use std::path::PathBuf;

/// The snapshot settings of one test module, given its `module_path!()`.
///
/// Settings are thread-local: assert in the test's body, never in a spawned task.
pub(crate) fn settings(module: &str) -> insta::Settings {
    let mut path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("snapshots");
    path.extend(module.split("::").skip(1));
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(path);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_sort_maps(true);
    settings.set_strip_ansi_escape_codes(true);
    let version = env!("CARGO_PKG_VERSION").replace('.', r"\.");
    settings.add_filter(
        r"\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})",
        "[time]",
    );
    settings.add_filter(r"\b[0-9a-f]{4}(?:-[0-9a-f]{4}){3}\b", "[fingerprint]");
    settings.add_filter(
        r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC(?: \(later\))?",
        "[time]",
    );
    settings.add_filter(r"127\.0\.0\.1:\d+", "[host]");
    settings.add_filter(&format!(r"\b{version}\b"), "[version]");
    settings
}

/// Applies the snapshot settings of the calling module to the rest of the test.
///
/// Filters given as `pattern => name` run before the common filters: `snapshots!(&url => "[source]")`.
macro_rules! snapshots {
    ($($pattern:expr => $name:expr),* $(,)?) => {
        #[allow(unused_mut, clippy::allow_attributes, reason = "mutable only where filters are given")]
        let mut settings = insta::Settings::clone_current();
        $(settings.add_filter($pattern, $name);)*
        let _first = settings.bind_to_scope();
        let _then = $crate::support::snapshots::settings(module_path!()).bind_to_scope();
    };
}

/// Asserts the transcript of a run.
macro_rules! assert_transcript {
    ($run:expr) => {
        assert_text!($run.transcript())
    };
    ($name:expr, $run:expr) => {
        assert_text!($name, $run.transcript())
    };
}

/// Asserts the exit code and the lines that start with one of the given texts: what the test is about. One test of each
/// command asserts its whole transcript.
macro_rules! assert_excerpt {
    ($run:expr, $beginnings:expr) => {
        assert_text!($run.excerpt(&$beginnings))
    };
    ($name:expr, $run:expr, $beginnings:expr) => {
        assert_text!($name, $run.excerpt(&$beginnings))
    };
}

/// Asserts a text in which times vary, and digests with their salt.
macro_rules! assert_text {
    ($($argument:expr),+) => {{
        snapshots!(
            r"\b\d+(?:\.\d)? m?s\b" => "[elapsed]",
            r#""[0-9a-f]{24}(?:[0-9a-f]{8})?""# => "[seal]",
            r#": "[0-9a-f]{8}""# => ": [short seal]",
            r#""(created|valid_until)": "[-0-9]+T[:0-9]+Z""# => r#""$1": [time]"#
        );
        insta::assert_snapshot!($($argument),+);
    }};
}
