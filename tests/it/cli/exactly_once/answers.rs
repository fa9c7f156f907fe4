//! The write was accepted, but the response does not say clearly what it created.

use super::{Case, check_all};

#[test]
fn incomplete_responses() {
    check_all(&[
        Case::new("a page instead of an answer").fault("post:1:html-200"),
        Case::new("rows without ids").switch("answer=no-ids"),
        Case::new("rows without aliases").switch("answer=no-alias"),
        Case::new("the last row is missing").switch("answer=short"),
        Case::new("an empty object").switch("answer=empty-object"),
        Case::new("nothing").switch("answer=empty"),
        Case::new("OK").switch("answer=text"),
        Case::new("a page").switch("answer=html"),
        Case::new("rows without ids, in small requests")
            .switch("answer=no-ids")
            .with("--batch-size 4"),
        Case::new("nothing, in small requests")
            .switch("answer=empty")
            .with("--batch-size 4"),
        Case::new("reversed").switch("order=reversed"),
        Case::new("reversed, without ids")
            .switch("order=reversed")
            .switch("answer=no-ids"),
        Case::new("reversed, without aliases")
            .switch("order=reversed")
            .switch("answer=no-alias"),
        Case::new("ids as text")
            .switch("list=string-ids")
            .source_switch("list=string-ids"),
        Case::new("nothing but ids").switch("answer=bare-ids"),
        Case::new("an object of ids").switch("answer=ids-object"),
        Case::new("ids in quotes in the answer only").switch("answer-ids=text"),
        Case::new("ids in quotes in the answer and in the list")
            .switch("answer-ids=text")
            .switch("list=string-ids"),
        Case::new("fields as an array")
            .switch("list=object-fields")
            .switch("answer=no-ids"),
    ]);
}

#[test]
fn lists_that_lag() {
    check_all(&[
        Case::new("created webhooks are listed two reads later")
            .switch("visible-after=2")
            .settle("5s"),
        Case::new("listed later, and the answer says nothing")
            .switch("visible-after=1")
            .settle("1s")
            .switch("answer=empty"),
        Case::new("a first read that fails").fault("get:1:status=503"),
        Case::new("a first read that is cut short").fault("get:1:truncate"),
        Case::new("a last read that is cut short").fault("get:2:truncate"),
    ]);
}

#[test]
fn servers_that_are_strict() {
    check_all(&[
        Case::new("nothing that the server owns may be sent").switch("body=strict"),
        Case::new("alias and type must be unique").switch("alias-clash=409"),
        Case::new("unique, and the answer is lost")
            .switch("alias-clash=409")
            .fault("post:1:drop-after"),
        Case::new("unique, and half is lost")
            .switch("alias-clash=400")
            .fault("post:1:status=500,commit=half"),
        Case::new("five webhooks at most").switch("max-items=5"),
        Case::new("one webhook at most").switch("max-items=1"),
        Case::new("two kilobytes at most").switch("max-bytes=2048"),
    ]);
}
