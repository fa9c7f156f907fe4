//! Damage that the name of a backup does not show, because whoever made it gave the bytes their name: the layers inside tell.

use super::{CHECK, CREATE, Place, name_that_fits};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::fs;
use std::io::{Read as _, Write as _};

const SHOW: &str = "backup show latest --repo vault --identity key.txt";
const RESTORE: &str = "restore latest --repo vault --identity key.txt --to us --yes";

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

/// A place whose only backup is these bytes under the name that fits them.
fn holding(protection: &str, change: impl Fn(&[u8]) -> Vec<u8>) -> (Place, String) {
    let place = Place::new();
    place.done(&CREATE.replace("--recipients-file recipients.txt", protection));
    let name = place.backups().remove(0);
    let bytes = change(&fs::read(place.path(&name)).unwrap());
    let fitting = name_that_fits(&name, &bytes);
    fs::remove_file(place.path(&name)).unwrap();
    fs::write(place.path(&fitting), bytes).unwrap();
    (place, fitting)
}

/// Every command refuses it, and says so in these words.
#[track_caller]
fn is_refused(place: &Place, name: &str, says: &str) {
    let run = place.run(CHECK);
    run.assert_code(3);
    assert!(
        run.stdout.contains(name) && run.stdout.contains(says),
        "{}",
        run.stdout
    );
    let path = format!("vault/eu/{name}");
    for line in [SHOW, RESTORE] {
        for line in [line.to_owned(), line.replace("latest --repo vault", &path)] {
            let run = place.run(&line);
            run.assert_code(1);
            assert!(run.stderr.contains("hint: "), "{}", run.transcript());
        }
    }
    assert!(place.accounts.posts().is_empty());
}

#[test]
fn each_layer_notices() {
    let flip = |from_end: usize| {
        move |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let at = bytes.len() - from_end;
            bytes[at] ^= 1;
            bytes
        }
    };
    let cut = |bytes: &[u8]| bytes[..bytes.len() - 1].to_vec();
    for (says, (place, name)) in [
        ("compressed part", holding("--plaintext", flip(300))),
        ("compressed part", holding("--plaintext", flip(7))),
        ("compressed part", holding("--plaintext", cut)),
        (
            "encrypted part",
            holding("--recipients-file recipients.txt", flip(300)),
        ),
        (
            "encrypted part",
            holding("--recipients-file recipients.txt", flip(1)),
        ),
        (
            "encrypted part",
            holding("--recipients-file recipients.txt", cut),
        ),
    ] {
        is_refused(&place, &name, says);
    }
}

/// Somebody has opened a plain backup in an editor.
#[test]
fn a_document_that_was_edited() {
    for (from, to, says) in [
        ("payments-alerts", "payments-alarms", "SHA-256"),
        ("\n[", "\n[{\"alias\":\"one more\"},", "SHA-256"),
        ("\"count\": 12", "\"count\": 11", "as many webhooks"),
        ("\"sha256\": \"", "\"sha256\": \"0", "SHA-256"),
        (
            "\"format_version\": \"1.",
            "\"format_version\": \"2.",
            "format 2.0",
        ),
        ("\"kind\": \"backup\"", "\"kind\": \"plan\"", "no backup"),
        ("\"host\"", "\"hosts\"", "lacks a part"),
    ] {
        let (place, name) = holding("--plaintext", |bytes| {
            let text = gunzip(bytes);
            assert!(text.contains(from), "{from}");
            gzip(&text.replacen(from, to, 1))
        });
        is_refused(&place, &name, says);
    }
}

#[test]
fn a_newer_format_asks_for_a_newer_program() {
    let (place, _) = holding("--plaintext", |bytes| {
        gzip(&gunzip(bytes).replacen("\"1.0\"", "\"2.0\"", 1))
    });
    let run = place.run(SHOW);
    run.assert_code(1);
    assert!(
        run.stderr
            .contains("use the version that made it, or a newer one")
    );
    let (place, _) = holding("--plaintext", |bytes| {
        gzip(&gunzip(bytes).replacen("\"1.0\"", "\"1.9\"", 1))
    });
    place.done(SHOW);
}

/// The time in the name decides which backup is meant, so it has to be the document's.
#[test]
fn a_name_that_says_otherwise() {
    let place = Place::new();
    place.done(CREATE);
    let name = place.backups().remove(0);
    let other = format!("20300101T000000Z{}", &name["20260101T000000Z".len()..]);
    fs::rename(place.path(&name), place.path(&other)).unwrap();
    let run = place.run(CHECK);
    run.assert_code(3);
    assert!(run.stdout.contains("another time"), "{}", run.stdout);
    // Nor is it the latest one, whose place it takes.
    for line in [SHOW, RESTORE] {
        let run = place.run(line);
        run.assert_code(1);
        assert!(run.stderr.contains("another time"), "{}", run.stderr);
    }
    assert!(place.accounts.posts().is_empty());
}
