//! Curves: lines with bands on linear or logarithmic axes, with lines across for reference.

use maud::{Markup, html};
use tegmentum_study::outcome::{Axis, CurveSeries};

use super::axis::Scale;
use super::frame::Frame;
use super::number::number;
use super::simplify;
use super::svg::{Drawing, LINE, WIDTH, polyline, series_class, text};

/// Height of the plot itself.
const HEIGHT: f64 = 340.0;
/// A series of at most so many points shows them.
const FEW: usize = 14;
/// The bands of more series than this are paler.
const MANY: usize = 6;

/// The curves as a drawing.
pub(crate) fn draw(x: &Axis, y: &Axis, series: &[CurveSeries], references: &[(String, f64)]) -> Drawing {
    let frame = frame(x, y, series, references);
    let body = html! {
        (frame.vertical_axis(&y.label, 6)) (frame.horizontal_axis(&x.label, 7))
        g class=[(series.len() > MANY).then_some("faint")] {
            @for (index, series) in series.iter().enumerate() { (band(&frame, series, index)) }
        }
        (reference_lines(&frame, references)) (mark_lines(&frame, &x.marks))
        @for (index, series) in series.iter().enumerate() { (line(&frame, series, index)) }
        (reference_names(&frame, references)) (mark_names(&frame, &x.marks))
    };
    let names: Vec<_> = series.iter().map(|series| series.label.clone()).collect();
    let description = format!("Lines of {} against {}: {}.", y.label, x.label, names.join(", "));
    Drawing { height: frame.bottom() + 52.0, body, legend: names, description }
}

/// The scales: all lines and references, and as much of the bands as leaves the lines legible.
fn frame(x: &Axis, y: &Axis, series: &[CurveSeries], references: &[(String, f64)]) -> Frame {
    let drawn = |series: &CurveSeries| {
        let x = Scale::holding([], x.logarithmic);
        let points = series.x.iter().zip(&series.y).filter(move |(at, _)| x.position(**at).is_some());
        points.map(|(_, value)| *value).collect::<Vec<_>>()
    };
    let values = series.iter().flat_map(drawn).chain(references.iter().map(|(_, value)| *value));
    let edges = series.iter().flat_map(|series| series.lower.iter().chain(&series.upper).copied());
    Frame {
        left: 64.0,
        top: 34.0,
        width: WIDTH - 64.0 - 16.0,
        height: HEIGHT,
        x: Scale::holding(series.iter().flat_map(|series| series.x.iter().copied()), x.logarithmic),
        y: Scale::holding(values, y.logarithmic).reaching(edges).with_air(0.03).down_to_near_zero(),
    }
}

/// A series' line: a piece for each run of points that can be drawn, dots where there are few.
fn line(frame: &Frame, series: &CurveSeries, index: usize) -> Markup {
    let points: Vec<_> = series.x.iter().zip(&series.y).map(|(&x, &y)| frame.point(x, y)).collect();
    let runs: Vec<Vec<_>> = points.split(Option::is_none).map(|run| run.iter().copied().flatten().collect()).collect();
    let few = points.iter().flatten().count() <= FEW;
    let data: String = runs.iter().filter(|run| run.len() > 1).map(|run| polyline(&simplify::curve(run))).collect();
    html! {
        g class={ "series " (series_class(index)) } {
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

/// Their names, at the top beside the lines.
fn mark_names(frame: &Frame, marks: &[(String, f64)]) -> Markup {
    let places = marks.iter().filter_map(|(name, value)| Some((frame.place_of(*value)?, name)));
    html! { @for (x, name) in places { (text(x + 4.0, frame.top + 12.0, "reference-name start halo", name)) } }
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
            @let below = index > 0 && close(index - 1);
            @let y = if below { (height + 14.0).max(taken + LINE) } else { height - 5.0 };
            ({ taken = y; text(frame.right() - 4.0, y, "reference-name end halo", name) })
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
