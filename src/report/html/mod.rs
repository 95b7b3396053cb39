//! Reports as one page of HTML: style, script and data stand in it, nothing is fetched from elsewhere.
//!
//! The templates in `templates/` say how it looks; here is only where things stand in charts. Whatever comes from users is escaped by the
//! templates, or stands in a block of JSON that no browser takes for markup.

mod batch;
mod charts;
mod evaluation;

use base64::Engine;
use minijinja::value::Serde;
use minijinja::{Environment, Value, context};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::numbers::{amount, count, percent};
use crate::error::{Error, Result};

pub use batch::report;
pub use evaluation::evaluation;

const STYLE: &str = include_str!("../templates/style.css");
const SCRIPT: &str = include_str!("../templates/script.js");
const TEMPLATES: [(&str, &str); 4] = [
    ("page.html", include_str!("../templates/page.html")),
    ("macros.html", include_str!("../templates/macros.html")),
    ("report.html", include_str!("../templates/report.html")),
    ("evaluation.html", include_str!("../templates/evaluation.html")),
];

/// A link in the list of sections.
#[derive(Debug, Serialize)]
struct Section {
    id: String,
    title: String,
}

/// The list of sections, filled in the order of the page.
#[derive(Debug, Default)]
struct Sections(Vec<Section>);

impl Sections {
    fn add(&mut self, is_there: bool, id: &str, title: &str) {
        if is_there {
            self.0.push(Section { id: id.into(), title: title.into() });
        }
    }
}

/// Data for a template.
fn view(data: impl Serialize) -> Value {
    Value::from(Serde(data))
}

/// Fills a template; what all pages have in common is added.
fn render(template: &str, content: Value) -> Result<String> {
    let failed = |e: minijinja::Error| Error::Config(format!("cannot write the report: {e:#}"));
    let mut environment = Environment::new();
    environment.add_filter("percent", percent);
    environment.add_filter("count", count);
    environment.add_filter("amount", amount);
    environment.add_filter("sortable", |share: f64| format!("{share:.4}"));
    for (name, source) in TEMPLATES {
        environment.add_template(name, source).map_err(failed)?;
    }
    let page = context! { style => STYLE, script => SCRIPT, policy => policy(), ..content };
    environment.get_template(template).and_then(|template| template.render(page)).map_err(failed)
}

/// What the browser is told to allow: this style and this script, and nothing else from anywhere.
fn policy() -> String {
    let hash = |text: &str| base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

/// JSON that can stand in a script element: nothing in it ends the element or begins a comment.
fn embedded(value: &serde_json::Value) -> String {
    let mut out = String::new();
    for c in value.to_string().chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn embedded_json_holds_no_markup() {
        let value = json!({ "text": "</script><!-- & \u{2028}" });
        let text = embedded(&value);
        assert!(!text.contains(['<', '>', '&', '\u{2028}']), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }

    #[test]
    fn every_template_can_be_read_and_autoescapes() {
        let found = render("macros.html", context! {});
        assert!(found.is_ok(), "{found:?}");
        let mut environment = Environment::new();
        environment.add_template("x.html", "{{ x }}").unwrap();
        let shown = environment.get_template("x.html").unwrap().render(context! { x => "<b>\"'" }).unwrap();
        assert_eq!(shown, "&lt;b&gt;&quot;&#x27;");
    }
}
