//! A double of BeatAPI: tasks whose status a test sets, and a count of who asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

#[derive(Default)]
struct Tasks {
    status: HashMap<String, String>,
    reads: usize,
}

pub(crate) struct Double {
    pub(crate) url: String,
    tasks: Arc<Mutex<Tasks>>,
    reads: watch::Receiver<usize>,
}

type Shared = State<(Arc<Mutex<Tasks>>, Arc<watch::Sender<usize>>)>;

fn task(id: &str, status: &str) -> Json<Value> {
    let url = format!("https://media.example/{id}.mp4");
    let media = json!([{"type": "video", "url": url, "mime_type": "video/mp4"}]);
    let output = (status == "succeeded").then(|| json!({"media": media, "r2_url": url}));
    Json(json!({"data": {
        "id": id, "object": "task", "status": status, "created_at": 1_790_000_000,
        "updated_at": 1_790_000_000, "output": output, "error_code": null,
        "error_message": (status == "failed").then_some("it did not work"),
    }}))
}

async fn create(State((tasks, _)): Shared) -> (StatusCode, Json<Value>) {
    let mut tasks = tasks.lock().unwrap();
    let id = format!("task_{}", tasks.status.len() + 1);
    tasks.status.insert(id.clone(), "queued".to_owned());
    (StatusCode::CREATED, task(&id, "queued"))
}

async fn read(State((tasks, reads)): Shared, Path(id): Path<String>) -> Json<Value> {
    let mut tasks = tasks.lock().unwrap();
    tasks.reads += 1;
    reads.send_replace(tasks.reads);
    task(&id, &tasks.status[&id])
}

impl Double {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let tasks = Arc::default();
        let (sender, reads) = watch::channel(0);
        let router = Router::new()
            .route("/v1/ecommerce-video/tasks", post(create))
            .route("/v1/tasks/{id}", get(read))
            .with_state((Arc::clone(&tasks), Arc::new(sender)));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, tasks, reads }
    }

    pub(crate) fn set(&self, task: &str, status: &str) {
        self.tasks.lock().unwrap().status.insert(task.to_owned(), status.to_owned());
    }

    pub(crate) fn reads(&self) -> usize {
        self.tasks.lock().unwrap().reads
    }

    /// Resolves when so many reads were made.
    pub(crate) async fn reads_reach(&self, count: usize) {
        self.reads.clone().wait_for(|reads| *reads >= count).await.unwrap();
    }
}
