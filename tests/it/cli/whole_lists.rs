//! A list is whole or it is no list: whatever shows that a server returned less, or something else, stops every
//! command before it writes.

use crate::support::program::Run;
use crate::support::stand_in::StandIn;
use hookferry::sandbox::{Account, Switches};
use serde_json::Value;

const MIGRATE: &str = "migrate --from [source] --to [target] --yes --rate 1000 --settle 300ms";

/// A habit of a server whose list is not the whole list of one account, with the exit code and the reason.
struct Habit {
    switches: &'static [&'static str],
    code: i32,
    reason: &'static str,
}

/// The source has 12 webhooks, and the target 4.
const HABITS: [Habit; 7] = [
    Habit {
        switches: &["paging=link", "page-size=3"],
        code: 1,
        reason: "returned only a part of its webhooks: its header Link names a next page, and the list holds 3",
    },
    Habit {
        switches: &["paging=total", "page-size=3"],
        code: 1,
        reason: "returned only a part of its webhooks: its header X-Total-Count counts",
    },
    Habit {
        switches: &["paging=range", "page-size=3"],
        code: 1,
        reason: "returned a partial list (206)",
    },
    Habit {
        switches: &["list-status=202"],
        code: 1,
        reason: "returned a list with status 202 instead of 200",
    },
    Habit {
        switches: &["list-status=203"],
        code: 1,
        reason: "returned a list with status 203 instead of 200",
    },
    Habit {
        switches: &["twins=always"],
        code: 1,
        reason: "lists webhook 1050 twice with different content",
    },
    Habit {
        switches: &["mixed-companies=on"],
        code: 5,
        reason: "lists webhooks of company",
    },
];

fn set(account: &Account, switches: &[&str]) {
    account.set_switches(Switches::parse(switches).unwrap());
}

fn n_gets(account: &Account) -> usize {
    let log = account.log();
    log.iter().filter(|seen| seen.method == "GET").count()
}

/// Asserts that each command fails because of each habit of `account`, and that it writes nothing.
fn assert_refused(accounts: &StandIn, account: &Account, lines: &[&str]) {
    let before = accounts.target().webhooks();
    let n_posts = accounts.posts().len();
    for habit in &HABITS {
        set(account, habit.switches);
        for line in lines {
            let n_earlier = n_gets(account);
            let run = accounts.program(line).run();
            run.assert_code(habit.code);
            let stderr = &run.stderr;
            assert!(stderr.contains(habit.reason), "{}", run.transcript());
            assert!(stderr.contains("hint:"), "{}", run.transcript());
            // Only what may have changed between two webhooks of a list is read again; a check reads once.
            let is_read_again = habit.switches == ["twins=always"] && !line.starts_with("account");
            let n_read = n_gets(account) - n_earlier;
            assert_eq!(
                n_read,
                1 + usize::from(is_read_again),
                "{}",
                run.transcript()
            );
        }
    }
    set(account, &[]);
    assert_eq!(accounts.posts().len(), n_posts);
    assert_eq!(accounts.target().webhooks(), before);
}

#[test]
fn every_command_refuses_a_source_whose_list_is_not_whole() {
    let accounts = StandIn::demo();
    let lines = [
        MIGRATE,
        "migrate --from [source] --to [target] --dry-run",
        "plan --from [source] --to [target] --out plan.json",
        "verify --from [source] --to [target]",
        "list --from [source]",
        "export --from [source] --out export.json",
        "diff [source] [target]",
        "rules init --from [source]",
        "backup create --from [source] --repo repo --plaintext",
        "account check [source]",
    ];
    assert_refused(&accounts, accounts.source(), &lines);
    for name in ["plan.json", "export.json"] {
        assert!(!accounts.home().join(name).exists(), "{name}");
    }
    let run = accounts.program("backup list --repo repo -o json").run();
    assert!(!run.stdout.contains(".json\""), "{}", run.transcript());
}

#[test]
fn every_command_refuses_a_target_whose_list_is_not_whole() {
    let accounts = StandIn::demo();
    for line in [
        "plan --from [source] --to [target] --out plan.json",
        MIGRATE,
        "backup create --from [source] --repo repo --plaintext",
    ] {
        accounts.program(line).run().assert_code(0);
    }
    let lines = [
        MIGRATE,
        "migrate --from [source] --to [target] --yes --accept-incomplete",
        "migrate --from [source] --to [target] --dry-run",
        "plan --from [source] --to [target]",
        "apply plan.json --yes --accept-incomplete",
        "restore latest --repo repo --to [target] --yes",
        "verify --from [source] --to [target]",
        "verify --run latest",
        "rollback latest --yes",
        "diff [source] [target]",
        "account check [target] --as target",
    ];
    assert_refused(&accounts, accounts.target(), &lines);
}

#[test]
fn refusals_say_what_was_seen_and_what_to_do() {
    for habit in &HABITS {
        let accounts = StandIn::demo();
        set(accounts.source(), habit.switches);
        let run = accounts.program("list --from [source] --quiet").run();
        assert_transcript!(habit.switches[0].replace('=', "_"), run);
    }
    let accounts = StandIn::demo();
    set(accounts.source(), HABITS[0].switches);
    assert_transcript!(
        "check_of_a_part",
        accounts.program("account check [source]").run()
    );
    set(accounts.source(), &["mixed-companies=on"]);
    assert_transcript!(
        "check_of_two_companies",
        accounts.program("account check [source]").run()
    );
}

#[test]
fn headers_of_a_whole_list_are_in_nobodys_way() {
    for paging in ["link", "total", "range", "off"] {
        let accounts = StandIn::demo();
        let switches = [&format!("paging={paging}"), "page-size=100"];
        set(accounts.source(), &switches);
        set(accounts.target(), &switches);
        accounts.program(MIGRATE).run().assert_code(0);
        assert!(accounts.copies().iter().all(|n| *n == 1), "{paging}");
    }
}

/// The limit of what anybody can notice.
#[test]
fn a_server_that_leaves_out_webhooks_silently_is_believed() {
    let accounts = StandIn::demo();
    set(accounts.source(), &["paging=silent", "page-size=3"]);
    let run = accounts.program("list --from [source] -o json").run();
    run.assert_code(0);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["webhooks"].as_array().unwrap().len(), 3);
}

#[test]
fn equal_webhooks_with_one_id_are_created_once() {
    let accounts = StandIn::demo();
    set(accounts.source(), &["twins=equal"]);
    set(accounts.target(), &["twins=equal"]);
    accounts.program(MIGRATE).run().assert_code(0);
    assert_eq!(accounts.copies(), [1; 12]);
    assert_eq!(accounts.target().webhooks().len(), 15);
}

#[test]
fn a_webhook_that_changed_during_the_list_is_read_again() {
    let accounts = StandIn::demo();
    set(accounts.source(), &["twins=once"]);
    accounts.program(MIGRATE).run().assert_code(0);
    assert_eq!(n_gets(accounts.source()), 2);
    assert_eq!(accounts.copies(), [1; 12]);
}

#[test]
fn a_list_that_is_not_whole_after_sending_leaves_the_outcome_unknown() {
    // Whole while the target has 4 webhooks, but not with the 11 that the run adds.
    for paging in ["link", "total", "range"] {
        let accounts = StandIn::with(&[&format!("paging={paging}"), "page-size=10"], &[]);
        let run = accounts.program(MIGRATE).run();
        run.assert_code(3);
        assert!(
            run.stderr.contains("the target could not be read back: "),
            "{}",
            run.transcript()
        );
        assert_eq!(accounts.posts().len(), 1);
        assert!(accounts.copies().iter().all(|n| *n == 1));
    }
}

fn notice(run: &Run) -> Value {
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    let notices = document["notices"].as_array().unwrap().clone();
    let found = notices
        .into_iter()
        .find(|notice| notice["code"] == "incomplete-source");
    found.unwrap_or_else(|| panic!("{}", run.transcript()))
}

#[test]
fn an_incomplete_source_is_accepted_on_request_and_every_format_says_so() {
    let accounts = StandIn::demo();
    set(accounts.source(), HABITS[0].switches);
    let words = "the source may have more webhooks than the 3 that hookferry read";
    let plan = "plan --from [source] --to [target] --accept-incomplete";
    assert_excerpt!("plan", accounts.program(plan).run(), ["warning"]);
    let run = accounts.program(&format!("{plan} -o json")).run();
    assert_eq!(notice(&run)["warning"], true);
    for format in ["markdown", "html"] {
        let run = accounts.program(&format!("{plan} -o {format}")).run();
        run.assert_code(0);
        assert!(run.stdout.contains(words), "{}", run.transcript());
    }
    let plan = format!("{plan} --out plan.json");
    accounts.program(&plan).run().assert_code(0);
    let apply = "apply plan.json --yes --rate 1000 --settle 300ms";
    accounts.program(apply).run().assert_code(1);
    assert!(accounts.posts().is_empty());
    let apply = format!("{apply} --accept-incomplete");
    assert_excerpt!(
        "outcome",
        accounts.program(&apply).run(),
        ["Done", "warning"]
    );
    assert_eq!(accounts.copies()[..3], [1; 3]);
    assert_eq!(accounts.posts().len(), 1);
    let run = accounts
        .program(&format!("{MIGRATE} --accept-incomplete -o json"))
        .run();
    run.assert_code(0);
    notice(&run);
}

#[test]
fn commands_that_only_read_accept_an_incomplete_account_on_request() {
    let accounts = StandIn::demo();
    for account in [accounts.source(), accounts.target()] {
        set(account, HABITS[1].switches);
    }
    for line in [
        "list --from [source] --accept-incomplete",
        "export --from [source] --out export.json --accept-incomplete",
        "diff [source] [target] --accept-incomplete",
        "rules init --from [source] --out rules.toml --accept-incomplete",
        "rules check --from [source] --rules rules.toml --accept-incomplete",
    ] {
        let run = accounts.program(line).run();
        run.assert_code(0);
        let warning = "may have more webhooks than hookferry read (--accept-incomplete)";
        assert!(run.stderr.contains(warning), "{}", run.transcript());
    }
}

#[test]
fn accepting_incomplete_lists_excuses_nothing_else() {
    let accounts = StandIn::demo();
    for habit in &HABITS[2..] {
        set(accounts.source(), habit.switches);
        let line = format!("{MIGRATE} --accept-incomplete");
        let run = accounts.program(&line).run();
        run.assert_code(habit.code);
        assert!(run.stderr.contains(habit.reason), "{}", run.transcript());
    }
    assert!(accounts.posts().is_empty());
}

#[test]
fn commands_without_a_source_do_not_take_the_flag() {
    for line in [
        "backup create --from eu1 --repo repo",
        "restore latest --repo repo --to eu1",
        "verify --from eu1 --to us1",
        "rollback latest",
        "account check eu1",
    ] {
        let line = format!("{line} --accept-incomplete");
        let run = crate::support::program::Program::without_accounts(&line).run();
        run.assert_code(64);
        assert!(
            run.stderr.contains("--accept-incomplete"),
            "{}",
            run.transcript()
        );
    }
}

/// Shows another company of the target from its list after the next `n` on.
fn change_company_after(accounts: &StandIn, n: usize) {
    let from = n_gets(accounts.target()) + n + 1;
    set(accounts.target(), &[&format!("other-company-from={from}")]);
}

#[test]
fn another_company_after_sending_leaves_the_outcome_unknown() {
    let accounts = StandIn::demo();
    change_company_after(&accounts, 1);
    let run = accounts.program(MIGRATE).run();
    run.assert_code(3);
    assert_transcript!("migrate", run);
    assert_eq!(accounts.posts().len(), 1);
    set(accounts.target(), &[]);
    accounts.program(MIGRATE).run().assert_code(0);
    change_company_after(&accounts, 1);
    let run = accounts.program("rollback latest --yes --rate 1000").run();
    run.assert_code(3);
    assert!(
        run.output().contains("but this run is for company"),
        "{}",
        run.transcript()
    );
}

#[test]
fn another_company_before_sending_is_the_wrong_account() {
    let accounts = StandIn::demo();
    let migrate = MIGRATE.replace("300ms", "5s");
    accounts.program(&migrate).run().assert_code(0);
    // The next run finds that the list lags, and so reads it again before it sends anything.
    let ids: Vec<u64> = accounts
        .target()
        .webhooks()
        .iter()
        .filter_map(|row| row["id"].as_u64())
        .collect();
    assert!(accounts.target().remove(*ids.last().unwrap()));
    let n_posts = accounts.posts().len();
    for line in [migrate.as_str(), "verify --run latest"] {
        change_company_after(&accounts, 1);
        let run = accounts.program(line).run();
        run.assert_code(5);
        assert!(
            run.stderr.contains("but this run is for company"),
            "{}",
            run.transcript()
        );
    }
    assert_eq!(accounts.posts().len(), n_posts);
}
