//! References in Terraform files. `hcl-edit` tells where each literal is; nothing is written with it, so that every other
//! byte stays.

use super::keys::{Meaning, may_hold_reference, meaning};
use super::path::{self, Segment};
use super::spelling::Spelling;
use super::{FileKind, Malformed, ReferenceKind, ReferenceSite, SiteValue, UnresolvedReason};
use hcl_edit::expr::{Expression, ObjectKey, Traversal, TraversalOperator};
use hcl_edit::structure::{Block, Body, Structure};
use hcl_edit::template::{Element, Template};
use hcl_edit::{Span, parser};
use std::borrow::Cow;
use std::ops::Range;

/// Finds every reference, in document order.
pub(super) fn find(text: &str) -> Result<Vec<ReferenceSite>, Malformed> {
    let body = parser::parse_body(text).map_err(|error| {
        let location = error.location();
        Malformed {
            line: location.line(),
            column: location.column(),
            why: error.message().to_owned(),
        }
    })?;
    let mut walker = Walker {
        text,
        path: Vec::new(),
        sites: Vec::new(),
    };
    walker.body(&body);
    Ok(walker.sites)
}

/// What a string of Terraform's JSON syntax is if it is a template; `None` if it is the text itself.
pub(super) fn template_in_json(text: &str) -> Option<SiteValue> {
    if !text.contains("${") && !text.contains("%{") {
        return None;
    }
    let template = parser::parse_template(text).ok();
    let is_resource = template.is_some_and(|template| is_resource_template(&template));
    Some(if is_resource {
        SiteValue::Resource
    } else {
        SiteValue::Unresolved(UnresolvedReason::Expression)
    })
}

/// Walks over a file. The parser refuses deep nesting, so this may recurse.
struct Walker<'t> {
    text: &'t str,
    path: Vec<Segment<'t>>,
    sites: Vec<ReferenceSite>,
}

impl Walker<'_> {
    fn body(&mut self, body: &Body) {
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => {
                    self.member(attribute.key.as_str().to_owned(), &attribute.value);
                }
                Structure::Block(block) => self.block(block),
            }
        }
    }

    fn block(&mut self, block: &Block) {
        let labels = block.labels.iter().map(|label| label.as_str().to_owned());
        let keys = std::iter::once(block.ident.as_str().to_owned()).chain(labels);
        let n_before = self.path.len();
        let keys = keys.map(|key| Segment::Key(Cow::Owned(key)));
        self.path.extend(keys);
        self.body(&block.body);
        self.path.truncate(n_before);
    }

    /// A value under a key, of a block or an object.
    fn member(&mut self, key: String, value: &Expression) {
        self.path.push(Segment::Key(Cow::Owned(key)));
        match self.meaning() {
            Some(meaning @ (Meaning::Names(_) | Meaning::NewerApiId)) => {
                self.record(meaning, value);
            }
            _ => self.value(value),
        }
        self.path.pop();
    }

    fn meaning(&self) -> Option<Meaning> {
        let mut keys = self.path.iter().rev().filter_map(Segment::key);
        let key = keys.next()?;
        meaning(FileKind::Terraform, key, keys)
    }

    /// Records what names a webhook, according to its key.
    fn record(&mut self, meaning: Meaning, value: &Expression) {
        if let Expression::Parenthesis(inner) = value {
            return self.record(meaning, inner.inner());
        }
        let Some(bytes) = value.span().filter(|_| !value.is_null()) else {
            return;
        };
        let literal = |kind| self.literal(kind, value, bytes.clone());
        let found = match meaning {
            _ if is_resource(value) => SiteValue::Resource,
            Meaning::Names(ReferenceKind::PossibleId) => match literal(ReferenceKind::PossibleId) {
                literal @ SiteValue::Literal { .. } => literal,
                _ => return self.value(value),
            },
            Meaning::Names(kind) => literal(kind),
            _ => SiteValue::Unresolved(UnresolvedReason::NewerApiId),
        };
        self.push(bytes, found);
    }

    fn literal(&self, kind: ReferenceKind, value: &Expression, bytes: Range<usize>) -> SiteValue {
        let token = &self.text[bytes];
        let (text, spelling) = match value {
            Expression::Number(_) if kind != ReferenceKind::Alias => {
                (token.to_owned(), Spelling::of_number(token))
            }
            Expression::String(text) if token.starts_with('"') && token.ends_with('"') => {
                (text.as_str().to_owned(), Spelling::TerraformString)
            }
            Expression::Number(_) | Expression::Bool(_) => {
                return SiteValue::Unresolved(UnresolvedReason::NotAnId);
            }
            _ => return SiteValue::Unresolved(UnresolvedReason::Expression),
        };
        SiteValue::Literal {
            kind,
            text,
            spelling,
        }
    }

    /// Looks for references inside a value that is none itself.
    fn value(&mut self, value: &Expression) {
        match value {
            Expression::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.path.push(Segment::Index(index));
                    self.value(item);
                    self.path.pop();
                }
            }
            Expression::Object(object) => {
                for (key, value) in object {
                    match key_text(key) {
                        Some(key) => self.member(key, value.expr()),
                        None => self.value(value.expr()),
                    }
                }
            }
            Expression::String(text) => self.text(text.as_str(), value),
            Expression::StringTemplate(template) => {
                self.text(&literal_text(template.iter()), value);
                self.elements(template.iter());
            }
            Expression::HeredocTemplate(heredoc) => {
                self.text(&literal_text(heredoc.template.iter()), value);
                self.elements(heredoc.template.iter());
            }
            other => {
                for part in parts(other) {
                    self.value(part);
                }
            }
        }
    }

    fn elements<'e>(&mut self, elements: impl Iterator<Item = &'e Element>) {
        for element in elements {
            if let Element::Interpolation(interpolation) = element {
                self.value(&interpolation.expr);
            }
        }
    }

    /// Reports a text that seems to hold a reference of its own.
    fn text(&mut self, text: &str, value: &Expression) {
        if may_hold_reference(text)
            && let Some(bytes) = value.span()
        {
            self.push(bytes, SiteValue::Unresolved(UnresolvedReason::InsideText));
        }
    }

    fn push(&mut self, bytes: Range<usize>, value: SiteValue) {
        let path = path::shown(self.path.len(), |ix| self.path.get(ix).cloned());
        self.sites.push(ReferenceSite { path, bytes, value });
    }
}

/// The key of an object's member; `None` if only Terraform knows it.
fn key_text(key: &ObjectKey) -> Option<String> {
    match key {
        ObjectKey::Ident(ident) | ObjectKey::Expression(Expression::Variable(ident)) => {
            Some(ident.as_str().to_owned())
        }
        ObjectKey::Expression(Expression::String(text)) => Some(text.as_str().to_owned()),
        ObjectKey::Expression(_) => None,
    }
}

/// The parts of a template that are text.
fn literal_text<'e>(elements: impl Iterator<Item = &'e Element>) -> String {
    let texts = elements.filter_map(|element| element.as_literal());
    texts.map(|text| text.as_str()).collect()
}

/// The expressions that an expression consists of, except those with keys or text.
fn parts(value: &Expression) -> Vec<&Expression> {
    match value {
        Expression::Parenthesis(inner) => vec![inner.inner()],
        Expression::Conditional(all) => vec![&all.cond_expr, &all.true_expr, &all.false_expr],
        Expression::FuncCall(call) => call.args.iter().collect(),
        Expression::Traversal(traversal) => {
            let indexes = traversal.operators.iter();
            let indexes = indexes.filter_map(|operator| match operator.value() {
                TraversalOperator::Index(index) => Some(index),
                _ => None,
            });
            std::iter::once(&traversal.expr).chain(indexes).collect()
        }
        Expression::UnaryOp(operation) => vec![&operation.expr],
        Expression::BinaryOp(operation) => vec![&operation.lhs_expr, &operation.rhs_expr],
        Expression::ForExpr(all) => {
            let key = all.key_expr.iter();
            let condition = all.cond.iter().map(|condition| &condition.expr);
            let collection = std::iter::once(&all.intro.collection_expr);
            let value = std::iter::once(&all.value_expr);
            collection
                .chain(key)
                .chain(value)
                .chain(condition)
                .collect()
        }
        _ => Vec::new(),
    }
}

/// Whether an expression is a webhook's resource or data source, perhaps within a function, and nothing else.
fn is_resource(value: &Expression) -> bool {
    match value {
        Expression::Traversal(traversal) => is_webhook_attribute(traversal),
        Expression::Parenthesis(inner) => is_resource(inner.inner()),
        Expression::FuncCall(call) => {
            let mut arguments = call.args.iter();
            let is_first = arguments.next().is_some_and(is_resource);
            is_first && arguments.next().is_none()
        }
        Expression::StringTemplate(template) => {
            let mut elements = template.iter();
            is_only_resource(elements.next(), elements.next())
        }
        _ => false,
    }
}

fn is_resource_template(template: &Template) -> bool {
    let mut elements = template.iter();
    is_only_resource(elements.next(), elements.next())
}

fn is_only_resource(first: Option<&Element>, second: Option<&Element>) -> bool {
    let interpolation = first.and_then(Element::as_interpolation);
    second.is_none() && interpolation.is_some_and(|first| is_resource(&first.expr))
}

/// Whether a traversal is `coralogix_webhook.NAME.…`, or the same of a data source.
fn is_webhook_attribute(traversal: &Traversal) -> bool {
    let Expression::Variable(root) = &traversal.expr else {
        return false;
    };
    let mut names = traversal
        .operators
        .iter()
        .map(|operator| match operator.value() {
            TraversalOperator::GetAttr(name) => Some(name.as_str()),
            _ => None,
        });
    match root.as_str() {
        "coralogix_webhook" => names.next().flatten().is_some(),
        "data" => names.next().flatten() == Some("coralogix_webhook"),
        _ => false,
    }
}
