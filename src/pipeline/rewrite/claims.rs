//! The changes to one webhook, found by the place that they overlap, however many there are.

use super::change::Change;
use crate::coralogix::path::Path;
use crate::coralogix::place::Place;

/// A value to change, with its new JSON.
pub(super) struct Claim {
    pub(super) place_ix: usize,
    pub(super) token: String,
    pub(super) change: Change,
}

/// The changes to one webhook, in the order in which they were made.
pub(super) struct Claims {
    all: Vec<Claim>,
    /// The innermost place around each place.
    parents: Vec<Option<usize>>,
    /// The claim of each place.
    of_place: Vec<Option<usize>>,
    /// The first claim inside each place.
    inside_place: Vec<Option<usize>>,
}

impl Claims {
    /// No changes yet, of these places, in which each container comes before its contents.
    pub(super) fn new(places: &[Place]) -> Self {
        Self {
            all: Vec::new(),
            parents: parents(places.iter().map(|place| &place.path)),
            of_place: vec![None; places.len()],
            inside_place: vec![None; places.len()],
        }
    }

    /// The first claim of that place, or of one around or inside it.
    pub(super) fn overlapping(&self, place_ix: usize) -> Option<&Claim> {
        let around = self.around(place_ix).filter_map(|ix| self.of_place[ix]);
        let first = around.chain(self.inside_place[place_ix]).min();
        first.map(|claim_ix| &self.all[claim_ix])
    }

    /// Whether a claim of that place, or of one around it, satisfies a condition.
    pub(super) fn any_around(&self, place_ix: usize, satisfies: impl Fn(&Claim) -> bool) -> bool {
        let claims = self.around(place_ix).filter_map(|ix| self.of_place[ix]);
        claims
            .into_iter()
            .any(|claim_ix| satisfies(&self.all[claim_ix]))
    }

    pub(super) fn push(&mut self, claim: Claim) {
        let claim_ix = self.all.len();
        let place_ix = claim.place_ix;
        self.of_place[place_ix].get_or_insert(claim_ix);
        let mut outer = self.parents[place_ix];
        // What is marked already has all places around it marked.
        while let Some(ix) = outer.filter(|ix| self.inside_place[*ix].is_none()) {
            self.inside_place[ix] = Some(claim_ix);
            outer = self.parents[ix];
        }
        self.all.push(claim);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Claim> {
        self.all.iter()
    }

    /// The changes in the order of the webhook's values.
    pub(super) fn into_changes(mut self) -> Vec<Change> {
        self.all.sort_by_key(|claim| claim.place_ix);
        self.all.into_iter().map(|claim| claim.change).collect()
    }

    /// A place and those around it, the innermost first.
    fn around(&self, place_ix: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(place_ix), |ix| self.parents[*ix])
    }
}

/// For each path the last one before it that contains it.
fn parents<'p>(paths: impl Iterator<Item = &'p Path>) -> Vec<Option<usize>> {
    let mut parents = Vec::new();
    let mut open: Vec<(usize, &Path)> = Vec::new();
    for (ix, path) in paths.enumerate() {
        while open.pop_if(|(_, outer)| !path.is_within(outer)).is_some() {}
        parents.push(open.last().map(|(outer, _)| *outer));
        open.push((ix, path));
    }
    parents
}

#[cfg(test)]
mod tests {
    use super::parents;
    use crate::coralogix::path::Path;

    #[test]
    fn a_place_is_inside_the_container_before_it() {
        let paths = [
            "url",
            "payload",
            "payload.a",
            "payload.a.0",
            "payload.b",
            "headers",
        ];
        let paths = paths.map(|text| Path::parse(text).expect("a path"));
        let expected = [None, None, Some(1), Some(2), Some(1), None];
        assert_eq!(parents(paths.iter()), expected);
    }
}
