//! Did the holder of the secret send exactly this request, just now? AWS Signature Version 4, verified.
//!
//! Both forms are read: the `Authorization` header and the presigned query. The hard parts are the
//! canonical request (`canonical.rs`) and saying no in the service's words. Decisions:
//! - The body is always hashed; a given `x-amz-content-sha256` must equal that hash. `UNSIGNED-PAYLOAD`
//!   is accepted only for `s3`, the only service whose clients send it; streaming payloads are refused.
//! - `host`, and of `x-amz-date` and `x-amz-target` whichever is present, must be signed.
//! - A session token is accepted and grants nothing: keys here are long-lived, so it is reported, not
//!   checked. If it is among the signed headers it is covered like any other.
//! - Header and presigned parameters together: the header counts.
//! - Any region is good that looks like one: 1 to 32 of `[a-z0-9-]`.

mod canonical;
mod presented;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

pub use presented::{NOT_A_REGION, Presented, Scope, presented};

use super::calendar;
use super::error::{AwsError, shapes};
use super::http::HttpRequest;

/// How far a request's time may be from ours, in seconds. AWS's signing guide: five minutes.
pub const SKEW_SECONDS_MAX: i64 = 5 * 60;
/// The same for S3: fifteen minutes.
pub const SKEW_SECONDS_MAX_S3: i64 = 15 * 60;
/// Longest life of a presigned request, in seconds: seven days.
pub const EXPIRES_SECONDS_MAX: i64 = 7 * 24 * 3600;

const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check \
                        your AWS Secret Access Key and signing method. Consult the service documentation for \
                        details.";

/// Who sent a request, proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The access key id.
    pub access_key: String,
    /// Region of the scope.
    pub region: String,
    /// Service of the scope, such as `logs`.
    pub service: String,
    /// When the client signed, in seconds since the epoch.
    pub signed_at: i64,
    /// The session token, if any: reported, not checked.
    pub session_token: Option<String>,
}

/// A derived key: good for one access key, day, region and service, so callers may cache it by [`Scope`].
#[derive(Clone)]
pub struct SigningKey([u8; 32]);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SigningKey(…)")
    }
}

impl SigningKey {
    /// Derives the key of a scope from the secret.
    pub fn derive(secret: &[u8], scope: &Scope) -> SigningKey {
        let day = hmac(&[b"AWS4".as_slice(), secret].concat(), scope.date.as_bytes());
        let region = hmac(&day, scope.region.as_bytes());
        let service = hmac(&region, scope.service.as_bytes());
        SigningKey(hmac(&service, b"aws4_request"))
    }

    /// Signs a string: the last step of signing, for clients such as our own load generator.
    pub fn sign(&self, string_to_sign: &str) -> [u8; 32] {
        hmac(&self.0, string_to_sign.as_bytes())
    }
}

/// Verifies a request as received, its body still compressed. `secret_of` finds the secret of an access
/// key; `now_epoch_seconds` is the server's time.
///
/// # Errors
/// `MissingAuthenticationToken`, `IncompleteSignature`, `UnrecognizedClient` or `InvalidSignature`, each
/// with the name of the protocol that answers.
pub fn verify<S: AsRef<[u8]>>(
    request: &HttpRequest<'_>,
    secret_of: impl FnOnce(&str) -> Option<S>,
    now_epoch_seconds: i64,
) -> Result<Verified, AwsError> {
    let key_of = |scope: &Scope| Some(SigningKey::derive(secret_of(&scope.access_key)?.as_ref(), scope));
    verify_with_key(request, key_of, now_epoch_seconds)
}

/// Verifies like [`verify`], with a key the caller derived or cached.
///
/// # Errors
/// As [`verify`].
pub fn verify_with_key(
    request: &HttpRequest<'_>,
    key_of: impl FnOnce(&Scope) -> Option<SigningKey>,
    now_epoch_seconds: i64,
) -> Result<Verified, AwsError> {
    let presented = presented(request)?;
    check_time(&presented, now_epoch_seconds)?;
    let key = key_of(&presented.scope).ok_or_else(|| {
        AwsError::new(&shapes::UNRECOGNIZED_CLIENT, "The security token included in the request is invalid.")
    })?;
    let payload = payload_hash(request, &presented)?;
    let canonical = canonical::canonical_request(request, &presented, &payload);
    let expected = key.sign(&string_to_sign(&presented, &canonical));
    if !bool::from(expected.ct_eq(&presented.signature)) {
        return Err(AwsError::new(&shapes::INVALID_SIGNATURE, MISMATCH));
    }
    let Scope { access_key, region, service, .. } = presented.scope;
    let session_token = presented.session_token;
    Ok(Verified { access_key, region, service, signed_at: presented.signed_at, session_token })
}

/// The service a request claims in its credential scope, before anything is verified: for choosing how to
/// answer an error, never for a decision.
pub fn claimed_service(request: &HttpRequest<'_>) -> Option<String> {
    presented(request).ok().map(|presented| presented.scope.service)
}

fn check_time(presented: &Presented, now: i64) -> Result<(), AwsError> {
    let s3 = presented.scope.service == "s3";
    let skew = if s3 { SKEW_SECONDS_MAX_S3 } else { SKEW_SECONDS_MAX };
    let minutes = skew / 60;
    let signed = calendar::format_basic(presented.signed_at);
    let clock = calendar::format_basic(now);
    if presented.signed_at > now.saturating_add(skew) {
        let bound = calendar::format_basic(now.saturating_add(skew));
        let message = format!(
            "Signature not yet current: {signed} is still later than {bound} ({clock} + {minutes} min.)"
        );
        return Err(AwsError::new(&shapes::INVALID_SIGNATURE, message));
    }
    let (life, words) = match presented.expires_seconds {
        Some(seconds) => (seconds, format!("{seconds} s")),
        None => (skew, format!("{minutes} min.")),
    };
    if presented.signed_at < now.saturating_sub(life) {
        let bound = calendar::format_basic(now.saturating_sub(life));
        let message = format!("Signature expired: {signed} is now earlier than {bound} ({clock} - {words})");
        return Err(AwsError::new(&shapes::INVALID_SIGNATURE, message));
    }
    Ok(())
}

/// The last line of the canonical request.
fn payload_hash(request: &HttpRequest<'_>, presented: &Presented) -> Result<String, AwsError> {
    let s3 = presented.scope.service == "s3";
    let given = request.header("x-amz-content-sha256").map(str::trim);
    if s3 && (given == Some("UNSIGNED-PAYLOAD") || (given.is_none() && presented.expires_seconds.is_some())) {
        return Ok("UNSIGNED-PAYLOAD".to_owned());
    }
    let actual = hex(&Sha256::digest(request.body));
    match given {
        Some(given) if !given.eq_ignore_ascii_case(&actual) => {
            let message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
            Err(AwsError::new(&shapes::INVALID_SIGNATURE, message))
        }
        _ => Ok(actual),
    }
}

fn string_to_sign(presented: &Presented, canonical_request: &str) -> String {
    let Scope { date, region, service, .. } = &presented.scope;
    let hash = hex(&Sha256::digest(canonical_request.as_bytes()));
    format!("AWS4-HMAC-SHA256\n{}\n{date}/{region}/{service}/aws4_request\n{hash}", presented.amz_date)
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let pair = |byte: &u8| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    bytes.iter().flat_map(pair).map(char::from).collect()
}

#[cfg(test)]
mod tests;
