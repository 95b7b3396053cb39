//! Comments that a page describes to programs: JSON-LD with schema.org's `Comment`.

use serde_json::Value;

use super::Comment;
use crate::text::html;

/// The comments of a script; none if it is no JSON.
pub(super) fn comments(json: &str) -> Vec<Comment> {
    let mut found = Vec::new();
    if let Ok(value) = serde_json::from_str::<Value>(json) {
        collect(&value, None, &mut found);
    }
    found
}

/// The parser bounds the depth.
fn collect(value: &Value, parent: Option<usize>, found: &mut Vec<Comment>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, parent, found)),
        Value::Object(object) => {
            let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
            let mut parent = parent;
            let body = html::text(text("text"));
            if is_comment(object.get("@type")) && !body.is_empty() {
                let id = [text("@id"), text("identifier"), text("url")].into_iter().find(|id| !id.is_empty());
                let time = [text("dateCreated"), text("datePublished")].into_iter().find(|time| !time.is_empty());
                found.push(Comment {
                    id: id.unwrap_or_default().rsplit('#').next().unwrap_or_default().to_owned(),
                    parent,
                    text: body,
                    author: author(object.get("author").or(object.get("creator"))),
                    time: time.unwrap_or_default().to_owned(),
                    line: None,
                });
                parent = Some(found.len() - 1);
            }
            object.values().for_each(|value| collect(value, parent, found));
        }
        _ => {}
    }
}

fn is_comment(kind: Option<&Value>) -> bool {
    let names = |value: &Value| value.as_str().is_some_and(|name| matches!(name, "Comment" | "UserComments"));
    kind.is_some_and(|kind| names(kind) || kind.as_array().is_some_and(|kinds| kinds.iter().any(names)))
}

fn author(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(name)) => html::text(name),
        Some(Value::Object(person)) => author(person.get("name").filter(|name| name.is_string())),
        Some(Value::Array(people)) => author(people.first().filter(|person| !person.is_array())),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_their_answers_are_found_wherever_they_stand() {
        let json = r##"{"@type": "NewsArticle", "text": "no comment", "comment": [
            {"@type": "Comment", "text": "One &amp; all", "author": {"name": "Ann"}, "dateCreated": "2024-05-03", "url": "https://a.example/#c1",
             "comment": {"@type": ["Comment"], "text": "Two", "author": "Bob"}},
            {"@type": "Comment", "text": ""}]}"##;
        let found = comments(json);
        assert_eq!(found.len(), 2);
        let (one, two) = (&found[0], &found[1]);
        assert_eq!((&*one.text, &*one.author, &*one.time, &*one.id), ("One & all", "Ann", "2024-05-03", "c1"));
        assert_eq!((&*two.text, &*two.author, two.parent), ("Two", "Bob", Some(0)));
        assert!(comments("{").is_empty() && comments("[1, null]").is_empty());
    }
}
