//! What runs behind the port, and how it is begun anew: as another world, so that nothing can be
//! forgotten.

use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;

use super::clock::Clock;
use super::world::World;
use super::{SandboxBuilder, server};

pub(super) struct Stage {
    port: u16,
    settings: SandboxBuilder,
    /// One for all worlds: time does not go back for those who follow it.
    clock: Arc<Clock>,
    scene: RwLock<Scene>,
}

#[derive(Clone)]
struct Scene {
    world: Arc<World>,
    router: Router,
}

impl Scene {
    fn new(port: u16, settings: &SandboxBuilder, clock: &Arc<Clock>) -> Self {
        let world = Arc::new(World::new(port, settings.clone(), Arc::clone(clock)));
        let router = server::scene(&world);
        Self { world, router }
    }
}

impl Stage {
    pub(super) fn new(port: u16, settings: SandboxBuilder) -> Self {
        let clock = Arc::new(Clock::new(settings.speed));
        let scene = RwLock::new(Scene::new(port, &settings, &clock));
        Self { port, settings, clock, scene }
    }

    fn scene(&self) -> Scene {
        self.scene.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn world(&self) -> Arc<World> {
        self.scene().world
    }

    pub(super) fn router(&self) -> Router {
        self.scene().router
    }

    /// Begins anew with the same settings. What runs for the old world ends with it.
    pub(super) fn reset(&self) {
        let scene = Scene::new(self.port, &self.settings, &self.clock);
        *self.scene.write().unwrap_or_else(PoisonError::into_inner) = scene;
    }
}
