//! A small HTML tokenizer: tags with their attributes, and the text between them.
//! It knows only the HTML that the program writes and panics at anything else.

/// One token of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// `<name attribute="value">`, or `</name>` with the name `/name`.
    Tag(String, Vec<(String, String)>),
    /// Text between tags, with entities decoded.
    Text(String),
    /// Text between `<!--` and `-->`.
    Comment(String),
}

/// The tokens of a page; the contents of `style` and `script` are text.
pub(crate) fn tokens(html: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        if start > 0 {
            found.push(Token::Text(decode_entities(&rest[..start])));
        }
        rest = &rest[start..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            let end = comment.find("-->").expect("the end of the comment");
            found.push(Token::Comment(comment[..end].to_owned()));
            rest = &comment[end + 3..];
            continue;
        }
        let end = end_of_tag(rest);
        let (name, attributes) = tag(&rest[1..end]);
        rest = &rest[end + 1..];
        if let "style" | "script" = name.as_str() {
            let end = rest.find(&format!("</{name}")).expect("a closing tag");
            found.push(Token::Tag(name, attributes));
            found.push(Token::Text(rest[..end].to_owned()));
            rest = &rest[end..];
        } else {
            found.push(Token::Tag(name, attributes));
        }
    }
    if !rest.is_empty() {
        found.push(Token::Text(decode_entities(rest)));
    }
    found
}

fn end_of_tag(rest: &str) -> usize {
    let mut is_quoted = false;
    for (index, character) in rest.char_indices() {
        match character {
            '"' => is_quoted = !is_quoted,
            '>' if !is_quoted => return index,
            _ => {}
        }
    }
    panic!("unterminated tag: {rest:.60}");
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
                let end = quoted.find('"').expect("a closing quote");
                rest = &quoted[end + 1..];
                decode_entities(&quoted[..end])
            }
            None => String::new(),
        };
        attributes.push((name, value));
    }
    (name.to_ascii_lowercase(), attributes)
}

fn decode_entities(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(index) = rest.find('&') {
        out.push_str(&rest[..index]);
        let end = index + rest[index..].find(';').expect("the end of the entity");
        out.push(match &rest[index + 1..end] {
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
