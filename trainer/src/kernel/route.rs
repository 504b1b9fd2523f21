//! Rows to experts and back: the choice, and the gathering of rows that share an expert.

use std::ops::Range;

/// Which rows each expert has: rows in rising order, expert after expert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routes {
    rows: Vec<u32>,
    /// Where each expert's rows begin, and the end of the last.
    starts: Vec<usize>,
}

impl Routes {
    /// For each row of `scores` [rows, experts] the `chosen` experts with the greatest `score + balance`; among equals the
    /// lower index.
    pub fn choose(scores: &[f32], balance: &[f32], chosen: usize) -> Self {
        let experts = balance.len();
        let mut of = vec![Vec::new(); experts];
        let mut keys: Vec<f32> = vec![0.0; experts];
        for (row, scores) in scores.chunks_exact(experts).enumerate() {
            for ((key, score), balance) in keys.iter_mut().zip(scores).zip(balance) {
                *key = score + balance;
            }
            for _ in 0..chosen {
                let mut best = 0;
                for (e, key) in keys.iter().enumerate() {
                    if *key > keys[best] {
                        best = e;
                    }
                }
                keys[best] = f32::NEG_INFINITY;
                of[best].push(row as u32);
            }
        }
        let mut starts = vec![0];
        let mut rows = Vec::with_capacity(scores.len() / experts * chosen);
        for mine in of {
            rows.extend(mine);
            starts.push(rows.len());
        }
        Self { rows, starts }
    }

    /// All choices of all experts.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing was chosen.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Where the choices of expert `e` lie among all.
    pub fn range(&self, e: usize) -> Range<usize> {
        self.starts[e]..self.starts[e + 1]
    }

    /// The rows that expert `e` has.
    pub fn rows(&self, e: usize) -> &[u32] {
        &self.rows[self.range(e)]
    }

    /// Share of all choices that each expert got.
    pub fn load(&self) -> Vec<f32> {
        let all = self.len().max(1) as f32;
        self.starts
            .windows(2)
            .map(|w| (w[1] - w[0]) as f32 / all)
            .collect()
    }
}

/// The named rows of a matrix, one below another.
pub fn gather_rows(x: &[f32], width: usize, rows: &[u32]) -> Vec<f32> {
    let mut out = Vec::with_capacity(rows.len() * width);
    for &row in rows {
        out.extend_from_slice(&x[row as usize * width..][..width]);
    }
    out
}

/// Adds the rows of `from` to the named rows of `to`.
pub fn add_rows(to: &mut [f32], from: &[f32], width: usize, rows: &[u32]) {
    for (from, &row) in from.chunks_exact(width).zip(rows) {
        for (to, from) in to[row as usize * width..][..width].iter_mut().zip(from) {
            *to += from;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_keys_are_chosen_and_the_lower_index_among_equals() {
        let scores = [0.5, 0.5, 0.0, -1.0, 2.0, 1.0];
        let routes = Routes::choose(&scores, &[0.0; 3], 1);
        assert_eq!((routes.rows(0), routes.rows(1)), (&[0][..], &[1][..]));
        let routes = Routes::choose(&scores, &[0.0, 0.0, 3.0], 2);
        assert_eq!(routes.rows(2), &[0, 1]);
        assert_eq!((routes.rows(0), routes.rows(1)), (&[0][..], &[1][..]));
        assert_eq!(routes.load(), [0.25, 0.25, 0.5]);
    }

    #[test]
    fn rows_gathered_and_added_come_back() {
        let x: Vec<f32> = (0..12).map(|i| i as f32).collect();
        let picked = gather_rows(&x, 3, &[3, 1]);
        assert_eq!(picked, [9.0, 10.0, 11.0, 3.0, 4.0, 5.0]);
        let mut sum = vec![0.0; 12];
        add_rows(&mut sum, &picked, 3, &[3, 1]);
        assert_eq!(&sum[3..6], &x[3..6]);
        assert_eq!(&sum[6..9], &[0.0; 3]);
    }
}
