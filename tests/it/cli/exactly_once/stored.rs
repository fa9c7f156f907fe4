//! The server stores other content than was sent: that counts as arrived, is reported, and is never sent again.

use super::{Case, check_all};

#[test]
fn what_the_server_altered_is_adopted_and_named() {
    let altered = |name| Case::new(name).altered(6).prints("altered");
    check_all(&[
        Case::new("aliases are trimmed").switch("alias=trimmed"),
        altered("aliases are normalized").switch("alias=tidied"),
        altered("aliases are normalized, and the response is lost")
            .switch("alias=tidied")
            .fault("post:1:drop-after"),
        altered("a slash is added to urls").switch("url=slash"),
        altered("a slash is added to urls, and the response is lost")
            .switch("url=slash")
            .fault("post:1:drop-after"),
        altered("queries are dropped").switch("url=no-query"),
        Case::new("fields are serialized again")
            .switch("json=reserialised")
            .altered(0),
        Case::new("fields are serialized again, and the response is lost")
            .switch("json=reserialised")
            .fault("post:1:reset-after")
            .altered(0),
        altered("the server assigns its own uuids").switch("uuid=fresh"),
        altered("its own uuids, and the response is empty")
            .switch("uuid=fresh")
            .switch("answer=empty"),
        altered("its own uuids, and half is lost")
            .switch("uuid=fresh")
            .fault("post:1:status=502,commit=half"),
    ]);
}
