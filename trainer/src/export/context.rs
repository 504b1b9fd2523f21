//! Nodes that hash the history and gather the tables' rows: [`crate::context`] as a graph.

use umoec_exact::interface::StateRange;

use super::Writer;
use crate::config::ModelConfig;
use crate::context::{
    BYTE_FACTORS, Context, HISTORY, RecallConfig, WORD_FACTOR, WORD_FACTORS, WORD_MODULUS,
    WORDS_FACTORS, letter,
};
use crate::grid::ROW;
use crate::recall::{COUNT_MAX, level};
use crate::tables::Tables;

/// Where the word, the word before and the last byte stand among the hashed numbers.
const WORD: usize = HISTORY;
const FEATURES: usize = HISTORY + 3;

/// The gathered rows, [lanes, tables · row width], as integers of the [`ROW`] grid.
pub(super) fn rows(writer: &mut Writer, model: &ModelConfig, tables: &Tables) -> String {
    let features = features(writer);
    let count = model.tables.len();
    let mut factors = vec![0.0; FEATURES * count];
    for (column, table) in model.tables.iter().enumerate() {
        let mut set =
            |feature: usize, factor: u32| factors[feature * count + column] = factor as f32;
        match table.context {
            Context::Bytes(order) | Context::Recall(RecallConfig { bytes: order, .. }) => {
                (0..usize::from(order)).for_each(|i| set(i, BYTE_FACTORS[i]));
            }
            Context::Word => {
                set(WORD, WORD_FACTORS[0]);
                set(WORD + 2, WORD_FACTORS[1]);
            }
            Context::Words => (0..3).for_each(|i| set(WORD + i, WORDS_FACTORS[i])),
        }
    }
    let factors = writer
        .graph
        .initializer_f32("hash.factors", &[FEATURES, count], &factors);
    let sums = writer.graph.matmul(&features, &factors);

    // Hashes of equal size that stand together have their remainders taken together.
    let mut runs: Vec<(u32, usize)> = Vec::new();
    let mut after_memory = false;
    for table in &model.tables {
        let (bits, remembered) = match table.context {
            Context::Recall(recall) => (recall.slots, true),
            _ => (table.bits, false),
        };
        match runs.last_mut() {
            Some((last, length)) if *last == bits && !remembered && !after_memory => *length += 1,
            _ => runs.push((bits, 1)),
        }
        after_memory = remembered;
    }
    let sizes: Vec<i64> = runs.iter().map(|run| run.1 as i64).collect();
    let parts = writer.graph.split(&sums, &sizes, 1);
    let mut first = 0;
    let mut indices = Vec::new();
    for (part, (bits, length)) in parts.iter().zip(&runs) {
        let hash = remainder(writer, part, 1 << bits);
        indices.push(match model.tables[first].context {
            Context::Recall(recall) => remembered(writer, first, recall, &hash),
            _ => hash,
        });
        first += length;
    }
    let indices: Vec<&str> = indices.iter().map(String::as_str).collect();
    let indices = writer.graph.concat(&indices, 1);
    let offsets: Vec<f32> = model
        .tables
        .iter()
        .scan(0.0, |row, table| {
            Some(std::mem::replace(row, *row + (1 << table.bits) as f32))
        })
        .collect();
    let offsets = writer
        .graph
        .initializer_f32("hash.offsets", &[count], &offsets);
    let indices = writer.graph.add(&indices, &offsets);
    unpack(writer, model, tables, &indices)
}

/// The memory of table `index` takes in the byte just coded, and gives the row for what it expects behind the hash `slot`
/// ([`crate::recall`]).
fn remembered(writer: &mut Writer, index: usize, recall: RecallConfig, slot: &str) -> String {
    let slots = 1usize << recall.slots;
    let byte = writer.byte.clone();
    let top = 255 + 256 * i32::from(COUNT_MAX);
    let (name, at) = (format!("recall{index}"), format!("recall{index}.slot"));
    let memory = writer
        .graph
        .state(&name, &[slots], StateRange::integers(0, top));
    let range = StateRange::integers(0, slots as i32 - 1);
    let place = writer.graph.state(&at, &[1], range);

    let (expected, count) = held(writer, &memory, &place);
    let hit = writer.graph.equal(&expected, &byte);
    let more = writer.plus(&count, 1.0);
    let more = writer.graph.clip(&more, 0.0, f32::from(COUNT_MAX));
    let less = writer.times(&count, 0.5);
    let less = writer.graph.floor(&less);
    let count_now = writer.graph.select(&hit, &more, &less);
    let zero = writer.graph.scalar(0.0);
    let surely = writer.graph.greater(&count, &zero);
    let stays = writer.graph.or(&hit, &surely);
    let byte_now = writer.graph.select(&stays, &expected, &byte);
    let entry = writer.times(&count_now, 256.0);
    let entry = writer.graph.add(&entry, &byte_now);

    let places = counted(writer, slots);
    let here = writer.graph.equal(&places, &place);
    let memory = writer.graph.select(&here, &entry, &memory);
    writer.next_state(&name, &memory, &[slots]);
    writer.next_state(&at, slot, &[1]);

    let (expected, count) = held(writer, &memory, slot);
    let levels: Vec<u8> = (0..=COUNT_MAX).map(|count| level(count) as u8).collect();
    let levels = writer
        .graph
        .initializer_u8(&format!("{name}.levels"), &[levels.len()], &levels);
    let level = writer.graph.look_up(&levels, &count, 0);
    let level = writer
        .graph
        .cast(&level, umoec_exact::onnx::data_type::FLOAT);
    let level = writer.times(&level, 256.0);
    writer.graph.add(&expected, &level)
}

/// The numbers from 0 to `slots` - 1, [slots], a power of two from 16 on: as sums of a row and a column they need no room in
/// the file.
fn counted(writer: &mut Writer, slots: usize) -> String {
    let columns: Vec<f32> = (0..16).map(|i| i as f32).collect();
    let rows: Vec<f32> = (0..slots / 16).map(|i| 16.0 * i as f32).collect();
    let columns = writer.graph.constant_f32(&[1, 16], &columns);
    let rows = writer.graph.constant_f32(&[slots / 16, 1], &rows);
    let all = writer.graph.add(&rows, &columns);
    writer.graph.reshape(&all, &[slots as i64])
}

/// Byte and count of a memory's `slot`, [lanes, 1] each.
fn held(writer: &mut Writer, memory: &str, slot: &str) -> (String, String) {
    let slot = writer.graph.cast(slot, umoec_exact::onnx::data_type::INT64);
    let held = writer.graph.gather_elements(memory, &slot, 1);
    let count = writer.times(&held, 1.0 / 256.0);
    let count = writer.graph.floor(&count);
    let above = writer.times(&count, 256.0);
    let byte = writer.graph.sub(&held, &above);
    (writer.graph.clip(&byte, 0.0, 255.0), count)
}

/// `x mod modulus`, a power of two, for `x >= 0`.
fn remainder(writer: &mut Writer, x: &str, modulus: u32) -> String {
    let whole = writer.times(x, 1.0 / modulus as f32);
    let whole = writer.graph.floor(&whole);
    let whole = writer.times(&whole, modulus as f32);
    let rest = writer.graph.sub(x, &whole);
    // Changes nothing; it tells the verifier, which does not know what a remainder is.
    writer.graph.clip(&rest, 0.0, modulus as f32 - 1.0)
}

/// The last bytes, the word, the word before it and the last byte where no word is, [lanes, 9];
/// and the states they come from.
fn features(writer: &mut Writer) -> String {
    let byte = writer.byte.clone();
    let older = writer
        .graph
        .state("history", &[HISTORY - 1], StateRange::integers(0, 255));
    let top = WORD_MODULUS as i32 - 1;
    let word = writer
        .graph
        .state("word", &[1], StateRange::integers(0, top));
    let previous = writer
        .graph
        .state("previous", &[1], StateRange::integers(0, top));

    let history = writer.graph.concat(&[&byte, &older], 1);
    let kept = writer
        .graph
        .slice(&history, &[0], &[HISTORY as i64 - 1], &[1]);
    writer.next_state("history", &kept, &[HISTORY - 1]);

    let letters: Vec<u8> = (0..=255u8).map(|byte| letter(byte) as u8).collect();
    let letters = writer.graph.initializer_u8("letters", &[256], &letters);
    let letter = writer.graph.look_up(&letters, &byte, 0);
    let letter = writer
        .graph
        .cast(&letter, umoec_exact::onnx::data_type::FLOAT);
    let zero = writer.graph.scalar(0.0);
    let is_letter = writer.graph.greater(&letter, &zero);

    let longer = writer.times(&word, WORD_FACTOR as f32);
    let longer = writer.graph.add(&longer, &letter);
    let longer = remainder(writer, &longer, WORD_MODULUS);
    let next_word = writer.graph.select(&is_letter, &longer, &zero);
    writer.next_state("word", &next_word, &[1]);

    let had_word = writer.graph.greater(&word, &zero);
    let no_letter = writer.graph.not(&is_letter);
    let ends = writer.graph.and(&no_letter, &had_word);
    let next_previous = writer.graph.select(&ends, &word, &previous);
    writer.next_state("previous", &next_previous, &[1]);

    let in_word = writer.graph.greater(&next_word, &zero);
    let lone = writer.graph.select(&in_word, &zero, &byte);
    writer
        .graph
        .concat(&[&history, &next_word, &next_previous, &lone], 1)
}

/// Gathers rows of nibbles: the first half of a row in the low ones, the second in the high.
fn unpack(writer: &mut Writer, model: &ModelConfig, tables: &Tables, indices: &str) -> String {
    let half = model.row_width / 2;
    let nibble = |value: f32| (tables.index(value) - ROW.low) as u8;
    let mut packed = Vec::with_capacity(tables.values.len() / 2);
    for row in tables.values.chunks_exact(model.row_width) {
        let (low, high) = row.split_at(half);
        packed.extend(
            low.iter()
                .zip(high)
                .map(|(&l, &h)| nibble(l) | nibble(h) << 4),
        );
    }
    let rows = tables.values.len() / model.row_width;
    let graph = &mut writer.graph;
    let packed = graph.initializer_u8("rows", &[rows, half], &packed);
    let gathered = graph.look_up(&packed, indices, 0);
    let gathered = graph.cast(&gathered, umoec_exact::onnx::data_type::FLOAT);
    let high = writer.times(&gathered, 1.0 / 16.0);
    let high = writer.graph.floor(&high);
    let low = writer.times(&high, 16.0);
    let low = writer.graph.sub(&gathered, &low);
    let low = writer.graph.clip(&low, 0.0, 15.0);
    let both = writer.graph.concat(&[&low, &high], 2);
    let both = writer.plus(&both, ROW.low);
    writer
        .graph
        .reshape(&both, &[0, (model.tables.len() * model.row_width) as i64])
}
