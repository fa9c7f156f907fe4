//! The first command lines that people try: other names that work, and hints for words of other programs.

use crate::support::program::{Program, Run};
use crate::support::stand_in::StandIn;

/// What a command line does.
enum Outcome {
    /// The same as this command line, which succeeds.
    SameAs(&'static str),
    /// Exits with 64, and this is in its tip.
    Tip(&'static str),
    /// Exits with 64 and without any tip, because none would be right.
    NoTip,
}

use Outcome::{NoTip, SameAs, Tip};

const FIRST_WORDS: &[(&str, Outcome)] = &[
    ("help", SameAs("--help")),
    ("help list", SameAs("list --help")),
    ("version", SameAs("--version")),
    ("runs list", SameAs("runs")),
    ("runs --json", SameAs("runs -o json")),
    ("list [source]", SameAs("list --from [source]")),
    ("list --source [source]", SameAs("list --from [source]")),
    (
        "list --from [source] --json",
        SameAs("list --from [source] -o json"),
    ),
    (
        "list [source] --type SLACK",
        SameAs("list --from [source] --type slack"),
    ),
    (
        "list [source] --type pagerduty",
        SameAs("list --from [source] --type pager_duty"),
    ),
    (
        "list [source] --type PagerDuty",
        SameAs("list --from [source] --type pager_duty"),
    ),
    (
        "list [source] --type teams",
        SameAs("list --from [source] --type microsoft_teams"),
    ),
    (
        "list [source] --type email",
        SameAs("list --from [source] --type email_group"),
    ),
    ("export [source]", SameAs("export --from [source]")),
    (
        "plan [source] [target]",
        SameAs("plan --from [source] --to [target]"),
    ),
    (
        "plan --to [target] [source]",
        SameAs("plan --from [source] --to [target]"),
    ),
    (
        "plan --from [source] [target]",
        SameAs("plan --from [source] --to [target]"),
    ),
    (
        "plan --source [source] --target [target]",
        SameAs("plan --from [source] --to [target]"),
    ),
    (
        "plan [source] [target] --dry-run",
        SameAs("plan --from [source] --to [target]"),
    ),
    (
        "diff [source] [target] --json",
        SameAs("diff [source] [target] -o json"),
    ),
    (
        "plan [source] [target] -n",
        SameAs("plan --from [source] --to [target]"),
    ),
    (
        "migrate [source] [target] -n",
        SameAs("migrate --from [source] --to [target] --dry-run"),
    ),
    ("verify [source] [source] --run latest", NoTip),
    (
        "diff --from [source] --to [target]",
        SameAs("diff [source] [target]"),
    ),
    (
        "account check --from [source]",
        SameAs("account check [source]"),
    ),
    (
        "rules init [source] [target]",
        SameAs("rules init --from [source] --to [target]"),
    ),
    ("login", Tip("`hookferry account list`")),
    ("auth", Tip("`hookferry account list`")),
    ("config", Tip("`hookferry help config`")),
    ("profile list", Tip("`hookferry account list`")),
    ("undo", Tip("`hookferry rollback latest`")),
    ("destroy", Tip("`hookferry rollback latest`")),
    ("help undo", Tip("`hookferry rollback latest`")),
    ("backup help", Tip("`hookferry help backup create`")),
    ("account check [source] [target]", NoTip),
    (
        "copy --from eu1",
        Tip("`hookferry migrate --from SOURCE --to TARGET`"),
    ),
    (
        "sync eu1 us2",
        Tip("`hookferry migrate --from SOURCE --to TARGET`"),
    ),
    ("snapshots", Tip("`hookferry backup list --repo REPO`")),
    ("forget", Tip("`hookferry backup forget`")),
    ("prune", Tip("`hookferry backup forget`")),
    ("check", Tip("`hookferry account check ACCOUNT`")),
    ("list --from eu1 --key canary", Tip("rotate it")),
    ("list --from eu1 --api-key=canary", Tip("rotate it")),
    ("migrate eu1 us2 --api-key cxtp_canary", Tip("rotate it")),
    ("migrate eu1 us2 cxtp_canary", NoTip),
    ("cxtp_canary", NoTip),
    ("list cxtp_canary", NoTip),
    ("migrate eu1 us2 --force", Tip("--on-conflict update")),
    ("list eu1 -o yaml", Tip("pass json")),
    ("list eu1 --limit 10", Tip("--type, --name and --id")),
    ("list eu1 --watch", Tip("no command keeps running")),
    ("list eu1 --insecure", Tip("--ca-file FILE")),
    ("list eu1 -k", Tip("--ca-file FILE")),
    ("plan eu1 us2 -out=plan", Tip("two dashes: --out")),
    ("plan eu1 us2 -out plan", Tip("two dashes: --out")),
    (
        "migrate eu1 us2 -auto-approve",
        Tip("two dashes: --auto-approve"),
    ),
    ("--from eu1 --to us2", Tip("come after its name")),
    ("list eu1 --repo x", NoTip),
    ("frobnicate", NoTip),
];

fn without_times(run: &Run) -> String {
    let stdout = run.stdout();
    let steady = stdout
        .lines()
        .filter(|line| !line.contains(" ms") && !line.contains("clock"));
    steady.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_first_words_work_or_get_the_right_hint() {
    let accounts = StandIn::demo();
    for (line, result) in FIRST_WORDS {
        let run = accounts.program(line).allow_secrets().run();
        let tip = run.stderr.lines().find(|line| line.contains("tip: "));
        match result {
            SameAs(other) => {
                run.assert_code(0);
                let same = accounts.program(other).allow_secrets().run();
                assert_eq!(without_times(&run), without_times(&same), "{line}");
                assert_eq!(run.requests, same.requests, "{line}");
            }
            Tip(words) => {
                run.assert_code(64);
                assert!(tip.is_some_and(|tip| tip.contains(words)), "{}", run.stderr);
            }
            NoTip => {
                run.assert_code(64);
                assert_eq!(tip, None, "{line}");
            }
        }
        if run.code == Some(64) {
            assert!(!run.output().contains("canary"), "{}", run.stderr);
        }
    }
    assert!(accounts.posts().is_empty());
}

/// What writes, takes the other names, too.
#[test]
fn auto_approve_is_yes() {
    let accounts = StandIn::demo();
    let line = "migrate --source [source] --target [target] --auto-approve";
    accounts.program(line).run().assert_code(0);
    assert!(accounts.copies().iter().all(|copies| *copies == 1));
}

/// Every command that a tip names is one.
#[test]
fn commands_in_tips_exist() {
    let accounts = StandIn::demo();
    for (line, result) in FIRST_WORDS {
        let Tip(_) = result else { continue };
        let run = accounts.program(line).allow_secrets().run();
        let tip = run.stderr.lines().find(|line| line.contains("tip: "));
        let commands = tip.unwrap().split('`').skip(1).step_by(2);
        for command in commands.filter_map(|command| command.strip_prefix("hookferry ")) {
            let command = command
                .replace("SOURCE", "[source]")
                .replace("TARGET", "[target]")
                .replace("ACCOUNT", "[source]")
                .replace("REPO", "none");
            // What lacks a required option is a command all the same.
            let run = accounts.program(&format!("{command} --help")).run();
            run.assert_code(0);
            let is_whole = command.contains('[') || command.contains("none");
            if is_whole {
                let run = accounts.program(&command).stdin("no\n").run();
                assert_ne!(run.code, Some(64), "{command}: {}", run.stderr);
            }
        }
    }
    assert!(accounts.posts().is_empty());
}

/// One operand too many, or too few.
#[test]
fn missing_and_superfluous_accounts_are_named() {
    assert_transcript!("missing", Program::without_accounts("migrate eu1").run());
    assert_transcript!("missing_both", Program::without_accounts("plan").run());
    assert_transcript!(
        "missing_to_verify",
        Program::without_accounts("verify").run()
    );
    assert_transcript!(
        "superfluous",
        Program::without_accounts("plan --from eu1 us2 ap1").run()
    );
}
