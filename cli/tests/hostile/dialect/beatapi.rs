//! BeatAPI's tasks.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::{VIDEO, file};
use crate::server::{Answer, Request};

pub(crate) const CREATE: &str = "/v1/ecommerce-video/tasks";
pub(crate) const TASK: &str = "/v1/tasks/";

/// What was accepted.
#[derive(Clone)]
struct Task {
    id: String,
    key: String,
    idempotency_key: String,
    made_ms: i64,
}

/// The service, with the tasks that it accepted.
#[derive(Clone)]
pub(crate) struct BeatApi {
    /// Whether it is that of the newer contract, which answers a repeated key with the first task.
    is_newer: bool,
    tasks: Arc<Mutex<Vec<Task>>>,
}

impl BeatApi {
    pub(crate) fn newer() -> Self {
        Self { is_newer: true, tasks: Arc::default() }
    }

    /// As at its launch, when an idempotency key said nothing.
    pub(crate) fn at_launch() -> Self {
        Self { is_newer: false, tasks: Arc::default() }
    }

    /// How many tasks were accepted, and charged for.
    pub(crate) fn accepted(&self) -> usize {
        self.tasks.lock().unwrap().len()
    }

    /// What it answers when nothing goes wrong: a task has succeeded when it is read.
    pub(crate) fn answer(&self, request: &Request) -> Answer {
        if request.is("POST", CREATE) {
            let task = self.accept(request);
            return Answer::json(201, &shown(&task, request, "queued"));
        }
        if request.is("GET", TASK) {
            return self.status(request, "succeeded");
        }
        if request.is("GET", "/v1/workflows") {
            let id = if self.is_newer { "video-analysis" } else { "ecommerce-video" };
            let item = json!({ "id": id, "name": id, "object": "workflow" });
            return Answer::json(200, &json!({ "data": { "object": "list", "data": [item] } }));
        }
        if request.is("GET", "/v1/usage") {
            let mut usage = json!({ "object": "usage", "credit_balance": 1000, "total_tasks": 0,
                "credits_settled": 0, "credits_refunded": 0,
                "concurrency": { "limit": 30, "active": 0 }, "by_workflow": [] });
            if self.is_newer {
                usage["period"] = json!("all");
            }
            return Answer::json(200, &json!({ "data": usage }));
        }
        if request.is("POST", "/v1/files") {
            return Answer::json(201, &uploaded());
        }
        file(request).unwrap_or_else(not_found)
    }

    /// A task in a state, where it is of this key's account.
    pub(crate) fn status(&self, request: &Request, status: &str) -> Answer {
        let Some(task) = self.task(request) else { return not_found() };
        Answer::json(200, &shown(&task, request, status))
    }

    /// The same with other values in some fields.
    pub(crate) fn odd_status(&self, request: &Request, status: &str, odd: &Value) -> Answer {
        let Some(task) = self.task(request) else { return not_found() };
        let mut body = shown(&task, request, status);
        for (name, value) in odd.as_object().unwrap() {
            body["data"][name] = value.clone();
        }
        Answer::json(200, &body)
    }

    fn task(&self, request: &Request) -> Option<Task> {
        let tasks = self.tasks.lock().unwrap();
        let is_it = |task: &&Task| task.id == request.id() && task.key == request.key();
        tasks.iter().find(is_it).cloned()
    }

    fn accept(&self, request: &Request) -> Task {
        let (key, own) = (request.key(), request.header("idempotency-key").to_owned());
        let mut tasks = self.tasks.lock().unwrap();
        let is_it = |task: &&Task| task.key == key && task.idempotency_key == own;
        if let Some(first) = tasks.iter().find(is_it).filter(|_| self.is_newer && !own.is_empty()) {
            return first.clone();
        }
        let id = format!("task_{}", tasks.len() + 1);
        tasks.push(Task { id, key, idempotency_key: own, made_ms: request.now_ms });
        tasks.last().unwrap().clone()
    }
}

fn shown(task: &Task, request: &Request, status: &str) -> Value {
    let has_succeeded = status == "succeeded";
    let video = json!({ "type": "video", "url": request.address(VIDEO), "mime_type": "video/mp4" });
    json!({ "data": {
        "id": task.id,
        "object": "task",
        "workflow": "ecommerce-video",
        "status": status,
        "created_at": task.made_ms / 1000,
        "updated_at": request.now_ms / 1000,
        "output": has_succeeded.then(|| json!({ "media": [video] })),
        "request_id": "req_1",
        "error_code": null,
        "error_message": null,
        "usage": {
            "credits_reserved": 4.5,
            "credits_settled": if has_succeeded { 4.5 } else { 0.0 },
            "credits_refunded": 0,
        },
    } })
}

pub(crate) fn refused(status: u16, code: &str) -> Answer {
    let error = json!({ "code": code, "message": "no", "request_id": "req_1" });
    Answer::json(status, &json!({ "error": error }))
}

pub(crate) fn not_found() -> Answer {
    refused(404, "not_found")
}

pub(crate) fn no_credits() -> Answer {
    refused(402, "insufficient_credits")
}

fn uploaded() -> Value {
    json!({ "data": { "id": "file_1", "object": "file", "url": "https://cdn.example/x.png",
        "key": "k", "mime_type": "image/png", "size_bytes": 10, "purpose": "input",
        "created_at": 1 } })
}
