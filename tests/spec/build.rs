//! Edits a spec of a copy of this package, as a maintainer would, and builds it.

use std::path::Path;
use std::process::{Command, Output};
use std::{env, fs};

#[test]
fn an_edited_spec_changes_the_bindings_at_the_next_build_and_a_broken_one_fails_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let copy = tempfile::tempdir().unwrap();
    for name in ["Cargo.toml", "Cargo.lock", "build.rs", "README.md"] {
        fs::copy(root.join(name), copy.path().join(name)).unwrap();
    }
    // The manifest names its test targets.
    for name in ["build", "openapi", "cli", "sandbox", "src", "examples", "tests", "benches"] {
        copy_folder(&root.join(name), &copy.path().join(name));
    }
    assert_builds(copy.path(), "the copy as it is");

    let spec = copy.path().join("openapi/creatify.yaml");
    let yaml = fs::read_to_string(&spec).unwrap();
    for broken in BROKEN {
        fs::write(&spec, broken.apply(&yaml)).unwrap();
        let output = build(copy.path());
        let told = String::from_utf8_lossy(&output.stderr);
        let place = format!("openapi/creatify.yaml: #{}", broken.pointer);
        assert!(!output.status.success(), "{} was built", broken.what);
        let named = told.lines().any(|line| line.contains(&place) && line.contains(broken.told));
        assert!(named, "{}: {told}", broken.what);
    }

    fs::write(&spec, with_a_new_operation(&yaml)).unwrap();
    let user = copy.path().join("src/providers/creatify/mod.rs");
    let mut code = fs::read_to_string(&user).unwrap();
    code.push_str(USE_OF_THE_NEW);
    fs::write(&user, code).unwrap();
    assert_builds(copy.path(), "the use of a new field and a new operation");
}

/// A spec with one thing wrong, and what the build has to say of it.
struct Broken {
    what: &'static str,
    from: &'static str,
    to: &'static str,
    pointer: &'static str,
    told: &'static str,
}

impl Broken {
    fn apply(&self, yaml: &str) -> String {
        assert!(yaml.contains(self.from), "{}: nothing to change", self.what);
        yaml.replacen(self.from, self.to, 1)
    }
}

const GEN_IMAGE: &str = "/paths/~1api~1product_to_videos~1gen_image~1/post";

const BROKEN: [Broken; 13] = [
    Broken {
        what: "a reference that leads nowhere",
        from: "#/components/schemas/GenImageRequest",
        to: "#/components/schemas/Nowhere",
        pointer: GEN_IMAGE,
        told: "leads nowhere",
    },
    Broken {
        what: "an inline enum",
        from: "            type: string\n            format: uuid\n",
        to: "            type: string\n            enum: [a, b]\n",
        pointer: "/paths/",
        told: "give this enum a name",
    },
    Broken {
        what: "two success answers",
        from: "        '2XX':\n",
        to: "        '204':\n          description: Nothing.\n        '2XX':\n",
        pointer: "/paths/",
        told: "exactly one success",
    },
    Broken {
        what: "an operationId used twice",
        from: "operationId: gen_image",
        to: "operationId: gen_video",
        pointer: "/paths/",
        told: "is used twice",
    },
    Broken {
        what: "a component that a request and an answer share",
        from: "#/components/schemas/GenImageRequest",
        to: "#/components/schemas/ProductToVideo",
        pointer: "/components/schemas/ProductToVideo",
        told: "make two components",
    },
    Broken {
        what: "a boolean in an enum of strings",
        from: "      enum:\n",
        to: "      enum:\n        - true\n",
        pointer: "/components/schemas/",
        told: "put it in quotes",
    },
    Broken {
        what: "another version of OpenAPI",
        from: "openapi: 3.0.3",
        to: "openapi: 3.1.0",
        pointer: "/openapi",
        told: "write OpenAPI 3.0.x",
    },
    Broken {
        what: "a fact that is no fact",
        from: "paid: true",
        to: "paid: yes please",
        pointer: GEN_IMAGE,
        told: "say true or false",
    },
    Broken {
        what: "a paid operation that is always safe to send again",
        from: "replay: never",
        to: "replay: always",
        pointer: GEN_IMAGE,
        told: "never safe to replay",
    },
    Broken {
        what: "a description without a source",
        from: "Source: reference",
        to: "From: reference",
        pointer: "/paths/",
        told: "end its description",
    },
    Broken {
        what: "a body without an example",
        from: "              examples:\n",
        to: "              x-examples:\n",
        pointer: "/paths/",
        told: "at least one example",
    },
    Broken {
        what: "an object made of several",
        from: "            - $ref: '#/components/schemas/DateTime'\n",
        to: "            - $ref: '#/components/schemas/DateTime'\n            - type: string\n",
        pointer: "/components/schemas/",
        told: "allOf with one reference",
    },
    Broken {
        what: "YAML that is none",
        from: "paths:\n",
        to: "paths: [\n",
        pointer: ": ",
        told: "line",
    },
];

fn with_a_new_operation(yaml: &str) -> String {
    let field = "    GenVideoRequest:\n";
    let (before, after) = yaml.split_once(field).unwrap();
    let after = after.replacen("      properties:\n", NEW_FIELD, 1);
    let (head, paths) = before.split_once("\npaths:\n").unwrap();
    format!("{head}\npaths:{NEW_OPERATION}{paths}{field}{after}")
}

const NEW_FIELD: &str = "      properties:
        camera_path:
          type: string
          description: How the camera moves.
";

const NEW_OPERATION: &str = "
  /api/probe/:
    get:
      operationId: probe
      tags: [account]
      summary: Probes.
      description: 'Probes. Source: a test; read 2026-11.'
      x-adreel: {paid: false, replay: always, refused: [401], timeout_secs: 30}
      responses:
        '200':
          description: The credits.
          content:
            application/json:
              schema:
                $ref: '#/components/schemas/RemainingCredits'
              examples:
                one: {summary: One, value: {remaining_credits: 1}}
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

fn assert_builds(copy: &Path, what: &str) {
    let output = build(copy);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what} was not built: {told}");
}

/// Builds the copy's library with its tests, as this build did, so that the dependencies need no
/// second compilation.
fn build(copy: &Path) -> Output {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let mut command = Command::new(env!("CARGO"));
    command.args(["test", "--no-run", "--offline", "--quiet", "--lib", "--no-default-features"]);
    for feature in FEATURES.iter().filter(|(_, enabled)| *enabled) {
        command.args(["--features", feature.0]);
    }
    command.current_dir(copy).env("CARGO_TARGET_DIR", target).env_remove("RUSTFLAGS");
    command.output().unwrap()
}

const FEATURES: [(&str, bool); 9] = [
    ("creatify", true),
    ("beatapi", cfg!(feature = "beatapi")),
    ("jogg", cfg!(feature = "jogg")),
    ("rustls", cfg!(feature = "rustls")),
    ("sandbox", cfg!(feature = "sandbox")),
    ("render", cfg!(feature = "render")),
    ("schema", cfg!(feature = "schema")),
    ("sqlite", cfg!(feature = "sqlite")),
    ("doctor", cfg!(feature = "doctor")),
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
