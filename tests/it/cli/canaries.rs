//! Every command except `export` as JSON, in every format, at every log level, with and without failures:
//! no webhook secret, API key or rule value is printed, or written to a file that must not hold it.
//! (Every run in any test fails if it prints one; these tests run all combinations.)

mod backups;

use crate::support::program::Run;
use crate::support::stand_in::{StandIn, options_with};
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

/// A rule that cannot be applied, a value that cannot be read, and invalid TOML.
const WRONG: [&str; 3] = [
    "[[rule]]\nset = { serviceKey = { value = \"canary\" } }\n",
    "[[rule]]\nmatch = { type = \"pager_duty\" }\nset = { serviceKey = { command = [\"false\", \"canary\"] } }\n",
    "[[rule]]\nset = { serviceKey = \"canary\", canary = }\n",
];

/// Name prefixes of files that hold secrets on purpose, or that the test itself has written.
const MAY_HOLD_SECRETS: [&str; 5] = [
    "rules.toml",
    "wrong-",
    "source.json",
    "key-of-",
    "broken.toml",
];

/// The word that every secret contains, in the spellings of `echo-as` and in lower case.
const SPELLED_CANARIES: [&str; 7] = [
    "canary",
    "%63%61%6e%61%72%79",
    "\\u0063\\u0061\\u006e",
    "&#99;&#97;&#110;",
    "y2fuyxj5",
    "nhbmfyes",
    "63616e617279",
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

/// Asserts that no file in the home folder holds a secret. Returns the number of files.
fn assert_no_file_holds_a_secret(accounts: &StandIn) -> usize {
    let all = files(accounts.home());
    for path in &all {
        let name = path.file_name().unwrap().to_str().unwrap();
        let may_hold_secrets = MAY_HOLD_SECRETS
            .iter()
            .any(|prefix| name.starts_with(prefix));
        let bytes = std::fs::read(path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(
            may_hold_secrets || !text.contains("canary"),
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

const RULE_FLAGS: &str = "--rules rules.toml --allow-commands --retarget=us2";

/// Commands that only read.
fn read_commands() -> Vec<String> {
    let route = "--from [source] --to [target]";
    let mut lines = Vec::new();
    for format in ["text", "json"] {
        for verbosity in ["", "-vvv", "-vvv --log-format json"] {
            for from in ["[source]", "source.json"] {
                lines.push(format!("list --from {from} -o {format} {verbosity}"));
            }
            lines.push(format!("diff [source] [target] -o {format} {verbosity}"));
            lines.push(format!(
                "plan {route} --diff {RULE_FLAGS} -o {format} {verbosity}"
            ));
            lines.push(format!(
                "plan {route} --on-conflict update -o {format} {verbosity}"
            ));
            lines.push(format!("plan {route} {RULE_FLAGS} -o {format} {verbosity}"));
            lines.push(format!(
                "plan {route} --unmatched-secret refuse -o {format} {verbosity}"
            ));
            lines.push(format!(
                "verify {route} {RULE_FLAGS} -o {format} {verbosity}"
            ));
            lines.push(format!(
                "rules check --from [source] {RULE_FLAGS} -o {format} {verbosity}"
            ));
        }
        for n in 0..WRONG.len() {
            let wrong = format!("--rules wrong-{n}.toml --allow-commands -o {format} -vvv");
            lines.push(format!("plan {route} {wrong}"));
            lines.push(format!("rules check --from [source] {wrong}"));
            lines.push(format!("migrate {route} --yes {wrong}"));
        }
    }
    for format in ["markdown", "html"] {
        lines.push(format!("plan {route} {RULE_FLAGS} -o {format} -vvv"));
        lines.push(format!("plan {route} --on-conflict update -o {format}"));
        lines.push(format!(
            "migrate {route} --dry-run {RULE_FLAGS} -o {format} -vvv"
        ));
    }
    for format in ["terraform", "operator", "curl"] {
        let export = format!("export --format {format} -vvv --from");
        lines.push(format!("{export} [source]"));
        lines.push(format!("{export} source.json --out code-{format}"));
    }
    lines.push("rules init --from [source] -vvv".to_owned());
    lines.push("rules init --from source.json --to us2 --out made.toml".to_owned());
    lines
}

/// Commands that write, and commands that read the result.
fn write_commands() -> Vec<String> {
    let migrate = format!(
        "migrate --from [source] --to [target] --yes --rate 1000 --settle 300ms {RULE_FLAGS}"
    );
    let plan = format!("plan --from [source] --to [target] {RULE_FLAGS}");
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
    for format in ["text", "json"] {
        for line in [
            "runs",
            "runs show latest",
            "verify --run latest",
            "idmap show latest",
            "rollback latest --dry-run",
        ] {
            lines.push(format!("{line} -o {format} -vvv"));
        }
    }
    for format in ["text", "json", "markdown", "html"] {
        lines.push(format!("report latest -o {format} -vvv"));
    }
    lines.push("idmap show latest -o csv".to_owned());
    lines.push("idmap apply alerts.json --out new-alerts".to_owned());
    lines.push("rollback latest --yes -vvv".to_owned());
    lines
}

#[test]
fn no_command_prints_a_secret_of_an_awkward_account() {
    let accounts = StandIn::awkward();
    prepare(&accounts);
    for line in read_commands().iter().chain(&write_commands()) {
        let run = run(&accounts, line);
        let should_succeed = line.starts_with("migrate")
            && line.contains("rules.toml")
            && !line.contains("--dry-run")
            || line.starts_with("apply plan.json");
        assert!(
            !should_succeed || run.code == Some(0),
            "{}",
            run.transcript()
        );
        assert!(
            matches!(run.code, Some(0 | 1 | 3 | 5 | 6 | 64)),
            "{}",
            run.transcript()
        );
    }
    assert!(assert_no_file_holds_a_secret(&accounts) > 10);
}

/// Profiles with a key in a file, a key that a command prints, and keys that fail in various ways.
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

/// Keys in every place where somebody could write them by mistake.
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
fn no_command_prints_a_key_of_a_profile() {
    let accounts = StandIn::demo();
    let with_urls = |text: &str| {
        let text = text.replace("[source]", &accounts.source().url());
        text.replace("[target]", &accounts.target().url())
    };
    // The name starts with `wrong-`, because some commands in it contain the keys that they print.
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
    for format in ["text", "json"] {
        for verbosity in ["", "-vvv", "-vvv --log-format json"] {
            let end = format!("-o {format} {verbosity} --config wrong-profiles.toml");
            lines.push(format!("account list {end}"));
            lines.push(format!(
                "account list -o {format} {verbosity} --config broken.toml"
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
        let should_succeed = line.starts_with("migrate") || line.starts_with("rollback");
        assert!(
            !should_succeed || run.code == Some(0),
            "{}",
            run.transcript()
        );
        assert!(
            matches!(run.code, Some(0 | 4 | 5 | 64)),
            "{}",
            run.transcript()
        );
    }
    assert!(assert_no_file_holds_a_secret(&accounts) > 5);
}

#[test]
fn secrets_that_a_server_echoes_are_not_printed() {
    for (switches, faults) in [
        (&["errors=echo", "poison=o"][..], &[][..]),
        (&["errors=echo", "auth=read-only"], &[]),
        (&["errors=echo", "auth=revoked"], &[]),
        (&["errors=echo"], &["post:1:status=500"]),
        (&["errors=plain", "answer=html"], &["post:1:truncate"]),
        (&["answer=text"], &["post:1:drop-after"]),
        // A list after a write, a question for one webhook, a delete; and the host of a redirect.
        (
            &["errors=echo"],
            &["post:1:drop-after", "get:3x*:status=503"],
        ),
        (&["errors=echo"], &["delete:1x*:status=400"]),
        (&["errors=echo"], &["get:4x*:status=403"]),
        (
            &["errors=echo"],
            &["post:1x*:redirect=https://target-key-canary.evil.example/canary"],
        ),
    ] {
        assert_nothing_is_echoed(switches, faults);
    }
}

#[test]
fn secrets_that_a_server_echoes_in_another_spelling_are_not_printed() {
    for spelling in [
        "upper", "pieces", "percent", "json", "html", "base64", "hex",
    ] {
        let echo_as = format!("echo-as={spelling}");
        let switches = ["errors=echo", "poison=o", &echo_as];
        assert_nothing_is_echoed(&switches, &["delete:1:status=409", "get:4:status=400"]);
    }
}

fn assert_nothing_is_echoed(switches: &[&str], faults: &[&str]) {
    let accounts = StandIn::start(options_with(seeds::demo(), switches, faults));
    prepare(&accounts);
    for line in &write_commands() {
        let run = run(&accounts, line);
        let shown = format!("{}{}", run.stdout, run.stderr).to_lowercase();
        for spelled in SPELLED_CANARIES {
            assert!(!shown.contains(spelled), "{line} {switches:?}: {shown}");
        }
    }
    assert_no_file_holds_a_secret(&accounts);
}

/// Killed while a request is in flight: what is on disk at that moment stays there.
#[test]
fn a_killed_run_leaves_no_secret_on_disk() {
    let accounts = StandIn::with(&[], &["post:1:stall-after"]);
    prepare(&accounts);
    let running = accounts
        .program(&format!(
            "migrate --from [source] --to [target] --yes {RULE_FLAGS}"
        ))
        .env("PAGER", "canary")
        .env("PATH", "/usr/bin:/bin")
        .start();
    accounts.wait_for_posts(1);
    running.signal("KILL");
    running.status();
    assert!(assert_no_file_holds_a_secret(&accounts) > 5);
}
