//! Which chains are recurrences.

#[cfg(target_arch = "x86_64")]
use super::super::chain::short;
use super::super::chain::{Form, PerRow, Port, Recurrence, STRIP};
use super::super::dims::{is_row_major, refined};
use super::super::draft::{ChainDraft, ChainOp, Item, Mode};
use super::super::scale::{Type, Width};
use super::super::view::View;
use super::Layout;

/// The parts of a chain by their roles; views are still over the chain's loops.
struct Parts<'a> {
    form: Form,
    b: &'a View,
    x: &'a View,
    gate: &'a View,
    state: &'a View,
    next: &'a View,
    read: &'a View,
    out: &'a View,
    /// The truth values of each lane that choose the next state, and those for which they do.
    chosen: Vec<(&'a View, bool)>,
}

/// The chain as a recurrence, if it is one and stores nothing else. `holds` says whether the chain's
/// region is that of a condition, which is in a slot: then lanes where it does not hold are left
/// out.
pub(super) fn recurrence(
    layout: &Layout,
    chain: &ChainDraft,
    holds: impl Fn(usize, bool) -> bool,
) -> Option<Recurrence> {
    let parts = parts(chain)?;
    let [rows, columns @ ..] = &chain.dims[..] else {
        return None;
    };
    let width: usize = columns.iter().product();
    let strides = |view: &View| refined(&view.dims, &view.strides, &chain.dims);
    let per_row = |view: &View| {
        let strides = strides(view);
        let place = layout.places[view.slot];
        strides[1..].iter().all(|&by| by == 0).then_some(PerRow {
            ty: place.ty,
            base: place.base + view.offset,
            lane: layout.lane(view.slot),
            row: strides[0],
        })
    };
    let per_column = |view: &View| {
        let strides = strides(view);
        let place = layout.places[view.slot];
        (strides[0] == 0).then(|| Port {
            register: 0,
            constant: layout.fixed[view.slot],
            ty: place.ty,
            base: place.base + view.offset,
            outer: vec![layout.lane(view.slot)],
            row: 0,
            inner: columns
                .iter()
                .copied()
                .zip(strides[1..].iter().copied())
                .collect(),
        })
    };
    let (state, out) = (
        layout.places[parts.state.slot],
        layout.places[parts.out.slot],
    );
    let whole = |view: &View| {
        view.offset == 0
            && is_row_major(&chain.dims, &strides(view))
            && layout.lens[view.slot] == rows * width
    };
    let sums = strides(parts.out);
    let summed = sums[0] == 0
        && is_row_major(columns, &sums[1..])
        && parts.out.offset == 0
        && layout.lens[parts.out.slot] == width;
    let memory = |view: &View| !layout.fixed[view.slot];
    let fits = parts.state.slot == parts.next.slot
        && whole(parts.state)
        && whole(parts.next)
        && summed
        && [parts.b, parts.x, parts.gate, parts.read]
            .into_iter()
            .all(memory)
        && (state.ty, out.ty) == (Type::I16, Type::I32)
        && width <= STRIP;
    let (b, read) = (per_row(parts.b)?, per_row(parts.read)?);
    let (x, gate) = (per_column(parts.x)?, per_column(parts.gate)?);
    let window = |&(view, truth): &(&View, bool)| {
        let still = || per_row(view).is_some_and(|port| port.row == 0);
        let known = memory(view) && holds(view.slot, truth) && still();
        known.then(|| (layout.window(view), truth))
    };
    let only = parts.chosen.iter().map(window).collect::<Option<_>>()?;
    let short = short(layout, &parts, width);
    fits.then_some(Recurrence {
        form: parts.form,
        lanes: layout.lanes,
        rows: *rows,
        columns: width,
        b,
        read,
        x,
        gate,
        only,
        state: state.base,
        out: out.base,
        short,
    })
}

/// Whether kernels in 16 bits may take the recurrence.
#[cfg(target_arch = "x86_64")]
fn short(layout: &Layout, parts: &Parts<'_>, columns: usize) -> bool {
    let bounds = |view: &View| layout.bounds[view.slot];
    let most = |view: &View| {
        let (low, high) = bounds(view);
        low.saturating_abs().max(high.saturating_abs())
    };
    let Parts {
        b, x, gate, read, ..
    } = *parts;
    bounds(gate).0 >= 0 && short::fits(parts.form, columns, [b, x, gate, read].map(most))
}

#[cfg(not(target_arch = "x86_64"))]
fn short(_: &Layout, _: &Parts<'_>, _: usize) -> bool {
    false
}

fn parts(chain: &ChainDraft) -> Option<Parts<'_>> {
    let (sum, set) = match &chain.puts[..] {
        [a, b] if (a.mode, b.mode) == (Mode::Sum, Mode::Set) => (a, b),
        [a, b] if (a.mode, b.mode) == (Mode::Set, Mode::Sum) => (b, a),
        _ => return None,
    };
    let op = |item: usize| match &chain.items[item] {
        Item::Op(op) => Some(*op),
        Item::Load(_) => None,
    };
    let view = |item: usize| match &chain.items[item] {
        Item::Load(view) => Some(view),
        Item::Op(_) => None,
    };
    // A product of a view with something, in either order.
    let times = |item: usize| match op(item)? {
        ChainOp::Mul(a, b) => match (view(a), view(b)) {
            (Some(a), _) => Some((a, b)),
            (None, Some(b)) => Some((b, a)),
            _ => None,
        },
        _ => None,
    };
    // What is rounded and shifted to the right, if at all.
    let shifted = |item: usize| match op(item) {
        Some(ChainOp::ShiftRight(x, down)) => match op(x) {
            Some(ChainOp::AddConstant(x, n)) => Some((x, i32::try_from(n).ok()?, down)),
            _ => Some((x, 0, down)),
        },
        _ => Some((item, 0, 0)),
    };
    let (read, seen) = times(sum.register)?;
    let (next, read_round, read_down) = shifted(seen)?;
    // The next state, or a choice between it and the one before.
    let (mut taken, mut chosen, mut before) = (set.register, Vec::new(), Vec::new());
    while let ChainOp::Select(condition, yes, no) = op(taken)? {
        let truth = view(yes).is_none();
        chosen.push((view(condition)?, truth));
        before.push(if truth { no } else { yes });
        taken = if truth { yes } else { no };
    }
    if taken != next || chain.width != Width::W32 {
        return None;
    }
    let ChainOp::Clip(total, low, high) = op(next)? else {
        return None;
    };
    let ChainOp::Add(one, other) = op(total)? else {
        return None;
    };
    let (state, change) = match (view(one), view(other)) {
        (Some(_), None) => (one, other),
        (None, Some(_)) => (other, one),
        _ => return None,
    };
    let (gated, round, down) = shifted(change)?;
    let (gate, difference) = times(gated)?;
    let ChainOp::Sub(target, from) = op(difference)? else {
        return None;
    };
    let (product, up) = match op(target)? {
        ChainOp::ShiftLeft(product, up) => (product, up),
        _ => (target, 0),
    };
    let ChainOp::Mul(one, other) = op(product)? else {
        return None;
    };
    // The factor of the columns is the one that stands still along the rows.
    let (one, other) = (view(one)?, view(other)?);
    let still = |view: &View| refined(&view.dims, &view.strides, &chain.dims).first() == Some(&0);
    let (b, x) = if still(one) {
        (other, one)
    } else {
        (one, other)
    };
    let bound = |n: i128| n.clamp(i32::MIN.into(), i32::MAX.into()) as i32;
    let keeps = before.iter().all(|&before| before == state);
    (from == state && keeps && [up, down, read_down].into_iter().all(|places| places < 32))
        .then_some(Parts {
            form: Form {
                up,
                round,
                down,
                low: bound(low),
                high: bound(high),
                read_round,
                read_down,
            },
            b,
            x,
            gate,
            state: view(state)?,
            next: &set.to,
            read,
            out: &sum.to,
            chosen,
        })
}
