//! HTML taken apart the way a browser begins to: tags with their attributes, and the text between them.
//! Knows only what the program writes; anything else is a failure.

/// A piece of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// `<name attribute="value">`, or `</name>` with the name `/name`.
    Tag(String, Vec<(String, String)>),
    /// What stands between tags, its entities resolved.
    Text(String),
    /// What stands between `<!--` and `-->`.
    Comment(String),
}

/// The pieces of a page; the insides of style and script are text.
pub(crate) fn tokens(html: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        if start > 0 {
            found.push(Token::Text(resolved(&rest[..start])));
        }
        rest = &rest[start..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            let end = comment.find("-->").expect("a comment ends");
            found.push(Token::Comment(comment[..end].to_owned()));
            rest = &comment[end + 3..];
            continue;
        }
        let end = end_of_tag(rest);
        let (name, attributes) = tag(&rest[1..end]);
        rest = &rest[end + 1..];
        if let "style" | "script" = name.as_str() {
            let end = rest.find(&format!("</{name}")).expect("it ends");
            found.push(Token::Tag(name, attributes));
            found.push(Token::Text(rest[..end].to_owned()));
            rest = &rest[end..];
        } else {
            found.push(Token::Tag(name, attributes));
        }
    }
    if !rest.is_empty() {
        found.push(Token::Text(resolved(rest)));
    }
    found
}

fn end_of_tag(rest: &str) -> usize {
    let mut is_quoted = false;
    for (at, character) in rest.char_indices() {
        match character {
            '"' => is_quoted = !is_quoted,
            '>' if !is_quoted => return at,
            _ => {}
        }
    }
    panic!("a tag does not end: {rest:.60}");
}

fn tag(inside: &str) -> (String, Vec<(String, String)>) {
    let inside = inside.trim_end_matches('/').trim();
    let (name, mut rest) = inside.split_once(' ').unwrap_or((inside, ""));
    let mut attributes = Vec::new();
    while !rest.trim().is_empty() {
        rest = rest.trim_start();
        let end = rest.find(['=', ' ']).unwrap_or(rest.len());
        let name = rest[..end].to_owned();
        rest = &rest[end..];
        let value = match rest.strip_prefix("=\"") {
            Some(quoted) => {
                let end = quoted.find('"').expect("the quotes close");
                rest = &quoted[end + 1..];
                resolved(&quoted[..end])
            }
            None => String::new(),
        };
        attributes.push((name, value));
    }
    (name.to_ascii_lowercase(), attributes)
}

fn resolved(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let end = at + rest[at..].find(';').expect("an entity ends");
        out.push(match &rest[at + 1..end] {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            number => {
                let digits = number.strip_prefix('#').expect("a number");
                char::from_u32(digits.parse().unwrap()).unwrap()
            }
        });
        rest = &rest[end + 1..];
    }
    out + rest
}
