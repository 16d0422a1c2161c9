//! Numbers for people: three significant digits, a true minus sign, powers of ten as powers of ten.

/// What stands where there is no number.
pub const MISSING: &str = "–";

/// A value with three significant digits: `0.0123`, `12.3`, `12 300`, `1.23×10⁷`.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return MISSING.to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    // Rounded first: 999.6 has four digits before the point.
    let rounded = format!("{value:.2e}");
    let exponent = rounded.split_once('e').and_then(|(_, exponent)| exponent.parse::<i32>().ok()).unwrap_or(0);
    if (-3..6).contains(&exponent) {
        fixed(rounded.parse().unwrap_or(value), usize::try_from(2 - exponent).unwrap_or(0))
    } else {
        scientific(value, 2)
    }
}

/// A value with at most three significant digits, without trailing zeros or spaces, as in a sentence: `0.7`, `23577`, `∞`.
pub fn short(value: f64) -> String {
    if value == f64::INFINITY {
        "∞".to_owned()
    } else if value == f64::NEG_INFINITY {
        "−∞".to_owned()
    } else if value == 0.0 || value.is_nan() {
        number(value)
    } else if !(1e-3..1e6).contains(&value.abs()) {
        format!("{value:.2e}")
    } else {
        let decimals = (2 - value.abs().log10().floor() as i32).max(0) as usize;
        let text = format!("{value:.decimals$}");
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    }
}

/// `0.41 [0.38, 0.44]`, in short numbers.
pub fn with_interval(value: f64, ends: [f64; 2]) -> String {
    format!("{} {}", short(value), brackets(ends))
}

/// `[0.38, 0.44]`, in short numbers.
pub fn brackets(ends: [f64; 2]) -> String {
    format!("[{}, {}]", short(ends[0]), short(ends[1]))
}

/// A value that may be missing.
pub fn optional(value: Option<f64>) -> String {
    value.map_or_else(|| MISSING.to_owned(), number)
}

/// A value with a number of decimals, thousands apart from 10 000 on.
pub fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let negative = value < 0.0 && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{}{}{point}{fraction}", if negative { "−" } else { "" }, grouped(whole))
}

/// Digits in groups of three with a thin space that does not break; four digits stay together.
fn grouped(digits: &str) -> String {
    if digits.len() < 5 {
        return digits.to_owned();
    }
    let mut out = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// A value as a mantissa with a number of decimals, times a power of ten.
pub fn scientific(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$e}", value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let sign = if value < 0.0 { "−" } else { "" };
    match exponent.parse::<i32>() {
        Ok(exponent) if mantissa == "1" => format!("{sign}{}", power_of_ten(exponent)),
        Ok(exponent) => format!("{sign}{mantissa}×{}", power_of_ten(exponent)),
        Err(_) => MISSING.to_owned(),
    }
}

/// `10⁻³` and its like.
pub fn power_of_ten(exponent: i32) -> String {
    let superscript = |character| match character {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => digit.to_digit(10).and_then(|digit| char::from_u32(0x2070 + digit)).unwrap_or(digit),
    };
    format!("10{}", exponent.to_string().chars().map(superscript).collect::<String>())
}

/// An interval whose ends may be infinite (`None`): `[0.12, 0.34]`; nothing is known if both are.
pub fn interval(ends: [Option<f64>; 2]) -> String {
    match ends.map(|end| end.filter(|end| end.is_finite())) {
        [None, None] => MISSING.to_owned(),
        [low, high] => format!(
            "[{}, {}]",
            low.map_or_else(|| "−∞".to_owned(), number),
            high.map_or_else(|| "∞".to_owned(), number)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_significant_digits() {
        let cases = [
            (0.0, "0"),
            (0.286_4, "0.286"),
            (-12.34, "−12.3"),
            (999.6, "1000"),
            (12_345.0, "12\u{202f}300"),
            (0.000_123, "1.23×10⁻⁴"),
            (1e300, "1.00×10³⁰⁰"),
            (f64::NAN, "–"),
            (f64::NEG_INFINITY, "–"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn short_numbers_have_at_most_three_significant_digits() {
        let cases = [
            (0.0, "0"),
            (0.012_345, "0.0123"),
            (1.0, "1"),
            (12.345, "12.3"),
            (999.6, "1000"),
            (23_577.0, "23577"),
            (1.5e7, "1.50e7"),
            (1e-5, "1.00e-5"),
            (f64::INFINITY, "∞"),
            (f64::NAN, "–"),
        ];
        for (value, text) in cases {
            assert_eq!(short(value), text);
        }
    }

    #[test]
    fn zero_has_no_sign() {
        assert_eq!(fixed(-0.001, 2), "0.00");
    }

    #[test]
    fn open_intervals() {
        assert_eq!(interval([Some(0.5), None]), "[0.500, ∞]");
        assert_eq!(interval([None, None]), "–");
    }
}
