//! The same checks for backups, restores and schedules, which must also not reveal age identities and heartbeat URLs.

use super::assert_no_file_holds_a_secret;
use crate::cli::accounts::with_config;
use crate::support::program::Run;
use crate::support::receiver::{Receiver, ReplyMode};
use crate::support::stand_in::StandIn;

/// Prefix of every age identity.
const IDENTITY: &str = "AGE-SECRET-KEY-";

const CONFIG: &str = r#"
[profile.eu]
url = "[source]"
api_key_file = "keys/source"
[profile.us]
url = "[target]"
api_key_command = ["cat", "target-key"]
[profile.refused]
url = "[source]"
api_key_command = ["echo", "refused-canary"]
[schedule.nightly]
profiles = ["eu", "us"]
at = "0 0 * * *"
repo = "[home]/vault"
recipients_file = "../../recipients.txt"
keep = { last = 1 }
max_age = "26h"
heartbeat_url_file = "../../key-of-heartbeat"
metrics_file = "[home]/seen/hookferry.prom"
status_file = "[home]/seen/status.json"
[schedule.failing]
profiles = ["refused"]
at = "0 0 * * *"
repo = "[home]/vault"
plaintext = true
heartbeat_url_env = "HEARTBEAT"
status_file = "[home]/seen/failing.json"
[schedule.wrong]
profiles = ["eu"]
at = "0 0 * * *"
repo = "[home]/vault"
recipients_file = "../../key-of-backups"
heartbeat_url_env = "BROKEN"
[schedule.printed]
profiles = ["eu"]
at = "0 0 * * *"
repo = "/var/backups/hookferry"
recipients_file = "/etc/hookferry/recipients.txt"
heartbeat_url_file = "/etc/hookferry/heartbeat"
"#;

fn prepare(accounts: StandIn, receiver: &Receiver) -> StandIn {
    use secrecy::ExposeSecret as _;
    let home = accounts.home().display().to_string();
    let accounts = with_config(accounts, &CONFIG.replace("[home]", &home));
    // Rename them to names that may hold secrets.
    for (from, to) in [
        (
            "config/hookferry/keys/source",
            "config/hookferry/keys/key-of-source",
        ),
        ("target-key", "key-of-target"),
    ] {
        std::fs::rename(accounts.home().join(from), accounts.home().join(to)).unwrap();
    }
    let config = accounts.read("config/hookferry/config.toml");
    let config = config.replace("keys/source", "keys/key-of-source");
    let config = config.replace("target-key", "key-of-target");
    std::fs::remove_file(accounts.home().join("config/hookferry/config.toml")).unwrap();
    accounts.write("config/hookferry/key-of-all.toml", &config);
    std::fs::create_dir(accounts.home().join("seen")).unwrap();
    for name in ["key-of-backups", "key-of-others"] {
        let identity = age::x25519::Identity::generate();
        accounts.write(name, identity.to_string().expose_secret());
        if name == "key-of-backups" {
            accounts.write("recipients.txt", &identity.to_public().to_string());
        }
    }
    accounts.write("key-of-nothing", "AGE-SECRET-KEY-1CANARY-canary\n");
    accounts.write("key-of-heartbeat", &format!("{}/canary", receiver.url()));
    accounts
}

fn lines() -> Vec<String> {
    let mut lines = Vec::new();
    let to = "--repo vault --recipients-file recipients.txt";
    for format in ["text", "json"] {
        for verbosity in ["", "-vvv", "-vvv --log-format json"] {
            let end = format!("-o {format} {verbosity}");
            let config = format!("{end} --config config/hookferry/key-of-all.toml");
            for from in ["--all", "--from eu", "--from us", "--from refused"] {
                lines.push(format!("backup create {from} {to} {config}"));
            }
            for wrong in [
                "--recipients-file key-of-backups",
                "--recipients-file key-of-nothing",
            ] {
                lines.push(format!(
                    "backup create --from eu --repo vault {wrong} {config}"
                ));
            }
            for identity in [
                "",
                "key-of-backups",
                "key-of-others",
                "key-of-nothing",
                "source.json",
            ] {
                let identity = match identity {
                    "" => String::new(),
                    file => format!("--identity {file}"),
                };
                lines.push(format!("backup check --repo vault {identity} {end}"));
                lines.push(format!(
                    "backup forget --repo vault --keep-last 1 {identity} {end}"
                ));
                let of_eu = format!("latest --repo vault --account eu {identity}");
                lines.push(format!("backup show {of_eu} {end}"));
                lines.push(format!("restore {of_eu} --rehearse {end}"));
                lines.push(format!(
                    "restore {of_eu} --to us --into-other-account --dry-run --diff {config}"
                ));
            }
            lines.push(format!("backup list --repo vault {end}"));
            for name in ["nightly", "failing", "wrong"] {
                lines.push(format!("run-schedule {name} {config}"));
            }
            lines.push(format!("schedule list {config}"));
        }
    }
    let verbosity = "-vvv --config config/hookferry/key-of-all.toml";
    for backend in ["systemd", "cron", "kubernetes"] {
        lines.push(format!(
            "schedule print printed --backend {backend} {verbosity}"
        ));
    }
    let restore = "restore latest --repo vault --account eu --identity key-of-backups --to us --into-other-account";
    for format in ["markdown", "html"] {
        lines.push(format!("{restore} --dry-run -o {format} {verbosity}"));
    }
    lines.push(format!(
        "{restore} --yes --type pager_duty --on-conflict update --rate 1000 --settle 300ms {verbosity}"
    ));
    lines.push("report latest -o html -vvv".to_owned());
    lines
}

fn run(accounts: &StandIn, receiver: &Receiver, line: &str) -> Run {
    let run = accounts
        .program(line)
        .without_env("HOOKFERRY_SOURCE_API_KEY")
        .without_env("HOOKFERRY_TARGET_API_KEY")
        .env("HEARTBEAT", &format!("{}/canary", receiver.url()))
        .env("BROKEN", "https://:canary")
        .env("PATH", "/usr/bin:/bin")
        .run();
    // A hint names the prefix of an identity, and nothing more.
    let output = run.output().replace("AGE-SECRET-KEY-1…", "");
    assert!(
        !output.to_uppercase().contains(IDENTITY),
        "{}",
        run.transcript()
    );
    run
}

/// Asserts that identities are only in the files that the test wrote.
fn assert_no_file_holds_an_identity(accounts: &StandIn) {
    for path in super::files(accounts.home()) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes).to_uppercase();
        let may_hold_secrets = name.starts_with("key-of-");
        assert!(
            may_hold_secrets || !text.contains(IDENTITY),
            "{}",
            path.display()
        );
    }
}

#[test]
fn no_backup_command_reveals_a_secret() {
    let receiver = Receiver::start(ReplyMode::status(200));
    let accounts = prepare(StandIn::awkward(), &receiver);
    accounts.write("source.json", "{\"canary\": 1}");
    for line in &lines() {
        let run = run(&accounts, &receiver, line);
        let is_expected = matches!(run.code, Some(0 | 1 | 3 | 4 | 5 | 6 | 12 | 64));
        assert!(is_expected, "{}", run.transcript());
        let should_succeed = line.contains("create --from us") || line.contains("--yes");
        assert!(
            !should_succeed || run.code == Some(0),
            "{}",
            run.transcript()
        );
    }
    assert!(
        receiver
            .paths()
            .iter()
            .all(|path| path.starts_with("/canary/"))
    );
    assert!(receiver.paths().len() >= 24);
    assert!(assert_no_file_holds_a_secret(&accounts) > 10);
    assert_no_file_holds_an_identity(&accounts);
}

/// Servers that fail and echo requests, and damaged backups.
#[test]
fn no_backup_command_reveals_a_secret_when_it_fails() {
    let receiver = Receiver::start(ReplyMode::Respond(
        500,
        "location: /canary".to_owned(),
        "canary".to_owned(),
    ));
    let accounts = prepare(
        StandIn::with(&["errors=echo"], &["any:2x*:status=400"]),
        &receiver,
    );
    let config = "--config config/hookferry/key-of-all.toml -vvv";
    let create = "backup create --repo vault --recipients-file recipients.txt";
    run(
        &accounts,
        &receiver,
        &format!("{create} --from eu {config}"),
    )
    .assert_code(0);
    run(
        &accounts,
        &receiver,
        &format!("{create} --from us {config}"),
    )
    .assert_code(0);
    run(
        &accounts,
        &receiver,
        &format!("{create} --from us {config}"),
    )
    .assert_code(1);
    run(
        &accounts,
        &receiver,
        &format!("run-schedule nightly {config}"),
    )
    .assert_code(3);
    for path in super::files(&accounts.home().join("vault/eu")) {
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&path, bytes).unwrap();
    }
    for line in [
        "backup check --repo vault --identity key-of-backups -vvv".to_owned(),
        "backup show latest --repo vault --account eu --identity key-of-backups -vvv".to_owned(),
        "backup list --repo vault -o json -vvv".to_owned(),
        format!("{create} --from eu {config}"),
    ] {
        run(&accounts, &receiver, &line);
    }
    assert_no_file_holds_a_secret(&accounts);
    assert_no_file_holds_an_identity(&accounts);
}
