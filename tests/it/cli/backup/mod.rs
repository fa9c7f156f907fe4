//! Backups as users make and restore them, by hand and on a schedule, and when something goes wrong: kills, disk errors,
//! damage, unreliable accounts, failing heartbeat receivers.
//! Every test runs the real process and inspects the repository, the accounts and the receiver.

mod clock;
mod commands;
mod company;
mod concurrent;
mod damage;
mod damage_inside;
mod disk;
mod disk_read;
mod killed;
mod leftovers;
mod points;
mod restore;
mod sources;
mod stock_tools;
mod watchers;
mod watchers_agree;
mod watchers_files;
mod workspace;
mod year;

use workspace::Workspace;

/// Asserts the transcript of a run, with names in place of times, digests and sizes.
macro_rules! assert_backups {
    ($name:expr, $run:expr) => {{
        snapshots!(
            r"\d{8}T\d{6}Z-(\d+)-[0-9a-f]{16}" => "[time]-$1-[digest]",
            // Not printed where both times fall into the same second.
            r", found unchanged \d{4}-\d\d-\d\d \d\d:\d\d UTC \(now\)" => "",
            r"\d{4}-\d\d-\d\d \d\d:\d\d UTC" => "[minute]",
            r"\b\d+ (?:B|KiB)\b" => "[size]",
            // Encryption adds a random number of bytes, so the column is now and then wider.
            r"\bsize {2,}protection" => "size  protection",
            r"\[size\] {2,}" => "[size]  ",
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
company_id = "67890"

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

/// The backup name that matches `bytes`, so that the name does not reveal the damage.
fn name_matching(name: &str, bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    let digits = hookferry::coralogix::digest::to_hex(&digest.as_ref()[..8]);
    let mut parts: Vec<&str> = name.split('-').collect();
    let (_, suffix) = parts.pop().unwrap().split_at(16);
    format!("{}-{digits}{suffix}", parts.join("-"))
}
