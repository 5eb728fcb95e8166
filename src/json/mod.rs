//! Reading JSON that others write: bodies that are not quite JSON, and answers that are not quite
//! what their spec says.

mod drift;
pub(crate) mod lenient;
mod shape;

pub(crate) use drift::Drift;
pub(crate) use shape::{Field, Shape, reads, text_of_number};
