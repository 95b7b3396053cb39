//! Where an article ends and its readers begin, when nothing marks it.
//!
//! Every paragraph gets a log-odds of being a reader's, from what it says itself and from how it differs from the start of the page. An
//! article is followed by its comments, so the sum over the paragraphs behind a cut, less the sum over those before, is the log-likelihood of
//! that cut; Bayes' rule over all cuts, and over none, gives the place and how sure it is.

use std::collections::HashSet;

use super::furniture;
use super::paragraphs::{self, Paragraph};
use super::words::lower;

/// Words of people who speak of themselves.
const FIRST_PERSON: [&str; 46] = [
    "i", "i'm", "i've", "i'd", "i'll", "me", "my", "mine", "myself", "imo", "imho", "ich", "mich", "mir", "mein", "meine", "meinen", "meiner",
    "meinem", "je", "j'ai", "j'étais", "moi", "ma", "mon", "mes", "j'en", "j'aime", "yo", "mi", "mis", "conmigo", "creo", "io", "mio", "mia",
    "miei", "ik", "mij", "mijn", "eu", "meu", "minha", "jag", "min", "я",
];

/// Words to somebody.
const SECOND_PERSON: [&str; 34] = [
    "you", "your", "yours", "yourself", "you're", "you've", "you'll", "folks", "guys", "please", "thanks", "thank", "sie", "ihr", "euch", "du",
    "dein", "deine", "danke", "bitte", "vous", "votre", "vos", "merci", "usted", "ustedes", "gracias", "vosotros", "tú", "voi", "grazie", "u",
    "bedankt", "obrigado",
];

/// Words about the text above and those who wrote it or under it.
const ABOUT_TEXT: [&str; 44] = [
    "article", "author", "piece", "column", "columnist", "journalist", "journalism", "headline", "paper", "editor", "writer", "commenter",
    "commenters", "comment", "comments", "posters", "agree", "agreed", "disagree", "read", "reading", "artikel", "autor", "autorin",
    "kommentar", "kommentare", "zeitung", "redaktion", "zustimmen", "vorredner", "beitrag", "auteur", "l'auteur", "l'article", "commentaire",
    "commentaires", "journal", "d'accord", "artículo", "autora", "comentario", "periódico", "acuerdo", "articolo",
];

/// Words of talk.
const TALK: [&str; 62] = [
    "lol", "haha", "wow", "yeah", "yep", "nope", "ok", "okay", "sure", "well", "oh", "hey", "sorry", "honestly", "seriously", "really",
    "actually", "basically", "obviously", "frankly", "personally", "maybe", "guess", "bet", "stuff", "stupid", "idiot", "idiots", "fool",
    "fools", "crap", "nonsense", "rubbish", "ridiculous", "pathetic", "joke", "shame", "awful", "sick", "bloody", "damn", "cheers", "kudos",
    "bravo", "klar", "naja", "quatsch", "blödsinn", "unsinn", "ehrlich", "wirklich", "leider", "endlich", "wahnsinn", "bah", "franchement",
    "honte", "n'importe", "vergüenza", "tontería", "claro", "vaya",
];

/// Verbs of reporting, and what goes with sources.
const REPORT: [&str; 44] = [
    "said", "says", "told", "according", "reported", "announced", "spokesman", "spokeswoman", "spokesperson", "stated", "percent", "per",
    "million", "billion", "study", "researchers", "officials", "analysts", "sagte", "erklärte", "teilte", "laut", "sprecher", "sprecherin",
    "prozent", "millionen", "studie", "forscher", "selon", "déclaré", "affirme", "indiqué", "million", "millions", "étude", "porte",
    "según", "dijo", "afirmó", "explicó", "millones", "estudio", "secondo", "portavoz",
];

/// Number of features of a paragraph.
pub const FEATURES: usize = 12;
/// What is known of a paragraph: numbers between -1 and 2.
pub type Features = [f64; FEATURES];

/// The names of the features, in their order.
pub const NAMES: [&str; FEATURES] = [
    "first person",
    "first person, more than above",
    "second person",
    "about the text",
    "talk",
    "calls and dots",
    "shouting",
    "careless",
    "reporting",
    "shorter than above",
    "words from above",
    "words from the paragraph before",
];

/// How strongly each feature speaks for a reader, and the intercept at the end.
pub const WEIGHTS: [f64; FEATURES + 1] = [0.8, 1.2, 0.8, 1.2, 1.2, 0.9, 1.2, 0.8, -0.9, 0.5, -0.6, -0.3, -1.1];

/// Articles have at least so many words in so many paragraphs.
const LEAST_PARAGRAPHS: usize = 3;
const LEAST_WORDS: usize = 120;
/// The chance that a page has comments, before it was read.
const PRIOR: f64 = 0.4;
/// Paragraphs of one page speak alike: their evidence counts for less than if each were a page of its own.
const TEMPER: f64 = 0.7;

/// The paragraphs of a page that can be an article's or a reader's.
#[derive(Debug, Clone, Default)]
pub struct Candidates {
    /// Line on which each starts, from 1.
    pub lines: Vec<u64>,
    /// Number of words of each.
    pub words: Vec<usize>,
    /// What is known of each.
    pub features: Vec<Features>,
}

/// Where the readers begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cut {
    /// The first paragraph that is a reader's; the number of paragraphs for none.
    pub at: usize,
    /// How probable the place is, against all others.
    pub confidence: f64,
}

impl Candidates {
    /// The paragraphs of a text without furniture.
    pub fn of_text(text: &str) -> Self {
        let paragraphs = paragraphs::of(text);
        let marks = furniture::mark(&paragraphs);
        let kept: Vec<&Paragraph> = paragraphs.iter().zip(marks).filter(|(_, mark)| !mark).map(|(p, _)| p).collect();
        Candidates::of(&kept)
    }

    pub(super) fn of(paragraphs: &[&Paragraph]) -> Self {
        Candidates {
            lines: paragraphs.iter().map(|p| p.line).collect(),
            words: paragraphs.iter().map(|p| p.words()).collect(),
            features: features(paragraphs),
        }
    }

    /// The most probable cut, by these weights.
    pub fn cut(&self, weights: &[f64; FEATURES + 1]) -> Cut {
        let odds = |f: &Features| f.iter().zip(weights).map(|(f, w)| f * w).sum::<f64>() + weights[FEATURES];
        let evidence: Vec<f64> = self.features.iter().map(|f| odds(f).clamp(-4.0, 4.0)).collect();
        let count = self.words.len();
        let mut words = 0;
        let first = self.words.iter().position(|own| {
            let enough = words >= LEAST_WORDS;
            words += own;
            enough
        });
        let first = first.unwrap_or(count).max(LEAST_PARAGRAPHS);
        // Log-likelihood of each cut against that of none, from the end.
        let mut cuts = Vec::new();
        let mut sum = 0.0;
        for at in (first..count).rev() {
            sum += TEMPER * evidence[at];
            cuts.push((at, sum));
        }
        let prior = (PRIOR / (1.0 - PRIOR) / cuts.len().max(1) as f64).ln();
        let top = cuts.iter().map(|&(_, sum)| sum + prior).fold(0.0, f64::max);
        let all: f64 = (-top).exp() + cuts.iter().map(|&(_, sum)| (sum + prior - top).exp()).sum::<f64>();
        let none = Cut { at: count, confidence: (-top).exp() / all };
        let found = cuts.iter().map(|&(at, sum)| Cut { at, confidence: (sum + prior - top).exp() / all });
        let likeliest = found.max_by(|a, b| a.confidence.total_cmp(&b.confidence));
        // That there are comments at all must be more probable than that there are none.
        likeliest.filter(|_| none.confidence < 0.5).unwrap_or(none)
    }
}

/// The features of all paragraphs.
fn features(paragraphs: &[&Paragraph]) -> Vec<Features> {
    let words: Vec<Vec<String>> = paragraphs.iter().map(|p| lower(&unquoted(&p.text))).collect();
    // The start of a page is the article's for certain.
    let start = (paragraphs.len() * 2 / 5).clamp(LEAST_PARAGRAPHS, 40).min(paragraphs.len());
    let started: usize = words[..start].iter().map(Vec::len).sum();
    let usual_first = rate(words[..start].iter().flatten(), &FIRST_PERSON);
    let usual_length = started as f64 / start.max(1) as f64;
    let mut known: HashSet<String> = HashSet::new();
    let mut before: HashSet<String> = HashSet::new();
    let mut all = Vec::with_capacity(paragraphs.len());
    for (paragraph, words) in paragraphs.iter().zip(&words) {
        let content: Vec<String> = words.iter().filter(|w| w.chars().count() >= 5).map(|w| stem(w)).collect();
        let shared = |with: &HashSet<String>| {
            let hits = content.iter().filter(|word| with.contains(*word)).count();
            (hits as f64 + 1.0) / (content.len() as f64 + 3.0)
        };
        let first = rate(words, &FIRST_PERSON);
        let squash = |rate: f64, usual: f64| rate / (rate + usual);
        all.push([
            squash(first, 0.03),
            squash((first - usual_first).max(0.0), 0.02),
            squash(rate(words, &SECOND_PERSON), 0.03),
            squash(rate(words, &ABOUT_TEXT), 0.03),
            squash(rate(words, &TALK), 0.02),
            calls(&paragraph.text),
            shouting(&paragraph.text),
            careless(paragraph),
            squash(rate(words, &REPORT), 0.02),
            ((usual_length + 5.0) / (words.len() as f64 + 5.0)).ln().clamp(-1.0, 2.0),
            shared(&known),
            shared(&before),
        ]);
        known.extend(content.iter().cloned());
        before = content.into_iter().collect();
    }
    all
}

/// Enough of a word to know it in another form.
fn stem(word: &str) -> String {
    word.chars().take(6).collect()
}

fn rate<'w>(words: impl IntoIterator<Item = &'w String>, table: &[&str]) -> f64 {
    let (mut hits, mut all) = (0, 0);
    for word in words {
        all += 1;
        hits += usize::from(table.contains(&word.as_str()));
    }
    hits as f64 / (all as f64 + 5.0)
}

/// The text without what stands in quotation marks: others speak there.
fn unquoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut depth = 0usize;
    for c in text.chars() {
        match c {
            '“' | '„' | '«' => depth += 1,
            '”' | '»' => depth = depth.saturating_sub(1),
            '"' => depth = usize::from(depth == 0),
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    // A quotation that is never closed is none.
    if depth > 0 { text.to_owned() } else { out }
}

/// Exclamation marks, dots and doubled marks.
fn calls(text: &str) -> f64 {
    let marks = text.matches('!').count() + 2 * text.matches("??").count() + text.matches("...").count() + text.matches('…').count();
    (marks as f64 / 2.0).min(1.0)
}

/// Words in capitals that are too long for abbreviations.
fn shouting(text: &str) -> f64 {
    let is_shouted = |word: &&str| {
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        letters >= 4 && !word.chars().any(char::is_lowercase)
    };
    (text.split_whitespace().filter(is_shouted).count() as f64 / 2.0).min(1.0)
}

/// A small letter at the start, no mark at the end, blanks before marks, lone small `i`.
fn careless(paragraph: &Paragraph) -> f64 {
    let text = paragraph.text.as_str();
    let small = text.chars().next().is_some_and(char::is_lowercase);
    let open = !paragraph.ends_sentence() && !text.ends_with([':', ';']);
    let blank = text.contains(" ,") || text.contains(" .") || text.contains(",,") || text.contains("  ");
    let lone = text.split_whitespace().any(|word| matches!(word, "i" | "im" | "dont" | "u" | "ur"));
    [small, open, blank, lone].into_iter().filter(|&b| b).count() as f64 / 2.0
}
