//! Comments that are nearly the same: copies with small changes, and many of them in a short time.
//!
//! Each comment is reduced to sixteen minima over its words and pairs of words (MinHash, Broder 1997): the share of equal minima estimates
//! the share of common words and pairs. Comments that agree in two neighbouring minima are compared.

use std::collections::{HashMap, VecDeque};

use serde::Serialize;

use crate::text::excerpt::excerpt;

/// Minima a comment.
const HASHES: usize = 16;
/// Neighbouring minima that are looked up together.
const BAND: usize = 2;
/// Equal minima from which on two comments count as nearly the same: about 70% of words and pairs in common.
const ALIKE: usize = 12;
/// Shorter comments are alike by chance: "well said".
const LEAST_WORDS: usize = 6;
/// Distinct comments that are remembered; the oldest that nobody repeated are forgotten first.
const MAX_SINGLE: usize = 50_000;
/// Families that are remembered for good.
const MAX_FAMILIES: usize = 5_000;
/// Times that are remembered of a family.
const MAX_TIMES: usize = 1_000;
/// So many alike comments ...
const BURST: u64 = 5;
/// ... within so many seconds look like a campaign.
const BURST_SECONDS: i64 = 86_400;
/// Families shown.
const SHOWN: usize = 20;
/// Characters shown of a family.
const EXCERPT: usize = 200;

/// Groups of comments that are nearly the same.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AlikeReport {
    /// Comments that are nearly the same as an earlier one.
    pub copies: u64,
    /// Groups in all.
    pub groups: u64,
    /// Groups of five or more within 24 hours.
    pub bursts: u64,
    /// The most comments of one group within 24 hours.
    pub most_within_a_day: u64,
    /// The largest groups.
    pub largest: Vec<Alike>,
}

/// One group of comments that are nearly the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alike {
    /// How many they are.
    pub count: u64,
    /// The most of them within 24 hours, where they have times.
    pub within_a_day: Option<u64>,
    /// How one of them begins.
    pub text: String,
}

#[derive(Debug)]
struct Family {
    print: [u32; HASHES],
    count: u64,
    times: Vec<i64>,
    text: String,
}

/// Finds them.
#[derive(Debug, Default)]
pub(super) struct Finder {
    /// By place; `None` of those that were forgotten.
    families: VecDeque<Option<Family>>,
    /// Place of the first in `families`, counted from the first comment on.
    first: usize,
    kept: Vec<Family>,
    /// By band: place of a comment, or of a family that is kept.
    bands: HashMap<(u8, u64), Place>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Single(usize),
    Kept(usize),
}

impl Finder {
    /// Takes a comment: hashes of its words in order, its time and its text.
    pub(super) fn add(&mut self, words: &[u64], time: Option<i64>, text: &str) {
        if words.len() < LEAST_WORDS {
            return;
        }
        let print = print(words);
        let known = bands(&print).find_map(|band| {
            let place = *self.bands.get(&band)?;
            let equal = self.family(place)?.print.iter().zip(&print).filter(|(a, b)| a == b).count();
            (equal >= ALIKE).then_some(place)
        });
        match known {
            Some(place) => self.join(place, time, text),
            None => self.begin(print, time),
        }
    }

    fn family(&self, place: Place) -> Option<&Family> {
        match place {
            Place::Single(place) => self.families.get(place.checked_sub(self.first)?)?.as_ref(),
            Place::Kept(place) => self.kept.get(place),
        }
    }

    /// A comment like one that is known.
    fn join(&mut self, place: Place, time: Option<i64>, text: &str) {
        let kept = match place {
            Place::Kept(kept) => kept,
            Place::Single(single) => {
                if self.kept.len() == MAX_FAMILIES {
                    return;
                }
                let Some(mut family) = self.families.get_mut(single - self.first).and_then(Option::take) else {
                    return;
                };
                family.text = excerpt(text, EXCERPT);
                let kept = self.kept.len();
                bands(&family.print).for_each(|band| {
                    if self.bands.get(&band) == Some(&place) {
                        self.bands.insert(band, Place::Kept(kept));
                    }
                });
                self.kept.push(family);
                kept
            }
        };
        let family = &mut self.kept[kept];
        family.count += 1;
        if family.times.len() < MAX_TIMES {
            family.times.extend(time);
        }
    }

    /// A comment like none that is known.
    fn begin(&mut self, print: [u32; HASHES], time: Option<i64>) {
        if self.families.len() == MAX_SINGLE {
            let place = Place::Single(self.first);
            if let Some(Some(oldest)) = self.families.pop_front() {
                bands(&oldest.print).for_each(|band| {
                    if self.bands.get(&band) == Some(&place) {
                        self.bands.remove(&band);
                    }
                });
            }
            self.first += 1;
        }
        let place = Place::Single(self.first + self.families.len());
        for band in bands(&print) {
            self.bands.entry(band).or_insert(place);
        }
        self.families.push_back(Some(Family {
            print,
            count: 1,
            times: time.into_iter().collect(),
            text: String::new(),
        }));
    }

    pub(super) fn finish(self) -> AlikeReport {
        let copies = self.kept.iter().map(|f| f.count - 1).sum();
        let groups = self.kept.len() as u64;
        let mut largest: Vec<Alike> = self
            .kept
            .into_iter()
            .map(|f| Alike { count: f.count, within_a_day: within_a_day(f.times), text: f.text })
            .collect();
        let bursts = largest.iter().filter(|f| f.within_a_day >= Some(BURST)).count() as u64;
        let most_within_a_day = largest.iter().filter_map(|f| f.within_a_day).max().unwrap_or(0);
        largest.sort_by_key(|f| std::cmp::Reverse((f.count, f.within_a_day)));
        largest.truncate(SHOWN);
        AlikeReport { copies, groups, bursts, most_within_a_day, largest }
    }
}

/// The most times that lie within a day of each other.
fn within_a_day(mut times: Vec<i64>) -> Option<u64> {
    times.sort_unstable();
    let mut start = 0;
    let mut most = None;
    for end in 0..times.len() {
        while times[end] - times[start] >= BURST_SECONDS {
            start += 1;
        }
        most = most.max(Some((end - start + 1) as u64));
    }
    most
}

fn print(words: &[u64]) -> [u32; HASHES] {
    let mut minima = [u32::MAX; HASHES];
    let pairs = words.windows(2).map(|pair| pair[0].rotate_left(23) ^ pair[1].wrapping_mul(0x9e37_79b9_7f4a_7c15));
    for shingle in words.iter().copied().chain(pairs) {
        for (place, minimum) in minima.iter_mut().enumerate() {
            // Odd multipliers spread the same hash in sixteen ways.
            let multiplier = 0xbf58_476d_1ce4_e5b9u64.wrapping_mul(2 * place as u64 + 1) | 1;
            let mixed = (shingle ^ (shingle >> 29)).wrapping_mul(multiplier);
            *minimum = (*minimum).min(((mixed ^ (mixed >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 32) as u32);
        }
    }
    minima
}

fn bands(print: &[u32; HASHES]) -> impl Iterator<Item = (u8, u64)> {
    let bands: [(u8, u64); HASHES / BAND] =
        std::array::from_fn(|i| (i as u8, u64::from(print[BAND * i]) << 32 | u64::from(print[BAND * i + 1])));
    bands.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<u64> {
        text.split_whitespace()
            .map(|w| w.bytes().fold(1469u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)))
            .collect()
    }

    const LETTER: &str = "dear council please keep the old bridge open because the school children need it every morning in winter \
                          and there is no other way to town for them";

    #[test]
    fn small_changes_are_found_and_other_comments_are_not() {
        let mut finder = Finder::default();
        let other = "i was at the bridge on sunday and saw that the children of the school had painted every stone in colours \
                     which made my morning";
        for (hour, text) in
            [LETTER.to_owned(), other.to_owned(), LETTER.replace("winter", "spring"), LETTER.replace("dear ", "")]
                .iter()
                .enumerate()
        {
            finder.add(&words(text), Some(3600 * hour as i64), text);
        }
        let found = finder.finish();
        assert_eq!((found.copies, found.groups), (2, 1));
        assert_eq!((found.largest[0].count, found.largest[0].within_a_day), (3, Some(3)));
        assert!(found.largest[0].text.starts_with("dear council please"));
    }

    #[test]
    fn short_comments_are_not_compared() {
        let mut finder = Finder::default();
        (0..9).for_each(|_| finder.add(&words("well said my friend"), None, "well said my friend"));
        assert_eq!(finder.finish(), AlikeReport::default());
    }

    #[test]
    fn the_busiest_day_is_found_wherever_it_begins() {
        let hour = 3600;
        assert_eq!(within_a_day(vec![]), None);
        assert_eq!(within_a_day(vec![0, 30 * hour, 40 * hour, 50 * hour, 90 * hour]), Some(3));
        assert_eq!(within_a_day(vec![5, 4 + 24 * hour]), Some(2));
        assert_eq!(within_a_day(vec![0, 24 * hour]), Some(1), "bare dates of two days");
    }

    #[test]
    fn memory_does_not_grow_with_the_input() {
        let mut finder = Finder::default();
        for i in 0..(MAX_SINGLE as u64 + 5_000) {
            let words: Vec<u64> =
                (0..LEAST_WORDS as u64).map(|w| (i * 10 + w).wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
            finder.add(&words, None, "");
        }
        assert_eq!(finder.families.len(), MAX_SINGLE);
        assert!(finder.bands.len() <= MAX_SINGLE * HASHES / BAND);
        // One that was forgotten is new again, one that was not is known.
        finder.add(&words(LETTER), None, LETTER);
        finder.add(&words(LETTER), None, LETTER);
        assert_eq!(finder.finish().copies, 1);
    }
}
