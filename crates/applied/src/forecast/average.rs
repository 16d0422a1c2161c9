//! The base of a forecast: an average of simple models, weighted by how well they fit and by how well they predicted.
//!
//! ```text
//!     a_i   ∝ exp(−½ AICc_i)                                 Akaike weight within a class
//!     v_i   ∝ e_i^(−n_v/2)                                   weight of validation within a class, e_i mean squared error there
//!     u_i   = ½ (a_i + v_i) ,  E_c = Σ_{i in c} u_i e_i
//!     ŷ     = Σ_c Σ_{i in c} W_c u_i ŷ_i ,  W_c ∝ E_c⁻²        in the unit of the data
//! ```
//! A class c has the models of one transform that predict the same difference, or smooth; between classes weights are nearly even,
//! for the best one on few rows is seldom the best one later. Further ahead e is that of the horizon h, and u the mean of that for the
//! next row and of v with n_v/h rows.
//!
//! Models: ridge regressions on lags (`linear`) and exponential smoothing (`smoothing`), of the values and, if all are positive,
//! of their logarithms · n_v rows of validation, in several parts one after the other; each is predicted by models that were
//! fitted to all rows before it. All models are judged on the same rows, so that criteria can be compared.
//!
//! Behind the rows that were fitted E_c becomes E_c + Σ .9^a (e² − least e² of a class)/(20 + Σ .9^a), over the errors e of the class
//! that are known at an origin, a rows old, so that a class that does not follow a change loses its weight.
//!
//! References: K. P. Burnham, D. R. Anderson, *Model Selection and Multimodel Inference*, 2002 (Akaike weights); L. J. Tashman,
//! International Journal of Forecasting 16, 437–450, 2000 (rolling origins); J. M. Bates, C. W. J. Granger, Operational Research
//! Quarterly 20, 451–468, 1969 (even weights). The two steps are ours.

use rayon::prelude::*;

use super::Data;
use super::features::{Difference, Family, Scaling, Seasonality, Seen, Transform};
use super::linear::{self, Design, Fit, Ridge};
use super::smoothing::{Rates, Smoothing, State};

/// Models of less weight are left out: of all, and within their class.
const LEAST_WEIGHT: f64 = 0.01;
const LEAST_WITHIN: f64 = 0.02;

/// Rows that the errors of the validation count as, and what is left of the weight of an error a row later.
const BEFORE: f64 = 20.0;
const RECENT: f64 = 0.9;

/// One model of the average.
#[derive(Clone, Debug)]
pub(super) enum Model {
    /// Ridge regression; it is fitted anew for each horizon.
    Ridge(Ridge),
    /// Exponential smoothing, with the rates of each fit.
    Smoothing(Smoothing, Vec<Rates>),
}

/// A model and what speaks for it.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) model: Model,
    /// Index into the transformed series.
    pub(super) seen: usize,
    /// Akaike's criterion when fitted to the rows before each part of the validation, and to all rows to learn from.
    pub(super) criteria: Vec<f64>,
    /// Mean squared error over the validation, in the square of the data's unit.
    pub(super) validation: f64,
}

/// A model that takes part.
#[derive(Clone, Debug)]
struct Member {
    /// Its place among the members.
    index: usize,
    candidate: Candidate,
    class: Class,
    /// Its weight u within its class for the next row, when fitted to the rows before each of `ends`.
    within: Vec<f64>,
}

/// Predictions so many rows ahead.
pub(super) struct Ahead {
    /// From every origin, by the models of each fit \[fits\]\[origins\].
    pub(super) predicted: Vec<Vec<f64>>,
    /// Weights of the members in the last fit \[members\].
    pub(super) weights: Vec<f64>,
}

/// The average as it is behind the last row, with coefficients that stay as they are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settled {
    pub(crate) members: Vec<SettledMember>,
    /// Of the members, 1 in all \[horizons\]\[members\].
    pub(crate) weights: Vec<Vec<f64>>,
}

/// A model of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SettledMember {
    pub(crate) family: Family,
    pub(crate) scaling: Scaling,
    pub(crate) model: SettledModel,
}

/// What it has learned.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SettledModel {
    /// Coefficients \[horizons\]\[columns\].
    Ridge { lags: usize, coefficients: Vec<Vec<f64>> },
    /// Rates, and the state behind the last row.
    Smoothing { model: Smoothing, rates: Rates, state: State },
}

/// Models that answer a change of the world alike: what they predict the difference of, if they do not smooth, and the transform.
type Class = (Option<Difference>, Transform);

/// The chosen models with their weights.
#[derive(Clone, Debug)]
pub(super) struct Average {
    seen: Vec<Seen>,
    /// The regressors of each transformed series, if there is a ridge regression of it.
    designs: Vec<Option<Design>>,
    /// The first row that all models can predict.
    pub(super) first: usize,
    members: Vec<Member>,
    /// The first row of each part of the validation, and the end of the rows to learn from.
    pub(super) ends: Vec<usize>,
    /// Squared errors below this are those of rounding.
    least_error: f64,
}

impl Average {
    /// The average for a series, of which the rows before the last of `ends` are learned from; validation begins at the
    /// first. `None` where nothing can be fitted.
    pub(super) fn choose(data: Data<'_>, season: Option<usize>, ends: Vec<usize>) -> Option<Self> {
        let values = data.values;
        let (v, n) = (*ends.first()?, *ends.last()?);
        let positive = values[..n].iter().all(|&value| value > 0.0);
        let families = Family::all(season, positive, data.known.len()).into_iter();
        let seen: Vec<Seen> = families.filter_map(|family| Seen::new(family, season, data, n)).collect();
        let period = season.unwrap_or(1);
        let first = 61.min((v / 4).max(2) + 1).max((2 * period + 1).min(v / 3)).max(2);
        let found: Vec<(Option<Design>, Vec<Candidate>)> = (0..seen.len())
            .into_par_iter()
            .map(|index| {
                let ridges = linear::candidates(&seen[index], index, first, &ends, values);
                let (design, mut found) = ridges.map_or((None, Vec::new()), |(design, found)| (Some(design), found));
                let family = seen[index].family;
                if (family.difference, family.seasonality, family.known) == (Difference::None, Seasonality::None, 0) {
                    found.extend(smoothed(&seen[index], index, season, first, &ends, values));
                }
                (design, found)
            })
            .collect();
        let (designs, candidates): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        let candidates: Vec<Candidate> = candidates.into_iter().flatten().collect();
        if candidates.is_empty() {
            return None;
        }
        let members = members(candidates, &seen, ends.len(), n - v);
        let scale = values[..n].iter().map(|value| value * value).sum::<f64>() / n as f64;
        Some(Self { seen, designs, first, members, ends, least_error: 1e-28 * scale })
    }

    /// Predictions `horizon` rows ahead from every origin from `first` on, up to the end of `values`, by the models that were fitted
    /// to the rows before each of `ends`. `None` if too few rows are left to fit any. For the next row, and for others if they are
    /// `left_out`, rows that were fitted are predicted without themselves.
    pub(super) fn ahead(&self, values: &[f64], horizon: usize, left_out: bool) -> Option<Ahead> {
        let fits = self.ends.len();
        // Every fit must have targets so far ahead.
        if self.ends[0] < self.first + horizon {
            return None;
        }
        let predicted: Vec<Option<Vec<Vec<f64>>>> = self
            .members
            .par_iter()
            .map(|member| {
                (0..fits)
                    .map(|fit| self.predict(&member.candidate, fit, horizon, left_out && fit + 1 == fits))
                    .collect()
            })
            .collect();
        let usable: Vec<(&Member, Vec<Vec<f64>>)> = self
            .members
            .iter()
            .zip(predicted)
            .filter_map(|(member, all)| Some((member, all?)))
            .filter(|(_, all)| all.iter().flatten().all(|value| value.is_finite()))
            .collect();
        let errors: Vec<f64> = usable.iter().map(|(_, all)| self.validation_error(values, all, horizon)).collect();
        if usable.is_empty() {
            return None;
        }
        let weights: Vec<Vec<f64>> = (0..fits).map(|fit| self.weights(&usable, &errors, fit, horizon)).collect();
        let predicted = weights.iter().enumerate();
        let predicted =
            predicted.map(|(fit, weights)| self.blend(values, &usable, weights, &errors, fit, horizon)).collect();
        let mut last = vec![0.0; self.members.len()];
        for ((member, _), weight) in usable.iter().zip(&weights[fits - 1]) {
            last[member.index] = *weight;
        }
        Some(Ahead { predicted, weights: last })
    }

    /// The models that weigh anything at a horizon, `weights` \[horizons\]\[members\], with what was learned from all rows.
    pub(super) fn settle(&self, weights: &[Vec<f64>]) -> Settled {
        let (fit, mut kept) = (self.ends.len() - 1, Vec::new());
        let used = |member: &&Member| weights.iter().any(|weights| weights[member.index] > 0.0);
        for member in self.members.iter().filter(used) {
            let (seen, end) = (&self.seen[member.candidate.seen], self.ends[fit]);
            let own = match (&member.candidate.model, &self.designs[member.candidate.seen]) {
                (Model::Ridge(ridge), Some(design)) => {
                    let of = |horizon: usize| {
                        let fit = Fit { first: self.first, end, index: fit, horizon, left_out: false };
                        let columns = seen.family.fixed_columns(seen.season) + ridge.lags;
                        // A horizon without a fit has no weight.
                        ridge.coefficients(seen, design, fit).unwrap_or_else(|| vec![0.0; columns])
                    };
                    SettledModel::Ridge { lags: ridge.lags, coefficients: (1..=weights.len()).map(of).collect() }
                }
                (Model::Smoothing(model, rates), _) => SettledModel::Smoothing {
                    model: *model,
                    rates: rates[fit],
                    state: model.state(&seen.z, end, &rates[fit]),
                },
                (Model::Ridge(_), None) => continue,
            };
            kept.push((member.index, seen.family, seen.scaling.clone(), own));
        }
        let of = |weights: &Vec<f64>| {
            let own: Vec<f64> = kept.iter().map(|member| weights[member.0]).collect();
            let total: f64 = own.iter().sum();
            own.into_iter().map(|weight| weight / total).collect()
        };
        let weights = weights.iter().map(of).collect();
        let members = kept.into_iter().map(|(_, family, scaling, model)| SettledMember { family, scaling, model });
        Settled { members: members.collect(), weights }
    }

    /// The weighted mean of the members' predictions. Behind the rows that were fitted a class loses weight as it errs.
    fn blend(
        &self,
        values: &[f64],
        members: &[(&Member, Vec<Vec<f64>>)],
        weights: &[f64],
        errors: &[f64],
        fit: usize,
        horizon: usize,
    ) -> Vec<f64> {
        let origins = values.len() + 1 - self.first;
        let mut classes: Vec<(Class, f64, f64, Vec<f64>)> = Vec::new();
        for (((member, predicted), &weight), &error) in members.iter().zip(weights).zip(errors) {
            if !classes.iter().any(|class| class.0 == member.class) {
                classes.push((member.class, 0.0, 0.0, vec![0.0; origins]));
            }
            for class in classes.iter_mut().filter(|class| class.0 == member.class) {
                class.1 += weight;
                class.2 += weight * error.max(self.least_error);
                for (sum, value) in class.3.iter_mut().zip(&predicted[fit]) {
                    *sum += weight * value;
                }
            }
        }
        classes.retain(|class| class.1 > 0.0);
        let (mut recent, mut size) = (vec![0.0; classes.len()], 0.0);
        let mut mean = Vec::with_capacity(origins);
        for origin in 0..origins {
            // The error that has become known since the last origin.
            let known = (self.first + origin).checked_sub(1).filter(|target| *target >= self.ends[fit]);
            if let Some((target, from)) =
                known.and_then(|target| Some((target, (origin + 1).checked_sub(horizon + 1)?)))
            {
                size = RECENT * size + 1.0;
                let error = |class: &(Class, f64, f64, Vec<f64>)| (class.3[from] / class.1 - values[target]).powi(2);
                let least = classes.iter().map(error).fold(f64::INFINITY, f64::min);
                for (sum, class) in recent.iter_mut().zip(&classes) {
                    *sum = RECENT * *sum + error(class) - least;
                }
            }
            let (mut sum, mut total) = (0.0, 0.0);
            for (class, recent) in classes.iter().zip(&recent) {
                let before = class.2 / class.1;
                let now = before + recent / (BEFORE + size);
                let factor = (before / now).powi(2);
                sum += factor * class.3[origin];
                total += factor * class.1;
            }
            mean.push(sum / total);
        }
        mean
    }

    fn predict(&self, candidate: &Candidate, fit: usize, horizon: usize, left_out: bool) -> Option<Vec<f64>> {
        let (seen, end) = (&self.seen[candidate.seen], self.ends[fit]);
        match &candidate.model {
            Model::Ridge(ridge) => {
                let fit = Fit { first: self.first, end, index: fit, horizon, left_out: horizon == 1 || left_out };
                ridge.predict(seen, self.designs[candidate.seen].as_ref()?, fit)
            }
            Model::Smoothing(model, rates) => {
                let predicted = model.predict(&seen.z, self.first, end, &rates[fit], horizon);
                Some(predicted.into_iter().map(|value| seen.back(value)).collect())
            }
        }
    }

    /// Mean squared error over the validation of one model's predictions, which each fit made of the part behind it.
    fn validation_error(&self, values: &[f64], predicted: &[Vec<f64>], horizon: usize) -> f64 {
        let (mut sum, mut count) = (0.0, 0.0);
        for (fit, part) in self.ends.windows(2).enumerate() {
            for target in part[0].max(self.first + horizon - 1)..part[1] {
                sum += (values[target] - predicted[fit][target + 1 - horizon - self.first]).powi(2);
                count += 1.0;
            }
        }
        sum / f64::max(count, 1.0)
    }

    /// The weights of the members, which sum to one.
    fn weights(&self, members: &[(&Member, Vec<Vec<f64>>)], errors: &[f64], fit: usize, horizon: usize) -> Vec<f64> {
        // Errors of neighbouring origins share all rows but one of their way.
        let count = (self.ends[self.ends.len() - 1] - self.ends[0]) as f64 / horizon as f64;
        let least = errors.iter().copied().fold(f64::INFINITY, f64::min).max(self.least_error);
        let mut weights = vec![0.0; members.len()];
        for index in 0..members.len() {
            let class = members[index].0.class;
            if members[..index].iter().any(|(other, _)| other.class == class) {
                continue;
            }
            let inside: Vec<usize> = (index..members.len()).filter(|&other| members[other].0.class == class).collect();
            let error = |index: &usize| errors[*index].max(self.least_error);
            let near: f64 = inside.iter().map(|&index| members[index].0.within[fit]).sum();
            let far = normalised(inside.iter().map(|index| count * error(index).ln()));
            let own: Vec<f64> = inside
                .iter()
                .zip(&far)
                .map(|(&index, far)| {
                    let near = if near > 0.0 { members[index].0.within[fit] / near } else { *far };
                    if horizon == 1 { near } else { 0.5 * (near + far) }
                })
                .collect();
            let mean: f64 = own.iter().zip(&inside).map(|(weight, index)| weight * error(index)).sum();
            for (&index, own) in inside.iter().zip(&own) {
                weights[index] = own * (least / mean).powi(2);
            }
        }
        let total: f64 = weights.iter().sum();
        let least = LEAST_WEIGHT.min(weights.iter().copied().fold(0.0, f64::max) / total);
        let kept: Vec<f64> = weights.iter().map(|weight| if weight / total >= least { *weight } else { 0.0 }).collect();
        let total: f64 = kept.iter().sum();
        kept.into_iter().map(|weight| weight / total).collect()
    }

    /// What the models are, in words: their number and the heaviest of each class.
    pub(super) fn describe(&self) -> (usize, Vec<String>) {
        let late = self.ends.len() - 1;
        let mut named: Vec<String> = Vec::new();
        for (index, member) in self.members.iter().enumerate() {
            if self.members[..index].iter().any(|other| other.class == member.class) {
                continue;
            }
            let inside = self.members.iter().filter(|other| other.class == member.class);
            let Some(best) = inside.max_by(|a, b| a.within[late].total_cmp(&b.within[late])) else { continue };
            let seen = &self.seen[best.candidate.seen];
            named.push(match &best.candidate.model {
                Model::Ridge(ridge) => seen.family.describe(seen.season, ridge.lags),
                Model::Smoothing(model, _) => model.describe(seen.family.transform),
            });
        }
        (self.members.len(), named)
    }
}

/// The candidates that weigh enough within their class for the next row, and the best of each family on the validation, which may
/// be better for rows that are further ahead.
fn members(candidates: Vec<Candidate>, seen: &[Seen], fits: usize, validated: usize) -> Vec<Member> {
    let class = |candidate: &Candidate| -> Class {
        let family = seen[candidate.seen].family;
        let is_ridge = matches!(candidate.model, Model::Ridge(_));
        (is_ridge.then_some(family.difference), family.transform)
    };
    let classes: Vec<Class> = candidates.iter().map(class).collect();
    let mut within = vec![vec![0.0; fits]; candidates.len()];
    let mut best = vec![false; candidates.len()];
    for index in 0..candidates.len() {
        let is = |other: &usize| classes[*other] == classes[index];
        if !(0..index).any(|other| is(&other)) {
            let inside: Vec<usize> = (index..candidates.len()).filter(is).collect();
            let error = |index: &usize| candidates[*index].validation.max(1e-300);
            let validation = normalised(inside.iter().map(|index| validated as f64 * error(index).ln()));
            for fit in 0..fits {
                let akaike = normalised(inside.iter().map(|&index| candidates[index].criteria[fit]));
                for ((&index, a), v) in inside.iter().zip(akaike).zip(&validation) {
                    within[index][fit] = 0.5 * (a + v);
                }
            }
        }
        let same = |other: &Candidate| other.seen == candidates[index].seen;
        best[index] = !candidates.iter().any(|other| same(other) && other.validation < candidates[index].validation);
    }
    let all = candidates.into_iter().zip(classes).zip(within).zip(best);
    let members = all.map(|(((candidate, class), within), best)| (Member { index: 0, candidate, class, within }, best));
    let heavy = |member: &Member| member.within.iter().any(|&weight| weight >= LEAST_WITHIN);
    let kept = members.filter(|(member, best)| *best || heavy(member)).enumerate();
    kept.map(|(index, (member, _))| Member { index, ..member }).collect()
}

/// The models of exponential smoothing for one transformed series.
fn smoothed(
    seen: &Seen,
    index: usize,
    season: Option<usize>,
    first: usize,
    ends: &[usize],
    values: &[f64],
) -> Vec<Candidate> {
    let (v, n) = (ends[0], ends[ends.len() - 1]);
    let one = |model: Smoothing| {
        if model.degrees() + 2.0 > 0.6 * (v - first) as f64 {
            return None;
        }
        let (mut rates, mut criteria, mut squares) = (Vec::new(), Vec::new(), 0.0);
        for (fit, &end) in ends.iter().enumerate() {
            let found = model.fit(&seen.z, first, end).ok()?;
            let predicted = model.predict(&seen.z, first, end, &found, 1);
            let error = |t: usize| predicted[t - first] - seen.z[t];
            let k = (end - first) as f64;
            let square = (first..end).map(|t| error(t).powi(2)).sum::<f64>() / k;
            let degrees = model.degrees();
            let room = k - degrees - 2.0;
            criteria.push(k * square.max(1e-20).ln() + 2.0 * degrees * k / room + seen.jacobian(first..end));
            for t in end..ends.get(fit + 1).copied().unwrap_or(end) {
                squares += (seen.back(predicted[t - first]) - values[t]).powi(2);
            }
            rates.push(found);
        }
        let validation = squares / (n - v) as f64;
        let usable = validation.is_finite() && criteria.iter().all(|value| value.is_finite());
        usable.then_some(Candidate { model: Model::Smoothing(model, rates), seen: index, criteria, validation })
    };
    Smoothing::all(season).into_iter().filter_map(one).collect()
}

/// exp(−½ (c − least c)), normalised.
fn normalised(criteria: impl Iterator<Item = f64>) -> Vec<f64> {
    let criteria: Vec<f64> = criteria.collect();
    let least = criteria.iter().copied().fold(f64::INFINITY, f64::min);
    let raw: Vec<f64> = criteria.iter().map(|value| (-0.5 * (value - least)).exp()).collect();
    let total: f64 = raw.iter().sum();
    raw.into_iter().map(|value| value / total).collect()
}
