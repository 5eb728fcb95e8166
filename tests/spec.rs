//! The specs, and what the build makes of them.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

#[path = "../build/mod.rs"]
mod codegen;

use std::process::Command;
use std::{env, fs, path::Path};

use codegen::{Problem, bindings};

const SPECS: [(&str, &str, &str); 3] = [
    (
        "beatapi",
        include_str!("../openapi/beatapi.yaml"),
        include_str!("../src/providers/beatapi/client.rs"),
    ),
    (
        "creatify",
        include_str!("../openapi/creatify.yaml"),
        include_str!("../src/providers/creatify/client.rs"),
    ),
    ("jogg", include_str!("../openapi/jogg.yaml"), include_str!("../src/providers/jogg/client.rs")),
];

#[test]
#[cfg(all(feature = "beatapi", feature = "creatify", feature = "jogg"))]
fn every_operation_has_a_method_of_its_name() {
    let tables =
        [adreel::beatapi::OPERATIONS, adreel::creatify::OPERATIONS, adreel::jogg::OPERATIONS];
    for (table, (provider, _, client)) in tables.into_iter().zip(SPECS) {
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
    for (provider, yaml, _) in SPECS {
        let code = bindings(provider, yaml).unwrap();
        let surface: Vec<&str> = code
            .lines()
            .filter(|line| line.trim_start().starts_with("pub "))
            .map(|line| line.trim_end_matches([' ', '{']))
            .collect();
        insta::assert_snapshot!(format!("surface_{provider}"), surface.join("\n"));
    }
}

fn problems_of(edit: impl Fn(String) -> String) -> Vec<Problem> {
    let (provider, yaml, _) = SPECS[1];
    let edited = edit(yaml.to_owned());
    assert_ne!(edited, yaml, "the edit found nothing to change");
    bindings(provider, &edited).unwrap_err()
}

#[test]
fn a_broken_spec_is_refused_with_its_place() {
    let case = |from: &str, to: &str, pointer: &str, told: &str| {
        let problems = problems_of(|yaml| yaml.replacen(from, to, 1));
        let found = problems
            .iter()
            .any(|problem| problem.pointer.starts_with(pointer) && problem.message.contains(told));
        assert!(found, "{problems:?}");
    };
    let gen_image = "/paths/~1api~1product_to_videos~1gen_image~1/post";
    case("operationId: gen_image", "operationId: gen_video", "/paths/", "is used twice");
    case("paid: true", "paid: yes please", gen_image, "say true or false");
    case("replay: never", "replay: always", gen_image, "never safe to replay");
    case("openapi: 3.0.3", "openapi: 3.1.0", "/openapi", "write OpenAPI 3.0.x");
    case(
        "#/components/schemas/GenImageRequest",
        "#/components/schemas/ProductToVideo",
        "/components/schemas/ProductToVideo",
        "make two components",
    );
    case(
        "#/components/schemas/GenImageRequest",
        "#/components/schemas/Nowhere",
        gen_image,
        "leads nowhere",
    );
}

/// Edits a spec of a copy of this package, as a maintainer would, and builds it twice.
#[test]
fn an_edited_spec_changes_the_bindings_at_the_next_build() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let copy = tempfile::tempdir().unwrap();
    for name in ["Cargo.toml", "Cargo.lock", "build.rs", "README.md"] {
        fs::copy(root.join(name), copy.path().join(name)).unwrap();
    }
    for name in ["build", "openapi", "src", "examples"] {
        copy_folder(&root.join(name), &copy.path().join(name));
    }
    // The manifest names its test targets.
    copy_folder(&root.join("tests"), &copy.path().join("tests"));
    assert!(build(copy.path()).success(), "the copy builds as it is");

    let spec = copy.path().join("openapi/creatify.yaml");
    let yaml = fs::read_to_string(&spec).unwrap();
    let field = "    GenVideoRequest:\n";
    let (before, after) = yaml.split_once(field).unwrap();
    let after = after.replacen(
        "      properties:\n",
        "      properties:\n        camera_path:\n          type: string\n          description: How the camera moves.\n",
        1,
    );
    let (paths, components) = before.split_once("\ncomponents:").unwrap();
    let edited = format!("{paths}{NEW_OPERATION}\ncomponents:{components}{field}{after}");
    fs::write(&spec, edited).unwrap();
    let user = copy.path().join("src/providers/creatify/mod.rs");
    let mut code = fs::read_to_string(&user).unwrap();
    code.push_str(USE_OF_THE_NEW);
    fs::write(&user, code).unwrap();
    assert!(build(copy.path()).success(), "the new field and the new operation can be used");
}

const NEW_OPERATION: &str = "
  /api/probe/:
    get:
      operationId: probe
      tags: [account]
      summary: Probes.
      description: Probes. Made up by a test.
      x-adreel: {paid: false, replay: always, refused: [401], timeout_secs: 30}
      responses:
        '200':
          description: The credits.
          content:
            application/json:
              schema:
                $ref: '#/components/schemas/RemainingCredits'
";

const USE_OF_THE_NEW: &str = r#"
#[test]
fn what_is_new_can_be_used() {
    let body = types::GenVideoRequest::new().camera_path("arc".to_owned());
    assert!(body.camera_path.is_some());
    assert_eq!(crate::bindings::creatify::operations::PROBE.path, "/api/probe/");
    let _ = async |client: crate::bindings::creatify::Client| client.probe().await.is_ok();
}
"#;

/// Builds the copy's library with its tests, as this build did, so that the dependencies need no
/// second compilation.
fn build(copy: &Path) -> std::process::ExitStatus {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let mut command = Command::new(env!("CARGO"));
    command.args(["test", "--no-run", "--offline", "--quiet", "--lib", "--no-default-features"]);
    for feature in FEATURES.iter().filter(|(_, enabled)| *enabled) {
        command.args(["--features", feature.0]);
    }
    command.current_dir(copy).env("CARGO_TARGET_DIR", target).env_remove("RUSTFLAGS");
    command.status().unwrap()
}

const FEATURES: [(&str, bool); 6] = [
    ("creatify", true),
    ("beatapi", cfg!(feature = "beatapi")),
    ("jogg", cfg!(feature = "jogg")),
    ("rustls", cfg!(feature = "rustls")),
    ("sandbox", cfg!(feature = "sandbox")),
    ("cli", cfg!(feature = "cli")),
];

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_folder(&path, &target)
        } else {
            fs::copy(path, target).map(drop).unwrap()
        }
    }
}
