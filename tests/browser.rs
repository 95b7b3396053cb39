//! Reports in a real browser: they open, work, ask for nothing, keep hostile text as text and can be used by everybody.
//!
//! Needs Chromium and its driver (Debian: `chromium`, `chromium-driver`); without them each test says that it is skipped.

#[path = "support/browser.rs"]
mod browser;
mod support;

use browser::Browser;
use serde_json::{Value, json};
use support::Folder;

/// Texts that would do harm, or fall apart, if they were taken for more than text.
fn hostile() -> Vec<String> {
    vec![
        "<script>window.harmed = 1</script>".into(),
        "</script><script>window.harmed = 2</script>".into(),
        "</style><style>* { display: none }</style>".into(),
        "<img src=x onerror=\"window.harmed = 3\"> <svg onload='window.harmed = 4'>".into(),
        "\"'><b>bold</b> <!-- --> &lt;kept&gt; &amp; {{ 7 * 7 }} {% raw %}".into(),
        "\u{202e}gnitirw thgir-ot-tfel\u{202c} then left to right".into(),
        "مرحبا بالعالم، this goes both ways".into(),
        "👩\u{200d}🚀🇩🇪 emoji 😀\u{fe0f} and a\u{301}ccents".into(),
        "x".repeat(100_000),
        "line one\nline two\u{2028}line three".into(),
        "javascript:window.harmed=5 http://example.org/tracker.gif".into(),
    ]
}

/// Scored comments with hostile texts and hostile labels, and sixty plain ones.
fn scored() -> String {
    let label = "<i>no</i>\"'&";
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer
        .write_record([
            "id",
            "article_id",
            "target",
            "time",
            "comment",
            "stance_pred",
            "stance_conf",
            "stance_p_against",
            "stance_p_favor",
            "stance_p_none",
            "stance_score",
            "<u>t</u>_pred",
            "<u>t</u>_conf",
            &format!("<u>t</u>_p_{label}"),
            "<u>t</u>_p_hostile",
        ])
        .unwrap();
    let plain = (0..60).map(|i| format!("Comment number {i} on the matter of trams."));
    for (i, comment) in hostile().into_iter().chain(plain).enumerate() {
        let (pred, p) = [("against", [0.8, 0.1, 0.1]), ("favor", [0.2, 0.7, 0.1]), ("none", [0.3, 0.1, 0.6])][i % 3];
        let id = format!("<b>c{i}</b>");
        let article = format!("</td><script>window.harmed = {}</script>", i % 2);
        let time = format!("2026-03-{:02}T12:00:00Z", 1 + i % 20);
        let of = |p: f64| format!("{p:.6}");
        writer
            .write_record([
                id.as_str(),
                article.as_str(),
                "<script>harm</script>",
                time.as_str(),
                comment.as_str(),
                pred,
                &of(p[i % 3]),
                &of(p[0]),
                &of(p[1]),
                &of(p[2]),
                &of(p[1] - p[0]),
                if i % 2 == 0 { label } else { "" },
                "0.700000",
                if i % 2 == 0 { "0.700000" } else { "0.300000" },
                "0.100000",
            ])
            .unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

/// A folder with three pages: a report of hostile scored comments, one of comments with a model, and an evaluation.
fn pages() -> Folder {
    let folder = Folder::with_model();
    folder.write("scored.csv", scored());
    folder.run("report scored.csv -o hostile.html").done();
    folder.run("report comments.csv --articles articles.csv -m m -o model.html").done();
    folder.run("evaluate comments.csv --articles articles.csv -m m -o evaluation.html").done();
    folder
}

const PAGES: [&str; 3] = ["hostile.html", "model.html", "evaluation.html"];

fn text(value: Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[test]
fn pages_open_without_a_complaint_and_ask_for_nothing() {
    let Some(browser) = Browser::start() else { return };
    let folder = pages();
    for page in PAGES {
        browser.open(&folder.path(page));
        assert_eq!(browser.console(), Vec::<Value>::new(), "{page}");
        let requests = browser.requests();
        assert!(requests.iter().all(|url| url.ends_with(page)), "{page}: {requests:?}");
        assert!(!requests.is_empty(), "the page itself is seen to be asked for");
    }
}

#[test]
fn a_page_that_asks_for_something_would_be_noticed() {
    let Some(browser) = Browser::start() else { return };
    let folder = Folder::new();
    folder.write("x.html", "<!doctype html><img src='http://127.0.0.1:1/x.gif'><script>console.error('no')</script>");
    browser.open(&folder.path("x.html"));
    assert!(browser.requests().iter().any(|url| url.contains("x.gif")));
    assert!(!browser.console().is_empty());
}

#[test]
fn search_filters_order_and_pages_work() {
    let Some(browser) = Browser::start() else { return };
    let folder = pages();
    browser.open(&folder.path("hostile.html"));
    let found = || text(browser.run("return document.getElementById('found').textContent"));
    let page = || text(browser.run("return document.getElementById('page').textContent"));
    let shown = || browser.run("return document.querySelectorAll('#list > li').length");
    let first = || text(browser.run("return document.querySelector('#list > li .said').textContent"));
    assert_eq!((found(), page(), shown()), ("71 comments".into(), "Page 1 of 3".into(), json!(25)));

    // By keyboard: the button has the focus and Enter presses it.
    browser.run("document.getElementById('next').focus()");
    browser.press("Enter");
    assert_eq!(page(), "Page 2 of 3");
    browser.run("document.getElementById('next').click()");
    assert_eq!((page(), shown()), ("Page 3 of 3".into(), json!(21)));
    assert_eq!(browser.run("return document.getElementById('next').disabled"), true);

    browser.run("document.getElementById('search').focus()");
    browser.type_text("MATTER 59");
    assert_eq!((found(), page()), ("2 comments".into(), "Page 1 of 1".into()), "one by its text, one by its id");
    browser.run("document.getElementById('search').value = ''");
    browser.type_text("áccents");
    assert_eq!((found(), shown()), ("1 comment".into(), json!(1)), "letters with and without accents are alike");
    let choose = |id: &str, value: &str| {
        browser.run(&format!(
            "const e = document.getElementById('{id}'); e.value = '{value}'; e.dispatchEvent(new Event('input', {{bubbles: true}}))"
        ));
    };
    choose("search", "");
    choose("filter-0", "1");
    assert_eq!(found(), "24 comments");
    choose("filter-1", "-1");
    assert_eq!(found(), "12 comments");
    choose("filter-0", "");
    choose("filter-1", "");
    choose("sort", "length");
    assert_eq!(first().chars().take(20).collect::<String>(), "x".repeat(20));
    choose("sort", "unsure-0");
    assert!(text(browser.run("return document.querySelector('#list > li .meta').textContent")).contains("none (60%)"));

    browser.open(&folder.path("model.html"));
    assert!(browser.run("return document.querySelectorAll('#list mark').length").as_u64().unwrap() > 5);
    let sorted = |column: u32| {
        browser.run(&format!(
            "const t = document.querySelector('#by-article table'); t.tHead.rows[0].cells[{column}].querySelector('button').click();
             return [t.tHead.rows[0].cells[{column}].getAttribute('aria-sort'), ...[...t.tBodies[0].rows].map(r => r.cells[0].textContent)]"
        ))
    };
    assert_eq!(sorted(0), json!(["ascending", "Free buses", "School uniforms", "The old bridge"]));
    assert_eq!(sorted(0), json!(["descending", "The old bridge", "School uniforms", "Free buses"]));
}

#[test]
fn hostile_text_stays_text() {
    let Some(browser) = Browser::start() else { return };
    let folder = pages();
    folder.write("labelled.csv", labelled());
    folder.write("n.toml", "[training]\nsearch = \"none\"\n[validation]\nfolds = 2\nresamples = 9\n");
    folder.run("train labelled.csv --config n.toml --task t -o n").done();
    folder.run("evaluate labelled.csv -m n -o wrong.html").done();
    folder.run("report labelled.csv -m n -o raw.html").done();
    for page in ["hostile.html", "wrong.html", "raw.html"] {
        browser.open(&folder.path(page));
        assert_eq!(browser.run("return window.harmed ?? null"), Value::Null, "{page}");
        assert_eq!(
            browser.run(
                "return document.querySelectorAll('main script, main style, main img, main b, main i, main u').length"
            ),
            0
        );
        assert_eq!(browser.console(), Vec::<Value>::new(), "{page}");
        assert!(browser.requests().iter().all(|url| url.ends_with(page)), "{page}");
        for width in [1200, 360] {
            browser.width(width);
            let overflow =
                browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth");
            assert_eq!(overflow, 0, "{page} at {width} pixels");
        }
    }
    browser.open(&folder.path("hostile.html"));
    let shown: Vec<String> = serde_json::from_value(
        browser.run("return [...document.querySelectorAll('#list .said')].map(e => e.textContent)"),
    )
    .unwrap();
    for (comment, shown) in hostile().iter().zip(&shown) {
        if comment.len() < 5000 {
            assert_eq!(comment, shown);
        } else {
            assert_eq!(*shown, format!("{} (cut off here)", "x".repeat(5000)));
        }
    }
    assert_eq!(
        browser.run("return [...document.querySelectorAll('#filter-1 option')].map(o => o.textContent)"),
        json!(["any", "<i>no</i>\"'&", "hostile", "no label"])
    );
}

/// Labelled hostile texts under hostile labels.
fn labelled() -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["id", "comment", "t"]).unwrap();
    for i in 0..6 {
        for (n, comment) in hostile().into_iter().enumerate() {
            let label = ["</script><script>window.harmed = 6</script>", "<b>&\"'"][(n + i / 5) % 2];
            writer.write_record([&format!("<u>{i}-{n}"), &format!("{comment} {i}"), label]).unwrap();
        }
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

/// What is wrong with the page for people who read it with the keyboard, a screen reader or poor sight: a list of complaints. After the rules of
/// WCAG 2.1 AA that a program can check.
const AUDIT: &str = r##"
const complaints = [];
const complain = (what, element) => complaints.push(what + ": " + (element ? element.outerHTML.slice(0, 160) : ""));
const name = (e) => (e.getAttribute("aria-label") || (e.getAttribute("aria-labelledby") || "").split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? "").join(" ") || e.textContent || "").trim();
for (const d of document.querySelectorAll("details")) d.open = true;
if (!document.documentElement.lang) complain("no language");
if (!document.title) complain("no title");
if (document.querySelectorAll("h1").length !== 1) complain("not one h1");
if (document.querySelectorAll("main").length !== 1 || !document.querySelector("header") || !document.querySelector("footer")) complain("landmarks");
for (const n of document.querySelectorAll("nav, section, [role=region]")) if (!name(n) || (!n.hasAttribute("aria-label") && !n.hasAttribute("aria-labelledby"))) complain("landmark without a name", n);
let level = 0;
for (const h of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
  const now = Number(h.tagName[1]);
  if (now > level + 1) complain("heading skips a level", h);
  if (!h.textContent.trim()) complain("empty heading", h);
  level = now;
}
const ids = new Set();
for (const e of document.querySelectorAll("[id]")) { if (ids.has(e.id)) complain("id twice", e); ids.add(e.id); }
for (const e of document.querySelectorAll("[aria-labelledby], label[for], a[href^='#']")) {
  const wanted = e.getAttribute("aria-labelledby") ?? e.getAttribute("for") ?? decodeURIComponent(e.getAttribute("href").slice(1));
  for (const id of wanted.split(/\s+/)) if (!document.getElementById(id)) complain("points nowhere", e);
}
for (const e of document.querySelectorAll("input, select, textarea")) if (!e.labels.length || !e.labels[0].textContent.trim()) complain("no label", e);
for (const e of document.querySelectorAll("button, a, summary")) if (!name(e)) complain("no name", e);
for (const t of document.querySelectorAll("table")) {
  if (!t.tHead || [...t.tHead.rows[0].cells].some((c) => c.tagName !== "TH" || c.scope !== "col")) complain("columns without headers", t);
  if (!t.caption && !t.closest("[role=region][aria-label]")) complain("table without a name", t);
  const columns = t.tHead.rows[0].cells.length;
  for (const r of t.tBodies[0].rows) if (r.cells.length !== columns) complain("row of another width", r);
}
for (const s of document.querySelectorAll("svg")) if (s.getAttribute("aria-hidden") !== "true" && !(s.getAttribute("role") === "img" && name(s))) complain("picture without words", s);
for (const e of document.querySelectorAll(".scroll")) if (e.tabIndex !== 0) complain("cannot be scrolled by keyboard", e);
const parse = (colour) => { const n = colour.match(/[\d.]+/g).map(Number); return [n[0], n[1], n[2], n[3] ?? 1]; };
const luminance = ([r, g, b]) => { const f = (c) => ((c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4); return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
const contrast = (a, b) => { const [x, y] = [luminance(a), luminance(b)]; return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05); };
const ground = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] === 1) return c; } return [255, 255, 255, 1]; };
const seen = new Set();
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let checked = 0;
for (let node; (node = walker.nextNode()); ) {
  const e = node.parentElement;
  if (!node.textContent.trim() || seen.has(e) || ["SCRIPT", "STYLE", "TITLE", "title", "NOSCRIPT", "OPTION"].includes(e.tagName) || !e.getClientRects().length || e.disabled) continue;
  seen.add(e);
  const style = getComputedStyle(e);
  const ink = parse(e instanceof SVGElement ? style.fill : style.color);
  const ratio = contrast(ink, ground(e));
  checked += 1;
  if (ratio < 4.5) complain("contrast " + ratio.toFixed(2), e);
}
if (checked < 20) complain("hardly any text was checked");
for (const r of document.querySelectorAll("svg rect, svg circle, svg polyline")) {
  const style = getComputedStyle(r);
  const colour = parse(r.tagName === "polyline" ? style.stroke : style.fill);
  const ratio = contrast(colour, ground(r.ownerSVGElement));
  if (ratio < 3) complain("picture contrast " + ratio.toFixed(2), r);
}
const outline = (e) => { e.focus(); return document.activeElement === e; };
for (const e of document.querySelectorAll("button:not(:disabled), a[href], input, select, summary")) if (e.getClientRects().length && !outline(e)) complain("cannot have the focus", e);
return complaints;
"##;

#[test]
fn everybody_can_use_the_pages() {
    let Some(browser) = Browser::start() else { return };
    let folder = pages();
    for page in PAGES {
        for (dark, width) in [(false, 1200), (true, 1200), (false, 360)] {
            browser.dark(dark);
            browser.width(width);
            browser.open(&folder.path(page));
            assert_eq!(browser.run(AUDIT), json!([]), "{page}, dark: {dark}, {width} pixels");
        }
    }
    let ground = |browser: &Browser| browser.run("return getComputedStyle(document.body).backgroundColor");
    browser.dark(false);
    let light = ground(&browser);
    browser.dark(true);
    assert_ne!(light, ground(&browser), "the dark colours were really there");
}

#[test]
fn the_audit_notices_what_it_should() {
    let Some(browser) = Browser::start() else { return };
    let folder = Folder::new();
    folder.write(
        "bad.html",
        "<!doctype html><title>x</title><h1>a</h1><h3>b</h3><p style='color:#999;background:#fff'>faint</p><input><svg></svg>\
         <table><thead><tr><td>x</td></tr></thead><tbody><tr><td>y</td></tr></tbody></table>",
    );
    browser.open(&folder.path("bad.html"));
    let complaints = browser.run(AUDIT).to_string();
    for expected in [
        "no language", "landmarks", "skips a level", "contrast 2.8", "no label", "picture without words",
        "columns without headers",
    ] {
        assert!(complaints.contains(expected), "{expected}: {complaints}");
    }
}
