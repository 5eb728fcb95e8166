//! What each fault of a webhook looks like to whoever receives it.

pub(crate) const TEXTS: [&str; 6] = [
    "webhook-twice",
    "webhook-late?seconds=300",
    "webhook-never",
    "webhook-out-of-order",
    "webhook-forged",
    "webhook-before-answer",
];
