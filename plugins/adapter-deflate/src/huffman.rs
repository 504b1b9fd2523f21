//! The Huffman codes that zlib makes of frequencies (`trees.c`; `spec.md`, section 6). There are many codes
//! of the same length for a block: which one it is depends on the order of every comparison.

use crate::tokens::{Header, ORDER};

/// Lengths of codes for `counts`, at most `longest`, up to the last symbol that has one.
pub(crate) fn lengths(counts: &[u32], longest: u8) -> Vec<u8> {
    let mut tree = Tree::new(counts);
    tree.build();
    tree.lengths(longest)
}

struct Tree {
    /// Of symbols, then of the nodes above them.
    counts: Vec<u32>,
    depth: Vec<u8>,
    parent: Vec<u16>,
    /// Symbols of the alphabet.
    symbols: usize,
    /// One more than the last symbol that has a code.
    used: usize,
    /// The heap, from 1 on.
    heap: Vec<u16>,
    /// Nodes in the order in which they left the heap.
    taken: Vec<u16>,
}

impl Tree {
    fn new(counts: &[u32]) -> Self {
        let symbols = counts.len();
        let mut tree = Self {
            counts: counts.to_vec(),
            depth: vec![0; 2 * symbols + 1],
            parent: vec![0; 2 * symbols + 1],
            symbols,
            used: 0,
            heap: vec![0],
            taken: Vec::new(),
        };
        for (symbol, _) in counts.iter().enumerate().filter(|&(_, &c)| c != 0) {
            tree.heap.push(symbol as u16);
            tree.used = symbol + 1;
        }
        // A code has at least two symbols, even where fewer occur.
        while tree.heap.len() < 3 {
            let symbol = if tree.used < 3 { tree.used } else { 0 };
            tree.used = tree.used.max(symbol + 1);
            tree.counts[symbol] = 1;
            tree.heap.push(symbol as u16);
        }
        tree.counts.resize(2 * symbols + 1, 0);
        tree
    }

    fn build(&mut self) {
        for at in (1..=(self.heap.len() - 1) / 2).rev() {
            self.sink(at);
        }
        let mut node = self.symbols;
        while self.heap.len() > 2 {
            let first = usize::from(self.heap.swap_remove(1));
            self.sink(1);
            let second = usize::from(self.heap[1]);
            self.taken.extend([first as u16, second as u16]);
            self.counts[node] = self.counts[first] + self.counts[second];
            self.depth[node] = self.depth[first].max(self.depth[second]) + 1;
            self.parent[first] = node as u16;
            self.parent[second] = node as u16;
            self.heap[1] = node as u16;
            self.sink(1);
            node += 1;
        }
        self.taken.push(self.heap[1]);
    }

    fn sink(&mut self, mut at: usize) {
        let moved = self.heap[at];
        let mut below = 2 * at;
        while below < self.heap.len() {
            if below + 1 < self.heap.len() && self.smaller(self.heap[below + 1], self.heap[below]) {
                below += 1;
            }
            if self.smaller(moved, self.heap[below]) {
                break;
            }
            self.heap[at] = self.heap[below];
            at = below;
            below = 2 * at;
        }
        self.heap[at] = moved;
    }

    fn smaller(&self, a: u16, b: u16) -> bool {
        let (a, b) = (usize::from(a), usize::from(b));
        (self.counts[a], self.depth[a]) <= (self.counts[b], self.depth[b])
    }

    fn lengths(self, longest: u8) -> Vec<u8> {
        let mut lengths = vec![0u8; 2 * self.symbols + 1];
        let mut counts = [0i32; 16];
        let mut over = 0;
        for &node in self.taken.iter().rev().skip(1) {
            let node = usize::from(node);
            let mut length = lengths[usize::from(self.parent[node])] + 1;
            if length > longest {
                length = longest;
                over += 1;
            }
            lengths[node] = length;
            if node < self.symbols {
                counts[usize::from(length)] += 1;
            }
        }
        if over > 0 {
            let most = usize::from(longest);
            while over > 0 {
                let mut length = most - 1;
                while counts[length] == 0 {
                    length -= 1;
                }
                counts[length] -= 1;
                counts[length + 1] += 2;
                counts[most] -= 1;
                over -= 2;
            }
            let mut leaves = self
                .taken
                .iter()
                .map(|&n| usize::from(n))
                .filter(|&n| n < self.symbols);
            for length in (1..=most).rev() {
                for leaf in leaves.by_ref().take(counts[length] as usize) {
                    lengths[leaf] = length as u8;
                }
            }
        }
        lengths.truncate(self.used);
        lengths
    }
}

/// The header that zlib writes for these frequencies of literals, lengths and distances.
pub(crate) fn header(literals: &[u32; 286], distances: &[u32; 30]) -> Header {
    let literals = lengths(literals, 15);
    let distances = lengths(distances, 15);
    let mut symbols = runs(&literals);
    symbols.extend(runs(&distances));
    let mut counts = [0; 19];
    for &(symbol, _) in &symbols {
        counts[usize::from(symbol)] += 1;
    }
    let code = lengths(&counts, 7);
    let mut meta: Vec<u8> = ORDER
        .iter()
        .map(|&s| code.get(s).copied().unwrap_or(0))
        .collect();
    while meta.len() > 4 && meta.last() == Some(&0) {
        meta.pop();
    }
    Header {
        literals,
        distances,
        meta,
        symbols,
    }
}

/// Lengths as symbols of the code for code lengths, with their extra bits.
fn runs(lengths: &[u8]) -> Vec<(u8, u8)> {
    let mut out = Vec::new();
    let mut before = None;
    let (mut count, mut most, mut least) = (0, 7, 4);
    if lengths[0] == 0 {
        (most, least) = (138, 3);
    }
    for (at, &length) in lengths.iter().enumerate() {
        let next = lengths.get(at + 1);
        count += 1;
        if count < most && next == Some(&length) {
            continue;
        }
        if count < least {
            out.extend((0..count).map(|_| (length, 0)));
        } else if length != 0 {
            if before != Some(length) {
                out.push((length, 0));
                count -= 1;
            }
            out.push((16, count - 3));
        } else if count <= 10 {
            out.push((17, count - 3));
        } else {
            out.push((18, count - 11));
        }
        count = 0;
        before = Some(length);
        (most, least) = match next {
            Some(0) => (138, 3),
            Some(next) if *next == length => (6, 3),
            _ => (7, 4),
        };
    }
    out
}

/// Codes of these lengths as they are written: reversed.
pub(crate) fn codes(lengths: &[u8]) -> Vec<u16> {
    let mut counts = [0u32; 16];
    for &length in lengths.iter().filter(|&&l| l != 0) {
        counts[usize::from(length & 15)] += 1;
    }
    let (mut next, mut code) = ([0u32; 16], 0u32);
    for length in 1..16 {
        code = code.wrapping_add(counts[length - 1]) << 1;
        next[length] = code;
    }
    let one = |&length: &u8| {
        if length == 0 {
            return 0;
        }
        let code = next[usize::from(length & 15)];
        next[usize::from(length & 15)] = code.wrapping_add(1);
        (code.reverse_bits() >> (32 - u32::from(length & 15))) as u16
    };
    lengths.iter().map(one).collect()
}
