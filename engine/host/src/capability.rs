//! One file per interface of the contract: check, ask, and say what came.

pub(crate) mod aio;
pub(crate) mod context;
pub(crate) mod dns;
pub(crate) mod expressions;
pub(crate) mod facts;
pub(crate) mod http;
pub(crate) mod report;
pub(crate) mod secrets;
pub(crate) mod tcp;
pub(crate) mod tls;
