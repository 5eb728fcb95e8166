//! What goes wrong with a download, made from a seed.

use std::fmt;

/// The choices of a case: the generator of Java's `SplittableRandom`.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64, case: u64) -> Self {
        Self(seed.wrapping_add(case.wrapping_mul(0xd134_2543_de82_ef95)))
    }

    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 1).unwrap() % sides
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len())]
    }
}

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// What is wrong with an answer.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Fault { $($(#[$doc])* $name),+ }

        impl Fault {
            pub(crate) const ALL: &[Self] = &[$(Self::$name),+];
        }
    };
}

faults! {
    /// The connection is closed before an answer.
    HangsUp,
    /// It is reset in the body.
    IsReset,
    /// The body ends before its announced end, also right at its start or a byte before its end.
    BreaksOff,
    /// The body comes in chunks, of which the last never comes.
    CutInChunks,
    /// The body has no announced end, and ends early.
    CutUnannounced,
    /// The body is announced to be shorter than the video is.
    ShortAnnounced,
    /// Nothing comes.
    NoAnswer,
    /// The body stands still.
    Stalls,
    /// A byte at a time.
    Slow,
    /// The whole, where a part was asked for.
    IgnoresRange,
    /// A part from another place, and it says so.
    WrongStart,
    /// A part of something that is longer.
    WrongTotal,
    /// A part that says nothing of its place.
    NoPlace,
    /// A part with fewer bytes than were asked for.
    ShortPart,
    /// A part with more bytes than there are.
    LongPart,
    /// The right place in another version, under that one's validator.
    OtherVersion,
    /// A part that nobody asked for.
    UnaskedPart,
    /// There is no such part.
    OutOfRange,
    /// From now on another version is served.
    NewVersion,
    /// The same bytes under another tag.
    NewTag,
    /// The link is refused this once.
    Refused,
    /// The link is refused from now on; the job has another.
    Expired,
    /// A page.
    Page,
    /// A page that does not say so.
    PageWithoutType,
    /// JSON.
    Message,
    /// 500, 502, 503.
    ServerError,
    /// To another path.
    Redirect,
    /// Compressed, though nobody asked for it.
    Packed,
    /// Nothing, and that is all of it.
    Empty,
}

impl Fault {
    /// Whether it needs a request for a part.
    pub(crate) fn is_of_part(self) -> bool {
        use Fault::*;
        [IgnoresRange, WrongStart, WrongTotal, NoPlace, ShortPart, LongPart, OtherVersion]
            .contains(&self)
            || self == OutOfRange
    }

    /// Whether a download goes on in spite of it without another try.
    fn is_harmless(self) -> bool {
        matches!(self, Self::Slow | Self::NewVersion | Self::NewTag)
    }
}

/// By what a server lets its content be known again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Validator {
    StrongTag,
    WeakTag,
    /// A tag that differs from answer to answer.
    ChangingTag,
    OldDate,
    /// A date that is the answer's own.
    FreshDate,
    None,
}

/// How a server shows where a whole body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Length,
    Chunks,
    Close,
}

/// The faults of one case, one for each request, and how its server is apart from them.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) faults: Vec<Fault>,
    /// Whether the last fault is repeated for ever.
    pub(crate) for_ever: bool,
    pub(crate) validator: Validator,
    pub(crate) framing: Framing,
    /// Whether the video's last box has no size, so that only its server knows where it ends.
    pub(crate) is_open_ended: bool,
}

impl Script {
    pub(crate) fn roll(dice: &mut Dice) -> Self {
        use Validator::*;
        let count = dice.pick(&[0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 8]);
        Self {
            faults: (0..count).map(|_| dice.pick(Fault::ALL)).collect(),
            for_ever: dice.roll(8) == 0,
            validator: dice.pick(&[
                StrongTag,
                StrongTag,
                StrongTag,
                StrongTag,
                WeakTag,
                ChangingTag,
                OldDate,
                OldDate,
                FreshDate,
                None,
            ]),
            framing: dice.pick(&[
                Framing::Length,
                Framing::Length,
                Framing::Chunks,
                Framing::Close,
            ]),
            is_open_ended: dice.roll(4) == 0,
        }
    }

    /// Whether the server lets something stand still.
    pub(crate) fn stalls(&self) -> bool {
        self.faults.iter().any(|fault| matches!(fault, Fault::NoAnswer | Fault::Stalls))
    }

    /// Whether every download should come through it. None does where neither the video nor its
    /// server tells where it ends.
    pub(crate) fn is_harmless(&self) -> bool {
        let has_end = !self.is_open_ended || self.framing != Framing::Close;
        has_end && self.faults.iter().all(|fault| fault.is_harmless())
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if self.for_ever { " for ever" } else { "" };
        let open = if self.is_open_ended { ", open-ended" } else { "" };
        write!(f, "{:?}{end}, {:?}, {:?}{open}", self.faults, self.validator, self.framing)
    }
}
