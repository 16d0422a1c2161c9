//! Rasters: a mark for each spike, time to the right, cells below one another, populations set apart.

use std::collections::BTreeSet;
use std::fmt::Write;

use maud::{Markup, html};
use tegmentum_study::outcome::{Axis, RasterPanel};

use super::axis::Scale;
use super::frame::Frame;
use super::svg::{
    Drawing, NAME_LINE, WIDTH, centred_lines, polyline, px, series_class, text, text_lines, text_width, wrapped,
};

/// Room above a panel for a name of one line.
const ABOVE: f64 = 24.0;
/// Room below a panel for the numbers.
const BELOW: f64 = 34.0;
/// Room at the right.
const RIGHT: f64 = 16.0;
/// Room for the names of the populations, at most.
const NAMES: f64 = 100.0;
/// Height of all cells, unless each would be higher than the next one.
const HEIGHT: f64 = 200.0;
/// Most height of a cell.
const TALLEST: f64 = 12.0;
/// Least height of the mark of a spike.
const LEAST_MARK: f64 = 1.6;

/// The panels as a drawing.
pub(crate) fn draw(populations: &[(String, u32)], cells: u32, x: &Axis, panels: &[RasterPanel]) -> Drawing {
    let widest = populations.iter().map(|population| text_width(&population.0) * 1.05).fold(0.0, f64::max);
    let left = widest.clamp(10.0, NAMES) + 10.0;
    let (width, height) = (WIDTH - left - RIGHT, (f64::from(cells.max(1)) * TALLEST).min(HEIGHT));
    let mut bottom = 0.0;
    let mut frames = Vec::with_capacity(panels.len());
    for panel in panels {
        let title = wrapped(&panel.title, width / 1.15);
        let top = bottom + ABOVE + NAME_LINE * (title.len().max(1) - 1) as f64;
        let x = Scale::holding([0.0, f64::from(panel.duration)], false);
        // Cells from the top down.
        let y = Scale::holding([-f64::from(cells.max(1)), 0.0], false);
        frames.push((Frame { left, top, width, height, x, y }, title));
        bottom = top + height + BELOW;
    }
    let groups = groups(populations, cells);
    let body = html! {
        @for ((frame, title), content) in frames.iter().zip(panels) {
            (names(frame, &groups))
            (panel(frame, content, title, &groups, cells))
        }
        (text(left + width / 2.0, bottom + 10.0, "name middle", &x.label))
    };
    let titles: Vec<_> = panels.iter().map(|panel| panel.title.as_str()).collect();
    let description = format!("Spikes of {cells} cells against {}, a panel each: {}.", x.label, titles.join(", "));
    Drawing::plain(bottom + 18.0, body, description)
}

/// A population from its first cell to the one after its last.
struct Group<'a> {
    name: &'a str,
    cells: std::ops::Range<u32>,
}

fn groups(populations: &[(String, u32)], cells: u32) -> Vec<Group<'_>> {
    let end = |index: usize| populations.get(index + 1).map_or(cells, |next| next.1);
    populations
        .iter()
        .enumerate()
        .map(|(index, (name, first))| Group { name, cells: *first..end(index).min(cells).max(*first) })
        .collect()
}

/// The upper edge of a cell.
fn edge(frame: &Frame, cell: u32, cells: u32) -> f64 {
    frame.top + frame.height * f64::from(cell.min(cells)) / f64::from(cells.max(1))
}

/// The names of the populations at the left.
fn names(frame: &Frame, groups: &[Group<'_>]) -> Markup {
    let cells = groups.last().map_or(1, |group| group.cells.end);
    let mut taken = f64::NEG_INFINITY;
    html! {
        @for group in groups {
            @let middle = f64::midpoint(edge(frame, group.cells.start, cells), edge(frame, group.cells.end, cells));
            @let name = wrapped(group.name, frame.left - 10.0);
            @let half = name.len() as f64 * NAME_LINE / 2.0;
            @let y = middle.max(taken + half);
            ({ taken = y + half; centred_lines(frame.left - 8.0, y, "tick end", &name) })
        }
    }
}

/// One panel: its spikes in the colour of their population.
fn panel(frame: &Frame, panel: &RasterPanel, title: &[String], groups: &[Group<'_>], cells: u32) -> Markup {
    html! {
        g {
            (frame.horizontal_axis("", 5))
            @let above = NAME_LINE * (title.len().max(1) - 1) as f64;
            (text_lines(frame.left, frame.top - 9.0 - above, "panel start", title))
            @for (index, group) in groups.iter().enumerate() {
                @if index > 0 {
                    @let y = edge(frame, group.cells.start, cells);
                    path class="grid" d=(polyline(&[(frame.left, y), (frame.right(), y)])) {}
                }
                @let data = spikes(frame, panel, group, cells);
                g class=(series_class(index)) {
                    title { (group.name) }
                    @if !data.is_empty() { path class="spikes" d=(data) {} }
                }
            }
        }
    }
}

/// Path data of the spikes of a population; two that would fall on one place are one.
fn spikes(frame: &Frame, panel: &RasterPanel, group: &Group<'_>, cells: u32) -> String {
    let inside = panel.spikes.iter().filter(|(_, cell)| group.cells.contains(cell));
    let place = |&(time, cell): &(f32, u32)| {
        let position = frame.x.position(f64::from(time)).filter(|position| (0.0..=1.0).contains(position))?;
        Some((cell, (frame.across(position) * 2.0).round() as i64))
    };
    let places: BTreeSet<(u32, i64)> = inside.filter_map(place).collect();
    let mark = (frame.height / f64::from(cells.max(1)) * 0.8).max(LEAST_MARK);
    let mut data = String::new();
    for (cell, x) in places {
        let middle = f64::midpoint(edge(frame, cell, cells), edge(frame, cell + 1, cells));
        // A string takes whatever is written to it.
        let _ = write!(data, "M{} {}v{}", px(x as f64 / 2.0), px(middle - mark / 2.0), px(mark));
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spike_of_a_known_cell_has_a_mark() {
        let populations = [("excitatory".to_owned(), 0), ("inhibitory".to_owned(), 8)];
        let spikes = vec![(0.0, 0), (10.0, 7), (10.0, 8), (99.0, 9), (100.0, 9), (50.0, 10), (120.0, 1), (f32::NAN, 1)];
        let panel = RasterPanel { title: "before".to_owned(), duration: 100.0, spikes };
        let axis = crate::fixtures::axis("time (ms)", false);
        let body = draw(&populations, 10, &axis, &[panel]).body.into_string();
        let marks: Vec<usize> = body
            .split("class=\"spikes\" d=\"")
            .skip(1)
            .map(|part| part.split('"').next().unwrap().matches('M').count())
            .collect();
        assert_eq!(marks, [2, 3], "those outside in time or number have none");
        assert!(body.contains("excitatory") && body.contains("before"));
    }
}
