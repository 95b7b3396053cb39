//! What a site puts around and into an article: credits, invitations, author boxes, notes on where a text comes from.
//!
//! Each rule looks at one paragraph: words from tables, its length, and where it stands. Tables hold single words, so that they fit any site.

use super::paragraphs::Paragraph;
use super::words::{any, any_stem, lower};

/// Words before a colon that name who made or owns something.
const CREDIT: [&str; 40] = [
    "photo", "photos", "photograph", "photography", "image", "images", "picture", "pictures", "credit", "credits",
    "source", "illustration", "foto", "fotos", "bild", "bilder", "bildquelle", "bildnachweis", "quelle", "quellen",
    "crédit", "crédits", "crédito", "créditos", "credito", "crediti", "fuente", "fonte", "imagen", "imagem",
    "immagine", "bron", "beeld", "źródło", "zdjęcie", "источник", "фото", "kaynak", "写真", "来源",
];

/// Verbs of invitations.
const INVITE: [&str; 28] = [
    "follow", "join", "subscribe", "sign", "register", "download", "become", "donate", "folgen", "folge", "abonnieren",
    "abonniere", "abonnez", "suivez", "inscrivez", "rejoignez", "sigue", "síguenos", "suscríbete", "suscríbase",
    "únete", "segui", "seguici", "iscriviti", "volg", "следите", "подписывайтесь", "assine",
];

/// What one is invited to.
const CHANNELS: [&str; 34] = [
    "telegram", "whatsapp", "newsletter", "newsletters", "channel", "facebook", "twitter", "instagram", "youtube",
    "bluesky", "mastodon", "linkedin", "tiktok", "coverage", "app", "podcast", "updates", "inbox", "email", "mail",
    "subscriber", "member", "patreon", "kanal", "canal", "canale", "boletín", "infolettre", "rundbrief", "postfach",
    "courriel", "correo", "канал", "рассылку",
];

/// Starts of words that say that a text stood elsewhere.
const ELSEWHERE: [&str; 13] = [
    "republish", "reprint", "syndicat", "crosspost", "repost", "nachdruck", "republi", "rediffus", "reproduc",
    "ripubblic", "herpublic", "перепеч", "przedruk",
];
/// Words for the first time ...
const FIRST: [&str; 14] = [
    "first", "originally", "zuerst", "ursprünglich", "initialement", "d'abord", "originalmente", "originellement",
    "originariamente", "oorspronkelijk", "впервые", "pierwotnie", "primero", "inizialmente",
];
/// ... and starts of words for publishing.
const PUBLISH: [&str; 14] = [
    "publish", "appear", "posted", "ran", "erschien", "veröffentlich", "publi", "paru", "apareci", "pubblicat",
    "verschen", "verscheen", "опубликов", "opublikowan",
];
/// Starts of words for the text itself.
const TEXT: [&str; 20] = [
    "article", "column", "piece", "story", "essay", "text", "post", "commentary", "opinion", "op", "interview",
    "analysis", "artikel", "beitrag", "kommentar", "tribune", "artículo", "columna", "articolo", "статья",
];

/// Words for opinions ...
const VIEWS: [&str; 18] = [
    "views", "opinions", "opinion", "view", "ansichten", "ansicht", "meinung", "meinungen", "positionen", "opiniones",
    "propos", "idées", "points", "opinioni", "opiniões", "meningen", "мнение", "poglądy",
];
/// ... of whom ...
const OWNER: [&str; 21] = [
    "author", "author's", "authors", "writer", "writer's", "contributor", "contributors", "columnist", "autor",
    "autors", "autorin", "autoren", "verfasser", "auteur", "auteurs", "l'auteur", "autora", "autores", "autore",
    "dell'autore", "автора",
];
/// ... and that they are not the site's.
const NOT_OURS: [&str; 22] = [
    "necessarily", "own", "reflect", "represent", "solely", "alone", "notwendigerweise", "unbedingt", "wieder",
    "spiegel", "allein", "engagent", "reflètent", "nécessairement", "reflejan", "necesariamente", "riflettono",
    "necessariamente", "refletem", "совпада", "expressed", "seine",
];

/// Trades of people who write, or are asked.
const TRADES: [&str; 66] = [
    "author", "writer", "journalist", "reporter", "columnist", "editor", "professor", "fellow", "researcher",
    "analyst", "director", "correspondent", "lecturer", "contributor", "historian", "economist", "freelance",
    "freelancer", "critic", "novelist", "lawyer", "scientist", "teacher", "physician", "consultant", "scholar",
    "strategist", "commentator", "photographer", "essayist", "blogger", "covers", "writes", "teaches", "autorin",
    "autor", "journalistin", "redakteur", "redakteurin", "professorin", "kolumnist", "kolumnistin", "schreibt",
    "lehrt", "forscht", "historiker", "historikerin", "politologe", "ökonomin", "ökonom", "journaliste", "professeur",
    "professeure", "chercheur", "chercheuse", "auteur", "autrice", "écrivain", "économiste", "periodista", "profesor",
    "profesora", "escritor", "escritora", "giornalista", "docente",
];
/// What stands between a name and a trade.
const IS: [&str; 22] = [
    "is", "was", "are", "has", "writes", "covers", "teaches", "works", "lives", "reports", "ist", "arbeitet",
    "schreibt", "lehrt", "forscht", "lebt", "est", "enseigne", "es", "escribe", "è", "insegna",
];

/// Starts of words that lead to another page ...
const READ: [&str; 20] = [
    "read", "related", "see", "watch", "listen", "more", "lesen", "lies", "mehr", "auch", "lire", "voir", "lea",
    "leer", "lee", "leggi", "lees", "читайте", "czytaj", "leia",
];
/// ... with one of these.
const ALSO: [&str; 20] = [
    "also", "more", "next", "on", "now", "our", "auch", "mehr", "dazu", "thema", "aussi", "suite", "plus", "también",
    "más", "anche", "ook", "также", "też", "também",
];

/// Words that stand alone, or nearly: buttons and labels.
const LABELS: [&str; 47] = [
    "skip", "advertisement", "advertising", "ad", "sponsored", "share", "shares", "tweet", "print", "email",
    "facebook", "twitter", "whatsapp", "telegram", "linkedin", "save", "bookmark", "copy", "link", "listen", "gift",
    "this", "article", "story", "anzeige", "werbung", "teilen", "drucken", "merken", "artikel", "publicité",
    "partager", "imprimer", "article", "cet", "publicidad", "compartir", "imprimir", "pubblicità", "condividi",
    "stampa", "reklama", "реклама", "поделиться", "continue", "reading", "below",
];

/// Words about slips of the pen, and what to do about them.
const SLIPS: [&str; 22] = [
    "typo", "typos", "mistake", "mistakes", "error", "errors", "correction", "corrections", "highlight", "ctrl",
    "enter", "spotted", "select", "fehler", "gefunden", "erreur", "faute", "errata", "error", "signalez", "errore",
    "ошибк",
];

/// Words on lines that tell dates.
const DATED: [&str; 22] = [
    "published", "updated", "posted", "min", "minutes", "read", "veröffentlicht", "aktualisiert", "stand", "uhr",
    "lesezeit", "publié", "mis", "jour", "publicado", "actualizado", "pubblicato", "aggiornato", "lecture", "lectura",
    "minuten", "last",
];

/// Marks what is furniture among the paragraphs of an article.
pub(super) fn mark(paragraphs: &[Paragraph]) -> Vec<bool> {
    let count = paragraphs.len();
    let mut marks: Vec<bool> = paragraphs
        .iter()
        .enumerate()
        .map(|(i, paragraph)| is_furniture(paragraph, i < 4, i + 6 >= count && i > 0))
        .collect();
    // Notes on text and author stand under all that they are about.
    for i in (1..count).rev() {
        marks[i] = marks[i] || is_end_note(&paragraphs[i]);
        if !marks[i] {
            break;
        }
    }
    for i in 0..count {
        marks[i] = marks[i] || is_linked_headline(paragraphs, &marks, i);
    }
    mark_pull_quotes(paragraphs, &mut marks);
    marks
}

/// No rule is about longer paragraphs.
const LONGEST: usize = 1200;

fn is_furniture(paragraph: &Paragraph, at_top: bool, at_end: bool) -> bool {
    let text = paragraph.text.as_str();
    if text.len() > LONGEST {
        return false;
    }
    let words = lower(text);
    if words.is_empty() {
        return true;
    }
    let edge = at_top || at_end;
    is_label(&words)
        || is_credit(paragraph, &words, edge)
        || is_invitation(text, &words)
        || is_read_more(text, &words)
        || is_rights(text, &words)
        || (at_end && is_slip(&words))
        || (at_top && (is_elsewhere(&words) || is_dateline(text, &words)))
}

/// Whether a paragraph is of the kind that stands under an article: who wrote it, where it stood first, whose views it holds.
pub(super) fn is_end_note(paragraph: &Paragraph) -> bool {
    let text = paragraph.text.as_str();
    if text.len() > LONGEST {
        return false;
    }
    let words = lower(text);
    is_elsewhere(&words) || is_disclaimer(&words) || is_author_box(text, &words) || is_rights(text, &words)
}

fn is_label(words: &[String]) -> bool {
    let is_known = |word: &String| LABELS.contains(&word.as_str()) || word.parse::<u32>().is_ok();
    words.len() <= 5 && words.iter().all(is_known)
}

/// `Photo: somebody`, also behind a caption; at the edges any short `word: something` that is no sentence.
fn is_credit(paragraph: &Paragraph, words: &[String], edge: bool) -> bool {
    let text = paragraph.text.as_str();
    if text.starts_with(['©', 'Ⓒ']) || text.to_lowercase().starts_with("(c) ") {
        return words.len() <= 12;
    }
    // The label of a credit stands at the start, or behind a caption, and is short.
    let named = text.match_indices([':', '/', '|']).any(|(at, _)| {
        let before = &text[..at];
        let start = before.rfind(['.', '!', '?', ')', ']', '|']).map_or(0, |end| end + 1);
        let label = lower(&before[start..]);
        label.len() <= 4 && any(&label, &CREDIT)
    });
    let short = words.len() <= 12 || (edge && words.len() <= 45);
    let before = text.split_once(": ").map(|(label, _)| lower(label)).unwrap_or_default();
    let label = (1..=2).contains(&before.len());
    (named && short) || (edge && label && words.len() <= 8 && !paragraph.ends_sentence() && !is_question(text))
}

fn is_question(text: &str) -> bool {
    text.trim_end().ends_with('?')
}

/// A call that begins with its verb, and names a channel.
fn is_invitation(text: &str, words: &[String]) -> bool {
    let begins = words.iter().take(2).any(|word| INVITE.contains(&word.as_str()));
    let first = INVITE.contains(&words[0].as_str())
        || matches!(words[0].as_str(), "please" | "jetzt" | "hier" | "click" | "or");
    let handle = text.split_whitespace().any(|word| word.starts_with('@') && word.len() > 1);
    words.len() <= 30 && begins && first && (handle || any(words, &CHANNELS))
}

fn is_read_more(text: &str, words: &[String]) -> bool {
    let label = words.len() <= 3 && READ.contains(&words[0].as_str()) && any(&words[1..], &ALSO);
    // "Read more: ...", "Related: ...", with nothing else before the colon.
    let led = text.split_once(':').is_some_and(|(before, _)| {
        let before = lower(before);
        let all = before.iter().all(|word| READ.contains(&word.as_str()) || ALSO.contains(&word.as_str()));
        (1..=4).contains(&before.len())
            && all
            && (before.len() > 1 || matches!(before[0].as_str(), "related" | "read" | "watch" | "listen" | "more"))
    });
    let also = READ.contains(&words[0].as_str())
        && words.get(1).is_some_and(|word| ALSO.contains(&word.as_str()))
        && !text.trim_end().ends_with('.');
    words.len() <= 25 && (label || led || also)
}

fn is_rights(text: &str, words: &[String]) -> bool {
    let rights = any(words, &["rights", "rechte", "derechos", "droits", "diritti", "direitos", "rechten", "права"]);
    let reserved =
        any_stem(words, &["reserved", "vorbehalten", "reservado", "réservé", "riservati", "voorbehouden", "защищен"]);
    let owned = text.contains('©') || words.first().is_some_and(|word| word == "copyright");
    words.len() <= 30 && ((rights && reserved) || (owned && words.len() <= 15))
}

fn is_slip(words: &[String]) -> bool {
    let hits = words.iter().filter(|word| SLIPS.contains(&word.as_str())).count();
    let calls =
        any(words, &["ctrl", "spotted", "typo", "typos", "highlight", "select", "gefunden", "signalez", "corrections"]);
    words.len() <= 30 && calls && hits >= 2
}

fn is_elsewhere(words: &[String]) -> bool {
    let elsewhere = any_stem(words, &ELSEWHERE);
    let first = any(words, &FIRST) && any_stem(words, &PUBLISH);
    let leave = elsewhere && any_stem(words, &["permi", "source", "genehmig", "autoris", "permesso"]);
    let this = any(
        words,
        &["this", "dieser", "diese", "dieses", "cet", "cette", "ce", "este", "esta", "questo", "questa", "dit", "deze"],
    );
    words.len() <= 45 && (leave || (elsewhere || (first && this)) && any_stem(words, &TEXT))
}

fn is_disclaimer(words: &[String]) -> bool {
    words.len() <= 70 && any(words, &VIEWS) && any(words, &OWNER) && any_stem(words, &NOT_OURS)
}

/// A byline or a date at the top.
fn is_dateline(text: &str, words: &[String]) -> bool {
    let by = words.first().is_some_and(|word| matches!(word.as_str(), "by" | "von" | "par" | "por" | "di" | "door"));
    let names = text.split_whitespace().skip(1).filter(|word| word.chars().next().is_some_and(char::is_uppercase));
    let is_short = words.len() <= 12 && !text.trim_end().ends_with('.');
    let dated = any(words, &DATED) && text.chars().any(|c| c.is_ascii_digit());
    let is_year = |word: &&String| word.len() == 4 && (word.starts_with("19") || word.starts_with("20"));
    let date = words.len() <= 5 && words.iter().filter(is_year).any(|word| word.parse::<u32>().is_ok());
    is_short && ((by && names.count() >= 1) || dated || date)
}

/// `First Last is a ...` with a trade.
fn is_author_box(text: &str, words: &[String]) -> bool {
    if words.len() > 70 || words.len() < 4 {
        return false;
    }
    let about = matches!(words[0].as_str(), "about" | "über" | "zum" | "zur" | "sobre" | "propos");
    if about && any(&words[1..words.len().min(4)], &OWNER) {
        return true;
    }
    let Some(verb) = words.iter().take(7).position(|word| IS.contains(&word.as_str())) else { return false };
    let names: Vec<&str> = text.split_whitespace().take(verb).collect();
    let is_name = |word: &&str| word.chars().find(|c| c.is_alphabetic()).is_some_and(char::is_uppercase);
    let small = [
        "the", "author", "writer", "unser", "unsere", "der", "die", "l'auteur", "notre", "von", "van", "de", "la", "el",
    ];
    let named = names.iter().all(|word| is_name(word) || small.contains(&word.to_lowercase().as_str()));
    (1..=6).contains(&verb) && named && any(&words[verb..], &TRADES)
}

/// How far the next paragraph may be that is no furniture.
const NEAR: usize = 5;

/// The headline of another article between two paragraphs of this one.
fn is_linked_headline(paragraphs: &[Paragraph], marks: &[bool], i: usize) -> bool {
    let paragraph = &paragraphs[i];
    let count = paragraph.words();
    if i < 2 || i + 1 >= paragraphs.len() || !(5..=20).contains(&count) || paragraph.marker.is_some() {
        return false;
    }
    let is_body = |p: &Paragraph| p.words() >= 20 && p.ends_sentence();
    // What is furniture itself does not part a headline from its article.
    let before = (0..i).rev().take(NEAR).find(|&j| !marks[j]);
    let after = (i + 1..paragraphs.len()).take(NEAR).find(|&j| !marks[j]);
    let between = [before, after].into_iter().all(|j| j.is_some_and(|j| is_body(&paragraphs[j])));
    let text = paragraph.text.trim_end();
    let ends_open = !text.ends_with(['.', '!', '…', ',', ';', '"', '”', '»', '“']);
    let long: Vec<&str> =
        text.split_whitespace().filter(|word| word.chars().filter(|c| c.is_alphabetic()).count() >= 4).collect();
    let capital =
        long.iter().filter(|word| word.chars().find(|c| c.is_alphabetic()).is_some_and(char::is_uppercase)).count();
    let in_title_case = long.len() >= 3 && capital * 10 >= long.len() * 8;
    // Headings of a part of the article are short and have no colon.
    between && ends_open && (in_title_case || (count >= 6 && text.contains(": ")))
}

/// Marks short paragraphs that are lists' items, quotes or at the top, and whose text is repeated in a longer one.
fn mark_pull_quotes(paragraphs: &[Paragraph], marks: &mut [bool]) {
    let is_candidate = |i: usize, p: &Paragraph| {
        (5..=60).contains(&p.words())
            && (i < 4 || p.marker.is_some() || p.text.starts_with(['"', '“', '«', '„', '‘', '”']))
    };
    let candidates: Vec<usize> =
        (0..paragraphs.len()).filter(|&i| is_candidate(i, &paragraphs[i])).take(MAX_QUOTES).collect();
    if candidates.is_empty() {
        return;
    }
    let folded: Vec<String> = paragraphs.iter().take(MAX_COMPARED).map(|p| lower(&p.text).join(" ")).collect();
    for i in candidates {
        let quote = lower(&paragraphs[i].text).join(" ");
        let is_repeated = |(j, other): (usize, &String)| j != i && other.len() > quote.len() && other.contains(&quote);
        marks[i] = marks[i] || folded.iter().enumerate().any(is_repeated);
    }
}

/// Pull quotes that are looked for.
const MAX_QUOTES: usize = 20;
/// Paragraphs that they are looked for in.
const MAX_COMPARED: usize = 300;
