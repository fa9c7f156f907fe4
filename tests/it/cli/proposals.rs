//! Every command that the program proposes works as it is printed: it finds the run, the account, the key and the rules,
//! however the accounts were named.

use crate::support::program::{Program, Run};
use crate::support::proposals::{commands, commands_of_run, shell_words};
use crate::support::stand_in::StandIn;
use crate::support::tls::{Network, ProxyMode};
use std::collections::BTreeSet;

const QUICK: &str = "--rate 1000 --settle 300ms";

/// How the user names the accounts, and whatever else a command has to repeat.
struct Naming {
    accounts: StandIn,
    network: Option<Network>,
    from: &'static str,
    to: &'static str,
    options: &'static str,
    has_keys_in_environment: bool,
}

impl Naming {
    /// By URL, which the record remembers.
    fn urls() -> Self {
        Self::new("[source]", "[target]", "", true)
    }

    /// By profiles, whose keys only the profiles know; the config file and the state folder have names with a space.
    fn profiles() -> Self {
        let naming = Self::new(
            "prod",
            "new",
            "--config=my\u{a0}files/config.toml --state-dir=my\u{a0}state",
            false,
        );
        let accounts = &naming.accounts;
        let profile = |name: &str, url: String| {
            format!("[profile.{name}]\nurl = \"{url}\"\napi_key_file = \"{name}.key\"\n")
        };
        accounts.write(
            "my files/config.toml",
            &format!(
                "{}{}",
                profile("prod", accounts.source().url()),
                profile("new", accounts.target().url())
            ),
        );
        accounts.write("my files/prod.key", accounts.source().key());
        accounts.write("my files/new.key", accounts.target().key());
        naming
    }

    /// By region, in a network with a private certificate authority.
    fn regions() -> Self {
        let mut naming = Self::new("eu1", "us2", "--ca-file=ca.pem", true);
        let network = Network::around(&naming.accounts, ProxyMode::Connect);
        naming.accounts.write("ca.pem", network.ca());
        naming.network = Some(network);
        naming
    }

    fn new(
        from: &'static str,
        to: &'static str,
        options: &'static str,
        has_keys_in_environment: bool,
    ) -> Self {
        Self {
            accounts: StandIn::with(&[], &["post:1x*:delay=300ms"]),
            network: None,
            from,
            to,
            options,
            has_keys_in_environment,
        }
    }

    fn all() -> [Self; 3] {
        [Self::urls(), Self::profiles(), Self::regions()]
    }

    /// The program with words, in the environment of this user.
    fn program<'w>(&self, words: impl IntoIterator<Item = &'w str>) -> Program<'_> {
        let mut program = self.accounts.program("");
        for word in words {
            // Stands for a space within a word.
            program = program.arg(&word.replace('\u{a0}', " "));
        }
        if !self.has_keys_in_environment {
            program = program
                .without_env("HOOKFERRY_SOURCE_API_KEY")
                .without_env("HOOKFERRY_TARGET_API_KEY");
        }
        match &self.network {
            Some(network) => program.env("HTTPS_PROXY", &network.proxy()),
            None => program,
        }
    }

    /// The program with a command line, both accounts, and what else this user has to pass.
    fn between(&self, command_line: &str) -> Program<'_> {
        let sides = ["--from", self.from, "--to", self.to];
        let words = command_line.split(' ').chain(sides);
        self.program(words.chain(self.options.split(' ').filter(|word| !word.is_empty())))
    }

    /// The same without accounts, for commands that take a state folder.
    fn of_records(&self, command_line: &str) -> Run {
        let mut options = self.options.split(' ');
        let state = options.find(|word| word.starts_with("--state-dir"));
        self.program(command_line.split(' ').chain(state)).run()
    }

    /// Runs each command that a run proposed, once; returns their names. Those that would write are only previewed.
    fn run_proposed(&self, run: &Run) -> BTreeSet<String> {
        let proposed = BTreeSet::from_iter(commands_of_run(&run.stdout, &run.stderr));
        let mut names = BTreeSet::new();
        let alert = r#"[{"name":"disk full","notification_groups":[]}]"#;
        self.accounts.write("alerts.json", alert);
        for command in proposed {
            let words = shell_words(&command).unwrap();
            let mut words: Vec<&str> = words[1..].iter().map(String::as_str).collect();
            let name = words[0];
            // What is only mentioned lacks what it needs.
            if words.len() == 1 || matches!(words[..], ["idmap" | "rules" | "backup", _]) {
                continue;
            }
            for word in &mut words {
                match *word {
                    "EXPORTED-ALERTS" => *word = "alerts.json",
                    "NEW-ALERTS" => *word = "new-alerts",
                    _ => {}
                }
            }
            if ["rollback", "apply", "migrate", "restore"].contains(&name) {
                words.push("--dry-run");
            }
            let done = self.program(words.iter().copied()).run();
            // 3 and 6 are about the webhooks; anything else would be about the command.
            assert!(
                matches!(done.code, Some(0 | 3 | 6)),
                "{command}\n{}",
                done.transcript()
            );
            let _ = std::fs::remove_file(self.accounts.home().join("new-alerts"));
            names.insert(name.to_owned());
        }
        names
    }
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn after_a_migration_and_for_its_record() {
    for naming in Naming::all() {
        let run = naming.between(&format!("migrate --yes {QUICK}")).run();
        run.assert_code(0);
        let proposed = naming.run_proposed(&run);
        assert_eq!(proposed, names(&["idmap", "rollback", "verify"]));
        let shown = naming.of_records("runs show latest");
        shown.assert_code(0);
        let proposed = naming.run_proposed(&shown);
        assert_eq!(proposed, names(&["deliver-test", "idmap", "rollback"]));
        for format in ["text", "json", "markdown", "html"] {
            let report = naming.of_records(&format!("report latest -o {format}"));
            report.assert_code(0);
            let proposed = naming.run_proposed(&report);
            assert_eq!(
                proposed,
                names(&["deliver-test", "idmap", "rollback"]),
                "{format}"
            );
        }
    }
}

/// Met by a user: after Ctrl-C and the same command again, the commands lacked `--to PROFILE`, or undid half.
#[test]
fn after_an_interrupted_run_and_the_one_that_continues_it() {
    for naming in Naming::all() {
        let running = naming
            .between(&format!("migrate --yes --batch-size 4 {QUICK}"))
            .under(&["env", "--default-signal=INT"])
            .start();
        naming.accounts.wait_for_posts(1);
        running.signal("INT");
        let run = running.finish();
        run.assert_code(130);
        assert_eq!(naming.run_proposed(&run), names(&["rollback"]));
        let shown = naming.of_records("runs show latest");
        assert!(naming.run_proposed(&shown).contains("rollback"));
        let run = naming.between(&format!("migrate --yes {QUICK}")).run();
        run.assert_code(0);
        let proposed = naming.run_proposed(&run);
        assert_eq!(proposed, names(&["idmap", "rollback", "verify"]));
        let shown = naming.of_records("runs show latest");
        assert!(shown.stdout.contains("--chain"), "{}", shown.stdout);
    }
}

#[test]
fn after_a_plan_and_when_it_is_stale() {
    for naming in Naming::all() {
        let plan = "plan --type slack,webhook --name !deploy-bot --out my\u{a0}plan.json";
        let run = naming.between(plan).run();
        run.assert_code(0);
        assert_eq!(naming.run_proposed(&run), names(&["apply"]));
        let webhooks = naming.accounts.source().webhooks();
        let id = webhooks[0]["id"].as_u64().unwrap();
        naming.accounts.source().edit_webhook(id, |webhook| {
            webhook["url"] = "https://hooks.example.com/canary".into();
        });
        let words = shell_words(&commands(&run.output())[0]).unwrap();
        let words = words[1..].iter().map(String::as_str);
        let stale = naming.program(words.chain(["--yes"])).run();
        stale.assert_code(5);
        assert_eq!(naming.run_proposed(&stale), names(&["plan"]));
    }
}

#[test]
fn a_rules_file_is_drafted_checked_used_and_verified_with() {
    for naming in Naming::all() {
        let run = without_records(&naming, "rules init --out my\u{a0}rules.toml");
        run.assert_code(0);
        assert_eq!(naming.run_proposed(&run), names(&["rules"]));
        naming.accounts.write(
            "my rules.toml",
            "[[rule]]\nmatch = { alias = \"deploy-bot\" }\nset = { url = { value = \"https://deploys.example.com/\" } }\n",
        );
        let migrate = format!("migrate --yes --rules my\u{a0}rules.toml {QUICK}");
        naming.between(&migrate).run().assert_code(0);
        let run = naming.between("verify").run();
        run.assert_code(3);
        assert_eq!(naming.run_proposed(&run), names(&["verify"]));
        let command = commands(&run.output()).pop().unwrap();
        let words = shell_words(&command).unwrap();
        let repeated = naming.program(words[1..].iter().map(String::as_str)).run();
        repeated.assert_code(0);
        assert!(
            !repeated.stdout.contains("warning"),
            "{}",
            repeated.transcript()
        );
    }
}

/// `rules init` keeps no records.
fn without_records(naming: &Naming, command_line: &str) -> Run {
    let words = command_line
        .split(' ')
        .chain(["--from", naming.from, "--to", naming.to]);
    let options = naming.options.split(' ');
    let options = options.filter(|word| !word.is_empty() && !word.starts_with("--state-dir"));
    naming.program(words.chain(options)).run()
}

#[test]
fn when_a_rollback_leaves_something() {
    for naming in Naming::all() {
        let run = naming.between(&format!("migrate --yes {QUICK}")).run();
        run.assert_code(0);
        let in_target = naming.accounts.target().webhooks();
        let changed = in_target.last().unwrap()["id"].as_u64().unwrap();
        naming.accounts.target().edit_webhook(changed, |webhook| {
            webhook["alias"] = "by hand".into();
        });
        let undo = commands(&run.output());
        let undo = undo
            .iter()
            .find(|command| command.starts_with("hookferry rollback"));
        let words = shell_words(undo.unwrap()).unwrap();
        let words = words[1..].iter().map(String::as_str);
        let quick = QUICK.split(' ');
        let undone = naming.program(words.chain(["--yes"]).chain(quick)).run();
        undone.assert_code(3);
        assert_eq!(naming.run_proposed(&undone), names(&["rollback"]));
        // The new ids are gone, so no id map is proposed any more.
        let shown = naming.of_records("runs show latest");
        assert_eq!(naming.run_proposed(&shown), names(&["rollback"]));
        let refused = naming.of_records("idmap show latest");
        refused.assert_code(1);
        naming.run_proposed(&refused);
    }
}

/// The id map is withheld, and the command that ends the wait for it works.
#[test]
fn after_a_rollback_that_was_cut_off() {
    for naming in Naming::all() {
        let migrate = format!("migrate --yes {QUICK}");
        let run = naming.between(&migrate).run();
        run.assert_code(0);
        let undo = commands(&run.output());
        let undo = undo
            .iter()
            .find(|command| command.starts_with("hookferry rollback"));
        let words = shell_words(undo.unwrap()).unwrap();
        let n_before = naming.accounts.posts().len();
        let words = words[1..].iter().map(String::as_str);
        let quick = QUICK.split(' ');
        let running = naming.program(words.chain(["--yes"]).chain(quick)).start();
        naming.accounts.wait_for_target(|target| {
            let writes = target.log().into_iter().filter(|seen| seen.method != "GET");
            writes.count() > n_before
        });
        running.signal("KILL");
        assert_eq!(running.finish().code, None);
        for line in ["runs show latest", "idmap show latest"] {
            let shown = naming.of_records(line);
            assert_eq!(naming.run_proposed(&shown), names(&["rollback"]), "{line}");
        }
        // The next migration warns of it, with the command that finishes it.
        let next = naming.between(&migrate).run();
        assert!(naming.run_proposed(&next).contains("rollback"));
    }
}

#[test]
fn when_a_plan_is_refused() {
    for naming in Naming::all() {
        let in_source = naming.accounts.source().webhooks();
        let mut conflicting = in_source[2].clone();
        conflicting.as_object_mut().unwrap().remove("id");
        conflicting["url"] = "https://elsewhere.example.com/canary".into();
        conflicting["company_id"] = 67890.into();
        naming.accounts.target().insert(&conflicting);
        for line in ["plan", "plan --diff", "migrate --yes", "plan -o markdown"] {
            let run = naming.between(line).run();
            assert!(matches!(run.code, Some(0 | 6)), "{}", run.transcript());
            naming.run_proposed(&run);
        }
    }
}

const SCHEDULE: &str = r#"
[profile.prod]
url = "[source]"
api_key_file = "prod.key"
[schedule.nightly]
profiles = ["prod"]
at = "17 3 * * *"
repo = "[home]/my backups"
plaintext = true
"#;

fn with_schedule() -> StandIn {
    let accounts = StandIn::demo();
    let schedule = SCHEDULE
        .replace("[source]", &accounts.source().url())
        .replace("[home]", &accounts.home().display().to_string());
    accounts.write("my files/config.toml", &schedule);
    accounts.write("my files/prod.key", accounts.source().key());
    accounts
}

/// What a scheduler is told to run is understood, and where it is for this machine, it makes a backup.
#[test]
fn files_for_schedulers_run_the_schedule() {
    for backend in ["systemd", "cron", "kubernetes"] {
        let accounts = with_schedule();
        let config = accounts.home().join("my files/config.toml");
        let config = config.to_str().unwrap();
        let print = accounts.program("schedule print nightly --backend");
        let printed = print.arg(backend).arg("--config").arg(config).run();
        printed.assert_code(0);
        let lines = printed.stdout.lines();
        let lines: Vec<&str> = lines.filter(|line| line.contains("run-schedule")).collect();
        assert!(!lines.is_empty(), "{}", printed.stdout);
        for line in lines {
            let words = scheduled_words(line);
            if backend == "kubernetes" {
                let words = ["hookferry"]
                    .into_iter()
                    .chain(words.iter().map(String::as_str));
                let parsed = hookferry::cli::parse(words.map(Into::into));
                assert!(
                    matches!(parsed, hookferry::cli::ParseOutcome::Run(_)),
                    "{line}"
                );
                continue;
            }
            let run = words
                .iter()
                .fold(accounts.program(""), |program, word| program.arg(word))
                .run();
            run.assert_code(0);
            assert!(accounts.home().join("my backups/prod").is_dir(), "{line}");
        }
    }
}

/// The arguments of the program in a line of a file for a scheduler.
fn scheduled_words(line: &str) -> Vec<String> {
    let (_, words) = line.split_once("run-schedule").unwrap();
    let words = match words.trim_end().strip_suffix(']') {
        Some(list) => list.replace(',', " "),
        None => words.to_owned(),
    };
    shell_words(&format!("run-schedule {words}")).unwrap()
}

#[test]
fn after_a_backup_and_its_restore() {
    let user = Naming {
        accounts: with_schedule(),
        network: None,
        from: "prod",
        to: "prod",
        options: "",
        has_keys_in_environment: true,
    };
    let target = user.accounts.target().url();
    let other = format!("restore latest --repo vault --to {target} --into-other-account --yes");
    for (line, proposed) in [
        (
            "backup create --from prod --repo vault --plaintext",
            names(&[]),
        ),
        ("restore latest --repo vault --rehearse", names(&[])),
        ("restore latest --repo vault --to prod --yes", names(&[])),
        (other.as_str(), names(&["idmap", "rollback", "verify"])),
    ] {
        let words = line
            .split(' ')
            .chain(["--config", "my\u{a0}files/config.toml"]);
        let run = user.program(words).run();
        run.assert_code(0);
        assert_eq!(user.run_proposed(&run), proposed, "{line}");
    }
}
