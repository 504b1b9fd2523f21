//! From a model that [`export`](crate::export) wrote back to a network that can be trained.
//!
//! How a layer writes its parameters is the layer's own affair. So the network is exported twice
//! more, with all parameters 0 and with all one half: that tells, for each constant of the file,
//! what a parameter of 0 becomes and how far one unit moves it. At the end the network found is
//! exported once more, and every constant must be that of the file.

use std::collections::BTreeMap;

use umoec_exact::Graph;
use umoec_exact::graph::{Constant, Data, parse};

use crate::checkpoint::Trained;
use crate::config::Config;
use crate::error::TrainError;
use crate::export::{limits, unsealed};
use crate::grid::ROW;
use crate::trainer::initial_parameters;

/// Parameters of the second probe: small enough that no grid clips it.
const PROBE: f32 = 0.5;

fn refused(what: String) -> TrainError {
    TrainError::Model(what)
}

fn constants(graph: &Graph) -> BTreeMap<&str, &Constant> {
    let values = graph.values.iter();
    values
        .filter_map(|value| Some((value.name.as_str(), value.constant.as_ref()?)))
        .collect()
}

/// The elements as numbers.
fn numbers(constant: &Constant) -> Vec<f32> {
    match &constant.data {
        Data::F32(floats) => floats.clone(),
        data => {
            let integers = data.integers().unwrap_or_default();
            integers.iter().map(|&n| n as f32).collect()
        }
    }
}

/// The network of `file`, a model that was exported from a network of `config`'s sizes. What the
/// optimiser knew is not in the file: table rows that were settled move again.
///
/// # Errors
///
/// A file that is no model, or one of another network.
pub fn import(file: &[u8], config: &Config) -> Result<Trained, TrainError> {
    let graph = parse(file, &limits())?;
    let given = constants(&graph);
    let mut trained = Trained::initial(config.clone());
    let probe = |trained: &mut Trained, value: f32| -> Result<Graph, TrainError> {
        trained
            .parameters
            .iter_mut()
            .flatten()
            .for_each(|p| *p = value);
        Ok(parse(&unsealed(trained), &limits())?)
    };
    let (zero, half) = (probe(&mut trained, 0.0)?, probe(&mut trained, PROBE)?);
    let (zero, half) = (constants(&zero), constants(&half));

    let (_, blocks) = initial_parameters(config);
    for (index, (layer, blocks)) in trained.parameters.iter_mut().zip(&blocks).enumerate() {
        let mut rest = &mut layer[..];
        for block in blocks {
            let values;
            (values, rest) = rest.split_at_mut(block.size());
            let name = format!("{index}.{}", block.name);
            let of = |all: &BTreeMap<&str, &Constant>| all.get(&name[..]).map(|c| numbers(c));
            let (Some(given), Some(zero), Some(half)) = (of(&given), of(&zero), of(&half)) else {
                return Err(refused(format!("it has no weights {name}")));
            };
            if [&given, &zero, &half]
                .iter()
                .any(|all| all.len() != values.len())
            {
                return Err(refused(format!(
                    "its weights {name} are {}, the configuration has {}",
                    given.len(),
                    values.len()
                )));
            }
            for (i, value) in values.iter_mut().enumerate() {
                let unit = (half[i] - zero[i]) / PROBE;
                *value = (given[i] - zero[i]) / unit;
            }
        }
    }
    if let Some(rows) = given.get("rows") {
        tables(rows, &mut trained)?;
    }

    let again = parse(&unsealed(&trained), &limits())?;
    let again = constants(&again);
    let differs = |(name, constant): (&&str, &&Constant)| given.get(*name) != Some(constant);
    match again.iter().find(|pair| differs((pair.0, pair.1))) {
        None if again.len() == given.len() => Ok(trained),
        None => Err(refused(
            "it has constants that the configuration has not".into(),
        )),
        Some((name, _)) => Err(refused(format!(
            "it is not a network of this configuration: {name} differs"
        ))),
    }
}

/// Table rows as the export packs them: the first half of a row in the low nibbles, the second
/// in the high ones.
fn tables(packed: &Constant, trained: &mut Trained) -> Result<(), TrainError> {
    let Data::U8(bytes) = &packed.data else {
        return Err(refused("its table rows are no bytes".into()));
    };
    let values = &mut trained.tables.values;
    if 2 * bytes.len() != values.len() {
        return Err(refused(format!(
            "its tables hold {} values, the configuration's {}",
            2 * bytes.len(),
            values.len()
        )));
    }
    let width = trained.config.model.row_width;
    let value = |nibble: u8| (f32::from(nibble) + ROW.low) * ROW.step;
    let rows = values
        .chunks_exact_mut(width)
        .zip(bytes.chunks_exact(width / 2));
    for (row, bytes) in rows {
        let (low, high) = row.split_at_mut(width / 2);
        for ((low, high), byte) in low.iter_mut().zip(high).zip(bytes) {
            (*low, *high) = (value(byte & 15), value(byte >> 4));
        }
    }
    Ok(())
}
