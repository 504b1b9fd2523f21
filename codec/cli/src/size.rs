//! Sizes and counts as people write and read them.

use std::fmt::Write as _;

/// Parses a count of bytes such as `65536`, `64K`, `8MiB` or `1g`. A suffix counts in powers of 1024,
/// as zstd's do.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, suffix) = text.split_at(digits);
    let shift = match suffix.to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        _ => return Err("write a number of bytes, such as 65536, 64K, 8M or 1G".into()),
    };
    let number: u64 = number
        .parse()
        .map_err(|_| "write a number of bytes, such as 65536, 64K, 8M or 1G".to_string())?;
    number
        .checked_mul(1 << shift)
        .ok_or_else(|| "that is more than 2^64 bytes".into())
}

/// As [`parse`], for sizes that cannot be nothing.
pub(crate) fn parse_positive(text: &str) -> Result<u64, String> {
    match parse(text)? {
        0 => Err("it must be at least 1 byte".into()),
        n => Ok(n),
    }
}

/// `3000000` as `3,000,000`.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// Bytes in the largest binary unit that leaves at least 1, such as `1.5 GiB`.
pub(crate) fn binary(n: u64) -> String {
    let mut out = String::new();
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    // A String never fails to be written to.
    let _ = match units.iter().find(|(_, shift)| n >> shift > 0) {
        Some((unit, shift)) if n.trailing_zeros() >= *shift => {
            write!(out, "{} {unit}", n >> shift)
        }
        Some((unit, shift)) => write!(out, "{:.1} {unit}", n as f64 / (1u64 << shift) as f64),
        None => write!(out, "{n} bytes"),
    };
    out
}

/// Output over input in percent; an empty input has no ratio.
pub(crate) fn percent(input: u64, output: u64) -> String {
    if input == 0 {
        return "-".into();
    }
    format!("{:.2} %", 100.0 * output as f64 / input as f64)
}

/// Bits of output for each byte of input.
pub(crate) fn bits_per_byte(input: u64, output: u64) -> Option<f64> {
    (input > 0).then(|| 8.0 * output as f64 / input as f64)
}

/// Speed in MB/s (10^6 bytes), with about three figures.
pub(crate) fn speed(bytes: u64, seconds: f64) -> String {
    let rate = bytes as f64 / 1e6 / seconds.max(1e-9);
    let places = match rate {
        r if r >= 100.0 => 0,
        r if r >= 10.0 => 1,
        _ => 2,
    };
    format!("{rate:.places$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_count_in_powers_of_1024() {
        for (text, bytes) in [
            ("0", 0),
            ("65536", 65536),
            ("64K", 65536),
            ("64k", 65536),
            ("8MiB", 8 << 20),
            ("2GB", 2 << 30),
            ("1t", 1 << 40),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "K",
            "8X",
            "-1",
            "1.5M",
            "8 M",
            "99999999999999999999",
            "18446744073709551615K",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse_positive("0K").is_err());
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1000), "1,000");
        assert_eq!(grouped(12_345_678), "12,345,678");
        assert_eq!(binary(1 << 20), "1 MiB");
        assert_eq!(binary(3 << 29), "1.5 GiB");
        assert_eq!(binary(17), "17 bytes");
        assert_eq!(percent(0, 30), "-");
        assert_eq!(percent(3_000_000, 663_669), "22.12 %");
        assert_eq!(speed(3_000_000, 2.0), "1.50");
        assert_eq!(speed(300_000_000, 2.0), "150");
    }
}
