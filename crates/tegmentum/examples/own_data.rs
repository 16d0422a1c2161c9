//! Data of your own: examples from rows, and a task that makes them, so that a study can name it.
//! Run it: `cargo run -p tegmentum --example own_data`.

use serde::{Deserialize, Serialize};
use tegmentum::error::Result;
use tegmentum::prelude::*;

/// Points in a square; those inside a circle are of class 1. The settings are the fields of `[task.circle]` in a study.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Circle {
    jitter: f64,
}

impl Circle {
    fn draw(&self, key: Key) -> (Vec<[f32; 2]>, Vec<usize>) {
        let mut stream = key.stream();
        let mut number = || (2.0 * stream.uniform() - 1.0) as f32;
        let points: Vec<[f32; 2]> = (0..200).map(|_| [number(), number()]).collect();
        let inside = |[x, y]: &[f32; 2]| usize::from(x.hypot(*y) < 0.8 + self.jitter as f32 * number());
        let classes = points.iter().map(inside).collect();
        (points, classes)
    }
}

impl Task for Circle {
    fn problem(&self, key: Key) -> Result<Problem> {
        let ((train, classes), (test, test_classes)) = (self.draw(key.child(0)), self.draw(key.child(1)));
        Ok(Examples::from_classes(&train, &classes, 2)?.with_test_classes(&test, &test_classes)?.into())
    }
}

impl TaskSettings for Circle {
    fn description(&self) -> Description {
        Description { name: "circle", summary: "is a point inside a circle?", reference: "this example" }
    }

    fn build(&self) -> Result<Box<dyn Task>> {
        Ok(Box::new(self.clone()))
    }
}

fn main() -> Result<()> {
    let network = MlpConfig { hidden: vec![12], output_activation: Activation::Softmax, ..MlpConfig::default() };
    let objective = NetworkLoss::new(network.build(2, 2)?, Circle::default().problem(Key::from_seed(0))?);
    let start = objective.network().initialise(Key::from_seed(1));
    let result = minimise_objective(&objective, &start).budget(10_000).run()?;

    let mut test = Evaluator::new(objective.network().clone(), objective.problem().clone());
    let accuracy = test.measure(Metric::Accuracy, &result.parameters)?;
    assert!(accuracy > 0.9, "accuracy on points that were not seen: {accuracy}");
    Ok(())
}
