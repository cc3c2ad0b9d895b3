//! Signatures of webhooks. The expected values were computed outside of this code, with Python's `hmac`.

use cortex_nango::WebhookSignature;
use rstest::rstest;

const JUNE: &str = "signing-key-of-june";
const MAY: &str = "signing-key-of-may";
const BODY: &[u8] = br#"{"from":"nango","type":"auth"}"#;
const BODY_BY_JUNE: &str = "228e0c435597fa4e303e85a65934eefbf746f322d857235ac5c1176e5c481766";
const BODY_BY_MAY: &str = "7712a6bc440076b1bc28178e838b6e8e8299ef9253403b20b60bdc08b0ef245a";
/// SHA-256 over the key and the body, as the older header has it.
const BODY_BY_JUNE_THE_OLD_WAY: &str = "357a95df2126b715c7e18704fd87f18f15f033d2223c6fe602d2e950f635b22f";
const BODY_BY_NO_KEY: &str = "692e26be38cf692f55f3ca9ceddb16b5423cabd02c5bd140f1003b5a7fc61485";

fn of_june() -> WebhookSignature {
    WebhookSignature::new(JUNE.into(), None)
}

#[rstest]
#[case::json(BODY, BODY_BY_JUNE)]
#[case::nothing(b"", "290227a2e530d975c11a3fa602b9f900aebf2d60137b794b02429f6f7933d0b7")]
#[case::beyond_ascii(
    r#"{"connectionId":"c-1","tags":{"name":"Zoë 東京"}}"#.as_bytes(),
    "5aee6c0345ac09907328e670763e01e721c3c2ca4159fbf3ecbd49be3d4ca060"
)]
#[case::bytes_that_are_no_text(
    &[0, 255, 10, 13],
    "533dab618aae6ceca6a062214f77de152999d5a054a5f0e00bd9a1ffcd1cd616"
)]
fn a_signature_over_the_bytes_holds(#[case] body: &[u8], #[case] signature: &str) {
    assert!(of_june().holds(body, signature));
}

#[test]
fn a_key_longer_than_a_block_signs_too() {
    let signature = WebhookSignature::new("k".repeat(100).into(), None);

    assert!(signature.holds(BODY, "abf1ed38d3f09ebc3bde9fcdb72323998ce858fa3ef678f128530f97d3de9d32"));
}

#[test]
fn while_the_key_is_changed_both_hold() {
    let changing = WebhookSignature::new(JUNE.into(), Some(MAY.into()));

    assert!(changing.holds(BODY, BODY_BY_JUNE));
    assert!(changing.holds(BODY, BODY_BY_MAY));
    assert!(!of_june().holds(BODY, BODY_BY_MAY));
}

#[rstest]
#[case::nothing("")]
#[case::the_old_way(BODY_BY_JUNE_THE_OLD_WAY)]
#[case::of_another_body("290227a2e530d975c11a3fa602b9f900aebf2d60137b794b02429f6f7933d0b7")]
#[case::one_digit_short(&BODY_BY_JUNE[1..])]
#[case::one_digit_changed("328e0c435597fa4e303e85a65934eefbf746f322d857235ac5c1176e5c481766")]
#[case::not_hex("zz8e0c435597fa4e303e85a65934eefbf746f322d857235ac5c1176e5c481766")]
#[case::with_a_prefix("sha256=228e0c435597fa4e303e85a65934eefbf746f322d857235ac5c1176e5c481766")]
#[case::twice(
    "228e0c435597fa4e303e85a65934eefbf746f322d857235ac5c1176e5c481766228e0c435597fa4e303e85a65934eefbf746f322d857235ac5c1176e5c481766"
)]
#[case::as_many_bytes_but_fewer_characters("é8e0c435597fa4e303e85a65934eefbf746f322d857235ac5c1176e5c481766")]
fn what_is_no_signature_of_ours_does_not_hold(#[case] signature: &str) {
    assert!(!of_june().holds(BODY, signature));
}

#[test]
fn a_changed_body_does_not_hold() {
    let mut changed = BODY.to_vec();
    changed[3] ^= 1;

    assert!(!of_june().holds(&changed, BODY_BY_JUNE));
    assert!(!of_june().holds(&[BODY, b"\n"].concat(), BODY_BY_JUNE));
}

#[test]
fn an_empty_key_signs_nothing() {
    assert!(!WebhookSignature::new("".into(), Some("".into())).holds(BODY, BODY_BY_NO_KEY));
    assert!(!WebhookSignature::new(JUNE.into(), Some("".into())).holds(BODY, BODY_BY_NO_KEY));
}

#[test]
fn the_keys_are_not_told() {
    let told = format!("{:?}", WebhookSignature::new(JUNE.into(), Some(MAY.into())));

    assert!(!told.contains(JUNE) && !told.contains(MAY), "{told}");
}
