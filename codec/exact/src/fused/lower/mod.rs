//! From a proved graph to a draft program.
//!
//! Nodes are taken in order. A node that only moves elements, or that changes nothing but the
//! unit, becomes a [`View`]; an element-wise node joins a chain over its index space; matrix
//! products, rankings and selections have steps of their own. Constants are computed here.

mod chains;
mod constants;
mod elementwise;
mod experts;
mod moves;
mod overwrites;
mod products;
mod selections;
mod states;

use std::collections::HashMap;
use std::rc::Rc;

use crate::error::{ExactError, Result, shown};
use crate::graph::{Graph, Node, Op, ValueId};
use crate::model::StepModel;

use super::draft::{Slot, Source, Step};
use super::plan::{ALWAYS, Plan, makers};
use super::scale::Scale;
use super::view::View;

pub(super) use states::Ports;

/// A program in the making.
pub(super) struct Lowering<'a> {
    pub(super) graph: &'a Graph,
    pub(super) plan: Rc<Plan>,
    lanes: usize,
    /// The region of what is being lowered.
    region: usize,
    /// What is proved of each value that is read or made.
    scales: Vec<Option<Scale>>,
    /// Where each value is, once it is made.
    views: Vec<Option<View>>,
    /// How often each value is read; 0 for what no output depends on.
    uses: Vec<usize>,
    /// The node of the plan that makes each value.
    makers: Vec<Option<usize>>,
    pub(super) slots: Vec<Slot>,
    pub(super) steps: Vec<Step>,
    /// The region of each step.
    pub(super) regions: Vec<usize>,
    /// Tables that chains look up in, integers in the unit of the result.
    pub(super) tables: Vec<Vec<i64>>,
    /// Bytes of all experts so far, packed.
    experts: usize,
    /// The slots of states that become the next ones where they lie.
    in_place: Vec<usize>,
}

/// Lowers a model for so many lanes.
///
/// # Errors
///
/// [`ExactError::Backend`] where the graph is not what the proof said.
pub(super) fn lower(model: &StepModel, lanes: usize) -> Result<(Lowering<'_>, Ports)> {
    let graph = model.graph();
    let facts = &model.certificate().tensors;
    let facts: HashMap<&str, Scale> = facts
        .iter()
        .map(|fact| (&*fact.name, Scale::of(fact)))
        .collect();
    let scales = graph.values.iter().map(|value| facts.get(&*value.name));
    let scales: Vec<Option<Scale>> = scales.map(Option::<&Scale>::copied).collect();
    let plan = Rc::new(Plan::new(graph, model.interface(), &scales));
    let mut lowering = Lowering {
        graph,
        lanes,
        region: ALWAYS,
        scales,
        views: vec![None; graph.values.len()],
        uses: uses(graph, &plan.nodes),
        makers: makers(graph, &plan.nodes),
        plan: Rc::clone(&plan),
        slots: Vec::new(),
        steps: Vec::new(),
        regions: Vec::new(),
        tables: Vec::new(),
        experts: 0,
        in_place: Vec::new(),
    };
    let inputs = lowering.inputs(model.interface());
    for (node, &region) in plan.nodes.iter().zip(&plan.places) {
        lowering.region = region;
        lowering
            .node(node)
            .map_err(|reason| failed(format!("node {}: {reason}", shown(&node.name))))?;
    }
    lowering.region = ALWAYS;
    let ports = lowering
        .outputs(inputs, model.interface())
        .map_err(failed)?;
    Ok((lowering, ports))
}

fn failed(reason: String) -> ExactError {
    ExactError::Backend {
        backend: super::NAME.into(),
        reason,
    }
}

/// How often each value is read on the way to an output.
fn uses(graph: &Graph, nodes: &[Node]) -> Vec<usize> {
    let mut uses = vec![0; graph.values.len()];
    let read = nodes.iter().flat_map(|node| &node.inputs);
    for &id in read.chain(&graph.outputs) {
        uses[id] += 1;
    }
    uses
}

/// Why a node could not be lowered: never, if the proof and this module agree.
type Reason = String;

impl Lowering<'_> {
    fn node(&mut self, node: &Node) -> std::result::Result<(), Reason> {
        if self.is_constant(node) {
            return self.fold(node);
        }
        match &node.op {
            Op::Move(movement) => self.movement(node, movement),
            Op::MatMul => self.matmul(node),
            Op::ReduceSum { axes, .. } => self.reduce(node, axes, super::draft::Mode::Sum),
            Op::ReduceMax { axes, .. } => self.reduce(node, axes, super::draft::Mode::Max),
            Op::TopK { axis, k, largest } => self.top(node, *axis, *k, *largest),
            Op::Gather { axis } => self.gather(node, *axis),
            Op::GatherElements { axis } => self.gather_elements(node, *axis),
            Op::Where if self.overwrite(node)? => Ok(()),
            op => self.elementwise(node, op),
        }
    }

    /// Whether a node depends on no input.
    fn is_constant(&self, node: &Node) -> bool {
        let lanes = |&id: &ValueId| self.graph.values[id].shape.has_lanes();
        !node.outputs.iter().any(lanes)
    }

    /// Sizes of a value's axes without the lane axis.
    fn dims(&self, id: ValueId) -> Vec<usize> {
        let shape = &self.graph.values[id].shape;
        shape.0.iter().filter_map(|dim| dim.size()).collect()
    }

    fn scale(&self, id: ValueId) -> std::result::Result<Scale, Reason> {
        self.scales[id].ok_or_else(|| "nothing is proved of a value".into())
    }

    /// Where a value is. Constants are brought in when they are first read.
    fn view(&mut self, id: ValueId) -> std::result::Result<View, Reason> {
        if self.views[id].is_none() && self.graph.values[id].constant.is_some() {
            self.constant(id)?;
        }
        let view = self.views[id].clone();
        view.ok_or_else(|| "it reads what was not made".into())
    }

    /// Memory for a new value.
    fn slot(&mut self, len: usize, scale: Scale, source: Source) -> usize {
        self.slots.push(Slot {
            len,
            low: scale.low,
            high: scale.high,
            source,
            needed: false,
            last_read: None,
        });
        self.slots.len() - 1
    }

    /// Adds a step in the present region, which reads the region's conditions.
    fn push(&mut self, step: Step) -> usize {
        let plan = Rc::clone(&self.plan);
        self.steps.push(step);
        self.regions.push(self.region);
        let step = self.steps.len() - 1;
        for region in plan.regions.path(self.region) {
            if let Some(slot) = self.condition(region).map(|view| view.slot) {
                self.reads(step, slot);
            }
        }
        step
    }

    /// Where the condition of a region is, made before all steps of it.
    pub(super) fn condition(&self, region: usize) -> Option<&View> {
        self.views[self.plan.regions.key(region).value].as_ref()
    }

    /// Whether a region's work counts only for lanes with that truth value in a slot.
    pub(super) fn holds(&self, region: usize, slot: usize, truth: bool) -> bool {
        self.plan.regions.path(region).any(|region| {
            let condition = self.condition(region);
            let asked = self.plan.regions.key(region).truth;
            asked == truth && condition.is_some_and(|view| view.slot == slot)
        })
    }

    /// Notes that a step reads a view from memory.
    fn reads(&mut self, step: usize, slot: usize) {
        let slot = &mut self.slots[slot];
        slot.needed = true;
        slot.last_read = slot.last_read.max(Some(step));
    }
}
