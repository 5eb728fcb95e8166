//! What only one provider has, for each of them.

#[cfg(feature = "beatapi")]
pub(crate) mod beatapi;
#[cfg(feature = "creatify")]
pub(crate) mod creatify;
#[cfg(feature = "jogg")]
pub(crate) mod jogg;
