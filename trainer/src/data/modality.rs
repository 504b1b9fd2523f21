//! What kind of data a file is: the first folder of its path.

/// Modality of files that lie in no folder.
const NONE: &str = "other";

/// The modality of `path`, relative to the data folder, with `/` between folders.
pub fn modality(path: &str) -> &str {
    path.split_once('/').map_or(NONE, |(first, _)| first)
}

/// Bits spent on some bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// Bits.
    pub bits: f64,
    /// Bytes they were spent on.
    pub bytes: u64,
}

impl Spent {
    /// Bits per byte; `None` where there was no byte.
    pub fn mean(self) -> Option<f64> {
        (self.bytes > 0).then(|| self.bits / self.bytes as f64)
    }
}

impl std::ops::AddAssign for Spent {
    fn add_assign(&mut self, other: Self) {
        self.bits += other.bits;
        self.bytes += other.bytes;
    }
}

impl std::iter::Sum for Spent {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, one| {
            sum += one;
            sum
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_folder_is_the_modality() {
        assert_eq!(modality("text-books/a/b.md"), "text-books");
        assert_eq!(modality("b.md"), "other");
    }
}
