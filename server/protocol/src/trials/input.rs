//! Choices read off bytes. When the bytes are used up, every further choice is the first one.

/// Bytes that stand for choices.
#[derive(Debug)]
pub(super) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn byte(&mut self) -> u8 {
        self.fixed::<1>()[0]
    }

    pub(super) fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// A number below `end`, which is not 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::from(u16::from_le_bytes(self.fixed())) % end
    }

    /// One of some.
    pub(super) fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    pub(super) fn number(&mut self) -> i64 {
        i64::from_le_bytes(self.fixed())
    }

    /// Exactly so many bytes, zeros after the end.
    pub(super) fn bytes(&mut self, length: usize) -> Vec<u8> {
        let taken = self.rest(length);
        let mut bytes = taken.to_vec();
        bytes.resize(length, 0);
        bytes
    }

    /// At most so many bytes as there are.
    pub(super) fn rest(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }

    pub(super) fn text(&mut self) -> String {
        let length = usize::from(self.byte() % 24);
        String::from_utf8_lossy(self.rest(length)).into_owned()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn fixed<const N: usize>(&mut self) -> [u8; N] {
        let mut fixed = [0; N];
        for (to, from) in fixed.iter_mut().zip(self.rest(N)) {
            *to = *from;
        }
        fixed
    }
}
