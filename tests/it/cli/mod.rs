//! The whole program, run as its users run it, against stand-in accounts that record every request.

/// Asserts the transcript of a run.
macro_rules! assert_transcript {
    ($run:expr) => {
        $crate::cli::assert_text!($run.transcript())
    };
    ($name:expr, $run:expr) => {
        $crate::cli::assert_text!($name, $run.transcript())
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

pub(crate) use assert_text;

mod accounts;
mod backup;
mod bucket;
mod canaries;
mod completions;
mod conflicts;
mod crash;
mod demo;
mod diff;
mod digests;
mod encodings;
mod env_file;
mod exactly_once;
mod export;
mod first_words;
mod help;
mod hostile_files;
mod list;
mod logs;
mod migrate;
mod mistakes;
mod network;
mod plan;
mod proposals;
mod read_only;
mod record;
mod record_size;
mod report;
mod request_count;
mod rules;
mod saved;
mod schedules;
mod servers;
mod sizes;
mod undocumented;
mod unwritable;
mod waiting;
mod whole_lists;
