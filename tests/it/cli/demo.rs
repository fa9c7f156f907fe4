//! `demo` and `sandbox`: a whole migration without any account, and the stand-in accounts as a server.

use crate::support::program::Program;

/// The text with a placeholder for every port.
fn without_ports(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(part.len());
        out.push_str("127.0.0.1:[port]");
        out.push_str(&part[end..]);
    }
    out
}

#[test]
fn the_demo_shows_a_whole_migration() {
    let run = Program::without_accounts("demo")
        .without_env("HOOKFERRY_SOURCE_API_KEY")
        .without_env("HOOKFERRY_TARGET_API_KEY")
        .run();
    run.assert_code(0);
    assert_text!(without_ports(&run.stdout()));
}

#[test]
fn the_sandbox_lists_its_switches_and_faults() {
    assert_transcript!(
        "switches",
        Program::without_accounts("sandbox --switch help").run()
    );
    assert_transcript!(
        "faults",
        Program::without_accounts("sandbox --fault help").run()
    );
}

#[test]
fn the_sandbox_refuses_unknown_values() {
    for (name, flags) in [
        ("no_such_switch", "--switch bulk=never"),
        ("no_such_fault", "--fault post:1:explode"),
        ("no_such_source_switch", "--source-switch color=red"),
        ("no_such_seeds", "--seeds none"),
    ] {
        let run = Program::without_accounts(&format!("sandbox {flags}")).run();
        run.assert_code(64);
        assert_transcript!(name, run);
    }
}
