//! `#[probe]`: a type for the function, and the component's export.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Expr, ExprLit, FnArg, ItemFn, Lit, LitStr, Path, Result, Type, parse::Parser};

/// What the attribute says.
#[derive(Default)]
pub(crate) struct Options {
    name: Option<LitStr>,
    measures: Option<Path>,
    validate: Option<Path>,
}

impl Options {
    /// Reads the attribute's arguments.
    pub(crate) fn parse(arguments: TokenStream) -> Result<Self> {
        let mut options = Self::default();
        let parser = syn::meta::parser(|meta| {
            if meta.path.is_ident("name") {
                options.name = Some(text(&meta.value()?.parse()?)?);
            } else if meta.path.is_ident("measures") {
                options.measures = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("validate") {
                options.validate = Some(meta.value()?.parse()?);
            } else {
                return Err(meta.error("expected `name`, `measures` or `validate`"));
            }
            Ok(())
        });
        parser.parse2(arguments)?;
        Ok(options)
    }
}

fn text(expression: &Expr) -> Result<LitStr> {
    match expression {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Ok(text.clone()),
        other => Err(syn::Error::new_spanned(other, "expected a text")),
    }
}

/// Writes the function, its type and its export.
pub(crate) fn expand(options: &Options, function: &ItemFn) -> Result<TokenStream> {
    let settings = settings(function)?;
    let called = &function.sig.ident;
    let name = options
        .name
        .as_ref()
        .map_or_else(|| called.to_string().replace('_', "-"), LitStr::value);
    let measures = options
        .measures
        .as_ref()
        .map(|path| quote!(const MEASURES: &'static [::leadsman_sdk::Measure] = &#path;));
    let validate = options.validate.as_ref().map(|path| {
        quote!(fn validate(settings: &Self::Settings) -> ::std::vec::Vec<::leadsman_sdk::Complaint> { #path(settings) })
    });
    Ok(quote! {
        #function

        const _: () = {
            struct Exported;

            impl ::leadsman_sdk::probe::Probe for Exported {
                type Settings = #settings;

                const NAME: &'static str = #name;
                const VERSION: &'static str = ::core::env!("CARGO_PKG_VERSION");
                #measures

                #validate

                fn check(
                    target: ::leadsman_sdk::Target,
                    settings: &Self::Settings,
                ) -> ::leadsman_sdk::Result<::leadsman_sdk::Verdict> {
                    #called(&target, settings)
                }
            }

            // Natively nothing is exported; this keeps the compiler from calling all of it unused.
            const _: [fn() -> ::std::string::String; 2] =
                [::leadsman_sdk::probe::describe::<Exported>, ::leadsman_sdk::probe::validate::<Exported>];

            ::leadsman_sdk::export_probe!(Exported);
        };
    })
}

/// The second parameter's type, without its reference.
fn settings(function: &ItemFn) -> Result<&Type> {
    let expected = "a probe is `fn(&Target, &Settings) -> Result<Verdict>`";
    let mut inputs = function.sig.inputs.iter();
    match (inputs.next(), inputs.next(), inputs.next()) {
        (Some(FnArg::Typed(_)), Some(FnArg::Typed(settings)), None) => match settings.ty.as_ref() {
            Type::Reference(reference) => Ok(&reference.elem),
            other => Err(syn::Error::new_spanned(other, expected)),
        },
        _ => Err(syn::Error::new_spanned(&function.sig, expected)),
    }
}
