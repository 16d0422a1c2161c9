//! Runs: every run as a thin line, their mean as a thick one, panel beside panel, with what happened when.

use maud::{Markup, PreEscaped, html};
use tegmentum_study::outcome::{Axis, RunsPanel};

use super::axis::Scale;
use super::frame::Frame;
use super::simplify;
use super::svg::{Drawing, NAME_LINE, WIDTH, polyline, series_class, text, text_lines, text_width, wrapped};

/// Runs that are drawn at most, evenly chosen.
const RUNS: usize = 120;
/// Room at the left of a panel for the numbers.
const LEFT: f64 = 44.0;
/// Room above a panel for a name of one line and for the names of the events.
const ABOVE: f64 = 44.0;
/// Room at the right of a panel.
const RIGHT: f64 = 14.0;
/// Room below a panel for the numbers.
const BELOW: f64 = 34.0;

/// The panels as a drawing.
pub(crate) fn draw(x: &Axis, y: &Axis, panels: &[RunsPanel]) -> Drawing {
    let values = || panels.iter().flat_map(|panel| panel.runs.iter().flatten().chain(&panel.mean).copied());
    let across = Scale::holding(panels.iter().flat_map(|panel| panel.x.iter().copied()), x.logarithmic);
    let up = Scale::holding(values(), y.logarithmic).with_air(0.03).down_to_near_zero();
    let width = WIDTH - LEFT - RIGHT;
    let height = if panels.len() < 3 { 180.0 } else { 96.0 };
    let titles: Vec<_> = panels.iter().map(|panel| wrapped(&panel.title, width / 1.15)).collect();
    let mut bottom = 22.0;
    let mut frames = Vec::with_capacity(panels.len());
    for title in &titles {
        let top = bottom + ABOVE + NAME_LINE * (title.len().max(1) - 1) as f64;
        frames.push(Frame { left: LEFT, top, width, height, x: across, y: up });
        bottom = top + height + BELOW;
    }
    let body = html! {
        (text(0.0, 13.0, "name start", &y.label))
        @for (index, (frame, content)) in frames.iter().zip(panels).enumerate() {
            (panel(frame, content, &titles[index], &x.marks, index))
        }
        (text(WIDTH / 2.0, bottom + 10.0, "name middle", &x.label))
    };
    let names: Vec<_> = panels.iter().map(|panel| format!("{} ({} runs)", panel.title, panel.runs.len())).collect();
    let description = format!("Every run's {} against {}, a panel each: {}.", y.label, x.label, names.join(", "));
    Drawing::plain(bottom + 18.0, body, description)
}

/// One panel.
fn panel(frame: &Frame, panel: &RunsPanel, title: &[String], events: &[(String, f64)], index: usize) -> Markup {
    let stride = panel.runs.len().div_ceil(RUNS).max(1);
    let faint = if panel.runs.len() > 40 { "run very-faint" } else { "run" };
    let runs = panel.runs.iter().step_by(stride).map(|run| line(frame, &panel.x, run, faint)).collect::<String>();
    html! {
        g class={ "runs " (series_class(index)) } {
            (frame.vertical_axis("", 4)) (frame.horizontal_axis("", 5))
            @let above = NAME_LINE * (title.len().max(1) - 1) as f64;
            (text_lines(frame.left, frame.top - 26.0 - above, "panel start", title))
            (marks(frame, events))
            (PreEscaped(runs))
            (PreEscaped(line(frame, &panel.x, &panel.mean, "mean-halo")))
            (PreEscaped(line(frame, &panel.x, &panel.mean, "mean")))
        }
    }
}

/// The pieces of a line that can be drawn.
fn line(frame: &Frame, x: &[f64], y: &[f64], class: &str) -> String {
    let points: Vec<_> = x.iter().zip(y).map(|(&x, &y)| frame.point(x, y)).collect();
    let shape = if class.starts_with("mean") { simplify::curve } else { simplify::thin_curve };
    let pieces = points.split(Option::is_none).filter(|run| run.len() > 1);
    let data: String = pieces.map(|run| polyline(&shape(&run.iter().copied().flatten().collect::<Vec<_>>()))).collect();
    html! { @if !data.is_empty() { path class=(class) d=(data) {} } }.into_string()
}

/// The events as vertical lines; a name that would touch the one before it is left out.
fn marks(frame: &Frame, events: &[(String, f64)]) -> Markup {
    let inside = |event: &&(String, f64)| frame.x.position(event.1).is_some_and(|place| (0.0..=1.0).contains(&place));
    let mut taken = f64::NEG_INFINITY;
    html! {
        @for (name, at) in events.iter().filter(inside) {
            @let x = frame.across(frame.x.position(*at).unwrap_or(0.0));
            path class="reference" d=(polyline(&[(x, frame.top - 4.0), (x, frame.bottom())])) {}
            @let half = text_width(name) / 2.0;
            @let middle = x.min(frame.right() + 10.0 - half).max(frame.left + half);
            @if middle - half > taken + 6.0 {
                ({ taken = middle + half; text(middle, frame.top - 8.0, "reference-name middle", name) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_run_has_its_line_and_names_do_not_touch() {
        let axis = crate::fixtures::axis("trial", false);
        let x: Vec<f64> = (0..50).map(f64::from).collect();
        let runs: Vec<Vec<f64>> = (0..30).map(|run| x.iter().map(|x| x * f64::from(run % 2)).collect()).collect();
        let panel = RunsPanel { title: "a".to_owned(), mean: runs[1].clone(), x, runs };
        let events = [(10.0, "shift"), (10.2, "hidden"), (40.0, "back"), (90.0, "outside")];
        let marks = events.map(|(at, name)| (name.to_owned(), at)).to_vec();
        let body = draw(&Axis { marks, ..axis.clone() }, &axis, &[panel]).body.into_string();
        assert_eq!((body.matches("class=\"run\"").count(), body.matches("class=\"mean\"").count()), (30, 1));
        assert!(body.contains("shift") && body.contains("back"));
        assert!(!body.contains("hidden") && !body.contains("outside"));
        assert_eq!(body.matches("class=\"reference\"").count(), 3);
    }
}
