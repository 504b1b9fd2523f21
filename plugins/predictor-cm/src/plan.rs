//! The encoder's choice of a model: candidates from the profile and the layout, a trial of
//! each on a sample. Not part of the format: any choice decodes.

use umoec_codec::plugin::{Layout, Meter, Settings};
use umoec_codec::{Error, Result};

use crate::numeric::Numbers;
use crate::params::Params;
use crate::presets::{self, Recipe};
use crate::simd::Kernel;
use crate::table::LINE;

/// Most bytes of each of the two pieces that a trial codes.
const PIECE_MAX: usize = 20 << 10;
/// The same where there are rows: so many of them, and so many bytes.
const PIECE_ROWS: usize = 64;
const PIECE_GRID: usize = 64 << 10;
/// From this length on there are four pieces, of three quarters each.
const LONG: usize = 1 << 20;
/// Least bytes of each.
const PIECE_MIN: usize = 4 << 10;

/// By what part a table in a text has to be better than its lines.
const DOUBT: u64 = 32;

/// Table memory unless the profile says otherwise, in MiB.
const DEFAULT_TABLE_MIB: u64 = 384;

/// Up to this length a stream is small, unless the profile says otherwise, in KiB.
const DEFAULT_SMALL_KIB: u64 = 64;

/// What a profile may say.
const KEYS: [&str; 5] = ["models", "small_models", "small_kib", "custom", "table_mib"];

/// What a profile says about `cm`.
struct Choice {
    /// Candidates: a preset's number, or 0 for a recipe of the profile's own.
    recipes: Vec<(u8, Recipe)>,
    /// Most bytes of the table.
    table: u64,
}

impl Choice {
    fn from_settings(settings: &Settings, len: usize) -> Result<Self> {
        let config = |reason: String| Error::Config(format!("settings of predictor cm: {reason}"));
        if let Some(key) = settings.keys().find(|k| !KEYS.contains(&k.as_str())) {
            return Err(config(format!(
                "there is no `{key}`; there are: {}",
                KEYS.join(", ")
            )));
        }
        let number = |key: &str, default: u64, most: u64, unit: &str| match settings.get(key) {
            None => Ok(default),
            Some(v) => v
                .as_integer()
                .and_then(|v| u64::try_from(v).ok())
                .filter(|v| (1..=most).contains(v))
                .ok_or_else(|| config(format!("`{key}` is a number of {unit} within 1..={most}"))),
        };
        let table_mib = number("table_mib", DEFAULT_TABLE_MIB, 4095, "MiB")?;
        let small_kib = number("small_kib", DEFAULT_SMALL_KIB, 1 << 20, "KiB")?;
        let names = |key: &str, default: &[&str]| -> Result<Vec<String>> {
            match settings.get(key) {
                None => Ok(default.iter().map(|&name| name.into()).collect()),
                Some(v) => v
                    .as_array()
                    .and_then(|a| a.iter().map(|v| v.as_str().map(String::from)).collect())
                    .ok_or_else(|| config(format!("`{key}` is a list of names"))),
            }
        };
        let models = names("models", &["text", "record", "grid"])?;
        let small = names("small_models", &[])?;
        let is_small = len as u64 <= small_kib << 10;
        let custom = settings.get("custom").and_then(toml::Value::as_table);
        let recipe = |name: &String| {
            if let Some(table) = custom.and_then(|c| c.get(name)).and_then(|t| t.as_table()) {
                let recipe = Recipe::from_names(table)
                    .map_err(|e| config(format!("model `{name}`: {e}")))?;
                return Ok((0, recipe));
            }
            let preset = presets::by_name(name).ok_or_else(|| {
                let names: Vec<_> = presets::all().iter().map(|p| p.name).collect();
                config(format!(
                    "there is no model `{name}`; there are: {}",
                    names.join(", ")
                ))
            })?;
            Ok((preset.number, preset.recipe.clone()))
        };
        let recipes = |names: Vec<String>| names.iter().map(recipe).collect::<Result<Vec<_>>>();
        // Both lists are checked, whichever is used.
        let (models, small) = (recipes(models)?, recipes(small)?);
        let recipes = if is_small && !small.is_empty() {
            small
        } else {
            models
        };
        if recipes.is_empty() {
            return Err(config("`models` is empty".into()));
        }
        Ok(Self {
            recipes,
            table: table_mib << 20,
        })
    }
}

/// Chooses the parameters for `data`.
pub(crate) fn plan(data: &[u8], layout: &Layout, settings: &Settings) -> Result<Params> {
    let choice = Choice::from_settings(settings, data.len())?;
    let mut candidates = candidates(data, layout, &choice);
    if candidates.len() == 1 {
        return Ok(candidates.remove(0));
    }
    let widest = candidates.iter().flat_map(|params| params.strides).max();
    let widest = widest.unwrap_or(0) as usize;
    let text = looks_like_text(data);
    let cost = |params: &Params| {
        let cost = trial(data, params, widest)?;
        // Two short pieces of a text have few lines: what looks like a table may be an accident.
        let doubtful = text && params.strides != [0, 0];
        Ok(if doubtful { cost + cost / DOUBT } else { cost })
    };
    let costs: Vec<Result<u64>> = std::thread::scope(|scope| {
        // Two at a time: the sample is short, and the other core has nothing to do yet.
        let half = candidates.len() / 2;
        let (first, second) = candidates.split_at(half);
        let rest = scope.spawn(|| second.iter().map(cost).collect::<Vec<_>>());
        let mut costs: Vec<_> = first.iter().map(cost).collect();
        costs.extend(rest.join().expect("a trial does not panic"));
        costs
    });
    let costs = costs.into_iter().collect::<Result<Vec<u64>>>()?;
    let best = (0..costs.len())
        .min_by_key(|&i| costs[i])
        .expect("there are candidates");
    Ok(candidates.swap_remove(best))
}

/// The least stride that a text is tried with: lines of fixed length, not a rhythm of words.
const TEXT_STRIDE: u32 = 20;

/// Every recipe with the strides that suit it.
fn candidates(data: &[u8], layout: &Layout, choice: &Choice) -> Vec<Params> {
    let text = looks_like_text(data);
    let strides: &[u32] = match layout.strides.first() {
        Some(&first) if text && first < TEXT_STRIDE && layout.number.is_none() => &[],
        _ => &layout.strides,
    };
    // An adapter of others may hint at what no parameters can say.
    let numbers = layout.number.filter(|n| n.width <= 8 && n.phase < n.width);
    let numbers = numbers.map_or(Numbers::default(), |n| Numbers {
        width: n.width,
        phase: n.phase,
    });
    let mut all = Vec::new();
    for (preset, recipe) in &choice.recipes {
        let numbers = if recipe.uses_numbers() {
            numbers
        } else {
            Numbers::default()
        };
        let mut add = |strides| {
            all.push(Params {
                recipe: recipe.clone(),
                preset: *preset,
                size: table_size(recipe, data.len() as u64, choice.table),
                strides,
                numbers,
            });
        };
        if recipe.uses_numbers() {
            match strides {
                _ if numbers.width == 0 => {}
                [] => {}
                [one] => add([*one, 0]),
                [one, other, ..] => add([*one.min(other), *one.max(other)]),
            }
            continue;
        }
        if text && recipe.sights().machine {
            continue;
        }
        match (recipe.uses_strides(), strides) {
            // A model for prose on records is hardly ever the best, but may be on anything
            // else that is not text, such as machine code.
            ([false, _], _) => add([0, 0]),
            ([true, _], []) if !text => add([0, 0]),
            ([true, false], [first, ..]) => add([*first, 0]),
            ([true, true], [first, rest @ ..]) => {
                for &other in rest {
                    add([other.min(*first), other.max(*first)]);
                }
            }
            _ => {}
        }
    }
    if all.is_empty() {
        let (preset, recipe) = choice.recipes[0].clone();
        let size = table_size(&recipe, data.len() as u64, choice.table);
        all.push(Params {
            recipe,
            preset,
            size,
            strides: [0, 0],
            numbers: Numbers::default(),
        });
    }
    all
}

/// Mostly printable bytes, or UTF-8 beyond ASCII.
fn looks_like_text(data: &[u8]) -> bool {
    let step = (data.len() / 65_536).max(1);
    let (mut control, mut count) = (0usize, 0usize);
    for &c in data.iter().step_by(step) {
        count += 1;
        control += usize::from(c < 32 && !matches!(c, b'\n' | b'\r' | b'\t'));
    }
    control * 50 <= count
}

/// Room for a sixteenth of a line per byte and context, within the profile's memory.
pub(crate) fn table_size(recipe: &Recipe, len: u64, table: u64) -> u8 {
    let lines = len.saturating_mul(recipe.contexts.len() as u64);
    Params::size_for((lines / 16).min(table / LINE as u64))
}

/// Cost in 2^-16 bits of a sample of `data` under `params`. All candidates have samples of one length, which `widest`, the
/// largest stride of any, decides.
fn trial(data: &[u8], params: &Params, widest: usize) -> Result<u64> {
    let own = params.strides[1].max(params.strides[0]) as usize;
    let sample = sample(data, own, widest);
    let mut params = params.clone();
    params.size = table_size(&params.recipe, sample.len() as u64, u64::MAX);
    let mut meter = Meter::new(&sample);
    let mut model = crate::start(&params, sample.len() as u64, Kernel::detect())?;
    model.code(
        sample.len(),
        &mut meter,
        &mut Vec::with_capacity(sample.len()),
    );
    Ok(meter.cost())
}

/// Two pieces of the data, the second in phase with the first under `stride`, which is at most `widest`.
fn sample(data: &[u8], stride: usize, widest: usize) -> Vec<u8> {
    // Models of rows need some of them.
    let most = PIECE_MAX.max((PIECE_ROWS * widest).min(PIECE_GRID));
    let piece = (data.len() / 48).clamp(PIECE_MIN, most);
    // Twice more than both pieces, so that there is room to shift the second one.
    if data.len() < 4 * piece + widest {
        return data.to_vec();
    }
    // Long data have more than two faces: programs have code, tables and texts.
    let (pieces, piece) = match data.len() {
        LONG.. => (4, piece / 4 * 3),
        _ => (2, piece),
    };
    let stride = stride.max(1);
    let mut out: Vec<u8> = Vec::with_capacity(pieces * piece);
    let mut end = 0;
    for number in 0..pieces {
        let at = data.len() / (2 * pieces) * (2 * number + 1);
        // In phase with the end of the one before it.
        let start = at - (at - end) % stride;
        out.extend_from_slice(&data[start..start + piece]);
        end = start + piece;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_of_one_length_whatever_the_stride() {
        let data: Vec<u8> = (0..400_000u32)
            .map(|i| (i.wrapping_mul(i) >> 7) as u8)
            .collect();
        for len in [0, 10, 20_000, 33_000, 90_000, 400_000] {
            for widest in [0, 3, 500, 16_384] {
                let whole = sample(&data[..len], widest, widest).len();
                for stride in [0, 1, 3, 500] {
                    let own = sample(&data[..len], stride.min(widest), widest).len();
                    assert_eq!(own, whole, "{len} bytes, {stride} of {widest}");
                }
            }
        }
        // A second piece is in phase.
        let rows: Vec<u8> = (0..400_000).map(|i| (i % 7) as u8).collect();
        let sample = sample(&rows, 7, 16_384);
        assert!(sample.windows(2).all(|w| w[1] == (w[0] + 1) % 7));
    }
}
