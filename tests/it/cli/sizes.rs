//! Small inputs that stand for much: what they take grows with their size, never with its square, and never beyond the
//! limits that docs/reliability.md states.
//!
//! Memory is bounded by the address space that a run gets, work by the instructions that it executes.

use crate::support::parallel::in_parallel_with;
use crate::support::program::Run;
use crate::support::stand_in::StandIn;
use age::secrecy::ExposeSecret as _;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

/// Runs a command line in so much address space, of which the program and its threads take about 150 MiB in any case.
fn run_within(accounts: &StandIn, mebibytes: usize, command_line: &str) -> Run {
    let limit = format!("ulimit -v {}; exec \"$@\"", mebibytes << 10);
    let program = accounts.program(command_line);
    program.under(&["bash", "-c", &limit, "bash"]).run()
}

/// A list of 22 million empty objects in 64 kB.
fn bomb() -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(b"[{}").unwrap();
    let many = ",{}".repeat(100_000);
    for _ in 0..220 {
        gzip.write_all(many.as_bytes()).unwrap();
    }
    gzip.write_all(b"]").unwrap();
    let bytes = gzip.finish().unwrap();
    assert!(bytes.len() < 70_000);
    bytes
}

/// Serves this head and body to every request; returns the URL. The body is followed by `n_more` mebibytes of `x`.
fn serve(head: &str, body: Vec<u8>, n_more: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let length = body.len() + (n_more << 20);
    let head = format!("HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(&stream).lines();
            lines.map_while(Result::ok).find(String::is_empty);
            let more = vec![b'x'; 1 << 20];
            let parts = [head.as_bytes(), &body].into_iter();
            // The program need not read all of it.
            let _ = parts
                .chain(std::iter::repeat_n(more.as_slice(), n_more))
                .try_for_each(|part| stream.write_all(part));
        }
    });
    url
}

#[test]
fn a_list_of_millions_is_refused_before_it_takes_memory() {
    let accounts = StandIn::demo();
    std::fs::write(accounts.home().join("bomb.gz"), bomb()).unwrap();
    let url = serve("200 OK\r\nContent-Encoding: gzip", bomb(), 0);
    for line in [
        "list --from bomb.gz",
        "diff bomb.gz bomb.gz",
        "export --from bomb.gz --out out.json",
        "plan --from bomb.gz --to [target]",
        &format!("list --from {url}"),
        &format!("plan --from [source] --to {url}"),
    ] {
        let run = run_within(&accounts, 500, line);
        run.assert_code(1);
        assert!(run.stderr.contains("more than 1,000,000"), "{}", run.stderr);
    }
}

#[test]
fn a_refusal_is_read_only_in_part() {
    let accounts = StandIn::demo();
    let url = serve("400 Bad Request", Vec::new(), 400);
    let run = run_within(&accounts, 300, &format!("list --from {url}"));
    run.assert_code(1);
    assert!(run.stderr.contains("answered 400"), "{}", run.stderr);
}

#[test]
fn a_page_of_any_length_is_no_list() {
    let accounts = StandIn::demo();
    for (start, what) in [
        ("<html>", "an HTML page"),
        ("{\"a\":\"", "an object"),
        ("x", "not JSON"),
    ] {
        let url = serve("200 OK", start.as_bytes().to_vec(), 400);
        let run = run_within(&accounts, 300, &format!("list --from {url}"));
        run.assert_code(1);
        assert!(run.stderr.contains(what), "{}", run.stderr);
    }
}

#[test]
fn a_webhook_with_too_many_members_is_named() {
    let accounts = StandIn::demo();
    let members: Vec<String> = (0..100_001).map(|n| format!("\"m{n}\":1")).collect();
    accounts.write(
        "hooks.json",
        &format!("[{{\"id\":1}},{{{}}}]", members.join(",")),
    );
    let run = run_within(&accounts, 300, "list --from hooks.json");
    run.assert_code(1);
    assert!(
        run.stderr
            .contains("element 2 has more than 100,000 members"),
        "{}",
        run.stderr
    );
}

/// Fields too large to be taken apart count as text: carried, compared, hidden as a whole.
#[test]
fn fields_with_too_much_inside_are_text() {
    let accounts = StandIn::demo();
    let many = format!("[{}1]", "1,".repeat(200_000));
    let long_key = format!("{{\"{}\":[{}1]}}", "k".repeat(60_000), "1,".repeat(20_000));
    for payload in [many, long_key] {
        let fields = format!("[{{\"name\":\"payload\",\"value\":{payload}}}]");
        accounts.write("hooks.json", &json!([webhook(1, "x", &fields)]).to_string());
        for line in [
            "list --from hooks.json -o json",
            "plan --from hooks.json --to [target] --diff",
            "rules init --from hooks.json",
        ] {
            let run = run_within(&accounts, 400, line);
            run.assert_code(0);
            assert!(run.stdout.contains("unreadable"), "{line}: {}", run.stdout);
        }
    }
}

/// Depth costs what it costs once, not once for each level.
#[test]
fn a_long_text_deep_inside_is_kept_once() {
    let accounts = StandIn::demo();
    let payload = format!(
        "{}\"{}\"{}",
        "{\"a\":".repeat(110),
        "x".repeat(4 << 20),
        "}".repeat(110)
    );
    let fields = format!("[{{\"name\":\"payload\",\"value\":{payload}}}]");
    accounts.write("hooks.json", &json!([webhook(1, "x", &fields)]).to_string());
    accounts.write(
        "rules.toml",
        "[[rule]]\nmatch = { alias = \"*\" }\nreplace = [{ in = [\"payload\"], from = \"xx\", to = \"y\" }]\n",
    );
    for line in [
        "list --from hooks.json -o json",
        "rules init --from hooks.json",
        "rules check --from hooks.json --rules rules.toml",
        "plan --from hooks.json --to [target] --rules rules.toml --out plan.json",
    ] {
        run_within(&accounts, 400, line).assert_code(0);
    }
}

fn webhook(id: usize, alias: &str, fields: &str) -> Value {
    json!({
        "id": id, "alias": alias, "url": "https://hooks.example.com/x", "integration_type_id": 1,
        "integration_type": {"id": 1, "label": "WebHook"}, "integration_type_fields": fields,
        "created_at": "2026-01-01T00:00:00Z",
    })
}

/// Makes an input of a size; `side` is `a` or `b`, and what differs between them differs everywhere.
type Shape = fn(usize, &str) -> String;

fn payload_keys(n: usize, side: &str) -> String {
    let keys = (0..n).map(|n| (format!("k{n}"), json!(side)));
    let payload: serde_json::Map<String, Value> = keys.collect();
    let fields = json!([{"name": "payload", "value": payload}]);
    json!([webhook(1, "x", &fields.to_string())]).to_string()
}

fn entries(n: usize, side: &str) -> String {
    let entries = (0..n).map(|n| json!({"name": format!("n{n}"), "value": side}));
    let fields: Value = entries.collect();
    json!([webhook(1, "x", &fields.to_string())]).to_string()
}

fn unknown_members(n: usize, side: &str) -> String {
    let mut one = webhook(1, "x", "[]");
    for n in 0..n {
        one[format!("u{n}")] = json!(side);
        one["integration_type"][format!("u{n}")] = json!(side);
    }
    json!([one]).to_string()
}

fn one_alias(n: usize, side: &str) -> String {
    let first_id = if side == "a" { 1 } else { 1_000_000 };
    let webhooks = (0..n).map(|n| {
        let mut one = webhook(first_id + n, "x", "[]");
        one["url"] = json!(format!("https://hooks.example.com/{side}{n}"));
        one
    });
    webhooks.collect::<Value>().to_string()
}

fn nested_references(n: usize, _side: &str) -> String {
    format!(
        "{}1{}",
        "{\"integrationId\":1,\"a\":".repeat(n),
        "}".repeat(n)
    )
}

/// An encrypted file whose header has many stanzas, of a kind that no identity opens.
fn age_header(n: usize, _side: &str) -> String {
    let stanzas = "-> a\n\n".repeat(n);
    format!(
        "age-encryption.org/v1\n{stanzas}--- {}\n0123456789abcdef",
        "A".repeat(43)
    )
}

fn rules(n: usize, _side: &str) -> String {
    let rule = "[[rule]]\nmatch = { alias = \"none\" }\noptional = true\nnew_uuid = true\n";
    rule.repeat(n)
}

const SHAPES: [(Shape, &[&str]); 7] = [
    (
        payload_keys,
        &[
            "diff A B",
            "rules init --from A",
            "rules check --from A --rules rules.toml",
        ],
    ),
    (entries, &["diff A B"]),
    (unknown_members, &["diff A B", "rules init --from A"]),
    (one_alias, &["diff A B -o json"]),
    (
        nested_references,
        &["idmap apply A --map map.csv --out OUT"],
    ),
    (rules, &["rules check --from one.json --rules A"]),
    (age_header, &["list --from A --identity key.txt"]),
];

/// The smaller of two sizes: large enough that a square shows.
const SMALL: usize = 1500;

/// The instructions that a run executes.
fn n_instructions(accounts: &StandIn, line: &str) -> u64 {
    let log = accounts
        .home()
        .join(format!("{line}.log").replace([' ', '/'], "_"));
    let log_file = format!("--log-file={}", log.display());
    let counter = [
        "valgrind",
        "--tool=cachegrind",
        "--cache-sim=no",
        "--cachegrind-out-file=/dev/null",
        &log_file,
    ];
    accounts.program(line).under(&counter).run();
    let text = std::fs::read_to_string(log).unwrap();
    let total = text.lines().find(|line| line.contains("refs:")).unwrap();
    let digits = total.rsplit(' ').next().unwrap().replace(',', "");
    digits.parse().unwrap()
}

#[test]
#[ignore = "needs Valgrind"]
fn work_grows_with_the_input_and_not_with_its_square() {
    let accounts = StandIn::demo();
    accounts.write("map.csv", "source_id,target_id\n1,2\n");
    accounts.write(
        "rules.toml",
        "[[rule]]\nmatch = { alias = \"*\" }\nreplace = [{ in = [\"payload\"], from = \"a\", to = \"b\" }]\n",
    );
    let identity = age::x25519::Identity::generate().to_string();
    accounts.write("one.json", &payload_keys(1, "a"));
    accounts.write("key.txt", identity.expose_secret());
    let mut cases = Vec::new();
    for (shape, lines) in SHAPES {
        for line in lines {
            cases.push([SMALL, 2 * SMALL].map(|n| {
                let name = format!("{}-{n}", cases.len());
                for side in ["a", "b"] {
                    accounts.write(&format!("{name}{side}"), &shape(n, side));
                }
                let line = line.replace("OUT", &format!("{name}out"));
                line.replace(" A", &format!(" ./{name}a"))
                    .replace(" B", &format!(" ./{name}b"))
            }));
        }
    }
    let n_always = n_instructions(&accounts, "list --from missing.json");
    let growth = in_parallel_with(2, &cases, |lines| {
        let [small, large] = lines.each_ref().map(|line| n_instructions(&accounts, line));
        (large - n_always) * 100 / (small - n_always)
    });
    for (lines, growth) in cases.iter().zip(growth) {
        let (line, growth) = (&lines[1], growth.unwrap());
        // A sort makes it a little more than 2, a square 4.
        assert!(
            growth < 250,
            "{line}: twice the input takes {growth} % of the work"
        );
    }
}
