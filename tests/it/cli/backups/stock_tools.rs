//! A backup is no prison: the stock tools open it, check it, and make one that is opened here.

use super::{CREATE, Place};
use crate::support::tools;
use std::process::Command;

/// The lines of a shell in the folder of the place; what they print.
fn shell(place: &Place, script: &str) -> String {
    let output = Command::new("sh")
        .args(["-euc", script])
        .current_dir(place.accounts.home())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success() && said.is_empty(),
        "{script}: {said}"
    );
    String::from_utf8(output.stdout)
        .unwrap()
        .trim_end()
        .to_owned()
}

#[test]
fn the_stock_tools_open_what_was_made_here() {
    if !tools::is_there("backups::stock_tools::open", "age") {
        return;
    }
    let place = Place::new();
    place.done(CREATE);
    shell(
        &place,
        "age -d -i key.txt vault/eu/*.json.gz.age | gunzip > document.json",
    );
    let text = place.accounts.read("document.json");
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let aliases: Vec<&str> = document["webhooks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|webhook| webhook["alias"].as_str().unwrap())
        .collect();
    assert_eq!(aliases, place.source_aliases());
    // As the document's form promises it.
    let sum = shell(
        &place,
        "sed -n '/^\\[$/,$p' document.json | sed '$d' | sha256sum",
    );
    assert_eq!(sum.split(' ').next(), document["sha256"].as_str());
    // Opened by hand it keeps the name of a backup, and can be used as a file.
    shell(
        &place,
        "for it in vault/eu/*.age; do age -d -i key.txt \"$it\" > \"$(basename \"$it\" .age)\"; done",
    );
    let by_hand = place.backups().remove(0);
    let by_hand = by_hand.strip_suffix(".age").unwrap();
    place.done(&format!("backup show {by_hand}"));
}

#[test]
fn what_stock_age_made_is_opened_here() {
    if !tools::is_there("backups::stock_tools::opened", "age-keygen") {
        return;
    }
    let place = Place::new();
    // The pair of keys is made as users make it.
    shell(
        &place,
        "age-keygen -o fresh.txt 2>/dev/null; age-keygen -y fresh.txt > fresh.pub",
    );
    place.accounts.set_mode("fresh.txt", 0o600);
    place.done(&CREATE.replace("--recipients-file recipients.txt", "--plaintext"));
    place.done(
        &CREATE
            .replace("vault", "sealed")
            .replace("recipients.txt", "fresh.pub"),
    );
    place.done("backup check --repo sealed --identity fresh.txt");
    let recipient = &place.recipient;
    shell(
        &place,
        &format!("cat vault/eu/*.json.gz | age -r {recipient} > by-hand.age"),
    );
    let run = place.done("backup show by-hand.age --identity key.txt -o json");
    let listed: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(listed["webhooks"].as_array().unwrap().len(), 12);
    place
        .run("backup show by-hand.age --identity other.txt")
        .assert_code(12);
    // Not compressed either: the text itself.
    shell(
        &place,
        &format!("zcat vault/eu/*.json.gz | age -r {recipient} > text.age"),
    );
    place.done("backup show text.age --identity key.txt");
    // Armour is told as what it is.
    shell(
        &place,
        &format!("cat vault/eu/*.json.gz | age -a -r {recipient} > armour.age"),
    );
    let run = place.run("backup show armour.age --identity key.txt");
    run.assert_code(1);
    assert!(run.stderr.contains("age -d"), "{}", run.stderr);
}
