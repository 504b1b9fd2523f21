//! A network that runs once for each patch of bytes, beside a network of bytes, in the manner of MegaByte (Yu et al.
//! 2023, arXiv 2305.07185, section 2: patch embedder, global model, local model). Patches have one length, unlike those
//! of SpaceByte (Slagle 2024, arXiv 2404.14408) and BLT (Pagnoni et al. 2024, arXiv 2412.09871).
//!
//! With P rows a patch and `X_k` the rows of patch k, [P · width], on their way through:
//!
//! ```text
//! h_k     = blocks(q(X_k) · Win · 2^-finer + bias)    one row of the patches' residual stream
//! X_{k+1} = X_{k+1} + q(h_k) · Wout                  each row its own part of the product
//! ```
//!
//! Patches are counted from each stream's start. A row is given only what comes of a patch complete before its own
//! begins; blocks that are told features of the stream are told those of a patch's last row. A patch that its stream leaves incomplete is never used. In the graph, states of the blocks and the
//! answer change in the step that completes a patch alone, so an engine may leave out in all others what only they need.

mod export;
mod groups;
mod plan;
mod project;

use super::{Block, Carried, Kept, Layer, Place, Stack, add, rounded, split};
use crate::config::PatchConfig;
use crate::export::Writer;
use crate::grid::{ACTIVATION, Grid};
use crate::kernel::{keep_inside, matmul, matmul_nt, matmul_tn, quantise, quantise_all};
use groups::Group;
use plan::{Answer, Lane};

/// Patch rows and answers: ±32 in sixteen bits, in which an answer is held until the next.
const HELD: Grid = Grid::new(10, -32_767, 32_767);

/// The block, at one stretch.
#[derive(Debug)]
pub struct Patch {
    /// Width of the residual stream.
    pub width: usize,
    /// P.
    pub bytes: usize,
    /// Width of the patches' residual stream.
    pub patch_width: usize,
    lanes: Vec<Lane>,
    groups: Vec<Group>,
    /// The blocks without a stretch: what their parameters are, and how they are exported.
    blocks: Stack,
    /// Rounded rows of the patch under way and zeros behind them, [lanes, (P - 1) · width].
    rows: Carried,
    /// Rows of the stream so far as [`plan::lane`] counts them, [lanes].
    positions: Carried,
    /// What the rows of the patch under way are given, [lanes, P · width].
    answers: Carried,
    /// States of the blocks before the stretch.
    before: Vec<Vec<f32>>,
}

impl Patch {
    /// The block at `place`, which takes as many of `states` as [`Self::initial_states`] makes.
    pub fn new(
        config: &PatchConfig,
        place: &Place,
        states: &mut std::vec::IntoIter<Vec<f32>>,
    ) -> Self {
        let [rows, positions, answers] = [(); 3].map(|()| states.next().unwrap_or_default());
        let initial = Stack::initial_states(&config.blocks, config.width, 1);
        let before: Vec<_> = states.by_ref().take(initial.len()).collect();
        let per_lane = place.starts.len() / place.lanes;
        let lane = |(lane, &position): (usize, &f32)| {
            let rows = lane * per_lane..(lane + 1) * per_lane;
            plan::lane(config.bytes, &place.starts, rows, position as usize)
        };
        let mut lanes: Vec<Lane> = positions.iter().enumerate().map(lane).collect();
        let alone = groups::inside(config, place, 1, Vec::new(), Vec::new());
        Self {
            width: place.width,
            bytes: config.bytes,
            patch_width: config.width,
            groups: groups::groups(config, place, &mut lanes, &before),
            lanes,
            blocks: Stack::new(&config.blocks, &alone, initial),
            rows: Carried::new(rows),
            positions: Carried::new(positions),
            answers: Carried::new(answers),
            before,
        }
    }

    /// What it carries at the start of `lanes` lanes of `width`.
    pub fn initial_states(config: &PatchConfig, width: usize, lanes: usize) -> Vec<Vec<f32>> {
        let row = lanes * width;
        let sizes = [row * (config.bytes - 1), lanes, row * config.bytes];
        let mut states = sizes.map(|size| vec![0.0; size]).to_vec();
        states.extend(Stack::initial_states(&config.blocks, config.width, lanes));
        states
    }

    /// Its own parameters; those of the blocks follow.
    fn own(&self) -> [Block; 3] {
        let rows = self.bytes * self.width;
        let deviation = (self.finer() as f32).exp2() / (rows as f32).sqrt();
        // A matrix for each row of a patch, and `out.weight` as the gradient of a patch row reads it, transposed: so Muon
        // makes each row's map orthogonal, not all rows' together, which costs half and learns no worse. A block that
        // gives nothing at first is less in the others' way than one that gives noise.
        [
            Block {
                matrices: self.bytes,
                ..Block::weight("in.weight", rows, self.patch_width, deviation)
            },
            Block::bias("in.bias", self.patch_width, 0.0, 0.0),
            Block {
                matrices: self.bytes,
                ..Block::weight("out.weight", rows, self.patch_width, 0.0)
            },
        ]
    }

    /// How many values they are.
    fn own_size(&self) -> usize {
        self.own().iter().map(Block::size).sum()
    }

    /// Adds to the rows of `y` what they are given.
    fn give(&self, y: &mut [f32], answers: &[f32]) {
        let carried = self.answers.before();
        for (number, lane) in self.lanes.iter().enumerate() {
            for given in &lane.given {
                let (from, patch) = match given.answer {
                    Answer::Nothing => continue,
                    Answer::Carried => (carried, number),
                    Answer::Piece(piece) => (answers, lane.first + piece),
                };
                let from = &from[(patch * self.bytes + given.first) * self.width..];
                let rows = given.rows.start * self.width..given.rows.end * self.width;
                add(&mut y[rows], from);
            }
        }
    }

    /// The gradient of the answers given within the stretch, from that of the rows.
    fn taken(&self, dy: &[f32], answers: &[f32]) -> Vec<f32> {
        let mut danswers = vec![0.0; answers.len()];
        for lane in &self.lanes {
            for given in &lane.given {
                if let Answer::Piece(piece) = given.answer {
                    let rows = &dy[given.rows.start * self.width..given.rows.end * self.width];
                    let to = ((lane.first + piece) * self.bytes + given.first) * self.width;
                    danswers[to..][..rows.len()].copy_from_slice(rows);
                }
            }
        }
        let row = self.bytes * self.width;
        keep_inside(&mut danswers, answers, row, 0, row, HELD);
        danswers
    }

    /// Carries on what the next stretch needs.
    fn carry(&self, q: &[f32], answers: &[f32]) {
        let (row, all) = ((self.bytes - 1) * self.width, self.bytes * self.width);
        let mut rows = self.rows.before().to_vec();
        let mut held = self.answers.before().to_vec();
        for (number, lane) in self.lanes.iter().enumerate() {
            let under_way = &lane.under_way;
            let rows = &mut rows[number * row..][..row];
            let new = &mut rows[under_way.carried * self.width..];
            let part = &q[under_way.rows.start * self.width..under_way.rows.end * self.width];
            new[..part.len()].copy_from_slice(part);
            new[part.len()..].fill(0.0);
            let held = &mut held[number * all..][..all];
            match lane.answer {
                Answer::Nothing => held.fill(0.0),
                Answer::Carried => {}
                Answer::Piece(n) => held.copy_from_slice(&answers[(lane.first + n) * all..][..all]),
            }
        }
        let positions = self.lanes.iter().map(|lane| lane.position as f32);
        self.rows.leave(rows);
        self.positions.leave(positions.collect());
        self.answers.leave(held);
    }
}

impl Layer for Patch {
    fn blocks(&self) -> Vec<Block> {
        let mut blocks = self.own().to_vec();
        blocks.extend(self.blocks.blocks());
        blocks
    }

    fn forward(&self, x: &[f32], parameters: &[f32]) -> (Vec<f32>, Kept) {
        let own = split(&self.own(), parameters);
        let inner = &parameters[self.own_size()..];
        let (width, all) = (self.patch_width, self.bytes * self.width);
        let mut q = vec![0.0; x.len()];
        quantise_all(&mut q, x, ACTIVATION);
        let gathered = self.gather(&q);
        let (rows, sums) = self.project(&gathered, own[0], own[1]);

        let mut h = Vec::with_capacity(rows.len());
        let mut kept_inside = Kept::new();
        for group in &self.groups {
            let (y, kept) = group.forward(&rows[group.range(width)], inner);
            h.extend(y);
            kept_inside.extend(kept);
        }
        let mut r = vec![0.0; h.len()];
        quantise_all(&mut r, &h, ACTIVATION);
        let mut answers = vec![0.0; h.len() / width * all];
        matmul_nt(&mut answers, &r, &rounded(own[2]), width, all);
        quantise(&mut answers, all, 0, all, HELD);

        let mut y = x.to_vec();
        self.give(&mut y, &answers);
        self.carry(&q, &answers);
        let mut kept = vec![q, gathered, sums, rows, r, answers];
        kept.extend(kept_inside);
        (y, kept)
    }

    fn backward(&self, parameters: &[f32], mut kept: Kept, dy: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let own = split(&self.own(), parameters);
        let inner = &parameters[self.own_size()..];
        let (width, all) = (self.patch_width, self.bytes * self.width);
        let mut kept_inside = kept.split_off(6);
        let [q, gathered, sums, rows, r, answers] = &kept[..] else {
            unreachable!("the forward pass keeps six matrices")
        };
        let mut gradient = vec![0.0; parameters.len()];
        let (win, rest) = gradient.split_at_mut(own[0].len());
        let (bias, rest) = rest.split_at_mut(width);
        let (wout, inner_gradient) = rest.split_at_mut(own[2].len());

        let danswers = self.taken(dy, answers);
        matmul_tn(wout, &danswers, r, all, width);
        let mut dh = vec![0.0; r.len()];
        matmul(&mut dh, &danswers, &rounded(own[2]), all, width, false);
        keep_inside(&mut dh, r, width, 0, width, ACTIVATION);
        for group in self.groups.iter().rev() {
            let range = group.range(width);
            let (d, g) = group.backward(inner, &mut kept_inside, &dh[range.clone()]);
            dh[range].copy_from_slice(&d);
            add(inner_gradient, &g);
        }
        keep_inside(&mut dh, rows, width, 0, width, HELD);
        let mut dx = self.project_back(&dh, gathered, sums, own[0], win, bias);
        keep_inside(&mut dx, q, self.width, 0, self.width, ACTIVATION);
        add(&mut dx, dy);
        (dx, gradient)
    }

    fn states(&self) -> Vec<Vec<f32>> {
        let mut states = [&self.rows, &self.positions, &self.answers]
            .map(Carried::after)
            .to_vec();
        states.extend(groups::states(&self.groups, &self.before, self.lanes.len()));
        states
    }

    fn macs(&self) -> f64 {
        let maps = 2 * self.bytes * self.width * self.patch_width;
        (maps as f64 + self.blocks.macs()) / self.bytes as f64
    }

    fn load(&self) -> Vec<f32> {
        groups::load(&self.groups)
    }

    fn export(&self, writer: &mut Writer, x: &str, parameters: &[f32]) -> String {
        self.export_patch(writer, x, parameters)
    }
}
