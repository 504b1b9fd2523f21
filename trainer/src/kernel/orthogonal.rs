//! The nearest orthogonal matrix, roughly: the step that Muon takes instead of a gradient
//! (Jordan et al. 2024), by five Newton-Schulz iterations with its published coefficients.

use super::matmul::{matmul, matmul_nt};

const STEPS: usize = 5;
const COEFFICIENTS: [f32; 3] = [3.4445, -4.775, 2.0315];

/// `g` [rows, columns] with its singular values brought near one.
pub fn orthogonal(g: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    if rows > columns {
        return transpose(
            &orthogonal(&transpose(g, rows, columns), columns, rows),
            columns,
            rows,
        );
    }
    let norm = g
        .iter()
        .map(|&v| f64::from(v) * f64::from(v))
        .sum::<f64>()
        .sqrt();
    let scale = (1.0 / (norm + 1e-12)) as f32;
    let mut x: Vec<f32> = g.iter().map(|&v| v * scale).collect();
    let [a, b, c] = COEFFICIENTS;
    let (mut gram, mut square) = (vec![0.0; rows * rows], vec![0.0; rows * rows]);
    let mut next = vec![0.0; x.len()];
    for _ in 0..STEPS {
        matmul_nt(&mut gram, &x, &x, columns, rows);
        matmul(&mut square, &gram, &gram, rows, rows, false);
        for (s, g) in square.iter_mut().zip(&gram) {
            *s = c * *s + b * g;
        }
        matmul(&mut next, &square, &x, rows, columns, false);
        for (x, n) in x.iter_mut().zip(&next) {
            *x = a * *x + n;
        }
    }
    x
}

fn transpose(x: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..columns)
        .flat_map(|c| (0..rows).map(move |r| x[r * columns + c]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn rows_become_nearly_orthonormal() {
        let (rows, columns) = (24, 10);
        let mut random = Random::new(3, 0);
        let g: Vec<f32> = (0..rows * columns).map(|_| random.normal()).collect();
        let x = orthogonal(&g, rows, columns);
        for i in 0..columns {
            for j in 0..columns {
                let dot: f32 = (0..rows)
                    .map(|r| x[r * columns + i] * x[r * columns + j])
                    .sum();
                let wanted = if i == j { 1.0 } else { 0.0 };
                assert!((dot - wanted).abs() < 0.5, "{i} {j} {dot}");
            }
        }
    }
}
