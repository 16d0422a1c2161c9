//! The parts that all drawings share: size, path data, text, legend.

use maud::{Markup, html};

/// Colours in the palette of `figure.css`.
const COLOURS: usize = 8;
/// Dash patterns in `figure.css`.
const DASHES: usize = 6;
/// Height of a line of text in a drawing.
pub(crate) const LINE: f64 = 18.0;
/// Width of all drawings; on the page one unit is one pixel, unless the page is narrower.
pub(crate) const WIDTH: f64 = 680.0;

/// A picture before it knows whether it goes into the page or into a file.
#[derive(Debug)]
pub(crate) struct Drawing {
    /// Height in the unit of [`WIDTH`].
    pub(crate) height: f64,
    /// The elements.
    pub(crate) body: Markup,
    /// Names of the series, in the order of [`series_class`]; empty if the drawing needs no legend.
    pub(crate) legend: Vec<String>,
    /// What is to be seen, for people who cannot see it.
    pub(crate) description: String,
}

/// The classes of a series: a colour and a dash pattern that no other of 24 series has both of.
pub(crate) fn series_class(index: usize) -> String {
    format!("c{} d{} s{}", index % COLOURS, index % DASHES, index % (3 * COLOURS))
}

/// A coordinate with one decimal.
pub(crate) fn px(value: f64) -> String {
    let text = format!("{value:.1}");
    match text.strip_suffix(".0") {
        Some("-0") => "0".to_owned(),
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

/// Path data of a line through the points.
pub(crate) fn polyline(points: &[(f64, f64)]) -> String {
    let mut data = String::new();
    for (index, &(x, y)) in points.iter().enumerate() {
        data.push_str(["M", "L", " "][index.min(2)]);
        data.push_str(&px(x));
        data.push(' ');
        data.push_str(&px(y));
    }
    data
}

/// A text whose place, by its class `start`, `middle` or `end`, is at (x, y).
pub(crate) fn text(x: f64, y: f64, class: &str, content: &str) -> Markup {
    html! { text x=(px(x)) y=(px(y)) class=(class) { (content) } }
}

/// About how wide a text is in the drawings' font of 13 units; not less than it is.
pub(crate) fn text_width(text: &str) -> f64 {
    let width = |character: char| match character {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 3.7,
        'f' | 't' | 'r' | ' ' | '(' | ')' | '[' | ']' | '-' | '/' => 5.0,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 11.5,
        'A'..='Z' => 9.0,
        character if character.is_ascii() => 7.5,
        _ => 9.0,
    };
    text.chars().map(width).sum()
}

/// The text, cut with an ellipsis where it would be wider than `width`.
pub(crate) fn shortened(text: &str, width: f64) -> String {
    if text_width(text) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for character in text.chars() {
        kept.push(character);
        if text_width(&kept) > width - 10.0 {
            kept.pop();
            break;
        }
    }
    format!("{}…", kept.trim_end())
}

/// A piece of line in the style of a series, 30 units wide, at (x, y).
pub(crate) fn swatch(index: usize, x: f64, y: f64) -> Markup {
    html! { path class={ "line " (series_class(index)) } d=(polyline(&[(x, y), (x + 30.0, y)])) {} }
}

/// The legend as elements of a drawing of its own, below `top`, and its lower end.
pub(crate) fn legend(names: &[String], top: f64) -> (Markup, f64) {
    let mut places = Vec::new();
    let (mut x, mut y) = (0.0, top);
    for name in names {
        let name = shortened(name, WIDTH - 80.0);
        let width = 38.0 + text_width(&name) + 20.0;
        if x > 0.0 && x + width > WIDTH {
            (x, y) = (0.0, y + LINE + 4.0);
        }
        places.push((x, y, name));
        x += width;
    }
    let bottom = if names.is_empty() { top } else { y + LINE };
    let markup = html! {
        @for (index, (x, y, name)) in places.iter().enumerate() {
            (swatch(index, *x, *y)) (text(x + 38.0, y + 4.5, "start", name))
        }
    };
    (markup, bottom)
}

/// The text without the characters that XML forbids; they could come in with a name.
pub(crate) fn without_control_characters(text: &str) -> String {
    let allowed = |character: &char| match character {
        '\t' | '\n' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        character => !character.is_control(),
    };
    text.chars().filter(allowed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_path_data() {
        assert_eq!(polyline(&[(0.0, -0.04), (1.25, 2.0), (3.0, 4.5)]), "M0 0L1.2 2 3 4.5");
    }

    #[test]
    fn sixteen_series_have_sixteen_looks() {
        let mut looks: Vec<_> = (0..16).map(|index| (index % COLOURS, index % DASHES)).collect();
        looks.sort_unstable();
        looks.dedup();
        assert_eq!(looks.len(), 16);
    }

    #[test]
    fn long_names_are_cut() {
        let short = shortened(&"a very long name ".repeat(20), 100.0);
        assert!(short.ends_with('…') && text_width(&short) < 110.0);
        assert_eq!(shortened("", 10.0), "");
    }
}
