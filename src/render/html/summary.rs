//! The part of the page above the list of webhooks: conclusion, counts, warnings, chart, facts and notes.

use super::chart;
use super::escape::{EscapedText, SentenceHtml};
use crate::render::report::{Mark, Report, Tone};
use std::fmt::Write as _;

/// Appends everything above the list of webhooks.
pub(super) fn summary(out: &mut String, report: &Report<'_>) {
    conclusion(out, report);
    counts(out, &report.counts);
    list(out, "warnings", "Warnings", &report.warnings);
    out.push_str("<div class=\"side-by-side\">\n");
    chart::push_figure(out, report);
    out.push_str("<div class=\"stack\">\n");
    facts(out, report);
    list(out, "notes", "Notes", &report.notes);
    out.push_str("</div>\n</div>\n");
}

fn conclusion(out: &mut String, report: &Report<'_>) {
    let conclusion = &report.conclusion;
    let symbol = match conclusion.tone {
        Tone::Good => "✔",
        Tone::Quiet => "=",
        Tone::Change => "!",
        Tone::Bad => "✖",
        Tone::Unclear => "?",
    };
    let _ = write!(
        out,
        "<section class=\"conclusion {}\" aria-label=\"Conclusion\">\n<p><span aria-hidden=\"true\">{symbol}</span> <strong>{}</strong></p>\n",
        conclusion.tone.css_class(),
        SentenceHtml(&conclusion.text)
    );
    if !conclusion.next_steps.is_empty() {
        out.push_str("<ul>\n");
        for step in &conclusion.next_steps {
            let _ = writeln!(out, "<li>{}</li>", SentenceHtml(step));
        }
        out.push_str("</ul>\n");
    }
    out.push_str("</section>\n");
}

/// Each count links to its group.
fn counts(out: &mut String, counts: &[(Mark, usize)]) {
    if counts.is_empty() {
        return;
    }
    out.push_str("<nav aria-label=\"Counts\"><ul class=\"counts\">\n");
    for (mark, n) in counts {
        let Mark {
            word,
            symbol,
            code,
            tone,
        } = *mark;
        let class = tone.css_class();
        let inner =
            format!("<b>{n}</b> <span><span aria-hidden=\"true\">{symbol}</span> {word}</span>");
        let _ = if *n > 0 {
            writeln!(
                out,
                "<li class=\"{class}\"><a href=\"#group-{code}\">{inner}</a></li>"
            )
        } else {
            writeln!(out, "<li class=\"none\"><span>{inner}</span></li>")
        };
    }
    out.push_str("</ul></nav>\n");
}

fn list(out: &mut String, class: &str, heading: &str, texts: &[String]) {
    if texts.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "<section class=\"{class}\" aria-labelledby=\"{class}\"><h2 id=\"{class}\">{heading}</h2>\n<ul>"
    );
    for text in texts {
        let _ = writeln!(out, "<li>{}</li>", SentenceHtml(text));
    }
    out.push_str("</ul></section>\n");
}

fn facts(out: &mut String, report: &Report<'_>) {
    out.push_str(
        "<section class=\"facts\" aria-labelledby=\"facts\"><h2 id=\"facts\">Facts</h2>\n<dl>\n",
    );
    for fact in &report.facts {
        let _ = writeln!(
            out,
            "<div><dt>{}</dt><dd>{}</dd></div>",
            EscapedText(fact.label),
            SentenceHtml(&fact.text)
        );
    }
    out.push_str("</dl></section>\n");
}
