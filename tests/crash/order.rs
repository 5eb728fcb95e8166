//! One video from order to file, with the command being killed on the way.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use adreel::Sandbox;
use adreel::sandbox::LedgerEntry;
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

const PHOTO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/products/coffee.png");

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
    /// Whether somebody has to choose on the way.
    pub(crate) fn offers(&self) -> bool {
        self.paid.contains(&"create_previews")
    }
}

/// How often a command is started again before an order counts as lost.
const MOST_STARTS: usize = 30;

pub(crate) struct Order<'a> {
    plan: &'static Plan,
    sandbox: &'a Sandbox,
    proxy: &'a Proxy,
    folder: PathBuf,
    key: String,
    ledger: Option<&'static str>,
    /// What the sandbox's ledger had before.
    entries_before: usize,
    held: usize,
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
        Self { plan, sandbox, proxy, folder, key, ledger, entries_before, held: 0 }
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
            let ended = self.go_on(&self.make_args()).await;
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

    async fn killed(&self, args: &[String], dice: &mut Dice) -> Ended {
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
        self.proxy.disarm();
        ended
    }

    /// Does what the command asks a person to do.
    async fn settle(&mut self, ended: &Ended) {
        match ended.code {
            Some(0) | None => {}
            Some(2) if self.ledger.is_some() => {}
            // It was held: whoever looks at the provider sees whether it was accepted.
            Some(6) => {
                self.held += 1;
                let job = self.job(ended).await;
                let steps = job["steps"].as_array().unwrap();
                let held = steps.iter().find(|step| step["state"] == "uncertain").unwrap();
                let operation = held["operation"].as_str().unwrap();
                let entry = self.entries().into_iter().find(|entry| entry.operation == operation);
                let id = job["job"].as_str().unwrap();
                let mut args = ["resolve", id].map(str::to_owned).to_vec();
                match entry {
                    Some(entry) => args.extend(["--adopt".to_owned(), entry.job]),
                    None => args.push("--resubmit".to_owned()),
                }
                let resolved = self.go_on(&args).await;
                assert_eq!(resolved.code, Some(0), "{args:?}: {}", resolved.stderr);
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
        Check { doubles, is_lost, held: self.held }
    }
}

/// What came of an order.
pub(crate) struct Check {
    doubles: usize,
    is_lost: bool,
    held: usize,
}

/// What came of many.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) orders: usize,
    pub(crate) kills: usize,
    pub(crate) doubles: usize,
    pub(crate) lost: usize,
    held: usize,
}

impl Tally {
    pub(crate) fn add(&mut self, check: Check, kills: usize) {
        self.orders += 1;
        self.kills += kills;
        self.doubles += check.doubles;
        self.lost += usize::from(check.is_lost);
        self.held += check.held;
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.orders += other.orders;
        self.kills += other.kills;
        self.doubles += other.doubles;
        self.lost += other.lost;
        self.held += other.held;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { orders, kills, doubles, lost, held } = self;
        write!(
            f,
            "{orders} orders, {kills} kills, {held} held and settled by hand: {doubles} second \
             submits, {lost} lost"
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
