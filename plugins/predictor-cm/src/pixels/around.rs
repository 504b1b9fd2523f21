//! The samples around the present one, and what least squares make their predictions of
//! (`spec.md`, section 6.7).

use super::least_squares::TERMS;

/// Reads samples of a stream, by their distance in bytes from its end.
pub(super) struct Reader<'a> {
    pub(super) history: &'a [u8],
    /// Bytes of a sample, 1 or 2.
    pub(super) width: usize,
    /// Bytes of a pixel and of a row, whole samples; a row has several pixels.
    pub(super) element: usize,
    pub(super) row: usize,
}

impl Reader<'_> {
    /// The sample that begins `distance` bytes before the end, at least its own width; 0 before the
    /// beginning.
    #[inline(always)]
    fn at(&self, distance: usize) -> i32 {
        let Some(at) = self.history.len().checked_sub(distance) else {
            return 0;
        };
        match self.history[at..] {
            [only, ..] if self.width == 1 => only.into(),
            [high, low, ..] => i32::from(high) << 8 | i32::from(low),
            _ => 0,
        }
    }

    /// The samples so far behind those of the present pixel and of those around it.
    #[inline(always)]
    fn corner(&self, behind: usize) -> [i32; 4] {
        let (e, r) = (self.element + behind, self.row + behind);
        [e, r, r + self.element, r - self.element].map(|distance| self.at(distance))
    }
}

/// What is around a sample.
pub(super) struct Around {
    pub(super) w: i32,
    pub(super) n: i32,
    pub(super) nw: i32,
    pub(super) ne: i32,
    pub(super) ww: i32,
    pub(super) nn: i32,
    /// By how much the channel before is more here than there: to the left, above, above left and right.
    pub(super) delta: [i32; 4],
    /// What terms are relative to.
    pub(super) base: i32,
    /// Terms of the sample and how many they are; fewer of them.
    pub(super) wide: ([i32; TERMS], usize),
    pub(super) narrow: ([i32; TERMS], usize),
}

impl Around {
    /// Around the sample that follows, the one of number `channel` in its pixel.
    #[inline(always)]
    pub(super) fn read(from: &Reader<'_>, channel: usize) -> Self {
        let (e, r) = (from.element, from.row);
        let [w, n, nw, ne] = from.corner(0);
        let [ww, www, nn] = [2 * e, 3 * e, 2 * r].map(|distance| from.at(distance));
        let nee = if r > 2 * e { from.at(r - 2 * e) } else { ne };
        let [nww, nne, nnw] = [r + 2 * e, 2 * r - e, 2 * r + e].map(|distance| from.at(distance));
        let base = (w + n) >> 1;
        let mut x = [0; TERMS];
        let own = [w, nw, ne, ww, nn, nne, nee, nnw, nww, www];
        for (x, v) in x.iter_mut().zip(own) {
            *x = v - base;
        }
        let mut terms = own.len();
        let mut add = |values: &[i32], base: i32| {
            for v in values {
                x[terms] = v - base;
                terms += 1;
            }
        };
        let mut delta = [0; 4];
        // The channels before: here and around. For the first, those behind it in the pixel before.
        for number in 1..=channel.min(2) {
            let back = number * from.width;
            let p = from.at(back);
            let [pw, pn, pnw, pne] = from.corner(back);
            add(&[p, pw, pnw, pne], (pw + pn) >> 1);
            if number == 1 {
                delta = [pw, pn, pnw, pne].map(|v| p - v);
            }
        }
        if channel == 0 {
            for number in 1..(e / from.width).min(3) {
                let back = e - number * from.width;
                let p = from.at(back);
                add(&[p], (p + from.at(back + r - e)) >> 1);
            }
        }
        // Six of its own, all of the channel before, two of the one before that.
        let mut few = [0; TERMS];
        few[..6].copy_from_slice(&x[..6]);
        let others = [0, 4, 6][channel.min(2)];
        few[6..6 + others].copy_from_slice(&x[10..10 + others]);
        Self {
            w,
            n,
            nw,
            ne,
            ww,
            nn,
            delta,
            base,
            wide: (x, terms),
            narrow: (few, 6 + others),
        }
    }

    /// Simple predictions: the median edge detector, the same of what this channel is more than the one
    /// before, and what is to the left, above, and around the corner, moved as the channel before is.
    #[inline(always)]
    pub(super) fn simple(&self) -> [i32; 5] {
        let &Self { w, n, nw, ne, .. } = self;
        let [dw, dn, dnw, dne] = self.delta;
        [
            median(w, n, w + n - nw),
            median(w + dw, n + dn, w + dw + n + dn - nw - dnw),
            w + dw,
            n + dn,
            w + ne - n + dw + dne - dn,
        ]
    }

    /// How steep it is around here.
    #[inline(always)]
    pub(super) fn slope(&self) -> u32 {
        let &Self {
            w,
            n,
            nw,
            ne,
            ww,
            nn,
            ..
        } = self;
        w.abs_diff(nw) + n.abs_diff(nw) + n.abs_diff(ne) + w.abs_diff(ww) + n.abs_diff(nn)
    }
}

/// The middle one of three numbers.
#[inline(always)]
fn median(a: i32, b: i32, c: i32) -> i32 {
    a.max(b).min(a.min(b).max(c))
}
