//! What the character n-grams of each token add to the scores, worked out when a token is first met.

use crate::text::TokenId;

/// Bytes that sums may take in one scorer; tokens that come later are summed anew each time.
const ROOM: usize = 8 << 20;

/// Sums of the tokens of one session.
#[derive(Debug)]
pub(crate) struct TokenSums {
    /// Numbers a token: the sum of squared values, then one for each lane.
    stride: usize,
    /// By token its place among the sums plus one; 0 where there is none.
    places: Vec<u32>,
    sums: Vec<f64>,
    /// The session's resets so far: each makes its token ids begin anew.
    resets: usize,
}

impl TokenSums {
    pub(crate) fn new(lanes: usize) -> Self {
        TokenSums { stride: 1 + lanes, places: Vec::new(), sums: Vec::new(), resets: 0 }
    }

    /// Forgets all tokens if the session has.
    pub(crate) fn catch_up(&mut self, resets: usize) {
        if self.resets != resets {
            self.places.clear();
            self.sums.clear();
            self.resets = resets;
        }
    }

    /// Zeros to be filled in for a token that has no sums yet; `None` for one that has, and where there is no room for more.
    pub(crate) fn wanted(&mut self, token: TokenId) -> Option<&mut [f64]> {
        let token = token as usize;
        let is_full = size_of::<f64>() * (self.sums.len() + self.stride) > ROOM;
        if is_full || self.places.get(token).is_some_and(|&place| place > 0) {
            return None;
        }
        if self.places.len() <= token {
            self.places.resize(token + 1, 0);
        }
        let start = self.sums.len();
        self.sums.resize(start + self.stride, 0.0);
        self.places[token] = (start / self.stride + 1) as u32;
        Some(&mut self.sums[start..])
    }

    /// A token's sum of squared values and its sums by lane.
    #[inline(always)]
    pub(crate) fn of(&self, token: TokenId) -> Option<(f64, &[f64])> {
        let place = (*self.places.get(token as usize)? as usize).checked_sub(1)?;
        let (squares, sums) = self.sums[place * self.stride..][..self.stride].split_first()?;
        Some((*squares, sums))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_wanted_once_until_the_session_forgets() {
        let mut sums = TokenSums::new(2);
        sums.wanted(5).unwrap().copy_from_slice(&[1.0, 2.0, 3.0]);
        assert_eq!(sums.wanted(5), None);
        assert_eq!(sums.of(5), Some((1.0, &[2.0, 3.0][..])));
        assert_eq!((sums.of(4), sums.of(6)), (None, None));
        sums.catch_up(1);
        assert_eq!(sums.of(5), None);
        assert!(sums.wanted(5).is_some_and(|zeros| zeros == [0.0; 3]));
    }

    #[test]
    fn there_is_an_end_to_what_is_kept() {
        let mut sums = TokenSums::new(1 << 10);
        let kept = (0..2_000).filter(|&token| sums.wanted(token).is_some()).count();
        assert_eq!(kept, ROOM / (8 * ((1 << 10) + 1)));
        assert_eq!(sums.of(1_999), None);
    }
}
