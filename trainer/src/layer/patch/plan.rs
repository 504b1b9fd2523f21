//! Where the patches of a stretch lie. Streams begin anywhere in a lane, so patches do not line up with stretches.

use std::ops::Range;

/// A patch that becomes complete within the stretch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// How many of its rows came in earlier stretches.
    pub(super) carried: usize,
    /// Its rows in the stretch.
    pub(super) rows: Range<usize>,
    /// Whether it is its stream's first.
    pub(super) start: bool,
}

/// Which answer a row is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// None: the stream has no complete patch yet.
    Nothing,
    /// That of a patch complete before the stretch.
    Carried,
    /// That of the lane's piece with this number.
    Piece(usize),
}

/// Rows that are given rows of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given {
    /// Which answer.
    pub(super) answer: Answer,
    /// The answer's row that the first of `rows` is given.
    pub(super) first: usize,
    /// Rows of the stretch.
    pub(super) rows: Range<usize>,
}

/// A lane of a stretch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lane {
    /// Its complete patches.
    pub(super) pieces: Vec<Piece>,
    /// Number of the first of them among those of all lanes, once they are numbered.
    pub(super) first: usize,
    /// Its rows that are given something.
    pub(super) given: Vec<Given>,
    /// What it carries on: the patch under way, of which [`Piece::start`] says nothing,
    pub(super) under_way: Piece,
    /// the answer,
    pub(super) answer: Answer,
    /// and the position.
    pub(super) position: usize,
}

/// The lane whose rows are `rows`. `starts`, [all rows]: whether a stream begins there. `position`: how many of the
/// stream's rows came before, in patches of `bytes`; as only the remainder and whether there was a whole patch
/// matter, it stays below two patches.
pub(super) fn lane(bytes: usize, starts: &[bool], rows: Range<usize>, position: usize) -> Lane {
    let mut under_way = Piece {
        carried: position % bytes,
        rows: rows.start..rows.start,
        start: position < bytes,
    };
    let mut lane = Lane {
        pieces: Vec::new(),
        first: 0,
        given: Vec::new(),
        under_way: under_way.clone(),
        answer: if position < bytes {
            Answer::Nothing
        } else {
            Answer::Carried
        },
        position,
    };
    for row in rows {
        if starts[row] {
            lane.position = 0;
            lane.answer = Answer::Nothing;
            under_way = fresh(row, true);
        }
        lane.give(row, lane.position % bytes);
        lane.position += 1;
        under_way.rows.end = row + 1;
        if lane.position.is_multiple_of(bytes) {
            lane.position = bytes;
            lane.answer = Answer::Piece(lane.pieces.len());
            lane.pieces.push(under_way);
            under_way = fresh(row + 1, false);
        }
    }
    lane.under_way = under_way;
    lane
}

/// A patch that begins at `row`.
fn fresh(row: usize, start: bool) -> Piece {
    Piece {
        carried: 0,
        rows: row..row,
        start,
    }
}

impl Lane {
    /// Gives `row` the row `phase` of the present answer.
    fn give(&mut self, row: usize, phase: usize) {
        match self.given.last_mut() {
            Some(last) if last.answer == self.answer && last.rows.end == row => {
                last.rows.end = row + 1;
            }
            _ if self.answer == Answer::Nothing => {}
            _ => self.given.push(Given {
                answer: self.answer,
                first: phase,
                rows: row..row + 1,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_over_two_stretches_and_one_cut_off_by_a_new_stream() {
        let mut starts = [false; 14];
        starts[6] = true;
        let piece = |carried, rows, start| Piece {
            carried,
            rows,
            start,
        };
        let given = |answer, first, rows| Given {
            answer,
            first,
            rows,
        };
        // Before row 2 there were a whole patch and two rows of the next.
        let lane = lane(4, &starts, 2..14, 6);
        // Rows 4 and 5 are lost; the new stream has rows 6 to 13.
        assert_eq!(
            lane.pieces,
            [
                piece(2, 2..4, false),
                piece(0, 6..10, true),
                piece(0, 10..14, false)
            ]
        );
        assert_eq!(
            lane.given,
            [
                given(Answer::Carried, 2, 2..4),
                given(Answer::Piece(0), 0, 4..6),
                given(Answer::Piece(1), 0, 10..14)
            ]
        );
        assert_eq!(lane.under_way, piece(0, 14..14, false));
        assert_eq!((lane.answer, lane.position), (Answer::Piece(2), 4));
    }

    #[test]
    fn a_stream_too_short_for_a_patch_remembers_that_none_was() {
        let lane = lane(4, &[true, false, false], 0..3, 5);
        assert!(lane.pieces.is_empty() && lane.given.is_empty());
        assert_eq!((lane.answer, lane.position), (Answer::Nothing, 3));
        let lane = super::lane(4, &[false], 0..1, lane.position);
        assert!(lane.pieces[0].start && lane.pieces[0].carried == 3);
    }
}
