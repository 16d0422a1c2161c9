//! Trajectories: paths in a plane, panel beside panel on common axes.

use maud::{Markup, html};
use tegmentum_study::outcome::{Axis, TrajectoryPanel};

use super::axis::Scale;
use super::frame::Frame;
use super::simplify;
use super::svg::{Drawing, WIDTH, polyline, series_class, shortened, text};

/// Panels in a row at most; four make a square.
const COLUMNS: usize = 3;
/// Room at the left of a panel for the numbers.
const LEFT: f64 = 44.0;
/// Room above a panel for its name, and for the name of the vertical axis above the first row.
const ABOVE: f64 = 26.0;
/// Room below a panel for the numbers.
const BELOW: f64 = 34.0;

/// The panels as a drawing.
pub(crate) fn draw(x: &Axis, y: &Axis, panels: &[TrajectoryPanel]) -> Drawing {
    let points = || panels.iter().flat_map(|panel| panel.paths.iter().flatten());
    let across = Scale::holding(points().map(|point| point[0]), x.logarithmic).with_air(0.04);
    let up = Scale::holding(points().map(|point| point[1]), y.logarithmic).with_air(0.04);
    let columns = if panels.len() == 4 { 2 } else { panels.len().clamp(1, COLUMNS) };
    let cell = WIDTH / columns as f64;
    let height = (cell * 0.85).min(320.0) - BELOW;
    let frames = (0..panels.len()).map(|index| Frame {
        left: (index % columns) as f64 * cell + LEFT,
        top: 24.0 + ABOVE + (index / columns) as f64 * (ABOVE + height + BELOW),
        width: cell - LEFT - 12.0,
        height,
        x: across,
        y: up,
    });
    let bottom = 24.0 + panels.len().div_ceil(columns) as f64 * (ABOVE + height + BELOW);
    let body = html! {
        (text(0.0, 13.0, "name start", &y.label))
        @for (frame, content) in frames.zip(panels) { (panel(&frame, content)) }
        (text(WIDTH / 2.0, bottom + 8.0, "name middle", &x.label))
    };
    let names: Vec<_> = panels.iter().map(|panel| panel.title.as_str()).collect();
    let description = format!("Paths of {} against {}, a panel each: {}.", y.label, x.label, names.join(", "));
    Drawing { height: bottom + 16.0, body, legend: Vec::new(), description }
}

/// One panel; a dot marks where each path starts.
fn panel(frame: &Frame, panel: &TrajectoryPanel) -> Markup {
    html! {
        g {
            (frame.vertical_axis("", 4)) (frame.horizontal_axis("", 4))
            (text(frame.left, frame.top - 8.0, "panel start", &shortened(&panel.title, frame.width / 1.15)))
            @for (index, path) in panel.paths.iter().enumerate() {
                @let points: Vec<_> = path.iter().map(|&[x, y]| frame.point(x, y)).collect();
                g class={ "path " (series_class(index)) } {
                    @for run in points.split(Option::is_none).filter(|run| run.len() > 1) {
                        @let run: Vec<_> = run.iter().copied().flatten().collect();
                        path class="line" d=(polyline(&simplify::path(&run))) {}
                    }
                    @if let Some(&start) = points.iter().flatten().next() { (Frame::dot(start, 2.6, "dot")) }
                }
            }
        }
    }
}
