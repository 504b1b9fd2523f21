//! What is run.

use std::sync::Arc;

use umoec_codec::plugin::Model;
use umoec_exact::ExactError;
use umoec_exact::random::{model, switched_model};

use crate::{EMBEDDED, Loaded};

/// How many generated graphs the suite has; together they cover every operator.
const RANDOM: u64 = 24;

/// How many there are of parts that leave work out: experts, patches, early exits.
const SWITCHED: u64 = 8;

/// Steps of a generated graph, and of a model.
const STEPS: [usize; 2] = [24, 12];

/// A model and how long it is run.
pub struct Case {
    /// Its name in the table and in the vectors.
    pub name: String,
    /// The model, proved exact.
    pub loaded: Loaded,
    /// Steps of each sequence.
    pub steps: usize,
}

impl Case {
    /// A case of a trained model, any model.
    ///
    /// # Errors
    /// What is wrong with the model.
    pub fn new(name: impl Into<String>, model: Arc<Model>) -> Result<Self, ExactError> {
        Ok(Self {
            name: name.into(),
            loaded: Loaded::new(model)?,
            steps: STEPS[1],
        })
    }
}

/// The models that are linked into the program.
///
/// # Errors
/// What is wrong with one.
pub fn embedded() -> Result<Vec<Case>, ExactError> {
    let cases = EMBEDDED.iter();
    cases
        .map(|model| Case::new(model.name, Model::linked(model)))
        .collect()
}

/// The generated graphs.
///
/// # Errors
/// None, unless generator and verifier disagree.
pub fn generated() -> Result<Vec<Case>, ExactError> {
    let random = (0..RANDOM).map(|n| (format!("random-{n}"), model(n)));
    let switched = (0..SWITCHED).map(|n| (format!("switched-{n}"), switched_model(n)));
    random
        .chain(switched)
        .map(|(name, file)| {
            Ok(Case {
                steps: STEPS[0],
                ..Case::new(name.clone(), Model::new(name, file))?
            })
        })
        .collect()
}
