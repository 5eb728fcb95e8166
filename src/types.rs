//! The types of the three APIs' requests and answers, which `build.rs` generates from `openapi/`.
//! They are data alone; the calls that take and give them stand in `bindings`. The lint exceptions
//! for generated code stand in these two files and nowhere else.

macro_rules! types {
    ($feature:literal, $module:ident) => {
        #[cfg(feature = $feature)]
        #[allow(
            clippy::all,
            clippy::unwrap_used,
            dead_code,
            missing_docs,
            missing_debug_implementations,
            rustdoc::bare_urls,
            rustdoc::broken_intra_doc_links,
            rustdoc::invalid_html_tags,
            unreachable_pub,
            reason = "generated"
        )]
        pub(crate) mod $module {
            include!(concat!(env!("OUT_DIR"), "/", $feature, "_types.rs"));
        }
    };
}

types!("beatapi", beatapi);
types!("creatify", creatify);
types!("jogg", jogg);
