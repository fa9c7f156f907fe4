//! Foreign text in the languages of schedulers: shell, crontab, unit file, YAML.
//! What is read back is what was written; every character of a text is visible.

/// Whether no language here gives any of its characters a meaning.
fn is_plain(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-:,@+".contains(&byte);
    !text.is_empty() && text.bytes().all(is_plain)
}

/// A word of a POSIX shell.
///
/// Without a backslash, because crons disagree about what one means.
pub(super) fn shell(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r#"'"'"'"#))
}

/// A word of a crontab's command: for the shell, and past cron, to which `%` ends the command.
pub(super) fn crontab(text: &str) -> String {
    shell(text).replace('%', r"\%")
}

/// A word of a unit file's list of paths.
pub(super) fn unit_path(text: &str) -> String {
    let text = text.replace('%', "%%");
    if is_plain(&text.replace('%', "")) {
        return text;
    }
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', r#"\""#))
}

/// An argument in `ExecStart=`, where `$` stands for variables besides, but not in the program's own path.
pub(super) fn unit_argument(text: &str) -> String {
    unit_path(text).replace('$', "$$")
}

/// A YAML scalar that is this text whatever it looks like.
pub(super) fn yaml(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', r#"\""#))
}

/// The same in a workflow, where `${{` begins an expression.
pub(super) fn workflow_yaml(text: &str) -> String {
    yaml(&text.replace("${{", "${{ '${{' }}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_stay_as_they_are() {
        for word in [shell, crontab, unit_path, unit_argument] {
            assert_eq!(word("/usr/bin/a-b_c.d"), "/usr/bin/a-b_c.d");
        }
    }

    #[test]
    fn each_language_has_its_own_way_out() {
        assert_eq!(shell("a'b $c"), r#"'a'"'"'b $c'"#);
        assert_eq!(crontab("/a%b c"), r"'/a\%b c'");
        assert_eq!(unit_path("/a%b"), "/a%%b");
        assert_eq!(unit_path(r#"/a "b\"#), r#""/a \"b\\""#);
        assert_eq!(unit_argument("/$a %b"), "\"/$$a %%b\"");
        assert_eq!(yaml(r#"a"b\c: #d"#), r#""a\"b\\c: #d""#);
        assert_eq!(workflow_yaml("a${{ b }}"), r#""a${{ '${{' }} b }}""#);
    }
}
