//! Where an article ends and its readers begin, when nothing marks it.
//!
//! Every paragraph gets a log-odds of being a reader's, from what it says itself and from how it differs from the
//! start of the page. An article is followed by its comments, so the sum over the paragraphs behind a cut is the
//! log-likelihood of that cut against that of none; Bayes' rule over all cuts, and over none, gives the place and how
//! sure it is.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::furniture;
use super::paragraphs::{self, Paragraph};
use super::words::lower;

/// Words of people who speak of themselves.
const FIRST_PERSON: &str = "\
    i i'm i've i'd i'll im me my mine myself imo imho ich mich mir mein meine meinen meiner meinem je j'ai j'étais \
    moi ma mon mes j'en j'aime yo mi mis conmigo io mio mia miei ik mij mijn eu meu minha jag min я";

/// Words of citizens and fellow readers.
const CITIZENS: &str = "\
    we our us ours we're we've we'll we'd wir uns unser unsere unseren unserer nous notre nos nosotros nuestro \
    nuestra nuestros nuestras noi nostro nostra wij ons onze nós nosso nossa";

/// Words to somebody.
const SECOND_PERSON: &str = "\
    you your yours yourself you're you've you'll you'd folks guys please thanks thank ihr euch du dein deine danke \
    bitte vous votre vos merci usted ustedes gracias vosotros tú voi grazie u bedankt obrigado você";

/// Words about the text above and those who wrote it or under it.
const ABOUT_TEXT: &str = "\
    article author piece column columnist journalist journalism headline paper editor writer commenter commenters \
    comment comments posters agree agreed disagree read reading artikel autor autorin kommentar kommentare zeitung \
    redaktion zustimmen vorredner beitrag auteur l'auteur l'article commentaire commentaires journal d'accord \
    artículo autora comentario comentarios periódico acuerdo articolo autore commento stuk reactie artigo texto \
    texte";

/// Words of talk.
const TALK: &str = "\
    lol haha wow yeah yep nope yes ok okay sure well oh hey sorry honestly seriously really actually basically \
    obviously frankly personally anyway maybe guess bet stuff guy crap nonsense rubbish joke shame bloody damn \
    hell cheers kudos bravo gonna gotta wanna dont cant doesnt isnt thats ur btw kids mom dad klar naja quatsch \
    blödsinn unsinn ehrlich wirklich leider endlich wahnsinn mal halt eh hab gar bah bof franchement honte \
    n'importe ça bref vergüenza tontería vaya pues ojalá magari boh basta gewoon toch hoor nou né aí";

/// Words of opinions: what one thinks, what ought to be, and words without exceptions.
const OPINION: &str = "\
    think believe hope wish wonder doubt suspect imagine suppose remember should must ought need needs want wants \
    just only never always ever everyone everybody nobody nothing anyone anybody anything everything why perhaps \
    probably simply clearly surely exactly enough else instead let stop same thing things wrong right true truth \
    real reality idea reason problem sense seems feel feels fact supposed care mean matter question answer people \
    finde glaube denke hoffe frage sollte sollten muss müssen müsste immer nie niemals nichts niemand jeder alles \
    warum wieso weshalb natürlich vielleicht hoffentlich einfach eben doch schon wohl genau pense crois trouve \
    espère faut faudrait jamais toujours rien personne tout pourquoi vraiment encore trop évidemment heureusement \
    dommage c'est creo pienso espero nunca siempre nada nadie todo qué quizá quizás claro lástima habrá hay \
    debería deberían muy solo credo penso spero mai sempre niente nessuno forse proprio perché denk vind hoop \
    nooit altijd niks waarom misschien natuurlijk echt acho ninguém talvez tudo";

/// Words of praise and blame.
const JUDGING: &str = "\
    good great best better bad worse worst terrible awful pathetic ridiculous absurd stupid dumb silly \
    idiot idiots fool fools foolish crazy insane sick sad disgusting disgrace disgraceful corrupt corruption greed \
    greedy lies liar liars lying hypocrisy hypocrite hypocrites clown clowns coward cowards moron morons evil \
    racist excellent wonderful brilliant beautiful lovely amazing fantastic perfect nice pity useless worthless \
    blame fault deserve deserves ashamed propaganda lazy ignorant ignorance gut gute guter schön schöne toll \
    super traurig peinlich dumm lächerlich schlimm schrecklich schande unfähig beau belle magnifique triste \
    ridicule scandaleux nul bonito bonita bueno buena excelente ridículo vergonzoso bello bella bravissimo \
    vergognoso ridicolo mooi slecht triest belachelijk";

/// Verbs of reporting, and what goes with sources.
const REPORT: &str = "\
    said says told added according reported announced spokesman spokeswoman spokesperson stated statement percent \
    per million billion study researchers officials official analysts confirmed reports report earlier released \
    interview tuesday wednesday thursday monday friday sagte sagt erklärte erklärt teilte laut sprecher sprecherin \
    prozent millionen studie forscher zufolge selon déclaré affirme indiqué explique millions étude porte ajoute \
    según dijo afirmó explicó explica afirma millones estudio secondo portavoz detto spiega volgens zei disse \
    segundo";

/// Verbs in the past, where their endings do not tell.
const PAST: &str = "\
    was were had been did went came took made began became found held war waren hatte hatten wurde wurden worden \
    sei habe hätten kam était étaient avait avaient fut été era eran había habían fue fueron ha han erano aveva \
    werd werden hadden foi foram";

/// What somebody begins with who answers.
const OPENERS: &str = "\
    i i'm i've my we you your yes no so well but and oh why what how if maybe perhaps just this that these those \
    here it's that's there's ich wir ja nein also und aber warum wieso was wenn danke schade je j'ai moi oui non \
    mais et merci pourquoi encore yo mi sí pero y gracias qué o io sì ma e grazie ik nee maar en eu sim mas";

/// The tables that are counted, in the order of the first features.
const COUNTED: [&str; 9] = [FIRST_PERSON, CITIZENS, SECOND_PERSON, ABOUT_TEXT, TALK, OPINION, JUDGING, REPORT, PAST];
/// How often words of each are found anyway: by how much they must differ from above to mean something.
const USUAL: [f64; 9] = [0.02, 0.02, 0.02, 0.02, 0.015, 0.03, 0.015, 0.015, 0.04];
/// The bits of the verbs in the past, and of what answers begin with.
const PAST_BIT: u16 = 1 << 8;
const OPENER_BIT: u16 = 1 << 9;

/// The tables that a word stands in, a bit each.
static TABLES: LazyLock<HashMap<&str, u16>> = LazyLock::new(|| {
    let mut tables = HashMap::new();
    for (i, table) in COUNTED.iter().chain(&[OPENERS]).enumerate() {
        for word in table.split_whitespace() {
            *tables.entry(word).or_default() |= 1 << i;
        }
    }
    tables
});

fn tables_of(word: &str) -> u16 {
    TABLES.get(word).copied().unwrap_or_default()
}

/// Number of features of a paragraph.
pub const FEATURES: usize = 16;
/// What is known of a paragraph: numbers between -2 and 2.
pub type Features = [f64; FEATURES];

/// The names of the features, in their order. The first eleven say how much more there is of something than above.
pub const NAMES: [&str; FEATURES] = [
    "first person", "citizens", "second person", "about the text", "talk", "opinion", "judging", "reporting", "past",
    "contractions", "names", "questions", "calls and dots", "careless", "opener", "apostrophes",
];

/// How strongly each feature speaks for a reader, and the intercept at the end. They were set by hand, with
/// an eye on pages of real news; weights trained on `training/pages` alone (`examples/boundary.rs`) do worse on those.
pub const WEIGHTS: [f64; FEATURES + 1] =
    [2.1, 1.7, 1.0, 1.3, 1.6, 1.2, 1.2, -1.3, -1.1, 1.1, -0.3, 1.6, 1.7, 1.4, 0.3, 0.5, -1.6];

/// Articles have at least so many words in so many paragraphs.
const LEAST_PARAGRAPHS: usize = 3;
const LEAST_WORDS: usize = 120;
/// The chance that a page has comments, before it was read.
const PRIOR: f64 = 0.4;
/// How much more probable a place is directly after what stands under articles: e to the second.
const AFTER_NOTE: f64 = 7.4;
/// Comments that are none spoil more than comments that are missed: the chance of none must be smaller than this.
const DOUBT: f64 = 0.2;

/// The paragraphs of a page that can be an article's or a reader's.
#[derive(Debug, Clone, Default)]
pub struct Candidates {
    /// Line on which each starts, from 1.
    pub lines: Vec<u64>,
    /// Number of words of each.
    pub words: Vec<usize>,
    /// What is known of each.
    pub features: Vec<Features>,
    /// Whether a note that stands under articles comes directly before it.
    pub after_note: Vec<bool>,
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
        Candidates::of(&paragraphs, &furniture::mark(&paragraphs))
    }

    /// The paragraphs that are not marked as furniture.
    pub(super) fn of(paragraphs: &[Paragraph], marks: &[bool]) -> Self {
        let places: Vec<usize> = (0..paragraphs.len()).filter(|&i| !marks[i]).collect();
        let kept: Vec<&Paragraph> = places.iter().map(|&i| &paragraphs[i]).collect();
        Candidates {
            lines: kept.iter().map(|p| p.line).collect(),
            words: kept.iter().map(|p| p.words()).collect(),
            features: features(&kept),
            after_note: places.iter().map(|&i| i > 0 && furniture::is_end_note(&paragraphs[i - 1])).collect(),
        }
    }

    /// The most probable cut, by these weights.
    pub fn cut(&self, weights: &[f64; FEATURES + 1]) -> Cut {
        let odds = |f: &Features| f.iter().zip(weights).map(|(f, w)| f * w).sum::<f64>() + weights[FEATURES];
        let count = self.words.len();
        let mut words = 0;
        let first = self.words.iter().position(|own| {
            let enough = words >= LEAST_WORDS;
            words += own;
            enough
        });
        let first = first.unwrap_or(count).max(LEAST_PARAGRAPHS);
        let weight = |at: usize| if self.after_note[at] { AFTER_NOTE } else { 1.0 };
        let all_weights: f64 = (first..count).map(weight).sum();
        let prior = PRIOR / (1.0 - PRIOR) / all_weights.max(1.0);
        // Logarithm of how probable each cut is against none, from the end.
        let mut cuts = Vec::new();
        let mut sum = 0.0;
        for at in (first..count).rev() {
            // One paragraph alone proves little.
            sum += odds(&self.features[at]).clamp(-4.0, 4.0);
            cuts.push((at, sum + (prior * weight(at)).ln()));
        }
        let top = cuts.iter().map(|&(_, odds)| odds).fold(0.0, f64::max);
        let all: f64 = (-top).exp() + cuts.iter().map(|&(_, odds)| (odds - top).exp()).sum::<f64>();
        let none = Cut { at: count, confidence: (-top).exp() / all };
        let found = cuts.iter().map(|&(at, odds)| Cut { at, confidence: (odds - top).exp() / all });
        let likeliest = found.max_by(|a, b| a.confidence.total_cmp(&b.confidence));
        likeliest.filter(|_| none.confidence < DOUBT).unwrap_or(none)
    }
}

/// What is counted in a paragraph, or in several.
#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    words: usize,
    /// Words of each table.
    tables: [usize; COUNTED.len()],
    contractions: usize,
    /// Words inside sentences, and those of them with a capital.
    inner: usize,
    names: usize,
    /// Apostrophes as typewriters have them, and as printers have them.
    straight: usize,
    curly: usize,
}

impl Counts {
    fn of(text: &str) -> Self {
        let own = unquoted(text);
        let words = lower(&own);
        let mut counts = Counts { words: words.len(), ..Counts::default() };
        for word in &words {
            let mut tables = tables_of(word);
            if word.len() > 4 && word.ends_with("ed") {
                tables |= PAST_BIT;
            }
            for (i, count) in counts.tables.iter_mut().enumerate() {
                *count += usize::from(tables >> i & 1);
            }
            counts.contractions += usize::from(is_contraction(word));
        }
        let mut is_inner = false;
        for word in own.split_whitespace() {
            let is_self = word == "I" || word.starts_with("I'") || word.starts_with("I’");
            if let Some(first) = word.chars().find(|c| c.is_alphabetic())
                && is_inner
                && !is_self
            {
                counts.inner += 1;
                counts.names += usize::from(first.is_uppercase());
            }
            is_inner = !word.ends_with(['.', '!', '?', ':', '…', ')', '-', '–', '—']);
        }
        counts.straight = text.matches('\'').count();
        counts.curly = text.matches('’').count();
        counts
    }

    fn add(&mut self, other: &Counts) {
        self.words += other.words;
        self.tables.iter_mut().zip(other.tables).for_each(|(own, other)| *own += other);
        self.contractions += other.contractions;
        self.inner += other.inner;
        self.names += other.names;
        self.straight += other.straight;
        self.curly += other.curly;
    }

    /// -1 where all apostrophes are printers', 1 where all are typewriters'.
    fn apostrophes(&self) -> f64 {
        (self.straight as f64 - self.curly as f64) / (self.straight as f64 + self.curly as f64 + 1.0)
    }
}

/// Where so many words have capitals, nouns have them and not names alone.
const CAPITAL_NOUNS: f64 = 0.22;

/// The features of all paragraphs.
fn features(paragraphs: &[&Paragraph]) -> Vec<Features> {
    let counts: Vec<Counts> = paragraphs.iter().map(|p| Counts::of(&p.text)).collect();
    // The start of a page is the article's for certain.
    let start = (paragraphs.len() * 2 / 5).clamp(LEAST_PARAGRAPHS, 40).min(paragraphs.len());
    let mut above = Counts::default();
    counts[..start].iter().for_each(|counts| above.add(counts));
    paragraphs.iter().zip(&counts).map(|(paragraph, own)| compared(paragraph, own, &above)).collect()
}

/// The features of one paragraph.
fn compared(paragraph: &Paragraph, own: &Counts, above: &Counts) -> Features {
    let text = paragraph.text.as_str();
    let mut features = [0.0; FEATURES];
    for (i, usual) in USUAL.into_iter().enumerate() {
        features[i] = more((own.tables[i], own.words), (above.tables[i], above.words), usual);
    }
    let names = (above.names, above.inner);
    let (here, there) = (own.apostrophes(), above.apostrophes());
    features[COUNTED.len()..].copy_from_slice(&[
        more((own.contractions, own.words), (above.contractions, above.words), 0.015),
        if rate(names) > CAPITAL_NOUNS { 0.0 } else { more((own.names, own.inner), names, 0.05) },
        (text.matches('?').count() as f64 / 2.0).min(1.0),
        calls(text),
        careless(paragraph),
        f64::from(u8::from(is_opened(text))),
        if here * there < 0.0 { (here - there).abs() } else { 0.0 },
    ]);
    features
}

/// How much more often something is found than above, as a logarithm. Of few words little is known: they are mixed with
/// some from above.
fn more((own, of): (usize, usize), above: (usize, usize), usual: f64) -> f64 {
    let above = rate(above);
    let own = (own as f64 + above * 15.0) / (of as f64 + 15.0);
    ((own + usual) / (above + usual)).ln().clamp(-1.5, 1.5)
}

fn rate((found, of): (usize, usize)) -> f64 {
    found as f64 / (of as f64 + 20.0)
}

/// `don't`, `they're`, `that's`; not `reader's`.
fn is_contraction(word: &str) -> bool {
    let heads = [
        "it", "that", "there", "he", "she", "what", "who", "let", "here", "where", "how", "gibt", "geht", "wenn", "ist",
    ];
    word.split_once('\'').is_some_and(|(head, tail)| match tail {
        "t" | "re" | "ve" | "ll" | "m" | "d" => true,
        "s" => heads.contains(&head),
        _ => false,
    })
}

/// Whether the first word is one that answers begin with.
fn is_opened(text: &str) -> bool {
    let first = text.split_whitespace().next().map(lower).unwrap_or_default();
    first.first().is_some_and(|word| tables_of(word) & OPENER_BIT > 0)
}

/// The text without what stands in quotation marks: others speak there.
fn unquoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open = None;
    for c in text.chars() {
        match open {
            Some(mark) if closes(mark, c) => open = None,
            Some(_) => {}
            None if matches!(c, '“' | '„' | '«' | '»' | '"') => open = Some(c),
            None => out.push(c),
        }
    }
    // One that a paragraph begins with may go on in the next; any other that is never closed is none.
    if open.is_some_and(|mark| !text.starts_with(mark)) { text.to_owned() } else { out }
}

fn closes(open: char, c: char) -> bool {
    match open {
        '“' => c == '”',
        '„' => matches!(c, '“' | '”'),
        '«' => c == '»',
        '»' => c == '«',
        _ => c == open,
    }
}

/// Exclamation marks, dots and doubled marks.
fn calls(text: &str) -> f64 {
    let marks = text.matches('!').count()
        + 2 * text.matches("??").count()
        + text.matches("...").count()
        + text.matches('…').count();
    (marks as f64 / 2.0).min(1.0)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Reports of a press.
    const REPORT: &str = "\
Water works at Grensel to be rebuilt after the flood of last winter
The council of Grensel voted on Tuesday to rebuild the water works that were lost in the flood of last winter, at a \
cost of 14 million crowns, officials said.
The pumps were carried off on the night of 3 January, and some 2,100 households had no clean water for nine days. \
The army brought it in tanks, and schools were closed in the three villages along the river.
“We had plans in a drawer that were older than I am,” said Tove Marrick, who led the works until she retired in June.
Engineers from the district measured the banks of the Grense in spring and found that the old site had sunk by 40 \
centimetres, according to a report that was presented to the council.
The new works were planned on the hill behind the station, where the ground was bought by the town in 1988.
Work was expected to begin in March, the council added.
";

    fn cut(text: &str) -> Option<u64> {
        let candidates = Candidates::of_text(text);
        let cut = candidates.cut(&WEIGHTS);
        assert!((0.0..=1.0).contains(&cut.confidence), "{cut:?}");
        candidates.lines.get(cut.at).copied()
    }

    #[test]
    fn readers_begin_where_talk_begins() {
        let comments = "\
Well, I don't think they ever asked us. Why should we pay for this twice?
You're right, and it's always the same people who get away with it!
I've lived by the river for years and I'm sick of it... Nobody cares what we want, do they?
";
        assert_eq!(cut(REPORT), None);
        assert_eq!(cut(&format!("{REPORT}{comments}")), Some(8));
    }

    #[test]
    fn an_article_of_opinion_has_no_readers() {
        let opinion = "\
I have never liked bells. You may think that I am alone in this, but I don't believe it: nobody wants to be woken.
What should we do? We could ask ourselves why a town needs eleven of them, and I think the answer is that it doesn't.
My neighbour says that I'm a fool. Perhaps I am! But I've counted, and they ring two hundred times between six and ten.
You can't tell the time by them either. Is it too much to ask that somebody sets them right? I don't think so.
We all know how this will end. I will write to the council, you will read about it here, and nothing will happen.
So let them ring. I've bought a pair of plugs, and I must say that the silence is wonderful. Why didn't I think of it?
";
        assert_eq!(cut(opinion), None);
    }

    #[test]
    fn what_others_say_in_quotation_marks_is_theirs() {
        assert_eq!(unquoted("„Ich auch“, sagte er. «Moi», dit-elle."), ", sagte er. , dit-elle.");
        assert_eq!(unquoted("“It goes on"), "");
        assert_eq!(unquoted("A board of 6\" and no more"), "A board of 6\" and no more");
    }

    #[test]
    fn nothing_and_next_to_nothing_have_no_cut() {
        for text in ["", "\n", "One line", "!\n?\n…\n“\n”", &"a\n".repeat(500)] {
            let candidates = Candidates::of_text(text);
            let cut = candidates.cut(&WEIGHTS);
            assert!(cut.at <= candidates.lines.len() && cut.confidence.is_finite(), "{cut:?}");
        }
    }
}
