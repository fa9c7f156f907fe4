//! Draws the ratios as a chart: one bar each, with a mark at its limit.

use std::fmt::Write as _;

/// One ratio.
pub(crate) struct Bar<'b> {
    pub(crate) label: &'b str,
    pub(crate) ratio: f64,
    /// The limit that the ratio must not exceed.
    pub(crate) limit: f64,
}

const ROW: f64 = 44.0;
const WIDTH: f64 = 720.0;
/// Length of a bar for a ratio of 1.
const UNIT: f64 = 300.0;
/// Horizontal position of the figures, to the right of every bar and mark.
const FIGURES: f64 = 440.0;

/// The chart as SVG, readable on light and dark pages.
pub(crate) fn chart<'b>(bars: impl Iterator<Item = Bar<'b>>) -> String {
    let mut rows = String::new();
    let mut top = 8.0;
    for Bar {
        label,
        ratio,
        limit,
    } in bars
    {
        let longest = FIGURES - 24.0;
        let length = (ratio * UNIT).min(longest);
        let mark = 8.0 + (limit * UNIT).min(longest);
        let (text, bar, middle) = (top + 12.0, top + 18.0, top + 30.0);
        // Writing to a string cannot fail.
        let _ = writeln!(
            rows,
            r#"<text x="8" y="{text}">{label}</text><rect class="bar" x="8" y="{bar}" width="{length:.1}" height="14" rx="2"/><path class="mark" d="M{mark:.1} {bar}v14"/><text x="{FIGURES}" y="{middle}"><tspan class="ratio">{ratio:.2}</tspan>, at most {limit}</text>"#
        );
        top += ROW;
    }
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" role="img" aria-label="Ratios of hookferry to its baselines; each mark is the limit of its ratio">
<style>text{{font:13px sans-serif;fill:#57606a}}.ratio{{font-weight:600}}.bar{{fill:#3b82f6}}.mark{{stroke:#dc2626;stroke-width:2}}@media(prefers-color-scheme:dark){{text{{fill:#c9d1d9}}}}</style>
{rows}</svg>
"#
    )
}
