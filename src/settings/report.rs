//! In which form a plan or an outcome is shown, and which one `report` shows again.

use super::StateFolder;
use crate::cli;
use crate::document::view::Detail;
use crate::error::Error;
use crate::store::disk;
use std::path::{Path, PathBuf};

/// What fits a comment on a pull request, which takes 65,536 characters.
const MOST_BYTES: usize = 60_000;

/// The form of a plan or an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportForm {
    /// For people.
    Text,
    /// One versioned JSON document.
    Json,
    /// Of at most so many bytes.
    Markdown(usize),
    /// One file for a browser.
    Html,
}

/// Settings of `report`.
#[derive(Debug, Clone)]
pub struct Report {
    /// What is shown again.
    pub of: Reported,
    /// How much of it a text shows.
    pub detail: Detail,
    /// The form of the result.
    pub output: ReportForm,
    /// Where runs are on record.
    pub state: StateFolder,
}

/// What `report` shows again.
#[derive(Debug, Clone)]
pub enum Reported {
    /// A document in a file.
    File(PathBuf),
    /// The same on standard input.
    Stdin,
    /// A run, as the user named it.
    Run(String),
}

impl ReportForm {
    pub(super) fn resolve(arguments: &cli::ReportOutputArgs) -> Result<Self, Error> {
        if arguments.max_bytes.is_some() && arguments.output != cli::ReportForm::Markdown {
            return Err(Error::usage("--max-bytes is for `-o markdown` alone"));
        }
        Ok(match arguments.output {
            cli::ReportForm::Text => Self::Text,
            cli::ReportForm::Json => Self::Json,
            cli::ReportForm::Html => Self::Html,
            cli::ReportForm::Markdown => {
                let given = arguments.max_bytes.and_then(|n| usize::try_from(n).ok());
                Self::Markdown(given.unwrap_or(MOST_BYTES))
            }
        })
    }
}

impl Report {
    /// Settings of a `report` command line.
    pub fn resolve(arguments: cli::ReportArgs) -> Result<Self, Error> {
        Ok(Self {
            of: Reported::named(arguments.of),
            detail: super::detail(arguments.diff),
            output: ReportForm::resolve(&arguments.output)?,
            state: StateFolder::resolve(arguments.state.state_dir),
        })
    }
}

impl Reported {
    /// What looks like a file, or is one, is a file; the id of a run is neither.
    fn named(text: String) -> Self {
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
}
