//! Bars: a bar from zero for each number, with its interval and both in figures.

use maud::{Markup, html};
use tegmentum_study::outcome::{Axis, Bar};

use super::axis::Scale;
use super::frame::Frame;
use super::number::{MISSING, interval, number};
use super::svg::{Drawing, NAME_LINE, WIDTH, polyline, px, text_lines, wrapped};

/// Height of a bar with the air below it.
const PITCH: f64 = 30.0;
/// Room at the left and at the right.
const SIDE: f64 = 14.0;
/// Half the height of a bar.
const HALF: f64 = 9.0;
/// Half the height of the end of an interval.
const CAP: f64 = 5.0;

/// The bars as a drawing.
pub(crate) fn draw(axis: &Axis, bars: &[Bar]) -> Drawing {
    let names: Vec<_> = bars.iter().map(name).collect();
    let frame = frame(axis, bars, &names);
    let mut y = frame.top;
    let zero = frame.x.clamped(0.0).map_or(frame.left, |position| frame.across(position));
    let body = html! {
        (frame.horizontal_axis(&axis.label, 5))
        @for (bar, name) in bars.iter().zip(&names) {
            (row(&frame, bar, name, zero, y))
            ({ y += height(name); "" })
        }
        path class="zero" d=(polyline(&[(zero, frame.top), (zero, frame.bottom())])) {}
    };
    let names: Vec<_> = names.iter().map(|name| name.join(" ")).collect();
    let description = format!("Bars of {}: {}.", axis.label, names.join(", "));
    Drawing::plain(frame.bottom() + Frame::room_below(&axis.label), body, description)
}

/// The name of a bar and its figures, in lines.
fn name(bar: &Bar) -> Vec<String> {
    wrapped(&format!("{}: {}", bar.label, figures(bar)), (WIDTH - 2.0 * SIDE) / 1.05)
}

/// Height of a bar with its name above it.
fn height(name: &[String]) -> f64 {
    name.len() as f64 * NAME_LINE + PITCH
}

/// Bars are as high as their names want; the scale holds zero.
fn frame(axis: &Axis, bars: &[Bar], names: &[Vec<String>]) -> Frame {
    let values = bars.iter().filter_map(|bar| bar.value).chain((!axis.logarithmic).then_some(0.0));
    let ends = bars.iter().flat_map(|bar| bar.ci95.into_iter().flatten());
    Frame {
        left: SIDE,
        top: 8.0,
        width: WIDTH - 2.0 * SIDE,
        height: names.iter().map(|name| height(name)).sum::<f64>().max(PITCH),
        x: Scale::holding(values, axis.logarithmic).reaching(ends).with_air(0.03),
        y: Scale::holding([], false),
    }
}

/// The number and its interval as text.
fn figures(bar: &Bar) -> String {
    let brackets = interval(bar.ci95);
    match bar.value.filter(|value| value.is_finite()) {
        Some(value) if brackets == MISSING => number(value),
        Some(value) => format!("{} {brackets}", number(value)),
        None => "no value".to_owned(),
    }
}

/// One bar, from the height `top` on.
fn row(frame: &Frame, bar: &Bar, name: &[String], zero: f64, top: f64) -> Markup {
    let y = top + name.len() as f64 * NAME_LINE + HALF + 6.0;
    let place = |value: f64| frame.x.clamped(value).map(|position| frame.across(position));
    let end = bar.value.filter(|value| value.is_finite()).and_then(place);
    let ends = bar.ci95.map(|end| end.filter(|end| end.is_finite()).and_then(place));
    let below = bar.value.is_some_and(|value| value < 0.0);
    html! {
        g class={ "group " (if below { "c1" } else { "c0" }) } {
            title { (bar.label) ": " (figures(bar)) }
            (text_lines(frame.left, top + 13.0, "start halo", name))
            @if let Some(end) = end {
                rect class="bar" x=(px(zero.min(end))) y=(px(y - HALF)) width=(px((zero - end).abs().max(0.5))) height=(px(2.0 * HALF)) {}
            }
            @if let [Some(low), Some(high)] = ends {
                path class="whisker" d=(polyline(&[(low, y), (high, y)])
                    + &polyline(&[(low, y - CAP), (low, y + CAP)]) + &polyline(&[(high, y - CAP), (high, y + CAP)])) {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_begin_at_zero_on_either_side() {
        let bar = |value, ci95| Bar { label: "a".to_owned(), value, ci95 };
        let axis = crate::fixtures::axis("share", false);
        let bars = [
            bar(Some(0.5), [Some(0.4), Some(0.6)]),
            bar(Some(-0.25), [Some(-0.3), Some(0.0)]),
            bar(None, [None, None]),
        ];
        let body = draw(&axis, &bars).body.into_string();
        let edges = |class: &str| {
            let part = body.split(class).nth(1).unwrap();
            let part = part.split("<rect").nth(1).unwrap();
            let number = |name: &str| {
                part.split(&format!(" {name}=\"")).nth(1).unwrap().split('"').next().unwrap().parse::<f64>().unwrap()
            };
            (number("x"), number("x") + number("width"))
        };
        let (above, below) = (edges("group c0"), edges("group c1"));
        assert!((above.0 - below.1).abs() < 0.11, "both touch zero: {above:?} {below:?}");
        assert!(((above.1 - above.0) / (below.1 - below.0) - 2.0).abs() < 0.02, "{above:?} {below:?}");
        assert!(body.contains("no value") && body.contains("−0.250 [−0.300, 0]"), "{body}");
        assert_eq!(body.matches("<rect").count(), 2);
    }
}
