//! The derive and the attribute of `leadsman-sdk`; see there for what they are for.

use proc_macro::TokenStream;
use syn::{DeriveInput, ItemFn, parse_macro_input};

mod probe;
mod settings;

/// Makes a struct readable from a check's settings, with defaults, documentation and JSON Schema.
#[proc_macro_derive(Settings, attributes(setting))]
pub fn settings(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    settings::expand(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Makes a function `fn(&Target, &Settings) -> Result<Verdict>` a probe.
///
/// `#[probe]` names the probe after the function; `#[probe(name = "…", measures = CONSTANT,
/// validate = function)]` sets more.
#[proc_macro_attribute]
pub fn probe(attributes: TokenStream, item: TokenStream) -> TokenStream {
    let function = parse_macro_input!(item as ItemFn);
    let parsed = probe::Options::parse(attributes.into());
    parsed
        .and_then(|options| probe::expand(&options, &function))
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
