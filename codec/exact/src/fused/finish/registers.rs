//! Which strip holds which value of a chain.

use super::super::draft::{ChainDraft, ChainOp, Item};

/// The items of a chain that something needs, in order, each with its register.
pub(super) struct Allocation {
    pub(super) items: Vec<(usize, usize)>,
    pub(super) registers: usize,
}

/// Allocates registers; `None` where the chain stores nothing.
///
/// Loads and fills keep theirs, as they may hold over many tiles; the others are reused as soon
/// as their value is read for the last time. No operation writes a register that it reads.
pub(super) fn allocate(chain: &ChainDraft) -> Option<Allocation> {
    if chain.puts.is_empty() {
        return None;
    }
    let count = chain.items.len();
    // The item that reads each one last; stores come behind all of them.
    let mut last: Vec<Option<usize>> = vec![None; count];
    for put in &chain.puts {
        last[put.register] = Some(count);
    }
    for item in (0..count).rev() {
        if last[item].is_some()
            && let Item::Op(op) = &chain.items[item]
        {
            for read in op.reads() {
                last[read] = last[read].max(Some(item));
            }
        }
    }
    let mut items = Vec::new();
    let mut registers = 0;
    let mut new = || {
        registers += 1;
        registers - 1
    };
    let kept = |item: usize| {
        matches!(
            chain.items[item],
            Item::Load(_) | Item::Op(ChainOp::Fill(_))
        )
    };
    let mut held = vec![0; count];
    for item in (0..count).filter(|&item| kept(item) && last[item].is_some()) {
        held[item] = new();
    }
    let mut free: Vec<usize> = Vec::new();
    for item in (0..count).filter(|&item| last[item].is_some()) {
        if !kept(item) {
            held[item] = free.pop().unwrap_or_else(&mut new);
            if let Item::Op(op) = &chain.items[item] {
                let mut dead: Vec<usize> = op
                    .reads()
                    .filter(|&read| !kept(read) && last[read] == Some(item))
                    .collect();
                dead.sort_unstable();
                dead.dedup();
                free.extend(dead.into_iter().map(|read| held[read]));
            }
        }
        items.push((item, held[item]));
    }
    Some(Allocation { items, registers })
}

#[cfg(test)]
mod tests {
    use super::super::super::draft::{Mode, Put};
    use super::super::super::scale::Width;
    use super::super::super::view::View;
    use super::*;

    #[test]
    fn registers_are_reused_but_never_for_operands() {
        let mut chain = ChainDraft::new(Width::W32, &[8]);
        let mut x = chain.load(&View::whole(0, vec![8]));
        for _ in 0..10 {
            x = chain.push(ChainOp::AddConstant(x, 1));
        }
        let unused = chain.push(ChainOp::Abs(x));
        chain.puts.push(Put {
            register: x,
            to: View::whole(1, vec![8]),
            mode: Mode::Set,
        });
        let all = allocate(&chain).unwrap();
        assert_eq!(all.registers, 3);
        assert!(all.items.iter().all(|&(item, _)| item != unused));
        for pair in all.items.windows(2) {
            assert_ne!(pair[0].1, pair[1].1);
        }
    }
}
