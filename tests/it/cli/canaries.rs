//! Every command but `export`, in every form, at every depth of logging, when all goes well and when it does not:
//! no secret of a webhook, no API key and no value of a rule is shown, or kept in a file that is not meant to hold it.
//! (Every run of the program in any test fails if it shows one; here they are all made.)

mod backups;

use crate::support::program::Run;
use crate::support::stand_in::{StandIn, behaving};
use hookferry::sandbox::seeds;
use std::path::{Path, PathBuf};

const RULES: &str = r#"
[[rule]]
match = { type = "pager_duty", alias = ["payments-oncall", "url is null"] }
set = { serviceKey = { env = "PAGER" } }
optional = true
[[rule]]
match = { type = "sendlog" }
set = { "payload.privateKey" = { command = ["printf", "canary"] } }
optional = true
[[rule]]
match = { type = "jira" }
set = { apiToken = { value = "canary inline" } }
replace = [ { in = "url", from = "canary", to = "canary2" } ]
optional = true
"#;

/// The same account with a rule that cannot be followed, a value that cannot be read, and text that is no rule.
const WRONG: [&str; 3] = [
    "[[rule]]\nset = { serviceKey = { value = \"canary\" } }\n",
    "[[rule]]\nmatch = { type = \"pager_duty\" }\nset = { serviceKey = { command = [\"false\", \"canary\"] } }\n",
    "[[rule]]\nset = { serviceKey = \"canary\", canary = }\n",
];

/// Files that hold secrets on purpose, or that the test has put there itself.
const MEANT_TO: [&str; 6] = [
    "rules.toml",
    "wrong-",
    "source.json",
    "previous.json",
    "key-of-",
    "broken.toml",
];

fn run(accounts: &StandIn, command_line: &str) -> Run {
    accounts
        .program(command_line)
        .env("PAGER", "canary from the environment")
        .env("PATH", "/usr/bin:/bin")
        .run()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Looks into everything that was written below the folder in which the program ran.
fn no_file_holds_a_secret(accounts: &StandIn) -> usize {
    let all = files(accounts.home());
    for path in &all {
        let name = path.file_name().unwrap().to_str().unwrap();
        let is_meant_to = MEANT_TO.iter().any(|start| name.starts_with(start));
        let bytes = std::fs::read(path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(
            is_meant_to || !text.contains("canary"),
            "{}",
            path.display()
        );
    }
    all.len()
}

fn prepare(accounts: &StandIn) {
    accounts.write("rules.toml", RULES);
    for (n, text) in WRONG.iter().enumerate() {
        accounts.write(&format!("wrong-{n}.toml"), text);
    }
    let array = serde_json::to_string(&accounts.source().webhooks()).unwrap();
    accounts.write("source.json", &array);
    accounts.write("alerts.json", r#"{"alerts":[{"integrationId":1051}]}"#);
}

const RULED: &str = "--rules rules.toml --allow-commands --retarget=us2";

/// What only looks.
fn looking() -> Vec<String> {
    let route = "--from [source] --to [target]";
    let mut lines = Vec::new();
    for form in ["text", "json"] {
        for talk in ["", "-vvv", "-vvv --log-format json"] {
            for from in ["[source]", "source.json"] {
                lines.push(format!("list --from {from} -o {form} {talk}"));
            }
            lines.push(format!("diff [source] [target] -o {form} {talk}"));
            lines.push(format!("plan {route} --diff {RULED} -o {form} {talk}"));
            lines.push(format!(
                "plan {route} --on-conflict update -o {form} {talk}"
            ));
            lines.push(format!("plan {route} {RULED} -o {form} {talk}"));
            lines.push(format!(
                "plan {route} --unmatched-secret refuse -o {form} {talk}"
            ));
            lines.push(format!("verify {route} {RULED} -o {form} {talk}"));
            lines.push(format!(
                "rules check --from [source] {RULED} -o {form} {talk}"
            ));
        }
        for n in 0..WRONG.len() {
            let wrong = format!("--rules wrong-{n}.toml --allow-commands -o {form} -vvv");
            lines.push(format!("plan {route} {wrong}"));
            lines.push(format!("rules check --from [source] {wrong}"));
            lines.push(format!("migrate {route} --yes {wrong}"));
        }
    }
    for form in ["markdown", "html"] {
        lines.push(format!("plan {route} {RULED} -o {form} -vvv"));
        lines.push(format!("plan {route} --on-conflict update -o {form}"));
        lines.push(format!("migrate {route} --dry-run {RULED} -o {form} -vvv"));
    }
    lines.push("rules init --from [source] -vvv".to_owned());
    lines.push("rules init --from source.json --to us2 --out made.toml".to_owned());
    lines
}

/// What writes, and what looks back at it.
fn writing() -> Vec<String> {
    let migrate =
        format!("migrate --from [source] --to [target] --yes --rate 1000 --settle 300ms {RULED}");
    let plan = format!("plan --from [source] --to [target] {RULED}");
    let apply = "apply plan.json --rate 1000 --settle 300ms --allow-commands";
    let mut lines = vec![
        format!("{plan} --on-conflict skip --type slack,pager_duty --out plan.json -vvv"),
        format!("{apply} --dry-run --diff -vvv"),
        format!("{apply} --yes -vvv"),
        format!("{plan} --on-conflict skip --out stale.json -o json"),
        format!("{migrate} --on-conflict skip -vvv"),
        format!(
            "{} -o json -vvv",
            apply.replace("plan.json", "stale.json --yes")
        ),
        "apply source.json --yes -vvv".to_owned(),
        format!("{migrate} --on-conflict update --type pager_duty -o json"),
        format!("{migrate} --on-conflict skip -o markdown -vvv"),
        format!("{migrate} --on-conflict skip -o html -vvv"),
    ];
    for form in ["text", "json"] {
        for line in [
            "runs",
            "runs show latest",
            "verify --run latest",
            "idmap show latest",
            "rollback latest --dry-run",
        ] {
            lines.push(format!("{line} -o {form} -vvv"));
        }
    }
    for form in ["text", "json", "markdown", "html"] {
        lines.push(format!("report latest -o {form} -vvv"));
    }
    lines.push("idmap show latest --csv".to_owned());
    lines.push("idmap apply alerts.json --out new-alerts".to_owned());
    lines.push("rollback latest --yes -vvv".to_owned());
    lines
}

#[test]
fn an_awkward_account_in_every_form() {
    let accounts = StandIn::awkward();
    prepare(&accounts);
    for line in looking().iter().chain(&writing()) {
        let run = run(&accounts, line);
        let is_to_write = line.starts_with("migrate")
            && line.contains("rules.toml")
            && !line.contains("--dry-run")
            || line.starts_with("apply plan.json");
        assert!(!is_to_write || run.code == Some(0), "{}", run.transcript());
        assert!(
            matches!(run.code, Some(0 | 1 | 3 | 5 | 6 | 64)),
            "{}",
            run.transcript()
        );
    }
    assert!(no_file_holds_a_secret(&accounts) > 10);
}

/// Profiles with a key in a file, one that a command prints, one that is refused, and one of the vendor's program.
const PROFILES: &str = r#"
[profile.from]
url = "[source]"
api_key_file = "../../key-of-source"
company_id = 12345
[profile.to]
url = "[target]"
api_key_command = ["cat", "key-of-target"]
label = "target"
[profile.refused]
url = "[source]"
api_key_command = ["echo", "refused-canary"]
[profile.unusable]
url = "[source]"
api_key_command = ["echo", "two canaries"]
[profile.failing]
url = "[source]"
api_key_command = ["sh", "-c", "echo canary; exit 1"]
[profile.other-company]
url = "[target]"
api_key_command = ["cat", "key-of-target"]
company_id = 1
"#;

/// Keys wherever somebody could write them by mistake.
const BROKEN: &str = r#"
[profile.a]
region = "canary"
api_key = "canary"
api_key_env = "cxtp_canary"
label = "cxtp_canary"
[profile.b]
url = "https://canary@api.eu1.coralogix.com/?canary"
api_key_command = "echo canary"
company_id = "canary canary"
"#;

#[test]
fn the_keys_of_profiles_in_every_form() {
    let accounts = StandIn::demo();
    let with_urls = |text: &str| {
        let text = text.replace("[source]", &accounts.source().url());
        text.replace("[target]", &accounts.target().url())
    };
    // Some of the commands in it hold what they print.
    accounts.write("wrong-profiles.toml", &with_urls(PROFILES));
    accounts.write("broken.toml", BROKEN);
    accounts.write("key-of-source", accounts.source().key());
    accounts.write("key-of-target", accounts.target().key());
    let cx = format!(
        "region = \"{}\"\napi_key = \"{}\"\n",
        accounts.source().url(),
        accounts.source().key()
    );
    accounts.write(".cx/profiles/key-of-cx.toml", &cx);
    let mut lines = Vec::new();
    for form in ["text", "json"] {
        for talk in ["", "-vvv", "-vvv --log-format json"] {
            let end = format!("-o {form} {talk} --config wrong-profiles.toml");
            lines.push(format!("account list {end}"));
            lines.push(format!(
                "account list -o {form} {talk} --config broken.toml"
            ));
            for name in [
                "from",
                "to",
                "refused",
                "unusable",
                "failing",
                "other-company",
                "cx:key-of-cx",
                "[source]",
            ] {
                lines.push(format!("account check {name} {end}"));
                lines.push(format!("account check {name} --as target {end}"));
                lines.push(format!("list --from {name} {end}"));
            }
            lines.push(format!("plan --from from --to to {end}"));
            lines.push(format!("plan --from cx:key-of-cx --to other-company {end}"));
            lines.push(format!("diff from to {end}"));
        }
    }
    let migrate = "migrate --from cx:key-of-cx --to to --yes --rate 1000 --settle 300ms -vvv";
    lines.push(format!("{migrate} --config wrong-profiles.toml"));
    lines.push("runs show latest -o json".to_owned());
    lines.push("verify --run latest --to to --config wrong-profiles.toml -vvv".to_owned());
    lines.push("rollback latest --to to --yes --config wrong-profiles.toml -vvv".to_owned());
    for line in &lines {
        let run = accounts
            .program(line)
            .without_env("HOOKFERRY_SOURCE_API_KEY")
            .without_env("HOOKFERRY_TARGET_API_KEY")
            .env("PATH", "/usr/bin:/bin")
            .run();
        let is_to_write = line.starts_with("migrate") || line.starts_with("rollback");
        assert!(!is_to_write || run.code == Some(0), "{}", run.transcript());
        assert!(
            matches!(run.code, Some(0 | 4 | 5 | 64)),
            "{}",
            run.transcript()
        );
    }
    assert!(no_file_holds_a_secret(&accounts) > 5);
}

#[test]
fn a_server_that_repeats_what_it_was_sent() {
    for (switches, faults) in [
        (&["errors=echo", "poison=o"][..], &[][..]),
        (&["errors=echo", "auth=read-only"], &[]),
        (&["errors=echo", "auth=revoked"], &[]),
        (&["errors=echo"], &["post:1:status=500"]),
        (&["errors=plain", "answer=html"], &["post:1:truncate"]),
        (&["answer=text"], &["post:1:drop-after"]),
    ] {
        let accounts = StandIn::start(behaving(seeds::demo(), switches, faults));
        prepare(&accounts);
        for line in &writing() {
            run(&accounts, line);
        }
        no_file_holds_a_secret(&accounts);
    }
}

/// Killed while a request is in flight: whatever is on disk then stays there.
#[test]
fn a_run_that_is_killed_leaves_no_secret_behind() {
    let accounts = StandIn::with(&[], &["post:1:stall-after"]);
    prepare(&accounts);
    let running = accounts
        .program(&format!(
            "migrate --from [source] --to [target] --yes {RULED}"
        ))
        .env("PAGER", "canary")
        .env("PATH", "/usr/bin:/bin")
        .start();
    accounts.until_posts(1);
    running.signal("KILL");
    running.status();
    assert!(no_file_holds_a_secret(&accounts) > 5);
}
