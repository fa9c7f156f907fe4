//! The checks of the fuzz targets, as many as fit into an ordinary test run: their seeds, each with random mutations.

#[path = "../../fuzz/checks.rs"]
mod checks;

use crate::support::generator::cases;
use crate::support::source::files_below;
use proptest::collection::vec;
use proptest::prelude::{any, proptest};
use proptest::sample::{Index, select};
use std::path::Path;

/// The seeds of a fuzz target.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(target);
    let seeds: Vec<Vec<u8>> = files_below(&folder)
        .iter()
        .map(|path| std::fs::read(path).unwrap())
        .collect();
    assert!(!seeds.is_empty(), "{target} has no seeds");
    seeds
}

/// Texts that a mutation inserts: characters with a meaning in JSON and TOML, and a multi-byte one.
const MEANINGFUL: &[&str] = &[
    "", "\"", "\\", "{", "}", "[", "]", ",", ":", ".", "=", "\n", "0", "null", "é", "cxtp_", "$A",
    "\\u0041", "${", "&a ", "*a", "\n  - ", "'", "#",
];

/// Replaces some ranges of a seed.
fn mutate(seed: &[u8], mutations: &[(Index, usize, &'static str)]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for (at, length, text) in mutations {
        let start = at.index(bytes.len() + 1);
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, text.bytes());
    }
    bytes
}

/// Panics if its property does not hold for these bytes.
type Check = fn(&[u8]);

fn check(target: &str, check: Check, at: Index, mutations: &[(Index, usize, &'static str)]) {
    let seeds = seeds(target);
    check(&mutate(&seeds[at.index(seeds.len())], mutations));
}

#[test]
fn every_seed_passes() {
    let checks: [(&str, Check); 7] = [
        ("rules_file", checks::rules_file),
        ("rewriter", checks::rewriter),
        ("masker", checks::masker),
        ("server_words", checks::server_words),
        ("file_reader", checks::file_reader),
        ("terraform", checks::terraform),
        ("operator", checks::operator),
    ];
    for (target, check) in checks {
        for seed in seeds(target) {
            check(&seed);
        }
    }
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn rules_file(at: Index, mutations in vec((any::<Index>(), 0..4_usize, select(MEANINGFUL)), 0..4)) {
        check("rules_file", checks::rules_file, at, &mutations);
    }

    #[test]
    fn rewriter(at: Index, mutations in vec((any::<Index>(), 0..4_usize, select(MEANINGFUL)), 0..4)) {
        check("rewriter", checks::rewriter, at, &mutations);
    }

    #[test]
    fn file_reader(at: Index, mutations in vec((any::<Index>(), 0..4_usize, select(MEANINGFUL)), 0..4)) {
        check("file_reader", checks::file_reader, at, &mutations);
    }

    #[test]
    fn terraform(at: Index, mutations in vec((any::<Index>(), 0..4_usize, select(MEANINGFUL)), 0..4)) {
        check("terraform", checks::terraform, at, &mutations);
    }

    #[test]
    fn operator(at: Index, mutations in vec((any::<Index>(), 0..4_usize, select(MEANINGFUL)), 0..4)) {
        check("operator", checks::operator, at, &mutations);
    }

    #[test]
    fn masker(at: Index, mutations in vec((any::<Index>(), 0..4_usize, select(MEANINGFUL)), 0..4)) {
        check("masker", checks::masker, at, &mutations);
    }

    #[test]
    fn server_words(at: Index, mutations in vec((any::<Index>(), 0..4_usize, select(MEANINGFUL)), 0..4)) {
        check("server_words", checks::server_words, at, &mutations);
    }
}
