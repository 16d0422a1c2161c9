//! A trained network on a series: one step ahead with the true past, and on its own.

use std::sync::Arc;

use tegmentum::data::task::Series;
use tegmentum::evidence::evaluation::free_run;
use tegmentum::model::network::Network;

/// A network with its parameters.
#[derive(Clone, Debug)]
pub(super) struct Model {
    /// The network.
    pub(super) network: Arc<dyn Network>,
    /// Its parameters [P].
    pub(super) parameters: Vec<f32>,
}

impl Model {
    /// Predictions of the rows of `values` [rows × channels] from row `first` on (which must not be 0), each from all
    /// rows before it.
    pub(super) fn one_step(&self, values: &[f32], first: usize) -> Vec<f32> {
        let network = &*self.network;
        let channels = network.output_rows().len();
        let mut activity = vec![[0.0f32; 4]; network.num_activities()];
        let mut predictions = Vec::new();
        let rows = values.len() / channels;
        for (step, row) in values.chunks_exact(channels).take(rows.saturating_sub(1)).enumerate() {
            if let Some((state, previous)) = network.carry().filter(|_| step > 0) {
                activity.copy_within(state, previous.start);
            }
            for (slot, &value) in activity[network.input_rows()].iter_mut().zip(row) {
                *slot = [value; 4];
            }
            network.step4(&mut (&self.parameters).into(), None, &mut activity);
            if step + 1 >= first {
                predictions.extend(activity[network.output_rows()].iter().map(|lanes| lanes[0]));
            }
        }
        predictions
    }

    /// The rows after the end of the series, each from the predictions before it.
    pub(super) fn future(&self, series: &Series, horizon: usize) -> Vec<f32> {
        let rows = series.values.len() / series.channels.len();
        free_run(&*self.network, &self.parameters, series, 0, rows, horizon).predicted
    }
}
