//! Machine words that chains compute in.

/// An integer that wraps around.
pub(in super::super) trait Word: Copy + Default + Ord + 'static {
    fn saturated(n: i128) -> Self;
    fn from_i8(x: i8) -> Self;
    fn from_u8(x: u8) -> Self;
    fn from_i16(x: i16) -> Self;
    fn from_i32(x: i32) -> Self;
    fn from_i64(x: i64) -> Self;
    fn to_i8(self) -> i8;
    fn to_u8(self) -> u8;
    fn to_i16(self) -> i16;
    fn to_i32(self) -> i32;
    fn to_i64(self) -> i64;
    fn from_bool(x: bool) -> Self;
    fn plus(self, other: Self) -> Self;
    fn less(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    fn magnitude(self) -> Self;
    /// `places` is less than the number of bits.
    fn left(self, places: u32) -> Self;
    /// Rounds down; `places` is less than the number of bits.
    fn right(self, places: u32) -> Self;
}

macro_rules! word {
    ($type:ty) => {
        impl Word for $type {
            fn saturated(n: i128) -> Self {
                n.clamp(<$type>::MIN as i128, <$type>::MAX as i128) as Self
            }
            #[inline(always)]
            fn from_i8(x: i8) -> Self {
                x as Self
            }
            #[inline(always)]
            fn from_u8(x: u8) -> Self {
                x as Self
            }
            #[inline(always)]
            fn from_i16(x: i16) -> Self {
                x as Self
            }
            #[inline(always)]
            fn from_i32(x: i32) -> Self {
                x as Self
            }
            #[inline(always)]
            fn from_i64(x: i64) -> Self {
                x as Self
            }
            #[inline(always)]
            fn to_i8(self) -> i8 {
                self as i8
            }
            #[inline(always)]
            fn to_u8(self) -> u8 {
                self as u8
            }
            #[inline(always)]
            fn to_i16(self) -> i16 {
                self as i16
            }
            #[inline(always)]
            fn to_i32(self) -> i32 {
                self as i32
            }
            #[inline(always)]
            fn to_i64(self) -> i64 {
                self as i64
            }
            #[inline(always)]
            fn from_bool(x: bool) -> Self {
                x as Self
            }
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
            #[inline(always)]
            fn less(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
            #[inline(always)]
            fn times(self, other: Self) -> Self {
                self.wrapping_mul(other)
            }
            #[inline(always)]
            fn magnitude(self) -> Self {
                self.wrapping_abs()
            }
            #[inline(always)]
            fn left(self, places: u32) -> Self {
                self.wrapping_shl(places)
            }
            #[inline(always)]
            fn right(self, places: u32) -> Self {
                self.wrapping_shr(places)
            }
        }
    };
}

word!(i32);
word!(i64);
word!(i128);
