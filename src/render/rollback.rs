//! What of a run is to be undone or was: text for people, a document for programs.
//! Pure. Says of everything that stays why it stays.

use super::columns::wrapped;
use super::json;
use super::rows::{Called, Layout, Line, below};
use super::style::Meaning;
use crate::coralogix::webhook::WebhookId;
use crate::document::view::{Party, kind_name};
use crate::pipeline::plan::State;
use crate::pipeline::rollback::{Undo, Written};
use crate::render::page::Page;
use crate::wording::counted;
use serde_json::{Value, json};

/// A rollback before or after it was carried out.
#[derive(Debug, Clone)]
pub struct RollbackView {
    /// The run that is undone.
    pub run: String,
    /// The account that it wrote to.
    pub target: Party,
    /// What it wrote.
    pub written: Vec<Written>,
    /// What was to be done about each at first.
    pub planned: Vec<Undo>,
    /// What is to be done about each, or is true of it in the end.
    pub ends: Vec<Undo>,
    /// Whether it was carried out.
    pub is_done: bool,
    /// How many sends of the run are still not accounted for.
    pub n_open: usize,
    /// Webhooks that equal what the run created and that no run on record has brought.
    pub copies: Vec<WebhookId>,
    /// Why it stopped early, if it did.
    pub stop: Option<String>,
}

/// The groups in which webhooks are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Delete,
    Restore,
    Deleted,
    Restored,
    Gone,
    Before,
    Keep,
    NotDone,
}

impl Group {
    const ALL: [Self; 8] = [
        Self::Gone,
        Self::Before,
        Self::Delete,
        Self::Restore,
        Self::Deleted,
        Self::Restored,
        Self::Keep,
        Self::NotDone,
    ];

    fn of(planned: &Undo, end: &Undo, is_done: bool) -> Self {
        match (end, planned) {
            (Undo::Delete, _) if !is_done => Self::Delete,
            (Undo::Restore, _) if !is_done => Self::Restore,
            (Undo::Delete | Undo::Restore, _) => Self::NotDone,
            (Undo::Gone, Undo::Delete) => Self::Deleted,
            (Undo::Gone, _) => Self::Gone,
            (Undo::Restored, Undo::Restore) => Self::Restored,
            (Undo::Restored, _) => Self::Before,
            (Undo::Keep(_), _) => Self::Keep,
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Restore => "restore",
            Self::Deleted => "deleted",
            Self::Restored => "restored",
            Self::Gone => "gone",
            Self::Before => "had-previous-content",
            Self::Keep => "kept",
            Self::NotDone => "not-done",
        }
    }

    fn heading(self) -> &'static str {
        match self {
            Self::Delete => "to delete: created by the run, unchanged since",
            Self::Restore => "to put back: updated by the run, unchanged since",
            Self::Deleted => "deleted",
            Self::Restored => "put back to what it was",
            Self::Gone => "gone already",
            Self::Before => "already what it was before the run",
            Self::Keep => "left as it is",
            Self::NotDone => "not undone",
        }
    }

    fn look(self) -> (Meaning, &'static str) {
        match self {
            Self::Delete | Self::Deleted => (Meaning::State(State::Blocked), "-"),
            Self::Restore | Self::Restored => (Meaning::State(State::Update), "~"),
            Self::Gone | Self::Before => (Meaning::Faint, "="),
            Self::Keep | Self::NotDone => (Meaning::State(State::Ambiguous), "!"),
        }
    }
}

impl RollbackView {
    fn groups(&self) -> Vec<Group> {
        self.planned
            .iter()
            .zip(&self.ends)
            .map(|(planned, end)| Group::of(planned, end, self.is_done))
            .collect()
    }
}

/// The rollback as text.
pub fn text(view: &RollbackView, page: Page) -> String {
    let what = if view.is_done {
        "rolled back"
    } else {
        "rollback"
    };
    let heading = format!(
        "hookferry {what}: run {} in target {}",
        view.run,
        view.target.identity()
    );
    let mut out = format!("{}\n\n", page.palette.paint(Meaning::Heading, &heading));
    let groups = view.groups();
    let lines: Vec<(Group, Line, &Undo)> = groups
        .iter()
        .zip(view.written.iter().zip(&view.ends))
        .map(|(group, (written, end))| (*group, line(*group, written), end))
        .collect();
    let layout = Layout::of(lines.iter().map(|(_, line, _)| line), page);
    for group in Group::ALL {
        let of_group: Vec<_> = lines.iter().filter(|(each, ..)| *each == group).collect();
        if of_group.is_empty() {
            continue;
        }
        let heading = format!("{} {}", of_group.len(), group.heading());
        out.push_str(&page.palette.paint(Meaning::Heading, &heading));
        out.push('\n');
        for (_, line, end) in of_group {
            line.write(&mut out, layout, page);
            if let Undo::Keep(why) = end {
                below(&mut out, why, page);
            }
        }
        out.push('\n');
    }
    out.push_str(&last_words(view, &groups, page));
    out
}

fn line(group: Group, written: &Written) -> Line {
    let (meaning, symbol) = group.look();
    let called = Called {
        type_id: Some(written.key.type_id),
        alias: &written.key.alias,
        source_id: written.source_id.as_ref(),
    };
    Line::new(meaning, symbol, called, Some(&written.id), "")
}

fn last_words(view: &RollbackView, groups: &[Group], page: Page) -> String {
    let n = |wanted: &[Group]| groups.iter().filter(|group| wanted.contains(group)).count();
    let n_left = n(&[Group::Keep, Group::NotDone]);
    let mut out = String::new();
    let mut say = |meaning, text: String| {
        let text = wrapped(&text, page.width, 2);
        out.push_str(&page.palette.paint(meaning, &text));
        out.push('\n');
    };
    if let Some(stop) = &view.stop {
        say(Meaning::Error, format!("Stopped early: {stop}."));
    }
    if view.n_open > 0 {
        let open = counted(view.n_open, "webhook");
        say(
            Meaning::Warning,
            format!(
                "{open} that the run sent cannot be told from others' in the target; look at them there, then say `hookferry runs close {}`",
                view.run
            ),
        );
    }
    if !view.copies.is_empty() {
        let ids: Vec<String> = view.copies.iter().map(ToString::to_string).collect();
        let equal = counted(view.copies.len(), "webhook");
        say(
            Meaning::Warning,
            format!(
                "{equal} in the target equal what the run created, appeared since, and were named to no run ({}): a late effect of it, or somebody's copies; look at them, and delete them by hand if they are not wanted",
                ids.join(", ")
            ),
        );
    }
    if view.written.is_empty() {
        say(
            Meaning::Heading,
            "The run brought nothing to the target.".to_owned(),
        );
    } else if !view.is_done {
        let n_due = n(&[Group::Delete, Group::Restore]);
        say(
            Meaning::Heading,
            format!(
                "{} written by the run: {n_due} to undo, {n_left} to be left as they are",
                counted(view.written.len(), "webhook")
            ),
        );
    } else if n_left == 0 && !view.copies.is_empty() {
        say(
            Meaning::Error,
            "All that the run is known to have written is undone; the copies above are left."
                .to_owned(),
        );
    } else if n_left == 0 {
        say(
            Meaning::Success,
            "Done: nothing of the run is left in the target.".to_owned(),
        );
    } else {
        say(
            Meaning::Error,
            format!(
                "Not all is undone: {} left, for the reasons above.",
                counted(n_left, "webhook")
            ),
        );
        say(
            Meaning::Hint,
            format!(
                "next: delete or repair these by hand, or run `hookferry rollback {}` again; doing so is safe",
                view.run
            ),
        );
    }
    out
}

/// The rollback as programs read it.
pub fn document(view: &RollbackView) -> Value {
    let groups = view.groups();
    let webhooks: Vec<Value> = groups
        .iter()
        .zip(view.written.iter().zip(&view.ends))
        .map(|(group, (written, end))| {
            json!({
                "result": group.code(),
                "alias": written.key.alias,
                "type": kind_name(Some(written.key.type_id)),
                "type_id": json::type_number(Some(written.key.type_id)),
                "source_id": json::id(written.source_id.as_ref()),
                "target_id": json::id(Some(&written.id)),
                "why": match end { Undo::Keep(why) => Some(why), _ => None },
            })
        })
        .collect();
    json::document(
        "rollback",
        json!({
            "run": view.run,
            "target": json::party(&view.target),
            "done": view.is_done,
            "stopped": view.stop,
            "open": view.n_open,
            "copies": view.copies.iter().map(|id| json::id(Some(id))).collect::<Vec<_>>(),
            "webhooks": webhooks,
        }),
    )
}
