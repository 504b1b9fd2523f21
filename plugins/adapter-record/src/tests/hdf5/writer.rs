//! Small HDF5 files, old (superblock 0, object headers 1, symbol tables) and new (superblock 2, object headers 2, links).

pub(super) const F32: [u8; 20] = [
    0x11, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0,
];
pub(super) const F64: [u8; 20] = [
    0x11, 0x20, 63, 0, 8, 0, 0, 0, 0, 0, 64, 0, 52, 11, 0, 52, 255, 3, 0, 0,
];
/// Signed, big-endian.
pub(super) const I16: [u8; 12] = [0x10, 9, 0, 0, 2, 0, 0, 0, 0, 0, 16, 0];
pub(super) const U8: [u8; 12] = [0x10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0];

/// A file that grows.
pub(super) struct File {
    pub(super) out: Vec<u8>,
    new: bool,
}

pub(super) type Message = (u8, Vec<u8>);

impl File {
    pub(super) fn new(new: bool) -> Self {
        Self {
            out: vec![0; 96],
            new,
        }
    }

    /// Where these bytes are now.
    pub(super) fn put(&mut self, bytes: &[u8]) -> u64 {
        self.out.resize(self.out.len().next_multiple_of(8), 0);
        let at = self.out.len() as u64;
        self.out.extend(bytes);
        at
    }

    pub(super) fn object(&mut self, messages: &[Message]) -> u64 {
        let body: Vec<u8> = messages.iter().flat_map(|m| self.message(m)).collect();
        let mut object = Vec::new();
        if self.new {
            object.extend(b"OHDR\x02\x02");
            object.extend((body.len() as u32).to_le_bytes());
            object.extend(body);
            object.extend([0; 4]);
        } else {
            object.extend([1, 0]);
            object.extend((messages.len() as u16).to_le_bytes());
            object.extend(1u32.to_le_bytes());
            object.extend((body.len() as u32).to_le_bytes());
            object.extend([0; 4]);
            object.extend(body);
        }
        self.put(&object)
    }

    fn message(&self, (kind, body): &Message) -> Vec<u8> {
        let mut out = vec![*kind];
        let mut body = body.clone();
        if self.new {
            out.extend((body.len() as u16).to_le_bytes());
            out.push(0);
        } else {
            body.resize(body.len().next_multiple_of(8), 0);
            out.push(0);
            out.extend((body.len() as u16).to_le_bytes());
            out.extend([0; 4]);
        }
        out.extend(body);
        out
    }

    /// A set in one piece.
    pub(super) fn set(&mut self, kind: &[u8], shape: &[u64], data: &[u8]) -> u64 {
        let at = self.put(data);
        let layout = [&[3, 1][..], &words(&[at, data.len() as u64])].concat();
        self.object(&[space(shape), (3, kind.to_vec()), (8, layout)])
    }

    /// A set in chunks, each `(address, size, filters left out)`; the tree has as many levels as `levels`.
    pub(super) fn chunked(
        &mut self,
        kind: &[u8],
        shape: &[u64],
        chunk: &[u32],
        chunks: &[(u64, u32, u32)],
        levels: u8,
        filters: u8,
    ) -> u64 {
        let rank = chunk.len();
        let key = |size: u32, mask: u32| {
            let mut key = [size, mask].map(u32::to_le_bytes).concat();
            key.resize(8 + 8 * rank, 0);
            key
        };
        let mut node = node(1, 0, chunks.len());
        for &(at, size, mask) in chunks {
            node.extend(key(size, mask));
            node.extend(at.to_le_bytes());
        }
        node.extend(key(0, 0));
        let mut tree = self.put(&node);
        for level in 1..levels {
            let mut node = self::node(1, level, 1);
            node.extend(key(0, 0));
            node.extend(tree.to_le_bytes());
            node.extend(key(0, 0));
            tree = self.put(&node);
        }
        let mut layout = vec![3, 2, rank as u8];
        layout.extend(tree.to_le_bytes());
        layout.extend(chunk.iter().flat_map(|d| d.to_le_bytes()));
        let mut messages = vec![space(shape), (3, kind.to_vec()), (8, layout)];
        if filters > 0 {
            messages.push((11, vec![1, filters, 0, 0, 0, 0, 0, 0]));
        }
        self.object(&messages)
    }

    /// A group of these objects.
    pub(super) fn group(&mut self, objects: &[u64]) -> u64 {
        if self.new {
            let link = |at: &u64| (6, [&[1, 0, 1, b'a'][..], &words(&[*at])].concat());
            let links: Vec<Message> = objects.iter().map(link).collect();
            return self.object(&links);
        }
        let mut leaf = b"SNOD\x01\x00".to_vec();
        leaf.extend((objects.len() as u16).to_le_bytes());
        for &object in objects {
            leaf.extend(words(&[0, object, 0, 0, 0]));
        }
        let leaf = self.put(&leaf);
        let mut node = node(0, 0, 1);
        node.extend(words(&[0, leaf, 0]));
        let tree = self.put(&node);
        self.object(&[(17, words(&[tree, 0]))])
    }

    /// The file with this group as its root.
    pub(super) fn finish(mut self, root: u64) -> Vec<u8> {
        let end = self.out.len() as u64;
        let mut head = crate::hdf5::MAGIC.to_vec();
        if self.new {
            head.extend([2, 8, 8, 0]);
            head.extend(words(&[0, u64::MAX, end, root]));
        } else {
            head.extend([0, 0, 0, 0, 0, 8, 8, 0, 4, 0, 16, 0, 0, 0, 0, 0]);
            head.extend(words(&[0, u64::MAX, end, u64::MAX, 0, root, 0, 0]));
        }
        self.out[..head.len()].copy_from_slice(&head);
        self.out
    }
}

/// The beginning of a node of a B-tree.
fn node(kind: u8, level: u8, count: usize) -> Vec<u8> {
    let mut out = b"TREE".to_vec();
    out.extend([kind, level]);
    out.extend((count as u16).to_le_bytes());
    out.extend(words(&[u64::MAX, u64::MAX]));
    out
}

pub(super) fn space(shape: &[u64]) -> Message {
    let head = [1, shape.len() as u8, 0, 0, 0, 0, 0, 0];
    (1, [&head[..], &words(shape)].concat())
}

pub(super) fn words(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|w| w.to_le_bytes()).collect()
}

/// A compound of members at these offsets.
pub(super) fn compound(version: u8, size: u32, members: &[(u32, &[u8])]) -> Vec<u8> {
    let mut out = vec![version << 4 | 6, members.len() as u8, 0, 0];
    out.extend(size.to_le_bytes());
    for (offset, kind) in members {
        match version {
            1 | 2 => out.extend(b"member\0\0"),
            _ => out.extend(b"member\0"),
        }
        match version {
            1 => {
                out.extend(offset.to_le_bytes());
                out.extend([0; 28]);
            }
            2 => out.extend(offset.to_le_bytes()),
            _ => out.push(*offset as u8),
        }
        out.extend(*kind);
    }
    out
}
