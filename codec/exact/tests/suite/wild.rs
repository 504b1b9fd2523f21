//! Random graphs near the bounds: about half of them are exact.

use umoec_exact::StateRange;
use umoec_exact::build::GraphBuilder;
use umoec_exact::onnx::data_type;
use umoec_exact::random::Random;

use crate::common::builder;

/// A value of shape `[lanes, size]`.
#[derive(Debug, Clone)]
struct Value {
    name: String,
    size: usize,
    /// A rough bound of its magnitude.
    largest: f64,
    /// Its rough unit, 2 to this power.
    exponent: i32,
}

struct Wild {
    random: Random,
    b: GraphBuilder,
    values: Vec<Value>,
    /// What states begin with; zeros, if there is none.
    initials: Option<Random>,
}

/// A graph that may be exact or not. Its states keep what they hold; the values computed from them
/// lead nowhere, since the verifier looks at all of them.
pub(crate) fn candidate(seed: u64) -> Vec<u8> {
    let (mut wild, zeros) = grown(seed, None);
    wild.b.output("logits", &zeros, &[256]);
    wild.b.finish()
}

/// As [`candidate`], but states begin with any number that they may hold, and the logits are what
/// has room in them of all values.
pub(crate) fn observed(seed: u64) -> Vec<u8> {
    let (mut wild, zeros) = grown(seed, Some(Random::new(!seed)));
    let mut seen = Vec::new();
    let mut columns = 0;
    for value in wild.values.clone() {
        let unit = wild.b.scalar((-value.exponent as f32).exp2());
        let whole = wild.b.mul(&value.name, &unit);
        let whole = wild.b.clip(&whole, -4096.0, 4095.0);
        seen.push(wild.b.floor(&whole));
        columns += value.size as i64;
    }
    seen.push(wild.b.slice(&zeros, &[columns], &[256], &[1]));
    let seen: Vec<&str> = seen.iter().map(String::as_str).collect();
    let logits = wild.b.concat(&seen, 1);
    wild.b.output("logits", &logits, &[256]);
    wild.b.finish()
}

/// The graph without its logits, and zeros that may be some.
fn grown(seed: u64, initials: Option<Random>) -> (Wild, String) {
    let mut wild = Wild {
        random: Random::new(seed),
        b: builder(),
        values: Vec::new(),
        initials,
    };
    let byte = wild.b.byte_input();
    let zero = wild.b.scalar(0.0);
    let flat = wild.b.mul(&byte, &zero);
    let zeros = wild.b.expand(&flat, &[1, 256]);
    for number in 0..1 + wild.random.index(3) {
        wild.state(number);
    }
    for _ in 0..1 + wild.random.index(7) {
        let value = wild.step();
        let wide = value.largest / f64::from(value.exponent).exp2();
        let value = if wide > 3e7 || wild.random.below(4) == 0 {
            wild.tidy(&value)
        } else {
            value
        };
        wild.values.push(value);
    }
    (wild, zeros)
}

impl Wild {
    fn any(&mut self) -> Value {
        self.values[self.random.index(self.values.len())].clone()
    }

    fn state(&mut self, number: usize) {
        let largest = 1i32 << self.random.index(25);
        let largest = (largest - self.random.below(2) as i32).min((1 << 24) - 1);
        let low = [-largest, 0, -1, -largest / 2][self.random.index(4)];
        let spread = if self.random.below(8) == 0 { 31 } else { 5 };
        let exponent = self.random.below(2 * spread + 1) as i32 - spread as i32;
        let span = (i64::from(largest) - i64::from(low) + 1) as u64;
        let initial = self.initials.as_mut().map_or(0, |random| {
            [low, largest, low + random.below(span) as i32][random.index(3)]
        });
        let range = StateRange {
            low,
            high: largest,
            exponent,
            initial,
        };
        let size = 1 + self.random.index(5);
        let name = self.b.state(&format!("s{number}"), &[size], range);
        self.b.next_state(&format!("s{number}"), &name, &[size]);
        let largest = f64::from(largest) * f64::from(exponent).exp2();
        self.values.push(Value {
            name,
            size,
            largest,
            exponent,
        });
    }

    /// Integers times a power of two, of about that magnitude at most; some odd, some zero.
    fn constants(&mut self, count: usize, largest: f64, exponent: i32) -> Vec<f32> {
        let most = (largest / f64::from(exponent).exp2()).clamp(1.0, 16_777_215.0);
        // A quotient that is no number counts as 1.
        let most = (most as u64).max(1);
        (0..count)
            .map(|_| {
                let size = match self.random.below(4) {
                    0 => most,
                    1 => most - self.random.below(2),
                    _ => self.random.below(most + 1),
                };
                let value = size as f32 * (exponent as f32).exp2();
                if self.random.flag() { -value } else { value }
            })
            .collect()
    }

    /// Down to moderate integers, not always to integers.
    fn tidy(&mut self, x: &Value) -> Value {
        let shift = (x.largest.max(1.0).log2() as i32 - self.random.below(10) as i32).max(-20);
        let scale = self.b.scalar((-shift as f32).exp2());
        let mut name = self.b.mul(&x.name, &scale);
        let mut exponent = x.exponent - shift;
        if self.random.below(4) > 0 {
            name = self.b.floor(&name);
            exponent = exponent.max(0);
        }
        let bound = (1u32 << self.random.index(12)) as f32 - self.random.below(2) as f32 * 0.5;
        let name = self.b.clip(&name, -bound, bound);
        Value {
            name,
            size: x.size,
            largest: bound.into(),
            exponent: exponent.min(0),
        }
    }

    fn step(&mut self) -> Value {
        let x = self.any();
        match self.random.below(16) {
            0..=3 => self.matmul(&x),
            4 => self.scale(&x),
            5 => self.shift(&x),
            6..=8 => self.pair(&x),
            9 => self.reduce(&x),
            10 => self.look_up(&x),
            11 => self.rank(&x),
            12 => self.rearrange(&x),
            _ => self.unary(&x),
        }
    }

    /// Weights such that the sum lies about the bound.
    fn matmul(&mut self, x: &Value) -> Value {
        let columns = 1 + self.random.index(4);
        let exponent = self.random.below(9) as i32 - 4;
        let unit = f64::from(x.exponent + exponent).exp2();
        let room = [0.3, 0.6, 0.99, 1.0, 1.01, 1.5][self.random.index(6)] * 16_777_216.0;
        let largest = room * unit / x.largest / x.size as f64;
        let weights = self.constants(x.size * columns, largest, exponent);
        let weights = self.b.initializer_f32("w", &[x.size, columns], &weights);
        let mut name = self.b.matmul(&x.name, &weights);
        if self.random.below(3) == 0 {
            let most = unit * (1 << self.random.index(24)) as f64;
            let bias = self.constants(columns, most, x.exponent + exponent);
            let bias = self.b.initializer_f32("bias", &[columns], &bias);
            name = self.b.add(&name, &bias);
        }
        let largest = largest * x.largest * x.size as f64;
        Value {
            name,
            size: columns,
            largest,
            exponent: x.exponent + exponent,
        }
    }

    fn scale(&mut self, x: &Value) -> Value {
        let exponent = self.random.below(21) as i32 - 10;
        let most = f64::from(exponent).exp2() * (1u32 << self.random.index(14)) as f64;
        let factors = self.constants(x.size, most, exponent);
        let factors = self.b.initializer_f32("f", &[x.size], &factors);
        let name = self.b.mul(&x.name, &factors);
        Value {
            name,
            size: x.size,
            largest: x.largest * most,
            exponent: x.exponent + exponent,
        }
    }

    fn shift(&mut self, x: &Value) -> Value {
        let exponent = x.exponent + self.random.below(5) as i32 - 2;
        let most = x.largest * [0.5, 1.0, 2.0][self.random.index(3)];
        let offsets = self.constants(x.size, most, exponent);
        let offsets = self.b.initializer_f32("o", &[x.size], &offsets);
        let name = self.b.add(&x.name, &offsets);
        Value {
            name,
            size: x.size,
            largest: x.largest + most,
            exponent: exponent.min(x.exponent),
        }
    }

    /// Two values, the second brought to one channel if their sizes differ.
    fn pair(&mut self, x: &Value) -> Value {
        let y = self.any();
        let other = match x.size == y.size {
            true => y.name.clone(),
            false => self.b.slice(&y.name, &[0], &[1], &[1]),
        };
        let exponent = x.exponent.min(y.exponent);
        let (a, b) = (&x.name, &other);
        let (name, largest, exponent) = match self.random.below(6) {
            0 => (self.b.add(a, b), x.largest + y.largest, exponent),
            1 => (self.b.sub(a, b), x.largest + y.largest, exponent),
            2 => (
                self.b.mul(a, b),
                x.largest * y.largest,
                x.exponent + y.exponent,
            ),
            3 => (self.b.min(&[a, b]), x.largest.max(y.largest), exponent),
            4 => (self.b.max(&[a, b]), x.largest.max(y.largest), exponent),
            _ => {
                let condition = match self.random.below(3) {
                    0 => self.b.greater(a, b),
                    1 => self.b.equal(a, b),
                    _ => self.b.less_or_equal(a, b),
                };
                (
                    self.b.select(&condition, a, b),
                    x.largest.max(y.largest),
                    exponent,
                )
            }
        };
        Value {
            name,
            size: x.size,
            largest,
            exponent,
        }
    }

    fn unary(&mut self, x: &Value) -> Value {
        let (b, mut exponent) = (&mut self.b, x.exponent);
        let name = match self.random.below(6) {
            0 => b.neg(&x.name),
            1 => b.abs(&x.name),
            2 => b.relu(&x.name),
            3 => b.identity(&x.name),
            4 => {
                exponent = exponent.max(0);
                b.floor(&x.name)
            }
            _ => {
                let integers = b.cast(&x.name, data_type::INT32);
                b.cast(&integers, data_type::FLOAT)
            }
        };
        Value {
            name,
            exponent,
            ..x.clone()
        }
    }

    fn reduce(&mut self, x: &Value) -> Value {
        let sum = self.random.flag();
        let name = match sum {
            true => self.b.reduce_sum(&x.name, &[1], true),
            false => self.b.reduce_max(&x.name, &[1], true),
        };
        let largest = if sum {
            x.largest * x.size as f64
        } else {
            x.largest
        };
        Value {
            name,
            size: 1,
            largest,
            exponent: x.exponent,
        }
    }

    /// A table whose entries have different units.
    fn look_up(&mut self, x: &Value) -> Value {
        let place = self.b.floor(&x.name);
        let last = self.random.index(9);
        let place = self.b.clip(&place, 0.0, last as f32);
        let exponent = self.random.below(7) as i32 - 3;
        let rows = last + usize::from(self.random.below(8) > 0);
        let largest = f64::from(exponent).exp2() * (1u32 << self.random.index(20)) as f64;
        let table = self.constants(rows.max(1), largest, exponent);
        let table = self.b.initializer_f32("t", &[rows.max(1)], &table);
        let name = self.b.look_up(&table, &place, 0);
        Value {
            name,
            size: x.size,
            largest,
            exponent,
        }
    }

    fn rank(&mut self, x: &Value) -> Value {
        let name = match self.random.flag() {
            true => {
                let offset = self.constants(1, x.largest, x.exponent);
                let offset = self.b.initializer_f32("k", &[1], &offset);
                self.b.add(&x.name, &offset)
            }
            false => x.name.clone(),
        };
        let k = 1 + self.random.index(x.size);
        let (values, indices) = self.b.top_k(&name, k, 1);
        let places = self.b.cast(&indices, data_type::FLOAT);
        let name = match self.random.below(3) {
            0 => self.b.add(&values, &places),
            1 if k == x.size => self.b.gather_elements(&x.name, &indices, 1),
            _ => values,
        };
        Value {
            name,
            size: k,
            largest: 2.0 * x.largest + k as f64,
            exponent: x.exponent.min(0),
        }
    }

    fn rearrange(&mut self, x: &Value) -> Value {
        let y = self.any();
        let joined = self.b.concat(&[&x.name, &y.name], 1);
        let size = x.size + y.size;
        let start = self.random.index(size);
        let end = start + 1 + self.random.index(size - start);
        let name = self.b.slice(&joined, &[start as i64], &[end as i64], &[1]);
        let largest = x.largest.max(y.largest);
        Value {
            name,
            size: end - start,
            largest,
            exponent: x.exponent.min(y.exponent),
        }
    }
}
