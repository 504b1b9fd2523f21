//! umoec adapter `record`: records of fixed size, column by column.
//!
//! The numbers of each column become unsigned ones that grow with the value they stand for, most
//! significant byte first. Floats that are decimals, or samples that were scaled, become the whole
//! numbers that they were (`lattice`); a number that follows from others of its record becomes
//! what a formula missed of it (`relation`). Columns of one width may go to a stream of their own.

mod choose;
mod describe;
mod geometry;
mod hdf5;
mod header;
mod kernel;
mod lattice;
mod note;
mod params;
mod planes;
mod regions;
mod relate;
mod relation;
mod root;
mod schema;
mod steps;
mod table;

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use umoec_codec::plugin::{
    Adapted, Adapter, AnyPlugin, Descriptor, Kind, Layout, NumberLayout, Place, Plugin, PluginId,
    Proposal, Region, Settings, Stream,
};
use umoec_codec::{Limits, Result};

use choose::Choice;
use geometry::{Column, Geometry};
use params::{Field, Params};
use schema::Schema;

static DESCRIPTOR: LazyLock<Descriptor> = LazyLock::new(|| Descriptor {
    kind: Kind::Adapter,
    id: PluginId(6),
    name: Cow::Borrowed("record"),
    version: 1,
    oldest: 1,
    summary: Cow::Borrowed("records of fixed size, column by column"),
});

/// The plugin.
#[derive(Debug, Clone, Copy, Default)]
pub struct Record;

impl Plugin for Record {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }
}

impl Adapter for Record {
    /// What has neither a schema nor a header nor numbers that could be found counts as bytes.
    fn forward(&self, input: &[u8], settings: &Settings) -> Result<Adapted> {
        let proposals = self.propose(input, &Place::own(input), settings)?;
        let first = proposals.into_iter().next();
        Ok(first.map_or_else(|| bytes(input), |p| p.adapted))
    }

    fn propose(
        &self,
        input: &[u8],
        place: &Place<'_>,
        settings: &Settings,
    ) -> Result<Vec<Proposal>> {
        if let Some(schema) = Schema::from_settings(settings)? {
            return Ok(proposals(
                input,
                &schema.geometry(place.offset, input.len()),
                100,
            ));
        }
        let told = header::read(place.head)
            .and_then(|g| g.within(place.offset, input.len()))
            .or_else(|| regions::whole(input, place))
            .filter(|g| g.records * g.record() >= LEAST);
        if let Some(geometry) = told {
            return Ok(proposals(input, &geometry, 99));
        }
        let Some(numbers) = umoec_adapter_float::find_numbers(input) else {
            return Ok(Vec::new());
        };
        let columns = table::columns(input, &numbers);
        let row = numbers.row.map(|r| r as usize);
        let skip = numbers.skip;
        let geometry = Geometry::new(skip, usize::MAX, columns, row, input.len());
        let chosen = choose::choose(input, &geometry);
        if !chosen.is_deep {
            // What is left is what adapter `float` does.
            return Ok(Vec::new());
        }
        Ok(proposals_of(input, &chosen, &geometry, 95))
    }

    fn regions(&self, input: &[u8], place: &Place<'_>) -> Result<Vec<Region>> {
        Ok(regions::find(input, place))
    }

    fn propose_region(
        &self,
        input: &[u8],
        note: &[u8],
        settings: &Settings,
    ) -> Result<Vec<Proposal>> {
        if !note.is_empty()
            && Schema::from_settings(settings)?.is_none()
            && let Some(proposals) = note::propose(input, note)
        {
            return Ok(proposals);
        }
        self.propose(input, &Place::own(input), settings)
    }

    fn describe(&self, _version: u8, params: &[u8]) -> Option<String> {
        Some(Params::read(params).ok()?.describe())
    }

    fn memory(&self, adapted: &Adapted, len: usize) -> u64 {
        let Ok(params) = Params::read(&adapted.params) else {
            return 0;
        };
        // Sections are turned one by one.
        let turned = if params.sections.is_empty() { 0 } else { len };
        256 * params.fields.len() as u64 + turned as u64
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
        let mut block = kernel::inverse(&streams, &params, output_len)?;
        let end = params.head + params.records * params.record();
        let body = &mut block[params.head..end];
        planes::to_fields(body, &params.sections, &params.widths());
        Ok(block)
    }
}

/// Fewer bytes of records are not worth it.
const LEAST: usize = 1024;

/// What may be made of a block with these records.
fn proposals(input: &[u8], geometry: &Geometry, score: u8) -> Vec<Proposal> {
    proposals_of(input, &choose::choose(input, geometry), geometry, score)
}

fn proposals_of(input: &[u8], choice: &Choice, geometry: &Geometry, score: u8) -> Vec<Proposal> {
    let proposal = |params: &Params| Proposal {
        score,
        adapted: adapted(input, params, geometry.row),
    };
    choice.ways.iter().map(proposal).collect()
}

/// `input` has its records record by record, whatever `params` say of sections.
fn adapted(input: &[u8], params: &Params, row: Option<usize>) -> Adapted {
    let mut params = params.clone();
    let mut streams = kernel::forward(input, &params);
    params.exceptions = streams.last().is_some_and(|s| !s.is_empty());
    if !params.exceptions {
        streams.pop();
    }
    let layout = |(group, data)| Stream {
        data,
        layout: layout(&params, group, row),
    };
    Adapted {
        streams: streams.into_iter().enumerate().map(layout).collect(),
        params: params.write(),
    }
}

/// Where numbers and records lie in a stream.
fn layout(params: &Params, group: usize, row: Option<usize>) -> Layout {
    let fields: Vec<&Field> = params.fields.iter().filter(|f| f.group == group).collect();
    let Some(first) = fields.first() else {
        // Exceptions.
        let width = params.fields.iter().map(|f| f.width).max().unwrap_or(1);
        return Layout {
            strides: vec![width as u32],
            number: None,
        };
    };
    let width = first.stored();
    let share = params.share(group);
    let head = if group == 0 { params.head } else { 0 };
    let alike = fields.iter().all(|f| f.stored() == width);
    let mut strides = vec![share as u32];
    // Rows of the block are rows of the stream, but shorter where numbers are.
    let row = row.filter(|r| params.groups == 1 && r.is_multiple_of(params.record()));
    strides.extend(row.map(|r| (r / params.record() * share) as u32));
    if alike && share > width {
        strides.push(width as u32);
    }
    Layout {
        strides,
        number: alike.then_some(NumberLayout {
            width: width as u8,
            phase: (head % width) as u8,
        }),
    }
}

/// A block of anything.
fn bytes(input: &[u8]) -> Adapted {
    let geometry = Geometry::new(0, usize::MAX, vec![Column::BYTE], None, input.len());
    let params = Params {
        head: 0,
        records: geometry.records,
        sections: Vec::new(),
        groups: 1,
        exceptions: false,
        fields: choose::plain(&geometry),
    };
    adapted(input, &params, None)
}

umoec_codec::submit!(AnyPlugin::Adapter(Arc::new(Record)));

#[cfg(test)]
mod tests;
