//! `adreel providers`: what each can do, and the credits that are left.

use adreel::client::Client;
use adreel::{Capabilities, Credits, Durations, Error, Languages, ProviderId};
use serde_json::json;

use crate::context::Context;
use crate::exit::Exit;
use crate::output;

pub(crate) async fn run(context: &Context) -> Exit {
    let mut exit = Exit::Done;
    let mut rows = vec![
        ["provider", "seconds", "ratios", "images", "languages", "price", "credits left"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for provider in ProviderId::ALL {
        let Some(capabilities) = Client::capabilities(provider) else { continue };
        let balance = balance(context, provider).await;
        if let Some(Err(error)) = &balance {
            exit = exit.max(output::report(error));
        }
        if context.json {
            output::json(&as_json(capabilities, balance.as_ref()));
        } else {
            rows.push(row(capabilities, balance.as_ref()));
        }
    }
    if !context.json {
        output::table(&rows);
    }
    exit
}

/// The credits of a provider that has keys.
async fn balance(context: &Context, provider: ProviderId) -> Option<Result<Credits, Error>> {
    let has_keys = context.client.accounts().iter().any(|account| account.provider == provider);
    if has_keys { Some(context.client.balance(provider).await) } else { None }
}

fn row(capabilities: &Capabilities, balance: Option<&Result<Credits, Error>>) -> Vec<String> {
    let ratios: Vec<&str> = capabilities.aspect_ratios.iter().map(|r| r.as_str()).collect();
    let languages = match capabilities.languages {
        Languages::Listed(tags) if tags.len() <= 4 => tags.join(" "),
        Languages::Listed(tags) => format!("{} of them", tags.len()),
        _ => "no speech".to_owned(),
    };
    let images = match capabilities.images {
        limits if limits.min_count == limits.max_count => limits.max_count.to_string(),
        limits => format!("{} to {}", limits.min_count, limits.max_count),
    };
    let left = match balance {
        Some(Ok(credits)) => credits.to_string(),
        Some(Err(_)) => "unknown".to_owned(),
        None => "no key".to_owned(),
    };
    vec![
        capabilities.provider.to_string(),
        seconds(capabilities.durations),
        ratios.join(" "),
        images,
        languages,
        capabilities.price.to_owned(),
        left,
    ]
}

fn seconds(durations: Durations) -> String {
    match durations {
        Durations::Range { min_secs, max_secs } => format!("{min_secs} to {max_secs}"),
        Durations::Hint(lengths) => {
            let words: Vec<String> = lengths.iter().map(u32::to_string).collect();
            format!("about {}", words.join(", "))
        }
        _ => "its choice".to_owned(),
    }
}

fn as_json(
    capabilities: &Capabilities,
    balance: Option<&Result<Credits, Error>>,
) -> serde_json::Value {
    let fields: serde_json::Map<_, _> = capabilities
        .fields
        .iter()
        .map(|(field, used)| (field.path().to_owned(), used.as_str().into()))
        .collect();
    json!({
        "provider": capabilities.provider,
        "seconds": seconds(capabilities.durations),
        "aspect_ratios": capabilities.aspect_ratios,
        "images": {
            "min": capabilities.images.min_count,
            "max": capabilities.images.max_count,
            "max_bytes": capabilities.images.max_bytes,
            "upload": capabilities.images.upload,
        },
        "languages": match capabilities.languages {
            Languages::Listed(tags) => tags,
            _ => &[],
        },
        "price": capabilities.price,
        "fields": fields,
        "credits_left": balance.and_then(|balance| balance.as_ref().ok()),
    })
}
