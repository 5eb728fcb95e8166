//! BeatAPI as it was at its launch: the library sees that no key keeps a call from being paid twice.

use adreel::testing::{self, BeatApiContract, Sandbox};
use adreel::{
    AccountConfig, Client, CostSource, Credits, ErrorKind, Keys, Product, ProviderId, Stage,
    VideoRequest,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::builder;

async fn sandbox(contract: BeatApiContract) -> Sandbox {
    builder().beatapi_contract(contract).start().await.unwrap()
}

/// A job of 10 s.
fn request() -> VideoRequest {
    let product = Product::new("Morning Roast").image_url("https://shop.example/roast.png");
    VideoRequest::new(product).duration_secs(10)
}

/// An address that leads to the sandbox and loses the first answer to a create.
async fn losing(sandbox: &Sandbox) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let port = sandbox.port();
    tokio::spawn(async move {
        let mut is_lost = false;
        while let Ok((mut stream, _)) = listener.accept().await {
            let request = read_request(&mut stream).await;
            let mut there = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let (line, rest) = request.split_once("\r\n").unwrap();
            let request = format!("{line}\r\nConnection: close\r\n{rest}");
            there.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            there.read_to_end(&mut answer).await.unwrap();
            if line.starts_with("POST /v1/ecommerce-video/tasks") && !is_lost {
                is_lost = true;
            } else {
                stream.write_all(&answer).await.unwrap();
            }
        }
    });
    url
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut request = String::new();
    loop {
        let mut bytes = [0; 4096];
        let count = stream.read(&mut bytes).await.unwrap();
        request += std::str::from_utf8(&bytes[..count]).unwrap();
        let Some((head, body)) = request.split_once("\r\n\r\n") else { continue };
        let head = head.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
            return request;
        }
    }
}

fn client_at(sandbox: &Sandbox, url: &str) -> Client {
    let account = AccountConfig::new(Keys::key("sk_sandbox")).base_url(url);
    testing::client_builder(sandbox)
        .account(ProviderId::BeatApi, account)
        .in_memory()
        .build()
        .unwrap()
}

/// How many creates arrived, and how many tasks were made.
fn creates(sandbox: &Sandbox) -> (u64, usize) {
    (sandbox.counters().total.submits, sandbox.ledger().len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_held_under_the_launch_contract_and_never_replayed() {
    let sandbox = sandbox(BeatApiContract::Launch).await;
    let client = client_at(&sandbox, &losing(&sandbox).await);
    let error = client.submit(&request()).on(ProviderId::BeatApi).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SubmitUnknown, "{error}");
    let job = client.job(error.job_id().unwrap()).await.unwrap();
    assert_eq!(job.stage(), Stage::Uncertain);
    let why = job.trouble().unwrap().message.clone();
    assert!(why.contains("no sign of honouring idempotency keys"), "{why}");
    assert_eq!(client.jobs().held().await.unwrap().len(), 1);
    let error = client.resume(&job).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SubmitUnknown, "{error}");
    assert_eq!(creates(&sandbox), (1, 1));
}

/// The same, so that it is the contract that keeps the other from being replayed.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_found_by_its_key_under_the_newest_contract() {
    let sandbox = sandbox(BeatApiContract::Newest).await;
    let client = client_at(&sandbox, &losing(&sandbox).await);
    let job = client.submit(&request()).on(ProviderId::BeatApi).await.unwrap();
    assert_eq!(job.provider_ref().unwrap().id, sandbox.ledger()[0].job);
    assert_eq!(creates(&sandbox), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_planned_and_paid_in_what_the_account_is_billed_in() {
    for (contract, price, balance, source) in [
        (BeatApiContract::Newest, Credits::whole(3), Credits::whole(1_000_000), "in dollars"),
        (BeatApiContract::Launch, Credits::whole(150), Credits::whole(50_000_000), "in credits"),
    ] {
        let sandbox = sandbox(contract).await;
        let client = testing::client(&sandbox).unwrap();
        assert_eq!(client.balance(ProviderId::BeatApi).await.unwrap(), balance);
        let plan = client.plan(&request()).on(ProviderId::BeatApi).priced().await.unwrap();
        assert_eq!((plan.cost.low, plan.cost.high), (price, price));
        assert!(format!("{:?}", plan.cost).contains(source), "{:?}", plan.cost);
        let video = client.generate(&request()).on(ProviderId::BeatApi).cap(price).await.unwrap();
        let cost = video.cost().unwrap();
        assert_eq!((cost.credits, cost.source), (price, CostSource::Reported));
        assert_eq!(client.balance(ProviderId::BeatApi).await.unwrap(), balance - price);
    }
}
