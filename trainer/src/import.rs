//! From a model that [`export`](crate::export) wrote back to a network that can be trained.
//!
//! How a layer writes its parameters is the layer's own affair: transposed, in parts, several times over, or through a
//! table of a function. So the network is exported more often, with parameters that say who is who: all of them at their
//! least and all at their greatest, which tells which elements of the file's constants depend on a parameter at all; and, for
//! each bit of a parameter's number, those at their greatest that have it, which spells the number out in each element
//! (`owners`). Where an element rises straight with its parameter, two more exports give its value; else it is searched for,
//! since every element rises or falls with it (`search`). At the end the network found is exported once more, and every
//! constant must be that of the file.

use std::collections::BTreeMap;

use umoec_exact::Graph;
use umoec_exact::graph::{Constant, Data, parse};

use crate::checkpoint::Trained;
use crate::config::{Config, ModelConfig};
use crate::error::TrainError;
use crate::export::{limits, unsealed};
use crate::grid::ROW;
use crate::layer::Block;
use crate::trainer::initial_parameters;

/// A parameter so small that no grid clips it.
const PROBE: f32 = 0.5;

/// Most halvings of a search: more than an `f32` can tell apart.
const HALVINGS: usize = 60;

/// The constants of the layers: the layer, and the elements, by name.
type Constants = BTreeMap<String, (usize, Vec<f32>)>;

/// For each of [`Constants`] what each element depends on, if on anything.
type Owners = BTreeMap<String, Vec<Option<Owner>>>;

/// A parameter that an element depends on.
#[derive(Clone, Copy, Debug)]
struct Owner {
    /// Its number in its layer.
    number: usize,
    /// Whether the element rises with it.
    rises: bool,
}

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

/// Those constants that layers wrote: their names begin with the layer's number.
fn of_layers(graph: &Graph) -> Constants {
    let all = constants(graph).into_iter();
    all.filter_map(|(name, constant)| {
        let layer = name.split_once('.')?.0.parse().ok()?;
        Some((name.to_owned(), (layer, numbers(constant))))
    })
    .collect()
}

/// The layers' constants when parameter `i` of layer `l` is `value(l, i)`.
fn probe(
    trained: &mut Trained,
    value: impl Fn(usize, usize) -> f32,
) -> Result<Constants, TrainError> {
    for (layer, parameters) in trained.parameters.iter_mut().enumerate() {
        for (number, parameter) in parameters.iter_mut().enumerate() {
            *parameter = value(layer, number);
        }
    }
    Ok(of_layers(&parse(&unsealed(trained), &limits())?))
}

/// The network of `file`, a model that was exported from a network of `config`'s sizes. What the
/// optimiser knew is not in the file: table rows that were settled move again. Read-outs of early exits at which the model
/// does not end itself are not in it either: they begin anew.
///
/// # Errors
///
/// A file that is no model, or one of another network.
pub fn import(file: &[u8], config: &Config) -> Result<Trained, TrainError> {
    let graph = parse(file, &limits())?;
    let all = constants(&graph);
    let given = of_layers(&graph);
    // Rows as they are, whatever the run is to round them to.
    let config = &Config {
        model: ending_early(config.model.with_row_step(1), &given),
        ..config.clone()
    };
    let mut trained = Trained::initial(config.clone());
    let initial = trained.parameters.clone();
    let zero = probe(&mut trained, |_, _| 0.0)?;
    compare(&given, &zero)?;
    let half = probe(&mut trained, |_, _| PROBE)?;
    let greatest = greatest(config);
    let owners = owners(&mut trained, &greatest)?;

    let mut found = initial;
    for (name, owners) in &owners {
        let (layer, given) = &given[name];
        for (i, owner) in owners.iter().enumerate() {
            let (zero, half) = (zero[name].1[i], half[name].1[i]);
            if let Some(owner) = owner.filter(|_| half != zero) {
                found[*layer][owner.number] = PROBE * (given[i] - zero) / (half - zero);
            }
        }
    }
    search(&mut trained, &mut found, &owners, &greatest, &given)?;
    trained.parameters = found;
    if let Some(rows) = all.get("rows") {
        tables(rows, &mut trained)?;
    }

    let again = parse(&unsealed(&trained), &limits())?;
    let again = constants(&again);
    let differs = |(name, constant): (&&str, &&Constant)| all.get(*name) != Some(constant);
    match again.iter().find(|pair| differs((pair.0, pair.1))) {
        None if again.len() == all.len() => Ok(trained),
        None => Err(refused(
            "it has constants that the configuration has not".into(),
        )),
        Some((name, _)) => Err(refused(format!(
            "it is not a network of this configuration: {name} differs"
        ))),
    }
}

/// `model` with the exits at which a file with these constants ends itself.
fn ending_early(mut model: ModelConfig, given: &Constants) -> ModelConfig {
    let has = |block: &usize| given.contains_key(&format!("{}.exit.head.weight", block + 1));
    model.hasty = (0..model.blocks.len().saturating_sub(1))
        .filter(has)
        .collect();
    model.exits.extend_from_slice(&model.hasty);
    model.exits.sort_unstable();
    model.exits.dedup();
    model
}

/// Refuses a file whose layers have not the constants of `zero`, in number.
fn compare(given: &Constants, zero: &Constants) -> Result<(), TrainError> {
    for (name, (_, zero)) in zero {
        let Some((_, given)) = given.get(name) else {
            return Err(refused(format!("it has no weights {name}")));
        };
        if given.len() != zero.len() {
            return Err(refused(format!(
                "its weights {name} are {}, the configuration has {}",
                given.len(),
                zero.len()
            )));
        }
    }
    Ok(())
}

/// The greatest value of each parameter, layer by layer; the least is its negative.
fn greatest(config: &Config) -> Vec<Vec<f32>> {
    let (_, blocks) = initial_parameters(config);
    let layer = |blocks: &Vec<Block>| {
        let limits = blocks.iter();
        limits
            .flat_map(|block| std::iter::repeat_n(block.limit, block.size()))
            .collect()
    };
    blocks.iter().map(layer).collect()
}

/// Which parameter each element depends on, from its bits; `limits` are the greatest values of parameters.
fn owners(trained: &mut Trained, limits: &[Vec<f32>]) -> Result<Owners, TrainError> {
    let low = probe(trained, |layer, number| -limits[layer][number])?;
    let high = probe(trained, |layer, number| limits[layer][number])?;
    let changed = |(name, (_, low)): (&String, &(usize, Vec<f32>))| {
        let owner = |(low, high): (&f32, &f32)| {
            (low != high).then_some(Owner {
                number: 0,
                rises: high > low,
            })
        };
        let pairs = low.iter().zip(&high[name].1);
        (name.clone(), pairs.map(owner).collect())
    };
    let mut owners: Owners = low.iter().map(changed).collect();
    let most = limits.iter().map(Vec::len).max().unwrap_or(0);
    for bit in 0..usize::BITS - most.leading_zeros() {
        let some = probe(trained, |layer, number| {
            let sign = if number >> bit & 1 == 1 { 1.0 } else { -1.0 };
            sign * limits[layer][number]
        })?;
        for (name, owners) in &mut owners {
            let pairs = some[name].1.iter().zip(&low[name].1);
            for (owner, (some, low)) in owners.iter_mut().zip(pairs) {
                if let Some(owner) = owner.as_mut().filter(|_| some != low) {
                    owner.number |= 1 << bit;
                }
            }
        }
    }
    Ok(owners)
}

/// Corrects those of `found` whose elements are not `given`, by halving the range in which they lie: all at the same time, as many
/// exports as there are halvings.
fn search(
    trained: &mut Trained,
    found: &mut [Vec<f32>],
    owners: &Owners,
    limits: &[Vec<f32>],
    given: &Constants,
) -> Result<(), TrainError> {
    // How far elements are above those of the file, summed for each parameter, elements that fall counted the other way round.
    let sizes: Vec<usize> = found.iter().map(Vec::len).collect();
    let excess = |now: &Constants| {
        let nothing = |&size: &usize| vec![(0.0f64, false); size];
        let mut sums: Vec<Vec<(f64, bool)>> = sizes.iter().map(nothing).collect();
        for (name, owners) in owners {
            let (layer, now) = &now[name];
            for (i, owner) in owners.iter().enumerate() {
                if let Some(owner) = owner {
                    let (sum, differs) = &mut sums[*layer][owner.number];
                    let more = f64::from(now[i]) - f64::from(given[name].1[i]);
                    *sum += if owner.rises { more } else { -more };
                    *differs |= more != 0.0;
                }
            }
        }
        sums
    };
    let now = probe(trained, |layer, number| found[layer][number])?;
    let excesses = excess(&now);
    let places = excesses.iter().enumerate();
    let places = places.flat_map(|(layer, all)| (0..all.len()).map(move |number| (layer, number)));
    let wrong = places.filter(|&(layer, number)| excesses[layer][number].1);
    let limit = |(layer, number): (usize, usize)| limits[layer][number];
    let range = |place| (place, (-limit(place), limit(place)));
    let mut ranges: BTreeMap<(usize, usize), (f32, f32)> = wrong.map(range).collect();
    for _ in 0..HALVINGS {
        let middle = |(low, high): (f32, f32)| low + (high - low) / 2.0;
        let open =
            |&(low, high): &(f32, f32)| low < middle((low, high)) && middle((low, high)) < high;
        if !ranges.values().any(open) {
            break;
        }
        for (&(layer, number), &range) in &ranges {
            found[layer][number] = middle(range);
        }
        let now = probe(trained, |layer, number| found[layer][number])?;
        let excess = excess(&now);
        for (&(layer, number), (low, high)) in &mut ranges {
            let middle = middle((*low, *high));
            if excess[layer][number].0 >= 0.0 {
                *high = middle;
            } else {
                *low = middle;
            }
        }
    }
    for (&(layer, number), &(_, high)) in &ranges {
        found[layer][number] = high;
    }
    Ok(())
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
