//! Quotes untrusted text for the languages of schedulers: shell, crontab, unit file, YAML.
//! A scheduler reads back exactly the text that was quoted; every character of the text is visible.

/// Whether none of its characters has a special meaning in any of these languages.
fn is_plain(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-:,@+".contains(&byte);
    !text.is_empty() && text.bytes().all(is_plain)
}

/// A word of a POSIX shell.
///
/// Uses no backslash, because implementations of cron disagree about its meaning.
pub(super) fn shell(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r#"'"'"'"#))
}

/// A word of a crontab's command: quoted for the shell and for cron, where `%` would end the command.
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

/// An argument in `ExecStart=`, where `$` also starts a variable, except in the program's own path.
pub(super) fn unit_argument(text: &str) -> String {
    unit_path(text).replace('$', "$$")
}

/// A quoted YAML scalar, which is always a string, whatever the text looks like.
pub(super) fn yaml(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', r#"\""#))
}

/// A quoted YAML scalar for a workflow, where `${{` starts an expression.
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
    fn each_language_has_its_own_quoting() {
        assert_eq!(shell("a'b $c"), r#"'a'"'"'b $c'"#);
        assert_eq!(crontab("/a%b c"), r"'/a\%b c'");
        assert_eq!(unit_path("/a%b"), "/a%%b");
        assert_eq!(unit_path(r#"/a "b\"#), r#""/a \"b\\""#);
        assert_eq!(unit_argument("/$a %b"), "\"/$$a %%b\"");
        assert_eq!(yaml(r#"a"b\c: #d"#), r#""a\"b\\c: #d""#);
        assert_eq!(workflow_yaml("a${{ b }}"), r#""a${{ '${{' }} b }}""#);
    }
}
