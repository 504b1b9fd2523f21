//! umoec adapter `exe`: machine code, with the targets of branches made absolute.
//!
//! A call says how far away its function is, so every call of one function looks different. With
//! the function's address in place of the distance they look alike.

mod detect;
mod files;
mod kernel;

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use umoec_codec::plugin::{
    Adapted, Adapter, AnyPlugin, Descriptor, Kind, Layout, Place, Plugin, PluginId, Proposal,
    Region, Settings, Stream,
};
use umoec_codec::{Limits, Result};

use kernel::Machine;

static DESCRIPTOR: LazyLock<Descriptor> = LazyLock::new(|| Descriptor {
    kind: Kind::Adapter,
    id: PluginId(4),
    name: Cow::Borrowed("exe"),
    version: 1,
    oldest: 1,
    summary: Cow::Borrowed("machine code of x86 and AArch64 with absolute branch targets"),
});

/// The plugin.
#[derive(Debug, Clone, Copy, Default)]
pub struct Exe;

impl Plugin for Exe {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }
}

impl Adapter for Exe {
    /// What is not recognised counts as x86.
    fn forward(&self, input: &[u8], settings: &Settings) -> Result<Adapted> {
        DESCRIPTOR.no_settings(settings)?;
        let machine = detect::machine(input, input).map_or(Machine::X86, |(machine, _)| machine);
        Ok(adapted(input, machine, 0))
    }

    fn propose(
        &self,
        input: &[u8],
        place: &Place<'_>,
        settings: &Settings,
    ) -> Result<Vec<Proposal>> {
        DESCRIPTOR.no_settings(settings)?;
        let found = detect::machine(place.head, input);
        let propose = |(machine, score)| Proposal {
            score,
            // Addresses are counted modulo 2^32: more than any displacement has.
            adapted: adapted(input, machine, place.offset as u32),
        };
        Ok(found.map(propose).into_iter().collect())
    }

    fn regions(&self, input: &[u8], _: &Place<'_>) -> Result<Vec<Region>> {
        let region = |range| Region {
            range,
            score: 95,
            joins: true,
            note: Vec::new(),
        };
        Ok(files::within(input).into_iter().map(region).collect())
    }

    fn describe(&self, _version: u8, params: &[u8]) -> Option<String> {
        let (machine, base) = read(params).ok()?;
        let name = match machine {
            Machine::X86 => "x86",
            Machine::Aarch64 => "AArch64",
        };
        Some(format!("{name}, the first byte at address {base}"))
    }

    fn inverse(
        &self,
        _version: u8,
        params: &[u8],
        streams: Vec<Vec<u8>>,
        output_len: usize,
        _limits: &Limits,
    ) -> Result<Vec<u8>> {
        let (machine, base) = read(params)?;
        let mut data = DESCRIPTOR.only_stream(streams, output_len)?;
        kernel::inverse(&mut data, machine, base);
        Ok(data)
    }
}

fn adapted(input: &[u8], machine: Machine, base: u32) -> Adapted {
    let mut data = input.to_vec();
    kernel::forward(&mut data, machine, base);
    let number = match machine {
        Machine::X86 => 1,
        Machine::Aarch64 => 2,
    };
    let mut params = vec![number];
    params.extend(base.to_le_bytes());
    Adapted {
        params,
        streams: vec![Stream {
            data,
            layout: Layout::default(),
        }],
    }
}

/// Machine and address of the first byte.
fn read(params: &[u8]) -> Result<(Machine, u32)> {
    let [machine, base @ ..] = params else {
        return Err(DESCRIPTOR.fault("its parameters are empty"));
    };
    let machine = match machine {
        1 => Machine::X86,
        2 => Machine::Aarch64,
        _ => return Err(DESCRIPTOR.fault("its parameters name an unknown machine")),
    };
    let base = base
        .try_into()
        .map_err(|_| DESCRIPTOR.fault("its parameters are not 5 bytes"))?;
    Ok((machine, u32::from_le_bytes(base)))
}

umoec_codec::submit!(AnyPlugin::Adapter(Arc::new(Exe)));

#[cfg(test)]
mod tests;
