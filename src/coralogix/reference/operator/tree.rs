//! The nodes of a YAML file with their positions in bytes.

use super::super::Malformed;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, Tag};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// The index of a node.
pub(super) type NodeIx = usize;
/// The number that the parser gives an anchor; 0 for none.
pub(super) type Anchor = usize;

/// All documents of a file.
#[derive(Debug, Default)]
pub(super) struct Tree<'t> {
    pub(super) nodes: Vec<Node<'t>>,
    /// The root of each document.
    pub(super) documents: Vec<NodeIx>,
    /// The anchors that any alias uses.
    pub(super) used_anchors: HashSet<Anchor>,
}

/// A node.
#[derive(Debug)]
pub(super) enum Node<'t> {
    Scalar(Scalar<'t>),
    Sequence {
        items: Vec<NodeIx>,
        anchor: Anchor,
        start: usize,
    },
    Mapping {
        members: Vec<(NodeIx, NodeIx)>,
        anchor: Anchor,
        start: usize,
    },
    Alias {
        /// The node that it stands for; `None` if that contains the alias itself.
        of: Option<NodeIx>,
        bytes: Range<usize>,
    },
}

/// A number or text.
#[derive(Debug)]
pub(super) struct Scalar<'t> {
    pub(super) text: Cow<'t, str>,
    pub(super) style: ScalarStyle,
    /// Whether a tag says how it has to be read.
    pub(super) has_tag: bool,
    anchor: Anchor,
    /// As the parser reports it, perhaps with what follows.
    pub(super) bytes: Range<usize>,
}

impl Node<'_> {
    pub(super) fn anchor(&self) -> Anchor {
        match self {
            Self::Scalar(scalar) => scalar.anchor,
            Self::Sequence { anchor, .. } | Self::Mapping { anchor, .. } => *anchor,
            Self::Alias { .. } => 0,
        }
    }

    /// Where it is; only the start of a container.
    pub(super) fn bytes(&self) -> Range<usize> {
        match self {
            Self::Scalar(scalar) => scalar.bytes.clone(),
            Self::Sequence { start, .. } | Self::Mapping { start, .. } => *start..*start,
            Self::Alias { bytes, .. } => bytes.clone(),
        }
    }
}

impl Scalar<'_> {
    /// Whether it stands for nothing.
    pub(super) fn is_null(&self) -> bool {
        let is_null = matches!(&*self.text, "" | "~" | "null" | "Null" | "NULL");
        self.style == ScalarStyle::Plain && is_null
    }

    /// Exactly the bytes that spell it, with its quotes; `None` unless it is on one line, and as it is without a tag.
    ///
    /// Only what the text itself confirms counts, whatever the parser reports.
    pub(super) fn token(&self, text: &str) -> Option<Range<usize>> {
        let start = self.bytes.start;
        let rest = text.get(start..)?;
        let line = rest.lines().next().unwrap_or_default();
        let length = match self.style {
            ScalarStyle::Plain => line.starts_with(&*self.text).then_some(self.text.len()),
            ScalarStyle::SingleQuoted => {
                let token = single_quoted(line)?;
                let inner = line[1..token - 1].replace("''", "'");
                (inner == self.text).then_some(token)
            }
            ScalarStyle::DoubleQuoted => double_quoted(line),
            ScalarStyle::Literal | ScalarStyle::Folded => None,
        };
        let length = length.filter(|_| !self.has_tag)?;
        Some(start..start + length)
    }
}

/// The length of the single-quoted scalar at the start.
fn single_quoted(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    if bytes.first() != Some(&b'\'') {
        return None;
    }
    let mut at = 1;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'\'', Some(b'\'')) => at += 2,
            (b'\'', _) => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

/// The length of the double-quoted scalar at the start.
fn double_quoted(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    if bytes.first() != Some(&b'"') {
        return None;
    }
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

impl<'t> Tree<'t> {
    /// The scalar that a node is.
    pub(super) fn scalar(&self, ix: NodeIx) -> Option<&Scalar<'t>> {
        match &self.nodes[ix] {
            Node::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// Parses all documents; uses no stack for nesting.
    pub(super) fn parse(text: &'t str) -> Result<Self, Malformed> {
        let mut builder = Builder {
            offsets: Offsets::of(text),
            tree: Self::default(),
            anchored: HashMap::new(),
            open: Vec::new(),
        };
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| malformed(error.marker(), error.info()))?;
            builder.take(event, span);
        }
        Ok(builder.tree)
    }
}

/// The error at a position of the parser.
fn malformed(marker: &Marker, why: &str) -> Malformed {
    Malformed {
        line: marker.line().max(1),
        column: marker.col() + 1,
        why: why.to_owned(),
    }
}

/// The error at a byte of the text.
pub(super) fn malformed_at(text: &str, at: usize, why: &str) -> Malformed {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    Malformed {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        why: why.to_owned(),
    }
}

/// Puts the parser's events together.
struct Builder<'t> {
    offsets: Offsets,
    tree: Tree<'t>,
    /// The nodes with anchors that are complete.
    anchored: HashMap<Anchor, NodeIx>,
    /// The containers that are open, each with the key that waits for its value.
    open: Vec<(NodeIx, Option<NodeIx>)>,
}

impl<'t> Builder<'t> {
    fn take(&mut self, event: Event<'t>, span: Span) {
        let bytes = self.offsets.of_span(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let has_tag = tag.is_some_and(|tag: Cow<'_, Tag>| !tag.suffix.is_empty());
                let ix = self.add(Node::Scalar(Scalar {
                    text,
                    style,
                    has_tag,
                    anchor,
                    bytes,
                }));
                self.close(ix, anchor);
            }
            Event::Alias(anchor) => {
                self.tree.used_anchors.insert(anchor);
                let of = self.anchored.get(&anchor).copied();
                let ix = self.add(Node::Alias { of, bytes });
                self.close(ix, 0);
            }
            Event::SequenceStart(anchor, _) => {
                let ix = self.add(Node::Sequence {
                    items: Vec::new(),
                    anchor,
                    start: bytes.start,
                });
                self.open.push((ix, None));
            }
            Event::MappingStart(anchor, _) => {
                let ix = self.add(Node::Mapping {
                    members: Vec::new(),
                    anchor,
                    start: bytes.start,
                });
                self.open.push((ix, None));
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some((ix, _)) = self.open.pop() {
                    self.close(ix, self.tree.nodes[ix].anchor());
                }
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {}
        }
    }

    fn add(&mut self, node: Node<'t>) -> NodeIx {
        self.tree.nodes.push(node);
        self.tree.nodes.len() - 1
    }

    /// Hands a complete node to its container.
    fn close(&mut self, ix: NodeIx, anchor: Anchor) {
        if anchor != 0 {
            self.anchored.insert(anchor, ix);
        }
        let Some((container, key)) = self.open.last_mut() else {
            self.tree.documents.push(ix);
            return;
        };
        match (&mut self.tree.nodes[*container], key.take()) {
            (Node::Sequence { items, .. }, _) => items.push(ix),
            (Node::Mapping { members, .. }, Some(key)) => members.push((key, ix)),
            (_, None) => *key = Some(ix),
            _ => {}
        }
    }
}

/// The offset in bytes of each character; nothing where both are the same.
struct Offsets {
    of_chars: Option<Vec<usize>>,
    length: usize,
}

impl Offsets {
    fn of(text: &str) -> Self {
        let offsets = || text.char_indices().map(|(offset, _)| offset).collect();
        Self {
            of_chars: (!text.is_ascii()).then(offsets),
            length: text.len(),
        }
    }

    fn of_span(&self, span: Span) -> Range<usize> {
        let start = self.offset(span.start.index());
        start..self.offset(span.end.index()).max(start)
    }

    fn offset(&self, char_ix: usize) -> usize {
        match &self.of_chars {
            Some(offsets) => offsets.get(char_ix).copied().unwrap_or(self.length),
            None => char_ix.min(self.length),
        }
    }
}
