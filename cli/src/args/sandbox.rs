//! What `adreel sandbox` takes.

use std::path::PathBuf;

use adreel::Credits;
use adreel::testing::{BeatApiContract, Fetch, Quality, SPEEDS};
use clap::{Args, ValueEnum};

use super::request::amount;

#[derive(Args, Debug)]
pub(crate) struct SandboxArgs {
    /// The port; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// How many times as fast as the real services it runs.
    #[arg(long, default_value_t = 60.0, value_name = "TIMES", value_parser = speed)]
    pub(crate) speed: f64,
    /// How large the videos are.
    #[arg(long, default_value = "preview")]
    pub(crate) quality: VideoQuality,
    /// Same seed and same requests: same ids and same videos.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// What each account of each provider starts with, in that provider's credits, which are dollars
    /// at BeatAPI [default: 1000000].
    #[arg(long, value_name = "CREDITS", value_parser = amount)]
    pub(crate) credits: Option<Credits>,
    /// Answer JoggAI's business codes with HTTP statuses instead of HTTP 200.
    #[arg(long)]
    pub(crate) jogg_statuses: bool,
    /// Whether time runs, or only moves by POST /_sandbox/clock/advance.
    #[arg(long, default_value = "running", conflicts_with = "speed")]
    pub(crate) clock: ClockKind,
    /// Where images and product pages are fetched from, and webhooks delivered to.
    #[arg(long, default_value = "loopback", value_name = "WHERE")]
    pub(crate) fetch: FetchFrom,
    /// A file of faults to arm from the start, in TOML: a list of [[fault]].
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: Option<PathBuf>,
    /// Refuse nothing for being too much: no rate limits and no slots.
    #[arg(long)]
    pub(crate) no_limits: bool,
    /// How many BeatAPI tasks an account may have at work at a time.
    #[arg(long, default_value_t = 30, value_name = "COUNT")]
    pub(crate) beatapi_slots: u32,
    /// Which state of its contract BeatAPI shows.
    #[arg(long, default_value = "newest", value_name = "CONTRACT")]
    pub(crate) beatapi_contract: Contract,
    /// Sign BeatAPI's deliveries with the machine's time, for receivers that do not know the
    /// sandbox's.
    #[arg(long)]
    pub(crate) sign_by_machine_time: bool,
    /// A font for the texts in videos, before the embedded ones: a .ttf or .otf file.
    #[arg(long, value_name = "FILE")]
    pub(crate) font: Option<PathBuf>,
    /// JoggAI's finished videos say `success` instead of `completed`.
    #[arg(long)]
    pub(crate) jogg_success: bool,
    /// JoggAI's deliveries name a video as `project_id` instead of `video_id`.
    #[arg(long)]
    pub(crate) jogg_project_id: bool,
}

/// What moves a sandbox's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClockKind {
    /// It runs, `--speed` times as fast as the machine's.
    Running,
    /// It stands still until it is moved on.
    Virtual,
}

/// The sandbox's [`Fetch`] as the command line names it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum FetchFrom {
    /// Nowhere.
    None,
    /// Other servers of this machine.
    Loopback,
    /// The internet too, without private addresses.
    Public,
}

impl From<FetchFrom> for Fetch {
    fn from(fetch: FetchFrom) -> Self {
        match fetch {
            FetchFrom::None => Self::None,
            FetchFrom::Loopback => Self::Loopback,
            FetchFrom::Public => Self::Public,
        }
    }
}

/// The sandbox's [`BeatApiContract`] as the command line names it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Contract {
    /// Dollars, and idempotency keys that are honoured.
    Newest,
    /// As at its launch: whole credits, and idempotency keys that are ignored.
    Launch,
}

impl From<Contract> for BeatApiContract {
    fn from(contract: Contract) -> Self {
        match contract {
            Contract::Newest => Self::Newest,
            Contract::Launch => Self::Launch,
        }
    }
}

/// The sandbox's [`Quality`] as the command line names it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum VideoQuality {
    /// A short side of 90 px.
    Thumbnail,
    /// A short side of 360 px.
    Preview,
    /// A short side of 1080 px, as the services deliver.
    Full,
}

impl From<VideoQuality> for Quality {
    fn from(quality: VideoQuality) -> Self {
        match quality {
            VideoQuality::Thumbnail => Self::Thumbnail,
            VideoQuality::Preview => Self::Preview,
            VideoQuality::Full => Self::Full,
        }
    }
}

fn speed(text: &str) -> std::result::Result<f64, String> {
    match text.parse() {
        Ok(speed) if SPEEDS.contains(&speed) => Ok(speed),
        _ => Err("use a number from 0.01 to 1000000".to_owned()),
    }
}
