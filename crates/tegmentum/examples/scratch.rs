//! scratch
#![allow(clippy::all, clippy::pedantic, clippy::print_stdout, clippy::unwrap_used)]
use std::ops::ControlFlow;
use std::sync::Arc;
use tegmentum::{
    evaluation::*, network::*, objectives::NetworkLoss, observer::*, optimizers::dopamine::*,
    plasticity::node_perturbation::*, random::Key, task::TaskConfig, training::*, *,
};
struct T<'a> {
    ev: &'a mut Evaluator,
    m: Metric,
    target: f64,
    next: u64,
    hit: Option<u64>,
    cps: Vec<u64>,
    vals: Vec<f64>,
    stop: bool,
}
impl Observer for T<'_> {
    fn observe(&mut self, r: &Record<'_>) -> error::Result<ControlFlow<StopReason>> {
        let mut w = vec![0.0; r.learner.averaged().len()];
        while self.vals.len() < self.cps.len() && r.evaluations >= self.cps[self.vals.len()] {
            r.learner.averaged().write(1.0, &mut w);
            self.vals.push(self.ev.measure(self.m, &w)?);
        }
        if self.target > 0.0 && self.hit.is_none() && r.evaluations >= self.next {
            self.next = r.evaluations + 20;
            r.learner.averaged().write(1.0, &mut w);
            if self.ev.measure(self.m, &w)? < self.target {
                self.hit = Some(r.evaluations);
                if self.stop {
                    return Ok(ControlFlow::Break(StopReason::Target));
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}
fn med(v: &mut Vec<f64>) -> (f64, f64, f64) {
    v.sort_by(|a, b| a.total_cmp(b));
    let q = |f: f64| v[((v.len() - 1) as f64 * f).round() as usize];
    (q(0.5), q(0.25), q(0.75))
}
fn main() {
    let a: Vec<String> = std::env::args().collect(); // task net kind cfg seeds budget metric target
    let problem =
        Arc::new(toml::from_str::<TaskConfig>(&a[1]).unwrap().build().unwrap().problem(Key::from_seed(0)).unwrap());
    let network: Arc<dyn Network> = Arc::from(
        toml::from_str::<NetworkConfig>(&a[2]).unwrap().build(problem.num_inputs(), problem.num_outputs()).unwrap(),
    );
    let (n0, seeds): (u64, u64) =
        (std::env::var("SOFF").ok().and_then(|s| s.parse().ok()).unwrap_or(0), a[5].parse().unwrap());
    let budget: u64 = a[6].parse().unwrap();
    let m: Metric = serde_json::from_str(&format!("\"{}\"", a[7])).unwrap();
    let target: f64 = a[8].parse().unwrap();
    let obj = NetworkLoss::new(network.clone(), problem.clone());
    let mut ev = Evaluator::new(network.clone(), problem.clone());
    let (mut hits, mut fin, mut cps) = (vec![], vec![], vec![vec![]; 4]);
    let t0 = std::time::Instant::now();
    let (mut tot, mut sur) = (0, 0);
    for s in n0..n0 + seeds {
        let k = Key::from_seed(s);
        let start = network.initialise(k.child(0));
        let mut learner: Box<dyn Learner> = if a[3] == "dp" {
            Box::new(BlackBoxLearner::new(
                &obj,
                Box::new(toml::from_str::<DopamineConfig>(&a[4]).unwrap().build(start, k.child(1)).unwrap()),
            ))
        } else {
            Box::new(
                toml::from_str::<NodePerturbationConfig>(&a[4])
                    .unwrap()
                    .build(network.clone(), problem.clone(), start, k.child(1))
                    .unwrap(),
            )
        };
        let mut t = T {
            ev: &mut ev,
            m,
            target,
            next: 0,
            hit: None,
            cps: if target > 0.0 && std::env::var("CPS").is_err() {
                vec![]
            } else {
                [8, 4, 2, 1].map(|d| budget / d).to_vec()
            },
            vals: vec![],
            stop: std::env::var("CPS").is_err(),
        };
        let e = train(&mut *learner, k.child(2), budget, &mut [&mut t]).unwrap();
        tot += e.evaluations;
        sur += e.surprises;
        hits.push(t.hit.map_or(f64::INFINITY, |h| h as f64));
        for (c, v) in cps.iter_mut().zip(&t.vals) {
            c.push(*v);
        }
        let mut w = vec![0.0; network.num_parameters()];
        learner.solution().write(1.0, &mut w);
        fin.push(ev.measure(m, &w).unwrap());
    }
    let secs = t0.elapsed().as_secs_f64();
    let ok = hits.iter().filter(|h| h.is_finite()).count();
    println!(
        "{} | hits {:?} ok {ok}/{seeds} | final {:?} | cps {:?} | {:.2} us/eval, surprises {sur}",
        a[4].replace('\n', ","),
        med(&mut hits),
        med(&mut fin),
        cps.iter_mut().filter(|c| !c.is_empty()).map(|c| med(c).0).collect::<Vec<_>>(),
        secs * 1e6 / tot as f64
    );
}
