//! What does a request claim about its signature? Reads the header or the presigned query, proves nothing.

use std::borrow::Cow;

use super::EXPIRES_SECONDS_MAX;
use crate::aws::calendar;
use crate::aws::error::{AwsError, shapes};
use crate::aws::http::HttpRequest;
use crate::aws::rest::{hex_digit, percent_decode};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// Most signed headers of a request; SDKs sign about ten.
const SIGNED_HEADERS_MAX: usize = 100;
/// Longest region. AWS's own have at most 16 characters; the region is journaled and shown, so it has a limit.
const REGION_BYTES_MAX: usize = 32;

/// The answer to a region that cannot be one. It never repeats the text: nobody checked what is in it.
pub const NOT_A_REGION: &str = "Credential should be scoped to a valid region.";

/// What a signing key is good for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The access key id.
    pub access_key: String,
    /// `YYYYMMDD`.
    pub date: String,
    /// The region: 1 to 32 of `[a-z0-9-]`.
    pub region: String,
    /// The service's signing name.
    pub service: String,
}

/// A signature as claimed by a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// What the key must be good for.
    pub scope: Scope,
    /// Lower-case names, sorted, no name twice.
    pub signed_headers: Vec<String>,
    /// The claimed signature.
    pub signature: [u8; 32],
    /// The time as signed, `YYYYMMDDTHHMMSSZ`.
    pub amz_date: String,
    /// The same time in seconds since the epoch.
    pub signed_at: i64,
    /// Life in seconds of a presigned request, 1 to seven days; `None` for the header form.
    pub expires_seconds: Option<i64>,
    /// The session token, if any.
    pub session_token: Option<String>,
}

/// Reads the claim of a request.
///
/// # Errors
/// `MissingAuthenticationToken` without any claim, `IncompleteSignature` or `InvalidSignature` for a claim
/// that is malformed or does not fit its request.
pub fn presented(request: &HttpRequest<'_>) -> Result<Presented, AwsError> {
    let claim = match request.header("authorization") {
        Some(authorization) => from_header(request, authorization)?,
        None if request.query.contains("X-Amz-Signature=") => from_query(request)?,
        None => return Err(AwsError::new(&shapes::MISSING_TOKEN, "Missing Authentication Token")),
    };
    check_signed_headers(request, &claim)?;
    Ok(claim)
}

fn from_header(request: &HttpRequest<'_>, authorization: &str) -> Result<Presented, AwsError> {
    let parameters = authorization.trim().strip_prefix(ALGORITHM).filter(|rest| rest.starts_with(' '));
    let parameters =
        parameters.ok_or_else(|| incomplete("Authorization header requires 'AWS4-HMAC-SHA256'."))?;
    let mut parts = [None; 3];
    for parameter in parameters.split(',') {
        let Some((name, value)) = parameter.trim().split_once('=') else { continue };
        let place = ["Credential", "SignedHeaders", "Signature"].iter().position(|known| *known == name);
        if let Some(place) = place {
            parts[place] = Some(value);
        }
    }
    let amz_date = request.header("x-amz-date").or_else(|| request.header("date")).map(str::trim);
    let [Some(credential), Some(signed_headers), Some(signature)] = parts else {
        return Err(missing_parts(
            "Authorization header requires",
            ["Credential", "SignedHeaders", "Signature"],
            parts,
        ));
    };
    let amz_date = amz_date.ok_or_else(|| {
        incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    })?;
    let session_token = request.header("x-amz-security-token").map(str::to_owned);
    read(credential, signed_headers, signature, amz_date, None, session_token)
}

fn from_query(request: &HttpRequest<'_>) -> Result<Presented, AwsError> {
    let value = |name: &str| query_value(request.query, name);
    if value("X-Amz-Algorithm").as_deref() != Some(ALGORITHM) {
        return Err(incomplete("X-Amz-Algorithm must be AWS4-HMAC-SHA256."));
    }
    let names = ["X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Date", "X-Amz-Expires"];
    let values = names.map(value);
    let [Some(credential), Some(signed_headers), Some(signature), Some(amz_date), Some(expires)] = &values
    else {
        let given = values.each_ref().map(|value| value.as_deref());
        return Err(missing_parts("The query requires", names, given));
    };
    let expires = expires.parse::<i64>().ok().filter(|seconds| (1..=EXPIRES_SECONDS_MAX).contains(seconds));
    let expires =
        expires.ok_or_else(|| incomplete("X-Amz-Expires must be a number of seconds from 1 to 604800."))?;
    let session_token = value("X-Amz-Security-Token").map(Cow::into_owned);
    read(credential, signed_headers, signature, amz_date, Some(expires), session_token)
}

fn read(
    credential: &str,
    signed_headers: &str,
    signature: &str,
    amz_date: &str,
    expires_seconds: Option<i64>,
    session_token: Option<String>,
) -> Result<Presented, AwsError> {
    let signed_at = calendar::parse_basic(amz_date)
        .ok_or_else(|| incomplete("Date must be in ISO-8601 'basic format', YYYYMMDD'T'HHMMSS'Z'."))?;
    let scope = scope(credential, amz_date)?;
    let mut signed_headers: Vec<String> = signed_headers.split(';').map(str::to_ascii_lowercase).collect();
    if signed_headers.len() > SIGNED_HEADERS_MAX {
        return Err(incomplete("SignedHeaders names more than 100 headers."));
    }
    signed_headers.sort_unstable();
    signed_headers.dedup();
    let signature =
        signature_bytes(signature).ok_or_else(|| incomplete("Signature must be 64 hexadecimal digits."))?;
    let amz_date = amz_date.to_owned();
    Ok(Presented { scope, signed_headers, signature, amz_date, signed_at, expires_seconds, session_token })
}

fn scope(credential: &str, amz_date: &str) -> Result<Scope, AwsError> {
    // From the right: an access key id may hold slashes, the other parts may not.
    let mut parts = credential.rsplitn(5, '/');
    let (terminator, service, region, date, access_key) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next());
    let (Some(terminator), Some(service), Some(region), Some(date), Some(access_key)) =
        (terminator, service, region, date, access_key)
    else {
        let message = "Credential must have exactly 5 slash-delimited elements, e.g. \
                       keyid/date/region/service/term.";
        return Err(incomplete(message));
    };
    if terminator != "aws4_request" {
        let message = "Credential should be scoped with a valid terminator: 'aws4_request'.";
        return Err(AwsError::new(&shapes::INVALID_SIGNATURE, message));
    }
    if !amz_date.starts_with(date) || date.len() != 8 {
        let message =
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.";
        return Err(AwsError::new(&shapes::INVALID_SIGNATURE, message));
    }
    if !is_region(region) {
        return Err(AwsError::new(&shapes::INVALID_SIGNATURE, NOT_A_REGION));
    }
    Ok(Scope {
        access_key: access_key.to_owned(),
        date: date.to_owned(),
        region: region.to_owned(),
        service: service.to_owned(),
    })
}

fn is_region(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=REGION_BYTES_MAX).contains(&text.len()) && text.bytes().all(allowed)
}

/// An intermediary must not be able to change where a request goes or what it does.
fn check_signed_headers(request: &HttpRequest<'_>, claim: &Presented) -> Result<(), AwsError> {
    let signed = |name: &str| claim.signed_headers.iter().any(|signed| signed == name);
    if !signed("host") && !signed(":authority") {
        let message = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";
        return Err(AwsError::new(&shapes::INVALID_SIGNATURE, message));
    }
    for name in ["x-amz-date", "x-amz-target"] {
        if request.header(name).is_some() && !signed(name) {
            let message = format!("'{name}' must be a 'SignedHeader' in the AWS Authorization.");
            return Err(AwsError::new(&shapes::INVALID_SIGNATURE, message));
        }
    }
    Ok(())
}

fn query_value<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(key, _)| *key == name)?;
    match percent_decode(value) {
        Cow::Borrowed(_) => Some(Cow::Borrowed(value)),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    }
}

fn signature_bytes(text: &str) -> Option<[u8; 32]> {
    let mut signature = [0; 32];
    let pairs = text.as_bytes().chunks_exact(2);
    if text.len() != 64 {
        return None;
    }
    for (byte, pair) in signature.iter_mut().zip(pairs) {
        *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
    }
    Some(signature)
}

fn missing_parts<const N: usize>(subject: &str, names: [&str; N], values: [Option<&str>; N]) -> AwsError {
    let missing = names.iter().zip(values).filter(|(_, value)| value.is_none());
    let sentences: Vec<String> = missing.map(|(name, _)| format!("{subject} '{name}' parameter.")).collect();
    incomplete(sentences.join(" "))
}

fn incomplete(message: impl Into<Cow<'static, str>>) -> AwsError {
    AwsError::new(&shapes::INCOMPLETE_SIGNATURE, message)
}
