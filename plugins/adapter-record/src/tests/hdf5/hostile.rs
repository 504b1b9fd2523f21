//! Files that lie: nothing to assert but that all ends soon and lies in the block.

use super::*;

fn look(file: &[u8]) {
    for table in find(file) {
        assert!(table.ranges.is_sorted_by(|a, b| a.end <= b.start));
        assert!(table.ranges.last().unwrap().end <= file.len());
    }
    let _ = Record.regions(file, &Place::own(file));
}

fn all_kinds() -> [Vec<u8>; 3] {
    let mut chunked = File::new(false);
    let chunks: Vec<_> = (0..6)
        .map(|c| (chunked.put(&[b'a' + c; 40]), 40, 0))
        .collect();
    let set = chunked.chunked(&F32, &[20, 3], &[10, 1, 4], &chunks, 3, 1);
    let root = chunked.group(&[set]);
    [several(false), several(true), chunked.finish(root)]
}

#[test]
fn cut_files_do_no_harm() {
    for file in all_kinds() {
        for end in 0..file.len() {
            look(&file[..end]);
        }
    }
}

#[test]
fn flipped_bytes_do_no_harm() {
    for mut file in all_kinds() {
        // What is not data.
        let at = (0..file.len()).filter(|&n| !(b'a'..=b'f').contains(&file[n]));
        for at in at.collect::<Vec<_>>() {
            for flip in [1, 0x80, 0xFF] {
                file[at] ^= flip;
                look(&file);
                file[at] ^= flip;
            }
        }
    }
}

#[test]
fn circles_end() {
    // A group that holds itself, in either form; its place is that of the first object.
    for new in [false, true] {
        let mut file = File::new(new);
        let at = file.group(&[u64::MAX - 1]);
        let mut file = file.finish(at);
        let wrong = (u64::MAX - 1).to_le_bytes();
        let link = file.windows(8).position(|w| w == wrong).unwrap();
        file[link..link + 8].copy_from_slice(&at.to_le_bytes());
        look(&file);
    }
    // A node that is its own child.
    let mut file = File::new(false);
    let set = file.chunked(&F32, &[10], &[10, 4], &[(0, 40, 0)], 2, 0);
    let root = file.group(&[set]);
    let mut file = file.finish(root);
    let nodes: Vec<usize> = memchr::memmem::find_iter(&file, b"TREE\x01\x01").collect();
    file[nodes[0] + 48..nodes[0] + 56].copy_from_slice(&(nodes[0] as u64).to_le_bytes());
    look(&file);
    // Messages that continue where they begin, twice each time.
    let mut file = File::new(false);
    let at = file.out.len() as u64;
    let circle = (16, words(&[at + 16, 48]));
    let root = file.object(&[circle.clone(), circle]);
    look(&file.finish(root));
}

#[test]
fn absurd_sizes_are_refused() {
    let huge = u64::MAX / 2;
    let mut file = File::new(false);
    let layout = |at: u64, length: u64| (8, [&[3, 1][..], &words(&[at, length])].concat());
    let mut objects = Vec::new();
    for (shape, at, length) in [
        (vec![huge, huge], 96, 4096),
        (vec![huge], 96, huge),
        (vec![1000], huge, 4000),
        (vec![0, 9], 96, 4000),
        (vec![1000], 96, 3999),
        (vec![4, huge], 96, u64::MAX),
    ] {
        objects.push(file.object(&[space(&shape), (3, F32.to_vec()), layout(at, length)]));
    }
    // Compounds that are nested too deep, too wide, or overlap.
    let deep = (0..40).fold(F32.to_vec(), |inner, _| compound(3, 4, &[(0, &inner)]));
    let wide = [&[0x3A, 0, 0, 0, 0, 0, 0, 0, 1][..], &[255; 4], &F32].concat();
    let overlap = compound(3, 8, &[(0, &F64), (4, &F32)]);
    for kind in [deep, wide, overlap] {
        objects.push(file.set(&kind, &[10], &[0; 80]));
    }
    objects.push(file.chunked(&F32, &[10], &[0, 4], &[(96, 40, 0)], 1, 0));
    objects.push(file.chunked(&F32, &[10], &[u32::MAX, u32::MAX, 4], &[(96, 40, 0)], 1, 0));
    let root = file.group(&objects);
    assert_eq!(find(&file.finish(root)), []);
}
