//! The figures as a table: medians, ratios within a round, and the limit for each ratio.

use crate::chart::{Bar, chart};
use crate::contestants::HOOKFERRY;
use crate::measure::{Cost, median};
use crate::rounds::{Figures, LINKED, ROUND_TRIP, Round};
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

/// Markers of the table in the documentation.
const BEGIN: &str = "<!-- figures: cargo bench --bench whole -- --write -->\n";
const END: &str = "<!-- end of the figures -->\n";

/// One line of the table.
struct Row {
    label: String,
    theirs: String,
    ours: String,
    ratio: f64,
    /// The limit that the ratio must not exceed.
    limit: f64,
}

/// The measured figures, formatted for output.
pub(crate) struct Report {
    rows: Vec<Row>,
    others: Vec<(String, String)>,
}

impl Report {
    /// The table of all figures.
    pub(crate) fn new(figures: &Figures) -> Self {
        let (n, few) = figures.plan;
        let large = &figures.large;
        let per_webhook = |rounds: &[Round], n: usize, figure: fn(&Cost) -> f64| {
            median(rounds.iter().map(|round| figure(&round.first))) / count(n)
        };
        let growth = |figure: fn(&Cost) -> f64| {
            let (small, large) = (
                per_webhook(&figures.small, few, figure),
                per_webhook(large, n, figure),
            );
            (small, large, large / small)
        };
        let (small_time, large_time, time_growth) = growth(seconds);
        let (small_memory, large_memory, memory_growth) = growth(mib);
        let rows = vec![
            row(
                &format!("migrate {n}, processor time"),
                large,
                (|round| seconds(&round.recipe.all), "s"),
                (|round| seconds(&round.first), "s"),
                0.32,
            ),
            row(
                &format!("migrate {n}, peak memory (jq's)"),
                large,
                (|round| mib(&round.recipe.jq), "MiB"),
                (|round| mib(&round.first), "MiB"),
                0.65,
            ),
            row(
                &format!("again {n}, processor time (first run's)"),
                large,
                (|round| seconds(&round.first), "s"),
                (|round| seconds(&round.again), "s"),
                1.0,
            ),
            row(
                &format!(
                    "migrate {LINKED} over {} ms, wall time",
                    ROUND_TRIP.as_millis()
                ),
                &figures.linked,
                (|round| round.recipe.all.wall.as_secs_f64(), "s"),
                (|round| round.first.wall.as_secs_f64(), "s"),
                1.02,
            ),
            Row {
                label: format!("growth {few} to {n}, processor time per webhook"),
                theirs: format!("{:.1} µs", small_time * 1e6),
                ours: format!("{:.1} µs", large_time * 1e6),
                ratio: time_growth,
                limit: 1.2,
            },
            Row {
                label: format!("growth {few} to {n}, memory per webhook"),
                theirs: format!("{:.1} KiB", small_memory * 1024.0),
                ours: format!("{:.1} KiB", large_memory * 1024.0),
                ratio: memory_growth,
                limit: 1.2,
            },
        ];
        let start = median(figures.versions.iter().map(|cost| cost.wall.as_secs_f64()));
        let size = std::fs::metadata(HOOKFERRY).map_or(0, |file| file.len());
        let others = vec![
            (
                "`hookferry --version`, wall time".to_owned(),
                format!("{:.1} ms", start * 1e3),
            ),
            (
                "release binary (at most 12 MiB)".to_owned(),
                format!(
                    "{:.1} MiB",
                    count(usize::try_from(size).unwrap_or(0)) / 1024.0 / 1024.0
                ),
            ),
        ];
        Self { rows, others }
    }

    /// The table as Markdown, which is readable on a terminal too.
    pub(crate) fn text(&self) -> String {
        let mut out = String::from(
            "| work | recipe or baseline | hookferry | ratio | bar | |\n|---|---|---|---|---|---|\n",
        );
        for Row {
            label,
            theirs,
            ours,
            ratio,
            limit,
        } in &self.rows
        {
            let verdict = if ratio <= limit { "met" } else { "not met" };
            // Writing to a string cannot fail.
            let _ = writeln!(
                out,
                "| {label} | {theirs} | {ours} | {ratio:.2} | ≤ {limit} | {verdict} |"
            );
        }
        for (label, figure) in &self.others {
            let _ = writeln!(out, "| {label} | | {figure} | | | |");
        }
        out
    }

    /// Writes the table into the documentation, and draws the chart.
    pub(crate) fn write(&self) -> Result<(), Box<dyn Error>> {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
        let page = docs.join("performance.md");
        let text = std::fs::read_to_string(&page)?;
        let (before, rest) = text
            .split_once(BEGIN)
            .ok_or("the page has no start marker for the figures")?;
        let (_, after) = rest
            .split_once(END)
            .ok_or("the page has no end marker for the figures")?;
        std::fs::write(page, format!("{before}{BEGIN}{}{END}{after}", self.text()))?;
        let bars = self.rows.iter().map(|row| Bar {
            label: &row.label,
            ratio: row.ratio,
            limit: row.limit,
        });
        std::fs::write(docs.join("performance.svg"), chart(bars))?;
        Ok(())
    }
}

type Figure = (fn(&Round) -> f64, &'static str);

/// A row of medians; its ratio is the median of the ratios within a round.
fn row(label: &str, rounds: &[Round], theirs: Figure, ours: Figure, limit: f64) -> Row {
    let formatted = |(figure, unit): Figure| {
        let figure = median(rounds.iter().map(figure));
        let digits = if unit == "s" { 2 } else { 0 };
        format!("{figure:.digits$} {unit}")
    };
    Row {
        label: label.to_owned(),
        theirs: formatted(theirs),
        ours: formatted(ours),
        ratio: median(rounds.iter().map(|round| ours.0(round) / theirs.0(round))),
        limit,
    }
}

fn seconds(cost: &Cost) -> f64 {
    cost.processor.as_secs_f64()
}

fn mib(cost: &Cost) -> f64 {
    count(usize::try_from(cost.memory).unwrap_or(0)) / 1024.0
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of webhooks and bytes are far below 2^52"
)]
fn count(n: usize) -> f64 {
    n as f64
}
