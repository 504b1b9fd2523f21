//! The encoder's choice of a model: candidates from the profile and the layout, a trial of
//! each on a sample. Not part of the format: any choice decodes.

use umoec_codec::plugin::{Layout, Settings};
use umoec_codec::{Error, Result};

use crate::numeric::Numbers;
use crate::params::{Params, STRIDE_MAX};
use crate::presets::{self, Recipe};
use crate::race::{Places, Race};
use crate::table::LINE;

/// Most bytes of half a sample, which is four pieces: few files have one face only.
const PIECE_MAX: usize = 20 << 10;
/// The same where there are rows: so many of them, and so many bytes.
const PIECE_ROWS: usize = 64;
const PIECE_GRID: usize = 64 << 10;
/// From this length on a sample is half as large again.
const LONG: usize = 1 << 20;
/// Least bytes of it, and rows: in shorter pieces models of records, and of rows, do not get into their stride.
const PIECE_MIN: usize = 16 << 10;
const PIECE_MIN_ROWS: usize = 16;

/// Shorter data are not sampled at several places.
const PLACES_FROM: usize = 4 << 10;

/// Bytes of a piece that are coded at once, at least; and where there are rows, so many of them.
const SLICE_MIN: usize = 512;
const SLICE_ROWS: usize = 4;

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
    race(data, layout, settings, 0)?.winner()
}

/// The race of all candidates for `data`, on at most `most` bytes or on as many as decide.
pub(crate) fn race<'a>(
    data: &'a [u8],
    layout: &Layout,
    settings: &Settings,
    most: usize,
) -> Result<Race<'a>> {
    let choice = Choice::from_settings(settings, data.len())?;
    let text = looks_like_text(data);
    let candidates = candidates(data, text, layout, &choice);
    let widest = candidates.iter().flat_map(|params| params.strides).max();
    let places = places(data.len(), widest.unwrap_or(0) as usize);
    Ok(Race::new(data, candidates, text, places, most))
}

/// The least stride that a text is tried with: lines of fixed length, not a rhythm of words.
const TEXT_STRIDE: u32 = 20;

/// Every recipe with the strides that suit it.
fn candidates(data: &[u8], text: bool, layout: &Layout, choice: &Choice) -> Vec<Params> {
    // An adapter of others may hint at what no parameters can say.
    let mut strides = layout.strides.clone();
    strides.retain(|stride| (1..=STRIDE_MAX).contains(stride));
    let strides: &[u32] = match strides.first() {
        Some(&first) if text && first < TEXT_STRIDE && layout.number.is_none() => &[],
        _ => &strides,
    };
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

/// Whether it is mostly printable bytes, or UTF-8 beyond ASCII.
#[must_use]
pub fn looks_like_text(data: &[u8]) -> bool {
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

/// Where `len` bytes are sampled, if `widest` is the largest stride of any candidate.
fn places(len: usize, widest: usize) -> Places {
    // Models of rows need some of them.
    let most = PIECE_MAX.max((PIECE_ROWS * widest).min(PIECE_GRID));
    let least = PIECE_MIN.max(PIECE_MIN_ROWS * widest).min(most);
    let piece = (len / 48).clamp(least, most);
    let (count, piece) = match len {
        _ if len < PLACES_FROM.max(PIECE_MIN_ROWS * widest) => (1, len),
        // Of data twice as long as the sample, or less, it is all of them, but for what is left of a row at the end.
        _ if len < 4 * (piece + 2 * widest) => (4, (len - widest) / 4),
        LONG.. => (4, piece / 4 * 3),
        _ => (4, piece / 2),
    };
    let slice = (SLICE_ROWS * widest).max(SLICE_MIN).min(piece);
    Places {
        count,
        enough: count * piece,
        slice,
    }
}
