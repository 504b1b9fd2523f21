//! Target: a whole file, in every way in which it can be read.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| umoec_tests::fuzz::decode(bytes));
