//! The networks: one file each, forward passes only, and their registry. The contract is in
//! [`network`](crate::model::network).

pub mod custom;
pub mod elman;
pub mod gru;
mod initialise;
pub mod mlp;
mod plan;

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::Numerics;
use crate::model::network::{Network, NetworkSettings};
use crate::model::objectives::check_numerics;

tegmentum_engine::named_settings! {
    /// A network as a study names it. Sizes of input and output come from the task. A network is registered by a line here.
    ///
    /// # Example
    /// ```
    /// use tegmentum::model::networks::NetworkConfig;
    /// use tegmentum::random::Key;
    ///
    /// let config: NetworkConfig = toml::from_str("[elman]\nhidden = 16")?;
    /// let network = config.build(3, 3)?;
    /// assert_eq!(network.num_parameters(), 371);
    /// assert_eq!(network.initialise(Key::from_seed(1)).len(), 371);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub enum NetworkConfig: dyn NetworkSettings = "network" {
        Mlp(mlp::MlpConfig),
        Elman(elman::ElmanConfig),
        Gru(gru::GruConfig),
    }
}

impl NetworkConfig {
    /// The network for these sizes.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a size of zero or an initialisation that
    /// is not a positive number; [`Error::Incompatible`](crate::error::Error::Incompatible) for softmax on hidden units.
    pub fn build(&self, num_inputs: usize, num_outputs: usize) -> Result<Box<dyn Network>> {
        self.build_with(Numerics::default(), num_inputs, num_outputs)
    }

    /// The same with [`Numerics`] of choice.
    ///
    /// # Errors
    /// Those of [`NetworkConfig::build`]; [`Error::Incompatible`](crate::error::Error::Incompatible) if the numerics are
    /// `bfloat16` and the network is not one of those that they are made for.
    pub fn build_with(&self, numerics: Numerics, num_inputs: usize, num_outputs: usize) -> Result<Box<dyn Network>> {
        let network = (**self).build_with(numerics, num_inputs, num_outputs)?;
        check_numerics(&*network, numerics, self.name())?;
        Ok(network)
    }
}

impl From<mlp::Mlp> for Arc<dyn Network> {
    fn from(network: mlp::Mlp) -> Self {
        Arc::new(network)
    }
}

impl From<elman::Elman> for Arc<dyn Network> {
    fn from(network: elman::Elman) -> Self {
        Arc::new(network)
    }
}

impl From<gru::Gru> for Arc<dyn Network> {
    fn from(network: gru::Gru) -> Self {
        Arc::new(network)
    }
}
