//! All backups under one name belong to one company: any other company is refused, whatever happened in between.

use super::{CONFIG, CREATE, Workspace};
use crate::support::receiver::{Receiver, ReplyMode};
use crate::support::stand_in::StandIn;

fn company_reply(company_id: u64, aliases: &[&str]) -> ReplyMode {
    let webhook = |(id, alias): (usize, &&str)| {
        format!(r#"{{"id":{id},"alias":"{alias}","company_id":{company_id}}}"#)
    };
    let webhooks: Vec<String> = aliases.iter().enumerate().map(webhook).collect();
    ReplyMode::json(&format!("[{}]", webhooks.join(",")))
}

/// A server that can respond as another company, as after an API key was swapped.
struct SwappedKey {
    server: Receiver,
    workspace: Workspace,
}

impl SwappedKey {
    fn new(expected: &str) -> Self {
        let server = Receiver::start(company_reply(7, &["a", "b"]));
        let config = CONFIG.replace("[source]", &server.url()).replacen(
            "api_key_file",
            &format!("{expected}\napi_key_file"),
            1,
        );
        let workspace = Workspace::with_config(StandIn::demo(), &config);
        workspace.run_ok(CREATE);
        Self { server, workspace }
    }

    #[track_caller]
    fn assert_refused(&self, manner: ReplyMode, flags: &str) {
        self.server.set_reply(manner);
        let before = self.workspace.objects();
        let run = self.workspace.run(&format!("{CREATE} {flags}"));
        run.assert_code(5);
        assert!(
            run.stderr.contains("company 7") && run.stderr.contains("hint: "),
            "{}",
            run.stderr
        );
        assert!(self.workspace.objects() == before, "something was written");
    }
}

#[test]
fn a_company_other_than_the_profile_expects_is_refused() {
    let swapped = SwappedKey::new("company_id = 7");
    swapped.assert_refused(company_reply(8, &["a", "b"]), "");
    swapped.assert_refused(company_reply(8, &["a", "b"]), "--accept-shrink");
}

#[test]
fn a_company_other_than_that_of_the_backups_is_refused() {
    let swapped = SwappedKey::new("");
    swapped.assert_refused(company_reply(8, &["a", "b"]), "");
    swapped.assert_refused(company_reply(8, &["a", "b"]), "--accept-shrink");
    // A key can read only one company: a response with two companies is not an account.
    let mixed = r#"[{"id":1,"alias":"a","company_id":7},{"id":2,"alias":"b","company_id":8}]"#;
    swapped.assert_refused(ReplyMode::json(mixed), "");
    let workspace = swapped.workspace;
    swapped.server.set_reply(company_reply(7, &["a", "b", "c"]));
    workspace.run_ok(CREATE);
}

/// An empty account shows no company; the company of earlier backups still counts.
#[test]
fn the_company_is_remembered_while_the_account_is_empty() {
    let swapped = SwappedKey::new("");
    swapped.server.set_reply(ReplyMode::json("[]"));
    swapped
        .workspace
        .run_ok(&format!("{CREATE} --accept-shrink"));
    swapped.assert_refused(company_reply(8, &["a", "b"]), "");
    swapped.server.set_reply(company_reply(7, &["a"]));
    swapped.workspace.run_ok(CREATE);
}
