//! From a node of the file to a typed operator: arity, types, shapes, static parameters.
//!
//! The meaning of each operator, and what it demands, stands in spec numerics §3.

mod arithmetic;
mod call;
mod indexing;
mod layout;
mod products;

pub(super) use call::Call;

use super::op::{Comparison, Op};
use super::shape::Shape;
use super::{Constant, ElementType, ValueId};

/// A node that was understood.
pub(super) enum Resolved {
    /// It is a constant.
    Constant(Constant),
    /// It computes something.
    Node {
        op: Op,
        inputs: Vec<ValueId>,
        outputs: Vec<(ElementType, Shape)>,
    },
}

/// The reason why a node is refused.
pub(super) type Reason = String;

/// Understands a node.
pub(super) fn resolve(operator: &str, call: &mut Call<'_>) -> Result<Resolved, Reason> {
    match operator {
        "Add" => arithmetic::elementwise(call, Op::Add, 2..=2),
        "Sub" => arithmetic::elementwise(call, Op::Sub, 2..=2),
        "Mul" => arithmetic::elementwise(call, Op::Mul, 2..=2),
        "Min" => arithmetic::elementwise(call, Op::Min, 1..=Call::MOST),
        "Max" => arithmetic::elementwise(call, Op::Max, 1..=Call::MOST),
        "Neg" => arithmetic::elementwise(call, Op::Neg, 1..=1),
        "Abs" => arithmetic::elementwise(call, Op::Abs, 1..=1),
        "Relu" => arithmetic::elementwise(call, Op::Relu, 1..=1),
        "Floor" => arithmetic::elementwise(call, Op::Floor, 1..=1),
        "Clip" => arithmetic::clip(call),
        "Greater" => arithmetic::comparison(call, Comparison::Greater),
        "Less" => arithmetic::comparison(call, Comparison::Less),
        "GreaterOrEqual" => arithmetic::comparison(call, Comparison::GreaterOrEqual),
        "LessOrEqual" => arithmetic::comparison(call, Comparison::LessOrEqual),
        "Equal" => arithmetic::comparison(call, Comparison::Equal),
        "And" => arithmetic::logic(call, Op::And, 2),
        "Or" => arithmetic::logic(call, Op::Or, 2),
        "Not" => arithmetic::logic(call, Op::Not, 1),
        "Where" => arithmetic::select(call),
        "Cast" => arithmetic::cast(call),
        "MatMul" => products::matmul(call),
        "ReduceSum" => products::reduce(call, true),
        "ReduceMax" => products::reduce(call, false),
        "TopK" => products::top_k(call),
        "Gather" => indexing::gather(call),
        "GatherElements" => indexing::gather_elements(call),
        "Concat" => layout::concat(call),
        "Slice" => layout::slice(call),
        "Split" => layout::split(call),
        "Reshape" => layout::reshape(call),
        "Transpose" => layout::transpose(call),
        "Squeeze" => layout::squeeze(call),
        "Unsqueeze" => layout::unsqueeze(call),
        "Expand" => layout::expand(call),
        "Identity" => layout::identity(call),
        "Constant" => constant(call),
        _ => Err("the operator is outside the exact subset".into()),
    }
}

fn constant(call: &mut Call<'_>) -> Result<Resolved, Reason> {
    call.arity(0..=0)?;
    let tensor = call.attributes.tensor("value")?;
    let tensor = tensor.ok_or("it has no attribute value")?;
    Constant::read(tensor, call.limits).map(Resolved::Constant)
}
