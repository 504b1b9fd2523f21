//! Groups: the objects of a file, by symbol tables (section III) and by links (section IV.A.2.g).

use std::collections::HashSet;

use memchr::memmem;

use super::messages::{Message, messages};
use super::source::{Reader, Source};
use super::{Budget, Superblock};

const LINK: u8 = 6;
const SYMBOL_TABLE: u8 = 17;

/// Calls `found` with the messages of all objects that can be reached from the root. Groups with many links
/// keep these in a heap of their own; objects of that age have a signature, by which those in the block are found.
pub(super) fn walk<'a>(
    source: &Source<'a>,
    superblock: &Superblock,
    budget: &mut Budget,
    mut found: impl FnMut(Vec<Message<'a>>, &mut Budget),
) {
    let mut seen: HashSet<u64> = HashSet::new();
    let signed = memmem::find_iter(source.block(), b"OHDR").filter_map(|at| source.address_of(at));
    let mut objects: Vec<u64> = signed.take(budget.0).collect();
    objects.reverse();
    objects.push(superblock.root);
    while let Some(object) = objects.pop() {
        if budget.spend().is_none() {
            return;
        }
        if !seen.insert(object) {
            continue;
        }
        let Some(messages) = messages(source, object, budget) else {
            continue;
        };
        for message in &messages {
            let mut body = message.body;
            match message.kind {
                LINK => objects.extend(link(&mut body)),
                SYMBOL_TABLE => {
                    if let Some(tree) = body.address() {
                        symbols(source, tree, budget, &mut objects);
                    }
                }
                _ => {}
            }
        }
        found(messages, budget);
    }
}

/// Where a hard link leads.
fn link(body: &mut Reader<'_>) -> Option<u64> {
    let (version, flags) = (body.u8()?, body.u8()?);
    let is_soft = flags & 8 != 0 && body.u8()? != 0;
    if version != 1 || is_soft {
        return None;
    }
    // Number of its creation, and character set of its name.
    body.take(if flags & 4 != 0 { 8 } else { 0 })?;
    body.take(if flags & 16 != 0 { 1 } else { 0 })?;
    let name = body.number(1 << (flags & 3))?;
    body.take(usize::try_from(name).ok()?)?;
    body.address()
}

/// The objects of a symbol table.
fn symbols(source: &Source<'_>, tree: u64, budget: &mut Budget, objects: &mut Vec<u64>) {
    let [address, length] = source.sizes();
    let mut leaves = Vec::new();
    nodes(source, tree, 0, length, budget, |_, child| {
        leaves.push(child);
    });
    for leaf in leaves {
        if budget.spend().is_none() {
            return;
        }
        let Some(mut head) = source.reader(leaf, 8) else {
            continue;
        };
        if head.take(4) != Some(b"SNOD") || head.take(2).is_none() {
            continue;
        }
        let count = head.number(2).unwrap_or(0);
        let entry = 2 * address as u64 + 24;
        let entries = (0..count).map_while(|n| {
            budget.spend()?;
            let mut entry = source.reader(leaf.checked_add(8 + n * entry)?, 2 * address + 4)?;
            entry.take(address)?;
            let object = entry.address()?;
            // Symbolic links have none.
            Some(object).filter(|_| entry.number(4) != Some(2))
        });
        objects.extend(entries);
    }
}

/// Calls `leaf` with the key and the address of every child of the lowest nodes, in order, of a B-tree of version 1, whose
/// keys have `key` bytes.
pub(super) fn nodes<'a>(
    source: &Source<'a>,
    root: u64,
    kind: u8,
    key: usize,
    budget: &mut Budget,
    mut leaf: impl FnMut(&'a [u8], u64),
) {
    let address = source.sizes()[0];
    let mut seen = HashSet::new();
    let mut left = vec![root];
    while let Some(at) = left.pop() {
        if budget.spend().is_none() {
            return;
        }
        if !seen.insert(at) {
            continue;
        }
        let head = 8 + 2 * address;
        let Some(fixed) = source.at(at, head) else {
            continue;
        };
        if !fixed.starts_with(b"TREE") || fixed[4] != kind {
            continue;
        }
        let (level, count) = (fixed[5], u16::from_le_bytes([fixed[6], fixed[7]]));
        let body = at.checked_add(head as u64);
        let body = body.and_then(|at| source.reader(at, usize::from(count) * (key + address)));
        let Some(mut body) = body else { continue };
        let first = left.len();
        for _ in 0..count {
            let (Some(key), Some(child)) = (body.take(key), body.number(address)) else {
                break;
            };
            if budget.spend().is_none() {
                return;
            }
            if level == 0 {
                leaf(key, child);
            } else {
                left.push(child);
            }
        }
        // The next one is taken from the end.
        left[first..].reverse();
    }
}
