//! Records that lie field by field, as formats that store tables by column have them (`spec.md`, section 2).

/// Puts the records of `body` one behind the other. `sections` has the records of each section, in which all
/// numbers of a field follow one another; `widths` the bytes of each field. `body` is as long as they say.
pub(crate) fn to_records(body: &mut [u8], sections: &[usize], widths: &[usize]) {
    turn(body, sections, widths, |[by_field, by_record]| {
        (by_record, by_field)
    });
}

/// The way back.
pub(crate) fn to_fields(body: &mut [u8], sections: &[usize], widths: &[usize]) {
    turn(body, sections, widths, |[by_field, by_record]| {
        (by_field, by_record)
    });
}

/// Moves each number: `direction` makes target and source of its places by field and by record.
fn turn(
    body: &mut [u8],
    sections: &[usize],
    widths: &[usize],
    direction: impl Fn([usize; 2]) -> (usize, usize),
) {
    let record: usize = widths.iter().sum();
    let mut rest = body;
    for &records in sections {
        let section;
        (section, rest) = rest.split_at_mut(records * record);
        let before = section.to_vec();
        let mut at = 0;
        for &width in widths {
            for n in 0..records {
                let (to, from) = direction([records * at + n * width, n * record + at]);
                section[to..to + width].copy_from_slice(&before[from..from + width]);
            }
            at += width;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_record_come_together() {
        let by_field = *b"abcAABBCCdeDDEE";
        let by_record = *b"aAAbBBcCCdDDeEE";
        let (sections, widths) = ([3, 0, 2], [1, 2]);
        let mut body = by_field;
        to_records(&mut body, &sections, &widths);
        assert_eq!(body, by_record);
        to_fields(&mut body, &sections, &widths);
        assert_eq!(body, by_field);
    }
}
