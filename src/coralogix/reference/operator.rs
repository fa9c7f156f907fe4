//! References in YAML: resources of the vendor's Kubernetes operator, and alerts that somebody converted from JSON.
//!
//! The parser tells where each scalar starts; nothing is written with it, so that every other byte stays. What depends on
//! an anchor is never rewritten, because other places share it.

mod tree;

use super::keys::{Meaning, may_hold_reference, meaning};
use super::path::{self, Segment};
use super::spelling::Spelling;
use super::{FileKind, Malformed, ReferenceKind, ReferenceSite, SiteValue, UnresolvedReason};
use saphyr_parser::ScalarStyle;
use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use tree::{Anchor, Node, NodeIx, Scalar, Tree};

/// Nodes that are visited for the sake of aliases; a file with more gets no answer.
const MAX_EXPANDED: usize = 100_000;
/// Levels of containers, aliases included.
const MAX_DEPTH: usize = 200;

/// Finds every reference; those behind an alias are where the alias is.
pub(super) fn find(text: &str) -> Result<Vec<ReferenceSite>, Malformed> {
    let tree = Tree::parse(text)?;
    let mut walker = Walker {
        text,
        tree: &tree,
        path: Vec::new(),
        sites: Vec::new(),
        n_expanded: 0,
    };
    for root in &tree.documents {
        walker.value(*root, Place::default())?;
    }
    Ok(walker.sites)
}

/// What holds for everything below a node.
#[derive(Debug, Clone, Default)]
struct Place {
    /// Where the alias is through which the walk came here.
    alias: Option<Range<usize>>,
    /// Why nothing here can be rewritten.
    obstacle: Option<UnresolvedReason>,
    depth: usize,
}

impl Place {
    fn with_obstacle(&self, obstacle: Option<UnresolvedReason>) -> Self {
        Self {
            obstacle: self.obstacle.or(obstacle),
            ..self.clone()
        }
    }
}

struct Walker<'t> {
    text: &'t str,
    tree: &'t Tree<'t>,
    path: Vec<Segment<'t>>,
    sites: Vec<ReferenceSite>,
    n_expanded: usize,
}

impl<'t> Walker<'t> {
    /// Looks for references in a value that is none itself.
    fn value(&mut self, ix: NodeIx, place: Place) -> Result<(), Malformed> {
        let (node, place) = self.enter(ix, place)?;
        match node {
            Node::Mapping { members, .. } => {
                let repeated = self.tree.repeated_keys(members);
                for (key, value) in members {
                    let key = self.tree.scalar(*key).map(|key| &*key.text);
                    let obstacle = key
                        .filter(|key| repeated.contains(key))
                        .map(|_| UnresolvedReason::DuplicateKey);
                    self.member(key, *value, place.with_obstacle(obstacle))?;
                }
            }
            Node::Sequence { items, .. } => {
                let is_list_of_aliases = self.meaning() == Some(Meaning::ListOfAliases);
                for (index, item) in items.iter().enumerate() {
                    self.path.push(Segment::Index(index));
                    if is_list_of_aliases {
                        self.named(ReferenceKind::Alias, *item, &place);
                    } else {
                        self.value(*item, place.clone())?;
                    }
                    self.path.pop();
                }
            }
            Node::Scalar(scalar) => {
                if may_hold_reference(&scalar.text) {
                    self.push(
                        scalar.bytes.clone(),
                        &place,
                        SiteValue::Unresolved(UnresolvedReason::InsideText),
                    );
                }
            }
            Node::Alias { .. } => {}
        }
        Ok(())
    }

    fn member(
        &mut self,
        key: Option<&'t str>,
        value: NodeIx,
        place: Place,
    ) -> Result<(), Malformed> {
        // What a merge key brings in counts as if it were here.
        let Some(key) = key.filter(|key| *key != "<<") else {
            return self.value(value, place);
        };
        self.path.push(Segment::Key(Cow::Borrowed(key)));
        match self.meaning() {
            Some(Meaning::Names(kind)) => self.named(kind, value, &place),
            Some(Meaning::Resource) => {
                let bytes = self.tree.nodes[value].bytes();
                self.push(bytes, &place, SiteValue::Resource);
            }
            Some(Meaning::ListOfAliases | Meaning::NewerApiId) | None => {
                self.value(value, place)?;
            }
        }
        self.path.pop();
        Ok(())
    }

    /// Follows an alias, within bounds, and notes whether the node is shared.
    fn enter(&mut self, ix: NodeIx, place: Place) -> Result<(&'t Node<'t>, Place), Malformed> {
        let (mut node, mut place) = (&self.tree.nodes[ix], place);
        place.depth += 1;
        if place.alias.is_some() {
            self.n_expanded += 1;
        }
        if place.depth > MAX_DEPTH || self.n_expanded > MAX_EXPANDED {
            let at = place.alias.map_or(node.bytes().start, |alias| alias.start);
            return Err(tree::malformed_at(
                self.text,
                at,
                "nested too deeply, or too many aliases",
            ));
        }
        if let Node::Alias { of, bytes } = node {
            let Some(target) = of else {
                return Ok((node, place));
            };
            place.alias = Some(place.alias.unwrap_or_else(|| bytes.clone()));
            node = &self.tree.nodes[*target];
        }
        if self.tree.is_shared(node.anchor()) {
            place = place.with_obstacle(Some(UnresolvedReason::Anchor));
        }
        Ok((node, place))
    }

    fn meaning(&self) -> Option<Meaning> {
        let mut keys = self.path.iter().rev().filter_map(Segment::key);
        let key = keys.next()?;
        meaning(FileKind::Operator, key, keys)
    }

    /// Records the value of a key that names a webhook.
    fn named(&mut self, kind: ReferenceKind, ix: NodeIx, place: &Place) {
        let node = &self.tree.nodes[ix];
        let has_anchor = node.anchor() != 0;
        let place = place.with_obstacle(has_anchor.then_some(UnresolvedReason::Anchor));
        match node {
            Node::Scalar(scalar) if scalar.is_null() => {}
            Node::Scalar(scalar) => match literal(kind, scalar, self.text) {
                Some((bytes, literal)) => self.push(bytes, &place, literal),
                None if kind == ReferenceKind::PossibleId => {}
                None => self.push(
                    scalar.bytes.clone(),
                    &place,
                    SiteValue::Unresolved(place.obstacle.unwrap_or(UnresolvedReason::NotPlain)),
                ),
            },
            _ if kind == ReferenceKind::PossibleId => {}
            Node::Alias { bytes, .. } => self.push(
                bytes.clone(),
                &place,
                SiteValue::Unresolved(UnresolvedReason::Anchor),
            ),
            other => self.push(
                other.bytes(),
                &place,
                SiteValue::Unresolved(UnresolvedReason::NotAnId),
            ),
        }
    }

    /// Records a site; one that cannot be rewritten here, with the reason, and one behind an alias, at the alias. A longer
    /// text stays one whatever its place: it may hold secrets, and what is one is not shown.
    fn push(&mut self, bytes: Range<usize>, place: &Place, value: SiteValue) {
        let is_replaced = matches!(
            value,
            SiteValue::Literal {
                kind: ReferenceKind::Id | ReferenceKind::Alias,
                ..
            }
        );
        let value = match place.obstacle.filter(|_| is_replaced) {
            Some(obstacle) => SiteValue::Unresolved(obstacle),
            None => value,
        };
        let bytes = place.alias.clone().unwrap_or(bytes);
        let path = path::shown(self.path.len(), |ix| self.path.get(ix).cloned());
        self.sites.push(ReferenceSite { path, bytes, value });
    }
}

/// The literal of a scalar on one line, and where it is; `None` if it is no such scalar.
fn literal(
    kind: ReferenceKind,
    scalar: &Scalar<'_>,
    text: &str,
) -> Option<(Range<usize>, SiteValue)> {
    let bytes = scalar.token(text)?;
    let token = &text[bytes.clone()];
    let spelling = match scalar.style {
        ScalarStyle::Plain if kind != ReferenceKind::Alias => Spelling::of_number(token),
        ScalarStyle::Plain => Spelling::YamlPlain,
        ScalarStyle::SingleQuoted => Spelling::YamlSingleQuoted,
        ScalarStyle::DoubleQuoted => Spelling::YamlDoubleQuoted,
        ScalarStyle::Literal | ScalarStyle::Folded => return None,
    };
    let value = SiteValue::Literal {
        kind,
        text: scalar.text.clone().into_owned(),
        spelling,
    };
    Some((bytes, value))
}

/// The keys that come more than once.
fn repeated<'k>(keys: impl Iterator<Item = &'k str>) -> HashSet<&'k str> {
    let mut seen = HashSet::new();
    keys.filter(|key| *key != "<<" && !seen.insert(*key))
        .collect()
}

impl<'t> Tree<'t> {
    fn repeated_keys(&'t self, members: &[(NodeIx, NodeIx)]) -> HashSet<&'t str> {
        let keys = members.iter().filter_map(|(key, _)| self.scalar(*key));
        repeated(keys.map(|key| &*key.text))
    }

    fn is_shared(&self, anchor: Anchor) -> bool {
        anchor != 0 && self.used_anchors.contains(&anchor)
    }
}
