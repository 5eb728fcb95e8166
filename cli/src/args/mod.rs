//! The command line: what every command takes, and which commands there are.

pub(crate) mod age;
mod jobs;
mod month;
mod provider_option;
mod request;
mod sandbox;

pub(crate) use age::Age;
pub(crate) use jobs::{DecisionArgs, JobArgs, JobsArgs, ResolveArgs, ResumeArgs, WaitArgs};
pub(crate) use month::Month;
pub(crate) use request::{MakeArgs, RequestArgs};
pub(crate) use sandbox::{ClockKind, SandboxArgs};

use std::ffi::OsString;

use adreel::{CatalogueKind, ProviderId};
use clap::{Args, Parser, Subcommand};

use crate::{exit, setting};

/// What the library says of itself.
const ABOUT: &str = "Product videos through BeatAPI, Creatify and JoggAI: paid once, never lost, \
                     testable without credits";

/// Turns a product into a marketing video, through BeatAPI, Creatify or JoggAI.
#[derive(Debug, Parser)]
#[command(name = "adreel", version, about = ABOUT, after_help = exit::HELP, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Args, Debug)]
pub(crate) struct Global {
    /// Start a sandbox in this process and use it: real videos, no keys, no credits.
    ///
    /// Keys in the environment are used only where they are the sandbox's own (sk_sandbox…).
    #[arg(long, global = true, conflicts_with = "sandbox_url")]
    pub(crate) sandbox: bool,
    /// Use a sandbox that runs already.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) sandbox_url: Option<String>,
    /// Where jobs are kept: sqlite:FILE, postgres://… or memory: (forgotten at the end) [default: a
    /// file in the user's data folder, another one for each sandbox].
    #[arg(long, global = true, value_name = "URL", env = "ADREEL_LEDGER", hide_env_values = true)]
    pub(crate) ledger: Option<OsString>,
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
    pub(crate) settle_ms: Option<setting::SettleMs>,
    /// How long to wait, for all jobs together, such as 90s or 2h; they go on whatever ends it. A
    /// paid call that is under way is heard out first, and a video that is ready is saved, however
    /// long that takes [default: 30m].
    #[arg(long, global = true, value_name = "TIME")]
    pub(crate) time_limit: Option<Age>,
    /// Let an address such as BEATAPI_BASE_URL be plain http on another machine, and let links lead to
    /// plain http. The keys can be read on the way.
    #[arg(long, global = true, env = "ADREEL_ALLOW_PLAIN_HTTP", hide_env_values = true)]
    #[arg(value_parser = setting::switch)]
    pub(crate) allow_plain_http: bool,
    /// Let links of a provider that is reached by https lead to private addresses.
    #[arg(long, global = true, env = "ADREEL_ALLOW_PRIVATE_LINKS", hide_env_values = true)]
    #[arg(value_parser = setting::switch)]
    pub(crate) allow_private_links: bool,
    /// Print JSON, one object a line.
    ///
    /// A path that is no UTF-8 stands in it as a file:// address, with its other bytes as %XX.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print no progress.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
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
    pub(crate) fn use_of_ledger(&self) -> LedgerUse {
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
pub(crate) enum LedgerUse {
    /// It puts jobs there, and makes one where there is none.
    New,
    /// Whatever jobs are there.
    Jobs,
    /// A job that has to be there.
    ThisJob,
    /// What is known of the accounts, if anything is.
    Prices,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Print the SQL that makes the tables, for those who run it by hand.
    ///
    /// It is that of SQLite, or with --ledger postgres://… that of Postgres. Nothing is opened.
    Schema,
}

#[derive(Args, Debug)]
pub(crate) struct CatalogueArgs {
    /// What to list: avatars, voices, music or styles.
    #[arg(value_name = "KIND")]
    pub(crate) kind: CatalogueKind,
    /// Provider: creatify or jogg. May be repeated [default: every one with a key].
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) provider: Vec<ProviderId>,
    /// Only what has this word in its name, traits, ratio or id. May be repeated.
    #[arg(long, value_name = "WORD")]
    pub(crate) find: Vec<String>,
    /// How many to list at most.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    pub(crate) limit: usize,
}

#[derive(Args, Debug)]
pub(crate) struct DoctorArgs {
    /// Provider: beatapi, creatify or jogg. May be repeated [default: every one with a key].
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) provider: Vec<ProviderId>,
}
