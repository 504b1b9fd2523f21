//! One method for each operator.

use crate::onnx::data_type;

use super::GraphBuilder;
use super::attributes::{int, ints};

impl GraphBuilder {
    /// `-x`.
    pub fn neg(&mut self, x: &str) -> String {
        self.node("Neg", &[x], Vec::new())
    }

    /// The magnitude of each element.
    pub fn abs(&mut self, x: &str) -> String {
        self.node("Abs", &[x], Vec::new())
    }

    /// `max(x, 0)`.
    pub fn relu(&mut self, x: &str) -> String {
        self.node("Relu", &[x], Vec::new())
    }

    /// The largest integer not above each element.
    pub fn floor(&mut self, x: &str) -> String {
        self.node("Floor", &[x], Vec::new())
    }

    /// The negation of truth values.
    pub fn not(&mut self, x: &str) -> String {
        self.node("Not", &[x], Vec::new())
    }

    /// The same value under another name.
    pub fn identity(&mut self, x: &str) -> String {
        self.node("Identity", &[x], Vec::new())
    }

    /// `a + b`, broadcast.
    pub fn add(&mut self, a: &str, b: &str) -> String {
        self.node("Add", &[a, b], Vec::new())
    }

    /// `a - b`, broadcast.
    pub fn sub(&mut self, a: &str, b: &str) -> String {
        self.node("Sub", &[a, b], Vec::new())
    }

    /// `a * b`, broadcast.
    pub fn mul(&mut self, a: &str, b: &str) -> String {
        self.node("Mul", &[a, b], Vec::new())
    }

    /// The matrix product of the last two axes, batched over the others.
    pub fn matmul(&mut self, a: &str, b: &str) -> String {
        self.node("MatMul", &[a, b], Vec::new())
    }

    /// `a > b`.
    pub fn greater(&mut self, a: &str, b: &str) -> String {
        self.node("Greater", &[a, b], Vec::new())
    }

    /// `a < b`.
    pub fn less(&mut self, a: &str, b: &str) -> String {
        self.node("Less", &[a, b], Vec::new())
    }

    /// `a >= b`.
    pub fn greater_or_equal(&mut self, a: &str, b: &str) -> String {
        self.node("GreaterOrEqual", &[a, b], Vec::new())
    }

    /// `a <= b`.
    pub fn less_or_equal(&mut self, a: &str, b: &str) -> String {
        self.node("LessOrEqual", &[a, b], Vec::new())
    }

    /// `a == b`.
    pub fn equal(&mut self, a: &str, b: &str) -> String {
        self.node("Equal", &[a, b], Vec::new())
    }

    /// Both truth values.
    pub fn and(&mut self, a: &str, b: &str) -> String {
        self.node("And", &[a, b], Vec::new())
    }

    /// Either truth value.
    pub fn or(&mut self, a: &str, b: &str) -> String {
        self.node("Or", &[a, b], Vec::new())
    }

    /// The least of several, broadcast.
    pub fn min(&mut self, values: &[&str]) -> String {
        self.node("Min", values, Vec::new())
    }

    /// The greatest of several, broadcast.
    pub fn max(&mut self, values: &[&str]) -> String {
        self.node("Max", values, Vec::new())
    }

    /// Each element brought into `low..=high`.
    pub fn clip(&mut self, x: &str, low: f32, high: f32) -> String {
        let (low, high) = (self.scalar(low), self.scalar(high));
        self.node("Clip", &[x, &low, &high], Vec::new())
    }

    /// `a` where the condition holds, else `b`, broadcast.
    pub fn select(&mut self, condition: &str, a: &str, b: &str) -> String {
        self.node("Where", &[condition, a, b], Vec::new())
    }

    /// `floor(x * 2^-shift + 1/2)` or, not rounded, `floor(x * 2^-shift)`, then clipped.
    pub fn requantise(&mut self, x: &str, shift: u32, round: bool, low: f32, high: f32) -> String {
        let scale = self.scalar((-f64::from(shift)).exp2() as f32);
        self.requantise_by(x, &scale, round, low, high)
    }

    /// As [`requantise`](Self::requantise) with a factor, or one per channel, as a value.
    pub fn requantise_by(
        &mut self,
        x: &str,
        scale: &str,
        round: bool,
        low: f32,
        high: f32,
    ) -> String {
        let mut y = self.mul(x, scale);
        if round {
            let half = self.scalar(0.5);
            y = self.add(&y, &half);
        }
        let y = self.floor(&y);
        self.clip(&y, low, high)
    }

    /// A change of the element type, one of [`data_type`].
    pub fn cast(&mut self, x: &str, to: i32) -> String {
        self.node("Cast", &[x], vec![int("to", i64::from(to))])
    }

    /// Slices of `data` along `axis` picked by the integers `indices`.
    pub fn gather(&mut self, data: &str, indices: &str, axis: i64) -> String {
        self.node("Gather", &[data, indices], vec![int("axis", axis)])
    }

    /// As [`gather`](Self::gather) with indices that are floats: a Cast to int64 comes first.
    pub fn look_up(&mut self, table: &str, indices: &str, axis: i64) -> String {
        let indices = self.cast(indices, data_type::INT64);
        self.gather(table, &indices, axis)
    }

    /// `out[i][j] = data[i][indices[i][j]]` for axis 1, and so on.
    pub fn gather_elements(&mut self, data: &str, indices: &str, axis: i64) -> String {
        self.node("GatherElements", &[data, indices], vec![int("axis", axis)])
    }

    /// The values behind one another along `axis`.
    pub fn concat(&mut self, values: &[&str], axis: i64) -> String {
        self.node("Concat", values, vec![int("axis", axis)])
    }

    /// Elements `starts[i]..ends[i]` of axis `axes[i]`.
    pub fn slice(&mut self, x: &str, starts: &[i64], ends: &[i64], axes: &[i64]) -> String {
        let [starts, ends, axes] = [starts, ends, axes].map(|v| self.vector_i64(v));
        self.node("Slice", &[x, &starts, &ends, &axes], Vec::new())
    }

    /// Parts of those sizes along `axis`.
    pub fn split(&mut self, x: &str, sizes: &[i64], axis: i64) -> Vec<String> {
        let parts = self.vector_i64(sizes);
        self.node_outputs("Split", &[x, &parts], vec![int("axis", axis)], sizes.len())
    }

    /// Another shape; 0 keeps the axis of the same position (the lane axis: 0 in front), one -1
    /// takes what is left.
    pub fn reshape(&mut self, x: &str, shape: &[i64]) -> String {
        let shape = self.vector_i64(shape);
        self.node("Reshape", &[x, &shape], Vec::new())
    }

    /// Axes in another order; the lane axis stays in front.
    pub fn transpose(&mut self, x: &str, perm: &[i64]) -> String {
        self.node("Transpose", &[x], vec![ints("perm", perm)])
    }

    /// Without those axes, which have size 1.
    pub fn squeeze(&mut self, x: &str, axes: &[i64]) -> String {
        let axes = self.vector_i64(axes);
        self.node("Squeeze", &[x, &axes], Vec::new())
    }

    /// With new axes of size 1 at those positions of the result.
    pub fn unsqueeze(&mut self, x: &str, axes: &[i64]) -> String {
        let axes = self.vector_i64(axes);
        self.node("Unsqueeze", &[x, &axes], Vec::new())
    }

    /// Axes of size 1 repeated up to the shape (1 for the lane axis).
    pub fn expand(&mut self, x: &str, shape: &[i64]) -> String {
        let shape = self.vector_i64(shape);
        self.node("Expand", &[x, &shape], Vec::new())
    }

    /// The sum over axes, which stay with size 1 if asked.
    pub fn reduce_sum(&mut self, x: &str, axes: &[i64], keep: bool) -> String {
        let axes = self.vector_i64(axes);
        self.node("ReduceSum", &[x, &axes], vec![int("keepdims", keep.into())])
    }

    /// The greatest over axes, which stay with size 1 if asked.
    pub fn reduce_max(&mut self, x: &str, axes: &[i64], keep: bool) -> String {
        let axes = self.vector_i64(axes);
        self.node("ReduceMax", &[x, &axes], vec![int("keepdims", keep.into())])
    }

    /// The `k` greatest along `axis`, in descending order, and their indices as int64. Of equal
    /// ones that with the lower index comes first.
    pub fn top_k(&mut self, x: &str, k: usize, axis: i64) -> (String, String) {
        let k = self.vector_i64(&[k as i64]);
        let attributes = vec![int("axis", axis), int("largest", 1), int("sorted", 1)];
        let mut outputs = self.node_outputs("TopK", &[x, &k], attributes, 2);
        let indices = outputs.pop().unwrap_or_default();
        (outputs.pop().unwrap_or_default(), indices)
    }
}
