//! Invented webhooks to start with; every secret in them contains the word "canary".

use serde_json::Value;

use super::Options;

/// Webhooks for both accounts, to start a sandbox with.
#[derive(Clone, Debug)]
pub struct Seeds {
    /// The source's webhooks.
    pub source: Vec<Value>,
    /// The webhooks that the target already has.
    pub target: Vec<Value>,
}

/// A realistic set of all nine types that migrates without a conflict, for demos.
pub fn demo() -> Seeds {
    Seeds {
        source: parse(include_str!("seeds/demo-source.json")),
        target: parse(include_str!("seeds/demo-target.json")),
    }
}

/// Every documented type and every awkward case at once, for tests.
pub fn awkward() -> Seeds {
    Seeds {
        source: parse(include_str!("seeds/awkward-source.json")),
        target: parse(include_str!("seeds/awkward-target.json")),
    }
}

impl From<Seeds> for Options {
    fn from(seeds: Seeds) -> Self {
        let mut options = Self::default();
        options.source.webhooks = seeds.source;
        options.target.webhooks = seeds.target;
        options
    }
}

fn parse(text: &str) -> Vec<Value> {
    serde_json::from_str(text).expect("the embedded seeds are a JSON array")
}
