//! Reads a document back from a file. The file is untrusted, so no message quotes anything from it.
//! Reads every minor version of the format that this program writes, and rejects what it cannot read in full.

use super::saved::check_fingerprint;
use super::{
    FORMAT_VERSION, OutcomeDocument, PlanDocument, StepDocument, SummaryDocument, major_version,
};
use crate::pipeline::plan::StepState;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A document that `report` can show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Document {
    /// A plan, not yet applied.
    Plan(Box<PlanDocument>),
    /// The outcome of a run.
    Outcome(Box<OutcomeDocument>),
}

/// The members that every document has.
#[derive(Deserialize)]
struct VersionAndKind {
    #[serde(default)]
    format_version: String,
    #[serde(default)]
    kind: String,
}

impl Document {
    /// Parses a document; ignores members that this version does not know.
    pub fn read(text: &str) -> Result<Self, UnreadableDocument> {
        match read_kind(text)?.as_str() {
            "plan" => {
                let plan = parse_plan(text, |step: &StepDocument| step.state)?;
                if let Some(binding) = &plan.binding {
                    check_fingerprint(text.to_owned(), binding)?;
                }
                Ok(Self::Plan(Box::new(plan)))
            }
            "outcome" => parse(text).map(|outcome| Self::Outcome(Box::new(outcome))),
            _ => Err(unreadable("it is neither a plan nor an outcome")),
        }
    }
}

/// The kind of a document of the major version that this program reads.
pub(super) fn read_kind(text: &str) -> Result<String, UnreadableDocument> {
    let header: VersionAndKind =
        serde_json::from_str(without_mark(text)).map_err(|error| json_error(&error))?;
    check_version(&header.format_version)?;
    Ok(header.kind)
}

/// Parses a plan, and of its steps as much as `Step` holds.
pub(super) fn parse_plan<Step: DeserializeOwned>(
    text: &str,
    state: impl Fn(&Step) -> StepState,
) -> Result<PlanDocument<Vec<Step>>, UnreadableDocument> {
    let plan: PlanDocument<Vec<Step>> = parse(text)?;
    // A reader bases a decision on the counts.
    if SummaryDocument::from_states(plan.steps.iter().map(state)) != plan.summary {
        return Err(unreadable(
            "it is damaged: its counts do not match its webhooks",
        ));
    }
    Ok(plan)
}

fn without_mark(text: &str) -> &str {
    text.trim_start_matches('\u{feff}')
}

/// The reason why a text is not a readable document; quotes nothing from the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableDocument {
    /// The defect, as the end of a sentence: `it is not valid JSON`.
    pub why: String,
    /// Whether another version of this program can read it.
    pub is_of_other_version: bool,
}

pub(super) fn unreadable(why: impl Into<String>) -> UnreadableDocument {
    UnreadableDocument {
        why: why.into(),
        is_of_other_version: false,
    }
}

/// The error's own text would quote the file, so the message gives only the position.
fn json_error(error: &serde_json::Error) -> UnreadableDocument {
    let (line, column) = (error.line(), error.column());
    if error.is_data() {
        unreadable("it is JSON, but not a hookferry document")
    } else if error.is_eof() && column == 0 {
        unreadable("it is empty")
    } else if error.is_eof() {
        unreadable(format!(
            "it ends in the middle (line {line}, column {column})"
        ))
    } else {
        unreadable(format!(
            "it is not valid JSON (line {line}, column {column})"
        ))
    }
}

fn parse<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, UnreadableDocument> {
    serde_json::from_str(without_mark(text)).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        unreadable(format!("it is damaged (line {line}, column {column})"))
    })
}

fn check_version(version: &str) -> Result<(), UnreadableDocument> {
    let ours = major_version(FORMAT_VERSION);
    match major_version(version) {
        None => Err(unreadable("it has no `format_version`")),
        found if found == ours => Ok(()),
        found => {
            let (found, ours) = (found.unwrap_or_default(), ours.unwrap_or_default());
            Err(UnreadableDocument {
                is_of_other_version: true,
                ..unreadable(format!(
                    "it has format version {found}, but this version of hookferry reads {ours}"
                ))
            })
        }
    }
}
