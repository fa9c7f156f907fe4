//! How a run ended, as far as its record shows.

use crate::pipeline::outcome::{self, FinalStatus};
use crate::pipeline::push::StopReason;

use super::RunRecord;

impl RunRecord {
    /// Whether the run did all that it was to do, and has read it back.
    pub fn is_complete(&self) -> bool {
        let steps = self.header.steps.iter().map(|row| row.state);
        let statuses = self.items.iter().map(|item| &item.status);
        let is_read_back = self
            .footer
            .as_ref()
            .is_some_and(|footer| footer.read_back.is_some());
        outcome::is_complete(steps.zip(statuses), is_read_back)
    }

    /// Number of webhooks in each final status, without the statuses that none has.
    pub fn counts(&self) -> Vec<(FinalStatus, usize)> {
        let steps = self.header.steps.iter().zip(&self.items);
        let mut counts = FinalStatus::ALL.map(|status| (status, 0));
        for (row, item) in steps {
            let status = FinalStatus::new(row.state, &item.status);
            if let Some((_, n)) = counts.iter_mut().find(|(each, _)| *each == status) {
                *n += 1;
            }
        }
        counts.into_iter().filter(|(_, n)| *n > 0).collect()
    }

    /// Why the run stopped early; `None` if it did not, or has not ended.
    pub fn stop(&self) -> Option<&StopReason> {
        self.footer.as_ref()?.stop.as_ref()
    }

    /// Whether any request may have changed the target.
    pub fn may_have_written(&self) -> bool {
        match &self.footer {
            Some(footer) => footer.may_have_written,
            None => self.last_sent.is_some(),
        }
    }

    /// Number of write requests that the run sent, or was about to send when it was cut off.
    pub fn n_requests(&self) -> usize {
        self.footer
            .as_ref()
            .map_or(self.n_sends, |footer| footer.requests)
    }
}
