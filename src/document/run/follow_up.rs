//! The commands that follow a run: what undoes it, what checks it, what shows its ids. Each is proposed from here alone,
//! with what it needs to find the run, its target and the target's key.

use super::RunRecord;
use crate::error::Error;
use crate::proposal::{Proposal, Words};
use serde::{Deserialize, Serialize};

/// What a command that follows a run needs besides the run's id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    /// The state folder with the record, unless it is the usual one. Not in the record: where that lies now, its reader
    /// knows.
    #[serde(skip)]
    pub state_dir: Option<String>,
    /// What is needed to reach the target.
    #[serde(flatten)]
    pub target: TargetOptions,
    /// The options with which the run rewrote webhooks.
    #[serde(default)]
    pub rewriting: RewritingOptions,
}

/// The options that say how webhooks are rewritten.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RewritingOptions {
    /// `--rules`: the path of the rules file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<String>,
    /// Where the rules get their values, and what happens to secrets that no rule covers.
    #[serde(default, skip_serializing_if = "Words::is_empty")]
    pub values: Words,
    /// `--retarget`: a region, or empty for that of the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retarget: Option<String>,
}

/// The options with which a command reaches the target of a run that is on record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetOptions {
    /// `--to`: the profile that has the key, or an address that has to be named again; `None` if the record is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// `--config`: the file with the profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
    /// `--ca-file`: the certificates that the connection needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
}

impl RewritingOptions {
    /// These options, completed by those of an earlier run; `None` if they lack none that change webhooks.
    pub fn completed_by(&self, earlier: &Self) -> Option<Self> {
        let lacks_rules = self.rules.is_none() && earlier.rules.is_some();
        let lacks_retarget = self.retarget.is_none() && earlier.retarget.is_some();
        (lacks_rules || lacks_retarget).then(|| Self {
            retarget: self.retarget.clone().or_else(|| earlier.retarget.clone()),
            ..if lacks_rules { earlier } else { self }.clone()
        })
    }

    /// The options as they are typed.
    pub fn words(&self) -> Words {
        let mut words = Words::default();
        if let Some(rules) = &self.rules {
            words.push_option("--rules", rules);
        }
        words.extend(&self.values);
        match self.retarget.as_deref() {
            Some("") => words.push("--retarget"),
            Some(region) => words.push(format!("--retarget={region}")),
            None => {}
        }
        words
    }
}

impl FollowUp {
    /// Adds what a command needs that only reads or closes a record.
    pub fn for_record(&self, command: Proposal) -> Proposal {
        command.maybe_option("--state-dir", self.state_dir.as_deref())
    }

    /// Adds what a command needs that also reads or writes the target.
    pub fn for_target(&self, command: Proposal) -> Proposal {
        let target = &self.target;
        self.for_record(command)
            .maybe_option("--to", target.to.as_deref())
            .maybe_option("--config", target.config.as_deref())
            .maybe_option("--ca-file", target.ca_file.as_deref())
    }
}

impl RunRecord {
    /// Undoes the run, and with it the runs of its chain: to undo it alone would leave half of one migration.
    pub fn rollback_command(&self) -> Proposal {
        let header = &self.header;
        // A run that wrote nothing has no record; those that it continued have.
        let run = match self.id() {
            "" => header.continues.last().map_or("latest", String::as_str),
            id => id,
        };
        let command = Proposal::new("rollback").word(run);
        header.follow_up.for_target(if self.is_in_chain() {
            command.word("--chain")
        } else {
            command
        })
    }

    /// What [`rollback_command`](Self::rollback_command) undoes, for the words before it: it follows each link of the
    /// chain, also those of which this record knows nothing.
    pub fn rollback_extent(&self) -> &'static str {
        if self.is_in_chain() {
            "this run and the others of its chain"
        } else {
            "this run"
        }
    }

    /// Goes on with the run's last rollback: undoes exactly the runs that this rollback was to undo, and no other of
    /// their chain.
    pub fn finish_rollback_command(&self) -> Proposal {
        let others = self.rollback.iter();
        let others = others.flat_map(|rollback| &rollback.together_with);
        let command = Proposal::new("rollback").word(self.id());
        let command = others.fold(command, |command, run| command.word(run));
        self.header.follow_up.for_target(command)
    }

    /// Compares the target with what the run wrote.
    pub fn verify_command(&self) -> Proposal {
        let command = Proposal::new("verify").option("--run", self.id());
        self.header.follow_up.for_target(command)
    }

    /// Why the run has no id map any more, and what to do about it; `None` if it has one.
    pub fn id_map_refusal(&self) -> Option<Error> {
        let id = self.id();
        if self.is_rollback_open() {
            return Some(
                Error::failed(format!(
                    "the rollback of run {id} was cut off, so the new ids in its map may no longer exist"
                ))
                .with_hint(format!("finish it first: {}", self.finish_rollback_command())),
            );
        }
        // One that was cut off and then closed may have deleted webhooks, too.
        let is_undone = self.rolled_back.is_some() || self.rollback.is_some();
        let list = self.header.follow_up.for_record(Proposal::new("runs"));
        is_undone.then(|| {
            Error::failed(format!(
                "run {id} was rolled back, so the new ids in its map no longer exist"
            ))
            .with_hint(format!(
                "`{list}` lists the runs: name one that was not rolled back, or migrate again"
            ))
        })
    }

    /// Tests what the run wrote, for webhooks of these types.
    pub fn deliver_test_command(&self, types: &str) -> Proposal {
        let command = Proposal::new("deliver-test").word(self.id());
        let command = command.option("--type", types);
        self.header.follow_up.for_target(command)
    }

    /// Shows the run's id map.
    pub fn id_map_command(&self) -> Proposal {
        let command = Proposal::new("idmap show").word(self.id());
        self.header.follow_up.for_record(command)
    }

    /// Rewrites exported alerts with the run's id map; the user puts the folders in.
    pub fn apply_id_map_command(&self) -> Proposal {
        let command = Proposal::new("idmap apply").word("EXPORTED-ALERTS");
        let command = command.option("--run", self.id());
        let follow_up = &self.header.follow_up;
        follow_up.for_record(command).option("--out", "NEW-ALERTS")
    }

    /// Turns alerts that were rewritten with the run's id map back to the source; the user puts the folders in.
    pub fn reverse_id_map_command(&self) -> Proposal {
        let command = Proposal::new("idmap apply").word("NEW-ALERTS");
        let command = command.option("--run", self.id()).word("--reverse");
        let follow_up = &self.header.follow_up;
        follow_up.for_record(command).option("--out", "OLD-ALERTS")
    }

    /// Closes the run.
    pub fn close_command(&self) -> Proposal {
        let command = Proposal::new("runs close").word(self.id());
        self.header.follow_up.for_record(command)
    }

    /// Whether the run continued others, or was continued.
    pub fn is_in_chain(&self) -> bool {
        !self.header.continues.is_empty() || self.continued_by().is_some()
    }

    /// The last run that continued it, if any did.
    pub fn continued_by(&self) -> Option<&str> {
        // What reconciled the run without writing anything is a command, and has no record.
        let is_run = |by: &&String| by.starts_with(|first: char| first.is_ascii_digit());
        self.reconciled_by.iter().rfind(is_run).map(String::as_str)
    }
}
