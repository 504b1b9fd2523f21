//! Target: the body of a frame.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| umoec_tests::fuzz::frame(bytes));
