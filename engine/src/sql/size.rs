//! How much memory it takes to read a statement, told before it is read.
//!
//! A word or sign of one character becomes a token, and that a part of the syntax tree, so that
//! 16 MiB of `1,1,1,…` take gigabytes. What the tokenizer and the parser allocate nobody counts; so
//! that it fits the memory limit, it is reserved by the number of words and signs.

/// Bytes that a word or sign takes while a statement is read: a token of sqlparser 0.62 has 88, the
/// parser wants a copy of them all, and a list that grows has room for more.
const READING_BYTES: usize = 256;

/// Bytes that it takes for as long as the statement is there. An expression has 328 in the tree, an
/// item of SELECT 776, one of ORDER BY 1,320, each with a comma; in the plan they have some more.
const TREE_BYTES: usize = 768;

/// A statement that takes less is not counted, so that one can always be read.
const UNCOUNTED_BYTES: usize = 1 << 20;

/// What a text takes, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pieces: usize,
}

impl Size {
    /// That of a text. What is in quotes and comments is taken for words and signs as well.
    pub(crate) fn of(text: &str) -> Self {
        let mut in_word = false;
        let begins = |byte: u8| {
            let was_in_word = in_word;
            in_word = byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii();
            !(in_word && was_in_word)
        };
        Self {
            pieces: text.bytes().map(begins).filter(|begins| *begins).count(),
        }
    }

    /// About how many words and signs it has.
    pub(crate) fn pieces(self) -> usize {
        self.pieces
    }

    /// Bytes to reserve for reading it; none when it is short.
    pub(crate) fn reading(self) -> Option<usize> {
        let bytes = self.pieces.saturating_mul(READING_BYTES + TREE_BYTES);
        (bytes > UNCOUNTED_BYTES).then_some(bytes)
    }

    /// Bytes that it takes once it is read.
    pub(crate) fn kept(self) -> usize {
        self.pieces.saturating_mul(TREE_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_signs_are_counted() {
        for (text, pieces) in [
            ("", 0),
            ("SELECT 1", 3),
            ("1,1,1", 5),
            ("größe_2 + x", 5),
            ("f('a b')", 8),
        ] {
            assert_eq!(Size::of(text).pieces(), pieces, "{text}");
        }
    }

    #[test]
    fn only_long_texts_are_counted() {
        assert_eq!(Size::of("SELECT 1").reading(), None);
        let long = Size::of(&"1,".repeat(1 << 20));
        let reading = long.reading().unwrap();
        assert!(reading > long.kept() && long.kept() > 1 << 29, "{reading}");
        // A long value is one word.
        assert_eq!(Size::of(&"x".repeat(1 << 20)).reading(), None);
    }
}
