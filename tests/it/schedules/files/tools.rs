//! The printed files, as the tools of their schedulers read them: systemd, crontab, the schemas of Kubernetes and GitHub,
//! actionlint.

use super::escaping::{OddSchedule, distinct, is_command_line, odd_schedule};
use super::{arguments, config, print};
use crate::support::generator::cases;
use hookferry::cli::BackendArg::{Cron, Kubernetes, Systemd};
use proptest::strategy::{Strategy, ValueTree as _};
use proptest::test_runner::TestRunner;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

/// Draws many schedules at once, so that one process can read all of them.
fn schedules() -> Vec<OddSchedule> {
    let mut runner = TestRunner::new(cases(48));
    let n = runner.config().cases;
    let strategy = odd_schedule();
    (0..n)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current())
        .collect()
}

fn output_text(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    format!("{out}{err}")
}

/// Asserts that a program accepts files of a folder, and returns its output.
fn assert_accepts(folder: &Path, program: &str, arguments: &[&str], files: &[String]) -> String {
    let output = Command::new(program)
        .current_dir(folder)
        .args(arguments)
        .args(files)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{program}: {}",
        output_text(&output)
    );
    output_text(&output)
}

/// Parses files with `PyYAML`: a list of documents for each file.
fn parse_yaml(folder: &Path, files: &[String]) -> Vec<Value> {
    const SCRIPT: &str = "import json, sys, yaml\n\
        for name in sys.argv[1:]: print(json.dumps(list(yaml.safe_load_all(open(name, encoding='utf-8')))))";
    let out = assert_accepts(folder, "python3", &["-c", SCRIPT], files);
    let documents: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(documents.len(), files.len());
    documents
}

#[test]
#[ignore = "needs systemd-analyze"]
fn systemd_accepts_the_units_without_warnings() {
    let folder = tempfile::tempdir().unwrap();
    let mut names = Vec::new();
    for (n, mut one) in schedules().into_iter().enumerate() {
        one.name = format!("{}-{n}", one.name);
        // systemd-analyze checks that the program exists.
        let name = one.binary.rsplit('/').next().unwrap();
        one.binary = format!("{}/{n}{name}", folder.path().display());
        std::os::unix::fs::symlink("/bin/true", &one.binary).unwrap();
        for file in one.print(Systemd).unwrap_or_default() {
            std::fs::write(folder.path().join(&file.name), &file.text).unwrap();
            names.push(format!("./{}", file.name));
        }
    }
    assert!(!names.is_empty());
    let output = assert_accepts(folder.path(), "systemd-analyze", &["verify"], &names);
    assert_eq!(output, "");
}

/// The sandbox stays as tight as the documentation says; `--threshold` is in tenths.
#[test]
#[ignore = "needs systemd-analyze"]
fn systemd_rates_the_exposure_as_low() {
    let text = "[profile.p]\nregion = \"eu1\"\napi_key_file = \"/keys/p\"\n[schedule.s]\nprofiles = [\"p\"]\nat = \"0 0 * * *\"\n\
                repo = \"/var/backups/hookferry\"\nplaintext = true\n";
    let files = print(
        &config("/etc/hookferry/config.toml", text),
        &arguments("s", Systemd),
    )
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(&files[0].name), &files[0].text).unwrap();
    let arguments = ["security", "--offline=true", "--threshold=16"];
    let file = format!("./{}", files[0].name);
    assert_accepts(folder.path(), "systemd-analyze", &arguments, &[file]);
}

/// In other implementations the option that checks a file means something else, so they are never run with it.
fn assert_crontab_is_debians() {
    let output = Command::new("crontab").arg("-h").output().unwrap();
    let help = output_text(&output);
    assert!(help.contains("dry run: checks the syntax"), "{help}");
}

#[test]
#[ignore = "needs Debian's crontab"]
fn crontab_accepts_the_lines() {
    assert_crontab_is_debians();
    let folder = tempfile::tempdir().unwrap();
    let mut n_checked = 0;
    for one in schedules() {
        let Some(files) = one.print(Cron) else {
            continue;
        };
        let name = format!("./{}", files[0].name);
        std::fs::write(folder.path().join(&name), &files[0].text).unwrap();
        assert_accepts(folder.path(), "crontab", &["-n"], &[name]);
        n_checked += 1;
    }
    assert!(n_checked > 0);
}

#[test]
#[ignore = "needs kubernetes-validate and PyYAML"]
fn kubernetes_accepts_the_manifests() {
    let folder = tempfile::tempdir().unwrap();
    let mut names = Vec::new();
    let mut expected = Vec::new();
    for (n, one) in schedules().into_iter().enumerate() {
        let Some(files) = one.print(Kubernetes) else {
            // Refused because of a colon, or because one path is a file and a folder.
            let folders = [&one.repo, &one.status_folder()].map(String::clone);
            let files = [&one.key, &one.heartbeat, &one.recipients];
            let clashes = files.iter().any(|file| folders.contains(file));
            assert!(
                clashes
                    || files.iter().any(|file| file.contains(':'))
                    || one.repo.contains(':')
                    || one.status.contains(':'),
                "{one:?}"
            );
            continue;
        };
        let name = format!("{n}.yaml");
        std::fs::write(folder.path().join(&name), &files[0].text).unwrap();
        names.push(name);
        expected.push(one);
    }
    assert!(!names.is_empty());
    assert_accepts(folder.path(), "kubernetes-validate", &["--strict"], &names);
    for (documents, one) in parse_yaml(folder.path(), &names).iter().zip(expected) {
        let [claim, job] = documents.as_array().unwrap().as_slice() else {
            panic!("{documents}");
        };
        assert_eq!(claim["kind"], "PersistentVolumeClaim");
        assert_eq!(job["spec"]["schedule"], "17 3 * * *");
        let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
        let container = &pod["containers"][0];
        let arguments = container["args"].as_array().unwrap().iter();
        let mut words = vec!["hookferry".to_owned()];
        words.extend(arguments.map(|word| word.as_str().unwrap().to_owned()));
        assert_eq!(words[2], one.name);
        assert!(is_command_line(words), "{container}");
        let mounts = container["volumeMounts"].as_array().unwrap();
        let volumes = pod["volumes"].as_array().unwrap();
        let mounted: Vec<&str> = mounts
            .iter()
            .map(|m| m["mountPath"].as_str().unwrap())
            .collect();
        let expected = [&one.repo, &one.key, &one.heartbeat, &one.recipients].map(String::clone);
        for path in distinct(expected) {
            assert!(
                mounted.contains(&path.as_str()),
                "{path} is not in {mounted:?}"
            );
        }
        let has_volume =
            |mount: &Value| volumes.iter().any(|volume| volume["name"] == mount["name"]);
        assert!(mounts.iter().all(has_volume), "{job}");
        let n_distinct = distinct_count(&mounted);
        assert_eq!(n_distinct, mounted.len(), "{mounted:?}");
    }
}

fn distinct_count(texts: &[&str]) -> usize {
    let set: std::collections::BTreeSet<&&str> = texts.iter().collect();
    set.len()
}

#[test]
#[ignore = "needs check-jsonschema and PyYAML"]
fn github_accepts_the_workflows() {
    let folder = tempfile::tempdir().unwrap();
    let (names, expected) = workflows(folder.path());
    let schema = ["--builtin-schema", "vendor.github-workflows"];
    assert_accepts(folder.path(), "check-jsonschema", &schema, &names);
    for (document, one) in parse_yaml(folder.path(), &names).iter().zip(expected) {
        let steps = document[0]["jobs"]["backup"]["steps"].as_array().unwrap();
        let last = steps.last().unwrap();
        let config = last["env"]["HOOKFERRY_CONFIG"].as_str().unwrap();
        // The value that GitHub evaluates the expression to.
        assert_eq!(config.replace("${{ '$' }}", "$"), one.config[1..]);
        assert_eq!(last["env"]["KEY"], "${{ secrets.KEY }}");
    }
}

#[test]
#[ignore = "needs Node and actionlint"]
fn actionlint_accepts_the_workflows() {
    let module = std::env::var("HOOKFERRY_ACTIONLINT").expect("it names actionlint's node.mjs");
    let folder = tempfile::tempdir().unwrap();
    let (names, _) = workflows(folder.path());
    let script = format!(
        "import {{ createLinter }} from {};\nimport {{ readFileSync }} from 'node:fs';\nconst found = [];\n\
         // A new linter for each file: one linter drops characters after some dozens of files.\n\
         for (const name of process.argv.slice(2)) {{\n\
           const lint = await createLinter();\n\
           found.push(...lint(readFileSync(name, 'utf8'), name));\n\
         }}\n\
         console.log(JSON.stringify(found));\nprocess.exit(found.length ? 1 : 0);\n",
        serde_json::to_string(&module).unwrap()
    );
    std::fs::write(folder.path().join("lint.mjs"), script).unwrap();
    assert_accepts(folder.path(), "node", &["lint.mjs"], &names);
}

fn workflows(folder: &Path) -> (Vec<String>, Vec<OddSchedule>) {
    let schedules = schedules();
    let mut names = Vec::new();
    for (n, one) in schedules.iter().enumerate() {
        let name = format!("{n}.yml");
        std::fs::write(folder.join(&name), one.workflow().text).unwrap();
        names.push(name);
    }
    (names, schedules)
}

/// The tools really check: each rejects a broken file.
mod broken_files {
    use super::assert_crontab_is_debians;
    use std::process::Command;

    fn assert_rejects(program: &str, arguments: &[&str], name: &str, text: &str) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), text).unwrap();
        let command = Command::new(program)
            .current_dir(folder.path())
            .args(arguments)
            .arg(name)
            .output();
        let output = command.unwrap();
        assert!(!output.status.success(), "{program} accepts {text}");
    }

    #[test]
    #[ignore = "needs systemd-analyze"]
    fn systemd_rejects() {
        let unit = "[Service]\nExecStart=\"/bin/a'b\"\n";
        assert_rejects("systemd-analyze", &["verify"], "./a.service", unit);
    }

    #[test]
    #[ignore = "needs Debian's crontab"]
    fn crontab_rejects() {
        assert_crontab_is_debians();
        assert_rejects("crontab", &["-n"], "a.cron", "17 33 * * * true\n");
    }

    #[test]
    #[ignore = "needs kubernetes-validate"]
    fn kubernetes_rejects() {
        let manifest = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\nspec: {shedule: '* * * * *'}\n";
        assert_rejects("kubernetes-validate", &["--strict"], "a.yaml", manifest);
    }

    #[test]
    #[ignore = "needs check-jsonschema"]
    fn github_rejects() {
        let arguments = ["--builtin-schema", "vendor.github-workflows"];
        let workflow = "on: push\njobs: {a: {steps: []}}\n";
        assert_rejects("check-jsonschema", &arguments, "a.yml", workflow);
    }
}
