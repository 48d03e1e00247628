//! `#[derive(Settings)]`: a shadow struct carries the serde and schemars derives, so that the author
//! writes one derive and no attribute of either.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Attribute, Data, DeriveInput, Expr, ExprLit, Field, Fields, Ident, Lit, Result, Type};

/// One field with what its attributes say.
struct Setting<'a> {
    name: &'a Ident,
    kind: &'a Type,
    docs: Vec<&'a Attribute>,
    default: Option<TokenStream>,
}

/// Writes the implementation.
pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let settings: Vec<Setting<'_>> = fields(input)?
        .iter()
        .map(Setting::read)
        .collect::<Result<_>>()?;
    let (name, shown) = (&input.ident, input.ident.to_string());
    let docs = docs(&input.attrs);
    let names: Vec<_> = settings.iter().map(|setting| setting.name).collect();
    let owned = settings.iter().map(Setting::owned);
    let borrowed = settings.iter().map(Setting::borrowed);
    let defaults = settings.iter().filter_map(Setting::default_function);
    Ok(quote! {
        const _: () = {
            use ::leadsman_sdk::__private::{schemars, serde};

            #(#docs)*
            #[derive(serde::Deserialize, schemars::JsonSchema)]
            #[serde(crate = "::leadsman_sdk::__private::serde", deny_unknown_fields, rename = #shown)]
            #[schemars(crate = "::leadsman_sdk::__private::schemars", rename = #shown)]
            struct Owned { #(#owned,)* }

            #[derive(serde::Serialize)]
            #[serde(crate = "::leadsman_sdk::__private::serde", rename = #shown)]
            struct Borrowed<'a> {
                #(#borrowed,)*
                #[serde(skip)]
                _marker: ::core::marker::PhantomData<&'a ()>,
            }

            #(#defaults)*

            impl<'de> serde::Deserialize<'de> for #name {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> ::core::result::Result<Self, D::Error> {
                    let owned = <Owned as serde::Deserialize>::deserialize(deserializer)?;
                    ::core::result::Result::Ok(Self { #(#names: owned.#names,)* })
                }
            }

            impl serde::Serialize for #name {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error> {
                    let borrowed = Borrowed { #(#names: &self.#names,)* _marker: ::core::marker::PhantomData };
                    serde::Serialize::serialize(&borrowed, serializer)
                }
            }

            impl schemars::JsonSchema for #name {
                fn schema_name() -> ::std::borrow::Cow<'static, str> {
                    <Owned as schemars::JsonSchema>::schema_name()
                }

                fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                    <Owned as schemars::JsonSchema>::json_schema(generator)
                }
            }

            impl ::leadsman_sdk::settings::Settings for #name {}
        };
    })
}

fn fields(input: &DeriveInput) -> Result<&syn::punctuated::Punctuated<Field, syn::Token![,]>> {
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Ok(&fields.named),
            Fields::Unnamed(_) | Fields::Unit => Err(syn::Error::new_spanned(&input.ident, NAMED)),
        },
        Data::Enum(_) | Data::Union(_) => Err(syn::Error::new_spanned(&input.ident, NAMED)),
    }
}

const NAMED: &str = "settings are a struct with named fields; for a choice derive `serde::Deserialize` and `schemars::JsonSchema` on an enum and use it as a field";

impl<'a> Setting<'a> {
    fn read(field: &'a Field) -> Result<Self> {
        let name = field
            .ident
            .as_ref()
            .ok_or_else(|| syn::Error::new_spanned(field, NAMED))?;
        let mut default = optional(&field.ty).then(|| quote!(::core::default::Default::default()));
        for attribute in field
            .attrs
            .iter()
            .filter(|attribute| attribute.path().is_ident("setting"))
        {
            attribute.parse_nested_meta(|meta| {
                if !meta.path.is_ident("default") {
                    return Err(meta.error("expected `default` or `default = …`"));
                }
                default = Some(if let Ok(value) = meta.value() {
                    literal(&value.parse::<Expr>()?)
                } else {
                    quote!(::core::default::Default::default())
                });
                Ok(())
            })?;
        }
        Ok(Self {
            name,
            kind: &field.ty,
            docs: docs(&field.attrs),
            default,
        })
    }

    fn owned(&self) -> TokenStream {
        let (docs, name, kind) = (&self.docs, self.name, self.kind);
        let serde = self.default.as_ref().map(|_| {
            let function = self.function().to_string();
            quote!(#[serde(default = #function)])
        });
        quote!(#(#docs)* #serde #name: #kind)
    }

    fn borrowed(&self) -> TokenStream {
        let (name, kind) = (self.name, self.kind);
        quote!(#name: &'a #kind)
    }

    fn default_function(&self) -> Option<TokenStream> {
        let (function, kind, default) = (self.function(), self.kind, self.default.as_ref()?);
        Some(quote!(fn #function() -> #kind { #default }))
    }

    fn function(&self) -> Ident {
        format_ident!("default_{}", self.name)
    }
}

/// A text is turned into the field's own type; any other expression stands as it is.
fn literal(expression: &Expr) -> TokenStream {
    match expression {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => quote!(::core::convert::From::from(#text)),
        other => quote!(#other),
    }
}

fn optional(kind: &Type) -> bool {
    match kind {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|segment| segment.ident == "Option"),
        _ => false,
    }
}

fn docs(attributes: &[Attribute]) -> Vec<&Attribute> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
        .collect()
}
