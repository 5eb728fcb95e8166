//! Generates the bindings of each enabled provider from `openapi/<provider>.yaml`.

use std::{env, error::Error, fs, path::PathBuf};

#[path = "build/mod.rs"]
mod codegen;

const PROVIDERS: [&str; 3] = ["beatapi", "creatify", "jogg"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    let out_dir = PathBuf::from(env::var("OUT_DIR")?);
    for provider in PROVIDERS {
        if env::var_os(format!("CARGO_FEATURE_{}", provider.to_uppercase())).is_none() {
            continue;
        }
        let spec = format!("openapi/{provider}.yaml");
        println!("cargo::rerun-if-changed={spec}");
        let yaml = fs::read_to_string(&spec)?;
        let generated = codegen::bindings(provider, &yaml)
            .and_then(|bindings| Ok((bindings, codegen::free_reads(&yaml)?)));
        let (bindings, free_reads) = match generated {
            Ok(generated) => generated,
            Err(problems) => {
                for problem in problems {
                    println!("cargo::error={spec}: {problem}");
                }
                continue;
            }
        };
        fs::write(out_dir.join(format!("{provider}_types.rs")), bindings.types)?;
        fs::write(out_dir.join(format!("{provider}.rs")), bindings.client)?;
        if env::var_os("CARGO_FEATURE_DOCTOR").is_some() {
            fs::write(out_dir.join(format!("{provider}.free_reads.json")), free_reads)?;
        }
    }
    Ok(())
}
