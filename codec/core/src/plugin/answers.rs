//! What every encoding coder answers from.

/// A cursor over the bytes that an encoding coder knows.
///
/// An encoder is asked for "the next bit" or "the next byte" and answers from here. Beyond the
/// end it answers 0: a predictor that asks too much is at fault, which its caller notices by
/// the history it leaves, and the coder need not panic for it.
#[derive(Debug, Clone)]
pub struct Answers<'a> {
    data: &'a [u8],
    position: usize,
    /// The byte that is being taken apart, and how many of its low bits are still to come.
    current: u8,
    left: u32,
}

impl<'a> Answers<'a> {
    /// A cursor at the first byte of `data`.
    #[must_use]
    pub fn new(data: &'a [u8]) -> Self {
        Self {
            data,
            position: 0,
            current: 0,
            left: 0,
        }
    }

    /// The next bit of the current byte, most significant first.
    #[inline]
    pub fn bit(&mut self) -> bool {
        if self.left == 0 {
            self.current = self.byte();
            self.left = 8;
        }
        self.left -= 1;
        (self.current >> self.left) & 1 != 0
    }

    /// The next whole byte. Only at a byte border.
    #[inline]
    pub fn byte(&mut self) -> u8 {
        debug_assert_eq!(self.left, 0, "a byte was asked for within a byte");
        let byte = self.data.get(self.position).copied().unwrap_or(0);
        self.position = self.position.saturating_add(1);
        byte
    }

    /// Goes to the byte at `position`. Only at a byte border.
    pub fn seek(&mut self, position: usize) {
        debug_assert_eq!(self.left, 0, "a seek was asked for within a byte");
        self.position = position;
    }
}

#[cfg(test)]
mod tests {
    use super::Answers;

    #[test]
    fn bits_come_most_significant_first_and_mix_with_bytes() {
        let mut answers = Answers::new(&[0b1010_0001, 7, 0x80]);
        let bits: Vec<bool> = (0..8).map(|_| answers.bit()).collect();
        assert_eq!(bits, [true, false, true, false, false, false, false, true]);
        assert_eq!(answers.byte(), 7);
        assert!(answers.bit());
    }

    #[test]
    fn a_seek_goes_anywhere_and_the_end_answers_zero() {
        let mut answers = Answers::new(&[1, 2, 3]);
        answers.seek(2);
        assert_eq!((answers.byte(), answers.byte()), (3, 0));
        answers.seek(usize::MAX);
        assert_eq!((answers.byte(), answers.byte()), (0, 0));
        answers.seek(0);
        assert_eq!(answers.byte(), 1);
    }
}
