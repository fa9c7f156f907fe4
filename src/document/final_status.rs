//! The heading and the symbol of each final status.

use crate::pipeline::outcome::FinalStatus;

impl FinalStatus {
    /// The heading of its group: the word, with an explanation where one is needed.
    pub(crate) fn heading(self) -> &'static str {
        match self {
            Self::Appeared => "appeared: created by someone else during the run, so not sent again",
            Self::Skipped => "skipped: left alone, as planned",
            Self::Refused => "refused by the target",
            Self::Ignored => "ignored: accepted by the target, but not stored",
            Self::Vanished => "vanished: gone from the target before the update; not created again",
            Self::Missing => "missing: arrived, but no longer in the target",
            Self::Duplicated => "duplicated: in the target more than once",
            Self::NotSeen => "not seen: sent, but not in the target when the run ended",
            Self::NotSent => "not sent: the run ended first",
            Self::Unchanged | Self::Created | Self::Updated | Self::Unresolved => self.word(),
        }
    }

    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Unchanged | Self::Appeared => "=",
            Self::Created => "+",
            Self::Updated => "~",
            Self::Skipped | Self::NotSent => "-",
            Self::Refused | Self::Ignored => "x",
            Self::Vanished | Self::Missing | Self::Duplicated => "!",
            Self::Unresolved | Self::NotSeen => "?",
        }
    }
}
