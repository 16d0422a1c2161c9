//! A figure of a study: in the page, or as a file of its own.

use maud::{Markup, html};
use tegmentum_study::outcome::{Figure, FigureContent};

use super::svg::{Drawing, WIDTH, legend, px, swatch, text};
use super::{bars, curves, distribution, heat_map, raster, runs, table, trajectories};

/// How drawings look; only what the page and a file have in common.
pub(crate) const STYLE: &str = include_str!("figure.css");

/// The figure in the page, under an anchor that is unique there.
pub(crate) fn figure(figure: &Figure, anchor: &str) -> Markup {
    html! {
        figure id=(anchor) aria-labelledby={ (anchor) "-title" } {
            h4 id={ (anchor) "-title" } { (figure.title) }
            @match &figure.content {
                FigureContent::Table { columns, rows } => { (table::table(columns, rows)) }
                content => { (picture(&drawing(content), &figure.title)) }
            }
            figcaption { (figure.caption) }
        }
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
    }
}

/// The figure as an SVG document with its title and legend.
pub(crate) fn standalone(figure: &Figure) -> Markup {
    let drawing = drawing(&figure.content);
    let margin = 16.0;
    let head = 34.0;
    let names = if drawing.legend.len() > 1 { drawing.legend.as_slice() } else { &[] };
    let (legend, bottom) = legend(names, head + drawing.height + 12.0);
    let (width, height) = (WIDTH + 2.0 * margin, bottom + 2.0 * margin);
    html! {
        svg.plot.standalone xmlns="http://www.w3.org/2000/svg" width=(px(width)) height=(px(height))
            viewBox={ "0 0 " (px(width)) " " (px(height)) } role="img"
            aria-label={ (figure.title) ". " (drawing.description) } {
            style { (maud::PreEscaped(STYLE)) }
            rect.paper width="100%" height="100%" {}
            g transform={ "translate(" (px(margin)) " " (px(margin)) ")" } {
                (text(0.0, 14.0, "title start", &figure.title))
                g transform={ "translate(0 " (px(head)) ")" } { (drawing.body) }
                (legend)
            }
        }
    }
}

/// The content as a drawing.
fn drawing(content: &FigureContent) -> Drawing {
    match content {
        FigureContent::Curves { x, y, series, references } => curves::draw(x, y, series, references),
        FigureContent::Distribution { axis, groups, references } => distribution::draw(axis, groups, references),
        FigureContent::Trajectories { x, y, panels } => trajectories::draw(x, y, panels),
        FigureContent::Runs { x, y, panels } => runs::draw(x, y, panels),
        FigureContent::HeatMap { columns, rows, cells, colours } => heat_map::draw(columns, rows, cells, colours),
        FigureContent::Bars { axis, bars } => bars::draw(axis, bars),
        FigureContent::Raster { populations, cells, x, panels } => raster::draw(populations, *cells, x, panels),
        FigureContent::Table { columns, rows } => table::draw(columns, rows),
    }
}

/// The part of the plane that a drawing of this height fills.
fn view_box(height: f64) -> String {
    format!("0 0 {} {}", px(WIDTH), px(height))
}
