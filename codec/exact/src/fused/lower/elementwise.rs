//! Operators on single elements.

use crate::graph::{Comparison, ElementType, Node, Op, ValueId};

use super::super::draft::ChainOp;
use super::super::scale::{Scale, Width};
use super::super::view::View;
use super::chains::{Operand, Site};
use super::{Lowering, Reason};

/// An operand over the result's index space, with its scale.
type Input = (View, Scale);

impl Lowering<'_> {
    /// A value repeated to a result's sizes. Constants have no lane axis, so one with as many
    /// axes as the result has a 1 in its place.
    pub(super) fn over(&mut self, id: ValueId, to: ValueId) -> Result<Input, Reason> {
        let (mut view, scale) = (self.view(id)?, self.scale(id)?);
        let value = &self.graph.values[id];
        if !value.shape.has_lanes() && value.shape.rank() == self.graph.values[to].shape.rank() {
            view.dims.remove(0);
            view.strides.remove(0);
        }
        Ok((view.repeated(&self.dims(to)), scale))
    }

    pub(super) fn elementwise(&mut self, node: &Node, op: &Op) -> Result<(), Reason> {
        let out = node.outputs[0];
        let (dims, scale) = (self.dims(out), self.scale(out)?);
        if let Some(choice) = self.settled(node) {
            let (view, from) = self.over(choice, out)?;
            self.views[out] = Some(self.in_unit(&view, from, scale)?);
            return Ok(());
        }
        let mut inputs = Vec::new();
        for &id in &node.inputs {
            inputs.push(self.over(id, out)?);
        }
        let view = match self.unchanged(op, &inputs, scale) {
            Some(view) => view,
            None if self.biased(node, op, &inputs, scale) => inputs[0].0.clone(),
            None => {
                let width = width(op, &inputs, scale);
                let views: Vec<View> = inputs.iter().map(|(view, _)| view.clone()).collect();
                let mut site = self.site(&dims, width, &views);
                let register = write(&mut site, op, &inputs, scale)?;
                site.done(register, scale, &dims)
            }
        };
        self.views[out] = Some(view);
        Ok(())
    }

    /// What a `Where` takes if there is but one lane and the region says so.
    fn settled(&self, node: &Node) -> Option<ValueId> {
        let key = self.plan.condition(self.graph, &self.makers, node)?;
        let holds = |key| self.lanes == 1 && self.plan.regions.holds(self.region, key);
        let mut choices = key.choices().into_iter();
        let (_, choice) = choices.find(|(key, _)| holds(*key))?;
        Some(node.inputs[choice])
    }

    /// The operand whose integers are the result's already.
    fn unchanged(&self, op: &Op, inputs: &[Input], to: Scale) -> Option<View> {
        let (view, from) = inputs.first()?;
        let same = from.exponent == to.exponent;
        let keeps = match op {
            Op::Floor | Op::Cast(_) => same,
            Op::Relu => same && from.low >= 0,
            Op::Clip { low, high } => {
                let value = |n: i64| n as f64 * f64::from(from.exponent).exp2();
                let above = low.is_none_or(|low| f64::from(low) <= value(from.low));
                let below = high.is_none_or(|high| f64::from(high) >= value(from.high));
                same && above && below
            }
            Op::Mul => {
                // A power of two changes the unit alone.
                let (one, other) = (inputs.first()?, inputs.get(1)?);
                let power = |x: &Input, y: &Input| {
                    let units = x.1.exponent + y.1.exponent == to.exponent;
                    units && self.splat(&y.0) == Some(1)
                };
                if power(other, one) {
                    return Some(other.0.clone());
                }
                power(one, other)
            }
            _ => false,
        };
        keeps.then(|| view.clone())
    }
}

/// The word in which nothing that counts overflows. Sums and products may wrap on the way as
/// long as the result fits; what is compared or shifted to the right may not.
fn width(op: &Op, inputs: &[Input], to: Scale) -> Width {
    let least = inputs.iter().map(|(_, scale)| scale.exponent).min();
    let unit = match op {
        Op::Compare(_) => least.unwrap_or(to.exponent),
        _ => to.exponent,
    };
    let mut bits = to.bits();
    for (_, scale) in inputs {
        let there = match op {
            // Operands of the other truth value are garbage in the result's unit.
            Op::Mul | Op::Where | Op::Floor => 0,
            _ => scale.bits_in(unit),
        };
        bits = bits.max(scale.bits()).max(there);
    }
    if let (Op::Mul, [(_, a), (_, b)]) = (op, inputs)
        && a.exponent + b.exponent != to.exponent
    {
        bits = bits.max(a.bits() + b.bits());
    }
    Width::of(bits)
}

fn write(site: &mut Site<'_, '_>, op: &Op, inputs: &[Input], to: Scale) -> Result<usize, Reason> {
    let unit = to.exponent;
    let (first, from) = &inputs[0];
    match op {
        Op::Mul => product(site, &inputs[0], &inputs[1], unit),
        Op::Add | Op::Sub | Op::Min | Op::Max | Op::And | Op::Or => {
            let mut result = site.operand(first, *from, unit)?;
            for (view, scale) in &inputs[1..] {
                let other = site.operand(view, *scale, unit)?;
                result = Operand::Register(binary(site, op, result, other)?);
            }
            site.filled(result)
        }
        Op::Neg => {
            let x = register(site, first, *from, unit)?;
            site.push(ChainOp::SubFrom(0, x))
        }
        Op::Not => {
            let x = register(site, first, *from, unit)?;
            site.push(ChainOp::SubFrom(1, x))
        }
        Op::Abs => {
            let x = register(site, first, *from, unit)?;
            site.push(ChainOp::Abs(x))
        }
        Op::Floor | Op::Cast(ElementType::F32 | ElementType::I32 | ElementType::I64) => {
            register(site, first, *from, unit)
        }
        Op::Relu => {
            let x = register(site, first, *from, unit)?;
            site.push(ChainOp::Clip(x, 0, i128::MAX))
        }
        Op::Clip { low, high } => {
            let x = register(site, first, *from, unit)?;
            let low = low.map_or(i128::MIN, |bound| fixed(bound, unit));
            let high = high.map_or(i128::MAX, |bound| fixed(bound, unit));
            site.push(ChainOp::Clip(x, low, high))
        }
        Op::Compare(comparison) => compare(site, *comparison, &inputs[0], &inputs[1]),
        Op::Where => {
            let condition = register(site, first, *from, from.exponent)?;
            let (yes, no) = (&inputs[1], &inputs[2]);
            let yes = register(site, &yes.0, yes.1, unit)?;
            let no = register(site, &no.0, no.1, unit)?;
            site.push(ChainOp::Select(condition, yes, no))
        }
        other => Err(format!("{} is not element-wise", other.name())),
    }
}

fn register(
    site: &mut Site<'_, '_>,
    view: &View,
    scale: Scale,
    unit: i32,
) -> Result<usize, Reason> {
    let operand = site.operand(view, scale, unit)?;
    site.filled(operand)
}

/// A bound of Clip in a unit, rounded down: rounding down commutes with clipping.
fn fixed(bound: f32, unit: i32) -> i128 {
    // At most 24 bits, 2^32 and a unit of 2^-32: exact, and far within 128 bits.
    (f64::from(bound) * f64::from(-unit).exp2()).floor() as i128
}

/// The product in the result's unit.
pub(super) fn product(
    site: &mut Site<'_, '_>,
    (a, scale_a): &Input,
    (b, scale_b): &Input,
    unit: i32,
) -> Result<usize, Reason> {
    let from = Scale {
        exponent: scale_a.exponent + scale_b.exponent,
        low: -1,
        high: 1,
    };
    let a = site.operand(a, *scale_a, scale_a.exponent)?;
    let b = site.operand(b, *scale_b, scale_b.exponent)?;
    let product = match (a, b) {
        (Operand::Register(a), Operand::Register(b)) => site.push(ChainOp::Mul(a, b))?,
        (Operand::Register(a), Operand::Number(n)) | (Operand::Number(n), Operand::Register(a)) => {
            match n {
                1 => a,
                n => site.push(ChainOp::MulConstant(a, n))?,
            }
        }
        (Operand::Number(a), Operand::Number(b)) => site.push(ChainOp::Fill(a * b))?,
    };
    site.rescaled(product, from, unit)
}

fn binary(site: &mut Site<'_, '_>, op: &Op, a: Operand, b: Operand) -> Result<usize, Reason> {
    match (op, a, b) {
        (Op::Add, Operand::Register(a), Operand::Number(n))
        | (Op::Add, Operand::Number(n), Operand::Register(a)) => {
            site.push(ChainOp::AddConstant(a, n))
        }
        (Op::Sub, Operand::Register(a), Operand::Number(n)) => {
            site.push(ChainOp::AddConstant(a, -n))
        }
        (Op::Sub, Operand::Number(n), Operand::Register(a)) => site.push(ChainOp::SubFrom(n, a)),
        (op, a, b) => {
            let (a, b) = (site.filled(a)?, site.filled(b)?);
            site.push(match op {
                Op::Add => ChainOp::Add(a, b),
                Op::Sub => ChainOp::Sub(a, b),
                Op::Min | Op::And => ChainOp::Min(a, b),
                _ => ChainOp::Max(a, b),
            })
        }
    }
}

fn compare(
    site: &mut Site<'_, '_>,
    comparison: Comparison,
    (a, scale_a): &Input,
    (b, scale_b): &Input,
) -> Result<usize, Reason> {
    let unit = scale_a.exponent.min(scale_b.exponent);
    let a = register(site, a, *scale_a, unit)?;
    let b = register(site, b, *scale_b, unit)?;
    site.push(match comparison {
        Comparison::Greater => ChainOp::Greater(a, b),
        Comparison::Less => ChainOp::Greater(b, a),
        Comparison::GreaterOrEqual => ChainOp::GreaterOrEqual(a, b),
        Comparison::LessOrEqual => ChainOp::GreaterOrEqual(b, a),
        Comparison::Equal => ChainOp::Equal(a, b),
    })
}
