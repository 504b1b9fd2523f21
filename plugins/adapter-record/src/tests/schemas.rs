//! Records that are given.

use super::*;

fn schema(text: &str) -> Settings {
    toml::from_str(&format!("[schema]\n{text}")).unwrap()
}

/// Widths of the fields, if a block of that length was taken as told.
fn widths(text: &str, len: usize) -> (usize, usize, Vec<usize>) {
    let data: Vec<u8> = (0..len).map(|i| ((i * i) >> 3) as u8).collect();
    let proposals = propose(&data, &schema(text));
    let params = params(&proposals[0]);
    let widths = params.fields.iter().map(|f| f.width).collect();
    (params.head, params.records, widths)
}

#[test]
fn fields_are_where_the_schema_says() {
    let text = "header = 5\nrecord = 16\nfields = [{name = 'a', type = 'f32'},
        {name = 'b', type = 'i16', offset = 6, count = 2, endian = 'big'}]";
    let rest = vec![4, 1, 1, 2, 2, 1, 1, 1, 1, 1, 1];
    assert_eq!(widths(text, 100), (5, 5, rest));
}

#[test]
fn descriptions_of_arrays_are_schemas_too() {
    let text = "dtype = '<f4'\nfields = ['px', 'py', 'pz']\nrecord_bytes = 12\nshape = [5, 3]";
    assert_eq!(widths(text, 61), (0, 5, vec![4, 4, 4]));
    let text = "dtype = '>f8'\nshape = [5, 4]";
    assert_eq!(widths(text, 64), (0, 2, vec![8; 4]));
    let text = "dtype_descr = [['a', '<f4'], ['b', '<i2'], ['c', '|b1'], ['d', '|S3']]";
    assert_eq!(widths(text, 100), (0, 10, vec![4, 2, 1, 1, 1, 1]));
}

#[test]
fn rows_of_a_grid_are_told() {
    let data: Vec<u8> = (0..4000u32).map(|i| ((i * i) >> 3) as u8).collect();
    let proposals = propose(&data, &schema("dtype = '<f4'\nshape = [5, 10, 100]"));
    assert_eq!(params(&proposals[0]).record(), 4);
    let stream = &proposals[0].adapted.streams[0];
    let row = stream.layout.number.unwrap().width as u32 * 100;
    assert!(stream.layout.strides.contains(&row));
}

#[test]
fn every_type_is_known() {
    for (types, width) in [
        ("u8 i8 |b1 bool <u1", 1),
        ("f16 bf16 i16 u16 <f2 >i2", 2),
        ("f32 i32 u32 <f4 >u4", 4),
        ("f64 i64 u64 <f8 >i8 <M8", 8),
    ] {
        for kind in types.split(' ') {
            let text = format!("fields = [{{type = '{kind}'}}]");
            assert_eq!(widths(&text, 64).2, [width], "{kind}");
        }
    }
}

/// `propose` checks that it comes back.
#[test]
fn a_wrong_schema_does_no_harm() {
    let fields = "fields = [{type = 'f64'}, {type = 'i16', endian = 'big'}, {type = 'f32'}]";
    for len in [0, 1, 13, 14, 15, 1000] {
        let data: Vec<u8> = (0..len).map(|i| ((i * 37) >> 2) as u8).collect();
        for header in [0, 3, 999, 100_000] {
            let settings = schema(&format!("header = {header}\n{fields}"));
            assert!(!propose(&data, &settings).is_empty());
            let adapted = Record.forward(&data, &settings).unwrap();
            assert_eq!(back(&data, adapted).unwrap(), data);
        }
    }
}

/// A block begins where the one before it ended, within a record too.
#[test]
fn later_blocks_are_in_step() {
    let settings = schema("header = 7\nfields = [{type = 'f64'}, {type = 'f32'}]");
    let data: Vec<u8> = (0..4000u32).map(|i| ((i * i) >> 5) as u8).collect();
    for offset in [0, 7, 8, 18, 19, 20, 1000] {
        let proposals = propose_block(&data, offset, &data[offset..], &settings);
        let head = params(&proposals[0]).head;
        assert!(offset + head >= 7 && (offset + head - 7).is_multiple_of(12));
        assert!(head < 12);
    }
}

#[test]
fn nonsense_is_refused() {
    for text in [
        "",
        "fields = []",
        "fields = 3",
        "fields = [3]",
        "fields = [{name = 'a'}]",
        "fields = [{type = 'f33'}]",
        "fields = [{type = '<'}]",
        "fields = [{type = ''}]",
        "fields = [{type = 'f32', count = 0}]",
        "fields = [{type = 'f32', count = -1}]",
        "fields = [{type = 'f32', count = 5000}]",
        "fields = [{type = 'f32', count = 9223372036854775807}]",
        "fields = [{type = 'f32', endian = 'middle'}]",
        "fields = [{type = 'f32', size = 4}]",
        "fields = [{type = 'f32'}, {type = 'f32', offset = 2}]",
        "fields = [{type = 'f32', offset = 1000000000}]",
        "record = 3\nfields = [{type = 'f32'}]",
        "record = 0\nfields = []",
        "header = -1\nfields = [{type = 'f32'}]",
        "dtype = 4",
        "dtype = '<f4'\nfields = []",
        "dtype = '<f4'\nfields = 7",
        "dtype = '<f4'\nshape = 3",
        "dtype = '<f4'\nshape = ['a', 3]",
        "dtype_descr = [['a', 4]]",
        "dtype_descr = [['a']]",
        "dtype_descr = []",
    ] {
        let refused = Record.forward(&[1, 2, 3], &schema(text));
        assert!(matches!(refused, Err(Error::Config(_))), "{text}");
    }
    for text in ["schema = 3", "scheme = {}"] {
        let settings: Settings = toml::from_str(text).unwrap();
        let refused = Record.forward(&[1, 2, 3], &settings);
        assert!(matches!(refused, Err(Error::Config(_))), "{text}");
    }
}
