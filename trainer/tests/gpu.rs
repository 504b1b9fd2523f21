//! Products on a GPU. Its own program, since a device is opened for a whole process:
//!
//! ```sh
//! cargo test --locked -p umoec-trainer --features gpu --test gpu
//! ```
//!
//! Any device of Vulkan will do, one in software, too (Debian: `mesa-vulkan-drivers`).

use umoec_trainer::kernel::{Device, check_device, matmul, matmul_nt, matmul_tn, open_device};

/// Sizes of a product that is worth the way, none of them a multiple of a kernel's tile.
const M: usize = 1031;
const K: usize = 205;
const N: usize = 167;

fn values(count: usize, seed: usize) -> Vec<f32> {
    let value = |i: usize| (((i + seed) * 7919 % 255) as f32 - 127.0) / 128.0;
    (0..count).map(value).collect()
}

/// Every kind of product, of values on a grid, and of such that sums of them are rounded.
fn products() -> Vec<Vec<f32>> {
    let (lhs, rhs) = (values(M * K, 0), values(K * N, 3));
    let mut plain = vec![0.0; M * N];
    matmul(&mut plain, &lhs, &rhs, K, N, false);
    let mut added = plain.clone();
    matmul(&mut added, &lhs, &rhs, K, N, true);
    let mut right = vec![0.0; M * N];
    matmul_nt(&mut right, &lhs, &rhs, K, N);
    let mut left = vec![0.0; M * N];
    matmul_tn(&mut left, &lhs, &rhs, M, N);
    let fine: Vec<f32> = lhs.iter().map(|v| v * 0.372_91).collect();
    let mut rounded = vec![0.0; M * N];
    matmul(&mut rounded, &fine, &rhs, K, N, false);
    vec![plain, added, right, left, rounded]
}

#[test]
fn products_of_a_gpu_are_those_of_the_processor() {
    let wanted = products();
    let name = open_device(Device::Gpu).expect("there is a GPU").unwrap();
    println!("{name}");
    let made = products();
    for kind in 0..4 {
        assert!(made[kind] == wanted[kind], "product {kind}");
    }
    let worst = made[4].iter().zip(&wanted[4]).map(|(a, b)| (a - b).abs());
    let worst = worst.fold(0.0, f32::max);
    assert!(worst < 1e-4, "{worst}");
    check_device().unwrap();
}
