//! Numbers in text, with a point or a comma before the fraction.

use super::Decimal;

/// How numbers are written in a table.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reading {
    /// The decimal separator; `None` if it is not known yet.
    pub(super) decimal: Option<Decimal>,
}

/// What a cell may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Not a number.
    Text,
    /// A number without a separator, or one that is read in the same way whichever is the decimal one.
    Plain,
    /// A number with a decimal point, such as `1.5`.
    Point,
    /// A number with a decimal comma, such as `1,5`.
    Comma,
    /// One point and three digits after it: `1.234`.
    PointOrGroup,
    /// One comma and three digits after it: `1,234`.
    CommaOrGroup,
}

impl Reading {
    /// What `cell` may be, whatever is the decimal separator, unless the separator is known.
    pub(super) fn shape(self, cell: &str) -> Shape {
        match self.decimal {
            Some(_) if self.number(cell).is_some() => Shape::Plain,
            Some(_) => Shape::Text,
            None => shape(cell),
        }
    }

    /// The number in `cell`: a point before its fraction, unless the separator is a comma.
    pub(super) fn number(self, cell: &str) -> Option<f64> {
        let (decimal, group) = match self.decimal {
            Some(Decimal::Comma) => (',', '.'),
            _ => ('.', ','),
        };
        if !starts_like_a_number(cell) {
            return None;
        }
        let (whole, rest) = match cell.find([decimal, 'e', 'E']) {
            Some(place) => cell.split_at(place),
            None => (cell, ""),
        };
        if rest.contains(group) {
            return None;
        }
        let whole = if whole.contains(group) { without_groups(whole, group)? } else { whole.to_owned() };
        format!("{whole}{}", rest.replacen(decimal, ".", 1)).parse().ok()
    }
}

/// Whether a cell begins with a digit, after a sign or a separator: the names of infinity and of no number do not.
fn starts_like_a_number(cell: &str) -> bool {
    let cell = cell.strip_prefix(['-', '+']).unwrap_or(cell);
    let cell = cell.strip_prefix(['.', ',']).unwrap_or(cell);
    cell.starts_with(|c: char| c.is_ascii_digit())
}

/// `1.234.567` as `1234567`, if every group but the first has three digits.
fn without_groups(whole: &str, group: char) -> Option<String> {
    let digits = whole.strip_prefix(['-', '+']).unwrap_or(whole);
    let mut groups = digits.split(group);
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let first = groups.next().is_some_and(|part| (1..=3).contains(&part.len()) && is_digits(part));
    let rest = groups.all(|part| part.len() == 3 && is_digits(part));
    (first && rest).then(|| whole.replace(group, ""))
}

fn shape(cell: &str) -> Shape {
    if !cell.contains([',', '.']) {
        let plain = starts_like_a_number(cell) && cell.parse::<f64>().is_ok();
        return if plain { Shape::Plain } else { Shape::Text };
    }
    let number = |decimal| Reading { decimal: Some(decimal) }.number(cell);
    match (number(Decimal::Point), number(Decimal::Comma)) {
        (None, None) => Shape::Text,
        (Some(_), None) => Shape::Point,
        (None, Some(_)) => Shape::Comma,
        // Both readings have a value: one separator, followed by groups of three digits.
        (Some(point), Some(comma)) if point.abs() < comma.abs() => Shape::PointOrGroup,
        (Some(point), Some(comma)) if comma.abs() < point.abs() => Shape::CommaOrGroup,
        // 0.000 and 0,000
        _ => Shape::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_told_apart() {
        let cases = [
            ("12", Shape::Plain),
            ("-1e5", Shape::Plain),
            ("inf", Shape::Text),
            ("nan", Shape::Text),
            ("1.5", Shape::Point),
            ("1,5", Shape::Comma),
            ("1.234", Shape::PointOrGroup),
            ("-12,345", Shape::CommaOrGroup),
            ("1234.567", Shape::Point),
            ("1.234,5", Shape::Comma),
            ("1,234.5", Shape::Point),
            ("1,234,567", Shape::Point),
            ("1.234.567", Shape::Comma),
            ("31.01.2024", Shape::Text),
            ("1.5.2", Shape::Text),
            ("1.5e-3", Shape::Point),
            (".5", Shape::Point),
            ("1,", Shape::Comma),
            ("a,b", Shape::Text),
        ];
        for (cell, expected) in cases {
            assert_eq!(Reading::default().shape(cell), expected, "{cell}");
        }
    }

    #[test]
    fn numbers_are_read_as_they_are_written() {
        let comma = Reading { decimal: Some(Decimal::Comma) };
        let point = Reading { decimal: Some(Decimal::Point) };
        assert_eq!(comma.number("-1.234,5"), Some(-1234.5));
        assert_eq!(comma.number("1,5e2"), Some(150.0));
        assert_eq!(comma.number("1.5"), None);
        assert_eq!(point.number("1,234.5"), Some(1234.5));
        assert_eq!(point.number("1,5"), None);
        assert_eq!(point.number("1e999"), Some(f64::INFINITY));
    }
}
