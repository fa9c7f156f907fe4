//! The HTML report in a real browser: what it does with scripts and without, in both themes, on paper and by keyboard.
//! One test a page that is opened, because a browser takes a second to start.

use crate::support::chromium::{Browser, tools};
use crate::support::stand_in::StandIn;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookferry::sandbox::seeds;
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Aliases that mean something to a browser that takes them for markup.
const HOSTILE: [&str; 4] = [
    "<script>document.title='owned'</script>",
    "\"><img src=x onerror=document.title='owned'>",
    "javascript:document.title='owned'",
    "</style></script><svg onload=document.title='owned'>",
];

/// Two accounts whose source holds everything awkward, and hostile aliases besides.
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

/// Runs a command and keeps its result as a file.
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

/// Nothing was complained of, and nothing asked for but the page itself.
#[track_caller]
fn was_quiet(happened: &[Value], path: &Path) {
    for event in happened {
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

/// How many rows are shown, and what is announced.
fn shown(browser: &mut Browser) -> (u64, String) {
    let n = "[...document.querySelectorAll('.group > table > tbody > tr')].filter(row => row.checkVisibility()).length";
    let n = browser.ask(n).as_u64().unwrap();
    let said = browser.ask("document.getElementById('shown')?.textContent ?? ''");
    (n, said.as_str().unwrap().to_owned())
}

#[track_caller]
fn shows(browser: &mut Browser, n: u64, of: u64) {
    let said = format!("{n} of {of} shown");
    assert_eq!(shown(browser), (n, said));
}

fn focused(browser: &mut Browser) -> String {
    let id = browser.ask("document.activeElement.id");
    id.as_str().unwrap().to_owned()
}

/// No rule of axe-core is broken.
#[track_caller]
fn is_accessible(browser: &mut Browser, axe: &str) {
    browser.ask(&format!("{axe}; 0"));
    let broken = "axe.run(document, {resultTypes: ['violations']}).then(found => JSON.stringify(found.violations.map(rule => \
        [rule.id, rule.nodes.slice(0, 3).map(node => [node.html.slice(0, 200), node.failureSummary])])))";
    let broken = browser.ask(broken);
    assert_eq!(broken, "[]");
}

#[test]
fn a_plan_is_searched_and_filtered() {
    let Some((chromium, _)) = tools("a plan in a browser") else {
        return;
    };
    let accounts = accounts();
    let path = plan_page(&accounts);
    let mut browser = Browser::start(&chromium);
    was_quiet(&browser.open(&path, ""), &path);
    shows(&mut browser, 32, 32);
    assert_ne!(browser.ask("document.title"), "owned");
    assert_eq!(
        browser.ask("document.querySelectorAll('img, svg [onload]').length"),
        0
    );

    browser.press("/");
    assert_eq!(focused(&mut browser), "q");
    browser.type_text("INGRESS.eu1");
    shows(&mut browser, 2, 32);
    assert_eq!(browser.ask("location.hash"), "#q=INGRESS.eu1");
    browser.press("Escape");
    shows(&mut browser, 32, 32);
    // Alias, id, type, reason, and nothing.
    for (query, n) in [
        ("payments-oncall", 1),
        ("1077", 1),
        ("pager_duty", 3),
        ("accents' spelling", 0),
        ("slack 1074", 1),
        ("owned", 4),
    ] {
        browser.ask("document.getElementById('q').value = ''");
        browser.ask("document.getElementById('q').focus()");
        browser.type_text(query);
        shows(&mut browser, n, 32);
    }
    assert_eq!(
        browser.ask("document.getElementById('none').checkVisibility()"),
        false
    );
    browser.press("Escape");

    browser.ask("document.querySelector('[value=unchanged]').click()");
    shows(&mut browser, 3, 32);
    browser.ask("const type = document.getElementById('type'); type.value = 'slack'; type.dispatchEvent(new Event('input', {bubbles: true})); 0");
    shows(&mut browser, 2, 32);
    assert_eq!(browser.ask("location.hash"), "#type=slack&state=unchanged");
    was_quiet(&browser.happened(), &path);

    // The address of a filtered view shows the same again.
    was_quiet(&browser.open(&path, "#type=slack&state=unchanged"), &path);
    shows(&mut browser, 2, 32);
    browser.ask("document.getElementById('clear').click()");
    shows(&mut browser, 32, 32);
    browser.ask("document.querySelector('.counts a').focus()");
    browser.press("Enter");
    assert_eq!(browser.ask("location.hash"), "#group-create");
    shows(&mut browser, 32, 32);
    was_quiet(&browser.happened(), &path);
}

#[test]
fn a_plan_is_read_by_keyboard_and_in_both_themes() {
    let Some((chromium, axe)) = tools("the accessibility of a plan") else {
        return;
    };
    let accounts = accounts();
    let path = plan_page(&accounts);
    let mut browser = Browser::start(&chromium);
    for scheme in ["light", "dark"] {
        browser.emulate("screen", scheme);
        browser.open(&path, "");
        let background = browser.ask("getComputedStyle(document.body).backgroundColor");
        is_accessible(&mut browser, &axe);
        browser.ask("document.getElementById('expand').click()");
        assert_eq!(
            browser.ask("document.querySelectorAll('details:not([open])').length"),
            0
        );
        is_accessible(&mut browser, &axe);
        let other = if scheme == "light" { "dark" } else { "light" };
        browser.ask(&format!(
            "document.querySelector('[name=theme][value={other}]').click()"
        ));
        let chosen = browser.ask("getComputedStyle(document.body).backgroundColor");
        assert_ne!(
            chosen, background,
            "the choice counts for more than the system"
        );
        browser.ask("document.querySelector('[name=theme][value=auto]').click()");
        assert_eq!(
            browser.ask("getComputedStyle(document.body).backgroundColor"),
            background
        );
    }

    browser.open(&path, "");
    browser.press("Tab");
    assert_eq!(browser.ask("document.activeElement.className"), "skip");
    browser.press("Enter");
    assert_eq!(focused(&mut browser), "webhooks");
    browser.press("Tab");
    assert_eq!(focused(&mut browser), "q");
    for _ in 0..2 {
        browser.press("Tab");
    }
    assert_eq!(browser.ask("document.activeElement.value"), "conflict");
    browser.press(" ");
    shows(&mut browser, 1, 32);
    browser.ask("document.querySelector('#group-conflict summary').focus()");
    browser.press("Enter");
    assert_eq!(
        browser.ask("document.querySelector('#group-conflict details').open"),
        true
    );
}

#[test]
fn a_plan_without_scripts_lacks_nothing_but_the_controls() {
    let Some((chromium, _)) = tools("a plan without scripts") else {
        return;
    };
    let accounts = accounts();
    let path = plan_page(&accounts);
    let mut browser = Browser::start(&chromium);
    browser.call(
        "Emulation.setScriptExecutionDisabled",
        &json!({"value": true}),
    );
    was_quiet(&browser.open(&path, ""), &path);
    assert_eq!(shown(&mut browser), (32, String::new()));
    for control in ["#filters", "#theme"] {
        let is_seen = format!("document.querySelector('{control}').checkVisibility()");
        assert_eq!(browser.ask(&is_seen), false, "{control}");
    }
    // Details open without any script: the browser does it.
    browser.ask("document.querySelector('summary').focus()");
    browser.press("Enter");
    assert_eq!(browser.ask("document.querySelector('details').open"), true);
}

#[test]
fn a_plan_on_paper_has_everything_and_no_controls() {
    let Some((chromium, _)) = tools("a plan on paper") else {
        return;
    };
    let accounts = accounts();
    let path = plan_page(&accounts);
    let mut browser = Browser::start(&chromium);
    // Without scripts the style alone has to open what is closed.
    for is_without in [false, true] {
        browser.call(
            "Emulation.setScriptExecutionDisabled",
            &json!({"value": is_without}),
        );
        browser.emulate("print", "dark");
        browser.open(&path, "");
        assert_eq!(
            browser.ask("document.querySelector('#filters').checkVisibility()"),
            false
        );
        assert_eq!(
            browser.ask("getComputedStyle(document.body).backgroundColor"),
            "rgb(255, 255, 255)"
        );
        let is_open =
            "document.querySelector('details > dl').checkVisibility({contentVisibilityAuto: true})";
        assert_eq!(browser.ask(is_open), true);
        let paper = browser.call("Page.printToPDF", &json!({"printBackground": true}));
        let pdf = STANDARD.decode(paper["data"].as_str().unwrap()).unwrap();
        assert!(pdf.starts_with(b"%PDF"));
        // Squeezed columns once made fifty pages of it.
        let is_page = |at: &&[u8]| at.starts_with(b"/Type /Page\n");
        let n_pages = pdf.windows(12).filter(is_page).count();
        assert!((2..15).contains(&n_pages), "{n_pages} pages");
    }
}

#[test]
fn an_outcome_in_both_themes() {
    let Some((chromium, axe)) = tools("an outcome in a browser") else {
        return;
    };
    let accounts = accounts();
    let path = page(
        &accounts,
        "migrate --from [source] --to [target] --yes --on-conflict skip -o html --quiet",
    );
    let mut browser = Browser::start(&chromium);
    for scheme in ["light", "dark"] {
        browser.emulate("screen", scheme);
        was_quiet(&browser.open(&path, ""), &path);
        shows(&mut browser, 32, 32);
        is_accessible(&mut browser, &axe);
    }
    browser.press("/");
    browser.type_text("skipped");
    shows(&mut browser, 2, 32);
}

/// One of the largest accounts that anybody has; how long a filter takes is told, and depends on the machine.
#[test]
fn five_thousand_webhooks_are_filtered() {
    let Some((chromium, _)) = tools("5,000 webhooks in a browser") else {
        return;
    };
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
    accounts.write("many.json", &plan.to_string());
    let path = page(&accounts, "report many.json -o html");
    let size = std::fs::metadata(&path).unwrap().len();
    let mut browser = Browser::start(&chromium);
    was_quiet(&browser.open(&path, ""), &path);
    shows(&mut browser, 5000, 5000);
    // From the letter to the picture; the first time the words of all rows are read, and nothing is all rows again.
    let mut times = Vec::new();
    for query in ["oncall", "", "slack", "no such thing", ""] {
        let filter = format!(
            "(async () => {{ const q = document.getElementById('q'); const began = performance.now(); q.value = '{query}'; \
             q.dispatchEvent(new Event('input', {{bubbles: true}})); document.body.offsetHeight; \
             await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))); \
             return performance.now() - began; }})()"
        );
        times.push(browser.ask(&filter).as_f64().unwrap());
        let (n, _) = shown(&mut browser);
        assert_eq!(n == 5000, query.is_empty(), "{query}: {n}");
        assert_eq!(n == 0, query.starts_with("no"), "{query}: {n}");
    }
    let line = format!("5,000 webhooks: {size} bytes, filtered in {times:.0?} ms\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    assert!(size < 12_000_000, "{line}");
}
