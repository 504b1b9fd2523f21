//! The form of the numbers of a file: text to a place on a grid, and back to the same text.

/// Which values a file's numbers can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grid {
    /// Doubles: `4.5199073030534598e-01`.
    Double,
    /// Floats that were printed as doubles: `9.3827998638153076e-01`.
    Single,
    /// Decimals that begin with a zero: `0.10851718273E+03`.
    Decimal,
}

/// The form of the numbers of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) grid: Grid,
    /// Digits behind the point.
    pub(crate) digits: u8,
}

/// Bits of a decimal's place below its exponent.
const MANTISSA: u32 = 40;
/// What is added to a decimal's exponent.
const BIAS: i32 = 100;

impl Form {
    pub(crate) fn params(self) -> [u8; 2] {
        let grid = match self.grid {
            Grid::Double => 0,
            Grid::Single => 1,
            Grid::Decimal => 2,
        };
        [grid, self.digits]
    }

    pub(crate) fn from_params(params: &[u8]) -> Option<Self> {
        let (grid, most) = match *params.first()? {
            0 => (Grid::Double, 17),
            1 => (Grid::Single, 17),
            2 => (Grid::Decimal, 12),
            _ => return None,
        };
        match params {
            [_, digits] if (1..=most).contains(digits) => Some(Self {
                grid,
                digits: *digits,
            }),
            _ => None,
        }
    }

    /// For people.
    pub(crate) fn describe(self) -> String {
        let grid = match self.grid {
            Grid::Double => "doubles",
            Grid::Single => "floats",
            Grid::Decimal => "decimals",
        };
        format!("{grid} with {} digits behind the point", self.digits)
    }

    /// Bytes of the lower part of a place; the upper part has two.
    pub(crate) fn low(self) -> usize {
        match self.grid {
            Grid::Double => 6,
            Grid::Single => 2,
            Grid::Decimal => 4,
        }
    }

    /// Sign and place of a token that has exactly this form.
    pub(crate) fn read(self, token: &[u8]) -> Option<(bool, u64)> {
        let negative = token.first() == Some(&b'-');
        let text = std::str::from_utf8(&token[usize::from(negative)..]).ok()?;
        // One digit, a point, the digits, `e`, a sign, two digits.
        if text.len() != usize::from(self.digits) + 6 || text.as_bytes()[1] != b'.' {
            return None;
        }
        let place = match self.grid {
            Grid::Double => text.parse::<f64>().ok()?.to_bits(),
            Grid::Single => {
                let value = text.parse::<f64>().ok()?;
                let single = value as f32;
                (f64::from(single) == value).then(|| u64::from(single.to_bits()))?
            }
            Grid::Decimal => {
                let (digits, exponent) = text.strip_prefix("0.")?.split_once('E')?;
                let exponent = u64::try_from(exponent.parse::<i32>().ok()? + BIAS).ok()?;
                exponent << MANTISSA | digits.parse::<u64>().ok()?
            }
        };
        let mut again = Vec::with_capacity(token.len());
        self.write(negative, place, &mut again)?;
        (again == token).then_some((negative, place))
    }

    /// Appends the text of a place; `None` where there is none.
    pub(crate) fn write(self, negative: bool, place: u64, out: &mut Vec<u8>) -> Option<()> {
        use std::io::Write;
        if negative {
            out.push(b'-');
        }
        let digits = usize::from(self.digits);
        if self.grid == Grid::Decimal {
            let exponent = i32::try_from(place >> MANTISSA).ok()? - BIAS;
            let mantissa = place & ((1 << MANTISSA) - 1);
            let most = 10u64.checked_pow(self.digits.into())?;
            if mantissa >= most || !(-99..=99).contains(&exponent) {
                return None;
            }
            return write!(out, "0.{mantissa:0digits$}E{exponent:+03}").ok();
        }
        let value = self.value(place);
        if !value.is_finite() {
            return None;
        }
        let text = format!("{value:.digits$e}");
        let (mantissa, exponent) = text.split_once('e')?;
        let exponent: i32 = exponent.parse().ok()?;
        write!(out, "{mantissa}e{exponent:+03}").ok()
    }

    /// The absolute value that a place stands for.
    pub(crate) fn value(self, place: u64) -> f64 {
        match self.grid {
            Grid::Double => f64::from_bits(place),
            Grid::Single => f64::from(f32::from_bits(place as u32)),
            Grid::Decimal => {
                let exponent = (place >> MANTISSA) as i32 - BIAS - i32::from(self.digits);
                // Written and read as text: correctly rounded on every machine.
                let mantissa = place & ((1 << MANTISSA) - 1);
                format!("{mantissa}e{exponent}").parse().unwrap_or(0.0)
            }
        }
    }

    /// The place next to a positive value.
    pub(crate) fn nearest(self, value: f64) -> Option<u64> {
        if !value.is_finite() || value <= 0.0 {
            return None;
        }
        match self.grid {
            Grid::Double => Some(value.to_bits()),
            Grid::Single => Some(u64::from((value as f32).to_bits())),
            Grid::Decimal => {
                let text = format!("{value:.*e}", usize::from(self.digits) - 1);
                let (mantissa, exponent) = text.split_once('e')?;
                let exponent = u64::try_from(exponent.parse::<i32>().ok()? + 1 + BIAS).ok()?;
                let mantissa: u64 = mantissa.replace('.', "").parse().ok()?;
                Some(exponent << MANTISSA | mantissa)
            }
        }
    }
}

/// The form of a token, if it is a number of one that this plugin knows.
pub(crate) fn form_of(token: &[u8]) -> Option<Form> {
    let text = token.strip_prefix(b"-").unwrap_or(token);
    let digits = u8::try_from(text.len().checked_sub(6)?).ok()?;
    let grids = match text.get(text.len() - 4)? {
        b'E' => &[Grid::Decimal][..],
        b'e' => &[Grid::Single, Grid::Double][..],
        _ => return None,
    };
    grids
        .iter()
        .map(|&grid| Form { grid, digits })
        .filter_map(|form| Form::from_params(&form.params()))
        .find(|form| form.read(token).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both_ways(token: &str, grid: Grid) {
        let form = form_of(token.as_bytes()).unwrap();
        assert_eq!(form.grid, grid, "{token}");
        let (negative, place) = form.read(token.as_bytes()).unwrap();
        let mut text = Vec::new();
        form.write(negative, place, &mut text).unwrap();
        assert_eq!(text, token.as_bytes());
        if form.value(place) > 0.0 {
            assert_eq!(form.nearest(form.value(place)), Some(place), "{token}");
        }
    }

    #[test]
    fn numbers_go_both_ways() {
        both_ways("4.5199073030534598e-01", Grid::Double);
        both_ways("-9.7469908891202762e-03", Grid::Double);
        both_ways("9.3827998638153076e-01", Grid::Single);
        both_ways("0.0000000000000000e+00", Grid::Single);
        both_ways("0.10851718273E+03", Grid::Decimal);
        both_ways("-0.35736712822E-02", Grid::Decimal);
        both_ways("0.00000000000E+00", Grid::Decimal);
    }

    #[test]
    fn what_would_not_come_back_is_no_number() {
        for token in [
            "",
            "-",
            "1",
            "1.5",
            "nan",
            "1.0e5",
            "4.519907303053459812345e-01",
            "+1.0e+00",
            "4.5199073030534599123e-01",
            "10.00000E+03",
            "1.00000E+03",
            "e-01",
            "....e-01",
        ] {
            let form = form_of(token.as_bytes());
            assert!(
                form.is_none() || form.unwrap().read(token.as_bytes()).is_some(),
                "{token}"
            );
        }
        let double = Form {
            grid: Grid::Double,
            digits: 16,
        };
        assert_eq!(double.read(b"4.5199073030534599e-01"), None);
        assert_eq!(double.write(false, u64::MAX, &mut Vec::new()), None);
    }
}
