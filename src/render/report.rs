//! The content of a report page: the groups, sentences and facts that markdown and HTML share.
//! Pure. Every text in it is untrusted, because a document may come from any file.

mod outcome;
mod plan;
mod tally;

pub(super) use tally::{Mark, Tone, count_marks, rows_by_kind};

use crate::coralogix::webhook::WebhookId;
use crate::document::{
    CutOverState, DifferenceDocument, FieldDocument, OutcomeDocument, PartyDocument, PlanDocument,
};
use crate::wording::counted;
use smol_str::SmolStr;

/// A plan or an outcome, ready for layout as markdown or HTML.
#[derive(Debug)]
pub struct Report<'d> {
    /// `plan` or `outcome`.
    pub(super) kind: &'static str,
    pub(super) source: &'d PartyDocument,
    pub(super) target: &'d PartyDocument,
    /// Name and version of the program that wrote the document.
    pub(super) tool: &'d str,
    pub(super) conclusion: Conclusion,
    /// Number of webhooks by state or status; a plan lists zero counts too.
    pub(super) counts: Vec<(Mark, usize)>,
    /// Problems that occur unless the user acts.
    pub(super) warnings: Vec<String>,
    /// In the order of their importance to the reader.
    pub(super) groups: Vec<ReportGroup<'d>>,
    pub(super) facts: Vec<Fact>,
    /// Where the cut-over stands; only for a run that wrote something.
    pub(super) cut_over: Vec<CutOverItem>,
    pub(super) notes: Vec<String>,
    /// Labels of the two sides of a difference.
    pub(super) side_labels: [&'static str; 2],
    /// Heading of the last column.
    pub(super) last_heading: &'static str,
}

/// The main message, and the next steps.
#[derive(Debug)]
pub(super) struct Conclusion {
    pub(super) tone: Tone,
    pub(super) text: String,
    pub(super) next_steps: Vec<String>,
}

/// One step of a cut-over.
#[derive(Debug)]
pub(super) struct CutOverItem {
    pub(super) state: CutOverState,
    pub(super) text: String,
}

/// A labeled fact about the whole plan or run, such as its creation time, on a line of its own.
#[derive(Debug)]
pub(super) struct Fact {
    pub(super) label: &'static str,
    pub(super) text: String,
}

/// The webhooks of one state or status.
#[derive(Debug)]
pub(super) struct ReportGroup<'d> {
    pub(super) mark: Mark,
    pub(super) title: String,
    /// Whether the target's webhooks stay as they are, so that the reader can skip the group.
    pub(super) is_quiet: bool,
    /// The reason, if all webhooks of the group share it.
    pub(super) reason: Option<&'d str>,
    pub(super) rows: Vec<ReportRow<'d>>,
}

/// One webhook of a report.
#[derive(Debug)]
pub(super) struct ReportRow<'d> {
    pub(super) mark: Mark,
    pub(super) kind: SmolStr,
    pub(super) alias: &'d str,
    pub(super) source_id: Option<&'d WebhookId>,
    pub(super) target_id: TargetId<'d>,
    /// Content of the last column before the remarks: the destination in a plan, empty in an outcome.
    pub(super) last_cell: &'d str,
    pub(super) remarks: Vec<String>,
    pub(super) differences: &'d [DifferenceDocument],
    pub(super) fields: &'d [FieldDocument],
}

/// The id of a webhook in the target.
#[derive(Debug, Clone, Copy)]
pub(super) enum TargetId<'d> {
    /// The target has yet to assign one.
    New,
    Known(&'d WebhookId),
    /// There is none, or it is unknown.
    None,
}

impl<'d> From<&'d PlanDocument> for Report<'d> {
    fn from(document: &'d PlanDocument) -> Self {
        plan::report(document)
    }
}

impl<'d> From<&'d OutcomeDocument> for Report<'d> {
    fn from(document: &'d OutcomeDocument) -> Self {
        outcome::report(document)
    }
}

impl Report<'_> {
    pub(super) fn rows(&self) -> impl Iterator<Item = &ReportRow<'_>> {
        self.groups.iter().flat_map(|group| &group.rows)
    }

    /// The nonzero counts in words: `23 create, 3 unchanged`.
    pub(super) fn counts_text(&self) -> String {
        let nonzero = self.counts.iter().filter(|(_, n)| *n > 0);
        let words: Vec<String> = nonzero
            .map(|(mark, n)| format!("{n} {}", mark.word))
            .collect();
        if words.is_empty() {
            counted(0, "webhook")
        } else {
            words.join(", ")
        }
    }
}

impl ReportRow<'_> {
    /// The source id and the target id as cell texts.
    pub(super) fn ids(&self) -> [String; 2] {
        let none = || "–".to_owned();
        let source = self.source_id.map_or_else(none, ToString::to_string);
        let target = match self.target_id {
            TargetId::New => "new".to_owned(),
            TargetId::Known(id) => id.to_string(),
            TargetId::None => none(),
        };
        [source, target]
    }

    /// Whether it has fields or differences to show below its line.
    pub(super) fn has_details(&self) -> bool {
        !self.differences.is_empty() || !self.fields.is_empty()
    }
}

/// Splits a sentence at its backticks into pieces; the flag says whether a piece is code.
pub(super) fn split_code(sentence: &str) -> Vec<(&str, bool)> {
    let n_backticks = sentence.matches('`').count();
    // An unpaired last backtick is an ordinary character.
    let mut parts = sentence.splitn(n_backticks - n_backticks % 2 + 1, '`');
    let mut pieces = Vec::new();
    let mut is_code = false;
    for part in parts.by_ref() {
        if !part.is_empty() {
            pieces.push((part, is_code));
        }
        is_code = !is_code;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::split_code;

    #[test]
    fn words_between_backticks_are_code() {
        assert_eq!(
            split_code("pass `--yes` or `no`"),
            [
                ("pass ", false),
                ("--yes", true),
                (" or ", false),
                ("no", true)
            ]
        );
        assert_eq!(split_code("a ` b"), [("a ` b", false)]);
        assert_eq!(
            split_code("`a` and ` b"),
            [("a", true), (" and ` b", false)]
        );
        assert_eq!(split_code(""), []);
    }
}
