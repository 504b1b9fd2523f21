//! Selectors: small contexts that pick a row of the mixer's weights (`spec.md`, section 7.2).

use crate::tracker::Tracker;

/// What a selector may look at.
pub(crate) struct Situation<'a> {
    pub(crate) tracker: &'a Tracker,
    /// 1 followed by the bits of this byte so far.
    pub(crate) partial: u32,
    /// The byte the longest match expects: 256 + byte, or 0.
    pub(crate) expected: u32,
    /// The length of that match.
    pub(crate) length: u32,
    /// Hashed contexts that have been seen before.
    pub(crate) seen: u32,
}

/// Declares the selectors: id, name, number of contexts.
macro_rules! selectors {
    ($($variant:ident = $id:literal $name:literal $size:literal),* $(,)?) => {
        /// A selector, by its id on the wire.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Selector { $($variant = $id),* }

        impl Selector {
            /// Every selector.
            pub(crate) const ALL: &'static [(Self, &'static str)] = &[$((Self::$variant, $name)),*];

            /// How many contexts it tells apart.
            pub(crate) const fn size(self) -> usize {
                match self { $(Self::$variant => $size),* }
            }
        }
    };
}

selectors! {
    Partial = 0 "partial" 256, C1 = 1 "c1" 256, C2 = 2 "c2" 256, Match = 3 "match" 256, Seen = 4 "seen" 512,
    Column = 5 "column" 2048, Shape = 6 "shape" 2048, Row = 7 "row" 2048, Expected = 8 "expected" 2048,
    C1High = 9 "c1-high" 2048, Zero = 10 "zero" 1, Word = 11 "word" 2048, Size = 12 "size" 2048,
    Slope = 13 "slope" 2048, Error = 14 "error" 2048, Texture = 15 "texture" 2048,
    Code = 16 "code" 1152, Beat = 17 "beat" 512,
}

impl Selector {
    pub(crate) fn from_id(id: u8) -> Option<Self> {
        Self::ALL.iter().map(|&(s, _)| s).find(|&s| s as u8 == id)
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, n)| *n == name).map(|&(s, _)| s)
    }

    /// Whether it needs no more of the past than `Tracker::push_bytes` keeps.
    pub(crate) const fn sees_bytes_only(self) -> bool {
        !matches!(
            self,
            Self::Shape
                | Self::Word
                | Self::Size
                | Self::Slope
                | Self::Error
                | Self::Texture
                | Self::Code
                | Self::Beat
        )
    }

    /// The context in this situation, below `size`.
    #[inline(always)]
    pub(crate) fn context(self, s: &Situation<'_>) -> u32 {
        let t = s.tracker;
        let bits = s.partial.ilog2();
        match self {
            Self::Zero => 0,
            Self::Partial => s.partial,
            Self::C1 => t.c4 & 255,
            Self::C2 => (t.c4 >> 8) & 255,
            Self::Match => {
                let l = s.length;
                let bucket = if l < 16 { l } else { (12 + l.ilog2()).min(31) };
                bucket * 8 + bits
            }
            Self::Seen => s.seen.min(63) * 8 + bits,
            Self::Column => t.columns[0].min(255) * 8 + bits,
            Self::Shape => (t.shape as u32 & 255) * 8 + bits,
            Self::Row => {
                let n = t.columns[0].min(7);
                (n << 8) | s.partial
            }
            Self::Expected => {
                if s.expected == 0 {
                    0
                } else {
                    let l = s.length;
                    let bucket = if l < 8 {
                        1
                    } else if l < 24 {
                        2
                    } else {
                        3
                    };
                    let expected_bit = (s.expected >> (7 - bits)) & 1;
                    (bucket << 9) | (expected_bit << 8) | s.partial
                }
            }
            Self::C1High => ((t.c4 & 255) >> 5 << 8) | s.partial,
            Self::Size => {
                let size = (t.numeric.distance[3] / 64).min(63);
                (size << 5) | ((t.numeric.bytes as u32).min(3) << 3) | bits
            }
            Self::Slope => sample(s, 0),
            Self::Error => sample(s, 1),
            Self::Texture => sample(s, 2),
            Self::Code => t.machine.place() * 8 + bits,
            Self::Beat => t.rhythm.column * 8 + bits,
            Self::Word => {
                let inside = u32::from(t.word != 0);
                let line = ((t.position - t.line) as u32).min(63);
                (line << 4) | (inside << 3) | bits
            }
        }
    }
}

/// A quantity around a sample of an image, its channel, and where in it the bit is.
#[inline(always)]
fn sample(s: &Situation<'_>, quantity: usize) -> u32 {
    let pixels = &s.tracker.pixels;
    let (below, _) = pixels.split(s.partial);
    (pixels.channel().min(3) << 9) | (pixels.levels[quantity] << 4) | below
}
