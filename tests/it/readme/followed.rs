//! Follows the README from top to bottom: each section's commands run as they are written, in a shell and on a terminal,
//! against the accounts of a sandbox of their own, which are reached as `eu1` and `us2`. The page about moving a team is
//! followed as a whole, against one sandbox.

use super::README;
use crate::support::receiver::{Receiver, ReplyMode};
use crate::support::stand_in::StandIn;
use crate::support::terminal::run_and_say_yes;
use crate::support::tls::{Network, ProxyMode};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

const CUT_OVER: &str = include_str!("../../../docs/cut-over.md");

/// The sections with commands, and what has to be there before.
const SECTIONS: &[(&str, Before, Check)] = &[
    ("Migrate", Before::Nothing, Check::Migrated),
    ("Have it approved", Before::Nothing, Check::Migrated),
    ("Accounts by name", Before::Nothing, Check::Migrated),
    ("Back up and restore", Before::Nothing, Check::Untouched),
    (
        "Other secrets, hosts or names in the target",
        Before::Nothing,
        Check::Migrated,
    ),
    (
        "When something goes wrong",
        Before::Nothing,
        Check::Untouched,
    ),
    (
        "Point the alerts at the new webhooks",
        Before::Migration,
        Check::Migrated,
    ),
];

/// The sections whose commands nobody runs here.
const NOT_RUN: &[(&str, &str)] = &[(
    "Try it",
    "it builds the program and runs these very tests; the test of the transcript runs `demo`",
)];

/// What a section relies on that an earlier one has done.
#[derive(Clone, Copy)]
enum Before {
    Nothing,
    /// `hookferry migrate`, and alerts that somebody exported.
    Migration,
}

/// What the target holds when a section is over.
#[derive(Clone, Copy)]
enum Check {
    /// Every webhook of the source, once.
    Migrated,
    /// What it held before.
    Untouched,
}

/// A fenced block.
struct Block {
    section: String,
    language: String,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let (mut blocks, mut section): (Vec<Block>, String) = (Vec::new(), String::new());
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix("## ") {
            heading.clone_into(&mut section);
        } else if let Some(language) = line.strip_prefix("```") {
            let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push(Block {
                section: section.clone(),
                language: language.to_owned(),
                text: text.join("\n") + "\n",
            });
        }
    }
    blocks
}

/// The text of all blocks in a language, of one section or of all.
fn text_in(language: &str, section: Option<&str>) -> String {
    let is_meant = |block: &&Block| {
        block.language == language && section.is_none_or(|section| block.section == section)
    };
    let blocks = blocks(README);
    let texts = blocks.iter().filter(is_meant);
    texts.map(|block| block.text.as_str()).collect()
}

/// No block is left out: what is not run is named above, with the reason.
#[test]
fn every_block_is_run_shown_or_accounted_for() {
    let blocks = blocks(README);
    let languages: BTreeSet<&str> = blocks.iter().map(|block| block.language.as_str()).collect();
    assert_eq!(languages, BTreeSet::from(["sh", "text", "toml"]));
    let n_shown = blocks.iter().filter(|block| block.language == "text");
    assert_eq!(
        n_shown.count(),
        1,
        "the transcript, which another test compares"
    );
    let with_commands = blocks.iter().filter(|block| block.language == "sh");
    let with_commands: BTreeSet<&str> = with_commands.map(|block| block.section.as_str()).collect();
    let run = SECTIONS.iter().map(|(section, ..)| *section);
    let accounted = run.chain(NOT_RUN.iter().map(|(section, _)| *section));
    assert_eq!(with_commands, accounted.collect());
}

#[test]
fn whoever_follows_it_word_by_word_gets_what_it_says() {
    for (section, before, check) in SECTIONS {
        let reader = Reader::start();
        let in_target = reader.accounts.target().webhooks();
        if let Before::Migration = before {
            reader.follow("hookferry migrate --from eu1 --to us2\n", section);
            let alert = r#"[{"name":"disk full","notification_groups":[{"notifications":[{"integration_id":1051}]}]}]"#;
            reader.accounts.write("exported-alerts/all.json", alert);
        }
        reader.follow(&text_in("sh", Some(section)), section);
        match check {
            Check::Migrated => {
                let copies = reader.accounts.copies();
                assert!(copies.iter().all(|n| *n == 1), "{section}: {copies:?}");
            }
            Check::Untouched => {
                assert_eq!(reader.accounts.target().webhooks(), in_target, "{section}");
            }
        }
        reader.check_files(section);
    }
}

/// The commands go on from one section to the next: what one leaves, the next one needs.
#[test]
fn whoever_moves_a_team_by_the_page_arrives() {
    let receiver = Receiver::start(ReplyMode::status(200));
    let reader = Reader::start();
    deliver_to(&receiver, &reader.accounts);
    let alerts = r#"[{"name":"disk full","notification_groups":[{"notifications":[{"integration_id":1051}]}]}]"#;
    reader.accounts.write("exported-alerts/all.json", alerts);
    for block in blocks(CUT_OVER) {
        assert_eq!(block.language, "sh");
        reader.follow(&block.text, &block.section);
    }
    let copies = reader.accounts.copies();
    assert!(copies.iter().all(|n| *n == 1), "{copies:?}");
    assert!(!receiver.paths().is_empty());
    for name in ["before.json", "plan.html", "new-alerts/all.json"] {
        assert!(reader.accounts.home().join(name).exists(), "{name}");
    }
    assert_eq!(reader.accounts.read("old-alerts/all.json"), alerts);
}

/// Lets the source's webhooks of type slack that the target lacks deliver to the receiver.
fn deliver_to(receiver: &Receiver, accounts: &StandIn) {
    let (source, in_target) = (accounts.source(), accounts.target().webhooks());
    for webhook in source.webhooks() {
        let is_in_target = in_target
            .iter()
            .any(|other| other["alias"] == webhook["alias"]);
        if webhook["integration_type_id"] == 0 && !is_in_target {
            let id = webhook["id"].as_u64().unwrap();
            let url = format!("{}/hook", receiver.url());
            source.edit_webhook(id, |webhook| webhook["url"] = url.into());
        }
    }
}

/// Somebody who follows the README on a machine of their own.
struct Reader {
    accounts: StandIn,
    network: Network,
    recipient: String,
}

impl Reader {
    fn start() -> Self {
        let accounts = StandIn::demo();
        let network = Network::around(&accounts, ProxyMode::Connect);
        let identity = age::x25519::Identity::generate();
        let reader = Self {
            recipient: identity.to_public().to_string(),
            accounts,
            network,
        };
        reader.write_programs(&identity);
        let accounts = &reader.accounts;
        accounts.write("ca.pem", reader.network.ca());
        let config = reader.with_own_values(&text_in("toml", None));
        accounts.write(".config/hookferry/config.toml", &config);
        reader
    }

    /// The text with the reader's own keys in place of the README's dots: the only substitutions.
    fn with_own_values(&self, text: &str) -> String {
        let accounts = &self.accounts;
        let text = text
            .replace(
                "HOOKFERRY_SOURCE_API_KEY=…",
                &format!("HOOKFERRY_SOURCE_API_KEY={}", accounts.source().key()),
            )
            .replace(
                "HOOKFERRY_TARGET_API_KEY=…",
                &format!("HOOKFERRY_TARGET_API_KEY={}", accounts.target().key()),
            )
            .replace(
                "ALERT_AUDIT_LOG_PRIVATE_KEY=…",
                "ALERT_AUDIT_LOG_PRIVATE_KEY=11111111-2222-3333-4444-555555555555",
            )
            .replace("\"age1…\"", &format!("\"{}\"", self.recipient));
        let mut code = text.lines().map(|line| line.split(" # ").next());
        let has_dots = code.any(|line| line.is_some_and(|line| line.contains('…')));
        assert!(!has_dots, "nobody can type this:\n{text}");
        text
    }

    /// The other programs that the README uses: the password manager, GitHub's, and `age-keygen`.
    fn write_programs(&self, identity: &age::x25519::Identity) {
        use age::secrecy::ExposeSecret as _;
        let key = self.accounts.source().key();
        let secret = identity.to_string();
        let recipient = &self.recipient;
        for (name, script) in [
            ("op", format!("echo '{key}'")),
            ("gh", "grep -q '^#'".to_owned()),
            (
                "age-keygen",
                format!(
                    "case $1 in\n-o) echo '{}' > \"$2\"; chmod 600 \"$2\" ;;\n-y) echo '{recipient}' ;;\nesac",
                    secret.expose_secret()
                ),
            ),
        ] {
            let name = format!("bin/{name}");
            self.accounts
                .write(&name, &format!("#!/bin/sh\n{script}\n"));
            self.accounts.set_mode(&name, 0o700);
        }
        let program = Path::new(env!("CARGO_BIN_EXE_hookferry"));
        let link = self.accounts.home().join("bin/hookferry");
        std::os::unix::fs::symlink(program, link).unwrap();
    }

    /// Runs lines as they are written, and says yes to every question; each of them has to succeed.
    fn follow(&self, lines: &str, section: &str) {
        let keys = text_in("sh", Some("Migrate"));
        let keys = keys.lines().filter(|line| line.starts_with("export "));
        let keys: Vec<&str> = keys.collect();
        let script = self.with_own_values(&format!("{}\n{lines}", keys.join("\n")));
        let home = self.accounts.home();
        let mut shell = Command::new("bash");
        shell
            .args(["-eu", "-o", "pipefail", "-x", "-c", &script])
            .env_clear()
            .env("HOME", home)
            .env(
                "PATH",
                format!("{}:/usr/bin:/bin", home.join("bin").display()),
            )
            .env("HTTPS_PROXY", self.network.proxy())
            .env("SSL_CERT_FILE", home.join("ca.pem"))
            .current_dir(home);
        let (code, shown) = run_and_say_yes(shell);
        assert_eq!(code, Some(0), "{section}:\n{shown}");
    }

    /// What a section writes into files is there, and only its owner can read what is secret.
    fn check_files(&self, section: &str) {
        let home = self.accounts.home();
        let names: &[&str] = match section {
            "Have it approved" => &["plan.json", "plan.html", "report.html"],
            "Back up and restore" => &["key.txt", "backups"],
            "Other secrets, hosts or names in the target" => &["rules.toml"],
            "Point the alerts at the new webhooks" => &["idmap.csv", "new-alerts/all.json"],
            _ => &[],
        };
        for name in names {
            let metadata = std::fs::metadata(home.join(name)).unwrap();
            assert!(metadata.len() > 0, "{section}: {name} is empty");
            if metadata.is_dir() {
                assert_eq!(metadata.permissions().mode() & 0o077, 0, "{name}");
            }
        }
    }
}
