//! How a sandbox is set up.

use std::collections::HashMap;
use std::future::IntoFuture as _;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use rust_decimal::Decimal;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::oneshot;

use super::connection::{Connection, Port};
use super::credits::Credits;
use super::error::StartError;
use super::instance::Instance;
use super::provider::Provider;
use super::{BeatApiContract, DEFAULT_SPEED, Fault, Fetch, SPEEDS, Sandbox, limits, server};

/// Settings of a [`Sandbox`].
#[derive(Clone, Debug)]
#[must_use]
pub struct SandboxBuilder {
    pub(super) port: u16,
    pub(super) speed: f64,
    pub(super) seed: u64,
    pub(super) quality: Quality,
    pub(super) credits: HashMap<Provider, Credits>,
    /// What is wrong with the credits that were set.
    invalid_credits: Option<String>,
    pub(super) jogg_statuses: bool,
    pub(super) fetch: Fetch,
    pub(super) faults: Vec<Fault>,
    pub(super) keep_bytes: u64,
    pub(super) limits: bool,
    pub(super) beatapi_slots: u32,
    pub(super) beatapi_contract: BeatApiContract,
    pub(super) jogg: JoggDialect,
    pub(super) sign_by_machine_time: bool,
    #[cfg(feature = "render")]
    pub(super) font: Option<super::render::FontFile>,
}

/// JoggAI's words where its documentation and what others saw differ.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct JoggDialect {
    /// A video that is ready is a `success`, and not `completed`.
    pub(super) success: bool,
    /// Deliveries name a video as `project_id`, and not as `video_id`.
    pub(super) project_id: bool,
}

/// How large the videos are. Nothing else about a job depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Quality {
    /// A short side of 90 px, for tests that look at the job and not at the video.
    Thumbnail,
    /// A short side of 360 px: about a second of CPU for 15 s of video.
    #[default]
    Preview,
    /// A short side of 1080 px, as the services deliver: about ten times the work.
    Full,
}

/// More than a test or a loop spends that goes on for a day: who tries out what happens without
/// credits says how many there are.
const AMPLE: Credits = Credits::whole(1_000_000);

impl Default for SandboxBuilder {
    fn default() -> Self {
        let credits = Provider::ALL.map(|provider| (provider, AMPLE));
        Self {
            port: 0,
            speed: DEFAULT_SPEED,
            seed: 0,
            quality: Quality::default(),
            credits: credits.into(),
            invalid_credits: None,
            jogg_statuses: false,
            fetch: Fetch::default(),
            faults: Vec::new(),
            keep_bytes: 256 * 1024 * 1024,
            limits: true,
            beatapi_slots: limits::MOST_SLOTS,
            beatapi_contract: BeatApiContract::default(),
            jogg: JoggDialect::default(),
            sign_by_machine_time: false,
            #[cfg(feature = "render")]
            font: None,
        }
    }
}

impl SandboxBuilder {
    /// The port on 127.0.0.1; 0, the default, takes one that is free.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// How many times as fast as the machine's the clock runs: every time that the sandbox states
    /// or keeps is divided by it; from 0.01 to 1,000,000. At 0 it is a
    /// [virtual clock](Self::virtual_clock).
    pub fn speed(mut self, speed: f64) -> Self {
        self.speed = speed;
        self
    }

    /// The same seed and the same requests in the same order give the same ids and videos.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// How large the videos are. Default: [`Quality::Preview`].
    pub fn quality(mut self, quality: Quality) -> Self {
        self.quality = quality;
        self
    }

    /// What each account of a provider (`beatapi`, `creatify` or `jogg`) starts with, from 0 to
    /// 1,000,000,000 as a number, a decimal or its text; BeatAPI's in dollars, whatever its contract.
    /// Another name or amount is refused by [`start`](Self::start). Default: 1,000,000.
    ///
    /// ```
    /// # use adreel_sandbox::Sandbox;
    /// let builder = Sandbox::builder().credits("beatapi", 4.5).credits("jogg", "0.50");
    /// ```
    pub fn credits(mut self, provider: impl AsRef<str>, amount: impl TryInto<Decimal>) -> Self {
        let amount = amount.try_into().ok().and_then(Credits::of_account);
        match (provider.as_ref().parse(), amount) {
            (Ok(provider), Some(amount)) => {
                self.credits.insert(provider, amount);
            }
            (Ok(provider), None) => {
                let provider: Provider = provider;
                let reason = format!("credits of {provider}: give a number from 0 to 1000000000");
                self.invalid_credits = Some(reason);
            }
            (Err(unknown), _) => self.invalid_credits = Some(format!("credits: {unknown}")),
        }
        self
    }

    /// Whether JoggAI refuses with an HTTP status that fits the business code (10105 with 401, 40000
    /// and 18001 with 400, 10104 with 404, 429 with 429, 18020 with 402, 18025 with 403, 50000 with
    /// 500) instead of HTTP 200, the default. Which one the service does is not documented; the
    /// body is the same.
    pub fn jogg_statuses(mut self, statuses: bool) -> Self {
        self.jogg_statuses = statuses;
        self
    }

    /// Lets the clock stand still, but for [`Sandbox::advance`], so that a test sees each state
    /// without waiting for it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    /// use adreel_sandbox::Sandbox;
    ///
    /// let sandbox = Sandbox::builder().virtual_clock().start().await?;
    /// let before = sandbox.clock().system_time();
    /// sandbox.advance(Duration::from_secs(600));
    /// assert_eq!(sandbox.clock().system_time(), before + Duration::from_secs(600));
    /// # Ok(()) }
    /// ```
    pub fn virtual_clock(self) -> Self {
        self.speed(0.0)
    }

    /// Where images and pages may be fetched from and webhooks delivered to. Default:
    /// [`Fetch::Loopback`].
    pub fn fetch(mut self, fetch: Fetch) -> Self {
        self.fetch = fetch;
        self
    }

    /// Arms a fault from the start.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// How many bytes of files are kept: uploads, images and videos. Of more, those go that were not
    /// asked for the longest. A video is then drawn again when somebody asks for it; any other file
    /// answers 404. Default: 256 MiB.
    pub fn keep_bytes(mut self, bytes: u64) -> Self {
        self.keep_bytes = bytes;
        self
    }

    /// Whether too many calls are refused: more than 20 POSTs a minute at JoggAI, and at BeatAPI more
    /// than 120 reads of tasks a minute or more tasks at a time than there are
    /// [slots](Self::beatapi_slots). Minutes are those of the sandbox. Default: yes.
    pub fn limits(mut self, limits: bool) -> Self {
        self.limits = limits;
        self
    }

    /// How many BeatAPI tasks of an account may be at work at a time. The service gives 1 to 30, by
    /// what was ever paid in. Default: 30.
    pub fn beatapi_slots(mut self, slots: u32) -> Self {
        self.beatapi_slots = slots;
        self
    }

    /// Which state of its contract BeatAPI shows. Default: [`BeatApiContract::Newest`].
    pub fn beatapi_contract(mut self, contract: BeatApiContract) -> Self {
        self.beatapi_contract = contract;
        self
    }

    /// Whether JoggAI's finished videos say `success`, as a real run did, or `completed`, as the
    /// documentation does. Default: `completed`.
    pub fn jogg_success(mut self, success: bool) -> Self {
        self.jogg.success = success;
        self
    }

    /// Whether JoggAI's deliveries name a video as `project_id`, as those of v1 do and a third party
    /// expects, or as `video_id`. Default: `video_id`.
    pub fn jogg_project_id(mut self, project_id: bool) -> Self {
        self.jogg.project_id = project_id;
        self
    }

    /// Whether BeatAPI's deliveries are signed with the machine's time, or with the sandbox's, which
    /// clients of this sandbox follow. A receiver that knows nothing of the sandbox's clock takes them
    /// for too old or too new as soon as the two differ by five minutes. Default: the sandbox's.
    pub fn sign_by_machine_time(mut self, machine: bool) -> Self {
        self.sign_by_machine_time = machine;
        self
    }

    /// A TrueType or OpenType font that texts in videos are set in, such as a brand's own or one for
    /// a script of which the embedded bitmaps are too plain. What it lacks is set in the embedded
    /// fonts: DejaVu Sans Bold, Noto Emoji and GNU Unifont. Default: those alone.
    #[cfg(feature = "render")]
    pub fn font(mut self, file: impl Into<bytes::Bytes>) -> Self {
        self.font = Some(super::render::FontFile::new(file.into()));
        self
    }

    /// Starts to listen. The server runs on the tokio runtime that this is called on.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] for a speed that is neither 0 nor one of [`SPEEDS`], credits of
    /// no provider or no account, a fault that cannot be and a font that cannot be drawn; otherwise
    /// what the system says, such as [`io::ErrorKind::AddrInUse`].
    pub async fn start(self) -> Result<Sandbox, StartError> {
        self.check()?;
        let listener = listen(self.port)?;
        let port = listener.local_addr()?.port();
        let instance = Arc::new(Instance::new(port, self));
        let (running, stopped) = oneshot::channel::<()>();
        let service = server::router(&instance).into_make_service_with_connect_info::<Connection>();
        let server = axum::serve(Port::new(listener), service);
        let server = server.with_graceful_shutdown(async {
            // Nothing is ever sent: this ends when the sender is dropped.
            let _ = stopped.await;
        });
        tokio::spawn(server.into_future());
        let url = format!("http://127.0.0.1:{port}");
        Ok(Sandbox { instance, url, _running: running })
    }

    /// Looks whether each setting can be.
    fn check(&self) -> Result<(), StartError> {
        if self.speed != 0.0 && !SPEEDS.contains(&self.speed) {
            let (speed, least, most) = (self.speed, SPEEDS.start(), SPEEDS.end());
            let message = format!("a speed of {speed}: use one from {least} to {most}, or 0");
            return Err(StartError::invalid(message));
        }
        if let Some(reason) = &self.invalid_credits {
            return Err(StartError::invalid(reason.as_str()));
        }
        for fault in &self.faults {
            fault.check().map_err(StartError::invalid)?;
        }
        #[cfg(feature = "render")]
        if let Some(Err(reason)) = self.font.as_ref().map(super::render::FontFile::check) {
            let message = format!("the font cannot be used: {reason}; give a .ttf or .otf file");
            return Err(StartError::invalid(message));
        }
        Ok(())
    }
}

/// Listens on loopback, with room for a thousand who come at once: by itself the system would have
/// all but 128 of them try again a second later.
fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // On Windows this would let others listen on the same port.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    socket.listen(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn credits_of_no_provider_or_no_account_are_refused_at_the_start() {
        for (provider, amount, expected) in [
            ("vimeo", 4.5, "credits: unknown provider \"vimeo\": use beatapi, creatify or jogg"),
            ("jogg", -0.5, "credits of jogg: give a number from 0 to 1000000000"),
            ("jogg", f64::NAN, "credits of jogg: give a number from 0 to 1000000000"),
            ("jogg", 1e300, "credits of jogg: give a number from 0 to 1000000000"),
        ] {
            let error = SandboxBuilder::default().credits(provider, amount).start().await;
            let error = error.err().unwrap();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            assert_eq!(error.to_string(), expected);
        }
        let builder = SandboxBuilder::default().credits("jogg", 4.5).credits("beatapi", "0.10");
        let amounts =
            [Provider::Jogg, Provider::BeatApi].map(|provider| builder.credits[&provider]);
        assert_eq!(amounts, [Credits::cents(450), Credits::cents(10)]);
    }

    #[cfg(feature = "render")]
    #[tokio::test]
    async fn a_file_that_is_no_font_is_refused_at_the_start() {
        let error = SandboxBuilder::default().font("hello").start().await.err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        let expected = "the font cannot be used: it is no TrueType or OpenType font; \
            give a .ttf or .otf file";
        assert_eq!(error.to_string(), expected);
        let font = dejavu::sans::regular();
        assert!(SandboxBuilder::default().font(font).start().await.is_ok());
    }
}
