//! Readers and writers that fail or are slow.

use std::io::{self, ErrorKind, Read, Write};

use umoec_codec::Error;
use umoec_codec::pipeline::{DecodeOptions, Decoder, Encoder};

use crate::plugins::{compress, options, registry};
use crate::round_trip::content;

/// Reads `left` bytes of `data`, one at a time and with interruptions, and then fails.
struct Failing<'a> {
    data: &'a [u8],
    left: usize,
    interrupt: bool,
}

impl Read for Failing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.interrupt = !self.interrupt;
        if self.interrupt {
            return Err(ErrorKind::Interrupted.into());
        }
        if self.left == 0 {
            return Err(ErrorKind::ConnectionReset.into());
        }
        self.left -= 1;
        self.data.read(&mut buffer[..1])
    }
}

/// Takes `left` bytes and then fails.
struct Full {
    left: usize,
}

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.left);
        self.left -= taken;
        if taken == 0 {
            return Err(ErrorKind::StorageFull.into());
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_fails_is_not_a_truncated_file() {
    for size in [50, 250] {
        let file = compress(&content(size), 100);
        for left in 0..=file.len() + 1 {
            let reader = Failing {
                data: &file,
                left,
                interrupt: false,
            };
            let result = Decoder::new(reader, registry(), DecodeOptions::default())
                .and_then(Decoder::finish);
            match result {
                Ok((_, summary)) => {
                    assert!(left > file.len());
                    assert_eq!(summary.output, size as u64);
                }
                Err(Error::Io(e)) => {
                    assert!(left <= file.len());
                    assert_eq!(e.kind(), ErrorKind::ConnectionReset);
                }
                Err(other) => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn a_writer_that_fails_says_why() {
    for size in [50, 250] {
        let whole = {
            let mut encoder = Encoder::new(Vec::new(), registry(), options(100)).unwrap();
            encoder.write_all(&content(size)).unwrap();
            encoder.finish().unwrap().0.len()
        };
        for left in 0..=whole {
            let mut encoder = Encoder::new(Full { left }, registry(), options(100)).unwrap();
            let result = encoder
                .write_all(&content(size))
                .map_err(Error::from_io)
                .and_then(|()| encoder.finish());
            match result {
                Ok((_, summary)) => assert_eq!((left, summary.output), (whole, whole as u64)),
                Err(Error::Io(e)) => {
                    assert!(left < whole);
                    assert_eq!(e.kind(), ErrorKind::StorageFull);
                }
                Err(other) => panic!("{other:?}"),
            }
        }
    }
}
