//! Where requests come from.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::{IpAddr, SocketAddr};

use actix_web::dev::{Payload, ServiceRequest};
use actix_web::http::header::{HeaderMap, USER_AGENT};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use cortex_kernel::Origin;
use ipnet::IpNet;

use crate::request_id::RequestId;

/// Where the request came from, for handlers. The edge notes it on every request.
#[derive(Clone, Debug)]
pub(crate) struct CameFrom(pub(crate) Origin);

const FORWARDED_FOR: &str = "x-forwarded-for";

/// As many letters of what a caller's program calls itself are enough to know it by.
const MAX_USER_AGENT: usize = 512;

/// What the edge noted.
pub(crate) fn of(request: &ServiceRequest) -> Origin {
    request.extensions().get::<CameFrom>().map(|CameFrom(origin)| origin.clone()).unwrap_or_default()
}

/// Notes on the request where it came from.
pub(crate) fn note(request: &ServiceRequest, id: &RequestId, trusted_proxies: &[IpNet]) {
    let headers = request.headers();
    let user_agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
    let origin = Origin {
        request_id: Some(id.to_string()),
        address: request.peer_addr().and_then(|peer| caller_address(peer.ip(), headers, trusted_proxies)),
        user_agent: user_agent.map(|text| text.chars().take(MAX_USER_AGENT).collect()),
    };
    request.extensions_mut().insert(CameFrom(origin));
}

/// The first address on the way from us to the caller that is no trusted proxy. Every proxy adds to the right who called
/// it, so what stands further left than the first stranger may be anybody's invention. None where a trusted proxy says
/// something that is no address: whoever called it, it was not the proxy itself.
fn caller_address(peer: IpAddr, headers: &HeaderMap, trusted_proxies: &[IpNet]) -> Option<IpAddr> {
    let is_trusted = |address: &IpAddr| trusted_proxies.iter().any(|network| network.contains(address));
    let mut address = peer.to_canonical();
    // What a caller made up may be any bytes, and stands on one line with what a proxy added.
    let lines: Vec<_> = headers.get_all(FORWARDED_FOR).map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
    let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
    for hop in hops {
        if !is_trusted(&address) {
            break;
        }
        address = parse(hop.trim())?;
    }
    Some(address)
}

/// An address as proxies write it, some of them with a port.
fn parse(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse().map(|with_port: SocketAddr| with_port.ip())).ok()?;
    Some(IpAddr::to_canonical(&address))
}

impl FromRequest for CameFrom {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(request.extensions().get::<Self>().cloned().unwrap_or_else(|| Self(Origin::default()))))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use actix_web::test::TestRequest;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::direct("203.0.113.7", &[], "203.0.113.7")]
    #[case::invented("203.0.113.7", &["198.51.100.1"], "203.0.113.7")]
    #[case::behind_a_proxy("10.0.0.1", &["198.51.100.1"], "198.51.100.1")]
    #[case::behind_two("10.0.0.1", &["198.51.100.1, 10.0.0.2"], "198.51.100.1")]
    #[case::invented_behind_a_proxy("10.0.0.1", &["192.0.2.66, 198.51.100.1"], "198.51.100.1")]
    #[case::in_two_headers("10.0.0.1", &["192.0.2.66", "198.51.100.1, 10.0.0.2"], "198.51.100.1")]
    #[case::proxies_only("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3")]
    #[case::with_port("10.0.0.1", &["198.51.100.1:5000"], "198.51.100.1")]
    #[case::version_six("10.0.0.1", &["[2001:db8::7]:5000"], "2001:db8::7")]
    #[case::version_six_in_brackets("10.0.0.1", &["[2001:db8::7]"], "2001:db8::7")]
    #[case::mapped("::ffff:10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1")]
    fn the_caller_is_the_first_who_is_no_trusted_proxy(
        #[case] peer: IpAddr,
        #[case] forwarded: &[&str],
        #[case] expected: IpAddr,
    ) {
        let request =
            forwarded.iter().fold(TestRequest::get(), |request, line| request.append_header((FORWARDED_FOR, *line)));
        let trusted = ["10.0.0.0/8".parse().unwrap()];

        assert_eq!(caller_address(peer, request.to_srv_request().headers(), &trusted), Some(expected));
    }

    fn seen_through_a_proxy(forwarded: &[u8]) -> Option<IpAddr> {
        let value = HeaderValue::from_bytes(forwarded).unwrap();
        let request = TestRequest::get().insert_header((FORWARDED_FOR, value)).to_srv_request();
        caller_address("10.0.0.1".parse().unwrap(), request.headers(), &["10.0.0.0/8".parse().unwrap()])
    }

    /// A letter that is no ASCII must not make the proxy's own word unreadable: the caller would pass for the proxy.
    #[rstest]
    #[case::not_ascii(b"\xff, 198.51.100.1")]
    #[case::a_name("büro, 198.51.100.1".as_bytes())]
    fn what_a_caller_makes_up_hides_nothing_that_a_proxy_says(#[case] forwarded: &[u8]) {
        assert_eq!(seen_through_a_proxy(forwarded), Some("198.51.100.1".parse().unwrap()));
    }

    #[rstest]
    #[case::a_word(b"198.51.100.1, unknown")]
    #[case::a_word_behind_two(b"198.51.100.1, unknown, 10.0.0.2")]
    #[case::nothing(b"")]
    #[case::not_ascii(b"198.51.100.1\xff")]
    fn whoever_a_proxy_cannot_name_is_not_taken_for_the_proxy(#[case] forwarded: &[u8]) {
        assert_eq!(seen_through_a_proxy(forwarded), None);
    }
}
