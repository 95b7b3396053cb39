//! What the character n-grams of each token add to the scores, worked out when a token is first met.

use crate::text::TokenId;

/// Bytes that sums may take in one scorer; tokens that come later are summed anew each time.
const ROOM: usize = 8 << 20;

/// Tokens whose sums are allocated together: what grows in one piece is copied again and again.
const TOGETHER: usize = 256;

/// Sums of the tokens of one session.
#[derive(Debug)]
pub(crate) struct TokenSums {
    /// Numbers a token: the sum of squared values, then one for each lane.
    stride: usize,
    /// By token its place among the sums plus one; 0 where there is none.
    places: Vec<u32>,
    /// Places that are taken, and how many there may be.
    taken: usize,
    room: usize,
    sums: Vec<Box<[f64]>>,
    /// The session's resets so far: each makes its token ids begin anew.
    resets: usize,
}

impl TokenSums {
    pub(crate) fn new(lanes: usize) -> Self {
        let stride = 1 + lanes;
        let room = ROOM / (size_of::<f64>() * stride);
        TokenSums { stride, places: Vec::new(), taken: 0, room, sums: Vec::new(), resets: 0 }
    }

    #[cfg(test)]
    pub(crate) fn without_room(lanes: usize) -> Self {
        TokenSums { room: 0, ..TokenSums::new(lanes) }
    }

    /// Forgets all tokens if the session has.
    pub(crate) fn catch_up(&mut self, resets: usize) {
        if self.resets != resets {
            self.places.clear();
            self.taken = 0;
            self.resets = resets;
        }
    }

    /// Room to fill in for a token that has no sums yet; `None` for one that has, and where there is no room for more.
    pub(crate) fn wanted(&mut self, token: TokenId) -> Option<&mut [f64]> {
        let token = token as usize;
        if self.taken == self.room || self.places.get(token).is_some_and(|&place| place > 0) {
            return None;
        }
        if self.places.len() <= token {
            self.places.resize(token + 1, 0);
        }
        let (piece, within) = (self.taken / TOGETHER, self.taken % TOGETHER);
        if piece == self.sums.len() {
            self.sums.push(vec![0.0; TOGETHER * self.stride].into());
        }
        self.taken += 1;
        self.places[token] = self.taken as u32;
        Some(&mut self.sums[piece][within * self.stride..][..self.stride])
    }

    /// A token's sum of squared values and its sums by lane.
    #[inline(always)]
    pub(crate) fn of(&self, token: TokenId) -> Option<(f64, &[f64])> {
        let place = (*self.places.get(token as usize)? as usize).checked_sub(1)?;
        let piece = &self.sums[place / TOGETHER];
        let (squares, sums) = piece[place % TOGETHER * self.stride..][..self.stride].split_first()?;
        Some((*squares, sums))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_wanted_once_until_the_session_forgets() {
        let mut sums = TokenSums::new(2);
        let expected = |token: TokenId| [f64::from(token), 2.0, 3.0];
        for token in 0..1_000 {
            sums.wanted(token).unwrap().copy_from_slice(&expected(token));
        }
        assert_eq!(sums.wanted(5), None);
        assert!((0..1_000).all(|token| sums.of(token) == Some((f64::from(token), &[2.0, 3.0][..]))));
        assert_eq!(sums.of(1_000), None);
        sums.catch_up(1);
        assert_eq!(sums.of(5), None);
        assert!(sums.wanted(5).is_some());
    }

    #[test]
    fn there_is_an_end_to_what_is_kept() {
        let mut sums = TokenSums::new(1 << 10);
        let kept = (0..2_000).filter(|&token| sums.wanted(token).is_some()).count();
        assert_eq!(kept, ROOM / (8 * ((1 << 10) + 1)));
        assert_eq!(sums.of(1_999), None);
    }
}
