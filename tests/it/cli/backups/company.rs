//! Backups of one name are of one company: another one is refused, whatever happened in between.

use super::{CONFIG, CREATE, Place};
use crate::support::receiver::{Manner, Receiver};
use crate::support::stand_in::StandIn;

fn company(id: u64, aliases: &[&str]) -> Manner {
    let webhook = |(at, alias): (usize, &&str)| {
        format!(r#"{{"id":{at},"alias":"{alias}","company_id":{id}}}"#)
    };
    let webhooks: Vec<String> = aliases.iter().enumerate().map(webhook).collect();
    Manner::json(&format!("[{}]", webhooks.join(",")))
}

/// An account behind one address that says what it is told, as a key that was swapped would make it.
struct Swapped {
    server: Receiver,
    place: Place,
}

impl Swapped {
    fn new(expected: &str) -> Self {
        let server = Receiver::start(company(7, &["a", "b"]));
        let config = CONFIG.replace("[source]", &server.url()).replacen(
            "api_key_file",
            &format!("{expected}\napi_key_file"),
            1,
        );
        let place = Place::of(StandIn::demo(), &config);
        place.done(CREATE);
        Self { server, place }
    }

    #[track_caller]
    fn is_refused(&self, manner: Manner, flags: &str) {
        self.server.answer(manner);
        let before = self.place.objects();
        let run = self.place.run(&format!("{CREATE} {flags}"));
        run.assert_code(5);
        assert!(
            run.stderr.contains("company 7") && run.stderr.contains("hint: "),
            "{}",
            run.stderr
        );
        assert!(self.place.objects() == before, "something was written");
    }
}

#[test]
fn another_than_the_profile_expects() {
    let swapped = Swapped::new("company_id = 7");
    swapped.is_refused(company(8, &["a", "b"]), "");
    swapped.is_refused(company(8, &["a", "b"]), "--accept-shrink");
}

#[test]
fn another_than_the_backups_are_of() {
    let swapped = Swapped::new("");
    swapped.is_refused(company(8, &["a", "b"]), "");
    swapped.is_refused(company(8, &["a", "b"]), "--accept-shrink");
    // The same key can see only one company: two in one answer are no account at all.
    let mixed = r#"[{"id":1,"alias":"a","company_id":7},{"id":2,"alias":"b","company_id":8}]"#;
    swapped.is_refused(Manner::json(mixed), "");
    let place = swapped.place;
    swapped.server.answer(company(7, &["a", "b", "c"]));
    place.done(CREATE);
}

/// An empty account shows no company; what it was before is not forgotten for that.
#[test]
fn another_after_the_account_was_empty() {
    let swapped = Swapped::new("");
    swapped.server.answer(Manner::json("[]"));
    swapped.place.done(&format!("{CREATE} --accept-shrink"));
    swapped.is_refused(company(8, &["a", "b"]), "");
    swapped.server.answer(company(7, &["a"]));
    swapped.place.done(CREATE);
}
