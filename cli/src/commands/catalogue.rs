//! `adreel catalogue`: what can be chosen, with its ids.

use adreel::{CatalogueItem, ErrorKind, ProviderId, Result};

use crate::args::CatalogueArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::output;

pub(crate) async fn run(context: &Context, args: &CatalogueArgs) -> Exit {
    let providers = match context.providers(&args.provider) {
        Ok(providers) => providers,
        Err(error) => return output::report(&error),
    };
    let mut exit = Exit::Done;
    for provider in providers {
        match items(context, args, provider).await {
            Ok(items) => print(context, args, provider, &items),
            // Who asked for no provider by name wants whatever there is.
            Err(error) if error.kind() == ErrorKind::Unsupported && args.provider.is_empty() => {}
            Err(error) => exit = exit.max(output::report(&error)),
        }
    }
    exit
}

async fn items(
    context: &Context,
    args: &CatalogueArgs,
    provider: ProviderId,
) -> Result<Vec<CatalogueItem>> {
    let mut list = context.client.catalogue().on(provider).list(args.kind)?;
    let mut found = Vec::new();
    while found.len() < args.limit
        && let Some(item) = list.next().await.transpose()?
    {
        if args.find.iter().all(|word| has_word(&item, word)) {
            found.push(item);
        }
    }
    Ok(found)
}

/// Whether a word stands in anything that is shown of an item. `male` is not found in `female`.
fn has_word(item: &CatalogueItem, word: &str) -> bool {
    let word = word.to_lowercase();
    let begins = |text: &str| {
        let text = text.to_lowercase();
        text.match_indices(&word).any(|(at, _)| {
            text[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric())
        })
    };
    begins(&item.id)
        || begins(&item.name)
        || item.traits.iter().any(|text| begins(text))
        || item.aspect_ratio.is_some_and(|ratio| begins(ratio.as_str()) || begins(ratio.word()))
}

fn print(context: &Context, args: &CatalogueArgs, provider: ProviderId, items: &[CatalogueItem]) {
    if context.json {
        items.iter().for_each(output::json);
        return;
    }
    let kind = args.kind;
    let Some(first) = items.first() else {
        output::note(&format!("{provider}: no {kind} found"));
        return;
    };
    if !context.quiet {
        output::note(&format!("{provider} {kind}: {} listed, {}", items.len(), used(first)));
    }
    let head = ["id", "name", "traits", "preview"].map(str::to_owned).to_vec();
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(items.iter().map(row)).collect();
    output::table(&rows);
}

/// Where an id goes: an option of a request, or a field that only the provider's client takes.
fn used(item: &CatalogueItem) -> String {
    match item.option.contains('.') {
        true => format!("for --set {}=ID", item.option),
        false => format!("for {}", item.option),
    }
}

/// More characters of an id than a terminal shows at a time.
const MOST_CHARS: usize = 500;

fn row(item: &CatalogueItem) -> Vec<String> {
    let own = item.own.then(|| "own".to_owned());
    let ratio = item.aspect_ratio.map(|ratio| ratio.to_string());
    let traits: Vec<String> =
        own.into_iter().chain(ratio).chain(item.traits.iter().cloned()).collect();
    vec![
        output::shortened(&item.id, MOST_CHARS),
        item.name.clone(),
        traits.join(", "),
        item.preview_url.clone().unwrap_or_default(),
    ]
}
