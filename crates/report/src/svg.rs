//! The parts that all drawings share: size, path data, text, legend.

use maud::{Markup, html};

/// Colours in the palette of `figure.css`.
const COLOURS: usize = 8;
/// Dash patterns in `figure.css`.
const DASHES: usize = 6;
/// Height of a line of text in a drawing.
pub(crate) const LINE: f64 = 18.0;
/// Width of all drawings, in pixels of the page: that of a phone, so that text is as large there as anywhere. A wide page
/// sets drawings side by side.
pub(crate) const WIDTH: f64 = 400.0;
/// Height of a line of a name in several lines.
pub(crate) const NAME_LINE: f64 = 16.0;

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
    /// What is not to be seen though it is there; may be empty.
    pub(crate) note: String,
}

impl Drawing {
    /// One without a legend or a note.
    pub(crate) fn plain(height: f64, body: Markup, description: String) -> Self {
        Self { height, body, legend: Vec::new(), description, note: String::new() }
    }
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

/// The text in lines that are not wider than `width`: broken after a space, an underscore, a slash or a plus where that is
/// possible, else anywhere. Nothing is cut.
pub(crate) fn wrapped(text: &str, width: f64) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for piece in text.split_inclusive([' ', '_', '/', '+']) {
        if !line.is_empty() && text_width(&line) + text_width(piece.trim_end()) > width {
            lines.push(std::mem::take(&mut line));
        }
        for character in piece.chars() {
            line.push(character);
            if text_width(&line) > width && line.trim_end().chars().count() > 1 && !character.is_whitespace() {
                line.pop();
                lines.push(std::mem::replace(&mut line, character.to_string()));
            }
        }
    }
    lines.push(line);
    lines.iter().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// Lines of text below one another, the first at (x, y).
pub(crate) fn text_lines(x: f64, y: f64, class: &str, lines: &[String]) -> Markup {
    html! { @for (index, line) in lines.iter().enumerate() { (text(x, y + index as f64 * NAME_LINE, class, line)) } }
}

/// Lines of text whose middle is at the height `y`.
pub(crate) fn centred_lines(x: f64, y: f64, class: &str, lines: &[String]) -> Markup {
    text_lines(x, y + 4.5 - (lines.len().max(1) - 1) as f64 * NAME_LINE / 2.0, class, lines)
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
        let lines = wrapped(name, WIDTH - 40.0);
        let width = 38.0 + lines.iter().map(|line| text_width(line)).fold(0.0, f64::max) + 20.0;
        if x > 0.0 && x + width > WIDTH {
            (x, y) = (0.0, y + LINE + 4.0);
        }
        let below = lines.len().max(1) as f64 - 1.0;
        places.push((x, y, lines));
        (x, y) = if below > 0.0 { (WIDTH, y + below * NAME_LINE) } else { (x + width, y) };
    }
    let bottom = if names.is_empty() { top } else { y + LINE };
    let markup = html! {
        @for (index, (x, y, lines)) in places.iter().enumerate() {
            (swatch(index, *x, *y)) (text_lines(x + 38.0, y + 4.5, "start", lines))
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
    fn long_names_are_broken_and_whole() {
        assert_eq!(wrapped("accuracy_after_shift", 70.0), ["accuracy_", "after_shift"]);
        assert_eq!(wrapped("", 10.0), Vec::<String>::new());
        let name = "acetylcholine+serotonin+noradrenaline and a verylongwordthatfitsnowhere ".repeat(3);
        let lines = wrapped(&name, 100.0);
        assert!(lines.iter().all(|line| text_width(line) <= 100.0), "{lines:?}");
        assert_eq!(lines.concat().replace(' ', ""), name.replace(' ', ""));
    }
}
