//! Forecasts, and what they predict as rows come in.

use anyhow::Result;
use tegmentum::random::Key;
use tegmentum_applied::forecast::series::KnownInput;
use tegmentum_applied::forecast::{Bounds, Data, ForecastConfig, ForecastFile, Origin};

use super::{Case, Tensor, Tensors, Values};

/// Rows to learn from, rows that come later, and rows ahead.
const LEARNED: usize = 110;
const LATER: usize = 30;
const HORIZON: usize = 7;

/// Series with a trend, a season of each length, positive and not, between bounds, with known inputs, and with networks that are used; each with rows that
/// came later and with none.
pub(super) fn cases() -> Result<Vec<Case>> {
    let t = |t: usize| t as f64;
    let mut stream = Key::from_seed(1).stream();
    let noise: Vec<f64> = (0..LEARNED + LATER + HORIZON).map(|_| f64::from(stream.normal())).collect();
    let of = |value: &dyn Fn(usize) -> f64| -> Vec<f64> { (0..LEARNED + LATER).map(value).collect() };
    let season = of(&|row| 50.0 + 0.2 * t(row) + 6.0 * t(row % 12) + noise[row]);
    let growth = of(&|row| (3.0 + 0.02 * t(row) + 0.2 * t(row % 4) + 0.05 * noise[row]).exp());
    let wave = of(&|row| (0.3 * t(row)).sin() * (0.07 * t(row)).cos());
    let driven = of(&|row| 20.0 + 3.0 * noise[row] - 2.0 * t(usize::from(row % 6 == 2)) + (2.1 * t(row * row)).sin());
    let holiday = (0..LEARNED + LATER + HORIZON).map(|row| t(usize::from(row % 6 == 2))).collect();
    let bursts: Vec<f64> = wave.iter().zip(&noise).map(|(wave, noise)| (wave + 0.3 * noise).clamp(0.0, 0.6)).collect();
    let mut all = Vec::new();
    for (name, values, known) in [
        ("season", season, Vec::new()),
        ("bounded", bursts, Vec::new()),
        ("growth", growth, Vec::new()),
        ("wave", wave, Vec::new()),
        ("known", driven, vec![noise.clone(), holiday, vec![1.0; LEARNED + LATER + HORIZON]]),
    ] {
        let limits = if name == "bounded" { [Some(0.0), Some(0.6)] } else { [None; 2] };
        let bounds = Bounds { minimum: limits[0], maximum: limits[1] };
        let (networks, evaluations) = (2, 60);
        let config = ForecastConfig { horizon: HORIZON, networks, evaluations, bounds, ..ForecastConfig::default() };
        let model = config.fit(Data { values: &values[..LEARNED], known: &known })?.model;
        let input = |index: usize| KnownInput { column: format!("input {index}"), level: None };
        let origin = Origin { known: (0..known.len()).map(input).collect(), ..Origin::default() };
        let file = ForecastFile { column: name.to_owned(), model, origin };
        for rows in [0, LATER] {
            all.push(case(&format!("forecast-{name}-{rows}"), &file, &values, &known, rows)?);
        }
    }
    Ok(all)
}

/// A forecast that takes in so many rows.
fn case(name: &str, file: &ForecastFile, values: &[f64], known: &[Vec<f64>], rows: usize) -> Result<Case> {
    let tensor = |name: &str, shape: Vec<usize>, values: Vec<f64>| Tensor {
        name: name.to_owned(),
        shape,
        values: Values::Double(values),
    };
    let later = &values[LEARNED..LEARNED + rows];
    let inputs: Vec<Vec<f64>> = known.iter().map(|input| input[LEARNED..LEARNED + rows + HORIZON].to_vec()).collect();
    let mut model = file.model.clone();
    model.observe(Data { values: later, known: &inputs })?;
    let predicted = model.predict();
    let mut given = vec![tensor("values", vec![rows], later.to_vec())];
    if !inputs.is_empty() {
        let by_row = (0..rows + HORIZON).flat_map(|row| inputs.iter().map(move |input| input[row])).collect();
        given.push(tensor("known", vec![rows + HORIZON, inputs.len()], by_row));
    }
    let mut outputs = vec![
        tensor("prediction", vec![HORIZON], predicted.iter().map(|one| one.value).collect()),
        tensor("half_widths", vec![HORIZON, 2], predicted.iter().flat_map(|one| one.half_widths).collect()),
    ];
    if !file.model.bounds().is_none() {
        for (end, name) in ["low", "high"].into_iter().enumerate() {
            let ends = predicted.iter().flat_map(|one| one.intervals.map(|interval| interval[end])).collect();
            outputs.push(tensor(name, vec![HORIZON, 2], ends));
        }
    }
    Ok(Case { name: name.to_owned(), model: file.to_onnx(), tensors: Tensors { inputs: given, outputs } })
}
