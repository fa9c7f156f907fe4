//! `restore`: with the same plan, confirmation and run record as a migration, or as a rehearsal.

use super::{Workspace, assert_backups};
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

/// The account has changed in every way since; restore reverts the changes and touches nothing else.
#[test]
fn a_restore_reverts_changes_in_the_same_account() {
    let backups = Workspace::new();
    backups.create("us");
    let target = backups.accounts.target();
    let before = target.webhooks();
    let id = |index: usize| before[index]["id"].as_u64().unwrap();
    target.edit_webhook(id(0), |webhook| webhook["alias"] = "renamed by hand".into());
    target.edit_webhook(id(1), |webhook| {
        webhook["url"] = "https://elsewhere.example.net/canary".into();
    });
    target.remove(id(2));
    target.insert(&serde_json::json!({
        "alias": "newer than the backup", "url": "https://new.example.net/canary",
        "integration_type_id": 0, "integration_type": {"id": 0}, "integration_type_fields": "[]"
    }));
    let restore = "restore latest --repo vault --identity key.txt --to us --yes --settle 1s";
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
    let mut expected = before.clone();
    expected.extend(
        after
            .iter()
            .find(|one| one["alias"] == "newer than the backup")
            .cloned(),
    );
    assert_eq!(content(&after), content(&expected));
    let has_kept_id = |index: usize| after.iter().any(|one| one["id"] == before[index]["id"]);
    assert!(
        has_kept_id(0) && has_kept_id(1) && !has_kept_id(2),
        "a deleted webhook gets a new id"
    );
    backups.run(restore).assert_code(0);
    assert_eq!(target.webhooks(), after, "restoring again changes nothing");
}

const INTO_US: &str = "restore latest --repo vault --account eu --identity key.txt --to us";

/// `--to us` says which account's backup is meant.
#[test]
fn the_account_is_that_of_the_target() {
    let backups = Workspace::new();
    backups.create("eu");
    backups.create("us");
    let restore = "restore latest --repo vault --identity key.txt --dry-run --to us";
    let run = backups.run_ok(restore);
    assert!(run.stdout.contains("4 unchanged"), "{}", run.transcript());
    // Nothing says which one is meant.
    for line in [
        "restore latest --repo vault --identity key.txt --rehearse",
        "restore latest --repo vault --identity key.txt --dry-run --to us --into-other-account",
    ] {
        let run = backups.run(line);
        run.assert_code(64);
        assert!(run.stderr.contains("several accounts"), "{}", run.stderr);
    }
    let run = backups.run_ok("diff latest us --repo vault --identity key.txt");
    assert!(
        run.stdout.contains("Both sides have the same webhooks."),
        "{}",
        run.transcript()
    );
}

#[test]
fn a_backup_is_compared_with_its_account() {
    let backups = Workspace::new();
    backups.create("us");
    let target = backups.accounts.target();
    let id = target.webhooks()[0]["id"].as_u64().unwrap();
    target.edit_webhook(id, |webhook| webhook["alias"] = "renamed by hand".into());
    let diff = "diff latest us --repo vault --identity key.txt --detailed-exitcode";
    let run = backups.run(diff);
    run.assert_code(2);
    assert_backups!("diff", run);
    let name = backups.files("us")[0].file_name().unwrap().to_owned();
    let name = format!("us/{}", name.to_str().unwrap());
    backups.run(&diff.replace("latest", &name)).assert_code(2);
    backups
        .run(&diff.replace("latest us", "us latest"))
        .assert_code(2);
    let run = backups.run("diff latest us");
    run.assert_code(64);
    assert!(
        run.stderr.contains("`latest` needs a repository to search"),
        "{}",
        run.stderr
    );
}

/// Whoever restores is in a hurry, and learns of everything at once.
#[test]
fn everything_that_is_missing_is_named_at_once_and_before_any_reading() {
    let backups = Workspace::new();
    backups.create("us");
    std::fs::remove_file(backups.accounts.home().join("target-key")).unwrap();
    let before = backups.accounts.request_counts();
    for (line, code, all) in [
        (
            "latest --to us",
            64,
            vec!["--repo DIR", "the key of profile us"],
        ),
        (
            "latest --repo vault --to us",
            4,
            vec!["the key of profile us", "is encrypted", "--identity FILE"],
        ),
        (
            "latest --repo vault --identity missing.txt --to us",
            4,
            vec!["the key of profile us", "missing.txt"],
        ),
        ("latest --repo vault --rehearse", 12, vec!["is encrypted"]),
        (
            "latest --repo vault --identity key.txt --to us",
            4,
            vec!["the key of profile us"],
        ),
    ] {
        let run = backups.run(
            &format!("restore {line} --dry-run").replace("--rehearse --dry-run", "--rehearse"),
        );
        run.assert_code(code);
        for words in all {
            assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        }
        assert_eq!(backups.accounts.request_counts(), before);
    }
    let run = backups.run("restore latest --repo vault --to us");
    assert_backups!("missing", run);
}

/// A restore goes from a backup to what the account is now; source and target are words for two accounts.
#[test]
fn a_restore_speaks_of_the_backup_and_the_account() {
    let backups = Workspace::new();
    backups.create("us");
    let target = backups.accounts.target();
    let id = target.webhooks()[0]["id"].as_u64().unwrap();
    target.edit_webhook(id, |webhook| webhook["alias"] = "renamed by hand".into());
    let restore = "restore latest --repo vault --identity key.txt --to us --on-conflict update";
    for format in ["text", "markdown", "html"] {
        let run = backups.run_ok(&format!("{restore} --dry-run -o {format}"));
        let shown = run.stdout.to_lowercase();
        assert!(shown.contains("account now"), "{}", run.transcript());
    }
    let preview = backups.run_ok(&format!("{restore} --dry-run")).stdout;
    let outcome = backups
        .run_ok(&format!("{restore} --yes --settle 1s"))
        .stdout;
    let report = backups.run_ok("report latest").stdout;
    for (text, words) in [
        (&preview, "hookferry plan: backup of us, "),
        (&preview, "-> account now 127.0.0.1"),
        (
            &preview,
            r#"backup "us-sales-alerts"  account now "renamed by hand""#,
        ),
        (&preview, "the account has no others"),
        (&outcome, "hookferry outcome: backup of us, "),
        (&outcome, "-> account 127.0.0.1"),
        (&outcome, "Done: the account has every planned change."),
        (&report, "Done: the account has every planned change."),
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    for text in [preview, outcome, report] {
        for word in ["source", "the target has"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
    }
    let again = backups.run_ok(&format!("{restore} --yes"));
    assert!(
        again.stdout.contains("nothing had to be written"),
        "{}",
        again.transcript()
    );
}

/// Secrets, pagers and logs of one account would be those of another.
#[test]
fn a_restore_into_another_account_is_refused_unless_it_is_said() {
    let backups = Workspace::new();
    backups.create("eu");
    for flags in ["--yes", "--dry-run"] {
        let run = backups.run(&format!("{INTO_US} {flags}"));
        assert_backups!(format!("other_account_refused_{}", &flags[2..]), run);
        run.assert_code(5);
    }
    let path = backups.files("eu")[0].display().to_string();
    backups
        .run(&format!("restore {path} --identity key.txt --to us --yes"))
        .assert_code(5);
    assert_eq!(backups.accounts.posts().len(), 0);
    let run = backups.run(&format!("{INTO_US} --into-other-account --dry-run"));
    assert_backups!("other_account_dry", run);
    run.assert_code(0);
    let run = backups.run(&format!("{INTO_US} --into-other-account --yes --settle 1s"));
    assert_backups!("other_account", run);
    run.assert_code(0);
    assert!(backups.accounts.copies().iter().all(|n| *n == 1));
    backups.run("rollback latest --to us --yes").assert_code(0);
    assert_eq!(backups.accounts.target().webhooks().len(), 4);
}

/// An empty account shows no company; its profile may state one.
#[test]
fn an_empty_account_is_told_from_another_one_by_its_profile() {
    let backups = Workspace::new();
    let target = backups.accounts.target();
    backups.create("us");
    for webhook in target.webhooks() {
        target.remove(webhook["id"].as_u64().unwrap());
    }
    let restore = "restore latest --repo vault --identity key.txt --dry-run --to";
    let run = backups.run(&format!("{restore} us"));
    run.assert_code(0);
    assert!(
        !run.stderr
            .contains("nothing proves that it is the same account"),
        "{}",
        run.stderr
    );
    let url = target.url();
    for (profile, code, says_so) in [
        ("", 0, true),
        ("company_id = 67890", 0, false),
        ("company_id = 12345", 5, false),
    ] {
        backups.accounts.write(
            "other.toml",
            &format!("[profile.p]\nurl = \"{url}\"\napi_key_command = [\"cat\", \"target-key\"]\n{profile}\n"),
        );
        let run = backups.run(&format!("{restore} p --config other.toml"));
        run.assert_code(code);
        assert_eq!(
            run.stderr
                .contains("nothing proves that it is the same account"),
            says_so,
            "{}",
            run.stderr
        );
    }
}

/// A file of webhooks as the API lists them shows its company.
#[test]
fn a_file_of_another_account_is_not_restored_unless_it_is_said() {
    let backups = Workspace::new();
    backups
        .run("export --from eu --out export.json -q")
        .assert_code(0);
    let restore = "restore export.json --to us --dry-run";
    backups.run(restore).assert_code(5);
    let run = backups.run(&format!("{restore} --into-other-account"));
    assert_backups!("other_account_from_a_file", run);
    run.assert_code(0);
}

#[test]
fn a_rehearsal_sends_no_request_to_any_account() {
    let backups = Workspace::new();
    backups.create("eu");
    let before = backups.accounts.request_counts();
    let run = backups.run("restore latest --repo vault --identity key.txt --rehearse");
    assert_backups!("rehearsal", run);
    run.assert_code(0);
    assert_eq!(
        backups.accounts.request_counts(),
        before,
        "no account received a request"
    );
}

/// The path of a backup is a source like any other.
#[test]
fn a_backup_path_works_wherever_a_file_does() {
    let backups = Workspace::new();
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

/// Every way to name a backup of the repository.
#[test]
fn a_backup_can_be_given_by_any_name_that_list_prints() {
    let backups = Workspace::new();
    backups.create("eu");
    backups.create("us");
    let path = backups.files("us")[0].clone();
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    let absolute = path.display().to_string();
    let code = |command_line: &str| {
        backups
            .run(&format!("{command_line} --identity key.txt"))
            .code
    };
    for which in [
        format!("us/{name}"),
        format!("vault/us/{name}"),
        absolute.clone(),
        format!("./vault/us/{name}"),
    ] {
        assert_eq!(
            code(&format!("backup show {which} --repo vault")),
            Some(0),
            "{which}"
        );
        assert_eq!(
            code(&format!("backup show {which} --repo vault --account eu")),
            Some(64),
            "{which}"
        );
    }
    assert_eq!(
        code(&format!("backup show {name} --repo vault --account us")),
        Some(0)
    );
    assert_eq!(
        code(&format!("backup show {name} --repo vault --account eu")),
        Some(10)
    );
    assert_eq!(
        code(&format!("backup show {name} --repo vault")),
        Some(64),
        "the account is ambiguous"
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
        code(&format!("backup show {minute} --repo vault --account us")),
        Some(0),
        "{minute}"
    );
}

#[test]
fn a_time_selects_the_backup_that_was_current_then() {
    let backups = Workspace::new();
    backups.create("us");
    let count = |which: &str| {
        let run = backups.run(&format!(
            "backup show {which} --repo vault --identity key.txt -o json"
        ));
        run.assert_code(0);
        let document: Value = serde_json::from_str(&run.stdout).unwrap();
        document["selection"]["of"].as_u64().unwrap()
    };
    backdate(&backups.files("us").pop().unwrap());
    backups.accounts.target().remove(
        backups.accounts.target().webhooks()[0]["id"]
            .as_u64()
            .unwrap(),
    );
    backups.create("us");
    assert_eq!((count("latest"), count("2020-01-02")), (3, 4));
    assert_eq!(count("2020-01-02T03:04:05Z"), 4);
    backups
        .run("backup show 2020-01-02T03:03Z --repo vault --identity key.txt")
        .assert_code(10);
}

/// Replaces a backup with one of the same content, dated 2020.
fn backdate(path: &Path) {
    let folder = path.parent().unwrap();
    let repo = folder.parent().unwrap();
    let key = repo.parent().unwrap().join("key.txt");
    let bytes = std::fs::read(path).unwrap();
    let identities = Identities::from_files(vec![key]);
    let mut backup = open_backup(bytes, &identities, "the backup").unwrap();
    backup.metadata.time = "2020-01-02T03:04:05Z".parse().unwrap();
    let repository = Repository::parse(repo.to_str().unwrap(), &|_| Ok(None)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let (about, webhooks) = (&backup.metadata, &backup.webhooks);
    let added = repository.add(about, webhooks, "a salt", &Protection::Plaintext);
    runtime.unwrap().block_on(added).unwrap();
    std::fs::remove_file(path).unwrap();
}

/// The awkward account: every webhook that is valid to send arrives, and the others are reported as blocked.
#[test]
fn an_awkward_account_is_restored_except_for_blocked_webhooks() {
    let backups = Workspace::with_accounts(StandIn::awkward());
    backups.create("eu");
    let restore =
        "restore latest --repo vault --identity key.txt --rehearse --on-conflict skip -o json";
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

/// The members that the server does not own.
fn user_members(webhook: &Value) -> serde_json::Map<String, Value> {
    let mut members = webhook.as_object().unwrap().clone();
    for owned in SERVER_OWNED {
        members.remove(owned);
    }
    members
}

proptest! {
    #![proptest_config(cases(8))]

    /// `restore(backup(x))` is `x`, except for the members that the server owns.
    #[test]
    fn restored_webhooks_equal_the_backed_up_ones(drafts in prop::collection::vec(draft(), 1..12)) {
        let mut options = Options::default();
        options.source.webhooks = drafts
            .into_iter()
            .enumerate()
            .map(|(index, draft)| {
                // Unique aliases, so that every webhook is created; no unknown members, whose numbers the stand-in would round.
                let draft = Draft { alias: format!("{} {index}", draft.alias), unknown: Vec::new(), ..draft };
                serde_json::from_str(&draft.json(index, &mut Spelling::plain())).unwrap()
            })
            .collect();
        let backups = Workspace::with_accounts(StandIn::start(options));
        backups.create("eu");
        backups
            .run("restore latest --repo vault --identity key.txt --to us --into-other-account --yes --settle 1s -q")
            .assert_code(0);
        let accounts = &backups.accounts;
        let all = |webhooks: Vec<Value>| {
            let mut all: Vec<String> = webhooks
                .iter()
                .map(|webhook| Value::Object(user_members(webhook)).to_string())
                .collect();
            all.sort();
            all
        };
        prop_assert!(all(accounts.source().webhooks()) == all(accounts.target().webhooks()));
    }
}
