//! The generated side of the contract.
#![allow(
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    unused_qualifications,
    reason = "generated"
)]

wit_bindgen::generate!({
    path: "../../wit",
    world: "leadsman:probe/probe",
    pub_export_macro: true,
    export_macro_name: "export_check",
    generate_all,
});
