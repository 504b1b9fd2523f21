//! The contexts that a model may be made of (`spec.md`, section 6.2).

use crate::tracker::{Tracker, fold};

/// Declares the contexts: id on the wire, name in profiles, what it is made of.
macro_rules! contexts {
    ($($variant:ident = $id:literal $name:literal),* $(,)?) => {
        /// A context, by its id on the wire.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Context { $($variant = $id),* }

        impl Context {
            /// Every context.
            pub(crate) const ALL: &'static [(Self, &'static str)] = &[$((Self::$variant, $name)),*];
        }
    };
}

contexts! {
    O0 = 0 "o0", O1 = 1 "o1", O2 = 2 "o2", O3 = 3 "o3", O4 = 4 "o4", O5 = 5 "o5", O6 = 6 "o6", O7 = 7 "o7",
    O8 = 8 "o8",
    Word = 16 "word", Word1 = 17 "word-1", Word12 = 18 "word-1-2", Word2 = 19 "word-2", WordO1 = 20 "word-o1",
    Word3 = 21 "word-3", Gap = 22 "gap",
    Shape4 = 24 "shape4", Shape8 = 25 "shape8", Shape12 = 26 "shape12", ShapeWord = 27 "shape-word",
    Skip1 = 32 "skip1", Skip2 = 33 "skip2", Skip12 = 34 "skip1-2", Skip3 = 35 "skip3", Pair13 = 36 "c1-c3",
    Pair14 = 37 "c1-c4", Skip1x3 = 38 "skip1x3", Skip3x2 = 39 "skip3x2", Pair24 = 40 "c2-c4", High = 41 "high",
    After1 = 48 "after1", After2 = 49 "after2", After12 = 50 "after1-2", After1Long = 51 "after1-long",
    LineAbove = 56 "line-above", LineAboveO1 = 57 "line-above-o1", LineColumn = 58 "line-column",
    Field = 59 "field", FieldAbove = 60 "field-above", LineHead = 61 "line-head", Nest = 62 "nest",
    NestO2 = 63 "nest-o2", LineAboveO2 = 64 "line-above-o2",
    Code = 65 "code", Code1 = 66 "code-1", Code12 = 67 "code-1-2", CodeOps = 68 "code-ops",
    CodeO1 = 69 "code-o1", CodeBare = 70 "code-bare",
    Col = 80 "col", ColN = 81 "col-n", ColNO1 = 82 "col-n-o1", ColNN = 83 "col-n-nn", NO1 = 84 "n-o1", NO2 = 85 "n-o2",
    NNwW = 86 "n-nw-w", Gradient = 87 "gradient", Extrapolate = 88 "extrapolate", ColO1 = 89 "col-o1", ColO2 = 90 "col-o2",
    ColNDelta = 91 "col-n-delta", NNn = 92 "n-nn-nnn", ColO3 = 93 "col-o3", ColNO2 = 94 "col-n-o2",
    BeatN = 96 "beat-n", BeatNO1 = 97 "beat-n-o1", BeatCarried = 98 "beat-carried", BeatStepped = 99 "beat-stepped",
    RowN = 112 "row-n", RowNW = 113 "row-n-w", RowGradient = 114 "row-gradient", RowNNe = 115 "row-n-ne",
    RowAverage = 116 "row-average", RowExtrapolate = 117 "row-extrapolate", RowWWw = 118 "row-w-ww",
    RowNNn = 119 "row-n-nn", RowNO1 = 120 "row-n-o1", RowMean4 = 121 "row-mean4", RowGradientN = 122 "row-gradient-n",
    RowCol = 123 "row-col",
    Match = 128 "match", MatchO1 = 129 "match-o1", MatchO2 = 130 "match-o2",
    NumW = 144 "num-w", NumWw = 145 "num-ww", NumN = 146 "num-n", NumGradient = 147 "num-gradient", NumNe = 148 "num-ne", NumMean = 149 "num-mean", NumNn = 150 "num-nn", NumSmooth = 151 "num-smooth", NumCross = 152 "num-cross", NumWw1 = 153 "num-ww1", NumCurve = 154 "num-curve", NumField = 155 "num-field",
    ScaledW = 160 "scaled-w", ScaledWw = 161 "scaled-ww", ScaledN = 162 "scaled-n", ScaledGradient = 163 "scaled-gradient", ScaledNe = 164 "scaled-ne", ScaledMean = 165 "scaled-mean", ScaledNn = 166 "scaled-nn", ScaledSmooth = 167 "scaled-smooth", ScaledCross = 168 "scaled-cross", ScaledWw1 = 169 "scaled-ww1", ScaledCurve = 170 "scaled-curve", ScaledField = 171 "scaled-field",
    NumWN = 176 "num-w-n", NumWGradient = 177 "num-w-gradient", NumNGradient = 178 "num-n-gradient", NumGradientSmooth = 179 "num-gradient-smooth",
    NumWCross = 180 "num-w-cross", NumWO1 = 181 "num-w-o1", NumGradientO1 = 182 "num-gradient-o1", NumWWw = 183 "num-w-ww", NumWField = 184 "num-w-field", NumCrossO1 = 185 "num-cross-o1",
    Size4 = 186 "size4", Size16 = 187 "size16", Size4x16 = 188 "size4-16", SizeBeside = 189 "size-beside", Size1x2 = 190 "size1-2",
    SizeAll = 191 "size-all",
    PixBlend = 192 "pix-blend", PixWide = 193 "pix-wide", PixNarrow = 194 "pix-narrow", PixMed = 195 "pix-med", PixPlanes = 196 "pix-planes", PixLeft = 197 "pix-left", PixAbove = 198 "pix-above", PixCorner = 199 "pix-corner", PixBlendO1 = 200 "pix-blend-o1", PixCoarseO2 = 201 "pix-coarse-o2",
    AimBlendSlope = 208 "aim-blend-slope", AimWideSlope = 209 "aim-wide-slope", AimNarrowSlope = 210 "aim-narrow-slope", AimMedSlope = 211 "aim-med-slope", AimPlanesSlope = 212 "aim-planes-slope", AimLeftSlope = 213 "aim-left-slope", AimAboveSlope = 214 "aim-above-slope", AimCornerSlope = 215 "aim-corner-slope", AimBlendError = 216 "aim-blend-error", AimWideError = 217 "aim-wide-error", AimNarrowError = 218 "aim-narrow-error", AimMedError = 219 "aim-med-error", AimPlanesError = 220 "aim-planes-error", AimLeftError = 221 "aim-left-error", AimAboveError = 222 "aim-above-error", AimCornerError = 223 "aim-corner-error", AimBlendTexture = 224 "aim-blend-texture", AimWideTexture = 225 "aim-wide-texture", AimNarrowTexture = 226 "aim-narrow-texture", AimMedTexture = 227 "aim-med-texture", AimPlanesTexture = 228 "aim-planes-texture", AimLeftTexture = 229 "aim-left-texture", AimAboveTexture = 230 "aim-above-texture", AimCornerTexture = 231 "aim-corner-texture", AimBlendBeside = 232 "aim-blend-beside", AimWideBeside = 233 "aim-wide-beside", AimNarrowBeside = 234 "aim-narrow-beside", AimMedBeside = 235 "aim-med-beside", AimPlanesBeside = 236 "aim-planes-beside", AimLeftBeside = 237 "aim-left-beside", AimAboveBeside = 238 "aim-above-beside", AimCornerBeside = 239 "aim-corner-beside", AimBlendBias = 240 "aim-blend-bias", AimWideBias = 241 "aim-wide-bias", AimNarrowBias = 242 "aim-narrow-bias", AimMedBias = 243 "aim-med-bias", AimPlanesBias = 244 "aim-planes-bias", AimLeftBias = 245 "aim-left-bias", AimAboveBias = 246 "aim-above-bias", AimCornerBias = 247 "aim-corner-bias",
}

impl Context {
    /// The context with that id.
    pub(crate) fn from_id(id: u8) -> Option<Self> {
        Self::ALL.iter().map(|&(c, _)| c).find(|&c| c as u8 == id)
    }

    /// The context with that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, n)| *n == name).map(|&(c, _)| c)
    }

    /// How many of the lower bits of the first nibble do not count for the line of the second one.
    pub(crate) const fn shift(self) -> u8 {
        4 - self.spread() as u8
    }

    /// Over how many neighbouring lines the second nibbles of one context are spread, as a
    /// power of two: 4 for contexts that many bytes follow, 2 for those that few do.
    const fn spread(self) -> u32 {
        match self {
            Self::O0
            | Self::O1
            | Self::O2
            | Self::Skip1
            | Self::Skip2
            | Self::Skip3
            | Self::Skip12
            | Self::Pair13
            | Self::Pair14
            | Self::Skip3x2
            | Self::Pair24
            | Self::LineColumn
            | Self::LineAboveO1
            | Self::Shape4 => 4,
            s if s as u8 >= 80 => 4,
            _ => 2,
        }
    }

    /// The prediction and the quantity of an aimed context.
    pub(crate) const fn aim(self) -> Option<(usize, usize)> {
        match self as u8 {
            id @ 208..=247 => Some(((id & 7) as usize, (id as usize - 208) / 8)),
            _ => None,
        }
    }

    /// Whether it needs no more of the past than `Tracker::push_bytes` keeps.
    pub(crate) const fn sees_bytes_only(self) -> bool {
        matches!(self as u8, 0..16 | 32..48 | 80..96 | 112..128)
    }

    /// The hash of this context before the next byte. `expected` is what the longest match
    /// predicts: 256 + byte, or 0.
    #[inline]
    pub(crate) fn hash(self, t: &Tracker, history: &[u8], expected: u32) -> u32 {
        let seed = fold(0x9E37_79B9, self as u32);
        let h = |a: u32| fold(seed, a);
        let h2 = |a: u32, b: u32| fold(fold(seed, a), b);
        let h3 = |a: u32, b: u32, c: u32| fold(fold(fold(seed, a), b), c);
        let (c4, c8) = (t.c4, t.c8);
        let c1 = c4 & 255;
        let c2 = (c4 >> 8) & 255;
        let c3 = (c4 >> 16) & 255;
        let c4th = c4 >> 24;
        let [element, row] = t.strides;
        let back = |n: usize| t.back(history, n);
        let column = t.columns[0];
        let n = || back(element);
        let nn = || back(2 * element);
        let nw = || back(element + 1);
        let (m, r) = (&t.machine, &t.rhythm);
        let code = || h3(m.place(), m.stem, m.operand);
        let beat = |value: u32| h3(r.stride as u32, r.column, value);
        let wrap = |v: u32| v & 255;
        let (x, at) = (&t.numeric.expected, column);
        let (place, d) = (t.numeric.place(), &t.numeric.distance);
        let pair = |a: usize, b: usize| {
            let apart = (x[a] as i32 - x[b] as i32).clamp(-64, 64) as u32;
            h3(at, x[a], apart)
        };
        match self {
            Self::O0 => seed,
            Self::O1 => h(c1),
            Self::O2 => h(c4 & 0xFFFF),
            Self::O3 => h(c4 & 0xFF_FFFF),
            Self::O4 => h(c4),
            Self::O5 => h2(c4, c8 & 0xFF),
            Self::O6 => h2(c4, c8 & 0xFFFF),
            Self::O7 => h2(c4, c8 & 0xFF_FFFF),
            Self::O8 => h2(c4, c8),
            Self::Word => h2(t.word, t.gap),
            Self::Word1 => h3(t.word, t.words[0], t.gap),
            Self::Word12 => fold(h3(t.word, t.words[0], t.words[1]), t.gap),
            Self::Word2 => h3(t.word, t.words[1], t.gap),
            Self::WordO1 => h2(t.words[0], c1),
            Self::Word3 => h3(t.word, t.words[2], t.gap),
            Self::Gap => h2(t.gap, t.words[0]),
            Self::Shape4 => h2(t.shape as u32 & 0xFFFF, c1),
            Self::Shape8 => h(t.shape as u32),
            Self::Shape12 => h2(t.shape as u32, (t.shape >> 32) as u32 & 0xFFFF),
            Self::ShapeWord => h2(t.shape as u32, t.words[0]),
            Self::Skip1 => h(c2),
            Self::Skip2 => h(c3),
            Self::Skip12 => h2(c2, c3),
            Self::Skip3 => h(c4th),
            Self::Pair13 => h2(c1, c3),
            Self::Pair14 => h2(c1, c4th),
            Self::Skip1x3 => h(c4 >> 8),
            Self::Skip3x2 => h2(c3, c4th),
            Self::Pair24 => h2(c2, c4th),
            Self::High => h2(c4 & 0xF0F0_F0F0, c8 & 0xF0),
            Self::After1 => h2(c1, t.after1[c1 as usize] & 0xFFFF),
            Self::After2 => h2(c4 & 0xFFFF, u32::from(t.after2[(c4 & 0xFFFF) as usize])),
            Self::After12 => h2(
                t.after1[c1 as usize] & 0xFF,
                u32::from(t.after2[(c4 & 0xFFFF) as usize]),
            ),
            Self::After1Long => h2(c1, t.after1[c1 as usize]),
            Self::LineAbove => h2(
                u32::from(t.line_above),
                (t.position - t.line).min(255) as u32,
            ),
            Self::LineAboveO1 => h2(u32::from(t.line_above), c1),
            Self::LineAboveO2 => h2(u32::from(t.line_above), c4 & 0xFFFF),
            Self::LineColumn => h2((t.position - t.line).min(1023) as u32, c1),
            Self::Field => h2(t.field, t.field_hash),
            Self::FieldAbove => h3(t.field, t.field_hash, u32::from(t.line_above)),
            Self::LineHead => h3(t.line_head, t.word, c1),
            Self::Nest => h3(t.nest[t.depth], t.word, c1),
            Self::NestO2 => h2(t.nest[t.depth], c4 & 0xFFFF),
            Self::Code => code(),
            Self::Code1 => fold(code(), m.opcodes[0]),
            Self::Code12 => fold(fold(code(), m.opcodes[0]), m.opcodes[1]),
            Self::CodeOps => fold(code(), m.three()),
            Self::CodeO1 => h3(m.place(), m.opcode(), c1),
            Self::CodeBare => fold(h3(m.place(), m.opcode(), m.operand), m.opcodes[0] & 0xFFFF),
            Self::BeatN => beat(back(r.stride)),
            Self::BeatNO1 => fold(beat(back(r.stride)), c1),
            Self::BeatCarried => beat(r.carried),
            Self::BeatStepped => fold(beat(r.stepped), r.carried),
            Self::Col => h(column),
            Self::ColN => h2(column, n()),
            Self::ColNO1 => h3(column, n(), c1),
            Self::ColNN => h3(column, n(), nn()),
            Self::NO1 => h2(n(), c1),
            Self::NO2 => h2(n(), c4 & 0xFFFF),
            Self::NNwW => h3(n(), nw(), c1),
            Self::Gradient => h2(column, wrap(c1.wrapping_add(n()).wrapping_sub(nw()))),
            Self::Extrapolate => h2(column, wrap((2 * n()).wrapping_sub(nn()))),
            Self::ColO1 => h2(column, c1),
            Self::ColO2 => h2(column, c4 & 0xFFFF),
            Self::ColO3 => h2(column, c4 & 0xFF_FFFF),
            Self::ColNO2 => h3(column, n(), c4 & 0xFFFF),
            Self::ColNDelta => h3(
                column,
                wrap(n().wrapping_sub(nn())),
                wrap(c1.wrapping_sub(nw())),
            ),
            Self::NNn => h3(n(), nn(), back(3 * element)),
            Self::RowN => h2(column, back(row)),
            Self::RowNW => h3(column, back(row), n()),
            Self::RowGradient => h2(
                column,
                n().wrapping_add(back(row))
                    .wrapping_sub(back(row + element))
                    & 0x3FF,
            ),
            Self::RowNNe => h3(column, back(row), back(row.saturating_sub(element))),
            Self::RowAverage => h3(column, (n() + back(row)) / 2, c1),
            Self::RowExtrapolate => h2(column, (2 * back(row)).wrapping_sub(back(2 * row)) & 0x3FF),
            Self::RowWWw => h3(column, n(), nn()),
            Self::RowNNn => h3(column, back(row), back(2 * row)),
            Self::RowNO1 => h3(column, back(row), c1),
            Self::RowMean4 => {
                let sum = n() + back(row) + back(row + element) + back(row.saturating_sub(element));
                h3(column, sum / 4, c1 / 16)
            }
            Self::RowGradientN => {
                let gradient = n()
                    .wrapping_add(back(row))
                    .wrapping_sub(back(row + element));
                h3(column, gradient & 0x3FF, c1)
            }
            Self::RowCol => h2(t.columns[1], c1),
            Self::Match => h(expected),
            Self::MatchO1 => h2(expected, c1),
            Self::MatchO2 => h2(expected, c4 & 0xFFFF),
            Self::Size4 => h2(place, d[2] / 32),
            Self::Size16 => h2(place, d[3] / 32),
            Self::Size4x16 => h3(place, d[2] / 128, d[3] / 64),
            Self::SizeBeside => h3(place, t.numeric.neighbour / 128, d[3] / 128),
            Self::Size1x2 => h3(place, d[0] / 128, d[1] / 128),
            Self::SizeAll => fold(h3(place, d[0] / 256, d[2] / 256), d[3] / 128),
            Self::NumWN => pair(0, 2),
            Self::NumWGradient => pair(0, 3),
            Self::NumNGradient => pair(2, 3),
            Self::NumGradientSmooth => pair(3, 7),
            Self::NumWCross => pair(0, 8),
            Self::NumWO1 => h3(at, x[0], c1),
            Self::NumGradientO1 => h3(at, x[3], c1),
            Self::NumWWw => pair(0, 1),
            Self::NumWField => pair(0, 11),
            Self::NumCrossO1 => h3(at, x[8], c1),
            Self::NumW => h2(at, x[0]),
            Self::ScaledW => h3(t.numeric.bytes as u32, x[0], t.numeric.scale[0]),
            Self::NumWw => h2(at, x[1]),
            Self::ScaledWw => h3(t.numeric.bytes as u32, x[1], t.numeric.scale[1]),
            Self::NumN => h2(at, x[2]),
            Self::ScaledN => h3(t.numeric.bytes as u32, x[2], t.numeric.scale[2]),
            Self::NumGradient => h2(at, x[3]),
            Self::ScaledGradient => h3(t.numeric.bytes as u32, x[3], t.numeric.scale[3]),
            Self::NumNe => h2(at, x[4]),
            Self::ScaledNe => h3(t.numeric.bytes as u32, x[4], t.numeric.scale[4]),
            Self::NumMean => h2(at, x[5]),
            Self::ScaledMean => h3(t.numeric.bytes as u32, x[5], t.numeric.scale[5]),
            Self::NumNn => h2(at, x[6]),
            Self::ScaledNn => h3(t.numeric.bytes as u32, x[6], t.numeric.scale[6]),
            Self::NumSmooth => h2(at, x[7]),
            Self::ScaledSmooth => h3(t.numeric.bytes as u32, x[7], t.numeric.scale[7]),
            Self::NumCross => h2(at, x[8]),
            Self::ScaledCross => h3(t.numeric.bytes as u32, x[8], t.numeric.scale[8]),
            Self::NumWw1 => h2(at, x[9]),
            Self::ScaledWw1 => h3(t.numeric.bytes as u32, x[9], t.numeric.scale[9]),
            Self::NumCurve => h2(at, x[10]),
            Self::ScaledCurve => h3(t.numeric.bytes as u32, x[10], t.numeric.scale[10]),
            Self::NumField => h2(at, x[11]),
            Self::ScaledField => h3(t.numeric.bytes as u32, x[11], t.numeric.scale[11]),
            Self::PixBlend => h2(at, t.pixels.expected[0]),
            Self::PixWide => h2(at, t.pixels.expected[1]),
            Self::PixNarrow => h2(at, t.pixels.expected[2]),
            Self::PixMed => h2(at, t.pixels.expected[3]),
            Self::PixPlanes => h2(at, t.pixels.expected[4]),
            Self::PixLeft => h2(at, t.pixels.expected[5]),
            Self::PixAbove => h2(at, t.pixels.expected[6]),
            Self::PixCorner => h2(at, t.pixels.expected[7]),
            Self::PixBlendO1 => h3(at, t.pixels.expected[0], c1),
            Self::PixCoarseO2 => h3(at, t.pixels.expected[0] / 4, c4 & 0xFFFF),
            // Aimed: `Aimed` looks at each bit.
            _ => seed,
        }
    }
}
