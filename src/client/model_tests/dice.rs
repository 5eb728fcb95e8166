/// The random choices of a walk. When they have run out, everything goes well.
#[derive(Default)]
pub(super) struct Dice {
    bytes: Vec<u8>,
    next: usize,
}

impl Dice {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, next: 0 }
    }

    /// A number below `sides`; 0 when nothing is left.
    pub(super) fn roll(&mut self, sides: u8) -> u8 {
        let byte = self.bytes.get(self.next).copied().unwrap_or_default();
        self.next += 1;
        byte % sides
    }

    /// One of these; the first when nothing is left.
    pub(super) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        let sides = u8::try_from(of.len()).expect("a die has at most 255 sides");
        of[usize::from(self.roll(sides))].clone()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.next >= self.bytes.len()
    }
}

/// What is random, but no choice of the walk: how long things take.
pub(super) struct Noise(u64);

impl Noise {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// From 0 up to, but not including, 1.
    pub(super) fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / (1u64 << 31) as f64
    }
}
