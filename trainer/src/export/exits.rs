//! Early exits within the graph: what lies behind one counts only where the network is not sure of the byte there, so that an
//! engine may leave it out (Schuster et al. 2022, "Confident adaptive language modelling", arXiv 2207.07061, section 3.4, with the
//! lead of the likeliest byte over the next one as the measure).
//!
//! ```text
//! l = read-out of the exit                   256 logits, 64 units for a factor of two
//! sure: haste > 0, and no logit but the greatest is above max(l) - (2048 - 8 haste)
//! logits = l where sure, else those of the read-out behind it
//! next.S = state.S where sure, else what the step makes of it        for each state S behind the exit
//! ```
//!
//! So a byte of which the network is sure is not taken in by what lies behind: as in a mixture of depths, that sees the other
//! bytes alone. At haste 0 the graph is the whole network; each 8 more ask for a lead of one factor of two less, of the 32 that
//! count at all (`spec/numerics.md`, section 7).

use umoec_exact::onnx::data_type;

use super::Writer;
use crate::layer::{Exit, Head, Layer};

/// The lead that haste 0 would ask for: more than logits can tell.
const LEAD: f32 = 2048.0;

/// By how much each unit of haste lowers it.
const UNIT: f32 = 8.0;

/// An exit in the graph.
#[derive(Debug)]
struct Taken {
    /// Where the network ends here, [lanes, 1].
    sure: String,
    /// What it then says.
    logits: String,
    /// States that were declared before.
    declared: usize,
}

/// The exits of a graph under construction, first to last.
#[derive(Debug)]
pub(super) struct Exits {
    /// As the graph is told, [lanes, 1].
    haste: String,
    taken: Vec<Taken>,
}

impl Exits {
    pub(super) fn new(haste: String) -> Self {
        let taken = Vec::new();
        Self { haste, taken }
    }

    /// An exit from the stream `x` of that width; `parameters` are those of the layer, its own the last of them.
    pub(super) fn add(&mut self, writer: &mut Writer, x: &str, width: usize, parameters: &[f32]) {
        let own = &parameters[parameters.len() - Exit::head_size(width)..];
        let layer = writer.prefix.clone();
        writer.prefix += "exit.";
        let logits = Head::new(width, Vec::new()).export(writer, x, own);
        writer.prefix = layer;
        let greatest = writer.graph.reduce_max(&logits, &[1], true);
        let less = writer.times(&self.haste, UNIT);
        let bound = writer.graph.add(&greatest, &less);
        let bound = writer.plus(&bound, -LEAD);
        let near = writer.graph.greater(&logits, &bound);
        let near = writer.graph.cast(&near, data_type::FLOAT);
        let near = writer.graph.reduce_sum(&near, &[1], true);
        // The greatest is always near: without haste none may be.
        let one = writer.graph.scalar(1.0);
        let most = writer.graph.min(&[&self.haste, &one]);
        self.taken.push(Taken {
            sure: writer.graph.less_or_equal(&near, &most),
            logits,
            declared: writer.declared(),
        });
    }

    /// What the network says, `logits` being what it says at its end.
    pub(super) fn choose(self, writer: &mut Writer, logits: String) -> String {
        let from_the_last = self.taken.into_iter().rev();
        from_the_last.fold(logits, |logits, exit| {
            writer.keep_where(&exit.sure, exit.declared);
            writer.graph.select(&exit.sure, &exit.logits, &logits)
        })
    }
}
