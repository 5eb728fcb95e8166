//! The specs, and what the build makes of them.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

#[path = "../../build/mod.rs"]
mod codegen;

mod build;
mod examples;
#[cfg(all(feature = "sandbox", feature = "beatapi", feature = "creatify", feature = "jogg"))]
mod sandbox;
mod table;

use std::fs;
use std::path::Path;

use codegen::bindings;

const SPECS: [(&str, &str); 3] = [
    ("beatapi", include_str!("../../openapi/beatapi.yaml")),
    ("creatify", include_str!("../../openapi/creatify.yaml")),
    ("jogg", include_str!("../../openapi/jogg.yaml")),
];

/// The sources of a provider's client, which is a file or a folder of files.
fn client_sources(provider: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/providers").join(provider);
    match fs::read_dir(folder.join("client")) {
        Ok(files) => files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect(),
        Err(_) => fs::read_to_string(folder.join("client.rs")).unwrap(),
    }
}

#[test]
#[cfg(all(feature = "beatapi", feature = "creatify", feature = "jogg"))]
fn every_operation_has_a_method_of_its_name() {
    let tables =
        [adreel::beatapi::OPERATIONS, adreel::creatify::OPERATIONS, adreel::jogg::OPERATIONS];
    for (table, (provider, _)) in tables.into_iter().zip(SPECS) {
        let client = client_sources(provider);
        assert!(!table.is_empty());
        for operation in table {
            let method = format!("pub async fn {}(", operation.id);
            assert!(client.contains(&method), "{provider}::Client lacks {}", operation.id);
        }
    }
}

#[test]
#[cfg(all(feature = "beatapi", feature = "creatify", feature = "jogg"))]
fn no_paid_operation_counts_a_server_error_or_a_conflict_as_a_refusal() {
    let tables =
        [adreel::beatapi::OPERATIONS, adreel::creatify::OPERATIONS, adreel::jogg::OPERATIONS];
    for operation in tables.into_iter().flatten().filter(|operation| operation.paid) {
        let doubtful = |code: &&u32| [408, 409, 425].contains(*code) || (500..600).contains(*code);
        assert_eq!(operation.refused.iter().find(doubtful), None, "{}", operation.id);
        assert!(!operation.refused.contains(&50_000), "{}", operation.id);
    }
}

#[test]
fn the_generated_surface_changes_only_on_purpose() {
    for (provider, yaml) in SPECS {
        let code = bindings(provider, yaml).unwrap();
        let surface: Vec<&str> = code
            .types
            .lines()
            .chain(code.client.lines())
            .filter(|line| line.trim_start().starts_with("pub "))
            .map(|line| line.trim_end_matches([' ', '{']))
            .collect();
        insta::assert_snapshot!(format!("surface_{provider}"), surface.join("\n"));
    }
}
