//! A document read again from a file, which may be anybody's: nothing of it is repeated in a message.
//! Reads every minor version of the form that this program writes, and refuses what it cannot read whole.

use super::{FORMAT_VERSION, OutcomeDocument, PlanDocument};
use crate::pipeline::plan::State;
use serde::Deserialize;

/// A document of which a report can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Document {
    /// What would happen.
    Plan(Box<PlanDocument>),
    /// What happened.
    Outcome(Box<OutcomeDocument>),
}

/// What every document says of itself.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    format_version: String,
    #[serde(default)]
    kind: String,
}

impl Document {
    /// Reads a document; members that this version does not know are ignored.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        let text = text.trim_start_matches('\u{feff}');
        let head: Head = serde_json::from_str(text).map_err(|error| no_document(&error))?;
        check_version(&head.format_version)?;
        match head.kind.as_str() {
            "plan" => {
                let plan: PlanDocument = parse(text)?;
                if adds_up(&plan) {
                    Ok(Self::Plan(Box::new(plan)))
                } else {
                    Err(unreadable(
                        "it is damaged: its counts are not those of its webhooks",
                    ))
                }
            }
            "outcome" => parse(text).map(|outcome| Self::Outcome(Box::new(outcome))),
            _ => Err(unreadable("it is neither a plan nor an outcome")),
        }
    }
}

/// Why a text is no document of which anything can be made; holds nothing of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// What is wrong with it, as the end of a sentence: `it is no JSON`.
    pub why: String,
    /// Whether another version of this program reads it.
    pub is_of_other_version: bool,
}

pub(super) fn unreadable(why: impl Into<String>) -> Unreadable {
    Unreadable {
        why: why.into(),
        is_of_other_version: false,
    }
}

/// Its text would quote the file, so only the place is told.
fn no_document(error: &serde_json::Error) -> Unreadable {
    let (line, column) = (error.line(), error.column());
    if error.is_data() {
        unreadable("it is JSON of another kind")
    } else {
        unreadable(format!(
            "it is no JSON, or cut off (line {line}, column {column})"
        ))
    }
}

fn parse<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, Unreadable> {
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        unreadable(format!("it is damaged (line {line}, column {column})"))
    })
}

fn check_version(version: &str) -> Result<(), Unreadable> {
    let major = |version: &str| version.split('.').next().and_then(|part| part.parse().ok());
    let ours: Option<u64> = major(FORMAT_VERSION);
    match major(version) {
        None => Err(unreadable("it has no `format_version`")),
        found if found == ours => Ok(()),
        found => {
            let (found, ours) = (found.unwrap_or_default(), ours.unwrap_or_default());
            Err(Unreadable {
                is_of_other_version: true,
                ..unreadable(format!(
                    "it is of format {found}, and this version reads format {ours}"
                ))
            })
        }
    }
}

/// Whether the counts that a reader decides on are those of the webhooks below them.
fn adds_up(plan: &PlanDocument) -> bool {
    let n = |state| plan.steps.iter().filter(|step| step.state == state).count();
    let is_counted = |state: &State| plan.summary.count(*state) == n(*state);
    State::ALL.iter().all(is_counted) && plan.summary.total == plan.steps.len()
}
