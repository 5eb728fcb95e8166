//! Somebody asks the command to end, in each way in which systems do.

use std::time::Duration;

use crate::command::Workspace;
use crate::dialect::{BeatApi, beatapi};
use crate::server::{Answer, Server};
use crate::{SPEED, Switch, side_by_side};

/// While the paid call is under way, and while its job is waited for.
#[tokio::test]
async fn what_is_paid_is_heard_out_and_come_back_to() {
    async fn play((signal, while_sending): (&'static str, bool)) {
        let (service, well, workspace) = (BeatApi::newer(), Switch::default(), Workspace::new());
        let (beatapi, is_well) = (service.clone(), well.clone());
        let server = Server::sped_up(SPEED, move |request| {
            let answer = beatapi.answer(request);
            if request.is("GET", beatapi::TASK) && !is_well.is_on() {
                return beatapi.status(request, "processing");
            }
            let is_slow = while_sending && request.is("POST", beatapi::CREATE);
            if is_slow { answer.after(Duration::from_millis(700)) } else { answer }
        });
        let server: Server = server.await;
        let make = workspace.make(&server, "beatapi", &[]).start();
        match while_sending {
            true => server.reach(1, "POST", beatapi::CREATE).await,
            false => server.reach(1, "GET", beatapi::TASK).await,
        }
        make.signal(signal).await;
        let ended = make.ended().await;
        ended.is(130);
        assert!(ended.stderr.contains("come back with: adreel wait "), "{ended:?}");
        well.turn();
        workspace.run(&server, &["resume"]).ended().await.is(0);
        assert_eq!((service.accepted(), workspace.videos()), (1, 1));
        assert_eq!(server.count("POST", beatapi::CREATE), 1);
    }
    let members = [
        ("SIGTERM while it sends", ("-TERM", true)),
        ("SIGHUP while it sends", ("-HUP", true)),
        ("SIGTERM while it waits", ("-TERM", false)),
        ("SIGHUP while it waits", ("-HUP", false)),
    ];
    // Whoever has `nohup` run the tests has everything that they start ignore it.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    let is_heard = |signal: &str| signal != "-HUP" || ignored.unwrap_or_default() & 1 == 0;
    let members = members.into_iter().filter(|(_, (signal, _))| is_heard(signal));
    side_by_side(members, play).await;
}

/// Half of a file, of each kind that is taken, and what only looks like one.
#[tokio::test]
async fn nothing_is_sent_for_half_a_picture() {
    async fn play(name: &'static str) {
        let service = BeatApi::newer();
        let server = Server::sped_up(SPEED, move |request| match () {
            () if request.is("GET", "/v2/avatars/public") => Answer::text(500, ""),
            () => service.answer(request),
        });
        let (server, workspace) = (server.await, Workspace::new());
        let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/pictures/");
        let whole = std::fs::read(format!("{fixtures}{name}")).unwrap();
        let file = format!("half of {name}");
        let path = workspace.path(&file);
        for bytes in [&whole[..whole.len() / 2], &whole[..whole.len() - 1]] {
            std::fs::write(&path, bytes).unwrap();
            let request = [path.to_str().unwrap(), "--name", "R", "--provider", "beatapi"];
            let mut told = Vec::new();
            for command in [&["plan"][..], &["make"], &["make", "--route"]] {
                let ended = workspace.run(&server, &[command, &request].concat()).ended().await;
                ended.is(2);
                assert!(ended.stderr.contains(&file), "{ended:?}");
                assert!(ended.stderr.contains("product.images[0]"), "{ended:?}");
                told.push(ended.stderr);
            }
            assert!(told.iter().all(|other| *other == told[0]), "{told:?}");
        }
        assert_eq!(server.count("POST", "/") + server.count("GET", "/v1/"), 0);
    }
    let names = ["sixteen_bit.png", "progressive.jpg", "animated.webp", "lossless.webp"];
    side_by_side(names.map(|name| (name, name)), play).await;
}
