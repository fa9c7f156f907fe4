//! Verbosity, logs and color: what goes to standard error, in which format, and what happens when the reader is gone.

use crate::support::program::Run;
use crate::support::stand_in::StandIn;
use serde_json::Value;

const LINE: &str = "migrate --from [source] --to [target] --yes --rate 1000 --settle 300ms";

fn run_with_faults(command_line: &str) -> Run {
    let accounts = StandIn::with(&[], &["post:1:drop-after", "get:2:status=503"]);
    let run = accounts.program(command_line).run();
    run.assert_code(0);
    run
}

/// Progress that breaks in the middle of a word is no progress that anybody reads.
#[test]
fn progress_fits_into_a_narrow_terminal() {
    let accounts = StandIn::with(&[], &["get:1:status=503", "post:1:status=429"]);
    let migrate = "migrate --from [source] --to [target] --yes --rate 1000 --settle 300ms";
    for columns in [40, 44, 60] {
        let run = accounts
            .program(migrate)
            .env("COLUMNS", &columns.to_string())
            .run();
        run.assert_code(0);
        for line in run.stderr.lines() {
            assert!(
                line.chars().count() <= columns,
                "{columns}: {line}\n{}",
                run.stderr
            );
        }
        for word in ["webhooks", "started"] {
            assert!(run.stderr.contains(word), "{columns}: {}", run.stderr);
        }
    }
}

#[test]
fn verbose_logs_every_request() {
    let run = run_with_faults(&format!("{LINE} -v"));
    let lines: Vec<&str> = run
        .stderr
        .lines()
        .filter(|line| line.contains("INFO request "))
        .collect();
    assert_eq!(lines.len(), run.requests.lines().count(), "{}", run.stderr);
    for line in &lines {
        for part in [
            "method=",
            "path=",
            "outcome=",
            "attempt=",
            "milliseconds=",
            "side=",
        ] {
            assert!(line.contains(part), "{line}");
        }
    }
    assert!(lines.iter().any(|line| line.contains("503")), "{lines:#?}");
    assert!(
        lines.iter().any(|line| line.contains("attempt=2")),
        "{lines:#?}"
    );
}

/// A gateway in front of the API may have its credential in the path of its address.
#[test]
fn no_log_shows_the_path_of_a_base_url() {
    let accounts = StandIn::demo();
    for format in ["text", "json"] {
        let line = format!("list --from [source]/gateway-canary -vv --log-format {format}");
        let run = accounts.program(&line).env("HOOKFERRY_LOG", "trace").run();
        run.assert_code(1);
        assert!(run.stderr.contains("/api/v1/external"), "{}", run.stderr);
    }
}

#[test]
fn without_verbose_nothing_is_logged() {
    let run = run_with_faults(LINE);
    assert!(!run.stderr.contains("INFO"), "{}", run.stderr);
}

#[test]
fn json_logs_are_one_object_per_line() {
    for (flags, filter) in [
        ("-v", ""),
        ("-vvv", ""),
        ("", "trace"),
        ("", "hookferry=debug"),
    ] {
        let accounts = StandIn::demo();
        let run = accounts
            .program(&format!("{LINE} --log-format json {flags}"))
            .env("HOOKFERRY_LOG", filter)
            .run();
        run.assert_code(0);
        let logs: Vec<Value> = run
            .stderr
            .lines()
            .filter(|line| line.starts_with('{'))
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let requests = logs.iter().filter(|log| log["message"] == "request");
        assert_eq!(requests.clone().count(), run.requests.lines().count());
        for log in requests {
            assert_eq!(log["level"], "INFO");
            assert!(
                log["method"].is_string() && log["path"].is_string(),
                "{log}"
            );
            assert!(
                log["outcome"].is_string() && log["attempt"].is_u64(),
                "{log}"
            );
            assert!(
                log["milliseconds"].is_u64() && log["timestamp"].is_string(),
                "{log}"
            );
        }
    }
}

#[test]
fn quiet_prints_only_the_result() {
    let accounts = StandIn::demo();
    let route = "--from [source] --to [target]";
    for line in [
        "list --from [source] -q".to_owned(),
        format!("plan {route} --quiet"),
        format!("migrate {route} --yes -q"),
        format!("migrate {route} -q --yes"),
        "export --from [source] -q --out out.json".to_owned(),
        "demo -q".to_owned(),
    ] {
        let run = accounts.program(&line).run();
        run.assert_code(0);
        assert_eq!(run.stderr, "", "{line}");
    }
    let run = accounts.program("list --from [source] -q --type 99").run();
    assert!(run.stderr.contains("error:"), "an error is still printed");
}

#[test]
fn color_follows_flags_and_variables() {
    let accounts = StandIn::demo();
    let line = "plan --from [source] --to [target]";
    let is_colored = |flags: &str, variables: &[(&str, &str)]| {
        let mut program = accounts.program(&format!("{line} {flags}"));
        for (name, value) in variables {
            program = program.env(name, value);
        }
        let run = program.run();
        run.assert_code(0);
        let [out, err] = [&run.stdout, &run.stderr].map(|text| text.contains('\u{1b}'));
        assert_eq!(out, err, "{flags} {variables:?}");
        out
    };
    assert!(!is_colored("", &[]), "a pipe gets no color");
    assert!(is_colored("--color always", &[]));
    assert!(is_colored("", &[("CLICOLOR_FORCE", "1")]));
    assert!(
        is_colored("--color always", &[("NO_COLOR", "1")]),
        "the flag wins"
    );
    assert!(!is_colored(
        "",
        &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]
    ));
    assert!(!is_colored("--color never", &[("CLICOLOR_FORCE", "1")]));
    let plain = accounts.program(line).run();
    let colored = accounts.program(&format!("{line} --color always")).run();
    assert_eq!(console::strip_ansi_codes(&colored.stdout), plain.stdout);
}

#[test]
fn a_closed_output_pipe_does_not_change_the_exit_code() {
    for (line, code) in [
        ("list --from [source]", 0),
        ("list --from [source] -o json", 0),
        ("export --from [source]", 0),
        ("plan --from [source] --to [target] --detailed-exitcode", 2),
        ("migrate --from [source] --to [target] --yes", 0),
        ("completions zsh", 0),
        ("--help", 0),
        ("demo", 0),
    ] {
        let accounts = StandIn::demo();
        let mut command = accounts.program(line).command();
        // The reading end is closed before the program starts, so that no write can succeed.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = command.stdout(writer).spawn().unwrap();
        drop(command);
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{line}: {stderr}");
        assert!(
            !stderr.contains("panicked") && !stderr.contains("canary"),
            "{stderr}"
        );
        if line.starts_with("migrate") {
            assert_eq!(accounts.target().webhooks().len(), 15);
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_reported_and_does_not_change_the_exit_code_of_a_write() {
    let accounts = StandIn::demo();
    let full = || {
        std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap()
    };
    let mut command = accounts.program("list --from [source]").command();
    let output = command
        .stdout(full())
        .spawn()
        .unwrap()
        .wait_with_output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let mut command = accounts.program(LINE).command();
    let output = command
        .stdout(full())
        .spawn()
        .unwrap()
        .wait_with_output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(stderr.contains("cannot write the result"), "{stderr}");
    assert_eq!(accounts.target().webhooks().len(), 15);
}
