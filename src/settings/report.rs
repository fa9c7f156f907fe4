//! The output format of plans and outcomes, and the settings of `report`.

use super::StateFolder;
use crate::cli;
use crate::document::view::Detail;
use crate::error::Error;
use crate::store::disk;
use std::path::{Path, PathBuf};

/// The default size limit in bytes; fits a pull request comment, which may have 65,536 characters.
const MOST_BYTES: usize = 60_000;

/// Format of a plan or of the outcome of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportFormat {
    /// Plain text for people.
    Text,
    /// One versioned JSON document.
    Json,
    /// Markdown of at most this many bytes.
    Markdown(usize),
    /// A self-contained page for a browser.
    Html,
}

/// Settings of `report`.
#[derive(Debug, Clone)]
pub struct ReportSettings {
    /// The document to show.
    pub subject: ReportSubject,
    /// How much of it to show in text output.
    pub detail: Detail,
    /// Format of the result.
    pub output: ReportFormat,
    /// The folder that keeps run records.
    pub state: StateFolder,
}

/// The document that `report` shows.
#[derive(Debug, Clone)]
pub enum ReportSubject {
    /// A JSON document in a file.
    File(PathBuf),
    /// A JSON document on standard input.
    Stdin,
    /// The outcome of a recorded run: an id, the start of one, or `latest`.
    Run(String),
    /// The plan of a recorded run.
    PlanOfRun(String),
}

impl ReportFormat {
    pub(super) fn resolve(arguments: &cli::ReportOutputArgs) -> Result<Self, Error> {
        if arguments.max_bytes.is_some() && arguments.output != cli::ReportFormatArg::Markdown {
            return Err(Error::usage("--max-bytes requires `-o markdown`"));
        }
        Ok(match arguments.output {
            cli::ReportFormatArg::Text => Self::Text,
            cli::ReportFormatArg::Json => Self::Json,
            cli::ReportFormatArg::Html => Self::Html,
            cli::ReportFormatArg::Markdown => {
                let max_bytes = arguments.max_bytes.and_then(|n| usize::try_from(n).ok());
                Self::Markdown(max_bytes.unwrap_or(MOST_BYTES))
            }
        })
    }
}

impl ReportSettings {
    /// Resolves the arguments of `report`.
    pub fn resolve(arguments: cli::ReportArgs) -> Result<Self, Error> {
        Ok(Self {
            subject: ReportSubject::from_argument(arguments.of).with_plan(arguments.plan)?,
            detail: super::detail(&arguments.detail),
            output: ReportFormat::resolve(&arguments.output)?,
            state: StateFolder::resolve(arguments.state.state_dir),
        })
    }
}

impl ReportSubject {
    /// Treats what looks like a path, and every existing file, as a file; a run id is neither.
    fn from_argument(text: String) -> Self {
        let looks_like_file = text.contains('/')
            || Path::new(&text)
                .extension()
                .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        if text == "-" {
            Self::Stdin
        } else if looks_like_file || disk::is_file(Path::new(&text)) {
            Self::File(text.into())
        } else {
            Self::Run(text)
        }
    }

    /// Chooses the plan of a run instead of its outcome; a file is what it is.
    fn with_plan(self, wants_plan: bool) -> Result<Self, Error> {
        match self {
            Self::Run(run) if wants_plan => Ok(Self::PlanOfRun(run)),
            Self::File(_) | Self::Stdin if wants_plan => {
                Err(Error::usage("--plan requires the id of a run, or `latest`"))
            }
            other => Ok(other),
        }
    }
}
