//! Digests, by which content and keys are told apart.

use sha2::{Digest as _, Sha256};

/// The SHA-256 of some bytes, as 64 lower-case hex digits.
pub(crate) fn sha256(bytes: impl AsRef<[u8]>) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bytes))
}

/// The same of bytes that come one after the other.
#[derive(Default)]
pub(crate) struct RunningDigest(Sha256);

impl RunningDigest {
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Of all that came.
    pub(crate) fn finish(self) -> String {
        base16ct::lower::encode_string(&self.0.finalize())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_is_the_well_known_digest() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(super::sha256("abc"), abc);
        let mut running = super::RunningDigest::default();
        ["a", "", "bc"].iter().for_each(|piece| running.feed(piece.as_bytes()));
        assert_eq!(running.finish(), abc);
    }
}
