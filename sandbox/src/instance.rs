//! The sandbox behind its port. A reset replaces the whole world with its router, so that nothing of
//! the old one can be left over.

use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;

use super::clock::Clock;
use super::world::World;
use super::{SandboxBuilder, server};

pub(super) struct Instance {
    port: u16,
    settings: SandboxBuilder,
    /// One for all generations: time does not go back for clients that follow it.
    clock: Arc<Clock>,
    generation: RwLock<Generation>,
}

#[derive(Clone)]
struct Generation {
    world: Arc<World>,
    router: Router,
}

impl Generation {
    fn new(port: u16, settings: &SandboxBuilder, clock: &Arc<Clock>) -> Self {
        let world = Arc::new(World::new(port, settings.clone(), Arc::clone(clock)));
        let router = server::services(&world);
        Self { world, router }
    }
}

impl Instance {
    pub(super) fn new(port: u16, settings: SandboxBuilder) -> Self {
        let clock = Arc::new(Clock::new(settings.speed));
        let generation = RwLock::new(Generation::new(port, &settings, &clock));
        Self { port, settings, clock, generation }
    }

    fn generation(&self) -> Generation {
        self.generation.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn world(&self) -> Arc<World> {
        self.generation().world
    }

    pub(super) fn router(&self) -> Router {
        self.generation().router
    }

    /// Replaces the world by a new one with the same settings. The old one's tasks end with it.
    pub(super) fn reset(&self) {
        let generation = Generation::new(self.port, &self.settings, &self.clock);
        *self.generation.write().unwrap_or_else(PoisonError::into_inner) = generation;
    }
}
