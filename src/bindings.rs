//! What `build.rs` generates from `openapi/`. The lint exceptions for generated code stand here
//! and nowhere else. Only the types are public, as `adreel::<provider>::types`.

macro_rules! bindings {
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
            include!(concat!(env!("OUT_DIR"), "/", $feature, ".rs"));

            // The generated client is only a shape to hang the attempt loop on.
            impl ::progenitor_client::ClientHooks<crate::transport::Call> for Client {
                async fn exec(
                    &self,
                    request: ::reqwest::Request,
                    _: &::progenitor_client::OperationInfo,
                ) -> ::reqwest::Result<::reqwest::Response> {
                    Ok(self.inner().run(self.client(), request).await)
                }
            }
        }
    };
}

bindings!("beatapi", beatapi);
bindings!("creatify", creatify);
bindings!("jogg", jogg);
