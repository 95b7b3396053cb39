//! Headings over comments, and what stands where one may write a comment, in several languages.

use super::words::{any, any_stem, lower};

/// What a line says about the comments that follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heading {
    /// Comments follow.
    Comments,
    /// There are none.
    NoComments,
    /// One may write one: comments end here.
    Form,
}

/// Starts of words for comments; a heading needs one.
const COMMENTS: [&str; 39] = [
    "comment", "kommentar", "kommentier", "komentar", "komentarz", "komentář", "commentaire", "comentario",
    "comentári", "comentário", "commento", "commenti", "reacties", "réaction", "reaktion", "opmerking",
    "leserkommentar", "leserbrief", "leserstimme", "kommentti", "kommentit", "hozzászólás", "комментари", "коментар",
    "σχόλι", "yorum", "תגובות", "تعليق", "التعليق", "コメント", "评论", "評論", "留言", "댓글", "टिप्पणी", "responses",
    "replies", "thoughts", "conversation",
];

/// Words that stand for comments where they are counted.
const COUNTED: [&str; 10] = [
    "discussion", "diskussion", "opinie", "opinii", "beiträge", "respuestas", "opiniones", "reply", "response",
    "réponses",
];

/// Words that a heading may have besides: articles, readers, all, show, join and what they are elsewhere.
const BESIDES: [&str; 75] = [
    "sort", "newest", "oldest", "best", "most", "popular", "showing", "ihre", "diesem", "forum", "article's", "recent",
    "page", "hide", "the", "a", "on", "of", "to", "by", "from", "our", "your", "all", "see", "show", "view", "join",
    "in", "reader", "reader's", "readers", "readers'", "user", "what", "say", "here", "section", "latest", "top",
    "this", "article", "and", "discussion", "alle", "der", "die", "von", "zu", "zum", "unserer", "leser", "leserinnen",
    "artikel", "dieser", "les", "des", "de", "lecteurs", "tous", "vos", "los", "las", "del", "lectores", "todos",
    "dei", "lettori", "i", "dos", "leitores", "van", "lezers", "från", "читателей",
];

/// Starts of words that ask for a comment.
const WRITE: [&str; 40] = [
    "leave", "post", "write", "add", "submit", "log", "login", "sign", "register", "start", "moderat", "policy",
    "rules", "guidelines", "closed", "disabled", "schreib", "verfass", "jetzt", "anmeld", "hinterlass", "abgeben",
    "geschlossen", "laisse", "écri", "ajoute", "publier", "connecte", "répondre", "deja", "escrib", "añad", "publica",
    "respuesta", "lascia", "scriv", "rispondi", "plaats", "skriv", "оставить",
];

/// Words for none, and the words of "be the first".
const NONE: [&str; 23] = [
    "no", "0", "zero", "keine", "noch", "kein", "aucun", "aucune", "pas", "sin", "ningún", "no", "nessun", "nessuno",
    "nenhum", "sem", "geen", "inga", "ingen", "brak", "нет", "暂无", "δεν",
];

/// What a line is as a heading; `None` for any other line.
pub(super) fn heading(line: &str) -> Option<Heading> {
    // Long lines are no headings; this also bounds the work on hostile ones.
    if line.len() > 300 {
        return None;
    }
    let words = lower(line);
    // What ends as a sentence is one, but for the marks of calls.
    if words.is_empty() || words.len() > 30 || line.trim_end().ends_with(['.', '?', ',', ';', '。']) {
        return None;
    }
    let answers = any(&words, &["reply", "response", "antwort", "réponse", "respuesta", "risposta", "reactie", "svar"]);
    if answers && words.len() <= 8 && any_stem(&words, &WRITE) {
        return Some(Heading::Form);
    }
    let counts_any = words.iter().any(|word| word.parse::<u32>().is_ok());
    let names_comments = |word: &String| {
        let other = word.starts_with("commentar") && !word.starts_with("commentari") || word.starts_with("commentat");
        (!other && COMMENTS.iter().any(|stem| word.starts_with(stem)))
            || (counts_any && COUNTED.contains(&word.as_str()))
    };
    let place = words.iter().position(names_comments)?;
    // "3 thoughts on ...", with the article's title behind.
    let counts = place == 1 && words[0].parse::<u32>().is_ok();
    if counts && matches!(words.get(2).map(String::as_str), Some("on" | "to")) {
        return Some(if words[0] == "0" { Heading::NoComments } else { Heading::Comments });
    }
    if words.len() > 8 {
        return None;
    }
    if any_stem(&words, &WRITE) {
        return Some(if any(&words, &["first"]) { Heading::NoComments } else { Heading::Form });
    }
    if any(&words, &NONE) || (words[0] == "be" && any(&words, &["first"])) {
        return Some(Heading::NoComments);
    }
    let known = |word: &String| {
        names_comments(word)
            || word.chars().all(|c| c.is_numeric())
            || word.parse::<f64>().is_ok()
            || BESIDES.contains(&word.as_str())
    };
    // A single "thoughts" or "conversation" says too little, and so does a verb.
    let alone = words.len() == 1
        && matches!(words[0].as_str(), "thoughts" | "conversation" | "replies" | "responses" | "commented");
    (words.iter().all(known) && !alone).then_some(Heading::Comments)
}

/// Starts of words for an answer, which stand alone under a comment or over a form.
const REPLY: [&str; 17] = [
    "reply", "antwort", "répondre", "responder", "rispondi", "beantwoord", "svara", "odpowiedz", "ответить", "report",
    "melden", "signaler", "like", "recommend", "share", "permalink", "flag",
];

/// First words of buttons that say what they are for.
const REPORT: [&str; 8] = ["report", "signaler", "melden", "denunciar", "reportar", "segnala", "rapporteer", "anmäl"];

/// Words of the choice in which order comments are shown.
const SORT: [&str; 22] = [
    "sort", "by", "newest", "oldest", "best", "top", "most", "popular", "recent", "first", "liked", "order",
    "sortieren", "nach", "neueste", "älteste", "trier", "par", "récents", "ordenar", "por", "recientes",
];

/// Whether a line is one of the buttons under a comment.
pub(super) fn is_button(line: &str) -> bool {
    if line.len() > 60 {
        return false;
    }
    let words = lower(line);
    // A button may say what is reported; what a reader says is longer or ends as a sentence does.
    let reports = words.first().is_some_and(|word| REPORT.contains(&word.as_str())) && words.len() <= 4;
    if reports && !line.trim_end().ends_with(['.', '!', '?']) {
        return true;
    }
    let sorts = matches!(
        words.first().map(String::as_str),
        Some("sort" | "sortieren" | "trier" | "ordenar" | "newest" | "oldest")
    );
    if sorts && words.iter().all(|word| SORT.contains(&word.as_str())) {
        return true;
    }
    let is_one = |word: &String| REPLY.iter().any(|stem| word.starts_with(stem)) || word.parse::<u32>().is_ok();
    !words.is_empty() && words.len() <= 4 && words.iter().all(is_one) && words.iter().any(|w| w.parse::<u32>().is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_in_several_languages_are_known() {
        for line in [
            "Comments", "12 Comments", "Comments (12)", "COMMENTS: 3", "Reader comments",
            "What readers say in the comments", "3 thoughts on “A Bridge Too Low?”", "Leserkommentare (3)",
            "Alle Kommentare", "2 commentaires", "Comentarios de los lectores", "Комментарии 15", "コメント",
            "1,204 comments",
        ] {
            assert_eq!(heading(line), Some(Heading::Comments), "{line}");
        }
        for line in
            ["0 Comments", "No comments yet", "Be the first to comment", "Noch keine Kommentare", "Aucun commentaire"]
        {
            assert_eq!(heading(line), Some(Heading::NoComments), "{line}");
        }
        for line in [
            "Leave a comment", "Jetzt kommentieren", "Post your comments", "Comments are closed",
            "Écrire un commentaire", "Leave a Reply",
        ] {
            assert_eq!(heading(line), Some(Heading::Form), "{line}");
        }
    }

    #[test]
    fn sentences_are_no_headings() {
        for line in [
            "He made no comments.", "The mayor comments on the plan", "Comments were heard, and then", "Conversation",
            "She declined to comment on Monday", "", "...",
        ] {
            assert_eq!(heading(line), None, "{line}");
        }
    }

    #[test]
    fn buttons_are_short_and_nothing_else() {
        assert!(
            is_button("Reply")
                && is_button("Like (3) Reply")
                && is_button("Antworten")
                && is_button("Signaler un abus")
        );
        assert!(!is_button("Reply to all of this nonsense") && !is_button("3") && !is_button(""));
    }
}
