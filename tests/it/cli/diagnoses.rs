//! What stands between hookferry and an account: an error names what it is, and what to do about it.

use crate::support::raw_server::RawServer;
use crate::support::stand_in::StandIn;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;

/// What `list` says of this server, after so many requests.
fn complaint_about(server: &RawServer, n_requests: usize) -> String {
    let accounts = StandIn::demo();
    let run = accounts
        .program(&format!("list --from {} --rate 1000", server.url()))
        .run();
    run.assert_code(1);
    assert_eq!(server.n_requests(), n_requests, "{}", run.transcript());
    run.stderr
}

fn assert_says(text: &str, all: &[&str]) {
    for words in all {
        assert!(text.contains(words), "{words}: {text}");
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

/// A complete body that is not JSON will not be JSON the next time.
#[test]
fn a_complete_body_that_is_not_json_is_named_with_its_position() {
    for (body, position) in [
        ("[{\"id\": 1},]", "line 1, column 12"),
        ("[{\"id\": 1},\n {\"id\": NaN}]", "line 2, column 9"),
        ("\u{feff}\n[{\"id\": 1}\n 2]", "line 3, column 2"),
        ("[{\"id\": 1}] x", "line 1, column 13"),
        ("{\"webhooks\": [,]}", "line 1, column 15"),
        ("[{\"id\": 1}, {\"id\"", "line 1, column 17"),
    ] {
        let text = complaint_about(&RawServer::with_body("", body.as_bytes()), 1);
        assert_says(&text, &["JSON", position, "hint:", "proxy"]);
        assert!(!text.contains("cut short"), "{text}");
    }
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n0\r\n\r\n";
    let text = complaint_about(&RawServer::start(chunked), 1);
    assert_says(&text, &["ends in the middle, at line 1, column 3"]);
}

/// The next answer may be whole.
#[test]
fn a_body_that_is_cut_short_is_read_again() {
    let head = "HTTP/1.1 200 OK\r\n";
    for rest in [
        "Content-Length: 100\r\n\r\n[{\"id\": 1},",
        "Transfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n",
        // Nothing but the end of the connection shows where this body ends.
        "Connection: close\r\n\r\n[{\"id\": 1},",
    ] {
        let text = complaint_about(&RawServer::start(format!("{head}{rest}")), 5);
        assert_says(&text, &["response cut short", "try again"]);
    }
}

#[test]
fn a_list_in_something_else_is_no_login_page() {
    let one = "{\"id\":1,\"alias\":\"a\"}";
    let many = vec![one; 60_000].join(",");
    for (body, words) in [
        (
            format!("{{\"webhooks\":[{one}]}}"),
            "an object with the key `webhooks`",
        ),
        (
            format!("{{\"data\": [{one}], \"next\": \"abc\", \"total\": 7}}"),
            "an object with the keys `data`, `next` and `total`",
        ),
        (
            format!("{{\"data\": [{many}]}}"),
            "an object with the key `data`",
        ),
        (
            "{\"message\": \"moved to v2\"}".to_owned(),
            "belongs: moved to v2",
        ),
        (
            format!("{{\"message\": \"ok\", \"items\": [{one}]}}"),
            "an object with the keys `message` and `items`",
        ),
        // What can be a secret is no name.
        ("{\"T0canary99\": []}".to_owned(), "an object, where"),
        (
            format!("{{\"source-key-canary\": [{one}]}}"),
            "an object, where",
        ),
        ("null".to_owned(), "null, where"),
        ("\"done\"".to_owned(), "a string, where"),
        (format!("{one}\n{one}\n"), "one JSON value after another"),
    ] {
        let text = complaint_about(&RawServer::with_body("", body.as_bytes()), 1);
        assert_says(&text, &[words, "array", "hint:"]);
        assert!(!text.contains("login page"), "{text}");
    }
}

#[test]
fn compression_that_does_not_fit_is_named() {
    let list = "[{\"id\": 1}]";
    let whole = gzip(list);
    let header = "Content-Encoding: gzip\r\n";
    for (headers, body, n_requests, words) in [
        (
            header,
            list.as_bytes(),
            1,
            "not gzip data, although its headers say so",
        ),
        (
            header,
            &whole[..whole.len() - 6],
            5,
            "its gzip data ends in the middle",
        ),
        (
            "Content-Encoding: br\r\n",
            &whole[..],
            1,
            "compressed with `br`",
        ),
        (
            "",
            &whole[..],
            1,
            "compressed with gzip, which no header says",
        ),
    ] {
        let server = RawServer::with_body(headers, body);
        assert_says(&complaint_about(&server, n_requests), &[words, "hint:"]);
    }
    let mut damaged = whole.clone();
    damaged[14] ^= 0xff;
    let server = RawServer::with_body(header, &damaged);
    assert_says(&complaint_about(&server, 1), &["gzip", "damaged", "hint:"]);
}

#[test]
fn what_is_not_utf8_is_named() {
    let utf16: Vec<u8> = "\u{feff}[]"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (headers, body, words) in [
        ("", &utf16[..], "UTF-16"),
        (
            "Content-Type: application/json; charset=ISO-8859-1\r\n",
            b"[{\"alias\": \"caf\xe9\"}]",
            "not valid UTF-8 at line 1, column 16; its header says charset=iso-8859-1",
        ),
        (
            // What was sent may come back in any header.
            "Content-Type: application/json; charset=source-key-canary\r\n",
            b"[{\"alias\": \"caf\xe9\"}]",
            "not valid UTF-8 at line 1, column 16\n",
        ),
        (
            "",
            b"[{\"alias\": \"caf\xe9\"}]",
            "not valid UTF-8 at line 1, column 16",
        ),
    ] {
        let server = RawServer::with_body(headers, body);
        assert_says(&complaint_about(&server, 1), &[words, "hint:"]);
    }
}

/// A captive portal answers everything with its page; some gateways answer with nothing.
#[test]
fn a_page_and_an_empty_body_are_named() {
    let page = RawServer::with_body("", b"\n<!doctype html><title>Welcome to our Wi-Fi</title>");
    assert_says(
        &complaint_about(&page, 1),
        &["an HTML page", "login page", "captive portal"],
    );
    let nothing = RawServer::with_body("", b"");
    assert_says(
        &complaint_about(&nothing, 1),
        &["the response is empty", "hint:"],
    );
    let text = RawServer::with_body("", b"upstream is busy");
    assert_says(
        &complaint_about(&text, 1),
        &["text instead of JSON: upstream is busy", "hint:"],
    );
}

#[test]
fn what_does_not_speak_http_is_named() {
    let ssh = RawServer::start("SSH-2.0-OpenSSH_9.7\r\n");
    assert_says(&complaint_about(&ssh, 5), &["not HTTP", "hint:"]);
}
