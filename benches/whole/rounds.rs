//! The rounds of the comparison: contestants take turns, so that other load on the machine affects both.

use crate::contestants::{RecipeCost, hookferry, recipe, version};
use crate::link;
use crate::measure::Cost;
use crate::server::Accounts;
use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

/// The amount of work.
pub(crate) struct Plan {
    /// Webhooks of the large account.
    pub(crate) large: usize,
    /// Webhooks of the small account, the baseline for growth.
    pub(crate) small: usize,
    /// Rounds with the large account; the smaller accounts get three times as many.
    pub(crate) runs: usize,
}

impl Plan {
    /// The figures in the documentation.
    pub(crate) const FULL: Self = Self {
        large: 100_000,
        small: 1_000,
        runs: 5,
    };
    /// A quick check during development.
    pub(crate) const QUICK: Self = Self {
        large: 5_000,
        small: 1_000,
        runs: 1,
    };
}

/// Webhooks of the account at the end of a long link.
pub(crate) const LINKED: usize = 200;
/// Round-trip time of the link.
pub(crate) const ROUND_TRIP: Duration = Duration::from_millis(80);

/// One round: the recipe, then hookferry, then hookferry again with nothing left to do.
#[derive(Clone, Copy)]
pub(crate) struct Round {
    pub(crate) recipe: RecipeCost,
    pub(crate) first: Cost,
    pub(crate) again: Cost,
}

/// All measured costs.
pub(crate) struct Figures {
    pub(crate) plan: (usize, usize),
    pub(crate) large: Vec<Round>,
    pub(crate) small: Vec<Round>,
    pub(crate) linked: Vec<Round>,
    pub(crate) versions: Vec<Cost>,
}

/// Runs all rounds.
pub(crate) fn run(plan: &Plan) -> Result<Figures, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let versions = (0..20).map(|_| version(folder.path()));
    Ok(Figures {
        plan: (plan.large, plan.small),
        versions: versions.collect::<Result<_, _>>()?,
        linked: rounds(3 * plan.runs, LINKED, Some(ROUND_TRIP))?,
        small: rounds(3 * plan.runs, plan.small, None)?,
        large: rounds(plan.runs, plan.large, None)?,
    })
}

fn rounds(
    runs: usize,
    n: usize,
    round_trip: Option<Duration>,
) -> Result<Vec<Round>, Box<dyn Error>> {
    (1..=runs)
        .map(|run| {
            eprintln!("{n} webhooks, round {run} of {runs}");
            round(n, round_trip)
        })
        .collect()
}

fn round(n: usize, round_trip: Option<Duration>) -> Result<Round, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let link_to = |server: SocketAddr| match round_trip {
        Some(round_trip) => link::open(server, round_trip),
        None => Ok(server),
    };
    // Each contestant starts with an empty target.
    let accounts = Accounts::start(n)?;
    let recipe = recipe(
        link_to(accounts.source)?,
        link_to(accounts.target)?,
        folder.path(),
    )?;
    drop(accounts);
    let accounts = Accounts::start(n)?;
    let (source, target) = (link_to(accounts.source)?, link_to(accounts.target)?);
    Ok(Round {
        recipe,
        first: hookferry(source, target, folder.path())?,
        again: hookferry(source, target, folder.path())?,
    })
}
