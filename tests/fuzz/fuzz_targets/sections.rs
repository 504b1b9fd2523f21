//! Target: the framing of a file.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| umoec_tests::fuzz::sections(bytes));
