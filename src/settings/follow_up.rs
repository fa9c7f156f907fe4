//! What commands need that follow a run: the state folder, the account and the rules, as this command line names them.

use super::{Origin, Route, StateFolder};
use crate::cli::{
    self, ConnectionArgs, CrossCheckArgs, IdentityArgs, ReadingArgs, RewritingArgs, RouteArgs,
    UnmatchedArg,
};
use crate::coralogix::account::Account;
use crate::coralogix::endpoint::Endpoint;
use crate::coralogix::undocumented::shown_key_name;
use crate::document::run::{FollowUp, RewritingOptions, TargetOptions};
use crate::proposal::Words;
use std::path::Path;

/// What a command needs that follows a run which writes to `target`.
pub(super) fn follow_up(
    state: &StateFolder,
    connection: &ConnectionArgs,
    rewriting: &RewritingArgs,
    target: &Account,
) -> FollowUp {
    FollowUp {
        state_dir: state.flag_value(),
        target: TargetOptions {
            to: to(target),
            ..files(connection)
        },
        rewriting: rewriting_options(rewriting),
    }
}

/// What a command needs to reach an account that a record names, as this command line names it.
pub(super) fn target_options(connection: &ConnectionArgs, to: Option<&str>) -> TargetOptions {
    TargetOptions {
        to: to.map(str::to_owned),
        ..files(connection)
    }
}

fn files(connection: &ConnectionArgs) -> TargetOptions {
    TargetOptions {
        to: None,
        config: connection.config.config.as_deref().map(absolute),
        ca_file: connection.ca_file.as_deref().map(absolute),
    }
}

/// How a command has to name the target of a record: by the profile that has the key, or by an address to which
/// hookferry sends no key just because a file names it.
fn to(target: &Account) -> Option<String> {
    let endpoint = &target.endpoint;
    match &target.profile {
        Some(profile) => Some(profile.name.clone()),
        None if endpoint.is_vendor_host() || endpoint.is_loopback() => None,
        None => Some(endpoint.shown_address()),
    }
}

/// The options with which `apply` finds what a plan with this route is made of: what the plan itself says is left out.
pub(super) fn apply_words(arguments: &cli::PlanArgs, route: &Route) -> Words {
    let mut words = Words::default();
    match &route.source {
        Origin::Live(source) if source.profile.is_none() => {
            push_maybe(&mut words, "--from", to(source));
        }
        Origin::Stdin(_) => words.push_option("--from", "FILE"),
        Origin::Live(_) | Origin::File(..) | Origin::Backup(_) => {}
    }
    if route.target.profile.is_none() {
        push_maybe(&mut words, "--to", to(&route.target));
    }
    push_rule_options(&mut words, &arguments.rewriting);
    push_reading(&mut words, &arguments.reading);
    let state = StateFolder::resolve(arguments.state.state_dir.clone());
    push_maybe(&mut words, "--state-dir", state.flag_value());
    words
}

/// Adds the options with which a command reads the same accounts and files once more.
pub(super) fn push_reading(words: &mut Words, reading: &ReadingArgs) {
    push_connection(words, &reading.connection);
    push_identities(words, &reading.identity);
    if reading.source_list.accept_incomplete {
        words.push("--accept-incomplete");
    }
    push_cross_check(words, &reading.source_list.cross_check);
}

fn push_cross_check(words: &mut Words, cross_check: &CrossCheckArgs) {
    if cross_check.cross_check {
        words.push("--cross-check");
    }
}

fn push_connection(words: &mut Words, connection: &ConnectionArgs) {
    let files = files(connection);
    push_maybe(words, "--config", files.config);
    push_maybe(words, "--ca-file", files.ca_file);
}

fn push_identities(words: &mut Words, identities: &IdentityArgs) {
    for identity in &identities.identity {
        words.push_option("--identity", absolute(identity));
    }
}

fn push_maybe(words: &mut Words, name: &str, value: Option<String>) {
    if let Some(value) = value {
        words.push_option(name, value);
    }
}

/// How rules get their values.
fn push_rule_options(words: &mut Words, rewriting: &RewritingArgs) {
    if rewriting.allow_commands {
        words.push("--allow-commands");
    }
    if let Some(file) = &rewriting.env_file {
        words.push_option("--env-file", absolute(file));
    }
}

/// The options that say how webhooks are rewritten.
pub(super) fn rewriting_options(rewriting: &RewritingArgs) -> RewritingOptions {
    let mut values = Words::default();
    if rewriting.rules.is_some() {
        push_rule_options(&mut values, rewriting);
    }
    match rewriting.unmatched_secret {
        Some(UnmatchedArg::Refuse) => values.push_option("--unmatched-secret", "refuse"),
        Some(UnmatchedArg::Keep) if rewriting.rules.is_some() => {
            values.push_option("--unmatched-secret", "keep");
        }
        Some(UnmatchedArg::Keep) | None => {}
    }
    RewritingOptions {
        rules: rewriting.rules.as_deref().map(absolute),
        values,
        retarget: rewriting.retarget.clone(),
    }
}

/// The options with which `verify` compares the same two sides once more, without those that rewrite webhooks.
pub(super) fn verify_words(arguments: &cli::VerifyArgs, route: &RouteArgs) -> Words {
    let mut words = Words::default();
    words.push_option("--from", shown_account(&route.from));
    words.push_option("--to", shown_account(&route.to));
    let selection = &arguments.selection;
    for (name, values) in [
        ("--type", &selection.types),
        ("--name", &selection.names),
        ("--id", &selection.ids),
        ("--ignore-key", &arguments.comparison.ignore_keys),
    ] {
        for value in values {
            words.push_option(name, shown_key_name(value));
        }
    }
    push_identities(&mut words, &arguments.identity);
    push_connection(&mut words, &arguments.connection);
    push_cross_check(&mut words, &arguments.cross_check);
    let state = StateFolder::resolve(arguments.state.state_dir.clone());
    push_maybe(&mut words, "--state-dir", state.flag_value());
    words
}

/// An account as the user typed it, but without the path of an address.
fn shown_account(typed: &str) -> String {
    match Endpoint::parse(typed) {
        Ok(endpoint) if typed.contains("://") => endpoint.shown_address(),
        _ => typed.to_owned(),
    }
}

/// The path as it is right in any folder: whoever pastes the command may be in another one by then.
pub(super) fn absolute(path: &Path) -> String {
    let absolute = std::path::absolute(path);
    let path = absolute.as_deref().unwrap_or(path);
    path.display().to_string()
}
