//! The backup commands as users see them: create, list, show, check, forget, and restore.

mod commands;
mod restore;

use super::accounts::with_config;
use crate::support::program::Run;
use crate::support::stand_in::StandIn;
use std::path::PathBuf;

/// Asserts the transcript of a run, with names in place of times, digests and sizes.
macro_rules! assert_backups {
    ($name:expr, $run:expr) => {{
        snapshots!(
            r"\d{8}T\d{6}Z-(\d+)-[0-9a-f]{16}" => "[time]-$1-[digest]",
            // Not printed where both times fall into the same second.
            r", found unchanged \d{4}-\d\d-\d\d \d\d:\d\d UTC \(now\)" => "",
            r"\d{4}-\d\d-\d\d \d\d:\d\d UTC" => "[minute]",
            r"\b\d+ (?:B|KiB)\b" => "[size]",
            r#""size": \d+"# => r#""size": [size]"#,
            r"age1[a-z0-9]{58}" => "[recipient]",
            r"127\.0\.0\.1_3a\d+" => "[folder]",
            r"\b\d+(?:\.\d)? m?s\b" => "[elapsed]"
        );
        let run: &$crate::support::program::Run = &$run;
        insta::assert_snapshot!($name, run.transcript());
    }};
}

use assert_backups;

/// A profile for each account.
const PROFILES: &str = r#"
[profile.eu]
url = "[source]"
api_key_file = "keys/source"

[profile.us]
url = "[target]"
api_key_command = ["cat", "target-key"]
company_id = "67890"
"#;

/// Two accounts with profiles, and identities in `key.txt` and `other.txt`.
struct Backups {
    accounts: StandIn,
    recipient: String,
}

impl Backups {
    fn new() -> Self {
        Self::with_accounts(StandIn::demo())
    }

    fn with_accounts(accounts: StandIn) -> Self {
        let accounts = with_config(accounts, PROFILES);
        let recipient = identity(&accounts, "key.txt");
        identity(&accounts, "other.txt");
        Self {
            accounts,
            recipient,
        }
    }

    fn run(&self, command_line: &str) -> Run {
        let command_line = command_line.replace("[recipient]", &self.recipient);
        // The API keys in the environment belong to the two sides of a migration; here each profile has its own key.
        self.accounts
            .program(&command_line)
            .without_env("HOOKFERRY_SOURCE_API_KEY")
            .without_env("HOOKFERRY_TARGET_API_KEY")
            .run()
    }

    /// Creates a backup of this profile.
    fn create(&self, profile: &str) {
        self.run(&format!(
            "backup create --from {profile} --repo repo --recipient [recipient] -q"
        ))
        .assert_code(0);
    }

    /// The paths of an account's backups, sorted by name.
    fn files(&self, account: &str) -> Vec<PathBuf> {
        let folder = self.accounts.home().join("repo").join(account);
        let entries = std::fs::read_dir(folder).unwrap();
        let mut files: Vec<PathBuf> = entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.file_name().unwrap() != "last-check.json")
            .collect();
        files.sort();
        files
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
