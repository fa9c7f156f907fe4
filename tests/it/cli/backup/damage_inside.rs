//! Damage that a backup's name does not reveal, because the name matches the damaged bytes: the inner layers detect it.

use super::{CHECK, CREATE, Workspace, name_matching};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::fs;
use std::io::{Read as _, Write as _};

const SHOW: &str = "backup show latest --repo vault --identity key.txt";
const RESTORE: &str =
    "restore latest --repo vault --identity key.txt --to us --into-other-account --yes";

fn gunzip(bytes: &[u8]) -> String {
    let mut text = String::new();
    GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text
}

fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

/// A workspace whose only backup has changed bytes and a name that matches them.
fn with_altered_backup(protection: &str, change: impl Fn(&[u8]) -> Vec<u8>) -> (Workspace, String) {
    let workspace = Workspace::new();
    workspace.run_ok(&CREATE.replace("--recipients-file recipients.txt", protection));
    let name = workspace.backups().remove(0);
    let bytes = change(&fs::read(workspace.path(&name)).unwrap());
    let matching = name_matching(&name, &bytes);
    fs::remove_file(workspace.path(&name)).unwrap();
    fs::write(workspace.path(&matching), bytes).unwrap();
    (workspace, matching)
}

/// Asserts that every command refuses the backup, and that `check` prints `reason`.
#[track_caller]
fn assert_refused(workspace: &Workspace, name: &str, reason: &str) {
    let run = workspace.run(CHECK);
    run.assert_code(3);
    assert!(
        run.stdout.contains(name) && run.stdout.contains(reason),
        "{}",
        run.stdout
    );
    let path = format!("vault/eu/{name}");
    for line in [SHOW, RESTORE] {
        for line in [line.to_owned(), line.replace("latest --repo vault", &path)] {
            let run = workspace.run(&line);
            run.assert_code(1);
            assert!(run.stderr.contains("hint: "), "{}", run.transcript());
        }
    }
    assert!(workspace.accounts.posts().is_empty());
}

#[test]
fn each_layer_detects_damage() {
    let flip = |from_end: usize| {
        move |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let offset = bytes.len() - from_end;
            bytes[offset] ^= 1;
            bytes
        }
    };
    let cut = |bytes: &[u8]| bytes[..bytes.len() - 1].to_vec();
    for (reason, (workspace, name)) in [
        (
            "compressed data",
            with_altered_backup("--plaintext", flip(300)),
        ),
        (
            "compressed data",
            with_altered_backup("--plaintext", flip(7)),
        ),
        ("compressed data", with_altered_backup("--plaintext", cut)),
        (
            "encrypted data",
            with_altered_backup("--recipients-file recipients.txt", flip(300)),
        ),
        (
            "encrypted data",
            with_altered_backup("--recipients-file recipients.txt", flip(1)),
        ),
        (
            "encrypted data",
            with_altered_backup("--recipients-file recipients.txt", cut),
        ),
    ] {
        assert_refused(&workspace, &name, reason);
    }
}

/// A plaintext backup that somebody edited.
#[test]
fn an_edited_document_is_refused() {
    for (from, to, reason) in [
        ("payments-alerts", "payments-alarms", "SHA-256"),
        ("\n[", "\n[{\"alias\":\"one more\"},", "SHA-256"),
        (
            "\"count\": 12",
            "\"count\": 11",
            "the number of webhooks differs",
        ),
        ("\"sha256\": \"", "\"sha256\": \"0", "SHA-256"),
        (
            "\"format_version\": \"1.",
            "\"format_version\": \"2.",
            "format version 2.0",
        ),
        (
            "\"kind\": \"backup\"",
            "\"kind\": \"plan\"",
            "not a hookferry backup",
        ),
        ("\"host\"", "\"hosts\"", "a required member is missing"),
    ] {
        let (workspace, name) = with_altered_backup("--plaintext", |bytes| {
            let text = gunzip(bytes);
            assert!(text.contains(from), "{from}");
            gzip(&text.replacen(from, to, 1))
        });
        assert_refused(&workspace, &name, reason);
    }
}

#[test]
fn a_newer_format_needs_a_newer_program() {
    let (workspace, _) = with_altered_backup("--plaintext", |bytes| {
        gzip(&gunzip(bytes).replacen("\"1.0\"", "\"2.0\"", 1))
    });
    let run = workspace.run(SHOW);
    run.assert_code(1);
    assert!(
        run.stderr
            .contains("use the version of hookferry that made it, or a newer one")
    );
    let (workspace, _) = with_altered_backup("--plaintext", |bytes| {
        gzip(&gunzip(bytes).replacen("\"1.0\"", "\"1.9\"", 1))
    });
    workspace.run_ok(SHOW);
}

/// The time in the name decides which backup is selected, so it must match the document.
#[test]
fn a_name_with_another_time_is_refused() {
    let workspace = Workspace::new();
    workspace.run_ok(CREATE);
    let name = workspace.backups().remove(0);
    let other = format!("20300101T000000Z{}", &name["20260101T000000Z".len()..]);
    fs::rename(workspace.path(&name), workspace.path(&other)).unwrap();
    let run = workspace.run(CHECK);
    run.assert_code(3);
    assert!(
        run.stdout.contains("its time does not match its name"),
        "{}",
        run.stdout
    );
    // Nor is it used as the latest backup, which it now appears to be.
    for line in [SHOW, RESTORE] {
        let run = workspace.run(line);
        run.assert_code(1);
        assert!(
            run.stderr.contains("its time does not match its name"),
            "{}",
            run.stderr
        );
    }
    assert!(workspace.accounts.posts().is_empty());
}
