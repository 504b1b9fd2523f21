//! A step graph that passed: parsed, checked, proved.

use crate::cost::Cost;
use crate::error::Result;
use crate::graph::{Graph, parse};
use crate::interface::{Interface, Metadata};
use crate::limits::ModelLimits;
use crate::self_test::SelfTest;
use crate::verify::{Certificate, verify};

/// A verified step graph. That there is a value of this type is the proof that all backends give
/// the same logits.
#[derive(Debug, Clone)]
pub struct StepModel {
    hash: [u8; 32],
    graph: Graph,
    metadata: Metadata,
    interface: Interface,
    certificate: Certificate,
    self_test: Option<SelfTest>,
    cost: Cost,
}

impl StepModel {
    /// Reads, checks and proves a model.
    ///
    /// # Errors
    ///
    /// Any of [`ExactError`](crate::ExactError), with the place at fault.
    pub fn load(bytes: &[u8], limits: &ModelLimits) -> Result<Self> {
        let graph = parse(bytes, limits)?;
        let metadata = Metadata::read(&graph.metadata)?;
        let self_test = SelfTest::read(&graph.metadata)?;
        let certificate = verify(&graph)?;
        let interface = Interface::of(&graph)?;
        Ok(Self {
            hash: *blake3::hash(bytes).as_bytes(),
            cost: Cost::of(&graph, &interface, bytes.len()),
            graph,
            metadata,
            interface,
            certificate,
            self_test,
        })
    }

    /// BLAKE3 of the file, by which a container names the model.
    #[must_use]
    pub const fn hash(&self) -> [u8; 32] {
        self.hash
    }

    /// The model's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// What the model says of itself.
    #[must_use]
    pub const fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// States, condition and start.
    #[must_use]
    pub const fn interface(&self) -> &Interface {
        &self.interface
    }

    /// The proof, summed up.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// What a step costs.
    #[must_use]
    pub const fn cost(&self) -> Cost {
        self.cost
    }

    /// The vector stored with the model, if there is one.
    #[must_use]
    pub const fn self_test(&self) -> Option<&SelfTest> {
        self.self_test.as_ref()
    }

    /// The graph.
    #[must_use]
    pub const fn graph(&self) -> &Graph {
        &self.graph
    }
}
