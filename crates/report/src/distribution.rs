//! Distributions: a box plot for each group, with a dot for each seed.

use maud::{Markup, PreEscaped, html};
use tegmentum_study::outcome::{Axis, Bar, DistributionGroup};

use super::axis::Scale;
use super::bars;
use super::frame::Frame;
use super::number::number;
use super::svg::{Drawing, LINE, NAME_LINE, WIDTH, polyline, px, text, text_lines, wrapped};

/// Height of a box with the air below it.
const PITCH: f64 = 28.0;
/// Half the height of a box.
const HALF: f64 = 8.0;
/// Room at the left and at the right.
const SIDE: f64 = 14.0;
/// A group of more values shows so many of them, evenly chosen by rank.
const DOTS: usize = 200;

/// The groups as a drawing: box plots, or bars where every value says yes or no.
pub(crate) fn draw(axis: &Axis, groups: &[DistributionGroup], references: &[(String, f64)]) -> Drawing {
    if let Some(bars) = shares(groups) {
        let label = format!("share of runs: {}", axis.label);
        return bars::draw(&Axis { label, logarithmic: false, marks: Vec::new() }, &bars);
    }
    let names = groups.iter().map(|group| name(group, axis)).collect::<Vec<_>>();
    let frame = frame(axis, groups, &names, references);
    let mut y = frame.top;
    let body = html! {
        (frame.horizontal_axis(&axis.label, 5))
        (reference_lines(&frame, references))
        @for (group, name) in groups.iter().zip(&names) {
            (row(&frame, group, name, y))
            ({ y += height(name); "" })
        }
    };
    let names: Vec<_> = groups.iter().map(|group| group.label.as_str()).collect();
    let description = format!("Box plots of {}: {}.", axis.label, names.join(", "));
    Drawing::plain(frame.bottom() + Frame::room_below(&axis.label), body, description)
}

/// The shares of ones among zeros and ones, if there is nothing else: a box plot of them would show nothing.
fn shares(groups: &[DistributionGroup]) -> Option<Vec<Bar>> {
    let mut values = groups.iter().flat_map(|group| &group.values).peekable();
    values.peek()?;
    if !values.all(|value| *value == 0.0 || *value == 1.0) {
        return None;
    }
    let share = |group: &DistributionGroup| {
        let (ones, n) = (group.values.iter().sum::<f64>(), group.values.len());
        let label = format!("{} ({ones} of {n})", group.label);
        Bar { label, value: (n > 0).then(|| ones / n as f64), ci95: [None, None] }
    };
    Some(groups.iter().map(share).collect())
}

/// The name of a group, and what of it cannot be drawn, in lines.
fn name(group: &DistributionGroup, axis: &Axis) -> Vec<String> {
    let missing = missing(group, &Scale::holding([], axis.logarithmic));
    let gap = if missing.is_empty() { "" } else { " · " };
    wrapped(&format!("{}{gap}{missing}", group.label), (WIDTH - 2.0 * SIDE) / 1.05)
}

/// Height of a group whose name is above its box.
fn height(name: &[String]) -> f64 {
    name.len() as f64 * NAME_LINE + PITCH
}

/// Room for references above; groups are as high as their names want.
fn frame(axis: &Axis, groups: &[DistributionGroup], names: &[Vec<String>], references: &[(String, f64)]) -> Frame {
    let values = groups.iter().flat_map(|group| group.values.iter().copied());
    let values = values.chain(references.iter().map(|(_, value)| *value));
    Frame {
        left: SIDE,
        top: 8.0 + LINE * references.len() as f64,
        width: WIDTH - 2.0 * SIDE,
        height: names.iter().map(|name| height(name)).sum::<f64>().max(PITCH),
        x: Scale::holding(values, axis.logarithmic).with_air(0.03),
        y: Scale::holding([], false),
    }
}

/// What a group has that cannot be drawn, in words.
fn missing(group: &DistributionGroup, scale: &Scale) -> String {
    let hidden = group.values.iter().filter(|value| scale.position(**value).is_none()).count();
    match (group.failed, hidden) {
        (0, 0) => String::new(),
        (failed, 0) => format!("{failed} failed"),
        (0, hidden) => format!("{hidden} not drawn"),
        (failed, hidden) => format!("{failed} failed, {hidden} not drawn"),
    }
}

/// One group, from the height `top` on.
fn row(frame: &Frame, group: &DistributionGroup, name: &[String], top: f64) -> Markup {
    let mut values: Vec<f64> = group.values.iter().copied().filter(|v| frame.x.position(*v).is_some()).collect();
    values.sort_by(f64::total_cmp);
    let y = top + name.len() as f64 * NAME_LINE + HALF + 6.0;
    html! {
        g class="group c0" {
            title { (group.label) @if !values.is_empty() { ": median " (number(quantile(&values, 0.5))) } }
            (text_lines(frame.left, top + 13.0, "start halo", name))
            @if !values.is_empty() { (box_plot(frame, &values, y)) }
        }
    }
}

/// Box, whiskers, median and dots of sorted values.
fn box_plot(frame: &Frame, values: &[f64], y: f64) -> Markup {
    let place = |value| frame.across(frame.x.clamped(value).unwrap_or(0.0));
    let [first, median, third] = [0.25, 0.5, 0.75].map(|share| quantile(values, share));
    let reach = 1.5 * (third - first);
    let inside = || values.iter().copied().filter(|value| (first - reach..=third + reach).contains(value));
    let low = place(inside().next().unwrap_or(first).min(first));
    let high = place(inside().next_back().unwrap_or(third).max(third));
    let [first, median, third] = [first, median, third].map(place);
    let whiskers = polyline(&[(low, y), (first, y)]) + &polyline(&[(third, y), (high, y)]);
    html! {
        @if values.len() > 2 {
            path class="whisker" d=(whiskers) {}
            rect class="box" x=(px(first)) y=(px(y - HALF)) width=(px((third - first).max(1.0))) height=(px(2.0 * HALF)) {}
            path class="median" d=(polyline(&[(median, y - HALF), (median, y + HALF)])) {}
        }
        (dots(values, place, y))
    }
}

/// A dot for each value, moved up or down by the golden ratio so that neighbours part; the same in every report.
fn dots(values: &[f64], place: impl Fn(f64) -> f64, y: f64) -> Markup {
    let stride = values.len().div_ceil(DOTS).max(1);
    let dot = |(index, value): (usize, &f64)| {
        let jitter = ((index as f64 * 0.618_034 + 0.5).fract() - 0.5) * 1.5 * HALF;
        Frame::dot((place(*value), y + if values.len() > 1 { jitter } else { 0.0 }), 2.2, "seed").into_string()
    };
    PreEscaped(values.iter().step_by(stride).enumerate().map(dot).collect())
}

/// A quantile of sorted values, by linear interpolation (Hyndman and Fan's type 7, the default of R and `NumPy`).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * sorted.len().saturating_sub(1) as f64;
    let (low, part) = (place.floor() as usize, place.fract());
    let at = |index: usize| sorted.get(index.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN);
    at(low) * (1.0 - part) + at(low + 1) * part
}

/// Lines across the groups; each name above the groups on a line of its own.
fn reference_lines(frame: &Frame, references: &[(String, f64)]) -> Markup {
    html! {
        @for (index, (name, value)) in references.iter().enumerate() {
            @if let Some(position) = frame.x.position(*value) {
                @let x = frame.across(position);
                @let y = frame.top - 6.0 - LINE * (references.len() - 1 - index) as f64;
                @let side = if position > 0.5 { "end" } else { "start" };
                path class="reference" d=(polyline(&[(x, y - 10.0), (x, frame.bottom())])) {}
                (text(x + if position > 0.5 { -5.0 } else { 5.0 }, y, &format!("reference-name halo {side}"),
                    &format!("{name} ({})", number(*value))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_are_those_of_numpy() {
        let values = [1.0, 2.0, 4.0, 8.0];
        assert_eq!([0.25, 0.5, 0.75].map(|share| quantile(&values, share)), [1.75, 3.0, 5.0]);
        assert_eq!(quantile(&[3.0], 0.75), 3.0);
    }

    #[test]
    fn yes_and_no_are_shares() {
        let axis = Axis { label: "solved".to_owned(), logarithmic: false, marks: vec![] };
        let group = |label: &str, values: &[f64]| DistributionGroup {
            label: label.to_owned(),
            values: values.to_vec(),
            failed: 0,
        };
        let drawing = draw(&axis, &[group("a", &[1.0, 0.0, 1.0, 1.0]), group("b", &[])], &[]);
        let body = drawing.body.into_string();
        assert!(body.contains("a (3 of 4): 0.750") && body.contains("share of runs: solved"), "{body}");
        assert!(shares(&[group("a", &[1.0, 0.5])]).is_none());
    }

    #[test]
    fn what_is_missing_is_said() {
        let axis = Axis { label: "evaluations".to_owned(), logarithmic: true, marks: vec![] };
        let groups = [
            DistributionGroup { label: "a".to_owned(), values: vec![0.0, 10.0], failed: 3 },
            DistributionGroup { label: "b".to_owned(), values: vec![], failed: 12 },
        ];
        let body = draw(&axis, &groups, &[]).body.into_string();
        assert!(body.contains("3 failed, 1 not drawn") && body.contains("12 failed"));
        assert_eq!(body.matches("<circle").count(), 1);
    }
}
