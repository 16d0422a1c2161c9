//! A plot's rectangle with its two scales: from values to places on the page, and the axes around it.

use maud::{Markup, html};

use super::axis::{Scale, Tick};
use super::svg::{LINE, NAME_LINE, WIDTH, polyline, px, text, text_lines, text_width, wrapped};

/// How much wider than usual the names of axes are, at most.
const NAME_SCALE: f64 = 1.1;

/// The rectangle that values are drawn into.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    /// Left edge.
    pub(crate) left: f64,
    /// Upper edge.
    pub(crate) top: f64,
    /// Width.
    pub(crate) width: f64,
    /// Height.
    pub(crate) height: f64,
    /// Horizontal scale.
    pub(crate) x: Scale,
    /// Vertical scale.
    pub(crate) y: Scale,
}

impl Frame {
    /// The right edge.
    pub(crate) fn right(&self) -> f64 {
        self.left + self.width
    }

    /// The lower edge.
    pub(crate) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// Where a pair of values is, if both can be drawn; at the nearest edge if outside.
    pub(crate) fn point(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        Some((self.across(self.x.position(x)?.clamp(0.0, 1.0)), self.up(self.y.position(y)?.clamp(0.0, 1.0))))
    }

    /// The horizontal place of a position on the horizontal scale.
    pub(crate) fn across(&self, position: f64) -> f64 {
        self.left + position * self.width
    }

    /// The vertical place of a position on the vertical scale.
    pub(crate) fn up(&self, position: f64) -> f64 {
        self.bottom() - position * self.height
    }

    /// The horizontal axis with its grid lines.
    pub(crate) fn horizontal_axis(&self, label: &str, ticks: usize) -> Markup {
        let ticks = self.x.ticks(ticks);
        let (top, bottom) = (self.top, self.bottom());
        html! {
            path class="grid" d=(lines(&ticks, true, |p| [(self.across(p), top), (self.across(p), bottom)])) {}
            path class="axis" d=(lines(&ticks, false, |p| [(self.across(p), bottom), (self.across(p), bottom + 4.0)])) {}
            path class="axis" d=(polyline(&[(self.left, bottom), (self.right(), bottom)])) {}
            @for tick in ticks.iter().filter(|tick| !tick.label.is_empty()) {
                (text(self.across(tick.position), bottom + LINE + 2.0, "tick middle", &tick.label))
            }
            @let lines = wrapped(label, WIDTH / NAME_SCALE);
            @let half = lines.iter().map(|line| text_width(line)).fold(0.0, f64::max) * NAME_SCALE / 2.0;
            @let middle = (self.left + self.width / 2.0).min(WIDTH - half).max(half);
            (text_lines(middle, bottom + 2.0 * LINE + 8.0, "name middle", &lines))
        }
    }

    /// Room below the plot for the numbers of the horizontal axis and its name.
    pub(crate) fn room_below(label: &str) -> f64 {
        52.0 + NAME_LINE * (wrapped(label, WIDTH / NAME_SCALE).len().max(1) - 1) as f64
    }

    /// Room above a plot whose vertical axis has this name.
    pub(crate) fn room_above(label: &str) -> f64 {
        34.0 + NAME_LINE * (wrapped(label, WIDTH / NAME_SCALE).len().max(1) - 1) as f64
    }

    /// The vertical axis with its grid lines; the label lies above it, so that it reads without turning the head.
    pub(crate) fn vertical_axis(&self, label: &str, ticks: usize) -> Markup {
        let ticks = self.y.ticks(ticks);
        let (left, right) = (self.left, self.right());
        html! {
            path class="grid" d=(lines(&ticks, true, |p| [(left, self.up(p)), (right, self.up(p))])) {}
            path class="axis" d=(lines(&ticks, false, |p| [(left - 4.0, self.up(p)), (left, self.up(p))])) {}
            path class="axis" d=(polyline(&[(left, self.top), (left, self.bottom())])) {}
            @for tick in ticks.iter().filter(|tick| !tick.label.is_empty()) {
                (text(left - 8.0, self.up(tick.position) + 4.5, "tick end", &tick.label))
            }
            @let lines = wrapped(label, WIDTH / NAME_SCALE);
            @let above = NAME_LINE * (lines.len().max(1) - 1) as f64;
            (text_lines(0.0, self.top - 14.0 - above, "name start", &lines))
        }
    }

    /// A line across the plot at a value of the vertical scale, if it can be drawn inside.
    pub(crate) fn height_of(&self, value: f64) -> Option<f64> {
        self.y.position(value).filter(|position| (-1e-9..=1.0 + 1e-9).contains(position)).map(|p| self.up(p))
    }

    /// The place across the plot of a value of the horizontal scale, if it can be drawn inside.
    pub(crate) fn place_of(&self, value: f64) -> Option<f64> {
        self.x.position(value).filter(|position| (-1e-9..=1.0 + 1e-9).contains(position)).map(|p| self.across(p))
    }

    /// A dot.
    pub(crate) fn dot((x, y): (f64, f64), radius: f64, class: &str) -> Markup {
        html! { circle class=(class) cx=(px(x)) cy=(px(y)) r=(px(radius)) {} }
    }
}

/// Path data of a piece of line for each tick, or for each tick with a number.
fn lines(ticks: &[Tick], only_numbered: bool, line: impl Fn(f64) -> [(f64, f64); 2]) -> String {
    let shown = ticks.iter().filter(|tick| !only_numbered || !tick.label.is_empty());
    shown.map(|tick| polyline(&line(tick.position))).collect()
}
