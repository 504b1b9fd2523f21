//! An adapter that reverses blocks.

use std::sync::Arc;

use umoec_codec::plugin::{
    Adapted, Adapter, AnyPlugin, Descriptor, Kind, Layout, Place, Proposal, Provenance, Settings,
    Stream,
};
use umoec_codec::{Limits, Result};

umoec_codec::submit!(AnyPlugin::Adapter(Arc::new(Reversed::new())));

struct Reversed {
    descriptor: Descriptor,
    provenance: Provenance,
}

impl Reversed {
    fn new() -> Self {
        let (descriptor, provenance) = crate::about(Kind::Adapter, "panicky-reversed");
        Self {
            descriptor,
            provenance,
        }
    }
}

crate::plugin!(Reversed);

impl Adapter for Reversed {
    fn forward(&self, input: &[u8], _settings: &Settings) -> Result<Adapted> {
        crate::listen(input);
        Ok(Adapted {
            params: vec![self.descriptor.version],
            streams: vec![Stream {
                data: input.iter().rev().copied().collect(),
                layout: Layout {
                    strides: vec![4],
                    ..Layout::default()
                },
            }],
        })
    }

    fn propose(
        &self,
        input: &[u8],
        _place: &Place<'_>,
        settings: &Settings,
    ) -> Result<Vec<Proposal>> {
        let adapted = self.forward(input, settings)?;
        Ok(vec![Proposal { score: 50, adapted }])
    }

    fn inverse(
        &self,
        _version: u8,
        _params: &[u8],
        mut streams: Vec<Vec<u8>>,
        _output_len: usize,
        _limits: &Limits,
    ) -> Result<Vec<u8>> {
        let mut block = streams.remove(0);
        block.reverse();
        Ok(block)
    }
}
