//! A reader that counts, so that every error can say where.

use std::io::{ErrorKind, Read};

use crate::{Error, Result};

/// How many bytes are read at once where the length is only claimed.
pub(super) const CHUNK: usize = 1 << 16;

/// A reader with its position.
#[derive(Debug)]
pub(crate) struct Source<R> {
    inner: R,
    offset: u64,
}

impl<R> Source<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, offset: 0 }
    }

    /// A source whose reader already stands at `offset` of the input.
    pub(crate) fn at(inner: R, offset: u64) -> Self {
        Self { inner, offset }
    }

    /// Bytes read so far.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    pub(crate) fn into_inner(self) -> R {
        self.inner
    }
}

impl<R: Read> Source<R> {
    /// As much as there is, up to `buffer`'s length: less only at the end of the input.
    pub(crate) fn read_up_to(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.inner.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e.into()),
            }
        }
        self.offset += filled as u64;
        Ok(filled)
    }

    /// Fills `buffer`; `Truncated` where the input ends before.
    pub(crate) fn read_exact(&mut self, buffer: &mut [u8], section: &str) -> Result<()> {
        if self.read_up_to(buffer)? == buffer.len() {
            Ok(())
        } else {
            Err(Error::Truncated {
                offset: self.offset,
                section: section.to_owned(),
            })
        }
    }
}
