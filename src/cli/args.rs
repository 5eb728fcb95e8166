use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::age::Age;
use super::commands::FILE;
use super::exit;
use super::month::Month;
use super::options::{self, OptionValue};
use super::setting;
use crate::error::Result;
use crate::job::JobId;
use crate::model::CatalogueKind;
use crate::model::{AspectRatio, Credits, Language, ProviderId};
use crate::request::{Product, Track, VideoRequest};
use crate::testing::{BeatApiContract, Fetch, Quality, SPEEDS};

/// Turns a product into a marketing video, through BeatAPI, Creatify or JoggAI.
#[derive(Debug, Parser)]
#[command(name = "adreel", version, about, after_help = exit::HELP, max_term_width = 100)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Args, Debug)]
pub(super) struct Global {
    /// Start a sandbox in this process and use it: real videos, no keys, no credits.
    ///
    /// Keys in the environment are used only where they are the sandbox's own (sk_sandbox…).
    #[arg(long, global = true, conflicts_with = "sandbox_url")]
    pub(super) sandbox: bool,
    /// Use a sandbox that runs already.
    #[arg(long, global = true, value_name = "URL")]
    pub(super) sandbox_url: Option<String>,
    /// Where jobs are kept: sqlite:FILE, postgres://… or memory: (forgotten at the end) [default: a
    /// file in the user's data folder, another one for each sandbox].
    #[arg(long, global = true, value_name = "URL", env = "ADREEL_LEDGER", hide_env_values = true)]
    pub(super) ledger: Option<OsString>,
    /// How long a paid call may be on its way, whatever becomes of its sender, in milliseconds
    /// [default: its timeout and 30 s].
    #[arg(
        long,
        global = true,
        value_name = "MS",
        env = "ADREEL_SETTLE_MS",
        hide_env_values = true
    )]
    #[arg(value_parser = setting::settle_ms)]
    pub(super) settle_ms: Option<setting::SettleMs>,
    /// How long to wait, for all jobs together, such as 90s or 2h; they go on whatever ends it. A
    /// paid call that is under way is heard out first, and a video that is ready is saved, however
    /// long that takes [default: 30m].
    #[arg(long, global = true, value_name = "TIME")]
    pub(super) time_limit: Option<Age>,
    /// Let an address such as BEATAPI_BASE_URL be plain http on another machine, and let links lead to
    /// plain http. The keys can be read on the way.
    #[arg(long, global = true, env = "ADREEL_ALLOW_PLAIN_HTTP", hide_env_values = true)]
    #[arg(value_parser = setting::switch)]
    pub(super) allow_plain_http: bool,
    /// Let links of a provider that is reached by https lead to private addresses.
    #[arg(long, global = true, env = "ADREEL_ALLOW_PRIVATE_LINKS", hide_env_values = true)]
    #[arg(value_parser = setting::switch)]
    pub(super) allow_private_links: bool,
    /// Print JSON, one object a line.
    ///
    /// A path that is no UTF-8 stands in it as a file:// address, with its other bytes as %XX.
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Print no progress.
    #[arg(long, short, global = true)]
    pub(super) quiet: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a video with each provider and save it.
    ///
    /// The same command again goes on with the same jobs, or prints what they made; nothing is
    /// paid twice.
    ///
    /// Keys come from BEATAPI_API_KEY, CREATIFY_API_ID with CREATIFY_API_KEY, and JOGG_API_KEY;
    /// BEATAPI_BASE_URL and its like lead to another address.
    Make(MakeArgs),
    /// Show what `make` would do and cost, without paying.
    Plan(RequestArgs),
    /// List the jobs of the ledger, the oldest first.
    Jobs(JobsArgs),
    /// Show a job: its steps, what it is called at the provider, what it waits for.
    Job(JobArgs),
    /// Wait for jobs and save their videos.
    Wait(WaitArgs),
    /// Come back to everything that is open in the ledger, and save it to its files.
    Resume(ResumeArgs),
    /// Decide what becomes of held jobs, which may have been paid for.
    ///
    /// One by its id, or --all, which lists first what that would send and what it may cost.
    Resolve(ResolveArgs),
    /// The ledger itself.
    Ledger {
        #[command(subcommand)]
        command: LedgerCommand,
    },
    /// Show what each provider can do, and the credits that are left.
    Providers,
    /// List avatars, voices, music or styles, with the ids that --set takes. Free.
    Catalogue(CatalogueArgs),
    /// Compare the providers' live answers with their specs.
    ///
    /// Reads with GET whatever is free to read, so nothing is paid, and prints how the answers
    /// drifted from what adreel knows: unknown fields and values, missing fields, other types.
    /// What needs the id of something that the account does not have is not checked.
    Doctor(DoctorArgs),
    /// Print the JSON Schema of a request.
    ///
    /// For checking request files, building forms, and telling a language model what a tool takes.
    /// It describes the library's VideoRequest as JSON, with every provider's own options. Needs no
    /// keys.
    Schema,
    /// Run the three providers on loopback, for tests in any language.
    ///
    /// Prints one line of JSON with `url` and `port` when it is ready, and runs until it is
    /// interrupted.
    Sandbox(SandboxArgs),
}

impl Command {
    /// What the command needs of the ledger.
    pub(super) fn use_of_ledger(&self) -> LedgerUse {
        match self {
            Self::Make(_) => LedgerUse::New,
            Self::Job(_) | Self::Wait(_) => LedgerUse::ThisJob,
            Self::Resolve(args) if args.id.is_some() => LedgerUse::ThisJob,
            Self::Jobs(_) | Self::Resume(_) | Self::Resolve(_) => LedgerUse::Jobs,
            _ => LedgerUse::Prices,
        }
    }
}

/// What a command needs of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LedgerUse {
    /// It puts jobs there, and makes one where there is none.
    New,
    /// Whatever jobs are there.
    Jobs,
    /// A job that has to be there.
    ThisJob,
    /// What is known of the accounts, if anything is.
    Prices,
}

#[derive(Args, Debug)]
pub(super) struct MakeArgs {
    #[command(flatten)]
    pub(super) request: RequestArgs,
    /// The folder for the videos; made where it is missing.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) out: PathBuf,
    /// Replace files that are there already.
    #[arg(long)]
    pub(super) overwrite: bool,
    /// Keep words of your own with the jobs, which `jobs --cost` shows: tenant=acme. May be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) label: Vec<Label>,
    /// Make new videos, and pay for them, although this request was made before.
    #[arg(long)]
    pub(super) again: bool,
    /// Make a single video: with the first provider, in the order of --provider, that can do all
    /// that was asked for and accepts it.
    #[arg(long)]
    pub(super) route: bool,
}

#[derive(Args, Debug)]
pub(super) struct JobsArgs {
    /// Only jobs that something is still to be done for.
    #[arg(long)]
    pub(super) open: bool,
    /// Only jobs that may have been paid for and wait for `resolve`.
    #[arg(long, conflicts_with = "open")]
    pub(super) held: bool,
    /// What was reserved, settled and refunded for each job, with its labels, and for each account.
    ///
    /// With --json a line for each entry, with its amount as a text.
    #[arg(long, conflicts_with_all = ["open", "held"])]
    pub(super) cost: bool,
    /// Only entries of this month of UTC, such as 2026-11 [default: all].
    #[arg(long, value_name = "YYYY-MM", requires = "cost")]
    pub(super) month: Option<Month>,
}

#[derive(Args, Debug)]
pub(super) struct JobArgs {
    /// The job's id.
    #[arg(value_name = "JOB")]
    pub(super) id: JobId,
    /// Take this one of what it offers, such as a preview, by its id.
    #[arg(long, value_name = "OFFER")]
    pub(super) choose: Option<String>,
}

#[derive(Args, Debug)]
pub(super) struct WaitArgs {
    /// The jobs' ids.
    #[arg(value_name = "JOB", required = true)]
    pub(super) ids: Vec<JobId>,
    /// The file for the video, of a single job [default: the one that it was made for].
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct ResumeArgs {
    /// First hold every job that may have been sent since the ledger's copy was made.
    ///
    /// For a ledger that was restored from a backup, or lost its last writes, before anything else
    /// is done with it: what it takes for unsent may have been paid for since. What is found at
    /// the providers goes on by itself. Jobs that were made after the copy are not in it: look at
    /// the providers before the same requests are sent again.
    #[arg(long)]
    pub(super) after_restore: bool,
}

#[derive(Args, Debug)]
pub(super) struct ResolveArgs {
    /// The job's id.
    #[arg(value_name = "JOB", required_unless_present = "all")]
    pub(super) id: Option<JobId>,
    #[command(flatten)]
    pub(super) decision: DecisionArgs,
    /// Decide for all held jobs, after a list of what that would send and cost.
    #[arg(long, conflicts_with_all = ["id", "adopt"])]
    pub(super) all: bool,
    /// Look for each now, and decide only for those that a look by the same keys does not find.
    #[arg(long, conflicts_with = "id")]
    pub(super) not_found: bool,
    /// Only what has been held for this long: 30s, 15m, 2h, 3d.
    #[arg(long, value_name = "AGE", conflicts_with = "id")]
    pub(super) older_than: Option<Age>,
    /// Only list what would be done.
    #[arg(long, conflicts_with_all = ["id", "yes"])]
    pub(super) dry_run: bool,
    /// Do not ask first, on a terminal.
    #[arg(long, conflicts_with = "id")]
    pub(super) yes: bool,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(super) struct DecisionArgs {
    /// The call was accepted: this is the provider's id of what it made.
    #[arg(long, value_name = "REF")]
    pub(super) adopt: Option<String>,
    /// Send the call again. If the first was accepted after all, both are paid.
    #[arg(long)]
    pub(super) resubmit: bool,
    /// Give the job up. What it has at the provider goes on there.
    #[arg(long)]
    pub(super) abandon: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum LedgerCommand {
    /// Print the SQL that makes the tables, for those who run it by hand.
    ///
    /// It is that of SQLite, or with --ledger postgres://… that of Postgres. Nothing is opened.
    Schema,
}

#[derive(Args, Debug)]
pub(super) struct RequestArgs {
    /// Image files of the product (PNG, JPEG, WebP), the main one first.
    #[arg(value_name = "IMAGE")]
    pub(super) images: Vec<PathBuf>,
    /// The address of an image, which the provider fetches. May be repeated.
    #[arg(long, value_name = "URL")]
    pub(super) image_url: Vec<String>,
    /// What the product is called.
    #[arg(long)]
    pub(super) name: String,
    /// What it is and does.
    #[arg(long, value_name = "TEXT")]
    pub(super) description: Option<String>,
    /// Whom it is for.
    #[arg(long, value_name = "TEXT")]
    pub(super) audience: Option<String>,
    /// What it costs, as it should be read: "4.50 €".
    #[arg(long, value_name = "TEXT")]
    pub(super) price: Option<String>,
    /// Its page in a shop.
    #[arg(long, value_name = "URL")]
    pub(super) page_url: Option<String>,
    /// A sound file to make a music video for (BeatAPI).
    #[arg(long, value_name = "FILE", conflicts_with = "track_url")]
    pub(super) track: Option<PathBuf>,
    /// The address of the sound, which the provider fetches.
    #[arg(long, value_name = "URL")]
    pub(super) track_url: Option<String>,
    /// What should be seen and heard.
    #[arg(long, value_name = "TEXT")]
    pub(super) prompt: Option<String>,
    /// Length in whole seconds [default: 15, where the provider needs one].
    #[arg(long, value_name = "SECS")]
    pub(super) duration: Option<u32>,
    /// Width to height: 9:16, 16:9 or 1:1.
    #[arg(long, value_name = "RATIO", default_value = "9:16")]
    pub(super) ratio: AspectRatio,
    /// Language of voice and text, as a tag such as en or pt-BR.
    #[arg(long, value_name = "TAG")]
    pub(super) language: Option<Language>,
    /// Provider: beatapi, creatify or jogg. May be repeated [default: every one with a key].
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(super) provider: Vec<ProviderId>,
    /// An option that only one provider has: jogg.avatar=81, creatify.motion_style=talking. May be
    /// repeated. `catalogue` lists ids.
    #[arg(long, value_name = "OPTION=VALUE")]
    pub(super) set: Vec<OptionValue>,
    /// Refuse what a provider would ignore or change.
    #[arg(long)]
    pub(super) strict: bool,
    /// Refuse what may cost more than this with a provider, in its credits, before anything is paid.
    #[arg(long, value_name = "CREDITS", value_parser = amount)]
    pub(super) cap: Option<Credits>,
}

/// A `--label`.
#[derive(Clone, Debug)]
pub(super) struct Label {
    pub(super) name: String,
    pub(super) value: String,
}

impl FromStr for Label {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((FILE, _)) => {
                Err(format!("{FILE} is where make keeps its file: use another name"))
            }
            Some((name, value)) if !name.trim().is_empty() => {
                Ok(Self { name: name.to_owned(), value: value.to_owned() })
            }
            _ => Err("write name=value, such as tenant=acme".to_owned()),
        }
    }
}

fn amount(text: &str) -> std::result::Result<Credits, String> {
    match text.parse::<Credits>() {
        Ok(amount) if amount >= Credits::ZERO => Ok(amount),
        Ok(_) => Err("use an amount that is not below 0".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

impl RequestArgs {
    pub(super) fn request(&self) -> Result<VideoRequest> {
        let mut product = Product::new(&self.name);
        for path in &self.images {
            product = product.image_file(path);
        }
        for url in &self.image_url {
            product = product.image_url(url);
        }
        product.description.clone_from(&self.description);
        product.audience.clone_from(&self.audience);
        product.price.clone_from(&self.price);
        product.page_url.clone_from(&self.page_url);
        let mut request = VideoRequest::new(product).aspect_ratio(self.ratio);
        request.prompt.clone_from(&self.prompt);
        request.duration_secs = self.duration;
        request.language.clone_from(&self.language);
        let url = self.track_url.as_ref().map(Track::url);
        request.track = self.track.as_ref().map(Track::file).or(url);
        options::set(request, &self.set)
    }
}

#[derive(Args, Debug)]
pub(super) struct CatalogueArgs {
    /// What to list: avatars, voices, music or styles.
    #[arg(value_name = "KIND")]
    pub(super) kind: CatalogueKind,
    /// Provider: creatify or jogg. May be repeated [default: every one with a key].
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(super) provider: Vec<ProviderId>,
    /// Only what has this word in its name, traits, ratio or id. May be repeated.
    #[arg(long, value_name = "WORD")]
    pub(super) find: Vec<String>,
    /// How many to list at most.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    pub(super) limit: usize,
}

#[derive(Args, Debug)]
pub(super) struct DoctorArgs {
    /// Provider: beatapi, creatify or jogg. May be repeated [default: every one with a key].
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(super) provider: Vec<ProviderId>,
}

#[derive(Args, Debug)]
pub(super) struct SandboxArgs {
    /// The port; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    pub(super) port: u16,
    /// How many times as fast as the real services it runs.
    #[arg(long, default_value_t = 60.0, value_name = "TIMES", value_parser = speed)]
    pub(super) speed: f64,
    /// How large the videos are.
    #[arg(long, default_value = "preview")]
    pub(super) quality: VideoQuality,
    /// Same seed and same requests: same ids and same videos.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// What each account of each provider starts with, in that provider's credits, which are dollars
    /// at BeatAPI [default: 1000000].
    #[arg(long, value_name = "CREDITS", value_parser = amount)]
    pub(super) credits: Option<Credits>,
    /// Answer JoggAI's business codes with HTTP statuses instead of HTTP 200.
    #[arg(long)]
    pub(super) jogg_statuses: bool,
    /// Whether time runs, or only moves by POST /_sandbox/clock/advance.
    #[arg(long, default_value = "running", conflicts_with = "speed")]
    pub(super) clock: ClockKind,
    /// Where images and product pages are fetched from, and webhooks delivered to.
    #[arg(long, default_value = "loopback", value_name = "WHERE")]
    pub(super) fetch: FetchFrom,
    /// A file of faults to arm from the start, in TOML: a list of [[fault]].
    #[arg(long, value_name = "FILE")]
    pub(super) scenario: Option<PathBuf>,
    /// Refuse nothing for being too much: no rate limits and no slots.
    #[arg(long)]
    pub(super) no_limits: bool,
    /// How many BeatAPI tasks an account may have at work at a time.
    #[arg(long, default_value_t = 30, value_name = "COUNT")]
    pub(super) beatapi_slots: u32,
    /// Which state of its contract BeatAPI shows.
    #[arg(long, default_value = "newest", value_name = "CONTRACT")]
    pub(super) beatapi_contract: Contract,
    /// Sign BeatAPI's deliveries with the machine's time, for receivers that do not know the
    /// sandbox's.
    #[arg(long)]
    pub(super) sign_by_machine_time: bool,
    /// A font for the texts in videos, before the embedded ones: a .ttf or .otf file.
    #[arg(long, value_name = "FILE")]
    pub(super) font: Option<PathBuf>,
    /// JoggAI's finished videos say `success` instead of `completed`.
    #[arg(long)]
    pub(super) jogg_success: bool,
    /// JoggAI's deliveries name a video as `project_id` instead of `video_id`.
    #[arg(long)]
    pub(super) jogg_project_id: bool,
}

/// What moves a sandbox's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ClockKind {
    /// It runs, `--speed` times as fast as the machine's.
    Running,
    /// It stands still until it is moved on.
    Virtual,
}

/// The sandbox's [`Fetch`] as the command line names it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum FetchFrom {
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
pub(super) enum Contract {
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
pub(super) enum VideoQuality {
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
