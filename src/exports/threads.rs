//! What replies answer: the texts of earlier comments, as many as memory is given for.

use std::collections::{HashMap, VecDeque};

/// Bytes of texts that are remembered.
const MAX_BYTES: usize = 64 << 20;

/// Remembers texts by id, the latest ones.
#[derive(Debug)]
pub struct Threads {
    texts: HashMap<String, String>,
    order: VecDeque<String>,
    bytes: usize,
    most: usize,
}

impl Default for Threads {
    fn default() -> Self {
        Threads { texts: HashMap::new(), order: VecDeque::new(), bytes: 0, most: MAX_BYTES }
    }
}

impl Threads {
    /// The text of a comment that was remembered and not forgotten since.
    pub fn get(&self, id: &str) -> Option<&str> {
        self.texts.get(id).map(String::as_str)
    }

    /// Remembers a comment; the oldest are forgotten for it.
    pub fn remember(&mut self, id: &str, text: &str) {
        let size = |id: &str, text: &str| 2 * id.len() + text.len() + 64;
        if size(id, text) > self.most {
            return;
        }
        self.bytes += size(id, text);
        match self.texts.insert(id.to_owned(), text.to_owned()) {
            None => self.order.push_back(id.to_owned()),
            Some(before) => self.bytes -= size(id, &before),
        }
        while self.bytes > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            if let Some(text) = self.texts.remove(&oldest) {
                self.bytes -= size(&oldest, &text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten_and_memory_is_bounded() {
        let mut threads = Threads { most: 1000, ..Threads::default() };
        for i in 0..100 {
            threads.remember(&format!("c{i}"), "some text");
            threads.remember(&format!("c{i}"), "some text, again");
        }
        assert!(threads.bytes <= 1000 && threads.texts.len() == threads.order.len());
        assert_eq!(threads.get("c99"), Some("some text, again"));
        assert_eq!(threads.get("c0"), None);
        threads.remember("huge", &"x".repeat(2000));
        assert_eq!((threads.get("huge"), threads.get("c99").is_some()), (None, true));
    }
}
