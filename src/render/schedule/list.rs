//! Lists the schedules of a config file: as a table for people, and as a JSON document, which is the view itself.
//! Pure.

use super::super::columns::{table, truncated};
use super::super::style::Meaning;
use crate::document::DocumentBody;
use crate::render::page::Page;
use crate::untrusted;
use crate::untrusted::name_cell;
use crate::wording::counted;
use jiff::Timestamp;
use serde::Serialize;

/// The maximum width of a cell.
const MAX_CELL_WIDTH: usize = 48;
const HEADINGS: [&str; 5] = ["schedule", "when (UTC)", "next", "profiles", "repo"];

/// A config file with its schedules.
#[derive(Debug, Serialize)]
pub struct SchedulesView {
    /// Its path; `None` if neither a flag nor the environment determines one.
    #[serde(rename = "config_file")]
    pub file: Option<String>,
    /// Whether it exists.
    pub exists: bool,
    /// Its schedules.
    #[serde(rename = "schedules")]
    pub rows: Vec<ScheduleRow>,
}

impl DocumentBody for SchedulesView {
    const KIND: &'static str = "schedules";
}

/// One schedule.
#[derive(Debug, Serialize)]
pub struct ScheduleRow {
    /// Its name.
    #[serde(rename = "schedule")]
    pub name: String,
    /// When it is due: the five fields of cron.
    #[serde(rename = "at")]
    pub calendar: String,
    /// The calendar in words.
    #[serde(rename = "description")]
    pub words: String,
    /// When it is due next; `None` at the end of time.
    pub next: Option<Timestamp>,
    /// The profiles that it backs up.
    pub profiles: Vec<String>,
    /// The repository that receives the backups.
    pub repo: String,
    /// Whether the backups are encrypted.
    #[serde(rename = "encrypted")]
    pub is_encrypted: bool,
    /// The maximum age of the newest backup, in seconds; `None` without a limit.
    #[serde(rename = "max_age_seconds")]
    pub max_age: Option<i64>,
}

/// The schedules as a table.
pub fn text(view: &SchedulesView, page: Page) -> String {
    let Some(file) = view.file.as_deref().map(untrusted::escape) else {
        return "No schedules: neither XDG_CONFIG_HOME nor HOME is set, so there is no default config file; pass one with --config.\n"
            .to_owned();
    };
    if !view.exists {
        return format!("No schedules: the config file {file} does not exist.\n");
    }
    let mut out = String::new();
    if !view.rows.is_empty() {
        let rows: Vec<[String; 5]> = view.rows.iter().map(cells).collect();
        out.push_str(&table(HEADINGS, &rows, page));
        out.push('\n');
    }
    let total = format!("{} in {file}", counted(view.rows.len(), "schedule"));
    out.push_str(&page.palette.paint(Meaning::Heading, &total));
    out.push('\n');
    out
}

fn cells(row: &ScheduleRow) -> [String; 5] {
    let next = row.next.map(|next| next.to_string());
    [
        name_cell(&row.name),
        truncated(&row.calendar, MAX_CELL_WIDTH),
        next.unwrap_or_default(),
        truncated(&row.profiles.join(", "), MAX_CELL_WIDTH),
        truncated(&name_cell(&row.repo), MAX_CELL_WIDTH),
    ]
}
