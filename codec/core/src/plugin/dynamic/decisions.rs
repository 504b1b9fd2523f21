//! The host's answers to a predictor of a library.

use std::ffi::c_void;

use crate::plugin::DecisionCoder;
use crate::plugin::abi::{UMOEC_OK, UMOEC_REFUSED, UmoecDecisions};
use crate::plugin::border::{borrow_array, size};
use crate::probability::{BitProbability, ByteDistribution};

/// Entries of a table.
const ENTRIES: usize = 257;

/// Passes a predictor's questions on to a coder, after a look at each: a probability that no
/// coder can take ends the stream, and so does a question for more than was asked.
pub(super) struct Driver<'a> {
    coder: &'a mut dyn DecisionCoder,
    /// The table of the byte in work, to have room for it.
    table: ByteDistribution,
    /// Bits that are still to be coded.
    left: u64,
    fault: Option<&'static str>,
}

impl<'a> Driver<'a> {
    /// For a call that codes `len` bytes.
    pub(super) fn new(coder: &'a mut dyn DecisionCoder, len: usize) -> Self {
        Self {
            coder,
            table: ByteDistribution::from_counts(&[0; 256]),
            left: len as u64 * 8,
            fault: None,
        }
    }

    /// What the library gets, for as long as `driver` is not used otherwise.
    pub(super) fn lend(driver: *mut Self) -> UmoecDecisions {
        UmoecDecisions {
            size: size::<UmoecDecisions>(),
            reserved: 0,
            state: driver.cast::<c_void>(),
            bit: Some(bit),
            byte: Some(byte),
            seek: Some(seek),
            failed: Some(failed),
            tree: Some(tree),
            bytes: Some(bytes),
        }
    }

    /// What was refused, if anything was.
    pub(super) fn refused(&self) -> Option<&'static str> {
        self.fault
    }

    /// Bits that were not coded.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    #[cold]
    fn wrong(&mut self, fault: &'static str) {
        self.fault.get_or_insert(fault);
    }

    /// Whether so many bits may be coded now.
    fn may(&mut self, bits: u64) -> bool {
        if self.fault.is_none() && bits <= self.left {
            self.left -= bits;
            return true;
        }
        self.wrong("it coded more bytes than it was asked for");
        false
    }

    fn at_border(&mut self) -> bool {
        let border = self.left.is_multiple_of(8);
        if !border {
            self.wrong("it asked for a whole byte within a byte");
        }
        border
    }

    fn bit(&mut self, one: u32) -> bool {
        let Some(one) = u16::try_from(one).ok().and_then(BitProbability::new) else {
            self.wrong("it stated a probability that is not within 1..=65535");
            return false;
        };
        self.may(1) && self.coder.bit(one)
    }

    fn byte(&mut self, cumulative: &[u32; ENTRIES]) -> u8 {
        if !self.table.replace(cumulative) {
            self.wrong("its table of a byte does not rise from 0 to 65536");
            return 0;
        }
        if self.at_border() && self.may(8) {
            self.coder.byte(&self.table)
        } else {
            0
        }
    }

    fn seek(&mut self, position: u64) {
        if self.at_border() {
            self.coder
                .seek(usize::try_from(position).unwrap_or(usize::MAX));
        }
    }
}

/// # Safety
/// `state` is that of `Driver::lend`, whose driver is alive and used by nobody else.
unsafe fn driver<'a>(state: *mut c_void) -> &'a mut Driver<'a> {
    // SAFETY: as the caller promised.
    unsafe { &mut *state.cast::<Driver<'a>>() }
}

/// # Safety
/// As `driver`.
unsafe extern "C" fn bit(state: *mut c_void, one: u32) -> u32 {
    // SAFETY: as the caller promised.
    unsafe { driver(state) }.bit(one).into()
}

/// # Safety
/// As `driver`; 257 numbers are readable at `cumulative`.
unsafe extern "C" fn byte(state: *mut c_void, cumulative: *const u32) -> u32 {
    // SAFETY: as the caller promised.
    let (driver, table) = unsafe { (driver(state), borrow_array(cumulative, ENTRIES)) };
    match table.try_into() {
        Ok(table) => driver.byte(table).into(),
        Err(_) => {
            driver.wrong("its table of a byte is at no address");
            0
        }
    }
}

/// # Safety
/// As `driver`.
unsafe extern "C" fn seek(state: *mut c_void, position: u64) {
    // SAFETY: as the caller promised.
    unsafe { driver(state) }.seek(position);
}

/// # Safety
/// As `driver`.
unsafe extern "C" fn failed(state: *mut c_void) -> u32 {
    // SAFETY: as the caller promised.
    unsafe { driver(state) }.fault.is_some().into()
}

/// # Safety
/// As `driver`; 256 numbers are readable at `ones`.
unsafe extern "C" fn tree(state: *mut c_void, ones: *const u16) -> u32 {
    // SAFETY: as the caller promised.
    let (driver, ones) = unsafe { (driver(state), borrow_array(ones, 256)) };
    if ones.len() != 256 || !driver.at_border() {
        driver.wrong("its tree of a byte is at no address");
        return 0;
    }
    let mut node = 1;
    while node < 256 {
        node = node * 2 + usize::from(driver.bit(ones[node].into()));
    }
    (node - 256) as u32
}

/// # Safety
/// As `driver`; `count` tables are readable, as many positions unless they are null, and as many
/// answers writable.
unsafe extern "C" fn bytes(
    state: *mut c_void,
    count: usize,
    positions: *const u64,
    tables: *const u32,
    answers: *mut u8,
) -> i32 {
    // SAFETY: as the caller promised.
    let (driver, positions) = unsafe { (driver(state), borrow_array(positions, count)) };
    // SAFETY: as the caller promised.
    let tables = unsafe { borrow_array(tables, count.saturating_mul(ENTRIES)) };
    if answers.is_null() {
        driver.wrong("its answers are at no address");
        return UMOEC_REFUSED;
    }
    for (i, table) in tables.as_chunks::<ENTRIES>().0.iter().enumerate() {
        if let Some(&position) = positions.get(i) {
            driver.seek(position);
        }
        let answer = driver.byte(table);
        // SAFETY: `i < count`, and so many answers are writable.
        unsafe { answers.add(i).write(answer) };
    }
    if driver.fault.is_some() {
        UMOEC_REFUSED
    } else {
        UMOEC_OK
    }
}

#[cfg(test)]
mod tests {
    use super::{Driver, UmoecDecisions};
    use crate::plugin::{Answers, DecisionCoder};
    use crate::probability::{BitProbability, ByteDistribution};

    /// Answers, and remembers what it was asked.
    struct Listening<'a> {
        answers: Answers<'a>,
        bits: Vec<u32>,
    }

    impl DecisionCoder for Listening<'_> {
        fn bit(&mut self, one: BitProbability) -> bool {
            self.bits.push(one.one());
            self.answers.bit()
        }

        fn byte(&mut self, _distribution: &ByteDistribution) -> u8 {
            self.answers.byte()
        }

        fn seek(&mut self, position: usize) {
            self.answers.seek(position);
        }
    }

    /// Runs `ask` as a library would, for `len` bytes; what was refused, and bits not coded.
    fn asked(
        data: &[u8],
        len: usize,
        ask: impl FnOnce(&UmoecDecisions),
    ) -> (Option<&'static str>, u64, Vec<u32>) {
        let mut coder = Listening {
            answers: Answers::new(data),
            bits: Vec::new(),
        };
        let mut driver = Driver::new(&mut coder, len);
        let place = &raw mut driver;
        ask(&Driver::lend(place));
        let (refused, left) = (driver.refused(), driver.left());
        (refused, left, coder.bits)
    }

    fn flat() -> Vec<u32> {
        (0..=256).map(|i| i * 256).collect()
    }

    /// Asks as a library does. The driver is alive while `asked` runs, and every array here has
    /// the length that the interface asks for, or is null.
    fn bit(d: &UmoecDecisions, one: u32) -> u32 {
        // SAFETY: as said above.
        unsafe { d.bit.unwrap()(d.state, one) }
    }

    fn byte(d: &UmoecDecisions, cumulative: *const u32) -> u32 {
        // SAFETY: as said above.
        unsafe { d.byte.unwrap()(d.state, cumulative) }
    }

    fn tree(d: &UmoecDecisions, ones: *const u16) -> u32 {
        // SAFETY: as said above.
        unsafe { d.tree.unwrap()(d.state, ones) }
    }

    fn failed(d: &UmoecDecisions) -> u32 {
        // SAFETY: as said above.
        unsafe { d.failed.unwrap()(d.state) }
    }

    fn bytes(d: &UmoecDecisions, n: usize, at: *const u64, tables: *const u32, out: *mut u8) {
        // SAFETY: as said above.
        unsafe { d.bytes.unwrap()(d.state, n, at, tables, out) };
    }

    #[test]
    fn every_way_to_ask_gives_the_same_bytes() {
        let (refused, left, bits) = asked(&[0b1010_0000, 7, 9, 8], 4, |d| {
            let bits: Vec<u32> = (1..=8).map(|p| bit(d, p)).collect();
            assert_eq!(bits, [1, 0, 1, 0, 0, 0, 0, 0]);
            let ones: Vec<u16> = (0..256).map(|n| n + 100).collect();
            assert_eq!(tree(d, ones.as_ptr()), 7);
            let (tables, mut answers) = ([flat(), flat()].concat(), [0; 2]);
            let positions = [3, 2];
            let (positions, tables) = (positions.as_ptr(), tables.as_ptr());
            bytes(d, 2, positions, tables, answers.as_mut_ptr());
            assert_eq!(answers, [8, 9]);
            assert_eq!(failed(d), 0);
        });
        assert_eq!((refused, left), (None, 0));
        // The nodes of 7: 1, and then as its bits lead.
        let nodes = [1, 2, 4, 8, 16, 32, 65, 131].map(|n| n + 100);
        assert_eq!(bits, [&[1, 2, 3, 4, 5, 6, 7, 8][..], &nodes].concat());
    }

    #[test]
    fn what_no_coder_can_take_is_refused() {
        for wrong in [0, 65_536, u32::MAX] {
            let (refused, _, bits) = asked(b"a", 1, |d| {
                assert_eq!(bit(d, wrong), 0);
                assert_eq!(failed(d), 1);
                // Nothing reaches the coder any more.
                bit(d, 5);
            });
            assert!(refused.unwrap().contains("not within 1..=65535"));
            assert!(bits.is_empty());
        }
        let mut steps = flat();
        steps[7] = steps[6];
        let (refused, ..) = asked(b"a", 1, |d| {
            assert_eq!(byte(d, steps.as_ptr()), 0);
        });
        assert!(refused.unwrap().contains("does not rise"));
        let (refused, ..) = asked(b"a", 1, |d| {
            byte(d, std::ptr::null());
        });
        assert!(refused.unwrap().contains("at no address"));
        let (refused, ..) = asked(b"a", 1, |d| {
            tree(d, std::ptr::null());
        });
        assert!(refused.unwrap().contains("at no address"));
    }

    #[test]
    fn bytes_begin_at_borders_and_end_where_they_should() {
        let (refused, ..) = asked(b"ab", 2, |d| {
            bit(d, 9);
            byte(d, flat().as_ptr());
        });
        assert!(refused.unwrap().contains("within a byte"));
        let (refused, ..) = asked(b"ab", 1, |d| {
            byte(d, flat().as_ptr());
            byte(d, flat().as_ptr());
        });
        assert!(refused.unwrap().contains("more bytes"));
        let (refused, left, _) = asked(b"ab", 2, |d| {
            byte(d, flat().as_ptr());
        });
        assert_eq!((refused, left), (None, 8));
    }
}
