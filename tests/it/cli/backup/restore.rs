//! Restoring: through the same plan, confirmation and record as a migration, or as a drill.

use super::{Backups, assert_backups};
use crate::cli::export::SERVER_OWNED;
use crate::support::draft::Draft;
use crate::support::generator::{cases, draft};
use crate::support::spelling::Spelling;
use crate::support::stand_in::{StandIn, text};
use hookferry::sandbox::Options;
use hookferry::store::backup::{Identities, Protection, Repository, open_backup};
use proptest::prelude::*;
use serde_json::Value;
use std::path::Path;

/// The account has changed since in every way; the backup brings it back and touches nothing else.
#[test]
fn into_the_account_that_it_was_made_of() {
    let backups = Backups::new();
    backups.create("us");
    let target = backups.accounts.target();
    let before = target.webhooks();
    let id = |at: usize| before[at]["id"].as_u64().unwrap();
    target.change(id(0), |webhook| webhook["alias"] = "renamed by hand".into());
    target.change(id(1), |webhook| {
        webhook["url"] = "https://elsewhere.example.net/canary".into();
    });
    target.remove(id(2));
    target.insert(&serde_json::json!({
        "alias": "newer than the backup", "url": "https://new.example.net/canary",
        "integration_type_id": 0, "integration_type": {"id": 0}, "integration_type_fields": "[]"
    }));
    let restore = "restore latest --repo repo --identity key.txt --to us --yes --settle 1s";
    let refused = backups.run(restore);
    assert_backups!("same_account_refused", refused);
    refused.assert_code(6);
    let run = backups.run(&format!("{restore} --on-conflict update"));
    assert_backups!("same_account", run);
    run.assert_code(0);
    let after = target.webhooks();
    let content = |webhooks: &[Value]| {
        let mut rows: Vec<[String; 3]> = webhooks
            .iter()
            .map(|webhook| {
                ["alias", "url", "integration_type_fields"]
                    .map(|member| text(webhook, member).to_owned())
            })
            .collect();
        rows.sort();
        rows
    };
    let mut wanted = before.clone();
    wanted.extend(
        after
            .iter()
            .find(|one| one["alias"] == "newer than the backup")
            .cloned(),
    );
    assert_eq!(content(&after), content(&wanted));
    let kept = |at: usize| after.iter().any(|one| one["id"] == before[at]["id"]);
    assert!(
        kept(0) && kept(1) && !kept(2),
        "what was deleted has a new id"
    );
    backups.run(restore).assert_code(0);
    assert_eq!(target.webhooks(), after, "restoring again changes nothing");
}

#[test]
fn into_another_account_and_back() {
    let backups = Backups::new();
    backups.create("eu");
    let run =
        backups.run("restore latest --repo repo --account eu --identity key.txt --to us --dry-run");
    assert_backups!("other_account_dry", run);
    run.assert_code(0);
    assert_eq!(backups.accounts.posts().len(), 0);
    backups
        .run("restore latest --repo repo --account eu --identity key.txt --to us --yes --settle 1s")
        .assert_code(0);
    assert!(backups.accounts.copies().iter().all(|n| *n == 1));
    backups.run("rollback latest --to us --yes").assert_code(0);
    assert_eq!(backups.accounts.target().webhooks().len(), 4);
}

#[test]
fn a_drill_touches_nothing_real() {
    let backups = Backups::new();
    backups.create("eu");
    let before = backups.accounts.n_seen();
    let run = backups.run("restore latest --repo repo --identity key.txt --rehearse");
    assert_backups!("rehearsal", run);
    run.assert_code(0);
    assert_eq!(
        backups.accounts.n_seen(),
        before,
        "no account was asked anything"
    );
}

/// A backup is a source like any other, by its path.
#[test]
fn by_its_path_wherever_a_file_may_stand() {
    let backups = Backups::new();
    backups.create("eu");
    let path = backups.files("eu")[0].display().to_string();
    for (command_line, code) in [
        ("list --from PATH --identity key.txt -o json", 0),
        ("list --from PATH", 12),
        (
            "plan --from PATH --identity key.txt --to us --detailed-exitcode",
            2,
        ),
        ("diff PATH eu --identity key.txt --detailed-exitcode", 0),
        ("verify --from PATH --identity key.txt --to us", 3),
        ("rules init --from PATH --identity key.txt", 0),
        ("restore PATH --identity key.txt --rehearse -o json", 0),
        ("backup show PATH --identity key.txt", 0),
    ] {
        let run = backups.run(&command_line.replace("PATH", &path));
        assert_eq!(run.code, Some(code), "{}", run.transcript());
    }
    let plan = format!("plan --from {path} --identity key.txt --to us --out plan.json");
    backups.run(&plan).assert_code(0);
    backups.run("apply plan.json --dry-run").assert_code(12);
    backups
        .run("apply plan.json --yes --identity key.txt --settle 1s")
        .assert_code(0);
    assert!(backups.accounts.copies().iter().all(|n| *n == 1));
}

/// However somebody names a backup of the repository at night.
#[test]
fn by_any_name_that_the_list_shows() {
    let backups = Backups::new();
    backups.create("eu");
    backups.create("us");
    let path = backups.files("us")[0].clone();
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    let whole = path.display().to_string();
    let code = |command_line: &str| {
        backups
            .run(&format!("{command_line} --identity key.txt"))
            .code
    };
    for which in [
        format!("us/{name}"),
        format!("repo/us/{name}"),
        whole.clone(),
        format!("./repo/us/{name}"),
    ] {
        assert_eq!(
            code(&format!("backup show {which} --repo repo")),
            Some(0),
            "{which}"
        );
        assert_eq!(
            code(&format!("backup show {which} --repo repo --account eu")),
            Some(64),
            "{which}"
        );
    }
    assert_eq!(
        code(&format!("backup show {name} --repo repo --account us")),
        Some(0)
    );
    assert_eq!(
        code(&format!("backup show {name} --repo repo --account eu")),
        Some(10)
    );
    assert_eq!(
        code(&format!("backup show {name} --repo repo")),
        Some(64),
        "of which account?"
    );
    let minute = format!(
        "{}-{}-{}T{}:{}",
        &name[..4],
        &name[4..6],
        &name[6..8],
        &name[9..11],
        &name[11..13]
    );
    assert_eq!(
        code(&format!("backup show {minute} --repo repo --account us")),
        Some(0),
        "{minute}"
    );
}

#[test]
fn a_time_means_the_state_as_it_was_then() {
    let backups = Backups::new();
    backups.create("us");
    let count = |which: &str| {
        let run = backups.run(&format!(
            "backup show {which} --repo repo --identity key.txt -o json"
        ));
        run.assert_code(0);
        let document: Value = serde_json::from_str(&run.stdout).unwrap();
        document["selection"]["of"].as_u64().unwrap()
    };
    made_long_ago(&backups.files("us").pop().unwrap());
    backups.accounts.target().remove(
        backups.accounts.target().webhooks()[0]["id"]
            .as_u64()
            .unwrap(),
    );
    backups.create("us");
    assert_eq!((count("latest"), count("2020-01-02")), (3, 4));
    assert_eq!(count("2020-01-02T03:04:05Z"), 4);
    backups
        .run("backup show 2020-01-02T03:03Z --repo repo --identity key.txt")
        .assert_code(10);
}

/// Puts a backup of the same content in the place of one, as if it had been made long ago.
fn made_long_ago(path: &Path) {
    let folder = path.parent().unwrap();
    let repo = folder.parent().unwrap();
    let key = repo.parent().unwrap().join("key.txt");
    let bytes = std::fs::read(path).unwrap();
    let identities = Identities::of(vec![key]);
    let mut backup = open_backup(bytes, &identities, "the backup").unwrap();
    backup.about.time = "2020-01-02T03:04:05Z".parse().unwrap();
    let repository = Repository::named(repo.to_str().unwrap(), &|_| Ok(None)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let (about, webhooks) = (&backup.about, &backup.webhooks);
    let added = repository.add(about, webhooks, "a salt", &Protection::Plaintext);
    runtime.unwrap().block_on(added).unwrap();
    std::fs::remove_file(path).unwrap();
}

/// The awkward account too: what can be sent arrives, and the backup names what cannot.
#[test]
fn of_every_odd_case() {
    let backups = Backups::of(StandIn::awkward());
    backups.create("eu");
    let restore =
        "restore latest --repo repo --identity key.txt --rehearse --on-conflict skip -o json";
    let run = backups.run(restore);
    let outcome: Value = serde_json::from_str(&run.stdout).unwrap();
    let created = outcome["summary"]["created"].as_u64().unwrap();
    let blocked = outcome["summary"]["blocked"].as_u64().unwrap_or_default();
    assert_eq!(
        created + blocked,
        outcome["summary"]["total"].as_u64().unwrap(),
        "{}",
        run.stdout
    );
    assert!(created > blocked);
}

/// The members that stay, in any order.
fn kept(webhook: &Value) -> serde_json::Map<String, Value> {
    let mut members = webhook.as_object().unwrap().clone();
    for owned in SERVER_OWNED {
        members.remove(owned);
    }
    members
}

proptest! {
    #![proptest_config(cases(8))]

    /// `restore(backup(x))` is `x`, but for what the server owns.
    #[test]
    fn what_is_restored_is_what_was_backed_up(drafts in prop::collection::vec(draft(), 1..12)) {
        let mut options = Options::default();
        options.source.webhooks = drafts
            .into_iter()
            .enumerate()
            .map(|(at, draft)| {
                // One of each name, so that every one is created; and no number that the stand-in would round.
                let draft = Draft { alias: format!("{} {at}", draft.alias), unknown: Vec::new(), ..draft };
                serde_json::from_str(&draft.json(at, &mut Spelling::plain())).unwrap()
            })
            .collect();
        let backups = Backups::of(StandIn::start(options));
        backups.create("eu");
        backups
            .run("restore latest --repo repo --identity key.txt --to us --yes --settle 1s -q")
            .assert_code(0);
        let accounts = &backups.accounts;
        let all = |webhooks: Vec<Value>| {
            let mut all: Vec<String> = webhooks
                .iter()
                .map(|webhook| Value::Object(kept(webhook)).to_string())
                .collect();
            all.sort();
            all
        };
        prop_assert!(all(accounts.source().webhooks()) == all(accounts.target().webhooks()));
    }
}
