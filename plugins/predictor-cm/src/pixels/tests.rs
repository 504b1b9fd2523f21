use proptest::prelude::*;

use super::*;

fn push_all(pixels: &mut Pixels, data: &[u8]) {
    for end in 1..=data.len() {
        pixels.push(data[end - 1], &data[..end]);
    }
}

/// Three channels that rise evenly to the right and downwards, so many bytes to a sample.
fn plane(width: usize, columns: usize, rows: usize) -> Vec<u8> {
    let sample = |x: usize, y: usize, c: usize| (x + 2 * y + 3 * c + 5) as u16;
    let pixels = (0..rows).flat_map(|y| (0..columns).map(move |x| (x, y)));
    pixels
        .flat_map(|(x, y)| [0, 1, 2].map(|c| sample(x, y, c).to_be_bytes()))
        .flat_map(|bytes| bytes[2 - width..].to_vec())
        .collect()
}

#[test]
fn an_even_slope_is_predicted_exactly_in_all_channels() {
    for width in [1, 2] {
        let (columns, rows) = (60, 30);
        let numbers = Numbers {
            width: width as u8,
            phase: 0,
        };
        let strides = [3 * width, 3 * width * columns];
        let data = plane(width, columns, rows);
        let mut pixels = Pixels::new(numbers, strides, data.len() as u64, true).unwrap();
        // To the second channel of a pixel in the middle of the last row.
        let end = data.len() - 3 * width * columns / 2 + width;
        push_all(&mut pixels, &data[..end]);
        let next = &data[end..end + width];
        let next = next.iter().fold(0, |v, &b| 256 * v + i32::from(b));
        for (number, predicted) in pixels.predicted.iter().enumerate() {
            // The median edge detector takes a slope for an edge.
            let next = if number == 3 { next - 1 } else { next };
            let sample = (predicted + 4) >> 3;
            assert_eq!(sample, next, "prediction {number} of width {width}");
        }
    }
}

#[test]
fn without_samples_it_takes_no_memory_and_says_nothing() {
    let numbers = |width| Numbers { width, phase: 0 };
    for (width, strides, wanted) in [
        (1, [3, 300], false),
        (0, [3, 300], true),
        (4, [4, 400], true),
        (2, [3, 300], true),
        (1, [3, 3], true),
        (1, [3, 0], true),
        (1, [0, 300], true),
    ] {
        assert_eq!(Pixels::memory(numbers(width), strides, 1 << 20, wanted), 0);
        let mut pixels = Pixels::new(numbers(width), strides, 1 << 20, wanted).unwrap();
        push_all(&mut pixels, &[200; 1000]);
        assert_eq!(pixels.predicted, [0; PREDICTIONS]);
    }
}

#[test]
fn scales_rise_and_end() {
    let values = [0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 1000, 1 << 20, u32::MAX];
    for scale in [level, distance] {
        let scaled = values.map(scale);
        assert!(scaled.is_sorted(), "{scaled:?}");
    }
    assert_eq!((level(u32::MAX), distance(u32::MAX)), (31, 239));
    assert_eq!(
        [-1 << 30, -4, 0, 4, 1 << 30].map(signed_level),
        [1, 15, 16, 17, 31]
    );
}

proptest! {
    /// In a test build an overflow panics, and so does a place outside.
    #[test]
    fn any_geometry_and_any_bytes_do_no_harm(
        data in prop::collection::vec(prop_oneof![Just(0u8), Just(255), any::<u8>()], 0..600),
        width in 1u8..=2,
        phase in 0u8..2,
        element in 1usize..20,
        row in 1usize..200,
    ) {
        let numbers = Numbers { width, phase: phase.min(width - 1) };
        let strides = [element, row];
        let mut pixels = Pixels::new(numbers, strides, data.len() as u64, true).unwrap();
        for end in 1..=data.len() {
            for partial in [1, 3, 128, 255] {
                let (below, middle) = pixels.split(partial);
                prop_assert!(below < 16);
                for number in 0..PREDICTIONS {
                    prop_assert!(pixels.offset(middle, number) < 512);
                }
            }
            pixels.push(data[end - 1], &data[..end]);
            prop_assert!(pixels.levels.iter().all(|&l| l < LEVELS));
        }
    }
}
