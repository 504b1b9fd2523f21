//! Target: parameters of predictor `cm`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| umoec_tests::fuzz::cm_params(bytes));
