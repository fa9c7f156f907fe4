//! The picture in the README is what the program prints; `docs/pictures` regenerates it.

use crate::support::stand_in::StandIn;
use anstyle::RgbColor;
use std::path::Path;

const PREVIEW: &str = "docs/preview.svg";

/// The preview of a plan between the demo accounts, as a terminal shows it.
fn preview() -> String {
    let accounts = StandIn::demo();
    // Adds a conflict, so that every kind of line occurs.
    let mut conflicting = accounts.source().webhooks()[6].clone();
    for owned in ["company_id", "companyId"] {
        conflicting[owned] = accounts.target().company_id().into();
    }
    conflicting["url"] = "https://acme-us.atlassian.example/canary".into();
    accounts.target().insert(&conflicting);
    let run = accounts
        .program("plan --from [source] --to [target] --color always -q --on-conflict skip")
        .env("COLUMNS", "120")
        .run();
    run.assert_code(0);
    let text = run
        .stdout()
        .replace("[source]", "source.sandbox")
        .replace("[target]", "target.sandbox");
    let prompt =
        "\u{1b}[2m$\u{1b}[0m hookferry plan --from source --to target --on-conflict skip\n\n";
    let term = anstyle_svg::Term::new()
        .palette(anstyle_svg::WIN10_CONSOLE)
        .fg_color(RgbColor(0xd6, 0xda, 0xe0).into())
        .bg_color(RgbColor(0x17, 0x1a, 0x21).into());
    term.render_svg(&format!("{prompt}{text}"))
}

#[test]
fn the_picture_of_the_preview_is_up_to_date() {
    let rendered = preview();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PREVIEW);
    if std::env::var_os("HOOKFERRY_PICTURES").is_some() {
        std::fs::write(&path, &rendered).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == rendered,
        "{PREVIEW} is not what the program prints: run docs/pictures"
    );
}
