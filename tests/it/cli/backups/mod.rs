//! Scheduled backups when something goes wrong: kills, disk errors, damage, unreliable accounts, failing heartbeat receivers.
//! Every test runs the real process and inspects the repository, the accounts and the receiver.

mod clock;
mod company;
mod concurrent;
mod damage;
mod damage_inside;
mod disk;
mod disk_read;
mod killed;
mod leftovers;
mod points;
mod sources;
mod stock_tools;
mod watchers;
mod watchers_agree;
mod watchers_files;
mod year;

use super::accounts::with_config;
use crate::support::program::{Program, Run};
use crate::support::stand_in::StandIn;
use hookferry::store::backup::{BackupName, Identities, OpenedFile, open};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Folder of the repository. The word occurs in no other path, so a trace shows which calls concern it.
const REPO: &str = "vault";
const CREATE: &str = "backup create --from eu --repo vault --recipients-file recipients.txt";
const CHECK: &str = "backup check --repo vault --identity key.txt";
const FORGET: &str = "backup forget --repo vault --keep-last 1";
const RUN: &str = "run-schedule nightly";

/// A profile for each account, and a schedule with metrics and status files.
const CONFIG: &str = r#"
[profile.eu]
url = "[source]"
api_key_file = "keys/source"

[profile.us]
url = "[target]"
api_key_command = ["cat", "target-key"]

[schedule.nightly]
profiles = ["eu"]
at = "0 0 * * *"
repo = "[home]/vault"
recipients_file = "../../recipients.txt"
keep = { last = 1 }
max_age = "26h"
metrics_file = "[home]/seen/hookferry.prom"
status_file = "[home]/seen/status.json"
"#;

/// Two accounts with profiles and a schedule, and identities in `key.txt` and `other.txt`.
struct Workspace {
    accounts: StandIn,
    recipient: String,
}

impl Workspace {
    fn new() -> Self {
        Self::with_config(StandIn::demo(), CONFIG)
    }

    /// Like [`Workspace::new`] with other accounts and another config file; `[home]` stands for the home folder.
    fn with_config(accounts: StandIn, config: &str) -> Self {
        let home = accounts.home().display().to_string();
        let accounts = with_config(accounts, &config.replace("[home]", &home));
        std::fs::create_dir(accounts.home().join("seen")).unwrap();
        let recipient = identity(&accounts, "key.txt");
        identity(&accounts, "other.txt");
        accounts.write("recipients.txt", &recipient);
        Self {
            accounts,
            recipient,
        }
    }

    fn program(&self, command_line: &str) -> Program<'_> {
        // The API keys in the environment belong to the two sides of a migration; here each profile has its own key.
        self.accounts
            .program(command_line)
            .without_env("HOOKFERRY_SOURCE_API_KEY")
            .without_env("HOOKFERRY_TARGET_API_KEY")
    }

    fn run(&self, command_line: &str) -> Run {
        self.program(command_line).run()
    }

    /// Runs a command and asserts exit code 0.
    #[track_caller]
    fn run_ok(&self, command_line: &str) -> Run {
        let run = self.run(command_line);
        run.assert_code(0);
        run
    }

    /// Runs a command with `-o json` and returns the document.
    #[track_caller]
    fn json(&self, command_line: &str, code: i32) -> Value {
        let run = self.run(&format!("{command_line} -o json"));
        run.assert_code(code);
        serde_json::from_str(&run.stdout).unwrap()
    }

    fn folder(&self) -> PathBuf {
        self.accounts.home().join(REPO).join("eu")
    }

    /// The files in the folder of account `eu`, by name.
    fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        let Ok(entries) = std::fs::read_dir(self.folder()) else {
            return BTreeMap::new();
        };
        let object = |entry: std::io::Result<std::fs::DirEntry>| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, std::fs::read(entry.path()).unwrap())
        };
        entries.map(object).collect()
    }

    /// The names of the backups, oldest first.
    fn backups(&self) -> Vec<String> {
        let names = self.objects().into_keys();
        names
            .filter(|name| BackupName::parse(name).is_some())
            .collect()
    }

    /// The names of partial files that a killed run has left.
    fn leftovers(&self) -> Vec<String> {
        let names = self.objects().into_keys();
        names.filter(|name| name.starts_with(".tmp")).collect()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// The aliases of the webhooks in a backup.
    fn aliases(&self, name: &str) -> Vec<String> {
        let identities = Identities::from_files(vec![self.accounts.home().join("key.txt")]);
        let bytes = std::fs::read(self.path(name)).unwrap();
        let OpenedFile::Backup(backup) = open(bytes, &identities, name).unwrap() else {
            panic!("{name} is not a backup");
        };
        let alias = |webhook: &hookferry::coralogix::webhook::Webhook| {
            webhook.alias().unwrap_or_default().into_owned()
        };
        backup.webhooks.iter().map(alias).collect()
    }

    /// The aliases of the webhooks in the source account.
    fn source_aliases(&self) -> Vec<String> {
        let webhooks = self.accounts.source().webhooks();
        let alias = |webhook: &Value| webhook["alias"].as_str().unwrap_or_default().to_owned();
        webhooks.iter().map(alias).collect()
    }

    /// Changes the account, so that its newest backup is out of date.
    fn change_source(&self) {
        let source = self.accounts.source();
        let id = source.webhooks()[0]["id"].as_u64().unwrap();
        // A different alias each time, so that each call is a change.
        let rename = |webhook: &mut Value| {
            let alias = webhook["alias"].as_str().unwrap_or_default();
            webhook["alias"] = format!("{alias}'").into();
        };
        assert!(source.edit_webhook(id, rename));
    }

    /// Asserts that the next `backup create` succeeds and leaves an up-to-date, intact repository.
    #[track_caller]
    fn assert_recovers(&self, what: &str) {
        let run = self.run(CREATE);
        assert_eq!(run.code, Some(0), "{what}: {}", run.transcript());
        let run = self.run(&format!("{CHECK} --max-age 1h"));
        assert_eq!(run.code, Some(0), "{what}: {}", run.transcript());
        let newest = self.backups().pop().unwrap();
        assert_eq!(self.aliases(&newest), self.source_aliases(), "{what}");
        let run = self.run(CREATE);
        assert!(
            run.stdout.contains("unchanged"),
            "{what}: {}",
            run.transcript()
        );
    }
}

/// Writes a new identity as `age-keygen` does, and returns its recipient.
fn identity(accounts: &StandIn, name: &str) -> String {
    use secrecy::ExposeSecret as _;
    let identity = age::x25519::Identity::generate();
    let recipient = identity.to_public().to_string();
    let text = identity.to_string();
    let text = text.expose_secret();
    accounts.write(name, &format!("# public key: {recipient}\n{text}\n"));
    recipient
}

/// The backup name that matches `bytes`, so that the name does not reveal the damage.
fn name_matching(name: &str, bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    let digits = hookferry::coralogix::digest::to_hex(&digest.as_ref()[..8]);
    let mut parts: Vec<&str> = name.split('-').collect();
    let (_, suffix) = parts.pop().unwrap().split_at(16);
    format!("{}-{digits}{suffix}", parts.join("-"))
}
