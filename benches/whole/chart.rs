//! The ratios as a picture: a bar each, and a mark at the most that it may be.

use std::fmt::Write as _;

/// One ratio.
pub(crate) struct Bar<'b> {
    pub(crate) what: &'b str,
    pub(crate) ratio: f64,
    pub(crate) most: f64,
}

const ROW: f64 = 44.0;
const WIDTH: f64 = 720.0;
/// What a ratio of 1 measures.
const UNIT: f64 = 300.0;
/// Where the figures stand: behind every bar and mark.
const FIGURES: f64 = 440.0;

/// The chart as SVG, readable on light and dark pages.
pub(crate) fn chart<'b>(bars: impl Iterator<Item = Bar<'b>>) -> String {
    let mut rows = String::new();
    let mut top = 8.0;
    for Bar { what, ratio, most } in bars {
        let longest = FIGURES - 24.0;
        let length = (ratio * UNIT).min(longest);
        let mark = 8.0 + (most * UNIT).min(longest);
        let (text, bar, middle) = (top + 12.0, top + 18.0, top + 30.0);
        // Writing to a string cannot fail.
        let _ = writeln!(
            rows,
            r#"<text x="8" y="{text}">{what}</text><rect class="bar" x="8" y="{bar}" width="{length:.1}" height="14" rx="2"/><path class="mark" d="M{mark:.1} {bar}v14"/><text x="{FIGURES}" y="{middle}"><tspan class="ratio">{ratio:.2}</tspan>, at most {most}</text>"#
        );
        top += ROW;
    }
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" role="img" aria-label="Ratios of hookferry to what it is held against; the mark is the most that each may be">
<style>text{{font:13px sans-serif;fill:#57606a}}.ratio{{font-weight:600}}.bar{{fill:#3b82f6}}.mark{{stroke:#dc2626;stroke-width:2}}@media(prefers-color-scheme:dark){{text{{fill:#c9d1d9}}}}</style>
{rows}</svg>
"#
    )
}
