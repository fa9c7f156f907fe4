//! The program's own source as the architecture tests read it: without comments and texts, and by paths.

use std::path::{Path, PathBuf};

/// One file of `src/`.
pub(crate) struct SourceFile {
    /// Where it lies, from `src/` on, with `/` between the folders.
    pub(crate) name: String,
    /// Every path it mentions, such as `crate::pipeline::plan::Plan`; `use a::{b, c}` is `a::b` and `a::c`.
    pub(crate) paths: Vec<Vec<String>>,
}

/// Every Rust file below `src/`.
pub(crate) fn files() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files: Vec<SourceFile> = below(&root)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let name = path.strip_prefix(&root).unwrap();
            SourceFile {
                name: name.to_str().unwrap().replace('\\', "/"),
                paths: paths(&text),
            }
        })
        .collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

/// Every file below a folder; none where there is no such folder.
pub(crate) fn below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// Every path of a Rust text.
pub(crate) fn paths(text: &str) -> Vec<Vec<String>> {
    let words = words(&without_comments_and_texts(text));
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        at = if is_name(&words[at]) {
            path(&words, at, &[], &mut found)
        } else {
            at + 1
        };
    }
    found
}

/// Follows one path from a name on, into its braces if it has any; returns where it ends.
fn path(words: &[String], start: usize, before: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = before.to_vec();
    let mut at = start;
    loop {
        path.push(words[at].clone());
        at += 1;
        if words.get(at).is_none_or(|word| word != "::") {
            break;
        }
        match words.get(at + 1) {
            Some(next) if is_name(next) => at += 1,
            Some(next) if next == "{" => return group(words, at + 2, &path, found),
            _ => {
                at += 1;
                break;
            }
        }
    }
    found.push(path);
    at
}

fn group(
    words: &[String],
    start: usize,
    path_so_far: &[String],
    found: &mut Vec<Vec<String>>,
) -> usize {
    let mut at = start;
    while at < words.len() && words[at] != "}" {
        at = if is_name(&words[at]) {
            path(words, at, path_so_far, found)
        } else {
            at + 1
        };
    }
    at + 1
}

fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Names, `::`, and every other character by itself.
fn words(code: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let end = if first.is_alphanumeric() || first == '_' {
            rest.find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        words.push(rest[..end].to_owned());
        rest = rest[end..].trim_start();
    }
    words
}

/// The text with comments, strings and characters replaced by a space.
fn without_comments_and_texts(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = skipped(
            rest,
            out.ends_with(|c: char| c.is_alphanumeric() || c == '_'),
        );
        if length == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            out.push(' ');
            rest = &rest[length..];
        }
    }
    out
}

/// How many bytes of comment, string or character start here; 0 where code does.
fn skipped(rest: &str, is_inside_word: bool) -> usize {
    let until = |from: usize, end: &str| {
        rest[from..]
            .find(end)
            .map_or(rest.len(), |at| from + at + end.len())
    };
    if rest.starts_with("//") {
        return until(2, "\n");
    }
    if rest.starts_with("/*") {
        return until(2, "*/");
    }
    if !is_inside_word
        && (rest.starts_with("r\"") || rest.starts_with("r#\"") || rest.starts_with("r##\""))
    {
        let n_hashes = rest[1..].find('"').unwrap();
        return until(2 + n_hashes, &format!("\"{}", "#".repeat(n_hashes)));
    }
    if rest.starts_with('"') {
        return quoted(rest);
    }
    match rest.strip_prefix('\'') {
        Some(character) if character.starts_with('\\') => {
            2 + 1 + character[2..].find('\'').unwrap() + 1
        }
        Some(character) => {
            let mut characters = character.chars();
            let first = characters.next().map_or(0, char::len_utf8);
            // A lifetime has no closing quote.
            if characters.next() == Some('\'') {
                first + 2
            } else {
                0
            }
        }
        None => 0,
    }
}

fn quoted(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}
