//! The search for relations between the columns of a record (`spec.md`, section 6).

use umoec_adapter_float::number::Number;

use crate::geometry::Sample;
use crate::kernel;
use crate::params::{Change, Field, Kind};
use crate::relation::{Formula, Operand, Relation};

/// Columns around one in which it is looked for what makes it; of wide records, for the time it takes,
/// fewer.
const AROUND: usize = 12;
const AROUND_OF_WIDE: usize = 8;
const WIDE: usize = 20;
/// Most columns that make one relation.
const TOGETHER: usize = 4;
/// Records on which all relations are tried, and those that are good there.
const FIRST: usize = 24;
const THEN: usize = 512;
/// What a relation must save of a number's bits.
const GAIN: f64 = 3.0;

/// Gives relations to the fields that follow from others.
pub(crate) fn find(fields: &mut [Field], sample: &Sample) {
    let count = sample.columns.first().map_or(0, Vec::len);
    let is_float = |n: &usize| {
        let field = &fields[*n];
        matches!(field.width, 4 | 8) && matches!(field.kind, Kind::Number(Number::Float))
    };
    let varied = |n: &usize| {
        sample.columns[*n]
            .windows(2)
            .filter(|w| w[0] != w[1])
            .count()
            * 8
            > count
    };
    let columns: Vec<usize> = (0..fields.len()).filter(is_float).filter(varied).collect();
    if columns.len() < 2 || count < 2 * FIRST {
        return;
    }
    let rows = |most: usize| -> Vec<Vec<f64>> {
        let step = (count / most).max(1);
        (0..count)
            .step_by(step)
            .map(|row| {
                let value = |(n, f): (usize, &Field)| kernel::value(f, sample.columns[n][row]);
                fields.iter().enumerate().map(value).collect()
            })
            .collect()
    };
    let (few, many) = (rows(FIRST), rows(THEN));
    let mut found: Vec<(f64, usize, Relation)> = Vec::new();
    let around = if columns.len() > WIDE {
        AROUND_OF_WIDE
    } else {
        AROUND
    };
    for (i, &target) in columns.iter().enumerate() {
        let first = i.saturating_sub(around / 2);
        let near: Vec<usize> = columns[first..]
            .iter()
            .take(around + 1)
            .copied()
            .filter(|&c| c != target)
            .collect();
        if let Some((left, relation)) = best(target, &near, fields[target].width, &few, &many) {
            found.push((left, target, relation));
        }
    }
    // The most exact first: what a relation counts with has none itself, and an energy follows from
    // momenta more exactly than a momentum from the energy and the others.
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (_, target, relation) in found {
        let free = relation
            .operands
            .iter()
            .all(|o| fields[o.field].change == Change::Nothing);
        let needed = fields.iter().any(|f| match &f.change {
            Change::Relation(r) => r.operands.iter().any(|o| o.field == target),
            _ => false,
        });
        if free && !needed {
            fields[target].change = Change::Relation(relation);
        }
    }
}

/// The relation that leaves least of the bits of `target`, and what it leaves.
fn best(
    target: usize,
    near: &[usize],
    width: usize,
    few: &[Vec<f64>],
    many: &[Vec<f64>],
) -> Option<(f64, Relation)> {
    let plain = plain_bits(target, width, many);
    let mut best: Option<(f64, Relation)> = None;
    let mut least = plain_bits(target, width, few) - GAIN;
    each(near, &mut |relation| {
        let bits = bits(&relation, target, width, few, least);
        if bits < least - 0.25 {
            least = bits;
            best = Some((bits, relation));
        }
    });
    let (_, relation) = best?;
    let left = bits_of(&relation, target, width, many);
    (plain - left > GAIN).then_some((left, relation))
}

/// Every relation of these columns, the simple ones first.
fn each(near: &[usize], tell: &mut impl FnMut(Relation)) {
    let operand = |n: usize, negative: bool| Operand {
        field: near[n],
        negative,
    };
    let mut give = |formula, one, operands: Vec<Operand>| {
        tell(Relation {
            formula,
            one,
            operands,
        });
    };
    let mut sets: Vec<Vec<usize>> = (0..near.len()).map(|n| vec![n]).collect();
    for size in 1..=TOGETHER {
        for set in &sets {
            let all = |negative: u32| -> Vec<Operand> {
                let signed = |(i, &n): (usize, &usize)| operand(n, negative >> i & 1 != 0);
                set.iter().enumerate().map(signed).collect()
            };
            give(Formula::Squares, false, all(0));
            give(Formula::Root, false, all(0));
            if size > 1 {
                // One of them may be what the others make.
                for i in 0..size {
                    give(Formula::Root, false, all(1 << i));
                }
            }
            if size < 3 {
                give(Formula::Root, true, all(u32::MAX));
                for negative in 0..1 << size {
                    give(Formula::Sum, false, all(negative));
                }
            }
            if size == 2 {
                give(Formula::Product, false, all(0));
                give(Formula::Quotient, false, all(0));
                let turned = vec![operand(set[1], false), operand(set[0], false)];
                give(Formula::Quotient, false, turned);
            }
        }
        sets = sets
            .iter()
            .flat_map(|set| {
                let last = set[set.len() - 1];
                (last + 1..near.len()).map(move |n| [&set[..], &[n]].concat())
            })
            .collect();
    }
}

/// Bits of what a relation misses, on average; it stops where these are sure to be more than `most`.
fn bits(relation: &Relation, target: usize, width: usize, rows: &[Vec<f64>], most: f64) -> f64 {
    let mut sum = 0.0;
    let enough = most * rows.len() as f64;
    for row in rows {
        sum += missed(relation, row, target, width);
        if sum > enough {
            return f64::MAX;
        }
    }
    sum / rows.len() as f64
}

fn bits_of(relation: &Relation, target: usize, width: usize, rows: &[Vec<f64>]) -> f64 {
    bits(relation, target, width, rows, f64::MAX)
}

/// Bits of the relative error, about: those of the difference of the floats.
fn missed(relation: &Relation, row: &[f64], target: usize, width: usize) -> f64 {
    let (value, said) = (row[target], relation.predict(row));
    let said = if relation.formula == Formula::Root {
        said.copysign(value)
    } else {
        said
    };
    let said = if width == 4 {
        f64::from(said as f32)
    } else {
        said
    };
    let full = (8 * width) as f64;
    if value == said {
        return 0.0;
    }
    let relative = ((value - said) / value).abs();
    let mantissa = if width == 8 { 52.0 } else { 23.0 };
    // Not so for a NaN.
    if relative > 0.0 && relative < 0.5 {
        (relative.log2() + mantissa + 1.0).max(1.0)
    } else {
        full.min(mantissa + 4.0)
    }
}

/// Bits of a number without a relation: about those in which it is unlike others.
fn plain_bits(target: usize, width: usize, rows: &[Vec<f64>]) -> f64 {
    let other = |i: usize| rows[(i + rows.len() / 2) % rows.len()][target];
    let same = |i: usize| rows[(i + 1) % rows.len()][target];
    let bits = |i: usize| {
        let value = rows[i][target];
        let near = |other: f64| {
            if value == other {
                return 0.0;
            }
            let mantissa = if width == 8 { 52.0 } else { 23.0 };
            let relative = ((value - other) / value).abs();
            if relative < 0.5 {
                (relative.log2() + mantissa + 1.0).max(1.0)
            } else {
                mantissa + 2.0
            }
        };
        near(other(i)).min(near(same(i)))
    };
    (0..rows.len()).map(bits).sum::<f64>() / rows.len() as f64
}
