//! umoec adapter `float`: arrays and records of numbers of one width, floating-point first.
//!
//! Numbers stay where they are. Each becomes an unsigned number that grows with the value it
//! stands for, most significant byte first, so that a predictor meets sign and exponent before
//! the mantissa; or the difference from the record before, where that pays. The layout tells
//! predictors where numbers, records and rows lie.

mod detect;
mod kernel;
pub mod number;
mod params;
mod settings;

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use umoec_codec::plugin::{
    Adapted, Adapter, AnyPlugin, Descriptor, Kind, Layout, NumberLayout, Place, Plugin, PluginId,
    Proposal, Settings, Stream,
};
use umoec_codec::{Limits, Result};

use number::Number;
use params::{Column, Params};

static DESCRIPTOR: LazyLock<Descriptor> = LazyLock::new(|| Descriptor {
    kind: Kind::Adapter,
    id: PluginId(2),
    name: Cow::Borrowed("float"),
    version: 1,
    oldest: 1,
    summary: Cow::Borrowed("arrays and records of numbers, most significant byte first"),
});

/// The plugin.
#[derive(Debug, Clone, Copy, Default)]
pub struct Float;

impl Plugin for Float {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }
}

impl Adapter for Float {
    fn forward(&self, input: &[u8], settings: &Settings) -> Result<Adapted> {
        if let Some(params) = settings::read(settings)? {
            return Ok(adapted(input, &params, None));
        }
        let found = detect::find(input);
        let row = found.as_ref().and_then(|f| f.row);
        let params = found.map_or_else(plain, |f| f.params);
        Ok(adapted(input, &params, row))
    }

    fn propose(&self, input: &[u8], _: &Place<'_>, settings: &Settings) -> Result<Vec<Proposal>> {
        if let Some(params) = settings::read(settings)? {
            return Ok(vec![Proposal {
                score: 100,
                adapted: adapted(input, &params, None),
            }]);
        }
        let Some(found) = detect::find(input) else {
            return Ok(Vec::new());
        };
        let propose = |params: &Params| Proposal {
            score: found.score,
            adapted: adapted(input, params, found.row),
        };
        let mut proposals = vec![propose(&found.params)];
        proposals.extend(detect::with_differences(input, &found.params).map(|p| propose(&p)));
        Ok(proposals)
    }

    fn describe(&self, _version: u8, params: &[u8]) -> Option<String> {
        Some(Params::read(params).ok()?.describe())
    }

    fn inverse(
        &self,
        _version: u8,
        params: &[u8],
        streams: Vec<Vec<u8>>,
        output_len: usize,
        _limits: &Limits,
    ) -> Result<Vec<u8>> {
        let params = Params::read(params)?;
        let mut data = DESCRIPTOR.only_stream(streams, output_len)?;
        kernel::inverse(&mut data, &params);
        Ok(data)
    }
}

/// Numbers of one width, as [`find_numbers`] found them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers {
    /// Bytes of a number.
    pub width: usize,
    /// Whether the most significant byte comes first.
    pub big_endian: bool,
    /// Bytes before the first number.
    pub skip: usize,
    /// What the numbers of each column of a record are.
    pub columns: Vec<Number>,
    /// Distance of the rows of a grid, in bytes.
    pub row: Option<u32>,
    /// How sure it is, 0 to 100.
    pub score: u8,
}

/// Numbers of one width in `data`, and the records that they make.
#[must_use]
pub fn find_numbers(data: &[u8]) -> Option<Numbers> {
    let found = detect::find(data)?;
    Some(Numbers {
        width: found.params.width,
        big_endian: found.params.big_endian,
        skip: found.params.skip,
        columns: found.params.columns.iter().map(|c| c.number).collect(),
        row: found.row,
        score: found.score,
    })
}

/// For what has no numbers that could be found: 32 bits, little-endian.
fn plain() -> Params {
    let column = Column {
        number: Number::Float,
        delta: false,
    };
    Params {
        width: 4,
        big_endian: false,
        skip: 0,
        columns: vec![column],
    }
}

fn adapted(input: &[u8], params: &Params, row: Option<u32>) -> Adapted {
    let mut data = input.to_vec();
    kernel::forward(&mut data, params);
    let mut strides = vec![params.record() as u32];
    strides.extend(row);
    if params.columns.len() > 1 {
        strides.push(params.width as u32);
    }
    let number = NumberLayout {
        width: params.width as u8,
        phase: (params.skip % params.width) as u8,
    };
    Adapted {
        params: params.write(),
        streams: vec![Stream {
            data,
            layout: Layout {
                strides,
                number: Some(number),
            },
        }],
    }
}

umoec_codec::submit!(AnyPlugin::Adapter(Arc::new(Float)));

#[cfg(test)]
mod tests;
