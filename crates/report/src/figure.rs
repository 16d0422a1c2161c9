//! One figure: on the page with its caption, or as a file.

use maud::{Markup, html};
use tegmentum_study::outcome::{CurveSeries, Figure, FigureContent};

use super::svg::{Drawing, WIDTH, legend, px, swatch, text_lines, wrapped};
use super::{bars, curves, distribution, heat_map, raster, runs, table, trajectories};

/// How drawings look; only what the page and a file have in common.
pub(crate) const STYLE: &str = include_str!("figure.css");
/// Lines of a picture of curves, unless a reader asks for all of them.
const LINES: usize = 5;
/// Room around a drawing in a file.
const MARGIN: f64 = 16.0;

/// The figure in the page, under an anchor that is unique there. `order` has names of series, the most important first.
pub(crate) fn figure(figure: &Figure, anchor: &str, order: &[&str]) -> Markup {
    let is_wide = matches!(figure.content, FigureContent::Table { .. });
    html! {
        figure id=(anchor) class=[is_wide.then_some("wide")] aria-labelledby={ (anchor) "-title" } {
            h4 id={ (anchor) "-title" } { (figure.title) }
            (content(figure, order))
            figcaption { (figure.caption) }
            @if let Some(all) = all_lines(&figure.content, order) {
                details.more { summary { "All " (all.1) " lines" } (picture(&all.0, &figure.title)) }
            }
        }
    }
}

/// The picture or table of a figure, without title and caption.
pub(crate) fn content(figure: &Figure, order: &[&str]) -> Markup {
    match &figure.content {
        FigureContent::Table { columns, rows } => table::table(columns, rows),
        content => drawing(content, order).map_or_else(|| html! {}, |drawing| picture(&drawing, &figure.title)),
    }
}

/// A drawing in the page; the legend is text of the page, so that it wraps as the page does.
fn picture(drawing: &Drawing, title: &str) -> Markup {
    html! {
        svg.plot viewBox=(view_box(drawing.height)) role="img" aria-label={ (title) ". " (drawing.description) } {
            (drawing.body)
        }
        @if drawing.legend.len() > 1 {
            ul.legend {
                @for (index, name) in drawing.legend.iter().enumerate() {
                    li class={ "s" (index % 24) } {
                        svg.plot viewBox="0 0 30 10" width="30" height="10" aria-hidden="true" { (swatch(index, 0.0, 5.0)) }
                        (name)
                    }
                }
            }
        }
        @if !drawing.note.is_empty() { p.aside { (drawing.note) } }
    }
}

/// The figure as an SVG document with its title and legend; `None` for a table, which is text of the page.
pub(crate) fn standalone(figure: &Figure, order: &[&str]) -> Option<Markup> {
    let drawing = drawing(&figure.content, order)?;
    let title = wrapped(&figure.title, WIDTH / 1.3);
    let head = 18.0 + 18.0 * title.len() as f64;
    let names = if drawing.legend.len() > 1 { drawing.legend.as_slice() } else { &[] };
    let (legend, bottom) = legend(names, head + drawing.height + 12.0);
    let note = wrapped(&drawing.note, WIDTH / 1.05);
    let (width, height) = (WIDTH + 2.0 * MARGIN, bottom + 16.0 * note.len() as f64 + 2.0 * MARGIN);
    Some(html! {
        svg.plot.standalone xmlns="http://www.w3.org/2000/svg" width=(px(width)) height=(px(height))
            viewBox={ "0 0 " (px(width)) " " (px(height)) } role="img"
            aria-label={ (figure.title) ". " (drawing.description) } {
            style { (maud::PreEscaped(STYLE)) }
            rect.paper width="100%" height="100%" {}
            g transform={ "translate(" (px(MARGIN)) " " (px(MARGIN)) ")" } {
                (text_lines(0.0, 14.0, "title start", &title))
                g transform={ "translate(0 " (px(head)) ")" } { (drawing.body) }
                (legend)
                (text_lines(0.0, bottom + 14.0, "tick start", &note))
            }
        }
    })
}

/// The content as a drawing, curves as at most five lines.
fn drawing(content: &FigureContent, order: &[&str]) -> Option<Drawing> {
    Some(match content {
        FigureContent::Curves { x, y, series, references } => {
            let mut series = ordered(series, order);
            series.truncate(LINES);
            curves::draw(x, y, &series, references)
        }
        FigureContent::Distribution { axis, groups, references } => distribution::draw(axis, groups, references),
        FigureContent::Trajectories { x, y, panels } => trajectories::draw(x, y, panels),
        FigureContent::Runs { x, y, panels } => runs::draw(x, y, panels),
        FigureContent::HeatMap { columns, rows, cells, colours } => heat_map::draw(columns, rows, cells, colours),
        FigureContent::Bars { axis, bars } => bars::draw(axis, bars),
        FigureContent::Raster { populations, cells, x, panels } => raster::draw(populations, *cells, x, panels),
        FigureContent::Table { .. } => return None,
    })
}

/// All lines of curves of which the drawing has but some, and how many they are.
fn all_lines(content: &FigureContent, order: &[&str]) -> Option<(Drawing, usize)> {
    let FigureContent::Curves { x, y, series, references } = content else { return None };
    (series.len() > LINES).then(|| (curves::draw(x, y, &ordered(series, order), references), series.len()))
}

/// The series, those in `order` first; so each has the same colour in all pictures of a study.
fn ordered(series: &[CurveSeries], order: &[&str]) -> Vec<CurveSeries> {
    let rank = |series: &CurveSeries| order.iter().position(|name| *name == series.label).unwrap_or(order.len());
    let mut series = series.to_vec();
    series.sort_by_key(rank);
    series
}

/// The part of the plane that a drawing of this height fills.
fn view_box(height: f64) -> String {
    format!("0 0 {} {}", px(WIDTH), px(height))
}
