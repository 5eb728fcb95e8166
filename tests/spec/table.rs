//! The table of operations in `openapi/README.md` says what the specs say.

use std::path::Path;
use std::{env, fs};

use serde_json::Value;

use crate::SPECS;
use crate::codegen::facts;

const BEGIN: &str = "<!-- operations -->\n";
const END: &str = "<!-- /operations -->\n";

#[test]
fn the_table_of_operations_is_that_of_the_specs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/README.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the table begins with its mark");
    let (table, after) = rest.split_once(END).expect("the table ends with its mark");
    let written = table_of_operations();
    if table != written && env::var("INSTA_UPDATE").is_ok_and(|mode| mode == "always") {
        fs::write(&path, format!("{before}{BEGIN}{written}{END}{after}")).unwrap();
        return;
    }
    let renew = "INSTA_UPDATE=always cargo test --test spec";
    assert_eq!(table, written, "openapi/README.md is behind: {renew}");
}

fn table_of_operations() -> String {
    let mut table =
        "| operationId | method and path | paid | send again | refused | source | read |\n\
                     | --- | --- | --- | --- | --- | --- | --- |\n"
            .to_owned();
    for (provider, yaml) in SPECS {
        let spec: Value = yaml_serde::from_str(yaml).unwrap();
        for row in facts(&spec) {
            let refused: Vec<String> = row.refused.iter().map(u64::to_string).collect();
            let method = row.method.to_uppercase();
            // The address has a column of its own.
            let source = row.source.replacen(&format!(", `{method} {}`", row.path), "", 1);
            table += &format!(
                "| {provider} `{}` | {} `{}` | {} | {} | {} | {} | {} |\n",
                row.id,
                method,
                row.path,
                if row.paid { "paid" } else { "" },
                row.replay,
                refused.join(" "),
                source,
                row.read,
            );
        }
    }
    table
}
