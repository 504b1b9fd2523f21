//! One byte's step of latent attention, in the exported graph.

use umoec_exact::interface::StateRange;

use super::super::{Layer, split};
use super::quotient::export_quotients;
use super::{ABSORBED, Attention, SCORE_BITS};
use crate::export::{STREAM, Writer};
use crate::grid::{ACTIVATION, WEIGHT};
use crate::kernel::{FAR, SCORE, UNSEEN, weight_table};

impl Attention {
    /// [`Layer::export`].
    pub(super) fn export_step(&self, writer: &mut Writer, x: &str, parameters: &[f32]) -> String {
        let blocks = self.blocks();
        let values = split(&blocks, parameters);
        let sizes = [self.band.heads, self.head_width, self.band.latent];
        let [heads, head_width, latent] = sizes.map(|n| n as i64);
        let query = self.query() as i64;

        let q = writer.round(x, STREAM, ACTIVATION);
        let weight = writer.weight(&blocks[0], values[0]);
        let u = writer.graph.matmul(&q, &weight);
        let shift = STREAM - ACTIVATION.bits();
        let bias = writer.bias(&blocks[1].name, values[1], (shift as f32 - 1.0).exp2());
        let u = writer.graph.add(&u, &bias);
        let u = writer.shift(&u, shift, ACTIVATION.low, ACTIVATION.high);
        let u = writer.graph.split(&u, &[query, latent], 1);

        let weight = writer.weight(&blocks[2], values[2]);
        let weight = writer.graph.reshape(&weight, &[heads, head_width, latent]);
        let queries = writer.graph.reshape(&u[0], &[0, heads, 1, head_width]);
        let absorbed = writer.graph.matmul(&queries, &weight);
        let absorbed = writer.graph.reshape(&absorbed, &[0, heads, latent]);
        let absorbed = writer.round(&absorbed, ACTIVATION.bits() + WEIGHT.bits(), ABSORBED);

        let y = self.export_band(writer, &absorbed, &u[1], &self.distances(values[3]));
        let weight = writer.weight(&blocks[4], values[4]);
        let weight = writer.graph.reshape(&weight, &[heads, latent, head_width]);
        let y = writer.graph.reshape(&y, &[0, heads, 1, latent]);
        let o = writer.graph.matmul(&y, &weight);
        let o = writer.graph.reshape(&o, &[0, query]);
        let o = writer.round(&o, ACTIVATION.bits() + WEIGHT.bits(), ACTIVATION);
        let weight = writer.weight(&blocks[5], values[5]);
        let o = writer.graph.matmul(&o, &weight);
        writer.graph.add(x, &o)
    }

    /// The cache of one byte's step, and what the heads read from it, [lanes, heads, latent].
    ///
    /// The cache is `[latent, window]`, so that both products run along bytes that lie one behind
    /// another.
    fn export_band(&self, writer: &mut Writer, queries: &str, own: &str, bias: &[f32]) -> String {
        let sizes = [self.band.heads, self.band.latent, self.band.window];
        let [heads, latent, window] = sizes.map(|n| n as i64);
        let name = format!("{}latents", writer.prefix);
        let dims = [self.band.latent, self.band.window];
        let range = StateRange::integers(ACTIVATION.low as i32, ACTIVATION.high as i32);
        let cache = writer.graph.state(&name, &dims, range);
        let kept = writer.graph.slice(&cache, &[1], &[window], &[2]);
        let own = writer.graph.reshape(own, &[0, latent, 1]);
        let cache = writer.graph.concat(&[&kept, &own], 2);
        writer.next_state(&name, &cache, &dims);

        // How many of the last latents belong to the stream.
        let name = format!("{}seen", writer.prefix);
        let range = StateRange::integers(0, window as i32);
        let seen = writer.graph.state(&name, &[1], range);
        let seen = writer.plus(&seen, 1.0);
        let seen = writer.graph.clip(&seen, 0.0, window as f32);
        writer.next_state(&name, &seen, &[1]);
        let distances: Vec<f32> = (0..self.band.window).rev().map(|d| d as f32).collect();
        let label = format!("{}distances", writer.prefix);
        let distances = writer
            .graph
            .initializer_f32(&label, &[self.band.window], &distances);
        let seen = writer.graph.greater(&seen, &distances);
        let seen = writer.graph.reshape(&seen, &[0, 1, window]);

        let unit = (SCORE_BITS as f32).exp2();
        let half = unit / SCORE / 2.0;
        let bias: Vec<f32> = bias.iter().map(|b| b * unit + half).collect();
        let label = format!("{}distance.bias", writer.prefix);
        let bias =
            writer
                .graph
                .initializer_f32(&label, &[self.band.heads, self.band.window], &bias);
        let scores = writer.graph.matmul(queries, &cache);
        let scores = writer.graph.add(&scores, &bias);
        let scores = writer.times(&scores, SCORE / unit);
        let scores = writer.graph.floor(&scores);
        let unseen = writer.graph.scalar(UNSEEN);
        let scores = writer.graph.select(&seen, &scores, &unseen);
        let top = writer.graph.reduce_max(&scores, &[2], true);
        let below = writer.graph.sub(&scores, &top);
        let below = writer.graph.clip(&below, -FAR, 0.0);
        let index = writer.plus(&below, FAR);
        let table = weight_table();
        let label = format!("{}weights", writer.prefix);
        let table = writer.graph.initializer_f32(&label, &[table.len()], &table);
        let weights = writer.graph.look_up(&table, &index, 0);

        let totals = writer.graph.reduce_sum(&weights, &[2], true);
        let cache = writer.graph.reshape(&cache, &[0, 1, latent, window]);
        let weights = writer.graph.reshape(&weights, &[0, heads, window, 1]);
        let sums = writer.graph.matmul(&cache, &weights);
        let sums = writer.graph.reshape(&sums, &[0, heads, latent]);
        export_quotients(writer, &sums, &totals, self.band.window)
    }
}
