//! The whole report: it is well formed, complete in itself, and survives whatever a study hands over.

use proptest::prelude::*;
use tegmentum_study::outcome::{
    Axis, Bar, CurveSeries, DistributionGroup, Figure, FigureContent, HeatCell, HeatColours, RasterPanel, RunsPanel,
    Summary, TrajectoryPanel,
};

use super::fixtures::{axis, curves, figure, figures, provenance, study, summary};
use super::{StudyReport, render, standalone_svg};

/// The page of one study with these figures.
fn page(figures: &[Figure]) -> String {
    let (study, summary) = (study(), summary("xor", "Exclusive or", false));
    render(&[StudyReport { study: &study, summary: &summary, figures }], &provenance())
}

/// Parses each drawing of the page and the figure's own file as XML; returns the file, which a table has not.
fn check(content: FigureContent) -> String {
    let is_table = matches!(content, FigureContent::Table { .. });
    let figure = figure("id", "a < b & \"c\"\u{1}", content);
    let page = page(std::slice::from_ref(&figure));
    for part in page.split("<svg").skip(1) {
        let svg = format!("<svg{}</svg>", part.split("</svg>").next().unwrap_or_default());
        roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{error}: {svg}"));
    }
    let file = standalone_svg(&figure, &[]);
    assert_eq!(file.is_none(), is_table);
    let Some(file) = file else { return String::new() };
    let document = roxmltree::Document::parse(&file).unwrap_or_else(|error| panic!("{error}: {file}"));
    let numbers = document.descendants().flat_map(|node| node.attributes());
    for attribute in numbers.filter(|attribute| matches!(attribute.name(), "d" | "x" | "y" | "cx" | "cy" | "width")) {
        assert!(!attribute.value().contains("NaN") && !attribute.value().contains("inf"), "{attribute:?}");
    }
    file
}

fn series(x: Vec<f64>, y: Vec<f64>, lower: Vec<f64>, upper: Vec<f64>) -> FigureContent {
    let series = vec![CurveSeries { label: "<&\">".to_owned(), x, y, lower, upper }];
    FigureContent::Curves {
        x: axis("<x>", false),
        y: axis("&y", true),
        series,
        references: vec![("r".to_owned(), 1.0)],
    }
}

fn runs_of(x: Vec<f64>, mean: Vec<f64>, runs: Vec<Vec<f64>>) -> FigureContent {
    let marks = vec![("<&>".to_owned(), 1.0), (String::new(), f64::NAN), ("e".to_owned(), f64::INFINITY)];
    FigureContent::Runs {
        x: Axis { marks, ..axis("<x>", false) },
        y: axis("&y", false),
        panels: vec![RunsPanel { title: "<&\">".to_owned(), x, mean, runs }],
    }
}

fn heat_map_of(values: &[f64], label: &str, colours: HeatColours) -> FigureContent {
    let cell = |&value: &f64| HeatCell { value: Some(value), detail: label.to_owned() };
    FigureContent::HeatMap {
        columns: values.iter().map(|_| label.to_owned()).collect(),
        rows: vec![label.to_owned(); 2],
        cells: vec![values.iter().map(cell).collect(), values.iter().rev().map(cell).collect()],
        colours,
    }
}

fn bars_of(values: &[f64], label: &str) -> FigureContent {
    let ends = values.iter().rev().copied();
    let bar = |(&value, end): (&f64, f64)| Bar {
        label: label.to_owned(),
        value: Some(value),
        ci95: [Some(end.min(value)), Some(value.max(end))],
    };
    FigureContent::Bars { axis: axis("&", false), bars: values.iter().zip(ends).map(bar).collect() }
}

fn raster_of(times: &[f64], label: &str, cells: u32) -> FigureContent {
    let spikes = times.iter().enumerate().map(|(index, &time)| (time as f32, index as u32)).collect();
    let duration = times.first().copied().unwrap_or(0.0) as f32;
    FigureContent::Raster {
        populations: vec![(label.to_owned(), 0), ("late".to_owned(), 9), ("early".to_owned(), 3)],
        cells,
        x: axis("<ms>", false),
        panels: vec![RasterPanel { title: label.to_owned(), duration, spikes }; 4],
    }
}

#[test]
fn the_page_is_complete_in_itself() {
    let html = page(&figures());
    for forbidden in ["http", "<script", "<link", "<img", "@import", "url("] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    assert!(html.len() < 1_500_000, "{} bytes", html.len());
}

#[test]
fn the_page_says_what_was_found() {
    let html = page(&figures());
    for text in ["Not supported", "Inconclusive", "0.213", "[1.31, ∞]", "3 claims: 1 supported", "arXiv:2510.22178"] {
        assert!(html.contains(text), "{text}");
    }
    assert!(html.contains("&lt;b&gt;R&amp;D&lt;/b&gt;") && !html.contains("<b>R"));
}

#[test]
fn shortened_runs_are_marked() {
    let (quick, full) = (summary("a", "A", true), summary("a", "A", false));
    let (study, more) = (study(), [("A full run".to_owned(), "takes an hour".to_owned())]);
    let html = |summary| render(&[StudyReport { study: &study, summary, figures: &[] }], &more);
    assert!(html(&quick).contains("Shortened runs</strong>") && html(&quick).contains("A full run takes an hour"));
    assert!(!html(&full).contains("Shortened runs</strong>"));
}

#[test]
fn anchors_are_unique() {
    let (study, one, figures) = (study(), summary("x & y", "A", false), figures());
    let study = StudyReport { study: &study, summary: &one, figures: &figures };
    let html = render(&[study, study], &[]);
    let mut ids: Vec<_> = html.split(" id=\"").skip(1).filter_map(|part| part.split('"').next()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
    let linked = html.split("href=\"#").skip(1).filter_map(|part| part.split('"').next());
    assert!(linked.into_iter().all(|anchor| ids.binary_search(&anchor).is_ok()));
}

#[test]
fn nothing_at_all() {
    assert!(render(&[], &[]).contains("No claims were tested."));
    let empty = Summary {
        study: String::new(),
        title: String::new(),
        question: String::new(),
        answer: String::new(),
        quick: false,
        arms: [].into(),
        arm_order: vec!["missing".to_owned()],
        metrics: vec![],
        claims: vec![],
        notes: vec![],
    };
    render(&[StudyReport { study: &study(), summary: &empty, figures: &[] }], &[]);
    check(curves(0, 0));
    check(curves(2, 0));
    check(FigureContent::Distribution { axis: axis("", true), groups: vec![], references: vec![] });
    check(FigureContent::Trajectories { x: axis("", false), y: axis("", false), panels: vec![] });
    check(FigureContent::Trajectories {
        x: axis("", true),
        y: axis("", false),
        panels: vec![TrajectoryPanel {
            title: String::new(),
            paths: vec![vec![], vec![[0.0, f64::NAN]], vec![[1.0, 1.0]]],
        }],
    });
    check(FigureContent::Table { columns: vec![], rows: vec![vec![], vec!["a".to_owned()]] });
    check(FigureContent::Runs { x: axis("", false), y: axis("", true), panels: vec![] });
    check(runs_of(vec![], vec![], vec![vec![], vec![1.0]]));
    check(FigureContent::Bars { axis: axis("", false), bars: vec![] });
    for colours in [HeatColours::Signed, HeatColours::Columns { reversed: vec![] }] {
        check(FigureContent::HeatMap { columns: vec![], rows: vec![], cells: vec![], colours: colours.clone() });
        let (columns, rows) = (vec!["a".to_owned(); 2], vec!["b".to_owned(); 3]);
        check(FigureContent::HeatMap { columns, rows, cells: vec![vec![]], colours });
    }
    check(FigureContent::Raster { populations: vec![], cells: 0, x: axis("", false), panels: vec![] });
}

#[test]
fn all_seeds_failed() {
    let groups = vec![DistributionGroup { label: "a".to_owned(), values: vec![], failed: 3 }];
    let file = check(FigureContent::Distribution { axis: axis("", false), groups, references: vec![] });
    assert!(file.contains("3 failed"));
}

#[test]
fn awkward_numbers() {
    let awkward = vec![0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, 1e-320, 5.0, 5.0];
    check(series(awkward.clone(), awkward.clone(), awkward.clone(), awkward.clone()));
    check(series(vec![1.0], vec![1.0], vec![1.0], vec![1.0]));
    check(series(vec![3.0; 5], vec![7.0; 5], vec![], vec![]));
    check(series(vec![1.0, 2.0, 3.0], vec![1.0], vec![0.0, 0.0], vec![f64::INFINITY; 9]));
    for logarithmic in [false, true] {
        let group = |values: &[f64]| DistributionGroup { label: "a".to_owned(), values: values.to_vec(), failed: 1 };
        let groups = vec![group(&awkward), group(&[f64::MAX, f64::MIN]), group(&[0.0; 4]), group(&[1e-300; 4])];
        let references = vec![("nothing".to_owned(), f64::NAN), ("most".to_owned(), f64::MAX)];
        check(FigureContent::Distribution { axis: axis("", logarithmic), groups, references });
    }
    check(runs_of(awkward.clone(), awkward.clone(), vec![awkward.clone(), vec![1.0; 3]]));
    check(bars_of(&awkward, "<&>"));
    for colours in [HeatColours::Signed, HeatColours::Columns { reversed: vec![true] }] {
        check(heat_map_of(&awkward, "<&>", colours));
    }
    check(raster_of(&awkward, "<&>", 0));
    let panels = vec![TrajectoryPanel {
        title: "<>".to_owned(),
        paths: vec![awkward.iter().zip(awkward.iter().rev()).map(|(&x, &y)| [x, y]).collect()],
    }];
    check(FigureContent::Trajectories { x: axis("", false), y: axis("", false), panels });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_numbers_and_names(
        values in prop::collection::vec(any::<f64>(), 0..30),
        others in prop::collection::vec(prop::num::f64::ANY, 0..30),
        label in any::<String>(),
    ) {
        check(series(values.clone(), others.clone(), values.clone(), others.clone()));
        check(runs_of(values.clone(), others.clone(), vec![others.clone(), values.clone()]));
        check(bars_of(&others, &label));
        check(heat_map_of(&others, &label, HeatColours::Signed));
        check(heat_map_of(&values, &label, HeatColours::Columns { reversed: vec![false, true] }));
        check(raster_of(&others, &label, 12));
        let groups = vec![DistributionGroup { label, values: others, failed: 0 }];
        check(FigureContent::Distribution { axis: axis("", false), groups, references: vec![] });
    }
}
