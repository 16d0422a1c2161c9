//! `tegmentum stream`: rows as they come, each predicted before it is learned from.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde_json::json;
use tegmentum::file::write_file;
use tegmentum::neuromodulation::detectors::DetectorConfig;
use tegmentum_applied::stream::{Rows, Score, StreamLearner, StreamOrigin, Window, Windows};
use tegmentum_report::standalone_svg;
use tegmentum_study::number::fixed;
use tegmentum_study::outcome::{Axis, CurveSeries, Figure, FigureContent};

use super::train::without_folders;
use crate::args::Stream;
use crate::manifest::Manifest;
use crate::output::{Output, notice, wrapped};
use crate::workplace::Workplace;
use crate::{STOPPED, interrupt, table};

/// Lines of alarms that are named in the terminal.
const SHOWN: usize = 12;

/// What came of the rows of this call.
struct Learned {
    learner: StreamLearner,
    before: Score,
    windows: Vec<Window>,
    /// Lines at which noradrenaline made a member begin anew.
    alarms: Vec<u64>,
    /// Lines at which each detector fired.
    fired: Vec<Vec<u64>>,
    /// Rows without a target.
    open: u64,
    predictions: Vec<u8>,
    notes: Vec<String>,
    last_line: u64,
}

/// Reads, predicts, learns, writes.
///
/// # Errors
/// If a row or the model cannot be used, or the folder cannot be written to.
pub(crate) fn execute(arguments: &Stream, output: &mut Output) -> Result<ExitCode> {
    let learner = learner(arguments)?;
    let workplace = Workplace::prepare(&folder(arguments))?;
    let learned = learn(arguments, learner)?;
    let written = write(&workplace, arguments, learned, output)?;
    for line in written {
        output.line(&line)?;
    }
    if interrupt::requested() {
        notice("stopped; what was learned so far is written");
        return Ok(ExitCode::from(STOPPED));
    }
    Ok(ExitCode::SUCCESS)
}

/// A new learner, or one that goes on.
fn learner(arguments: &Stream) -> Result<StreamLearner> {
    let mut learner = match (&arguments.from, &arguments.target) {
        (Some(path), _) => StreamLearner::load(path)?.0,
        (None, target) => {
            let target = target.as_deref().unwrap_or_default();
            let mut learner = StreamLearner::new(target, &arguments.lesions, arguments.seed);
            learner.exclude(&arguments.exclude);
            learner.watch(&arguments.detectors)?;
            if let Some(driver) = &arguments.driver {
                learner.drive(driver.clone())?;
            }
            learner
        }
    };
    if let Some(decimal) = arguments.table.read().decimal {
        learner.set_decimal(decimal);
    }
    Ok(learner)
}

fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Where files go if the user does not say.
fn folder(arguments: &Stream) -> PathBuf {
    arguments.out.clone().unwrap_or_else(|| {
        let stem = if is_standard_input(&arguments.data) {
            "stdin".into()
        } else {
            arguments.data.file_stem().unwrap_or_default().to_string_lossy()
        };
        PathBuf::from("reports").join(format!("stream-{}", super::report::file_name(&stem)))
    })
}

/// All rows, one after another.
fn learn(arguments: &Stream, mut learner: StreamLearner) -> Result<Learned> {
    let path = &arguments.data;
    let source: Box<dyn BufRead> = if is_standard_input(path) {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(path).with_context(|| format!("cannot read {}", path.display()))?))
    };
    let before = learner.score();
    let mut windows = Windows::after(before);
    let mut rows = Rows::new(source, path, &arguments.table.read());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let target = learner.target().to_owned();
    let names: Vec<&str> = learner.detectors().iter().map(DetectorConfig::name).collect();
    let mut fired = vec![Vec::new(); names.len()];
    writer.write_record(["line", &target, &format!("{target}_predicted"), "began_anew"].into_iter().chain(names))?;
    let (mut alarms, mut open, mut last_line) = (Vec::new(), 0, 0);
    while !interrupt::requested() {
        let Some((line, answer)) = rows.next_row(&mut learner)? else { break };
        last_line = line;
        let [truth, predicted] = [&answer.truth, &answer.predicted].map(|name| name.as_deref().unwrap_or_default());
        let mark = |fires: bool| if fires { "1" } else { "" };
        let marks = (0..fired.len()).map(|place| mark(answer.fired.contains(&place)));
        let number = line.to_string();
        let cells = [number.as_str(), truth, predicted, mark(answer.alarm)];
        writer.write_record(cells.into_iter().chain(marks))?;
        answer.fired.iter().for_each(|&place| fired[place].push(line));
        if answer.alarm {
            alarms.push(line);
        }
        if answer.truth.is_none() {
            open += 1;
        } else {
            windows.take_in(learner.score(), learner.levels(), answer.alarm);
        }
    }
    let predictions = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    let notes = rows.notes().sentences();
    Ok(Learned { learner, before, windows: windows.finished(), alarms, fired, open, predictions, notes, last_line })
}

/// Prints and writes, the model last; what was written, a line each.
fn write(workplace: &Workplace, arguments: &Stream, mut learned: Learned, output: &mut Output) -> Result<Vec<String>> {
    let folder = workplace.folder();
    let mut lines = Vec::new();
    let mut keep = |name: &str, what: &str, content: &[u8]| {
        lines.push(format!("{}  {what}", folder.join(name).display()));
        write_file(&folder.join(name), content)
    };
    keep("predictions.csv", "every row beside what was predicted before it was learned from", &learned.predictions)?;
    keep("report.json", "everything that is said above, and more digits", &report(&learned)?)?;
    for figure in pictures(&learned) {
        let svg = standalone_svg(&figure, &[]).unwrap_or_default();
        keep(&format!("{}.svg", figure.id), "a picture", svg.as_bytes())?;
    }
    let data = arguments.data.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let command = without_folders(&Manifest::begin().command);
    let origin = StreamOrigin { data, command, version: env!("CARGO_PKG_VERSION").to_owned() };
    let model = learned.learner.to_bytes(&origin)?;
    keep("model.safetensors", "the model, for `tegmentum stream --continue`", &model)?;
    lines.reverse();
    print(&learned, output)?;
    Ok(lines)
}

fn percent(share: f64) -> String {
    fixed(100.0 * share, 2)
}

fn print(learned: &Learned, output: &mut Output) -> Result<()> {
    let (width, learner) = (output.width(), &learned.learner);
    let (all, now) = (learner.score(), learner.score().since(&learned.before));
    let mut head = vec![format!(
        "{}, {} classes: {} rows, each predicted before it was learned from.",
        learner.target(),
        learner.classes().len(),
        now.rows
    )];
    if learned.open > 0 {
        let (rows, target) = (learned.open, learner.target());
        head.push(format!("{rows} rows have no {target}; they are predicted and not learned from."));
    }
    if !learner.lesions().is_empty() {
        head.push(format!("Without {}.", learner.lesions().join(", ")));
    }
    if let Some(driver) = learner.driver() {
        head.push(format!("Noradrenaline is driven by {}.", driver.name()));
    }
    output.line(&wrapped(&head.join(" "), width, 0))?;
    for note in &learned.notes {
        output.line(&wrapped(note, width, 0))?;
    }
    output.line("")?;
    let continued = learned.before.rows > 0;
    let mut heads = vec![String::new(), "right, % of these rows".to_owned()];
    if continued {
        heads.push(format!("of all {} rows", all.rows));
    }
    let mut scores = table::Table::new(heads);
    let names = ["tegmentum", "no change", "most frequent class so far"];
    for (index, name) in names.into_iter().enumerate() {
        let cells = [now.accuracies()[index], all.accuracies()[index]].map(percent);
        scores.row(std::iter::once(name.to_owned()).chain(cells.into_iter().take(if continued { 2 } else { 1 })));
    }
    scores.lines(width).iter().try_for_each(|line| output.line(line))?;
    output.line("")?;
    members(learned, output)?;
    let [own, others @ ..] = now.accuracies();
    if now.rows > 0 && others.iter().any(|other| *other >= own) {
        let best = if others[0] >= others[1] { names[1] } else { names[2] };
        output.line(&wrapped(&format!("Use {best}: it is at least as good as what was learned."), width, 0))?;
    }
    output.line("")
}

/// The members, and when noradrenaline fired.
fn members(learned: &Learned, output: &mut Output) -> Result<()> {
    let width = output.width();
    if let Some(network) = learned.learner.network() {
        let heads =
            ["member", "weight, %", "noradrenaline: began anew", "serotonin: rate, %", "acetylcholine: usual error"];
        let mut members = table::Table::new(heads.map(str::to_owned));
        let names = ["linear", "additive", "64 units", "64 units, restless"];
        for (index, name) in names.into_iter().enumerate().take(network.members()) {
            let look = network.look(index);
            members.row([
                name.to_owned(),
                fixed(100.0 * look.weight, 1),
                learned.learner.alarms()[index].to_string(),
                fixed(100.0 * look.cooling, 1),
                fixed(look.levels.acetylcholine, 3),
            ]);
        }
        members.lines(width).iter().try_for_each(|line| output.line(line))?;
        output.line("")?;
    }
    let names = learned.learner.detectors().iter().map(DetectorConfig::name);
    if !learned.alarms.is_empty() || names.len() > 0 {
        output.line(&wrapped(&said_of("Noradrenaline", &learned.alarms), width, 0))?;
    }
    for (name, lines) in names.zip(&learned.fired) {
        output.line(&wrapped(&said_of(name, lines), width, 0))?;
    }
    Ok(())
}

/// When something fired.
fn said_of(name: &str, lines: &[u64]) -> String {
    let shown: Vec<String> = lines.iter().take(SHOWN).map(u64::to_string).collect();
    match lines.len() {
        0 => format!("{name} did not fire."),
        count @ 0..=SHOWN => {
            format!("{name} fired at {} {}.", if count == 1 { "line" } else { "lines" }, shown.join(", "))
        }
        count => format!("{name} fired at lines {} and {} more.", shown.join(", "), count - SHOWN),
    }
}

fn report(learned: &Learned) -> Result<Vec<u8>> {
    let of = |score: Score| {
        let [own, no_change, majority] = score.accuracies();
        json!({"rows": score.rows, "accuracy": own, "no_change": no_change, "majority": majority})
    };
    let learner = &learned.learner;
    let all = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "target": learner.target(),
        "classes": learner.classes(),
        "lesions": learner.lesions(),
        "driver": learner.driver(),
        "these_rows": of(learner.score().since(&learned.before)),
        "all_rows": of(learner.score()),
        "without_target": learned.open,
        "last_line": learned.last_line,
        "noradrenaline_fired_at_lines": learned.alarms,
        "detectors": learner.detectors().iter().zip(&learned.fired).map(|(config, lines)| json!({
            "name": config.name(),
            "settings": config,
            "fired_at_lines": lines,
        })).collect::<Vec<_>>(),
        "members_began_anew": learner.alarms(),
        "notes": learned.notes,
        "windows": learned.windows.iter().map(|window| json!({
            "end_row": window.end,
            "accuracy": window.score.accuracies()[0],
            "no_change": window.score.accuracies()[1],
            "majority": window.score.accuracies()[2],
            "acetylcholine": window.levels[0],
            "serotonin": window.levels[1],
            "noradrenaline": window.levels[2],
            "alarms": window.alarms,
        })).collect::<Vec<_>>(),
    });
    Ok(serde_json::to_vec_pretty(&all)?)
}

/// Accuracy over time, and the levels below it.
fn pictures(learned: &Learned) -> [Figure; 2] {
    let windows = &learned.windows;
    let line = |label: &str, of: &dyn Fn(&Window) -> f64| CurveSeries {
        label: label.to_owned(),
        x: windows.iter().map(|window| window.end as f64).collect(),
        y: windows.iter().map(of).collect(),
        lower: Vec::new(),
        upper: Vec::new(),
    };
    let fired = windows.iter().filter(|window| window.alarms > 0);
    // More marks than this hide the lines.
    let marks: Vec<(String, f64)> =
        fired.map(|window| ("noradrenaline".to_owned(), window.end as f64)).take(8).collect();
    let figure = |id: &str, title: String, y: &str, marks: Vec<(String, f64)>, series: Vec<CurveSeries>| Figure {
        id: id.to_owned(),
        title,
        caption: String::new(),
        content: FigureContent::Curves {
            x: Axis { label: "rows".to_owned(), logarithmic: false, marks },
            y: Axis { label: y.to_owned(), logarithmic: false, marks: vec![] },
            series,
            references: Vec::new(),
        },
    };
    let accuracies = ["tegmentum", "no change", "most frequent class so far"];
    let levels = [
        "acetylcholine: usual size of errors",
        "serotonin: share of the rate withheld",
        "noradrenaline: share of an alarm",
    ];
    let each = |names: [&str; 3], of: fn(&Window) -> [f64; 3]| -> Vec<CurveSeries> {
        names.iter().enumerate().map(|(index, name)| line(name, &move |window| of(window)[index])).collect()
    };
    let target = learned.learner.target();
    [
        figure(
            "accuracy",
            format!("{target}: right before it was learned from"),
            "share of rows",
            marks,
            each(accuracies, |window| window.score.accuracies()),
        ),
        figure(
            "modulators",
            format!("{target}: modulators of the heaviest member"),
            "level, largest in a window",
            Vec::new(),
            each(levels, |window| window.levels),
        ),
    ]
}
