//! What the two sides of a plan or an outcome are called: source and target, or a backup and the account that it is
//! restored to.

use crate::document::PartyDocument;

/// The words for the two sides.
#[derive(Clone, Copy)]
pub(crate) struct SideWords {
    /// The labels of the sides of a difference.
    pub(super) labels: [&'static str; 2],
    /// The target in a sentence, after `the`.
    pub(crate) target: &'static str,
}

impl SideWords {
    pub(super) const SOURCE_AND_TARGET: Self = Self {
        labels: ["source", "target"],
        target: "target",
    };

    const BACKUP_AND_ACCOUNT: Self = Self {
        labels: ["backup", "account now"],
        target: "account",
    };

    /// The words for what comes from this source.
    pub(crate) fn of(source: &PartyDocument) -> Self {
        if source.is_backup {
            Self::BACKUP_AND_ACCOUNT
        } else {
            Self::SOURCE_AND_TARGET
        }
    }

    /// The source with its label, unless its name says the same.
    pub(super) fn label_source(self, source: &str) -> String {
        let label = self.labels[0];
        if label != "source" && source.starts_with(label) {
            source.to_owned()
        } else {
            format!("{label} {source}")
        }
    }
}
