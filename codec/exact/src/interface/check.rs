//! From a graph to its interface.

use std::collections::BTreeMap;

use crate::error::{Result, shown};
use crate::graph::{Graph, ValueId};
use crate::verify::{EXPONENT_MAX, EXPONENT_MIN, SUM_MAX};

use super::metadata::{decimal, fault};
use super::{Condition, Interface, STATES, State, StateRange, keys};

impl Interface {
    /// Reads the interface of a graph and checks it (spec numerics §5); what the states *hold* is
    /// for the verifier to prove.
    ///
    /// # Errors
    ///
    /// [`ExactError::Interface`](crate::ExactError::Interface): missing or unknown inputs and
    /// outputs, wrong shapes, declarations that are missing or impossible.
    pub fn of(graph: &Graph) -> Result<Self> {
        let mut interface = Self {
            states: Vec::new(),
            condition: None,
            start: match graph.metadata.get(keys::START) {
                Some(text) => decimal(keys::START, text)?,
                None => 0,
            },
        };
        let mut byte = false;
        for &id in &graph.inputs {
            let (name, dims) = port(graph, id);
            match (name, name.strip_prefix("state.")) {
                ("byte", _) if dims == [1] => byte = true,
                ("byte", _) => return Err(fault("the input byte is not [lanes, 1]".into())),
                ("condition", _) => interface.condition = Some(condition(graph, &dims)?),
                (_, Some(state)) => interface.states.push(self::state(graph, state, dims)?),
                _ => return Err(fault(format!("the input {} is unknown", shown(name)))),
            }
        }
        if interface.states.len() > STATES {
            let count = interface.states.len();
            return Err(fault(format!(
                "there are {count} states, at most {STATES} are allowed"
            )));
        }
        if !byte {
            return Err(fault("there is no input byte".into()));
        }
        interface.outputs(graph)?;
        interface.declarations(graph)?;
        Ok(interface)
    }

    /// Checks that the outputs are the logits and the next of each state.
    fn outputs(&self, graph: &Graph) -> Result<()> {
        let mut open: BTreeMap<String, &[usize]> = BTreeMap::new();
        open.insert("logits".into(), &[256]);
        for state in &self.states {
            open.insert(state.output(), &state.dims);
        }
        for &id in &graph.outputs {
            let (name, dims) = port(graph, id);
            match open.remove(name) {
                Some(expected) if expected == dims => {}
                Some(expected) => {
                    let name = shown(name);
                    return Err(fault(format!(
                        "the output {name} is {dims:?}, not {expected:?}"
                    )));
                }
                None => return Err(fault(format!("the output {} is unknown", shown(name)))),
            }
        }
        match open.keys().next() {
            Some(name) => Err(fault(format!("there is no output {}", shown(name)))),
            None => Ok(()),
        }
    }

    /// Checks that nothing is declared that is not there.
    fn declarations(&self, graph: &Graph) -> Result<()> {
        for key in graph.metadata.keys() {
            let state = key.strip_prefix(keys::STATE);
            let lost = state.is_some_and(|name| self.states.iter().all(|state| state.name != name));
            if lost || (key == keys::CONDITION && self.condition.is_none()) {
                return Err(fault(format!("{} declares what is not there", shown(key))));
            }
        }
        Ok(())
    }
}

/// An input's or output's name and its sizes behind the lane axis.
fn port(graph: &Graph, id: ValueId) -> (&str, Vec<usize>) {
    let value = &graph.values[id];
    (&value.name, value.shape.sizes(1)[1..].to_vec())
}

fn state(graph: &Graph, name: &str, dims: Vec<usize>) -> Result<State> {
    let range = declared(graph, &format!("{}{name}", keys::STATE))?;
    Ok(State {
        name: name.into(),
        dims,
        range,
    })
}

fn condition(graph: &Graph, dims: &[usize]) -> Result<Condition> {
    let &[size] = dims else {
        return Err(fault("the input condition is not [lanes, K]".into()));
    };
    let range = declared(graph, keys::CONDITION)?;
    Ok(Condition { size, range })
}

/// The range that a metadata entry declares.
fn declared(graph: &Graph, key: &str) -> Result<StateRange> {
    let text = graph.metadata.get(key);
    let text = text.ok_or_else(|| fault(format!("the metadata {} is missing", shown(key))))?;
    let range: StateRange = serde_json::from_str(text)
        .map_err(|error| fault(format!("{}: {}", shown(key), shown(&error.to_string()))))?;
    let StateRange {
        low,
        high,
        exponent,
        initial,
    } = range;
    let largest = low.unsigned_abs().max(high.unsigned_abs());
    let fits = largest <= SUM_MAX && (EXPONENT_MIN..=EXPONENT_MAX).contains(&exponent);
    if fits && low <= initial && initial <= high {
        return Ok(range);
    }
    let key = shown(key);
    Err(fault(format!(
        "{key}: {initial} in {low}..={high} * 2^{exponent} is impossible"
    )))
}
