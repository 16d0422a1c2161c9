//! Feedback alignment: its estimate against the exact gradient and against eligibility traces that run forward, learned feedback
//! against the weights that it faces, and what its modulators do.

use std::sync::Arc;

use tegmentum::data::batch::{Batch, LaneBatch, Part};
use tegmentum::data::task::Problem;
use tegmentum::data::tasks::TaskConfig;
use tegmentum::error::Error;
use tegmentum::learning::gradient::Backpropagation;
use tegmentum::learning::learner::Learner;
use tegmentum::learning::plasticity::feedback_alignment::{FeedbackAlignment, FeedbackAlignmentConfig};
use tegmentum::model::network::Network;
use tegmentum::model::networks::NetworkConfig;
use tegmentum::neuromodulation::modulation::Modulation;
use tegmentum::random::Key;

const LORENZ: &str = "[lorenz]\ntrain = 2000\ntest = 500\nwindows = { count = 5, length = 30, washout = 5 }";
const DEEP: &str =
    "[mlp]\nhidden = [16, 12]\nactivation = \"relu\"\noutput_activation = \"softmax\"\ninitialisation = \"he\"";

fn world(task: &str, network: &str) -> (Arc<dyn Network>, Arc<Problem>) {
    let task: TaskConfig = toml::from_str(task).unwrap();
    let problem = Arc::new(task.build().unwrap().problem(Key::from_seed(0)).unwrap());
    let config: NetworkConfig = toml::from_str(network).unwrap();
    let network: Arc<dyn Network> = Arc::from(config.build(problem.num_inputs(), problem.num_outputs()).unwrap());
    (network, problem)
}

fn learner(settings: &str, task: &str, network: &str, seed: u64) -> FeedbackAlignment {
    let config: FeedbackAlignmentConfig = toml::from_str(settings).unwrap();
    let (network, problem) = world(task, network);
    let start = network.initialise(Key::from_seed(seed));
    config.build(network, problem, start, Key::from_seed(seed).child(1)).unwrap()
}

fn train(learner: &mut FeedbackAlignment, updates: u64) {
    for update in 0..updates {
        learner.update(Key::from_seed(8).child(update), &Modulation::default()).unwrap();
    }
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// Distance of the feedback from the weights that it faces, as a share of these; and the cosine between them.
fn distance(learner: &FeedbackAlignment) -> (f64, f64) {
    let (mut weights, mut feedback) = (Vec::new(), Vec::new());
    for (range, own) in learner.feedback() {
        weights.extend_from_slice(&learner.acting()[range]);
        feedback.extend_from_slice(own);
    }
    let norm = |values: &mut dyn Iterator<Item = f32>| values.map(|v| f64::from(v).powi(2)).sum::<f64>().sqrt();
    let apart = norm(&mut weights.iter().zip(&feedback).map(|(w, b)| w - b));
    (apart / norm(&mut weights.iter().copied()), cosine(&weights, &feedback))
}

/// Kolen and Pollack: both sides take the same steps and decay, so their difference shrinks as the product of the decays alone.
#[test]
fn learned_feedback_converges_to_the_weights_that_it_faces() {
    for (task, network, credit) in
        [("[digits]", DEEP, "traces"), (LORENZ, "[elman]", "recurrent"), (LORENZ, "[gru]", "recurrent")]
    {
        for seed in 0..5 {
            let mut learner = learner(&format!("decay = 0.1\ncredit = '{credit}'"), task, network, seed);
            assert_eq!(distance(&learner).0, 1.0, "it begins silent");
            train(&mut learner, 2000);
            let (apart, cosine) = distance(&learner);
            assert!(apart < 0.1 && cosine > 0.995, "{network} seed {seed}: {apart} apart, cosine {cosine}");
        }
    }
}

#[test]
fn without_decay_the_difference_stays_and_random_feedback_never_moves() {
    let difference = |learner: &FeedbackAlignment| -> Vec<f32> {
        learner
            .feedback()
            .flat_map(|(range, own)| own.iter().zip(&learner.acting()[range]).map(|(b, w)| b - w).collect::<Vec<_>>())
            .collect()
    };
    let mut kept = learner("decay = 0.0", "[digits]", DEEP, 1);
    let before = difference(&kept);
    train(&mut kept, 300);
    let largest = before.iter().zip(difference(&kept)).map(|(a, b)| (a - b).abs()).fold(0.0f32, f32::max);
    assert!(largest < 1e-4, "{largest}");
    let mut random = learner("feedback = 'random'", "[digits]", DEEP, 1);
    let feedback =
        |learner: &FeedbackAlignment| learner.feedback().flat_map(|(_, own)| own.to_vec()).collect::<Vec<_>>();
    let before = feedback(&random);
    train(&mut random, 300);
    // The acting feedback is the mixture .9 x + .1 z of two equal numbers.
    let moved = before.iter().zip(feedback(&random)).map(|(a, b)| (a - b).abs()).fold(0.0f32, f32::max);
    assert!(moved < 1e-6, "{moved}");
    assert!(before.iter().all(|&b| b != 0.0));
}

/// The direction of the estimate after some learning, over seeds: smallest cosine with the exact gradient of the same batch.
#[test]
fn the_estimate_points_along_the_gradient() {
    let cases = [
        ("[digits]", DEEP, "feedback = 'kolen_pollack'", 0.93),
        ("[digits]", DEEP, "feedback = 'random'", 0.3),
        (LORENZ, "[elman]", "credit = 'traces'", 0.8),
        (LORENZ, "[elman]", "credit = 'recurrent'", 0.93),
        (LORENZ, "[gru]", "credit = 'traces'", 0.75),
        (LORENZ, "[gru]", "credit = 'recurrent'", 0.93),
    ];
    for (task, network, settings, bound) in cases {
        let (net, problem) = world(task, network);
        let mut cosines: Vec<f64> = (0..20)
            .map(|seed| {
                let mut learner = learner(settings, task, network, seed);
                train(&mut learner, 600);
                let batch = Batch(Key::from_seed(77));
                let (acting, mut gradient) = (learner.acting().to_vec(), vec![0.0; net.num_parameters()]);
                let mut exact = Backpropagation::default();
                let loss = exact.gradient(&*net, &problem, &acting, batch, &mut gradient).unwrap();
                let (estimate, own_loss) = learner.estimate(batch).unwrap();
                assert_eq!(loss, own_loss);
                cosine(estimate, &gradient)
            })
            .collect();
        cosines.sort_by(f64::total_cmp);
        assert!(cosines[0] > bound, "{network} {settings}: {cosines:?}");
    }
}

/// An Elman network with eligibility traces that run forward, in f64: ε ← W_jj f' ε + f' u, ∂W = Σ_t (B s_o) ε.
#[test]
fn credit_is_that_of_eligibility_traces() {
    let hidden = 6;
    let mut learner = learner("feedback = 'random'\ncredit = 'traces'", LORENZ, "[elman]\nhidden = 6", 3);
    let (network, problem) = world(LORENZ, "[elman]\nhidden = 6");
    let batch = Batch(Key::from_seed(9));
    let mut lanes = LaneBatch::<16>::default();
    lanes.load(&problem, Part::Train(batch));
    let w: Vec<f64> = learner.acting().iter().map(|&w| f64::from(w)).collect();
    let feedback: Vec<f64> = learner.feedback().flat_map(|(_, own)| own.to_vec()).map(f64::from).collect();
    let blocks: Vec<usize> = network.blocks().iter().map(|block| block.offset).collect();
    let (inputs, outputs) = (3, 3);
    let mut expected = vec![0.0f64; w.len()];
    let scale = 1.0 / (5.0 * 25.0 * outputs as f64);
    for lane in 0..5 {
        let mut h = vec![0.0f64; hidden];
        let mut trace = vec![0.0f64; (inputs + hidden + 1) * hidden];
        for step in 0..30 {
            let now = lanes.inputs(0, step).iter().map(|row| f64::from(row[lane]));
            let u: Vec<f64> = now.chain(h.iter().copied()).chain([1.0]).collect();
            let a = |j: usize| (0..u.len()).map(|i| u[i] * w[i * hidden + j]).sum::<f64>();
            let new: Vec<f64> = (0..hidden).map(|j| a(j).tanh()).collect();
            let slope = |j: usize| 1.0 - new[j] * new[j];
            for i in 0..u.len() {
                for j in 0..hidden {
                    let own = w[blocks[1] + j * hidden + j];
                    let e = &mut trace[i * hidden + j];
                    *e = slope(j) * (own * *e + u[i]);
                }
            }
            h = new;
            if step < 5 {
                continue;
            }
            let y =
                |k: usize| (0..hidden).map(|j| h[j] * w[blocks[3] + j * outputs + k]).sum::<f64>() + w[blocks[4] + k];
            let s: Vec<f64> =
                (0..outputs).map(|k| 2.0 * scale * (y(k) - f64::from(lanes.targets(0, step)[k][lane]))).collect();
            for j in 0..hidden {
                let signal: f64 = (0..outputs).map(|k| feedback[j * outputs + k] * s[k]).sum();
                for i in 0..u.len() {
                    expected[i * hidden + j] += signal * trace[i * hidden + j];
                }
                (0..outputs).for_each(|k| expected[blocks[3] + j * outputs + k] += s[k] * h[j]);
            }
            (0..outputs).for_each(|k| expected[blocks[4] + k] += s[k]);
        }
    }
    let found = learner.estimate(batch).unwrap().0;
    let size = expected.iter().fold(0.0f64, |size, value| size.max(value.abs()));
    for (index, (a, b)) in found.iter().zip(&expected).enumerate() {
        assert!((f64::from(*a) - b).abs() < 1e-4 * size, "entry {index}: {a} against {b}");
    }
}

#[test]
fn modulators_act_as_in_other_rules() {
    let averaged = |learner: &FeedbackAlignment| {
        let mut parameters = vec![0.0; learner.acting().len()];
        learner.averaged().write(1.0, &mut parameters);
        parameters
    };
    let after = |drug: &str| {
        let mut learner = learner(&format!("neuromodulation = {{ pharmacology = [{drug}] }}"), "[digits]", DEEP, 6);
        train(&mut learner, 60);
        averaged(&learner)
    };
    let intact = after("");
    let untouched = averaged(&learner("", "[digits]", DEEP, 6));
    assert_ne!(intact, untouched);
    assert_eq!(
        after("{ modulator = 'dopamine', action = { lesion = 1.0 } }"),
        untouched,
        "nothing is learned without dopamine"
    );
    for modulator in ["acetylcholine", "serotonin"] {
        assert_ne!(
            after(&format!("{{ modulator = '{modulator}', action = {{ lesion = 1.0 }} }}")),
            intact,
            "{modulator}"
        );
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |settings: &str, network: &str| {
        let config: FeedbackAlignmentConfig = toml::from_str(settings).unwrap();
        let (network, problem) = world("[digits]", network);
        let start = network.initialise(Key::from_seed(0));
        config.build(network, problem, start, Key::from_seed(0)).unwrap_err()
    };
    let steps = refused("", "[mlp]\nhidden = [3]\nactivation = \"step\"\noutput_activation = \"softmax\"");
    assert!(matches!(&steps, Error::Incompatible { what, .. } if what == "feedback alignment"), "{steps}");
    assert!(
        matches!(refused("", "[mlp]\nhidden = [3]"), Error::Incompatible { .. }),
        "no error of a linear output with cross-entropy"
    );
    assert!(matches!(refused("decay = -1.0", DEEP), Error::InvalidParameter { name: "decay", .. }));
    let bent = "neuromodulation = { receptor = [{ name = 'dopamine_reinforcement', transmitter = 'dopamine', target = 'reinforcement', efficacy = 1.0, curve = 'sign' }] }";
    assert!(matches!(refused(bent, DEEP), Error::Incompatible { .. }));
}
