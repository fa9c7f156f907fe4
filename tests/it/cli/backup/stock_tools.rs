//! Backups work without hookferry: stock tools open and check them, and create files that hookferry opens.

use super::{CREATE, Workspace};
use std::process::Command;

/// Runs a shell script in the home folder and returns its output.
fn shell(workspace: &Workspace, script: &str) -> String {
    let output = Command::new("sh")
        .args(["-euc", script])
        .current_dir(workspace.accounts.home())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success() && stderr.is_empty(),
        "{script}: {stderr}"
    );
    String::from_utf8(output.stdout)
        .unwrap()
        .trim_end()
        .to_owned()
}

#[test]
#[ignore = "needs age"]
fn stock_tools_open_our_backups() {
    let workspace = Workspace::new();
    workspace.run_ok(CREATE);
    shell(
        &workspace,
        "age -d -i key.txt vault/eu/*.json.gz.age | gunzip > document.json",
    );
    let text = workspace.accounts.read("document.json");
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let aliases: Vec<&str> = document["webhooks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|webhook| webhook["alias"].as_str().unwrap())
        .collect();
    assert_eq!(aliases, workspace.source_aliases());
    // As the document's format promises.
    let sum = shell(
        &workspace,
        "sed -n '/^\\[$/,$p' document.json | sed '$d' | sha256sum",
    );
    assert_eq!(sum.split(' ').next(), document["sha256"].as_str());
    // Decrypted by hand, it keeps the name of a backup and can be used as a file.
    shell(
        &workspace,
        "for it in vault/eu/*.age; do age -d -i key.txt \"$it\" > \"$(basename \"$it\" .age)\"; done",
    );
    let by_hand = workspace.backups().remove(0);
    let by_hand = by_hand.strip_suffix(".age").unwrap();
    workspace.run_ok(&format!("backup show {by_hand}"));
}

#[test]
#[ignore = "needs age-keygen"]
fn hookferry_opens_what_stock_age_created() {
    let workspace = Workspace::new();
    // A key pair as users create it.
    shell(
        &workspace,
        "age-keygen -o fresh.txt 2>/dev/null; age-keygen -y fresh.txt > fresh.pub",
    );
    workspace.accounts.set_mode("fresh.txt", 0o600);
    workspace.run_ok(&CREATE.replace("--recipients-file recipients.txt", "--plaintext"));
    workspace.run_ok(
        &CREATE
            .replace("vault", "sealed")
            .replace("recipients.txt", "fresh.pub"),
    );
    workspace.run_ok("backup check --repo sealed --identity fresh.txt");
    let recipient = &workspace.recipient;
    shell(
        &workspace,
        &format!("cat vault/eu/*.json.gz | age -r {recipient} > by-hand.age"),
    );
    let run = workspace.run_ok("backup show by-hand.age --identity key.txt -o json");
    let listed: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(listed["webhooks"].as_array().unwrap().len(), 12);
    workspace
        .run("backup show by-hand.age --identity other.txt")
        .assert_code(12);
    // Not compressed either.
    shell(
        &workspace,
        &format!("zcat vault/eu/*.json.gz | age -r {recipient} > text.age"),
    );
    workspace.run_ok("backup show text.age --identity key.txt");
    // ASCII armor is not supported, and the error says so.
    shell(
        &workspace,
        &format!("cat vault/eu/*.json.gz | age -a -r {recipient} > armour.age"),
    );
    let run = workspace.run("backup show armour.age --identity key.txt");
    run.assert_code(1);
    assert!(run.stderr.contains("age -d"), "{}", run.stderr);
}
