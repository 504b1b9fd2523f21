//! What a library proposes: ways to take a block, and parts of one that are for it.

use std::ffi::c_void;

use super::call::Callee;
use super::streams::Sink;
use crate::Result;
use crate::plugin::abi::{
    UMOEC_OK, UMOEC_REFUSED, UmoecBytes, UmoecProposals, UmoecRegions, UmoecStreams,
};
use crate::plugin::border::{borrow, size};
use crate::plugin::{Proposal, Region};

/// The most proposals for a block.
const MAX_PROPOSALS: usize = 8;
/// The most parts of a block, and the most bytes of a note.
const MAX_REGIONS: usize = 1 << 16;
const MAX_NOTE: usize = 1 << 16;
/// A score is at most this.
const SURE: u32 = 100;

fn score_of(score: u32) -> Result<u8, String> {
    match u8::try_from(score) {
        Ok(narrow) if score <= SURE => Ok(narrow),
        _ => Err(format!("its score is {score}, not 0 to {SURE}")),
    }
}

/// Where a library writes its proposals for a block.
pub(super) struct Proposals {
    raw: UmoecProposals,
    made: Vec<(u8, Box<Sink>)>,
    /// Bytes of the block.
    len: usize,
    fault: Option<String>,
}

impl Proposals {
    /// For a block of `len` bytes.
    pub(super) fn new(len: usize) -> Box<Self> {
        Box::new(Self {
            raw: UmoecProposals {
                size: size::<UmoecProposals>(),
                reserved: 0,
                host: std::ptr::null_mut(),
                next: Some(next),
            },
            made: Vec::new(),
            len,
            fault: None,
        })
    }

    /// What the library gets: valid until this is used otherwise.
    pub(super) fn lend(&mut self) -> *mut UmoecProposals {
        let this: *mut Self = self;
        self.raw.host = this.cast::<c_void>();
        // SAFETY: `this` is a place of its own; only an address is taken.
        unsafe { &raw mut (*this).raw }
    }

    /// What was proposed, after a call that `called` tells the outcome of.
    ///
    /// # Errors
    /// What the library did wrong here, which explains the outcome, else what it reported.
    pub(super) fn take(mut self, callee: &Callee, called: Result<()>) -> Result<Vec<Proposal>> {
        let fault = self.made.iter_mut().find_map(|(_, sink)| sink.fault());
        if let Some(fault) = fault.or(self.fault) {
            return Err(callee.broke(fault));
        }
        called?;
        let proposal = |(score, sink): (u8, Box<Sink>)| {
            let adapted = sink.take(callee, Ok(()))?;
            Ok(Proposal { score, adapted })
        };
        self.made.into_iter().map(proposal).collect()
    }
}

/// # Safety
/// `proposals` is what `Proposals::lend` returned and still valid, and nobody else uses them.
unsafe extern "C" fn next(proposals: *mut UmoecProposals, score: u32) -> *mut UmoecStreams {
    // SAFETY: as the caller, the library, was told.
    let proposals = unsafe { &mut *(*proposals).host.cast::<Proposals>() };
    match score_of(score) {
        Err(fault) => proposals.fault = Some(fault),
        Ok(score) if proposals.made.len() < MAX_PROPOSALS => {
            proposals.made.push((score, Sink::new(proposals.len)));
            if let Some((_, sink)) = proposals.made.last_mut() {
                return sink.lend();
            }
        }
        Ok(_) => {}
    }
    std::ptr::null_mut()
}

/// Where a library writes what parts of a block are for it.
pub(super) struct Regions {
    raw: UmoecRegions,
    found: Vec<Region>,
    /// Bytes of the block.
    len: usize,
    fault: Option<String>,
}

impl Regions {
    /// For a block of `len` bytes.
    pub(super) fn new(len: usize) -> Box<Self> {
        Box::new(Self {
            raw: UmoecRegions {
                size: size::<UmoecRegions>(),
                reserved: 0,
                host: std::ptr::null_mut(),
                found: Some(found),
            },
            found: Vec::new(),
            len,
            fault: None,
        })
    }

    /// What the library gets: valid until this is used otherwise.
    pub(super) fn lend(&mut self) -> *mut UmoecRegions {
        let this: *mut Self = self;
        self.raw.host = this.cast::<c_void>();
        // SAFETY: `this` is a place of its own; only an address is taken.
        unsafe { &raw mut (*this).raw }
    }

    /// What was found, after a call that `called` tells the outcome of.
    ///
    /// # Errors
    /// What the library did wrong here, else what it reported.
    pub(super) fn take(self, callee: &Callee, called: Result<()>) -> Result<Vec<Region>> {
        match self.fault {
            Some(fault) => Err(callee.broke(fault)),
            None => called.map(|()| self.found),
        }
    }

    fn add(
        &mut self,
        start: u64,
        end: u64,
        score: u32,
        joins: bool,
        note: &[u8],
    ) -> Result<bool, String> {
        let score = score_of(score)?;
        if start >= end || end > self.len as u64 {
            return Err(format!(
                "it finds bytes {start} to {end} in a block of {}",
                self.len
            ));
        }
        if note.len() > MAX_NOTE {
            return Err(format!("its note has more than {MAX_NOTE} bytes"));
        }
        if self.found.len() >= MAX_REGIONS {
            return Ok(false);
        }
        self.found.push(Region {
            range: start as usize..end as usize,
            score,
            joins,
            note: note.to_vec(),
        });
        Ok(true)
    }
}

/// # Safety
/// `regions` is what `Regions::lend` returned and still valid, and nobody else uses them; `note` is readable.
unsafe extern "C" fn found(
    regions: *mut UmoecRegions,
    start: u64,
    end: u64,
    score: u32,
    joins: u32,
    note: UmoecBytes,
) -> i32 {
    // SAFETY: as the caller, the library, was told.
    let (regions, note) = unsafe { (&mut *(*regions).host.cast::<Regions>(), borrow(note)) };
    match regions.add(start, end, score, joins != 0, note) {
        Ok(true) => UMOEC_OK,
        Ok(false) => UMOEC_REFUSED,
        Err(fault) => {
            regions.fault = Some(fault);
            UMOEC_REFUSED
        }
    }
}
