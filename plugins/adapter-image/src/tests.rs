use proptest::prelude::*;
use umoec_codec::Error;

use super::*;

fn back(input: &[u8], adapted: Adapted) -> Result<Vec<u8>> {
    let streams = adapted.streams.into_iter().map(|s| s.data).collect();
    Image.inverse(1, &adapted.params, streams, input.len(), &Limits::default())
}

proptest! {
    #[test]
    fn any_samples_come_back(
        data in prop::collection::vec(any::<u8>(), 0..3000),
        log_width in 0usize..=2,
        big_endian: bool,
        signed: bool,
        colour in 0usize..3,
        channels in 1usize..=5,
        columns in 1u64..40,
        pad in 0u64..5,
        skip in 0u64..50,
    ) {
        let colour = [Colour::Same, Colour::GreenFirst, Colour::LessGreen][colour];
        let colour = if channels < 3 { Colour::Same } else { colour };
        let skip = skip.min(data.len() as u64);
        let width = 1 << log_width;
        let row = columns * (width * channels) as u64;
        let rows = (data.len() as u64 - skip) / (row + pad);
        let params = Params { width, big_endian, signed, colour, channels, skip, row, pad, rows };
        prop_assert_eq!(&Params::read(&params.write()).unwrap(), &params);
        prop_assert_eq!(back(&data, adapted(&data, &params)).unwrap(), data);
    }

    #[test]
    fn hostile_parameters_are_refused_or_do_no_harm(
        params in prop::collection::vec(any::<u8>(), 0..12),
        stream in prop::collection::vec(any::<u8>(), 0..200),
        len in 0usize..200,
    ) {
        match Image.inverse(1, &params, vec![stream.clone()], len, &Limits::default()) {
            Ok(block) => prop_assert_eq!(block.len(), stream.len()),
            Err(Error::Plugin { .. }) => {}
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}
