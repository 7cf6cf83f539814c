//! Models as bytes.

use super::super::{DecodeError, ENCODED_LEN_MAX, Model, Training, VERSION, train};
use super::learning::{fortnight, training};
use super::world::Chance;

fn model() -> Model {
    let is_batch = |at: i64| at % 86_400 == 7_200;
    let noisy = |at: i64| 50.0 + Chance(at as u64).normal() + if is_batch(at) { 400.0 } else { 0.0 };
    train(&fortnight(noisy), &Training { has_periodic_spikes: true, ..training() }).unwrap()
}

#[test]
fn a_model_comes_back_as_it_was() {
    let few: Vec<_> = (0..30).map(|hour| (hour * 3_600, (hour % 5) as f64 - 2.0)).collect();
    let hourly = Training { period_seconds: 3_600, timezone_offset_seconds: -18_000, ..Training::default() };
    // 74 bytes before the curves, 4 a coefficient: 2 + 48 + 56 and 2 + 8 + 14 of them, or 2 + 24 and 2 + 8; one spike.
    let lens = [74 + (2 + 4 * 106) + (2 + 4 * 24) + 1 + 10, 74 + (2 + 4 * 26) + (2 + 4 * 10) + 1];
    for (model, len) in [model(), train(&few, &hourly).unwrap()].into_iter().zip(lens) {
        let bytes = model.encode();
        assert_eq!(bytes.len(), len);
        assert!(len <= ENCODED_LEN_MAX);
        assert_eq!(Model::decode(&bytes), Ok(model));
    }
}

/// Neither the order of the points nor what was there before them at the same moments changes a bit.
#[test]
fn the_same_points_give_the_same_bytes() {
    let points = fortnight(|at| Chance(at as u64).poisson(30.0));
    let bytes = |points: &[(i64, f64)]| train(points, &training()).unwrap().encode();
    let reversed: Vec<_> = points.iter().rev().copied().collect();
    let replaced: Vec<_> = points.iter().map(|&(at, _)| (at, -1.0)).chain(points.iter().copied()).collect();
    assert_eq!(bytes(&points), bytes(&points));
    assert_eq!(bytes(&points), bytes(&reversed));
    assert_eq!(bytes(&points), bytes(&replaced));
    assert_ne!(bytes(&points), bytes(&points[1..]));
}

#[test]
fn other_bytes_are_refused() {
    let bytes = model().encode();
    let with = |offset: usize, new: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[offset..offset + new.len()].copy_from_slice(new);
        bytes
    };
    let longer: Vec<u8> = bytes.iter().copied().chain([0, 0]).collect();
    for (bytes, error) in [
        (Vec::new(), DecodeError::Version(None)),
        (with(0, &[VERSION + 1]), DecodeError::Version(Some(VERSION + 1))),
        (longer, DecodeError::TooLong(2)),
        // Flags, the period, the size, the grain, the factor above.
        (with(1, &[4]), DecodeError::Invalid { offset: 2 }),
        (with(2, &[0; 8]), DecodeError::Invalid { offset: 10 }),
        (with(42, &[0; 8]), DecodeError::Invalid { offset: 50 }),
        (with(50, &f64::NAN.to_le_bytes()), DecodeError::Invalid { offset: 58 }),
        (with(58, &(-1.0_f64).to_le_bytes()), DecodeError::Invalid { offset: 66 }),
        // Knots of the day.
        (with(74, &[200]), DecodeError::Invalid { offset: 76 }),
    ] {
        assert_eq!(Model::decode(&bytes), Err(error));
    }
    for len in 1..bytes.len() {
        assert_eq!(Model::decode(&bytes[..len]), Err(DecodeError::Truncated), "{len} bytes");
    }
}

/// Whatever decodes has bounds in order.
#[test]
fn a_changed_byte_is_refused_or_harmless() {
    let bytes = model().encode();
    for offset in 0..bytes.len() {
        for flipped in [0x01, 0x40, 0x80, 0xff] {
            let mut bytes = bytes.clone();
            bytes[offset] ^= flipped;
            let Ok(model) = Model::decode(&bytes) else { continue };
            let band = model.band(7_200, 3.0);
            assert!(band.lower <= band.upper, "{band:?} with byte {offset} changed by {flipped:#x}");
        }
    }
}

#[test]
fn errors_say_what_is_wrong() {
    for (error, text) in [
        (DecodeError::Version(Some(9)), "band model of unknown version 9"),
        (DecodeError::Version(None), "band model without a byte"),
        (DecodeError::Truncated, "band model ends too early"),
        (DecodeError::TooLong(3), "band model followed by 3 bytes"),
        (DecodeError::Invalid { offset: 2 }, "band model with an impossible number before byte 2"),
    ] {
        assert_eq!(error.to_string(), text);
    }
}
