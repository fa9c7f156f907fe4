//! A plan or an outcome as pages show it: the groups, sentences and facts that markdown and HTML share.
//! Pure. Every text in it is foreign, because a document may come from a file that anybody made.

mod outcome;
mod plan;
mod tally;

pub(super) use tally::{Mark, Tone, by_kind, tally};

use crate::coralogix::webhook::WebhookId;
use crate::document::{
    DifferenceDocument, FieldDocument, OutcomeDocument, PartyDocument, PlanDocument,
};
use crate::wording::counted;
use smol_str::SmolStr;

/// A plan or an outcome, ready to be laid out.
#[derive(Debug)]
pub struct Report<'d> {
    /// `plan` or `outcome`.
    pub(super) kind: &'static str,
    pub(super) source: &'d PartyDocument,
    pub(super) target: &'d PartyDocument,
    /// The program that made the document.
    pub(super) tool: &'d str,
    pub(super) conclusion: Conclusion,
    /// How many are in each state, those with none included where their absence matters.
    pub(super) counts: Vec<(Mark, usize)>,
    /// What goes wrong unless somebody acts.
    pub(super) warnings: Vec<String>,
    /// In the order in which a reader needs them.
    pub(super) groups: Vec<Group<'d>>,
    pub(super) facts: Vec<Fact>,
    /// What else to know.
    pub(super) notes: Vec<String>,
    /// What the two sides of a difference are called.
    pub(super) sides: [&'static str; 2],
    /// What the last column holds.
    pub(super) tail: &'static str,
}

/// The sentence that a reader takes away, and what to do next.
#[derive(Debug)]
pub(super) struct Conclusion {
    pub(super) tone: Tone,
    pub(super) text: String,
    pub(super) next: Vec<String>,
}

/// Something known of the whole, on a line of its own; when it was made and until when it holds belong here too.
#[derive(Debug)]
pub(super) struct Fact {
    pub(super) label: &'static str,
    pub(super) text: String,
}

/// The webhooks of one state.
#[derive(Debug)]
pub(super) struct Group<'d> {
    pub(super) mark: Mark,
    pub(super) title: String,
    /// Whether they stay as they are, so that nobody has to look at them.
    pub(super) stays: bool,
    /// The reason that all of them share.
    pub(super) reason: Option<&'d str>,
    pub(super) rows: Vec<Row<'d>>,
}

/// One webhook.
#[derive(Debug)]
pub(super) struct Row<'d> {
    pub(super) mark: Mark,
    pub(super) kind: SmolStr,
    pub(super) alias: &'d str,
    pub(super) source_id: Option<&'d WebhookId>,
    pub(super) target_id: TargetId<'d>,
    /// Where it leads; empty where that is not told.
    pub(super) tail: &'d str,
    pub(super) remarks: Vec<String>,
    pub(super) differences: &'d [DifferenceDocument],
    pub(super) fields: &'d [FieldDocument],
}

/// What the target calls a webhook.
#[derive(Debug, Clone, Copy)]
pub(super) enum TargetId<'d> {
    /// It has yet to give it an id.
    New,
    /// That.
    Known(&'d WebhookId),
    /// It has none.
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
    pub(super) fn rows(&self) -> impl Iterator<Item = &Row<'_>> {
        self.groups.iter().flat_map(|group| &group.rows)
    }

    /// The counts that are not zero, in a sentence: `23 create, 3 unchanged`.
    pub(super) fn sum(&self) -> String {
        let some = self.counts.iter().filter(|(_, n)| *n > 0);
        let words: Vec<String> = some.map(|(mark, n)| format!("{n} {}", mark.word)).collect();
        if words.is_empty() {
            counted(0, "webhook")
        } else {
            words.join(", ")
        }
    }
}

impl Row<'_> {
    /// The ids as cells: the source's, and the target's.
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

    /// Whether there is more of it than its line.
    pub(super) fn has_details(&self) -> bool {
        !self.differences.is_empty() || !self.fields.is_empty()
    }
}

/// A sentence in which some words are code, because it has them between backticks: the words, and whether they are.
pub(super) fn pieces(sentence: &str) -> Vec<(&str, bool)> {
    let n_ticks = sentence.matches('`').count();
    // Without a partner the last backtick is one like any other character.
    let mut parts = sentence.splitn(n_ticks - n_ticks % 2 + 1, '`');
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
    use super::pieces;

    #[test]
    fn words_between_backticks_are_code() {
        assert_eq!(
            pieces("say `--yes` or `no`"),
            [
                ("say ", false),
                ("--yes", true),
                (" or ", false),
                ("no", true)
            ]
        );
        assert_eq!(pieces("a ` b"), [("a ` b", false)]);
        assert_eq!(pieces("`a` and ` b"), [("a", true), (" and ` b", false)]);
        assert_eq!(pieces(""), []);
    }
}
