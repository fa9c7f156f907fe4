//! The checks of the fuzz targets, on as much as fits into an ordinary test run: their seeds, each with random wounds.

#[path = "../../fuzz/checks.rs"]
mod checks;

use crate::support::generator::cases;
use crate::support::source::below;
use proptest::collection::vec;
use proptest::prelude::{any, proptest};
use proptest::sample::{Index, select};
use std::path::Path;

/// The seeds of a target.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(target);
    let seeds: Vec<Vec<u8>> = below(&folder)
        .iter()
        .map(|path| std::fs::read(path).unwrap())
        .collect();
    assert!(!seeds.is_empty(), "{target} has no seeds");
    seeds
}

/// What a wound puts in: the characters that carry meaning in JSON and TOML, and one of more than a byte.
const MEANINGFUL: &[&str] = &[
    "", "\"", "\\", "{", "}", "[", "]", ",", ":", ".", "=", "\n", "0", "null", "é", "cxtp_", "$A",
    "\\u0041",
];

/// A seed with some ranges replaced.
fn wounded(seed: &[u8], wounds: &[(Index, usize, &'static str)]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for (at, length, text) in wounds {
        let start = at.index(bytes.len() + 1);
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, text.bytes());
    }
    bytes
}

/// What must hold for any bytes.
type Check = fn(&[u8]);

fn check(target: &str, check: Check, at: Index, wounds: &[(Index, usize, &'static str)]) {
    let seeds = seeds(target);
    check(&wounded(&seeds[at.index(seeds.len())], wounds));
}

#[test]
fn every_seed_passes() {
    let checks: [(&str, Check); 3] = [
        ("rules_file", checks::rules_file),
        ("rewriter", checks::rewriter),
        ("masker", checks::masker),
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
    fn rules_file(at: Index, wounds in vec((any::<Index>(), 0..4_usize, select(MEANINGFUL)), 0..4)) {
        check("rules_file", checks::rules_file, at, &wounds);
    }

    #[test]
    fn rewriter(at: Index, wounds in vec((any::<Index>(), 0..4_usize, select(MEANINGFUL)), 0..4)) {
        check("rewriter", checks::rewriter, at, &wounds);
    }

    #[test]
    fn masker(at: Index, wounds in vec((any::<Index>(), 0..4_usize, select(MEANINGFUL)), 0..4)) {
        check("masker", checks::masker, at, &wounds);
    }
}
