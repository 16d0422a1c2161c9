//! Trajectories: paths in a plane, panel beside panel on common axes.

use maud::{Markup, html};
use tegmentum_study::outcome::{Axis, TrajectoryPanel};

use super::axis::Scale;
use super::frame::Frame;
use super::simplify;
use super::svg::{Drawing, NAME_LINE, WIDTH, polyline, series_class, text, text_lines, wrapped};

/// Panels in a row at most.
const COLUMNS: usize = 2;
/// Room at the left of a panel for the numbers.
const LEFT: f64 = 38.0;
/// Room above a panel for its name, and for the name of the vertical axis above the first row.
const ABOVE: f64 = 26.0;
/// Room below a panel for the numbers.
const BELOW: f64 = 34.0;

/// The panels as a drawing.
pub(crate) fn draw(x: &Axis, y: &Axis, panels: &[TrajectoryPanel]) -> Drawing {
    let points = || panels.iter().flat_map(|panel| panel.paths.iter().flatten());
    let across = Scale::holding(points().map(|point| point[0]), x.logarithmic).with_air(0.04);
    let up = Scale::holding(points().map(|point| point[1]), y.logarithmic).with_air(0.04);
    let columns = panels.len().clamp(1, COLUMNS);
    let cell = WIDTH / columns as f64;
    let height = (cell * 0.85).min(260.0) - BELOW;
    let titles: Vec<_> = panels.iter().map(|panel| wrapped(&panel.title, (cell - LEFT) / 1.15)).collect();
    let lines = titles.iter().map(Vec::len).max().unwrap_or(1).max(1);
    let above = ABOVE + NAME_LINE * (lines - 1) as f64;
    let frames = (0..panels.len()).map(|index| Frame {
        left: (index % columns) as f64 * cell + LEFT,
        top: 24.0 + above + (index / columns) as f64 * (above + height + BELOW),
        width: cell - LEFT - 10.0,
        height,
        x: across,
        y: up,
    });
    let bottom = 24.0 + panels.len().div_ceil(columns) as f64 * (above + height + BELOW);
    let body = html! {
        (text(0.0, 13.0, "name start", &y.label))
        @for ((frame, content), title) in frames.zip(panels).zip(&titles) { (panel(&frame, content, title)) }
        (text(WIDTH / 2.0, bottom + 8.0, "name middle", &x.label))
    };
    let names: Vec<_> = panels.iter().map(|panel| panel.title.as_str()).collect();
    let description = format!("Paths of {} against {}, a panel each: {}.", y.label, x.label, names.join(", "));
    Drawing::plain(bottom + 16.0, body, description)
}

/// One panel; a dot marks where each path starts.
fn panel(frame: &Frame, panel: &TrajectoryPanel, title: &[String]) -> Markup {
    html! {
        g {
            (frame.vertical_axis("", 4)) (frame.horizontal_axis("", 4))
            @let above = NAME_LINE * (title.len().max(1) - 1) as f64;
            (text_lines(frame.left, frame.top - 8.0 - above, "panel start", title))
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
