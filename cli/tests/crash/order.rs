//! One video from order to file, with the command being killed on the way.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use adreel::testing::LedgerEntry;
use adreel::testing::Sandbox;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::Dice;
use crate::command::{Ended, Setting, run};
use crate::proxy::{Phase, Proxy, Trigger};

/// What is ordered: the arguments, and the paid operations that make it.
pub(crate) struct Plan {
    pub(crate) name: &'static str,
    provider: &'static str,
    has_webhook: bool,
    /// `{shop}` stands for a shop's address, `{track}` for a sound file.
    args: &'static [&'static str],
    paid: &'static [&'static str],
}

const PHOTO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/products/coffee.png");

pub(crate) const PLANS: &[Plan] = &[
    Plan {
        name: "BeatAPI: upload, video",
        provider: "beatapi",
        has_webhook: false,
        args: &[PHOTO],
        paid: &["create_ecommerce_video"],
    },
    Plan {
        name: "Creatify: picture, video",
        provider: "creatify",
        has_webhook: true,
        args: &[PHOTO],
        paid: &["gen_image", "gen_video"],
    },
    Plan {
        name: "JoggAI: upload, product, video",
        provider: "jogg",
        has_webhook: false,
        args: &[PHOTO],
        paid: &["create_video_from_product"],
    },
    Plan {
        name: "Creatify: link, link video",
        provider: "creatify",
        has_webhook: false,
        args: &["--page-url", "{shop}/roast"],
        paid: &["create_link", "create_link_to_video"],
    },
    Plan {
        name: "JoggAI: previews, render",
        provider: "jogg",
        has_webhook: false,
        args: &[PHOTO, "--set", r#"jogg.previews=["Simple Product Switch", "Dynamic Showcase"]"#],
        paid: &["create_previews", "render_single_preview"],
    },
    Plan {
        name: "Creatify: picture alone, no webhook",
        provider: "creatify",
        has_webhook: false,
        args: &[PHOTO, "--set", "creatify.image_only=true"],
        paid: &["gen_image"],
    },
    Plan {
        name: "BeatAPI: music video",
        provider: "beatapi",
        has_webhook: false,
        args: &[PHOTO, "--track", "{track}"],
        paid: &["create_music_video"],
    },
    Plan {
        name: "Creatify: link with params, link video",
        provider: "creatify",
        has_webhook: false,
        args: &[
            "--image-url",
            "{shop}/1.png",
            "--image-url",
            "{shop}/2.png",
            "--image-url",
            "{shop}/3.png",
            "--set",
            "creatify.link={}",
        ],
        paid: &["create_link_with_params", "create_link_to_video"],
    },
];

impl Plan {
    /// Whether no look shows what a paid call has made.
    fn is_out_of_sight(&self, operation: &str) -> bool {
        match operation {
            "create_link_with_params" | "render_single_preview" => true,
            "gen_image" => !self.has_webhook,
            // Only within ten minutes.
            _ => self.provider == "beatapi",
        }
    }

    /// Whether somebody has to choose on the way.
    pub(crate) fn offers(&self) -> bool {
        self.paid.contains(&"create_previews")
    }
}

/// How often a command is started again before an order counts as lost.
const MOST_STARTS: usize = 30;

/// The longest that a provider's job takes. After that a held call may be sent again.
const LONGEST_JOB: Duration = Duration::from_secs(30 * 60);

pub(crate) struct Order<'a> {
    plan: &'static Plan,
    sandbox: &'a Sandbox,
    proxy: &'a Proxy,
    folder: PathBuf,
    key: String,
    ledger: Option<&'static str>,
    /// What the sandbox's ledger had before.
    entries_before: usize,
    /// What is ordered again, since the first was given up.
    is_anew: bool,
    count: Count,
}

impl<'a> Order<'a> {
    pub(crate) fn new(
        plan: &'static Plan,
        sandbox: &'a Sandbox,
        proxy: &'a Proxy,
        folder: &Path,
        number: usize,
        ledger: Option<&'static str>,
    ) -> Self {
        let folder = folder.join(number.to_string());
        std::fs::create_dir(&folder).unwrap();
        // Every order has an account of its own.
        let key = format!("sk_sandbox_{number}");
        let entries_before = sandbox.ledger().len();
        let (is_anew, count) = (false, Count::default());
        Self { plan, sandbox, proxy, folder, key, ledger, entries_before, is_anew, count }
    }

    /// Runs the order to its end and says how often the command was killed.
    pub(crate) async fn run(&mut self, dice: &mut Dice) -> usize {
        let mut kills = 0;
        for _ in 0..=dice.roll(3) {
            let args = self.next_args(dice);
            let ended = self.killed(&args, dice).await;
            kills += usize::from(ended.code.is_none());
            self.settle(&ended).await;
        }
        for _ in 0..MOST_STARTS {
            let mut args = self.make_args();
            if std::mem::take(&mut self.is_anew) {
                args.push("--again".to_owned());
            }
            let ended = self.go_on(&args).await;
            // With a ledger that forgets, a file that was saved before is in the way.
            let is_in_the_way = self.ledger.is_some() && ended.code == Some(2);
            if ended.code == Some(0) || is_in_the_way {
                return kills;
            }
            self.settle(&ended).await;
        }
        kills
    }

    fn make_args(&self) -> Vec<String> {
        let track = self.folder.join("track.wav");
        if !track.exists() {
            std::fs::write(&track, wav_of_12_seconds()).unwrap();
        }
        let shop = format!("{}/shop", self.proxy.url);
        let fill = |arg: &&str| {
            arg.replace("{shop}", &shop).replace("{track}", &track.display().to_string())
        };
        let mut args = vec!["make".to_owned()];
        args.extend(self.plan.args.iter().map(fill));
        let out = self.folder.join("out").display().to_string();
        args.extend(["--name", "Morning Roast", "--out", &out].map(str::to_owned));
        args.extend(["--provider", self.plan.provider].map(str::to_owned));
        args.extend(
            self.ledger.into_iter().flat_map(|url| ["--ledger".to_owned(), url.to_owned()]),
        );
        args
    }

    /// The order again, or everything that is open.
    fn next_args(&self, dice: &mut Dice) -> Vec<String> {
        match dice.roll(3) {
            0 if self.ledger.is_none() => vec!["resume".to_owned()],
            _ => self.make_args(),
        }
    }

    fn setting(&self) -> Setting<'_> {
        Setting {
            data: &self.folder,
            url: &self.proxy.url,
            key: &self.key,
            has_webhook: self.plan.has_webhook,
        }
    }

    async fn go_on(&self, args: &[String]) -> Ended {
        let (_never, kills) = mpsc::unbounded_channel();
        run(&self.setting(), args, kills).await
    }

    async fn killed(&mut self, args: &[String], dice: &mut Dice) -> Ended {
        let (kill, kills) = mpsc::unbounded_channel();
        let phase = match dice.roll(4) {
            0 => Phase::Before,
            1 => Phase::Between,
            _ => Phase::After(dice.roll(12) as u64),
        };
        // Mostly where money is, and sometimes anywhere.
        let trigger = match dice.roll(4) {
            0 => Some(Trigger { paid_only: false, passing: dice.roll(12), phase }),
            1 => None,
            _ => Some(Trigger { paid_only: true, passing: dice.roll(self.plan.paid.len()), phase }),
        };
        match trigger {
            Some(trigger) => self.proxy.arm(trigger, kill),
            None => {
                let after = Duration::from_millis(dice.roll(400) as u64);
                tokio::spawn(async move {
                    tokio::time::sleep(after).await;
                    let (dead, is_dead) = tokio::sync::oneshot::channel();
                    if kill.send(dead).is_ok() {
                        let _ = is_dead.await;
                    }
                });
            }
        }
        let ended = run(&self.setting(), args, kills).await;
        let vain = self.proxy.disarm();
        self.count.kept_back += vain;
        ended
    }

    /// Does what the command asks a person to do.
    async fn settle(&mut self, ended: &Ended) {
        match ended.code {
            Some(0) | None => {}
            // What was given up is told until it is ordered anew.
            Some(1) if self.is_anew => {}
            // What was forgotten cannot be settled.
            Some(2 | 6) if self.ledger.is_some() => {}
            Some(6) => {
                self.count.held += 1;
                let job = self.job(ended).await;
                self.settle_held(&job).await;
            }
            Some(4) => {
                let job = self.job(ended).await;
                let id = job["job"].as_str().unwrap();
                let Some(offer) = job["offers"][0]["id"].as_str() else { return };
                let args = ["job", id, "--choose", offer].map(str::to_owned);
                let chosen = self.go_on(&args).await;
                assert_eq!(chosen.code, Some(0), "{}", chosen.stderr);
            }
            Some(code) => {
                panic!("{}: ended with {code}: {} {}", self.plan.name, ended.stdout, ended.stderr)
            }
        }
    }

    /// A job that is held is looked for again, then by a person at the provider. What is not there
    /// is sent again, if that is allowed, and given up and ordered anew if it is not.
    async fn settle_held(&mut self, job: &Value) {
        let id = job["job"].as_str().unwrap();
        let steps = job["steps"].as_array().unwrap();
        let held = steps.iter().find(|step| step["state"] == "uncertain").unwrap();
        let operation = held["operation"].as_str().unwrap();
        let entry = self.entries().into_iter().find(|entry| entry.operation == operation);
        let resumed = self.go_on(&["resume".to_owned()]).await;
        if resumed.code != Some(6) {
            self.count.found += 1;
            return;
        }
        let resolve = |decision: &[&str]| {
            ["resolve", id].iter().chain(decision).map(|arg| (*arg).to_owned()).collect::<Vec<_>>()
        };
        if let Some(entry) = entry {
            assert!(self.plan.is_out_of_sight(operation), "{operation} is there and was not found");
            self.count.adopted += 1;
            return self.decide(&resolve(&["--adopt", &entry.job])).await;
        }
        self.count.vain += 1;
        self.sandbox.advance(LONGEST_JOB);
        let resubmitted = self.go_on(&resolve(&["--resubmit"])).await;
        match resubmitted.code {
            Some(0) => self.count.sent_again += 1,
            Some(6) => {
                self.decide(&resolve(&["--abandon"])).await;
                self.is_anew = true;
            }
            code => panic!("{operation}: {code:?} {}", resubmitted.stderr),
        }
    }

    async fn decide(&self, args: &[String]) {
        let resolved = self.go_on(args).await;
        assert_eq!(resolved.code, Some(0), "{args:?}: {}", resolved.stderr);
    }

    /// The job of which a run has told.
    async fn job(&self, ended: &Ended) -> Value {
        let told: Value = serde_json::from_str(ended.stdout.lines().last().unwrap()).unwrap();
        let id = told["job"].as_str().unwrap().to_owned();
        let shown = self.go_on(&["job".to_owned(), id]).await;
        serde_json::from_str(&shown.stdout).unwrap()
    }

    fn entries(&self) -> Vec<LedgerEntry> {
        self.sandbox.ledger().split_off(self.entries_before)
    }

    /// What the sandbox and the folder say of the order.
    pub(crate) fn check(&self) -> Check {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for entry in self.entries() {
            *counts.entry(entry.operation).or_default() += 1;
        }
        let doubles: usize = counts.values().map(|count| count - 1).sum();
        let missing = self.plan.paid.iter().filter(|paid| !counts.contains_key(*paid)).count();
        let files = std::fs::read_dir(self.folder.join("out")).into_iter().flatten();
        let has_file =
            files.flatten().any(|file| !file.file_name().to_string_lossy().starts_with('.'));
        let is_lost = missing > 0 || !has_file;
        if doubles > 0 || is_lost {
            eprintln!("{}: {counts:?}, file: {has_file}", self.plan.name);
        }
        Check { doubles, is_lost, count: self.count }
    }
}

/// What came of an order.
pub(crate) struct Check {
    doubles: usize,
    is_lost: bool,
    count: Count,
}

/// What was held, and what became of it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Count {
    /// Paid calls that were kept from arriving. Others never left.
    kept_back: usize,
    /// How often a command ended because a job was held.
    held: usize,
    /// What was found when it was looked for once more.
    found: usize,
    /// What was there and no look shows.
    adopted: usize,
    /// What never arrived, by the sandbox's ledger.
    vain: usize,
    /// What of that was sent again by decision; the rest was ordered anew.
    sent_again: usize,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.kept_back += other.kept_back;
        self.held += other.held;
        self.found += other.found;
        self.adopted += other.adopted;
        self.vain += other.vain;
        self.sent_again += other.sent_again;
    }
}

/// What came of many.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) orders: usize,
    pub(crate) kills: usize,
    pub(crate) doubles: usize,
    pub(crate) lost: usize,
    count: Count,
}

impl Tally {
    pub(crate) fn add(&mut self, check: Check, kills: usize) {
        self.orders += 1;
        self.kills += kills;
        self.doubles += check.doubles;
        self.lost += usize::from(check.is_lost);
        self.count.add(check.count);
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.orders += other.orders;
        self.kills += other.kills;
        self.doubles += other.doubles;
        self.lost += other.lost;
        self.count.add(other.count);
    }

    /// Whether no more is held, of what looks can show, than never arrived.
    pub(crate) fn holds_no_more_than_never_arrived(&self) -> bool {
        self.count.held - self.count.adopted <= self.count.vain
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { orders, kills, doubles, lost, count } = self;
        let Count { kept_back, held, found, adopted, vain, sent_again } = count;
        write!(
            f,
            "{orders} orders, {kills} kills: {doubles} second submits, {lost} lost; {held} held: \
             {adopted} that no look shows, {found} found by another look, {vain} that never arrived \
             ({kept_back} were kept back, held or not), of which {sent_again} were sent again by \
             decision and the rest ordered anew"
        )
    }
}

/// A silent WAV of 12 s: 8 kHz, 8 bits, one channel.
fn wav_of_12_seconds() -> Vec<u8> {
    let samples = 8_000u32 * 12;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + samples).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16u32.to_le_bytes());
    bytes.extend([1, 0, 1, 0]);
    bytes.extend(8_000u32.to_le_bytes());
    bytes.extend(8_000u32.to_le_bytes());
    bytes.extend([1, 0, 8, 0]);
    bytes.extend(b"data");
    bytes.extend(samples.to_le_bytes());
    bytes.resize(bytes.len() + samples as usize, 128);
    bytes
}
