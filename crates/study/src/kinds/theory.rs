//! The engine against closed forms: weight perturbation on a linear readout, and the moments of its estimator.
//!
//! # Learning curves (Zuege, Klos & Memmesheimer, 2023)
//! ```text
//!     y_t = W x_t ,   E = 1/(2T) Σ_t ‖y_t − y*_t‖² ,   y*_t = W* x_t + (part that no W reaches, of error E_opt)
//!     a      = 1 − 2ηα² + η²α⁴ (M N_eff + 2)
//!     ⟨E(n)⟩ = E_opt + (E(0) − E_opt − E_f) aⁿ + E_f ,   E_f = b/(1 − a)
//!     b      = ⅛ σ²η²α⁶ (M³N_eff³ + 6 M²N_eff² + 8 M N_eff)
//! ```
//! W [M × N] · x_t inputs `[N]`, T of them, that span N_eff orthogonal directions of mean power α² · η = 1/((M N_eff + 2)α²),
//! the fastest rate · σ scale of the Gaussian noise, the same for the whole trial.
//!
//! The engine's optimizer (`weight_perturbation`, one-sided, Gaussian) runs on this error as on any black box; its curve,
//! averaged over repeats, is compared with the formula for the measured mean of E(0).
//!
//! # Moments
//! `E ĝ = g` and `E‖ĝ‖² = (P + 2)‖g‖²` for normals, `P‖g‖²` for signs, K directions: `((P + 1)/K + 1)‖g‖²` and
//! `((P − 1)/K + 1)‖g‖²`.
//!
//! Reference: P. Zuege, C. Klos, R.-M. Memmesheimer, Phys. Rev. X 13, 021006, 2023, doi:10.1103/PhysRevX.13.021006.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::claims;
use crate::config::{Claim, StudyConfig};
use crate::drawing::{axis, table};
use crate::execution::interrupted;
use crate::kind::{StudyKind, check_arms_of_claim};
use crate::metric::Metric;
use crate::monitor::Monitor;
use crate::names::listed;
use crate::number::short;
use crate::outcome::{ClaimOutcome, CurveSeries, Figure, FigureContent};
use crate::result::{Found, RecordRow, StudyResult, single, summary};
use tegmentum::error::Result;
use tegmentum::evidence::statistics::{Estimate, RESAMPLES, bootstrap, mean};
use tegmentum::learning::black_box_learner::BlackBoxLearner;
use tegmentum::learning::learner::Learner;
use tegmentum::learning::optimizers::weight_perturbation::WeightPerturbationConfig;
use tegmentum::model::objectives::BlackBox;
use tegmentum::model::perturbation::Family;
use tegmentum::random::{Key, Stream};

const OUTPUTS: usize = 3;
const INPUTS: usize = 8;
const DIRECTIONS: usize = 5;
const TIME: usize = 20;
const TRIALS: usize = 400;
/// Trials at whose ends the curve is compared with the formula.
const COMPARED: [usize; 4] = [10, 30, 100, 400];

/// A case of the comparison.
#[derive(Clone, Copy, Debug)]
struct Case {
    name: &'static str,
    sigma: f64,
    irreducible: f64,
}

const CASES: [Case; 2] = [
    Case { name: "noise 0.3, no irreducible error", sigma: 0.3, irreducible: 0.0 },
    Case { name: "noise 0.01, irreducible error 0.5", sigma: 0.01, irreducible: 0.5 },
];

/// The formula for the mean error after `n` trials.
fn closed_form(case: Case, first: f64, n: i32) -> f64 {
    let mn = (OUTPUTS * DIRECTIONS) as f64;
    let eta = best_rate();
    let a = 1.0 - 2.0 * eta + eta * eta * (mn + 2.0);
    let b = 0.125 * case.sigma.powi(2) * eta.powi(2) * (mn.powi(3) + 6.0 * mn.powi(2) + 8.0 * mn);
    let residual = b / (1.0 - a);
    case.irreducible + (first - case.irreducible - residual) * a.powi(n) + residual
}

fn best_rate() -> f64 {
    1.0 / ((OUTPUTS * DIRECTIONS) as f64 + 2.0)
}

/// Inputs [T × N] and targets [T × M] of one repeat.
struct Readout {
    inputs: Vec<f64>,
    targets: Vec<f64>,
}

impl Readout {
    fn draw(case: Case, stream: &mut Stream) -> Self {
        let space = orthonormal(INPUTS, DIRECTIONS, stream);
        let time = orthonormal(TIME, DIRECTIONS + 1, stream);
        let (mut inputs, mut targets) = (vec![0.0; TIME * INPUTS], vec![0.0; TIME * OUTPUTS]);
        let teacher: Vec<f64> = (0..OUTPUTS * INPUTS).map(|_| f64::from(stream.normal())).collect();
        let beyond: Vec<f64> = (0..OUTPUTS).map(|_| f64::from(stream.normal())).collect();
        let size = beyond.iter().map(|x| x * x).sum::<f64>().sqrt();
        for t in 0..TIME {
            for n in 0..INPUTS {
                let sum: f64 = (0..DIRECTIONS).map(|k| space[n][k] * time[t][k]).sum();
                inputs[t * INPUTS + n] = (TIME as f64).sqrt() * sum;
            }
            for m in 0..OUTPUTS {
                let reached: f64 = (0..INPUTS).map(|n| teacher[m * INPUTS + n] * inputs[t * INPUTS + n]).sum();
                // One more direction in time, orthogonal to all inputs: its error is ½ of its mean power.
                let power = (2.0 * case.irreducible * TIME as f64).sqrt() / size;
                targets[t * OUTPUTS + m] = reached + power * beyond[m] * time[t][DIRECTIONS];
            }
        }
        Self { inputs, targets }
    }

    /// E(W) for the flat W [M × N].
    fn error(&self, weights: &[f32]) -> f64 {
        let mut sum = 0.0;
        for t in 0..TIME {
            for m in 0..OUTPUTS {
                let row = &weights[m * INPUTS..(m + 1) * INPUTS];
                let input = &self.inputs[t * INPUTS..(t + 1) * INPUTS];
                let y: f64 = row.iter().zip(input).map(|(&w, x)| f64::from(w) * x).sum();
                sum += (y - self.targets[t * OUTPUTS + m]).powi(2);
            }
        }
        sum / (2.0 * TIME as f64)
    }
}

/// `columns` orthonormal vectors of length `rows`, as [rows][columns] (Gram–Schmidt on normals, twice).
fn orthonormal(rows: usize, columns: usize, stream: &mut Stream) -> Vec<Vec<f64>> {
    let mut matrix = vec![vec![0.0; columns]; rows];
    for column in 0..columns {
        let mut vector: Vec<f64> = (0..rows).map(|_| f64::from(stream.normal())).collect();
        for other in (0..column).chain(0..column) {
            let overlap: f64 = vector.iter().zip(&matrix).map(|(value, row)| value * row[other]).sum();
            for (value, row) in vector.iter_mut().zip(&matrix) {
                *value -= overlap * row[other];
            }
        }
        let norm = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
        for (row, value) in vector.iter().enumerate() {
            matrix[row][column] = value / norm;
        }
    }
    matrix
}

/// The errors of one repeat, before the first and after each trial.
fn repeat(case: Case, seed: u64) -> Result<Vec<f64>> {
    let key = Key::from_seed(seed);
    let readout = Readout::draw(case, &mut key.child(0).stream());
    let objective = BlackBox::new(OUTPUTS * INPUTS, |weights: &[f32]| readout.error(weights));
    let config = WeightPerturbationConfig {
        learning_rate: best_rate(),
        perturbation_scale: case.sigma,
        directions: 1,
        family: Family::Gaussian,
        ..WeightPerturbationConfig::default()
    };
    let optimizer = config.build(vec![0.0; OUTPUTS * INPUTS], key.child(1), 2 * TRIALS as u64)?;
    let mut learner = BlackBoxLearner::new(&objective, Box::new(optimizer));
    let mut weights = vec![0.0f32; OUTPUTS * INPUTS];
    let mut errors = vec![readout.error(&weights)];
    for trial in 0..TRIALS {
        learner
            .update(key.child(2).child(trial as u64), &tegmentum::neuromodulation::modulation::Modulation::default())?;
        learner.averaged().write(1.0, &mut weights);
        errors.push(readout.error(&weights));
    }
    Ok(errors)
}

/// Directions K of the measured estimators.
const POPULATIONS: [usize; 2] = [1, 4];
/// The two families of directions, and K (E‖ĝ‖² − 1) less P: 1 for normals, −1 for signs.
const FAMILIES: [(Family, &str, i32); 2] = [(Family::Gaussian, "normals", 1), (Family::Rademacher, "signs", -1)];
/// The arm of claims about the worst of all arms.
const ALL: &str = "all";
/// Draws of a moment, and of a shortened run.
const DRAWS: [usize; 2] = [400_000, 100_000];

/// The kind. Its metrics are relative differences from the formulas, `relative_error_after_N` of the mean curve
/// and `relative_squared_norm_KN`, `relative_slope_KN` of the moments; arms are the cases. A claim about the arm "all" and
/// the beginning of a metric's name is about the largest of them.
pub(super) struct Theory;

impl StudyKind for Theory {
    fn name(&self) -> &'static str {
        "theory"
    }

    fn summary(&self) -> &'static str {
        "the engine against closed forms"
    }

    fn check(&self, study: &StudyConfig) -> Result<(), String> {
        if !study.arm.is_empty() || study.task.is_some() || study.network.is_some() || !study.setting.is_empty() {
            return Err(
                "kind = \"theory\" has cases of its own: leave out [[arm]], [task], [network], [[setting]]".to_owned()
            );
        }
        Ok(())
    }

    fn arm_names(&self, _: &StudyConfig) -> Vec<String> {
        let families = FAMILIES.iter().map(|family| family.1);
        CASES.iter().map(|case| case.name).chain(families).chain([ALL]).map(str::to_owned).collect()
    }

    fn metrics(&self, _: &StudyConfig) -> Vec<Metric> {
        let errors = COMPARED.iter().map(|n| format!("relative_error_after_{n}"));
        let moments = ["squared_norm", "slope"];
        let moments = POPULATIONS.iter().flat_map(|k| moments.map(|what| format!("relative_{what}_K{k}")));
        errors.chain(moments).map(Metric::smaller).collect()
    }

    fn check_claim(&self, study: &StudyConfig, claim: &Claim) -> Result<(), String> {
        check_arms_of_claim(&self.arm_names(study), claim)?;
        if claim.reference.is_some() {
            return Err("a difference from a formula has no reference; compare it with a threshold".to_owned());
        }
        let names: Vec<String> = self.metrics(study).into_iter().map(|metric| metric.name).collect();
        let is_family = FAMILIES.iter().any(|family| family.1 == claim.arm);
        let is_case = CASES.iter().any(|case| case.name == claim.arm);
        let of_arm = |name: &&String| {
            claim.arm == ALL || name.starts_with("relative_error_") == is_case && (is_case || is_family)
        };
        if names.iter().filter(of_arm).any(|name| name.starts_with(&claim.metric)) {
            return Ok(());
        }
        let known: Vec<&String> = names.iter().filter(of_arm).collect();
        Err(format!("unknown metric {:?}: known are {}", claim.metric, listed(&claim.metric, &known)))
    }

    fn has_units(&self) -> bool {
        false
    }

    fn run(&self, study: &StudyConfig, monitor: &dyn Monitor) -> Result<StudyResult> {
        let mut parts = Parts::new(study);
        monitor.expect(
            &format!("{}: {} repeats of {} cases", study.name, study.seeds.count, CASES.len()),
            (2 * TRIALS as u64 * CASES.len() as u64).saturating_mul(study.seeds.count),
        );
        for case in CASES {
            let seeds: Vec<u64> = study.seeds.iter().collect();
            let run = |&seed: &u64| {
                if monitor.advance(2 * TRIALS as u64) { repeat(case, seed) } else { Err(interrupted(study)) }
            };
            let runs: Result<Vec<Vec<f64>>> = seeds.par_iter().map(run).collect();
            parts.add_curve(case, &seeds, &runs?);
        }
        parts.add_moments(DRAWS[usize::from(study.shortened.is_some())]);
        Ok(parts.finish())
    }
}

/// What has been found so far.
struct Parts<'a> {
    study: &'a StudyConfig,
    series: Vec<CurveSeries>,
    curve_rows: Vec<Vec<String>>,
    moment_rows: Vec<Vec<String>>,
    estimates: Vec<(String, String, Estimate)>,
    found: Vec<Found>,
    records: Vec<RecordRow>,
}

impl<'a> Parts<'a> {
    fn new(study: &'a StudyConfig) -> Self {
        Self {
            study,
            series: vec![],
            curve_rows: vec![],
            moment_rows: vec![],
            estimates: vec![],
            found: vec![],
            records: vec![],
        }
    }

    fn add_curve(&mut self, case: Case, seeds: &[u64], runs: &[Vec<f64>]) {
        let column = |n: usize| -> Vec<f64> { runs.iter().map(|run| run[n]).collect() };
        let first = mean(&column(0));
        let x: Vec<f64> = (0..=TRIALS).map(|n| n as f64).collect();
        let y: Vec<f64> = (0..=TRIALS).map(|n| mean(&column(n))).collect();
        self.series.push(plain(&format!("engine: {}", case.name), x.clone(), y));
        let formula = (0..=TRIALS).map(|n| closed_form(case, first, n as i32)).collect();
        self.series.push(plain(&format!("formula: {}", case.name), x, formula));
        let mut metrics = Vec::new();
        for n in COMPARED {
            let exact = closed_form(case, first, n as i32);
            // The formula is linear in E(0), so each repeat is compared with its own: the mean is the same, the spread less.
            let own = |run: &Vec<f64>| (run[n] - closed_form(case, run[0], n as i32)) / exact;
            let relative: Vec<f64> = runs.iter().map(own).collect();
            let estimate = bootstrap(&relative, mean, RESAMPLES, Key::from_seed(n as u64));
            self.curve_rows.push(vec![
                case.name.to_owned(),
                n.to_string(),
                short(mean(&column(n))),
                short(exact),
                format!("{} %", short(100.0 * estimate.value)),
                format!("[{}, {}] %", short(100.0 * estimate.ci95[0]), short(100.0 * estimate.ci95[1])),
            ]);
            let name = format!("relative_error_after_{n}");
            self.estimates.push((case.name.to_owned(), name.clone(), estimate));
            metrics.push((Metric::smaller(name), single(estimate.value)));
        }
        for (seed, run) in seeds.iter().zip(runs) {
            self.records.extend(COMPARED.iter().map(|&n| RecordRow {
                arm: case.name.to_owned(),
                seed: *seed,
                x: 2 * n as u64,
                x_unit: "evaluations".to_owned(),
                metric: "error".to_owned(),
                value: run[n],
            }));
        }
        self.found.push((case.name.to_owned(), metrics));
    }

    /// Moments of ĝ = (1/K) Σ (g·v) v for ‖g‖ = 1, P = 50, measured with the engine's directions.
    fn add_moments(&mut self, draws: usize) {
        const P: usize = 50;
        for (family, name, excess) in FAMILIES {
            let mut metrics = Vec::new();
            for k in POPULATIONS {
                let exact = (P as f64 + f64::from(excess)) / k as f64 + 1.0;
                let (squares, slopes) = moments(family, k, P, draws / k);
                let parts = [("squared_norm", squares, exact), ("slope", slopes, 1.0)];
                for (what, values, exact) in parts {
                    let relative: Vec<f64> = values.iter().map(|value| value / exact - 1.0).collect();
                    let estimate = bootstrap(&relative, mean, RESAMPLES, Key::from_seed(k as u64));
                    self.moment_rows.push(vec![
                        format!("{name}, K = {k}"),
                        what.replace('_', " "),
                        short(mean(&values)),
                        short(exact),
                        format!("{} %", short(100.0 * estimate.value)),
                    ]);
                    let metric = format!("relative_{what}_K{k}");
                    self.estimates.push((name.to_owned(), metric.clone(), estimate));
                    metrics.push((Metric::smaller(metric), single(estimate.value)));
                }
            }
            self.found.push((name.to_owned(), metrics));
        }
    }

    fn finish(self) -> StudyResult {
        let claims: Vec<ClaimOutcome> = self.study.claim.iter().filter_map(|claim| self.test(claim)).collect();
        let figures = vec![
            Figure {
                id: "theory-curves".to_owned(),
                title: "Learning curves and their closed form".to_owned(),
                caption:
                    "Mean error of a linear readout over repeats, and the formula for the measured mean error before \
                          the first trial."
                        .to_owned(),
                content: FigureContent::Curves {
                    x: axis("trials", false),
                    y: axis("mean error E", true),
                    series: self.series,
                    references: vec![],
                },
            },
            table(
                "theory-table",
                "Engine and formula",
                &["case", "trial", "engine", "formula", "difference", "95 % interval"],
                self.curve_rows,
            ),
            table(
                "theory-moments",
                "Moments of the estimator",
                &["directions", "moment", "engine", "formula", "difference"],
                self.moment_rows,
            ),
        ];
        StudyResult {
            study: self.study.clone(),
            summary: summary(self.study, self.found, claims, Vec::new()),
            figures,
            records: self.records,
            tuning: vec![],
            seconds: BTreeMap::new(),
        }
    }

    /// A claim names an arm (a case, or a family) and a metric; "largest" is the metric farthest from zero of all arms.
    fn test(&self, claim: &Claim) -> Option<ClaimOutcome> {
        let is_meant = |(arm, metric, _): &&(String, String, Estimate)| {
            metric.starts_with(&claim.metric) && (claim.arm == ALL || *arm == claim.arm)
        };
        let largest = self.estimates.iter().filter(is_meant).max_by(|a, b| a.2.value.abs().total_cmp(&b.2.value.abs()));
        let (arm, _, estimate) = largest?;
        let far = estimate.ci95.iter().fold(0.0f64, |far, end| far.max(end.abs()));
        let crosses = estimate.ci95[0] <= 0.0 && estimate.ci95[1] >= 0.0;
        let near = if crosses { 0.0 } else { estimate.ci95[0].abs().min(estimate.ci95[1].abs()) };
        let size = Estimate { value: estimate.value.abs(), ci95: [near, far], n: estimate.n };
        let few = (estimate.n < claims::MIN_SEEDS)
            .then(|| format!("too few seeds: {}, and a verdict needs at least {}", estimate.n, claims::MIN_SEEDS));
        let statistic = format!("largest relative difference from the formula ({arm})");
        Some(claims::outcome(claim, claim.text.clone(), size, statistic, few))
    }
}

fn plain(label: &str, x: Vec<f64>, y: Vec<f64>) -> CurveSeries {
    CurveSeries { label: label.to_owned(), x, y, lower: vec![], upper: vec![] }
}

/// Means of ‖ĝ‖² and ĝ·g over batches of 1 000 draws each.
fn moments(family: Family, k: usize, p: usize, draws: usize) -> (Vec<f64>, Vec<f64>) {
    const BATCH: usize = 1000;
    let g: Vec<f64> = {
        let mut stream = Key::from_seed(1).stream();
        let raw: Vec<f64> = (0..p).map(|_| f64::from(stream.normal())).collect();
        let norm = raw.iter().map(|x| x * x).sum::<f64>().sqrt();
        raw.iter().map(|x| x / norm).collect()
    };
    let (mut squares, mut slopes) = (Vec::new(), Vec::new());
    let mut direction = vec![0.0f32; p];
    for batch in 0..(draws / BATCH).max(2) {
        let (mut square, mut slope) = (0.0, 0.0);
        for draw in 0..BATCH {
            let key = Key::from_seed(2).child((batch * BATCH + draw) as u64);
            let mut estimate = vec![0.0f64; p];
            for index in 0..k {
                direction.fill(0.0);
                family.direction(key.child(index as u64)).add_to(1.0, &mut direction);
                let along: f64 = g.iter().zip(&direction).map(|(g, &v)| g * f64::from(v)).sum();
                for (value, &v) in estimate.iter_mut().zip(&direction) {
                    *value += along * f64::from(v) / k as f64;
                }
            }
            square += estimate.iter().map(|x| x * x).sum::<f64>() / BATCH as f64;
            slope += estimate.iter().zip(&g).map(|(a, b)| a * b).sum::<f64>() / BATCH as f64;
        }
        squares.push(square);
        slopes.push(slope);
    }
    (squares, slopes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values that the formula gives for the four rows of the published set-up (simulated independently).
    #[test]
    fn the_formula_has_its_published_values() {
        let strong = Case { name: "", sigma: 0.3, irreducible: 0.0 };
        let mn = 15.0f64;
        assert!((best_rate() - 1.0 / (mn + 2.0)).abs() < 1e-15);
        // Far in the future only the residual is left.
        let residual = closed_form(strong, 7.0, 100_000);
        assert!((residual - 3.2).abs() < 0.02, "{residual}");
        let weak = Case { name: "", sigma: 1e-4, irreducible: 0.5 };
        assert!((closed_form(weak, 7.0, 100_000) - 0.5).abs() < 1e-6);
    }

    #[test]
    fn inputs_span_their_directions_with_unit_power() {
        let case = Case { name: "", sigma: 0.1, irreducible: 0.5 };
        let readout = Readout::draw(case, &mut Key::from_seed(3).stream());
        let power: f64 = readout.inputs.iter().map(|x| x * x).sum::<f64>() / TIME as f64;
        assert!((power - DIRECTIONS as f64).abs() < 1e-9);
    }

    #[test]
    fn the_engine_follows_the_formula() -> Result<()> {
        for case in CASES {
            let runs: Vec<Vec<f64>> = (0..200).map(|seed| repeat(case, 900_000 + seed)).collect::<Result<_>>()?;
            let column = |n: usize| mean(&runs.iter().map(|run| run[n]).collect::<Vec<_>>());
            for n in [30, 100, 400] {
                let exact = closed_form(case, column(0), n as i32);
                let difference = column(n) / exact - 1.0;
                assert!(difference.abs() < 0.1, "{}: trial {n} off by {difference}", case.name);
            }
        }
        Ok(())
    }
}
