//! Generates webhooks: every documented type, unknown types, awkward names and keys, and secrets planted everywhere.
//! Every secret text contains `canary` and every secret number contains `27182818`; nothing else does.

use super::draft::{Draft, Fields};
use super::spelling::Tree;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{BoxedStrategy, Just, ProptestConfig, Strategy, any, prop_oneof};
use proptest::sample::select;

/// Runs `n` cases, or as many as `PROPTEST_CASES` requests.
pub(crate) fn cases(n: u32) -> ProptestConfig {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default(),
        None => ProptestConfig::with_cases(n),
    }
}

/// Few aliases, so that accounts collide; some differ only in what a server may normalize.
fn alias() -> impl Strategy<Value = String> {
    const ODD: &[&str] = &[
        "ops",
        "Ops",
        " ops ",
        "café",
        "cafe\u{301}",
        "",
        "a\n\u{1b}[31m",
        "\u{202e}x",
        "\"\\/",
    ];
    prop_oneof![4 => select(ODD).prop_map(str::to_owned), 1 => "\\PC{0,6}"]
}

fn secret_text() -> impl Strategy<Value = String> {
    let around = "[ -?A-~äß☃🚀\u{1b}\n]{0,3}";
    (around, around).prop_map(|(before, after)| format!("{before}canary{after}"))
}

fn secret_number() -> impl Strategy<Value = Tree> {
    prop_oneof![
        "-?27182818[0-9]{0,20}",
        "-?27182818\\.[0-9]{1,20}",
        "27182818[eE][+-]?[0-9]{1,30}"
    ]
    .prop_map(Tree::Number)
}

fn key() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] = &[
        "privateKey",
        "password",
        "$KEY",
        "name",
        "value",
        "",
        "__proto__",
        "a\"b\\",
        "ключ",
        "a.b",
    ];
    prop_oneof![select(KNOWN).prop_map(str::to_owned), "[b-t]{1,4}"]
}

/// Keeps the first member of each key.
fn distinct(members: Vec<(String, Tree)>) -> Vec<(String, Tree)> {
    let mut kept: Vec<(String, Tree)> = Vec::new();
    for (key, value) in members {
        if kept.iter().all(|(other, _)| *other != key) {
            kept.push((key, value));
        }
    }
    kept
}

fn nested(leaf: impl Strategy<Value = Tree> + 'static) -> impl Strategy<Value = Tree> {
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Tree::List),
            vec((key(), inner), 0..4).prop_map(|members| Tree::Object(distinct(members))),
        ]
    })
}

fn secret_leaf() -> impl Strategy<Value = Tree> {
    prop_oneof![
        4 => secret_text().prop_map(Tree::Text),
        2 => secret_number(),
        1 => any::<bool>().prop_map(Tree::Bool),
        1 => Just(Tree::Null),
    ]
}

/// A value in which every text and number is secret.
fn secret() -> impl Strategy<Value = Tree> {
    nested(secret_leaf())
}

/// A payload: secrets, the vendor's placeholders, and keys whose values are not masked.
fn payload() -> impl Strategy<Value = Tree> {
    let placeholder = "\\$[A-Z_]{1,12}".prop_map(Tree::Text);
    let unmasked = (
        select(&["severity", "applicationName", "subsystemName", "uuid"][..]),
        "[A-Z0-9]{0,8}",
    );
    let body = vec(
        (
            key(),
            nested(prop_oneof![3 => secret_leaf(), 1 => placeholder]),
        ),
        0..4,
    );
    prop_oneof![
        6 => (body, unmasked).prop_map(|(mut members, (key, text))| {
            members.push((key.to_owned(), Tree::Text(text)));
            Tree::Object(distinct(members))
        }),
        1 => secret(),
    ]
}

fn headers() -> impl Strategy<Value = Tree> {
    let name = select(&["Authorization", "X-Api-Key", "Cookie", "x\u{1b}y", ""][..]);
    let unmasked = select(&["Content-Type", "ACCEPT", "cache-control"][..]);
    prop_oneof![
        6 => (vec((name, secret()), 0..3), unmasked).prop_map(|(secrets, unmasked)| {
            let mut members: Vec<(String, Tree)> =
                secrets.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            members.push((unmasked.to_owned(), Tree::text("application/json")));
            Tree::Object(distinct(members))
        }),
        1 => secret(),
    ]
}

fn email() -> impl Strategy<Value = Tree> {
    prop_oneof![
        secret_text().prop_map(|local| Tree::Text(format!("{local}@example.com"))),
        secret_leaf(),
    ]
}

/// The documented fields of a type, with secrets wherever that type keeps them, and unknown fields.
fn entries(type_id: u64) -> impl Strategy<Value = Vec<(String, Tree)>> {
    let documented: Vec<(&str, BoxedStrategy<Tree>)> = match type_id {
        1 | 3 | 8 => vec![
            (
                "method",
                select(&["post", "put"][..]).prop_map(Tree::text).boxed(),
            ),
            ("headers", headers().boxed()),
            ("payload", payload().boxed()),
        ],
        2 => vec![("serviceKey", secret().boxed())],
        4 => vec![("payload", vec(email(), 0..3).prop_map(Tree::List).boxed())],
        6 => vec![
            ("apiToken", secret().boxed()),
            ("email", email().boxed()),
            ("projectKey", "[A-Z]{1,8}".prop_map(Tree::Text).boxed()),
        ],
        _ => Vec::new(),
    };
    let documented: Vec<_> = documented
        .into_iter()
        .map(|(name, value)| option::weighted(0.8, (Just(name.to_owned()), value)))
        .collect();
    let name = prop_oneof![4 => "[b-z]{1,3}", 1 => select(&["url", "alias", "x_b", "0"][..]).prop_map(str::to_owned)];
    let unknown = vec((name, secret()), 0..2);
    (documented, unknown)
        .prop_map(|(known, unknown)| distinct(known.into_iter().flatten().chain(unknown).collect()))
}

fn fields(type_id: u64) -> impl Strategy<Value = Fields> {
    let other = vec((key(), secret()), 0..3).prop_map(|members| Tree::Object(distinct(members)));
    prop_oneof![
        1 => Just(Fields::None),
        8 => entries(type_id).prop_map(Fields::Entries),
        1 => other.prop_map(Fields::Other),
        1 => "[a-z]{1,4}=canary".prop_map(Fields::Text),
    ]
}

fn url() -> impl Strategy<Value = String> {
    select(
        &[
            "",
            "https://hooks.example.net",
            "https://hooks.example.net/in/canary",
            "https://canary:canary@hooks.example.net:8443/?canary#canary",
            "https://ingress.eu1.coralogix.com/api/v1/logs",
            "canary",
            "mailto:canary@example.net",
            "https://hooks.example.net\\canary\u{fc}",
        ][..],
    )
    .prop_map(str::to_owned)
}

/// Any webhook that is valid to send.
pub(crate) fn draft() -> impl Strategy<Value = Draft> {
    select(&[0, 1, 2, 3, 4, 6, 8, 99, u64::MAX][..]).prop_flat_map(|type_id| {
        let name = prop_oneof!["x_[b-z]{1,4}", Just("x_b".to_owned())];
        let unknown = vec((name, secret()), 0..2).prop_map(distinct);
        (alias(), url(), fields(type_id), unknown).prop_map(move |(alias, url, fields, unknown)| {
            Draft {
                alias,
                type_id,
                url,
                fields,
                unknown,
            }
        })
    })
}
