//! Areas of a frame.

/// Pixels, from the frame's upper left corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) width: i32,
    pub(super) height: i32,
}

impl Rect {
    pub(super) fn right(self) -> i32 {
        self.x + self.width
    }

    pub(super) fn bottom(self) -> i32 {
        self.y + self.height
    }

    /// Grown by as much on each side.
    pub(super) fn grown(self, across: i32, down: i32) -> Self {
        Self {
            x: self.x - across,
            y: self.y - down,
            width: self.width + 2 * across,
            height: self.height + 2 * down,
        }
    }
}
