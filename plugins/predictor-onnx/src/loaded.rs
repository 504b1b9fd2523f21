//! Models that have been proved exact, and made ready for backends: once for a process.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use umoec_codec::Result;
use umoec_codec::plugin::{Model, hex};
use umoec_exact::{ExactError, ModelLimits, StepModel};

use crate::backend::{Backend, Prepared};
use crate::{fault, selftest};

/// Models kept ready, beside those in use.
const KEPT: usize = 4;

/// Bytes that a lane takes beside its states, whatever the model (`spec.md`, section 4).
const PER_LANE: u64 = 16 << 10;

/// The backend asked for; `None` takes the fastest that is there.
static CHOSEN: Mutex<Option<Backend>> = Mutex::new(None);

/// Chooses the backend for this process; `None` takes the fastest that is there. All give the
/// same bits, so this changes nothing but speed.
pub fn choose_backend(backend: Option<Backend>) {
    *lock(&CHOSEN) = backend;
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is kept here is changed in whole steps, so a panic elsewhere leaves it sound.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A model that was proved exact, with what backends made of it.
pub struct Loaded {
    model: Arc<StepModel>,
    source: Arc<Model>,
    ready: Mutex<Vec<Ready>>,
}

struct Ready {
    backend: Backend,
    lanes: usize,
    prepared: Arc<dyn Prepared>,
}

impl Loaded {
    /// Parses and proves a model.
    ///
    /// # Errors
    /// What [`StepModel::load`] finds wrong with it.
    pub fn new(source: Arc<Model>) -> Result<Self, ExactError> {
        Ok(Self {
            model: Arc::new(StepModel::load(source.bytes(), &ModelLimits::default())?),
            source,
            ready: Mutex::new(Vec::new()),
        })
    }

    /// The model, loaded now or before.
    ///
    /// # Errors
    /// `Plugin` that names the model and says why it cannot be used.
    pub fn get(source: &Arc<Model>) -> Result<Arc<Self>> {
        static KNOWN: Mutex<VecDeque<Arc<Loaded>>> = Mutex::new(VecDeque::new());
        let hash = source.hash();
        let mut known = lock(&KNOWN);
        if let Some(loaded) = known.iter().find(|known| known.source.hash() == hash) {
            return Ok(Arc::clone(loaded));
        }
        let loaded = Self::new(Arc::clone(source)).map_err(|e| {
            let name = match source.name() {
                "" => String::new(),
                name => format!("`{}` ", name.escape_debug()),
            };
            fault(format!("model {name}{} is refused: {e}", hex(&hash)))
        })?;
        let loaded = Arc::new(loaded);
        known.push_front(Arc::clone(&loaded));
        known.truncate(KEPT);
        Ok(loaded)
    }

    /// The model itself.
    #[must_use]
    pub fn model(&self) -> &Arc<StepModel> {
        &self.model
    }

    /// Bytes of memory for a stream, itself not counted (`spec.md`, section 4).
    #[must_use]
    pub fn memory(&self, lanes: usize, segment: usize) -> u64 {
        let cost = self.model.cost();
        let per_lane = PER_LANE + 2 * cost.state_bytes + segment as u64;
        self.source.bytes().len() as u64 + 4 * cost.parameters + lanes as u64 * per_lane
    }

    /// The model for that backend and number of lanes, prepared now or before. Its self-test has
    /// passed.
    ///
    /// # Errors
    /// [`ExactError::Backend`] where the backend is not there, cannot take the model, or gives
    /// other bits than it should.
    pub fn prepare(&self, backend: Backend, lanes: usize) -> Result<Arc<dyn Prepared>, ExactError> {
        let mut ready = lock(&self.ready);
        let known = ready
            .iter()
            .find(|known| known.backend == backend && known.lanes == lanes);
        if let Some(known) = known {
            return Ok(Arc::clone(&known.prepared));
        }
        let prepared: Arc<dyn Prepared> = backend
            .prepare(&self.model, self.source.bytes(), lanes)?
            .into();
        selftest::run(&self.model, backend, &*prepared)?;
        // Lane counts come from files: a hostile one must not fill the memory with plans.
        ready.truncate(KEPT * Backend::ALL.len());
        ready.insert(
            0,
            Ready {
                backend,
                lanes,
                prepared: Arc::clone(&prepared),
            },
        );
        Ok(prepared)
    }

    /// As [`prepare`](Self::prepare), with the backend that was chosen for this process.
    ///
    /// # Errors
    /// As `prepare`; without a choice only where all of [`Backend::AUTOMATIC`] fail.
    pub fn prepare_chosen(&self, lanes: usize) -> Result<Arc<dyn Prepared>, ExactError> {
        let chosen = *lock(&CHOSEN);
        match chosen {
            Some(backend) => self.prepare(backend, lanes),
            None => {
                let [first, others @ ..] = Backend::AUTOMATIC;
                let tried = self.prepare(first, lanes);
                others.into_iter().fold(tried, |tried, backend| {
                    tried.or_else(|_| self.prepare(backend, lanes))
                })
            }
        }
    }
}
