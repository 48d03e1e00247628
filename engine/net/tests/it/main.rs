//! Calls against scripted peers on real sockets of this machine.

#[cfg(test)]
mod dns;
#[cfg(test)]
mod families;
#[cfg(test)]
mod http;
#[cfg(test)]
mod http2;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod locations;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod phases;
#[cfg(test)]
mod redirects;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod tcp;
#[cfg(test)]
mod tls;
