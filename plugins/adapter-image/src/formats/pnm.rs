//! PGM, PPM and PAM, binary: <https://netpbm.sourceforge.net/doc/>.

use super::rectangle;
use crate::params::Params;

/// Most bytes of a header: comments may be long.
const HEADER_MAX: usize = 4096;

pub(super) fn read(head: &[u8]) -> Option<Params> {
    let head = &head[..head.len().min(HEADER_MAX)];
    match head.get(..2)? {
        b"P5" => classic(head, 1),
        b"P6" => classic(head, 3),
        b"P7" => pam(head),
        _ => None,
    }
}

/// Width, height and largest value, then one byte of white space.
fn classic(head: &[u8], channels: usize) -> Option<Params> {
    let mut at = 2;
    let mut number = || -> Option<u64> {
        if !head.get(at)?.is_ascii_whitespace() {
            return None;
        }
        loop {
            match head.get(at)? {
                b'#' => at += memchr::memchr(b'\n', &head[at..])?,
                c if c.is_ascii_whitespace() => at += 1,
                _ => break,
            }
        }
        let digits = head[at..].iter().take_while(|c| c.is_ascii_digit()).count();
        let text = std::str::from_utf8(&head[at..at + digits]).ok()?;
        at += digits;
        text.parse().ok()
    };
    let (columns, rows, most) = (number()?, number()?, number()?);
    head.get(at).filter(|c| c.is_ascii_whitespace())?;
    samples(columns, rows, most, channels, at + 1)
}

/// Lines of a word and a number, to `ENDHDR`.
fn pam(head: &[u8]) -> Option<Params> {
    let (mut columns, mut rows, mut depth, mut most) = (None, None, None, None);
    let mut at = head.iter().position(|&c| c == b'\n')? + 1;
    loop {
        let line = &head[at..at + memchr::memchr(b'\n', &head[at..])?];
        at += line.len() + 1;
        let line = std::str::from_utf8(line).ok()?.trim();
        if line == "ENDHDR" {
            return samples(columns?, rows?, most?, usize::try_from(depth?).ok()?, at);
        }
        let (word, value) = line.split_once(' ').unwrap_or((line, ""));
        let value = value.trim().parse().ok();
        match word {
            "WIDTH" => columns = value,
            "HEIGHT" => rows = value,
            "DEPTH" => depth = value,
            "MAXVAL" => most = value,
            _ => {}
        }
    }
}

fn samples(columns: u64, rows: u64, most: u64, channels: usize, skip: usize) -> Option<Params> {
    let width = match most {
        1..=255 => 1,
        256..=65_535 => 2,
        _ => return None,
    };
    Some(Params {
        big_endian: true,
        ..rectangle(width, channels, columns, rows, skip as u64)?
    })
}
