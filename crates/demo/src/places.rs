//! Where the five servers listen.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::{Context, Result};

use crate::cli::WrongUsage;

/// Ports of the loopback address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) a: u16,
    pub(crate) b: u16,
    pub(crate) supabase: u16,
    pub(crate) nango: u16,
    pub(crate) providers: u16,
}

impl Places {
    /// Five in a row, or free ones. They are free now; nothing keeps them so until they are used.
    pub(crate) fn find(first: Option<u16>) -> Result<Self> {
        let wanted = |offset: u16| first.map_or(0, |first| first + offset);
        // All at once, so that no two are the same.
        let listeners: Vec<TcpListener> = (0..5).map(|offset| listen(wanted(offset))).collect::<Result<_>>()?;
        let ports: Vec<u16> =
            listeners.iter().map(|listener| Ok(listener.local_addr()?.port())).collect::<std::io::Result<_>>()?;
        Ok(Self { a: ports[0], b: ports[1], supabase: ports[2], nango: ports[3], providers: ports[4] })
    }
}

/// An address of this machine alone.
pub(crate) fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

fn listen(port: u16) -> Result<TcpListener> {
    match TcpListener::bind(local(port)) {
        Ok(listener) => Ok(listener),
        Err(_) if port != 0 => Err(WrongUsage(format!(
            "port {port} cannot be used: stop what listens there, or choose another first port by --port"
        ))
        .into()),
        Err(error) => Err(error).context("no free port"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_ports_are_five_different_ones() {
        let Places { a, b, supabase, nango, providers } = Places::find(None).unwrap();
        let different = std::collections::BTreeSet::from([a, b, supabase, nango, providers]);
        assert_eq!(different.len(), 5);
    }

    #[test]
    fn a_taken_port_is_named_with_what_to_do() {
        let taken = TcpListener::bind(local(0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = listen(port).unwrap_err();
        assert!(error.is::<WrongUsage>(), "{error:#}");
        assert!(error.to_string().starts_with(&format!("port {port} cannot be used: ")), "{error:#}");
    }
}
