//! A report as one HTML file that needs nothing else: no request, no script but its own, readable without any.
//! Never writes untrusted text other than through `EscapedText`, and never into a style or a script.

mod chart;
mod escape;
mod page;
mod summary;
mod webhooks;

use super::report::Report;
use crate::untrusted::name_cell;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use escape::EscapedText;
use ring::digest::{SHA256, digest};

/// Looks; colours only repeat what words and symbols say.
const STYLE: &str = include_str!("html/report.css");
/// Search, filters and the choice of a theme; without it the page has no controls and lacks nothing else.
const SCRIPT: &str = include_str!("html/report.js");
/// So that no browser asks a server for one.
const ICON: &str = include_str!("html/icon.txt");

/// The whole page.
pub fn html(report: &Report<'_>) -> String {
    let mut body = String::new();
    page::push_header(&mut body, report);
    body.push_str("<main id=\"main\">\n");
    summary::summary(&mut body, report);
    webhooks::webhooks(&mut body, report);
    body.push_str("</main>\n");
    page::push_footer(&mut body, report);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n{}</head>\n<body>\n{body}<script>{SCRIPT}</script>\n</body>\n</html>\n",
        head(report)
    )
}

fn head(report: &Report<'_>) -> String {
    let title = format!(
        "{} – {} → {} – hookferry {}",
        report.counts_text(),
        name_cell(&report.source.name),
        name_cell(&report.target.name),
        report.kind
    );
    let (policy, icon) = (policy(), ICON.trim_end());
    format!(
        "<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"robots\" content=\"noindex\">\n\
         <title>{}</title>\n\
         <link rel=\"icon\" href=\"{icon}\">\n\
         <style>{STYLE}</style>\n",
        EscapedText(&title)
    )
}

/// Allows this very style, this very script and pictures inside the page; nothing else, from nowhere.
fn policy() -> String {
    let hash = |text: &str| STANDARD.encode(digest(&SHA256, text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}
