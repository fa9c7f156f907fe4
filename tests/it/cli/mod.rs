//! The whole program, run as its users run it, beside stand-in accounts that remember every request.

/// Asserts the transcript of a run.
macro_rules! assert_transcript {
    ($run:expr) => {
        $crate::cli::assert_text!($run.transcript())
    };
    ($name:expr, $run:expr) => {
        $crate::cli::assert_text!($name, $run.transcript())
    };
}

/// Asserts a text in which times vary.
macro_rules! assert_text {
    ($($argument:expr),+) => {{
        snapshots!(r"\b\d+(?:\.\d)? s\b" => "[elapsed]");
        insta::assert_snapshot!($($argument),+);
    }};
}

pub(crate) use assert_text;

mod canaries;
mod conflicts;
mod crash;
mod demo;
mod diff;
mod exactly_once;
mod export;
mod help;
mod list;
mod logs;
mod migrate;
mod mistakes;
mod network;
mod plan;
mod read_only;
mod record;
mod report;
mod rules;
mod servers;
