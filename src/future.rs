//! The futures that the traits of this crate return.

use std::pin::Pin;

/// A boxed future that can move between threads, as the traits of this crate return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
