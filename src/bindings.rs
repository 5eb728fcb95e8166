//! The calls of the three APIs, which `build.rs` generates from `openapi/`. They stay private: each
//! provider's own client makes them by the attempt loop.

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
            use crate::types::$module as types;

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

            type Sent<T> = Result<ResponseValue<T>, Error<()>>;

            /// Calls one operation, by its generated method.
            pub(crate) async fn send<T: ::serde::de::DeserializeOwned>(
                transport: &crate::transport::Transport,
                operation: &'static crate::transport::Operation,
                method: impl AsyncFnOnce(Client) -> Sent<T>,
            ) -> crate::error::Result<crate::transport::Answer<T>> {
                send_call(transport, transport.call(operation), method).await
            }

            /// The same for a call that is more than its operation.
            pub(crate) async fn send_call<T: ::serde::de::DeserializeOwned>(
                transport: &crate::transport::Transport,
                call: crate::transport::Call,
                method: impl AsyncFnOnce(Client) -> Sent<T>,
            ) -> crate::error::Result<crate::transport::Answer<T>> {
                let (base, http) = (transport.base_url(), transport.api().clone());
                let client = Client::new_with_client(base, http, call.clone());
                call.finish(method(client).await)
            }

            /// Calls one operation for the JSON that it answers, whether or not all of that fits
            /// the spec: lists are read record by record, for those that do.
            pub(crate) async fn send_raw<T>(
                transport: &crate::transport::Transport,
                operation: &'static crate::transport::Operation,
                method: impl AsyncFnOnce(Client) -> Sent<T>,
            ) -> crate::error::Result<::serde_json::Value> {
                let (base, http) = (transport.base_url(), transport.api().clone());
                let call = transport.call(operation);
                let client = Client::new_with_client(base, http, call.clone());
                drop(method(client).await);
                call.finish_as_json()
            }
        }
    };
}

bindings!("beatapi", beatapi);
bindings!("creatify", creatify);
bindings!("jogg", jogg);
