//! Help, manual pages, and the README's table of exit codes.

use crate::support::program::Program;
use crate::support::source::files_below;
use clap::{Command, CommandFactory as _};
use hookferry::cli::Cli;
use hookferry::error::ExitCode;
use std::collections::HashMap;
use std::path::Path;

const COMMANDS: [&str; 24] = [
    "migrate",
    "plan",
    "apply",
    "rules",
    "verify",
    "diff",
    "runs",
    "report",
    "rollback",
    "idmap",
    "deliver-test",
    "account",
    "list",
    "export",
    "backup",
    "restore",
    "schedule",
    "run-schedule",
    "demo",
    "sandbox",
    "help",
    "version",
    "completions",
    "man",
];

#[test]
fn the_program_has_short_and_long_help() {
    assert_transcript!("long_help", Program::without_accounts("--help").run());
    assert_transcript!("short_help", Program::without_accounts("-h").run());
}

/// An option that several commands explain in the same words stands in the page of the first of them only.
#[test]
fn every_command_has_help() {
    const SUBCOMMANDS: [&str; 4] = [
        "account check",
        "backup create",
        "backup forget",
        "schedule print",
    ];
    let mut explained = HashMap::new();
    for command in COMMANDS.into_iter().chain(SUBCOMMANDS) {
        let run = Program::without_accounts(&format!("{command} --help")).run();
        run.assert_code(0);
        assert_eq!(run.stderr, "");
        assert_text!(
            command.replace(' ', "_"),
            without_repeated_options(&run.stdout, command, &mut explained)
        );
        Program::without_accounts(&format!("{command} -h"))
            .run()
            .assert_code(0);
    }
}

/// A page of help in which one line stands for each option that an earlier page explains in the same words.
fn without_repeated_options<'c>(
    page: &str,
    command: &'c str,
    explained: &mut HashMap<String, &'c str>,
) -> String {
    let mut out = String::new();
    let mut option = String::new();
    for line in page.split_inclusive('\n').chain([""]) {
        let is_text_of_option = line.starts_with("          ") || line.trim().is_empty();
        if is_text_of_option && !line.is_empty() && !option.is_empty() {
            option.push_str(line);
            continue;
        }
        out.push_str(&shortened(&option, command, explained));
        option.clear();
        let is_option = line.trim_start().starts_with('-') && line.starts_with("  ");
        if is_option { &mut option } else { &mut out }.push_str(line);
    }
    out
}

/// An option with its text, or one line for it.
fn shortened<'c>(
    option: &str,
    command: &'c str,
    explained: &mut HashMap<String, &'c str>,
) -> String {
    let text = option.trim_end();
    let Some(first) = explained.get(text) else {
        if !text.is_empty() {
            explained.insert(text.to_owned(), command);
        }
        return option.to_owned();
    };
    let name = option.lines().next().unwrap();
    format!("{name}  (see {first})\n")
}

#[test]
fn help_works_in_a_narrow_terminal_without_color() {
    let run = Program::without_accounts("plan -h")
        .env("NO_COLOR", "1")
        .env("COLUMNS", "40")
        .run();
    run.assert_code(0);
    assert!(!run.stdout.contains('\u{1b}'));
}

#[test]
fn every_command_and_every_flag_is_explained() {
    let program = Cli::command();
    let names: Vec<&str> = program.get_subcommands().map(Command::get_name).collect();
    assert_eq!(names, COMMANDS);
    let mut commands = vec![&program];
    while let Some(command) = commands.pop() {
        commands.extend(command.get_subcommands());
        let name = command.get_name();
        assert!(command.get_about().is_some(), "{name}");
        for argument in command.get_arguments() {
            let help = argument.get_help().map(ToString::to_string);
            assert!(
                help.is_some_and(|help| !help.is_empty() && !help.ends_with('.')),
                "{name}: {}",
                argument.get_id()
            );
            assert!(
                argument.get_env().is_none(),
                "an environment variable would be printed with its value"
            );
        }
    }
}

#[test]
fn the_version_is_printed() {
    let run = Program::without_accounts("--version").run();
    run.assert_code(0);
    let features = if cfg!(feature = "cloud") {
        "cloud"
    } else {
        "none"
    };
    let expected = format!(
        "hookferry {} (features: {features})\n",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(run.stdout, expected);
    assert_eq!(Program::without_accounts("version").run().stdout, expected);
    let short = Program::without_accounts("-V").run();
    assert_eq!(
        short.stdout,
        concat!("hookferry ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

/// `help COMMAND` is `COMMAND --help`, at every level.
#[test]
fn help_shows_the_help_of_commands_and_topics() {
    for command in ["", "migrate", "backup create", "runs list", "rules"] {
        let help = Program::without_accounts(&format!("help {command}")).run();
        help.assert_code(0);
        let flag = Program::without_accounts(&format!("{command} --help")).run();
        assert_eq!(help.stdout, flag.stdout, "{command}");
    }
    for topic in ["config", "exit-codes", "object-stores"] {
        let run = Program::without_accounts(&format!("help {topic}")).run();
        run.assert_code(0);
        assert_transcript!(format!("topic_{topic}"), run);
    }
}

/// Whoever adds a key to the files explains it in the program, too.
#[test]
fn the_topics_name_every_key_of_the_files() {
    let documented = |page: &str, header: &str| {
        let path = format!("{}/docs/{page}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let keys = table(&text, header).into_iter().map(|row| row[0].clone());
        let names = keys.flat_map(|key| {
            let names = key.split('`').skip(1).step_by(2).map(str::to_owned);
            names.collect::<Vec<String>>()
        });
        names.collect::<Vec<String>>()
    };
    for (page, header, topic) in [
        ("secrets.md", "| key | meaning |", "rules"),
        ("schedules.md", "| key | meaning |", "config"),
        ("secrets.md", "| in the profile | the key is |", "config"),
        (
            "object-stores.md",
            "| variable | meaning |",
            "object-stores",
        ),
    ] {
        let help = Program::without_accounts(&format!("help {topic}")).run();
        let keys = documented(page, header);
        assert!(keys.len() > 2, "{page}: {keys:?}");
        for key in keys.iter().filter(|key| !key.ends_with("_PROXY")) {
            let name = key.split(' ').next().unwrap();
            assert!(help.stdout.contains(name), "{topic}: {name}");
        }
    }
}

/// An installed program has no `docs` folder.
#[test]
fn no_message_names_a_page_that_an_installed_program_lacks() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for path in files_below(&source) {
        // Its text says that the image is built from the sources.
        if path.ends_with("render/schedule/kubernetes.yaml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let is_help = path.starts_with(source.join("cli"));
        for line in text.lines() {
            let is_comment = line.trim_start().starts_with("//") && !is_help;
            assert!(
                is_comment || !line.contains("docs/"),
                "{}: {line}",
                path.display()
            );
        }
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let page = |command_line: &str| {
        let run = Program::without_accounts(command_line).run();
        run.assert_code(0);
        assert!(run.stdout.contains(".TH"), "{command_line}");
        assert!(run.stdout.contains(".SH SYNOPSIS"), "{command_line}");
        run.stdout
    };
    let program = page("man");
    for command in COMMANDS {
        assert!(program.contains(&command.replace('-', "\\-")), "{command}");
        let command_page = page(&format!("man {command}"));
        assert!(command_page.contains("\\-\\-quiet"), "{command}");
    }
    assert!(page("man migrate").contains("\\-\\-dry\\-run"));
    let title = ".TH hookferry-backup-create 1";
    for name in ["backup create", "backup-create", "hookferry-backup-create"] {
        assert!(page(&format!("man {name}")).contains(title), "{name}");
    }
}

/// The rows of the first table below a header row.
fn table(text: &str, header: &str) -> Vec<Vec<String>> {
    let rows = text.lines().skip_while(|line| line.trim() != header);
    let rows = rows.skip(2).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| {
        let row = row.trim().trim_matches('|');
        row.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    rows.map(cells).collect()
}

#[test]
fn the_readme_lists_every_exit_code() {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let documented = table(&readme, "| code | meaning |");
    let defined: Vec<Vec<String>> = ExitCode::TABLE
        .iter()
        .map(|(code, meaning)| vec![code.code().to_string(), (*meaning).to_owned()])
        .collect();
    // Formatting of code in the tables does not matter.
    let plain = |rows: Vec<Vec<String>>| -> Vec<String> {
        rows.iter()
            .map(|row| row.join(": ").replace('`', ""))
            .collect()
    };
    assert_eq!(plain(documented), plain(defined));
}
