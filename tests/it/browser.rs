//! The HTML report in a real browser: with and without scripts, in both themes, on paper and by keyboard.
//! One test per opened page, because a browser takes a second to start.

use crate::support::chromium::{Browser, tools};
use crate::support::stand_in::StandIn;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookferry::sandbox::seeds;
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Aliases that would act if a browser treated them as markup.
const HOSTILE: [&str; 4] = [
    "<script>document.title='owned'</script>",
    "\"><img src=x onerror=document.title='owned'>",
    "javascript:document.title='owned'",
    "</style></script><svg onload=document.title='owned'>",
];

/// Two accounts whose source holds every awkward case, and hostile aliases.
fn accounts() -> StandIn {
    let accounts = StandIn::start(seeds::awkward().into());
    for alias in HOSTILE {
        let webhook = json!({
            "alias": alias, "url": "https://hooks.example.com/x", "integration_type_fields": "[]",
            "integration_type_id": 0, "integration_type": {"id": 0, "label": "Slack", "icon": "x"},
        });
        accounts.source().insert(&webhook);
    }
    accounts
}

/// Runs a command and stores its output as a file.
fn page(accounts: &StandIn, command_line: &str) -> PathBuf {
    let run = accounts.program(command_line).run();
    assert!(matches!(run.code, Some(0 | 6)), "{}", run.transcript());
    let name = format!("{}.html", command_line.split(' ').next().unwrap());
    accounts.write(&name, &run.stdout);
    accounts.home().join(name)
}

fn plan_page(accounts: &StandIn) -> PathBuf {
    page(
        accounts,
        "plan --from [source] --to [target] -o html --quiet",
    )
}

/// Asserts that the browser reported no problem and requested nothing but the page itself.
#[track_caller]
fn assert_quiet(events: &[Value], path: &Path) {
    for event in events {
        let method = event["method"].as_str().unwrap_or_default();
        assert!(
            !matches!(
                method,
                "Runtime.exceptionThrown"
                    | "Log.entryAdded"
                    | "Runtime.consoleAPICalled"
                    | "Audits.issueAdded"
            ),
            "{event}"
        );
        if method == "Network.requestWillBeSent" {
            let url = event["params"]["request"]["url"].as_str().unwrap();
            let is_page = url.split('#').next() == Some(&format!("file://{}", path.display()));
            assert!(is_page || url.starts_with("data:"), "{url}");
        }
    }
}

/// The number of visible rows, and the text announced to screen readers.
fn shown_rows(browser: &mut Browser) -> (u64, String) {
    let n = "[...document.querySelectorAll('.group > table > tbody > tr')].filter(row => row.checkVisibility()).length";
    let n = browser.evaluate(n).as_u64().unwrap();
    let announced = browser.evaluate("document.getElementById('shown')?.textContent ?? ''");
    (n, announced.as_str().unwrap().to_owned())
}

#[track_caller]
fn assert_shown(browser: &mut Browser, n: u64, total: u64) {
    let announced = format!("{n} of {total} shown");
    assert_eq!(shown_rows(browser), (n, announced));
}

fn focused(browser: &mut Browser) -> String {
    let id = browser.evaluate("document.activeElement.id");
    id.as_str().unwrap().to_owned()
}

/// Asserts that the page breaks no rule of axe-core.
#[track_caller]
fn assert_accessible(browser: &mut Browser, axe: &str) {
    browser.evaluate(&format!("{axe}; 0"));
    let broken = "axe.run(document, {resultTypes: ['violations']}).then(found => JSON.stringify(found.violations.map(rule => \
        [rule.id, rule.nodes.slice(0, 3).map(node => [node.html.slice(0, 200), node.failureSummary])])))";
    let broken = browser.evaluate(broken);
    assert_eq!(broken, "[]");
}

#[test]
#[ignore = "needs Chromium and axe-core"]
fn a_plan_is_searched_and_filtered() {
    let (chromium, _) = tools();
    let accounts = accounts();
    let path = plan_page(&accounts);
    let mut browser = Browser::start(&chromium);
    assert_quiet(&browser.open(&path, ""), &path);
    assert_shown(&mut browser, 32, 32);
    assert_ne!(browser.evaluate("document.title"), "owned");
    assert_eq!(
        browser.evaluate("document.querySelectorAll('img, svg [onload]').length"),
        0
    );

    browser.press("/");
    assert_eq!(focused(&mut browser), "q");
    browser.type_text("INGRESS.eu1");
    assert_shown(&mut browser, 2, 32);
    assert_eq!(browser.evaluate("location.hash"), "#q=INGRESS.eu1");
    browser.press("Escape");
    assert_shown(&mut browser, 32, 32);
    // By alias, by id, by type, by reason, and without a match.
    for (query, n) in [
        ("payments-oncall", 1),
        ("1077", 1),
        ("pager_duty", 3),
        ("Unicode normalization", 0),
        ("slack 1074", 1),
        ("owned", 4),
    ] {
        browser.evaluate("document.getElementById('q').value = ''");
        browser.evaluate("document.getElementById('q').focus()");
        browser.type_text(query);
        assert_shown(&mut browser, n, 32);
    }
    assert_eq!(
        browser.evaluate("document.getElementById('none').checkVisibility()"),
        false
    );
    browser.press("Escape");

    browser.evaluate("document.querySelector('[value=unchanged]').click()");
    assert_shown(&mut browser, 3, 32);
    browser.evaluate("const type = document.getElementById('type'); type.value = 'slack'; type.dispatchEvent(new Event('input', {bubbles: true})); 0");
    assert_shown(&mut browser, 2, 32);
    assert_eq!(
        browser.evaluate("location.hash"),
        "#type=slack&state=unchanged"
    );
    assert_quiet(&browser.take_events(), &path);

    // Opening the URL of a filtered view restores the filter.
    assert_quiet(&browser.open(&path, "#type=slack&state=unchanged"), &path);
    assert_shown(&mut browser, 2, 32);
    browser.evaluate("document.getElementById('clear').click()");
    assert_shown(&mut browser, 32, 32);
    browser.evaluate("document.querySelector('.counts a').focus()");
    browser.press("Enter");
    assert_eq!(browser.evaluate("location.hash"), "#group-create");
    assert_shown(&mut browser, 32, 32);
    assert_quiet(&browser.take_events(), &path);
}

#[test]
#[ignore = "needs Chromium and axe-core"]
fn a_plan_is_read_by_keyboard_and_in_both_themes() {
    let (chromium, axe) = tools();
    let accounts = accounts();
    let path = plan_page(&accounts);
    let mut browser = Browser::start(&chromium);
    for scheme in ["light", "dark"] {
        browser.emulate("screen", scheme);
        browser.open(&path, "");
        let background = browser.evaluate("getComputedStyle(document.body).backgroundColor");
        assert_accessible(&mut browser, &axe);
        browser.evaluate("document.getElementById('expand').click()");
        assert_eq!(
            browser.evaluate("document.querySelectorAll('details:not([open])').length"),
            0
        );
        assert_accessible(&mut browser, &axe);
        let other = if scheme == "light" { "dark" } else { "light" };
        browser.evaluate(&format!(
            "document.querySelector('[name=theme][value={other}]').click()"
        ));
        let chosen = browser.evaluate("getComputedStyle(document.body).backgroundColor");
        assert_ne!(
            chosen, background,
            "the choice overrides the system's theme"
        );
        browser.evaluate("document.querySelector('[name=theme][value=auto]').click()");
        assert_eq!(
            browser.evaluate("getComputedStyle(document.body).backgroundColor"),
            background
        );
    }

    browser.open(&path, "");
    browser.press("Tab");
    assert_eq!(browser.evaluate("document.activeElement.className"), "skip");
    browser.press("Enter");
    assert_eq!(focused(&mut browser), "webhooks");
    browser.press("Tab");
    assert_eq!(focused(&mut browser), "q");
    for _ in 0..2 {
        browser.press("Tab");
    }
    assert_eq!(browser.evaluate("document.activeElement.value"), "conflict");
    browser.press(" ");
    assert_shown(&mut browser, 1, 32);
    browser.evaluate("document.querySelector('#group-conflict summary').focus()");
    browser.press("Enter");
    assert_eq!(
        browser.evaluate("document.querySelector('#group-conflict details').open"),
        true
    );
}

#[test]
#[ignore = "needs Chromium and axe-core"]
fn a_plan_without_scripts_lacks_only_the_controls() {
    let (chromium, _) = tools();
    let accounts = accounts();
    let path = plan_page(&accounts);
    let mut browser = Browser::start(&chromium);
    browser.call(
        "Emulation.setScriptExecutionDisabled",
        &json!({"value": true}),
    );
    assert_quiet(&browser.open(&path, ""), &path);
    assert_eq!(shown_rows(&mut browser), (32, String::new()));
    for control in ["#filters", "#theme"] {
        let is_seen = format!("document.querySelector('{control}').checkVisibility()");
        assert_eq!(browser.evaluate(&is_seen), false, "{control}");
    }
    // Details open without any script: the browser does that.
    browser.evaluate("document.querySelector('summary').focus()");
    browser.press("Enter");
    assert_eq!(
        browser.evaluate("document.querySelector('details').open"),
        true
    );
}

#[test]
#[ignore = "needs Chromium and axe-core"]
fn a_plan_on_paper_has_everything_and_no_controls() {
    let (chromium, _) = tools();
    let accounts = accounts();
    let path = plan_page(&accounts);
    let mut browser = Browser::start(&chromium);
    // Without scripts the style sheet alone must open what is closed.
    for is_disabled in [false, true] {
        browser.call(
            "Emulation.setScriptExecutionDisabled",
            &json!({"value": is_disabled}),
        );
        browser.emulate("print", "dark");
        browser.open(&path, "");
        assert_eq!(
            browser.evaluate("document.querySelector('#filters').checkVisibility()"),
            false
        );
        assert_eq!(
            browser.evaluate("getComputedStyle(document.body).backgroundColor"),
            "rgb(255, 255, 255)"
        );
        let is_open =
            "document.querySelector('details > dl').checkVisibility({contentVisibilityAuto: true})";
        assert_eq!(browser.evaluate(is_open), true);
        let paper = browser.call("Page.printToPDF", &json!({"printBackground": true}));
        let pdf = STANDARD.decode(paper["data"].as_str().unwrap()).unwrap();
        assert!(pdf.starts_with(b"%PDF"));
        // Squeezed columns once stretched it to fifty pages.
        let is_page = |at: &&[u8]| at.starts_with(b"/Type /Page\n");
        let n_pages = pdf.windows(12).filter(is_page).count();
        assert!((2..15).contains(&n_pages), "{n_pages} pages");
    }
}

#[test]
#[ignore = "needs Chromium and axe-core"]
fn an_outcome_is_accessible_in_both_themes() {
    let (chromium, axe) = tools();
    let accounts = accounts();
    let path = page(
        &accounts,
        "migrate --from [source] --to [target] --yes --on-conflict skip -o html --quiet",
    );
    let mut browser = Browser::start(&chromium);
    for scheme in ["light", "dark"] {
        browser.emulate("screen", scheme);
        assert_quiet(&browser.open(&path, ""), &path);
        assert_shown(&mut browser, 32, 32);
        assert_accessible(&mut browser, &axe);
    }
    browser.press("/");
    browser.type_text("skipped");
    assert_shown(&mut browser, 2, 32);
}

/// A very large account. The test prints how long a filter takes, which depends on the machine.
#[test]
#[ignore = "needs Chromium and axe-core"]
fn five_thousand_webhooks_are_filtered() {
    let (chromium, _) = tools();
    let accounts = accounts();
    let run = accounts
        .program("plan --from [source] --to [target] -o json --quiet")
        .run();
    let mut plan: Value = serde_json::from_str(&run.stdout).unwrap();
    let steps = plan["steps"].as_array().unwrap().clone();
    let many: Vec<Value> = steps.iter().cycle().take(5000).cloned().collect();
    let count = |state: &str| many.iter().filter(|step| step["state"] == state).count();
    for state in [
        "create",
        "update",
        "unchanged",
        "conflict",
        "ambiguous",
        "blocked",
    ] {
        plan["summary"][state] = json!(count(state));
    }
    plan["summary"]["total"] = json!(5000);
    plan["steps"] = json!(many);
    // A fingerprint would tell that somebody changed it.
    plan.as_object_mut().unwrap().remove("binding");
    accounts.write("many.json", &plan.to_string());
    let path = page(&accounts, "report many.json -o html");
    let size = std::fs::metadata(&path).unwrap().len();
    let mut browser = Browser::start(&chromium);
    assert_quiet(&browser.open(&path, ""), &path);
    assert_shown(&mut browser, 5000, 5000);
    // Timed from the input event to the next frame. The first query also reads the words of all rows; an empty one shows
    // all rows again.
    let mut times = Vec::new();
    for query in ["oncall", "", "slack", "no such thing", ""] {
        let filter = format!(
            "(async () => {{ const q = document.getElementById('q'); const started = performance.now(); q.value = '{query}'; \
             q.dispatchEvent(new Event('input', {{bubbles: true}})); document.body.offsetHeight; \
             await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))); \
             return performance.now() - started; }})()"
        );
        times.push(browser.evaluate(&filter).as_f64().unwrap());
        let (n, _) = shown_rows(&mut browser);
        assert_eq!(n == 5000, query.is_empty(), "{query}: {n}");
        assert_eq!(n == 0, query.starts_with("no"), "{query}: {n}");
    }
    let line = format!("5,000 webhooks: {size} bytes, filtered in {times:.0?} ms\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    assert!(size < 12_000_000, "{line}");
}
