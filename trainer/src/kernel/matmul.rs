//! Products of row-major matrices, on one thread, by the `gemm` crate that Burn itself uses; or on a GPU.

use std::sync::atomic::{AtomicU64, Ordering};

use gemm::Parallelism;

use super::device;

/// Multiplications done so far, by all threads.
static DONE: AtomicU64 = AtomicU64::new(0);

/// Multiplications that products have taken so far in this process, on all threads.
pub fn multiplications() -> u64 {
    DONE.load(Ordering::Relaxed)
}

/// How an operand is read: as stored, or transposed.
#[derive(Clone, Copy)]
enum Read {
    Plain,
    Transposed,
}

#[allow(unsafe_code)]
#[allow(clippy::too_many_arguments)]
fn product(
    out: &mut [f32],
    lhs: (&[f32], Read),
    rhs: (&[f32], Read),
    m: usize,
    k: usize,
    n: usize,
    accumulate: bool,
) {
    assert_eq!(out.len(), m * n);
    assert_eq!(lhs.0.len(), m * k);
    assert_eq!(rhs.0.len(), k * n);
    DONE.fetch_add((m * k * n) as u64, Ordering::Relaxed);
    let operand = |(values, read): (_, Read)| (values, matches!(read, Read::Transposed));
    if device::product(out, operand(lhs), operand(rhs), [m, k, n], accumulate) {
        return;
    }
    let strides = |read, rows: usize, columns: usize| match read {
        Read::Plain => (1, columns as isize),
        Read::Transposed => (rows as isize, 1),
    };
    let (lhs_cs, lhs_rs) = strides(lhs.1, m, k);
    let (rhs_cs, rhs_rs) = strides(rhs.1, k, n);
    // SAFETY: the lengths asserted above cover every element that m, k, n and the strides
    // reach, and `out` is borrowed mutably, so it overlaps neither operand.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            accumulate,
            lhs.0.as_ptr(),
            lhs_cs,
            lhs_rs,
            rhs.0.as_ptr(),
            rhs_cs,
            rhs_rs,
            1.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

/// `out[m, n] (+)= lhs[m, k] · rhs[k, n]`.
pub fn matmul(out: &mut [f32], lhs: &[f32], rhs: &[f32], k: usize, n: usize, accumulate: bool) {
    let m = lhs.len() / k;
    product(
        out,
        (lhs, Read::Plain),
        (rhs, Read::Plain),
        m,
        k,
        n,
        accumulate,
    );
}

/// `out[m, n] = lhs[m, k] · rhs[n, k]ᵀ`.
pub fn matmul_nt(out: &mut [f32], lhs: &[f32], rhs: &[f32], k: usize, n: usize) {
    let m = lhs.len() / k;
    product(
        out,
        (lhs, Read::Plain),
        (rhs, Read::Transposed),
        m,
        k,
        n,
        false,
    );
}

/// `out[m, n] = lhs[k, m]ᵀ · rhs[k, n]`.
pub fn matmul_tn(out: &mut [f32], lhs: &[f32], rhs: &[f32], m: usize, n: usize) {
    let k = lhs.len() / m;
    product(
        out,
        (lhs, Read::Transposed),
        (rhs, Read::Plain),
        m,
        k,
        n,
        false,
    );
}
