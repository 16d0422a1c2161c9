//! Curves: lines with bands on linear or logarithmic axes, with lines across for reference.

use maud::{Markup, html};
use tegmentum_study::outcome::{Axis, CurveSeries};

use super::axis::Scale;
use super::frame::Frame;
use super::number::number;
use super::simplify;
use super::svg::{Drawing, LINE, NAME_LINE, WIDTH, polyline, series_class, text, text_lines, wrapped};

/// Height of the plot itself.
const HEIGHT: f64 = 230.0;
/// A series of at most so many points shows them.
const FEW: usize = 14;
/// Width of a letter of the name of a mark.
const MARK_LETTER: f64 = 7.0;
/// The bands of more series than this are paler.
const MANY: usize = 6;

/// The share of the others' range by which a single line may widen the vertical axis, at either end.
const OUTLIER: f64 = 0.5;

/// The curves as a drawing; the first one is the one that matters most and lies on top.
pub(crate) fn draw(x: &Axis, y: &Axis, series: &[CurveSeries], references: &[(String, f64)]) -> Drawing {
    let frame = frame(x, y, series, references);
    let body = html! {
        (frame.vertical_axis(&y.label, 5)) (frame.horizontal_axis(&x.label, 5))
        g class=[(series.len() > MANY).then_some("faint")] {
            @for (index, series) in series.iter().enumerate().rev() { (band(&frame, series, index)) }
        }
        (reference_lines(&frame, references)) (mark_lines(&frame, &x.marks))
        @for (index, series) in series.iter().enumerate().rev() { (line(&frame, series, index)) }
        (reference_names(&frame, references)) (mark_names(&frame, &x.marks))
    };
    let names: Vec<_> = series.iter().map(|series| series.label.clone()).collect();
    let description = format!("Lines of {} against {}: {}.", y.label, x.label, names.join(", "));
    let note = outside(&frame, series);
    Drawing { height: frame.bottom() + Frame::room_below(&x.label), body, legend: names, description, note }
}

/// What lines leave the picture, in words.
fn outside(frame: &Frame, series: &[CurveSeries]) -> String {
    let leaves = |series: &CurveSeries| {
        let mut places = series.y.iter().filter_map(|value| Some((frame.y.position(*value)?, *value)));
        let far = places.find(|(place, _)| !(-1e-6..=1.0 + 1e-6).contains(place))?;
        let farthest = series.y.iter().copied().filter(|value| value.is_finite());
        let (word, end) = if far.0 < 0.0 {
            ("below", farthest.fold(f64::INFINITY, f64::min))
        } else {
            ("above", farthest.fold(f64::NEG_INFINITY, f64::max))
        };
        Some(format!("{} leaves the picture {word}, as far as {}.", series.label, number(end)))
    };
    series.iter().filter_map(leaves).collect::<Vec<_>>().join(" ")
}

/// The scales: all lines and references, and as much of the bands as leaves the lines legible.
fn frame(x: &Axis, y: &Axis, series: &[CurveSeries], references: &[(String, f64)]) -> Frame {
    let drawn = |series: &CurveSeries| {
        let x = Scale::holding([], x.logarithmic);
        let points = series.x.iter().zip(&series.y).filter(move |(at, _)| x.position(**at).is_some());
        points.map(|(_, value)| *value).collect::<Vec<_>>()
    };
    let lines: Vec<Vec<f64>> = series.iter().map(drawn).collect();
    let limits = limits(&lines, references, y.logarithmic);
    let inside = |value: &f64| *value >= limits[0] && *value <= limits[1];
    let values = lines.into_iter().flatten().filter(inside).chain(references.iter().map(|(_, value)| *value));
    let edges = series.iter().flat_map(|series| series.lower.iter().chain(&series.upper).copied()).filter(inside);
    Frame {
        left: 58.0,
        top: Frame::room_above(&y.label),
        width: WIDTH - 58.0 - 14.0,
        height: HEIGHT,
        x: Scale::holding(series.iter().flat_map(|series| series.x.iter().copied()), x.logarithmic),
        y: Scale::holding(values, y.logarithmic).reaching(edges).with_air(0.03).down_to_near_zero(),
    }
}

/// The values that the vertical axis reaches at most, so that one line that goes astray does not flatten all others: the range
/// of the first line, of the references and of all other lines but the farthest, and half as much again.
fn limits(lines: &[Vec<f64>], references: &[(String, f64)], logarithmic: bool) -> [f64; 2] {
    if lines.len() < 3 {
        return [f64::NEG_INFINITY, f64::INFINITY];
    }
    let place = |value: f64| if logarithmic { value.log10() } else { value };
    let range = |line: &Vec<f64>| {
        let places = || line.iter().map(|value| place(*value)).filter(|place| place.is_finite());
        (places().fold(f64::INFINITY, f64::min), places().fold(f64::NEG_INFINITY, f64::max))
    };
    let (mut lows, mut highs): (Vec<f64>, Vec<f64>) = lines.iter().skip(1).map(range).unzip();
    lows.sort_by(f64::total_cmp);
    highs.sort_by(f64::total_cmp);
    let first = range(&lines[0]);
    let named = || references.iter().map(|(_, value)| place(*value)).filter(|place| place.is_finite());
    let low = named().fold(first.0.min(lows[1]), f64::min);
    let high = named().fold(first.1.max(highs[highs.len() - 2]), f64::max);
    let air = OUTLIER * (high - low);
    if !air.is_finite() || air <= 0.0 {
        return [f64::NEG_INFINITY, f64::INFINITY];
    }
    let value = |place: f64| if logarithmic { 10f64.powf(place) } else { place };
    [value(low - air), value(high + air)]
}

/// A series' line: a piece for each run of points that can be drawn, dots where there are few.
fn line(frame: &Frame, series: &CurveSeries, index: usize) -> Markup {
    let points: Vec<_> = series.x.iter().zip(&series.y).map(|(&x, &y)| frame.point(x, y)).collect();
    let runs: Vec<Vec<_>> = points.split(Option::is_none).map(|run| run.iter().copied().flatten().collect()).collect();
    let few = points.iter().flatten().count() <= FEW;
    let data: String = runs.iter().filter(|run| run.len() > 1).map(|run| polyline(&simplify::curve(run))).collect();
    html! {
        g class={ "series " @if index == 0 { "first " } (series_class(index)) } {
            title { (series.label) }
            @if !data.is_empty() { path class="line" d=(data) {} }
            @for run in runs.iter().filter(|run| few || run.len() == 1) {
                @for &point in run { (Frame::dot(point, 3.0, "dot")) }
            }
        }
    }
}

/// A series' band, cut at the edges of the plot.
fn band(frame: &Frame, series: &CurveSeries, index: usize) -> Markup {
    let edges: Vec<_> = series.lower.iter().zip(&series.upper).collect();
    let points: Vec<_> = series.x.iter().zip(edges).map(|(&x, (&low, &high))| slice(frame, x, low, high)).collect();
    let outline = |run: &[Option<[(f64, f64); 2]>]| {
        let edge = |side: usize| run.iter().flatten().map(|ends| ends[side]).collect::<Vec<_>>();
        let mut outline = simplify::curve(&edge(1));
        outline.extend(simplify::curve(&edge(0)).into_iter().rev());
        polyline(&outline) + "Z"
    };
    let data: String = points.split(Option::is_none).filter(|run| run.len() > 1).map(outline).collect();
    html! {
        @if !data.is_empty() { path class={ "band series " (series_class(index)) } d=(data) {} }
    }
}

/// The lower and upper end of the band at one place.
fn slice(frame: &Frame, x: f64, low: f64, high: f64) -> Option<[(f64, f64); 2]> {
    let x = frame.across(frame.x.position(x)?);
    Some([(x, frame.up(frame.y.clamped(low)?)), (x, frame.up(frame.y.clamped(high)?))])
}

/// The lines across the plot.
fn reference_lines(frame: &Frame, references: &[(String, f64)]) -> Markup {
    let heights = references.iter().filter_map(|(_, value)| frame.height_of(*value));
    let data: String = heights.map(|y| polyline(&[(frame.left, y), (frame.right(), y)])).collect();
    html! { @if !data.is_empty() { path class="reference" d=(data) {} } }
}

/// The marks of the horizontal axis: lines from the top to the bottom of the plot.
fn mark_lines(frame: &Frame, marks: &[(String, f64)]) -> Markup {
    let places = marks.iter().filter_map(|(_, value)| frame.place_of(*value));
    let data: String = places.map(|x| polyline(&[(x, frame.top), (x, frame.bottom())])).collect();
    html! { @if !data.is_empty() { path class="reference" d=(data) {} } }
}

/// Their names, at the top beside the lines: to the right of them, or to the left where the plot ends.
fn mark_names(frame: &Frame, marks: &[(String, f64)]) -> Markup {
    let places = marks.iter().filter_map(|(name, value)| Some((frame.place_of(*value)?, name)));
    let place = |x: f64, name: &str| {
        if x + MARK_LETTER * name.chars().count() as f64 > frame.right() {
            (x - 4.0, "reference-name end halo")
        } else {
            (x + 4.0, "reference-name start halo")
        }
    };
    html! {
        @for (x, name) in places {
            @let (x, class) = place(x, name);
            (text(x, frame.top + 12.0, class, name))
        }
    }
}

/// Their names at the right: above the line, or below it where another line is close above.
fn reference_names(frame: &Frame, references: &[(String, f64)]) -> Markup {
    let place =
        |(name, value): &(String, f64)| Some((frame.height_of(*value)?, format!("{name} ({})", number(*value))));
    let mut names: Vec<_> = references.iter().filter_map(place).collect();
    names.sort_by(|a, b| a.0.total_cmp(&b.0));
    let close = |index: usize| names.get(index + 1).is_some_and(|next| next.0 - names[index].0 < LINE + 4.0);
    let mut taken = 0.0;
    html! {
        @for (index, (height, name)) in names.iter().enumerate() {
            @let lines = wrapped(name, frame.width - 12.0);
            @let more = (lines.len().max(1) - 1) as f64 * NAME_LINE;
            @let below = index > 0 && close(index - 1);
            @let y = if below { (height + 14.0).max(taken + LINE) } else { height - 5.0 - more };
            ({ taken = y + more; text_lines(frame.right() - 4.0, y, "reference-name end halo", &lines) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_lines_with_a_name_where_they_can_be_drawn() {
        let marks = vec![("XNOR".to_owned(), 2.0), ("outside".to_owned(), 9.0)];
        let x = Axis { label: String::new(), logarithmic: false, marks };
        let y = Axis { label: String::new(), logarithmic: false, marks: vec![] };
        let series =
            CurveSeries { label: "a".to_owned(), x: vec![0.0, 4.0], y: vec![1.0, 2.0], lower: vec![], upper: vec![] };
        let body = draw(&x, &y, &[series], &[]).body.into_string();
        assert_eq!(body.matches("class=\"reference\"").count(), 1);
        assert!(body.contains(">XNOR<") && !body.contains("outside"));
    }

    #[test]
    fn one_line_that_goes_astray_does_not_flatten_the_others() {
        let axis = Axis { label: String::new(), logarithmic: true, marks: vec![] };
        let line = |label: &str, y: [f64; 3]| CurveSeries {
            label: label.to_owned(),
            x: vec![1.0, 2.0, 3.0],
            y: y.to_vec(),
            lower: vec![],
            upper: vec![],
        };
        let series = [
            line("first", [0.3, 0.1, 0.02]),
            line("second", [0.3, 0.2, 0.01]),
            line("third", [0.3, 0.2, 0.05]),
            line("astray", [0.3, 1e-6, 1e-11]),
        ];
        let frame = frame(&axis, &axis, &series, &[]);
        assert!(frame.y.position(0.01).is_some_and(|place| place > 0.0), "{frame:?}");
        assert!(frame.y.position(0.05).is_some_and(|place| place > 0.3), "{frame:?}");
        assert_eq!(outside(&frame, &series), "astray leaves the picture below, as far as 1.00×10⁻¹¹.");
        let body = draw(&axis, &axis, &series, &[]).body.into_string();
        assert!(body.rfind("first").unwrap() > body.rfind("astray").unwrap(), "the first line is drawn last");
    }

    #[test]
    fn gaps_and_single_points() {
        let axis = Axis { label: String::new(), logarithmic: false, marks: vec![] };
        let series = CurveSeries {
            label: "a".to_owned(),
            x: (0..40).map(f64::from).collect(),
            y: (0..40).map(|i| if i == 20 || i == 22 { f64::NAN } else { f64::from(i) }).collect(),
            lower: vec![],
            upper: vec![],
        };
        let body = draw(&axis, &axis, &[series], &[]).body.into_string();
        assert_eq!(body.matches("<circle").count(), 1, "only the point between two gaps is a dot");
        assert!(!body.contains("NaN"));
    }
}
