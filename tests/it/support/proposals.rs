//! The commands that the program prints, held against its own parser: whatever it proposes, it has to understand.

use hookferry::cli::{ParseOutcome, parse};
use serde_json::Value;

/// What is wrong with the commands in the output of a run; empty if the program understands each.
pub(crate) fn mistakes(stdout: &str, stderr: &str) -> Vec<String> {
    let commands = commands_of_run(stdout, stderr).into_iter();
    commands.filter_map(|command| mistake(&command)).collect()
}

/// The commands in the output of a run, in any format.
pub(crate) fn commands_of_run(stdout: &str, stderr: &str) -> Vec<String> {
    let mut texts = vec![stderr.to_owned()];
    match serde_json::from_str(stdout) {
        Ok(document) => push_strings(&document, &mut texts),
        Err(_) => texts.push(plain(stdout)),
    }
    texts.iter().flat_map(|text| commands(text)).collect()
}

/// The commands in a text: code spans, whole lines, and what follows the last colon of a line.
///
/// Text may also begin with the program's name, as in `hookferry reads the target`: of lines, only those count in which
/// a command follows.
pub(crate) fn commands(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines() {
        let spans: Vec<&str> = line.split('`').collect();
        let is_closed = spans.len() % 2 == 1;
        for span in spans.iter().skip(1).step_by(2).filter(|_| is_closed) {
            if span.starts_with("hookferry ") {
                found.push((*span).to_owned());
            }
        }
        if spans.len() == 1
            && let Some(command) = at_end(line)
        {
            found.push(command.to_owned());
        }
    }
    found
}

/// The command that is a line, or ends it.
fn at_end(line: &str) -> Option<&str> {
    let line = line.trim().trim_start_matches("$ ");
    // How clap writes usages: not for pasting.
    if line.contains("[OPTIONS]") || line.starts_with("Usage:") {
        return None;
    }
    let command = match line.rfind(": hookferry ") {
        Some(at) => &line[at + 2..],
        None => line,
    };
    // In a list of commands, what each does is in a second column.
    let command = command.split("   ").next().unwrap_or(command);
    // What the files for schedulers call a schedule.
    if let Some(name) = command.strip_prefix("hookferry schedule ")
        && !["list", "print"].contains(&name.split(' ').next().unwrap_or_default())
    {
        return None;
    }
    let mut words = command.strip_prefix("hookferry ")?.split_whitespace();
    let is_heading = words.clone().take(2).any(|word| word.ends_with(':'));
    (!is_heading && is_command(words.next()?)).then_some(command)
}

/// Whether it is the name of a command.
pub(crate) fn is_command(name: &str) -> bool {
    name.chars()
        .all(|letter| letter.is_ascii_lowercase() || letter == '-')
        && is_help(&["hookferry", name])
}

/// Whether the words name a command.
fn is_help(words: &[&str]) -> bool {
    let words = words.iter().chain(&["--help"]);
    matches!(parse(words.map(Into::into)), ParseOutcome::Text(_))
}

/// Why the program does not understand a command; `None` if it does.
fn mistake(command: &str) -> Option<String> {
    let Some(words) = shell_words(command) else {
        return Some(format!("{command}\nhas a quote that does not end"));
    };
    let is_cut_short = words.last().is_some_and(|word| word == "…");
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let words = &words[..words.len() - usize::from(is_cut_short)];
    let ParseOutcome::UsageError(error) = parse(words.iter().map(Into::into)) else {
        return None;
    };
    // A command may be mentioned without what it needs; one with arguments is there to be pasted.
    let is_mention = words.iter().all(|word| !word.starts_with('-')) && is_help(words);
    let lacks_something = error.contains("required") || error.contains("requires a subcommand");
    (!(lacks_something && (is_mention || is_cut_short))).then(|| format!("{command}\n{error}"))
}

/// The words of a command as a shell reads them, up to a pipe, a redirection or a comment; `None` if a quote does not
/// end.
pub(crate) fn shell_words(command: &str) -> Option<Vec<String>> {
    let (mut words, mut word): (Vec<String>, Option<String>) = (Vec::new(), None);
    let mut letters = command.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' | '"' => {
                let of_word = word.get_or_insert_default();
                loop {
                    match letters.next()? {
                        end if end == letter => break,
                        inside => of_word.push(inside),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(letters.next()),
            '|' | '>' | '<' | ';' | '&' => break,
            '#' if word.is_none() => break,
            _ if letter.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    Some(words)
}

fn push_strings(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| push_strings(value, texts)),
        Value::Object(members) => members
            .values()
            .for_each(|value| push_strings(value, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The text of a page as a reader copies it; any other text as it is.
fn plain(text: &str) -> String {
    if !text.starts_with("<!") {
        return text.to_owned();
    }
    let mut text = text.replace("<code>", "`").replace("</code>", "`");
    for (entity, character) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&#x60;", "'"),
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, character);
    }
    text
}

#[test]
fn what_the_program_does_not_understand_is_a_mistake() {
    for (text, is_right) in [
        ("next: undo: hookferry rollback latest --chain", true),
        ("next: undo: hookferry rollback latest --chains", false),
        ("run `hookferry idmap show latest --to prod-eu`", false),
        ("run `hookferry idmap show latest --state-dir 'a b'`", true),
        ("`hookferry frobnicate`", false),
        ("see `hookferry backup create`", true),
        ("see `hookferry backup create --repo x`", false),
        ("`hookferry plan --ignore-key a …`", true),
        ("  hookferry export --from eu1 --ready | jq length", true),
        ("  hookferry verify --from eu1", false),
        ("hookferry verify: target a against b", true),
        ("hookferry account check: eu1", true),
        ("hookferry reads both accounts", true),
        ("hint: hookferry rollback 'a", false),
    ] {
        assert_eq!(mistakes("", text).is_empty(), is_right, "{text}");
        let document = serde_json::json!({ "next": [text] }).to_string();
        assert_eq!(mistakes(&document, "").is_empty(), is_right, "{text}");
    }
}
