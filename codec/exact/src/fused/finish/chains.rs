//! Chains: loops are merged where memory allows, and cut into tiles.

use super::super::chain::{AnyChain, Chain, Clear, Operation, Port, Put, STRIP, Tiling};
use super::super::dims::refined;
use super::super::draft::{self, ChainDraft, ChainOp, Item, Mode};
use super::super::scale::Width;
use super::super::view::View;
use super::Layout;
use super::registers::{Allocation, allocate};

/// A chain; `None` if nothing needs what it makes. `made` are slots that registers hold.
pub(super) fn chain(
    layout: &Layout,
    mut chain: ChainDraft,
    made: &[(usize, usize)],
) -> Option<AnyChain> {
    for &(slot, register) in made {
        chain.puts.push(draft::Put {
            register,
            to: View::whole(slot, chain.dims.clone()),
            mode: Mode::Set,
        });
    }
    let Allocation { items, registers } = allocate(&chain)?;

    // Strides of everything over the lanes and the chain's loops.
    let loads = items
        .iter()
        .filter_map(|&(item, register)| match &chain.items[item] {
            Item::Load(view) => Some((view, register)),
            Item::Op(_) => None,
        });
    let register_of = |item: usize| {
        let found = items.iter().find(|(other, _)| *other == item);
        found.map_or(0, |&(_, register)| register)
    };
    let puts = chain
        .puts
        .iter()
        .map(|put| (&put.to, register_of(put.register)));
    let windows: Vec<(&View, usize)> = loads.chain(puts).collect();
    let strides: Vec<Vec<usize>> = windows
        .iter()
        .map(|(view, _)| {
            let inner = refined(&view.dims, &view.strides, &chain.dims);
            [&[layout.lane(view.slot)][..], &inner].concat()
        })
        .collect();
    let dims = [&[layout.lanes][..], &chain.dims].concat();
    let (dims, strides) = joined(&dims, &strides);
    let (tiling, cut) = tiling(&dims);

    let ports = windows
        .iter()
        .zip(&strides)
        .map(|((view, register), strides)| {
            let place = layout.places[view.slot];
            Port {
                register: *register,
                constant: layout.fixed[view.slot],
                ty: place.ty,
                base: place.base + view.offset,
                outer: strides[..cut].to_vec(),
                row: strides[cut],
                inner: inner(&dims[cut..], &strides[cut..]),
            }
        });
    let mut ports: Vec<Port> = ports.collect();
    let targets = ports.split_off(windows.len() - chain.puts.len());
    let clears = chain.puts.iter().filter_map(|put| {
        let place = layout.places[put.to.slot];
        Some(Clear {
            ty: place.ty,
            base: place.base,
            len: layout.lens[put.to.slot] * layout.lanes,
            number: Layout::neutral(put.mode, place.ty)?,
        })
    });
    let operations = items
        .iter()
        .filter_map(|&(item, to)| match chain.items[item] {
            Item::Load(_) => None,
            Item::Op(op) => Some(Operation {
                to,
                op: bounded(op, chain.width).map(register_of, |n| n),
            }),
        });
    let (fills, operations) = operations.partition(|o| matches!(o.op, ChainOp::Fill(_)));
    let modes = chain.puts.iter().map(|put| put.mode);
    let chain_width = chain.width;
    let chain = Chain {
        tiling,
        loads: ports,
        fills,
        operations,
        puts: targets
            .into_iter()
            .zip(modes)
            .map(|(port, mode)| Put { port, mode })
            .collect(),
        clears: clears.collect(),
        registers,
    };
    Some(chain.narrowed(chain_width))
}

/// Shifts below the word's bits. Only what is never chosen is shifted further.
fn bounded(op: ChainOp<usize, i128>, width: Width) -> ChainOp<usize, i128> {
    let most = match width {
        Width::W32 => 31,
        Width::W64 => 63,
        Width::W128 => 127,
    };
    match op {
        ChainOp::ShiftLeft(a, k) => ChainOp::ShiftLeft(a, k.min(most)),
        ChainOp::ShiftRight(a, k) => ChainOp::ShiftRight(a, k.min(most)),
        ChainOp::Requantise(a, n, k, low, high) => {
            ChainOp::Requantise(a, n, k.min(most), low, high)
        }
        op => op,
    }
}

/// Neighbouring loops made one where all windows allow it.
fn joined(dims: &[usize], strides: &[Vec<usize>]) -> (Vec<usize>, Vec<Vec<usize>>) {
    let mut sizes: Vec<usize> = Vec::new();
    let mut by: Vec<Vec<usize>> = vec![Vec::new(); strides.len()];
    for (axis, &size) in dims.iter().enumerate() {
        if size == 1 {
            continue;
        }
        let follows = |(own, all): (&Vec<usize>, &Vec<usize>)| {
            own.last().is_some_and(|&last| last == all[axis] * size)
        };
        if !sizes.is_empty() && by.iter().zip(strides).all(follows) {
            if let Some(last) = sizes.last_mut() {
                *last *= size;
            }
            for (own, all) in by.iter_mut().zip(strides) {
                own.pop();
                own.push(all[axis]);
            }
        } else {
            sizes.push(size);
            for (own, all) in by.iter_mut().zip(strides) {
                own.push(all[axis]);
            }
        }
    }
    if sizes.is_empty() {
        sizes.push(1);
        by.iter_mut().for_each(|own| own.push(0));
    }
    (sizes, by)
}

/// The tiles, and the axis that is cut.
fn tiling(dims: &[usize]) -> (Tiling, usize) {
    let mut cut = dims.len() - 1;
    let mut row = 1;
    while cut > 0 && row * dims[cut] <= STRIP {
        row *= dims[cut];
        cut -= 1;
    }
    let tiling = Tiling {
        outer: dims[..cut].to_vec(),
        total: dims[cut],
        rows: (STRIP / row).min(dims[cut]),
        row,
    };
    (tiling, cut)
}

/// A window's own loops within a tile; the first size is for one row of it.
fn inner(dims: &[usize], strides: &[usize]) -> Vec<(usize, usize)> {
    let mut all: Vec<(usize, usize)> = Vec::new();
    for (at, (&size, &stride)) in dims.iter().zip(strides).enumerate() {
        let size = if at == 0 { 1 } else { size };
        match all.last_mut() {
            Some((before, by)) if *by == stride * size => {
                (*before, *by) = (*before * size, stride);
            }
            _ => all.push((size, stride)),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_are_joined_where_strides_follow() {
        let (dims, strides) = joined(&[4, 1, 8, 16], &[vec![128, 9, 16, 1], vec![0, 0, 16, 1]]);
        assert_eq!(
            (dims, strides),
            (vec![4, 128], vec![vec![128, 1], vec![0, 1]])
        );
        let (dims, strides) = joined(&[1, 1], &[vec![7, 7]]);
        assert_eq!((dims, strides), (vec![1], vec![vec![0]]));
    }

    #[test]
    fn tiles_hold_a_strip() {
        let (tiles, cut) = tiling(&[64, 32, 128]);
        assert_eq!(
            (cut, tiles.outer, tiles.rows, tiles.row),
            (1, vec![64], 2, 128)
        );
        let (tiles, cut) = tiling(&[3, 1000]);
        assert_eq!(
            (cut, tiles.outer, tiles.rows, tiles.row),
            (1, vec![3], 256, 1)
        );
        let (tiles, cut) = tiling(&[3, 5]);
        assert_eq!((cut, tiles.rows, tiles.row), (0, 3, 5));
    }

    #[test]
    fn a_window_has_no_more_loops_than_it_needs() {
        assert_eq!(inner(&[2, 8, 16], &[128, 16, 1]), [(128, 1)]);
        assert_eq!(inner(&[2, 8, 16], &[0, 16, 1]), [(1, 0), (128, 1)]);
        assert_eq!(inner(&[2, 8, 16], &[0, 1, 0]), [(1, 0), (8, 1), (16, 0)]);
        assert_eq!(inner(&[256], &[1]), [(1, 1)]);
    }
}
