//! Which runs a rollback undoes: those that the user named, or their whole chains.

use crate::document::run::RunRecord;
use crate::error::Error;
use crate::render::screen::Screen;
use crate::store::runs::Runs;
use std::collections::{BTreeMap, BTreeSet};

/// The runs to undo, with what the user has to know of the rest of their chains.
pub(super) struct ChosenRuns {
    /// The records to work on, the newest first; never empty.
    pub(super) records: Vec<RunRecord>,
    /// Those among them that are already rolled back: what they wrote is gone.
    pub(super) already_undone: BTreeSet<String>,
    /// Runs of a chain whose record is gone, so that nobody knows what they wrote.
    pub(super) without_record: Vec<String>,
}

/// The runs that the user named; with `chain` also those that they continued, or that continued them.
///
/// # Errors
/// Where there is no such run, and where they did not all write to one account.
pub(super) fn choose(
    runs: &Runs,
    names: &[String],
    chain: bool,
    screen: &Screen,
) -> Result<ChosenRuns, Error> {
    let ids: Result<BTreeSet<String>, Error> = names.iter().map(|name| runs.find(name)).collect();
    let mut ids = ids?;
    let mut without_record = Vec::new();
    if chain {
        let links = Links::read(runs)?;
        (ids, without_record) = links.chain(&ids);
        links.warn_about_damaged(&ids, screen);
    }
    let records: Result<Vec<RunRecord>, Error> = ids.iter().rev().map(|id| runs.open(id)).collect();
    let records = records?;
    refuse_several_accounts(&records)?;
    if !chain {
        mention_the_rest(&records, &ids, screen);
    }
    let undone = records.iter().filter(|record| chain && record.is_undone());
    let mut already_undone: BTreeSet<String> =
        undone.map(|record| record.id().to_owned()).collect();
    // To undo everything once more is safe, and shows that nothing is left.
    if already_undone.len() == records.len() {
        already_undone.clear();
    }
    Ok(ChosenRuns {
        records,
        already_undone,
        without_record,
    })
}

/// Says which runs of a chain stay as they are, because the user named others.
fn mention_the_rest(records: &[RunRecord], named: &BTreeSet<String>, screen: &Screen) {
    let neighbours = records.iter().flat_map(|record| {
        let earlier = record.header.continues.iter().map(String::as_str);
        earlier.chain(record.continued_by())
    });
    let rest: BTreeSet<&str> = neighbours.filter(|run| !named.contains(*run)).collect();
    if rest.is_empty() {
        return;
    }
    let rest = Vec::from_iter(rest).join(", ");
    screen.print_sentence(&format!(
        "note: what runs of the same chain wrote stays ({rest}); --chain undoes it, too"
    ));
}

/// Which runs continued which.
struct Links {
    /// For each run on record, those that it continued; none for a damaged record.
    continues: BTreeMap<String, Vec<String>>,
    damaged: Vec<(String, Error)>,
}

impl Links {
    fn read(runs: &Runs) -> Result<Self, Error> {
        let (mut continues, mut damaged) = (BTreeMap::new(), Vec::new());
        for listed in runs.all()? {
            let earlier = match listed.record {
                Ok(record) => record.header.continues,
                Err(error) => {
                    damaged.push((listed.id.clone(), error));
                    Vec::new()
                }
            };
            continues.insert(listed.id, earlier);
        }
        Ok(Self { continues, damaged })
    }

    /// Warns about the records that nobody can read, except those of the chain, which fail when they are opened.
    fn warn_about_damaged(&self, chain: &BTreeSet<String>, screen: &Screen) {
        for (id, error) in self.damaged.iter().filter(|(id, _)| !chain.contains(id)) {
            screen.warn(&format!(
                "whether run {id} is of this chain is unknown: {error}"
            ));
        }
    }

    /// All runs that belong to the chains of these: those on record, and those without one.
    ///
    /// Those that the user named count as on record, even if somebody removes one meanwhile: to open it fails then.
    fn chain(&self, named: &BTreeSet<String>) -> (BTreeSet<String>, Vec<String>) {
        let mut chain: BTreeSet<String> = BTreeSet::new();
        let mut open: Vec<String> = named.iter().cloned().collect();
        while let Some(id) = open.pop() {
            let earlier = self.continues.get(&id).into_iter().flatten();
            let later = self.continues.iter();
            let later = later.filter(|(_, continued)| continued.contains(&id));
            open.extend(earlier.chain(later.map(|(later, _)| later)).cloned());
            open.retain(|other| !chain.contains(other) && *other != id);
            chain.insert(id);
        }
        let (on_record, gone) = chain
            .into_iter()
            .partition(|id| named.contains(id) || self.continues.contains_key(id));
        (on_record, Vec::from_iter::<BTreeSet<String>>(gone))
    }
}

fn refuse_several_accounts(records: &[RunRecord]) -> Result<(), Error> {
    for (ix, newer) in records.iter().enumerate() {
        let mut older = records[ix + 1..].iter();
        if let Some(other) = older.find(|older| is_other_account(older, newer)) {
            let what = format!(
                "runs {} and {} wrote to different accounts",
                other.id(),
                newer.id()
            );
            return Err(Error::usage(what).with_hint("roll them back one by one"));
        }
    }
    Ok(())
}

/// Whether two runs certainly wrote to different accounts: one host may serve several, and not every run saw a company.
fn is_other_account(one: &RunRecord, other: &RunRecord) -> bool {
    let companies = one.company().zip(other.company());
    one.canonical_host() != other.canonical_host() || companies.is_some_and(|(a, b)| a != b)
}

#[cfg(test)]
mod tests {
    use super::Links;
    use std::collections::{BTreeMap, BTreeSet};

    /// A record that goes after it was found by its name is no run that nobody named.
    #[test]
    fn a_named_run_is_never_without_record() {
        let links = Links {
            continues: BTreeMap::new(),
            damaged: Vec::new(),
        };
        let named = BTreeSet::from(["20260101-000000-000abc".to_owned()]);
        assert_eq!(links.chain(&named), (named, Vec::new()));
    }
}
