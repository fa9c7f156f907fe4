//! Reads the program's source for the architecture tests: the paths it mentions, without comments and literals.

use std::path::{Path, PathBuf};

/// One file of `src/`.
pub(crate) struct SourceFile {
    /// Path relative to `src/`, with `/` between folders.
    pub(crate) name: String,
    /// Every path that the file mentions, such as `crate::pipeline::plan::Plan`; `use a::{b, c}` is `a::b` and `a::c`.
    pub(crate) paths: Vec<Vec<String>>,
}

/// Every Rust file below `src/`.
pub(crate) fn files() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files: Vec<SourceFile> = files_below(&root)
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

/// Every file below a folder; empty where the folder does not exist.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// Every path that Rust source text mentions.
pub(crate) fn paths(text: &str) -> Vec<Vec<String>> {
    let words = words(&without_comments_and_literals(text));
    let mut found = Vec::new();
    let mut index = 0;
    while index < words.len() {
        index = if is_name(&words[index]) {
            path(&words, index, &[], &mut found)
        } else {
            index + 1
        };
    }
    found
}

/// Follows one path from the name at `start`, including the group in its braces; returns the index after it.
fn path(words: &[String], start: usize, before: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = before.to_vec();
    let mut index = start;
    loop {
        path.push(words[index].clone());
        index += 1;
        if words.get(index).is_none_or(|word| word != "::") {
            break;
        }
        match words.get(index + 1) {
            Some(next) if is_name(next) => index += 1,
            Some(next) if next == "{" => return group(words, index + 2, &path, found),
            _ => {
                index += 1;
                break;
            }
        }
    }
    found.push(path);
    index
}

fn group(
    words: &[String],
    start: usize,
    path_so_far: &[String],
    found: &mut Vec<Vec<String>>,
) -> usize {
    let mut index = start;
    while index < words.len() && words[index] != "}" {
        index = if is_name(&words[index]) {
            path(words, index, path_so_far, found)
        } else {
            index + 1
        };
    }
    index + 1
}

fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Splits code into names, `::`, and single other characters.
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

/// Replaces each comment, string literal and character literal by a space.
fn without_comments_and_literals(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = skipped_length(
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

/// Length in bytes of the comment or literal that starts here; 0 where code starts.
fn skipped_length(rest: &str, is_inside_word: bool) -> usize {
    let until = |from: usize, end: &str| {
        rest[from..]
            .find(end)
            .map_or(rest.len(), |index| from + index + end.len())
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
        return string_literal_length(rest);
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

fn string_literal_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut index = 1;
    while index < bytes.len() && bytes[index] != b'"' {
        index += if bytes[index] == b'\\' { 2 } else { 1 };
    }
    index + 1
}
