//! Files that are no files: pipes, devices, folders and links where the program expects a regular file of ordinary size.
//! Each is refused at once, and nothing is sent.

use super::accounts::with_config;
use crate::support::program::Run;
use crate::support::stand_in::StandIn;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::fs::symlink;
use std::process::Command;

const PLAN: &str = "plan --from [source] --to [target] --rate 1000 -q --out plan.json";
const MIGRATE: &str = "migrate --from [source] --to [target] --yes --rate 1000 --settle 300ms";

fn make_fifo(accounts: &StandIn, name: &str) {
    let status = Command::new("mkfifo")
        .arg(accounts.home().join(name))
        .status();
    assert!(status.unwrap().success());
}

/// Runs a command line that must end by itself, with exit code 1 and a message that says what the path is.
#[track_caller]
fn assert_refused(accounts: &StandIn, command_line: &str, what: &str) -> Run {
    let run = accounts.program(command_line).run();
    run.assert_code(1);
    assert!(run.stderr.contains(what), "{}", run.transcript());
    run
}

#[test]
fn every_file_that_a_user_names_must_be_a_regular_file() {
    let accounts = with_config(StandIn::demo(), "");
    make_fifo(&accounts, "pipe");
    accounts.write("folder/x", "");
    accounts.write("alerts.json", "{}");
    symlink("pipe", accounts.home().join("link")).unwrap();
    for line in [
        "list --from FILE",
        "diff FILE [target]",
        "report FILE",
        "apply FILE",
        "plan --from [source] --to [target] --rules FILE",
        "list --from [source] --config FILE",
        "list --from [source] --ca-file FILE",
        "idmap apply alerts.json --out new --map FILE",
        "backup create --from [source] --repo repo --recipients-file FILE",
    ] {
        for (path, what) in [
            ("pipe", "a pipe"),
            ("link", "a pipe"),
            ("./folder", "a folder"),
            ("/dev/zero", "a device"),
        ] {
            let line = line.replace("FILE", path);
            let run = accounts.program(&line).run();
            assert_ne!(run.code, Some(0), "{line}");
            assert!(run.stderr.contains(what), "{}", run.transcript());
        }
    }
    assert_eq!(accounts.posts().len(), 0);
}

#[test]
fn a_pipe_that_the_shell_opened_is_a_file_to_read() {
    let accounts = StandIn::demo();
    accounts.write("hooks.json", "[]");
    let run = accounts
        .program("list --from /dev/fd/9")
        .under(&[
            "bash",
            "-c",
            "exec 9< <(cat hooks.json); exec \"$@\"",
            "bash",
        ])
        .run();
    run.assert_code(0);
}

#[test]
fn a_file_larger_than_the_limit_is_refused_unread() {
    let accounts = StandIn::demo();
    accounts.write("keys/big", "");
    for (name, gib) in [("five.json", 5), ("rules.toml", 1), ("keys/big", 1)] {
        // Sparse: takes no room on the disk.
        let file = std::fs::File::create(accounts.home().join(name)).unwrap();
        file.set_len(gib << 30).unwrap();
    }
    accounts.set_mode("keys/big", 0o600);
    assert_refused(&accounts, "list --from five.json", "larger than 1 GiB");
    assert_refused(&accounts, "report five.json", "larger than 1 GiB");
    let rules = "plan --from [source] --to [target] --rules rules.toml";
    assert_refused(&accounts, rules, "larger than 64 MiB");
    let run = accounts
        .program("list --from [source]")
        .without_env("HOOKFERRY_SOURCE_API_KEY")
        .env("HOOKFERRY_SOURCE_API_KEY_FILE", "keys/big")
        .run();
    assert!(
        run.stderr.contains("larger than 1 MiB"),
        "{}",
        run.transcript()
    );
}

#[test]
fn a_strangers_plan_is_checked_before_any_file_that_it_names_is_opened() {
    let accounts = StandIn::demo();
    accounts.write("rules.toml", "");
    accounts
        .program(&format!("{PLAN} --rules rules.toml"))
        .run()
        .assert_code(0);
    let plan = accounts.read("plan.json");
    for other in ["/dev/zero", "missing.toml", "secret.toml"] {
        accounts.write("secret.toml", "not = \"rules\"");
        accounts.write("plan.json", &plan.replace("rules.toml", other));
        let run = accounts.program("apply plan.json --yes").run();
        run.assert_code(5);
        assert!(run.stderr.contains("changed"), "{}", run.transcript());
        assert!(!run.stderr.contains(other), "{}", run.transcript());
    }
    assert_eq!(accounts.posts().len(), 0);
}

#[test]
fn a_last_check_that_is_no_file_does_not_hang_a_backup() {
    let accounts = with_config(StandIn::demo(), "");
    let create = "backup create --from [source] --repo repo --plaintext -o json";
    accounts
        .program(create)
        .allow_secrets()
        .run()
        .assert_code(0);
    let repo = accounts.home().join("repo");
    let account = std::fs::read_dir(&repo).unwrap().next().unwrap().unwrap();
    let check = account.path().join("last-check.json");
    std::fs::remove_file(&check).unwrap();
    let status = Command::new("mkfifo").arg(&check).status().unwrap();
    assert!(status.success());
    for line in [
        create,
        "backup check --repo repo",
        "backup list --repo repo",
    ] {
        let run = accounts.program(line).run();
        assert!(run.stderr.contains("a pipe"), "{}", run.transcript());
    }
}

#[test]
fn forget_follows_no_link_out_of_its_repository() {
    let accounts = with_config(StandIn::demo(), "");
    let create = "backup create --from [source] --repo elsewhere --plaintext";
    for _ in 0..2 {
        accounts.program(create).run().assert_code(0);
        // Other content, so that it is stored again.
        let webhook = serde_json::json!({"alias": "new", "integration_type_id": 1});
        accounts.source().insert(&webhook);
    }
    let home = accounts.home();
    let elsewhere = home.join("elsewhere");
    let account = std::fs::read_dir(&elsewhere)
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let n_files = || std::fs::read_dir(account.path()).unwrap().count();
    let n_before = n_files();
    std::fs::create_dir(home.join("repo")).unwrap();
    symlink(account.path(), home.join("repo").join(account.file_name())).unwrap();
    let run = accounts
        .program("backup forget --repo repo --keep-last 1")
        .run();
    run.assert_code(1);
    assert!(run.stderr.contains("link"), "{}", run.transcript());
    assert_eq!(n_files(), n_before);
}

/// Files with secrets have no name until they are complete.
#[test]
#[ignore = "needs strace"]
fn a_killed_run_leaves_no_part_of_a_file() {
    let accounts = StandIn::demo();
    accounts.program(PLAN).run().assert_code(0);
    let names = || {
        let entries = std::fs::read_dir(accounts.home()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name());
        names.collect::<BTreeSet<OsString>>()
    };
    let before = names();
    for line in [
        "export --from [source] --out new.json",
        &PLAN.replace("plan.json", "new.json"),
        // Replaces a plan.
        PLAN,
    ] {
        for call in ["fsync", "linkat"] {
            let inject = format!("inject={call}:signal=SIGKILL:when=1");
            let run = accounts.program(line);
            let run = run
                .under(&["strace", "-f", "-o", "/dev/null", "-e", &inject])
                .start();
            assert!(!run.status().success(), "{line}, {call}");
            assert_eq!(names(), before, "{line}, {call}");
        }
    }
}

#[test]
fn nothing_in_the_state_folder_is_followed_elsewhere() {
    let accounts = StandIn::demo();
    accounts.write("precious", "precious");
    accounts.program(MIGRATE).run().assert_code(0);
    let state = accounts.home().join("state/hookferry");
    for entry in std::fs::read_dir(state.join("locks")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::remove_file(&path).unwrap();
        symlink(accounts.home().join("precious"), &path).unwrap();
    }
    let n_posts = accounts.posts().len();
    let run = accounts.program(MIGRATE).run();
    run.assert_code(1);
    assert!(run.stderr.contains("symbolic link"), "{}", run.transcript());
    assert_eq!(accounts.read("precious"), "precious");
    assert_eq!(accounts.posts().len(), n_posts);
}

#[test]
fn a_folder_of_the_state_folder_may_not_be_a_link() {
    for name in ["locks", "runs"] {
        let accounts = StandIn::demo();
        let state = accounts.home().join("state/hookferry");
        std::fs::create_dir_all(&state).unwrap();
        std::fs::create_dir(accounts.home().join("elsewhere")).unwrap();
        symlink(accounts.home().join("elsewhere"), state.join(name)).unwrap();
        let run = accounts.program(MIGRATE).run();
        run.assert_code(1);
        assert!(run.stderr.contains("symbolic link"), "{}", run.transcript());
        assert_eq!(accounts.request_counts(), [0, 0]);
    }
}

#[test]
fn a_state_folder_that_others_can_write_to_is_refused() {
    let accounts = StandIn::demo();
    accounts.write("state/x", "");
    accounts.set_mode("state", 0o1777);
    let line = format!("{MIGRATE} --state-dir state");
    let run = assert_refused(&accounts, &line, "writable by every user");
    assert!(run.stderr.contains("chmod 700 state"), "{}", run.stderr);
    assert_eq!(accounts.request_counts(), [0, 0]);
    // Records in it decide what is deleted, so it is not read either.
    assert_refused(
        &accounts,
        "runs --state-dir state",
        "writable by every user",
    );
    accounts.set_mode("state", 0o755);
    accounts.program(&line).run().assert_code(0);
}

#[test]
fn a_lock_file_that_is_a_pipe_is_refused_at_once() {
    let accounts = StandIn::demo();
    accounts.program(MIGRATE).run().assert_code(0);
    let locks = accounts.home().join("state/hookferry/locks");
    for entry in std::fs::read_dir(locks).unwrap() {
        let path = entry.unwrap().path();
        std::fs::remove_file(&path).unwrap();
        let status = Command::new("mkfifo").arg(&path).status();
        assert!(status.unwrap().success());
    }
    let started = accounts.program(MIGRATE).start();
    let run = started.finish();
    run.assert_code(1);
    assert!(run.stderr.contains("a pipe"), "{}", run.transcript());
}
