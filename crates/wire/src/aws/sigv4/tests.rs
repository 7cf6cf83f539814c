//! AWS's published vectors, and an unfriendly twin of each: the same request after one change.

use serde::Deserialize;

use super::*;
use crate::aws::Fault;

const VECTORS: &str = include_str!("../../../../../fixtures/sigv4/vectors.jsonl");
/// When every vector was signed: 2015-08-30T12:36:00Z.
const SIGNED_AT: i64 = 1_440_938_160;
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

#[derive(Deserialize)]
struct Vector {
    name: String,
    form: String,
    access_key: String,
    secret: String,
    region: String,
    service: String,
    normalize: bool,
    omit_session_token: bool,
    signed_request: String,
    canonical_request: String,
    string_to_sign: String,
}

/// A parsed request that owns its parts.
#[derive(Clone)]
struct Owned {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Owned {
    /// Reads the text of a vector; continued header lines are joined by a blank, as a server would.
    fn parse(text: &str) -> Owned {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let line = lines.next().expect("a request line").trim_end_matches(" HTTP/1.1");
        let (method, target) = line.split_once(' ').expect("a method");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines {
            match (line.starts_with(' '), line.split_once(':')) {
                (false, Some((name, value))) => headers.push((name.into(), value.into())),
                _ => headers.last_mut().expect("a header to continue").1 += &format!(" {}", line.trim()),
            }
        }
        Owned { method: method.into(), path: path.into(), query: query.into(), headers, body: body.into() }
    }

    fn with<T>(&self, check: impl FnOnce(&HttpRequest<'_>) -> T) -> T {
        let headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let Owned { method, path, query, body, .. } = self;
        check(&HttpRequest { method, path, query, headers: &headers, body })
    }

    fn verify(&self, now: i64) -> Result<Verified, AwsError> {
        self.with(|request| verify(request, |key| (key == "AKIDEXAMPLE").then_some(SECRET), now))
    }

    fn set(&mut self, name: &str, value: &str) {
        self.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self.headers.push((name.into(), value.into()));
    }
}

fn vectors() -> Vec<Vector> {
    VECTORS.lines().map(|line| serde_json::from_str(line).expect("a vector")).collect()
}

/// Vectors that ask a client to leave the path as it is, which every service but S3 refuses, or to leave
/// the token out of a presigned query that then carries it, which only some services accept.
fn applies(vector: &Vector) -> bool {
    vector.normalize && !(vector.omit_session_token && vector.form == "query")
}

#[test]
fn published_vectors_verify() {
    let mut verified = 0;
    for vector in vectors().iter().filter(|vector| applies(vector)) {
        let label = format!("{} {}", vector.name, vector.form);
        assert_eq!((vector.access_key.as_str(), vector.secret.as_str()), ("AKIDEXAMPLE", SECRET));
        let request = Owned::parse(&vector.signed_request);
        request.with(|request| {
            let presented = presented(request).expect(&label);
            let payload = payload_hash(request, &presented).expect(&label);
            let canonical = canonical::canonical_request(request, &presented, &payload);
            assert_eq!(canonical, vector.canonical_request, "{label}");
            assert_eq!(string_to_sign(&presented, &canonical), vector.string_to_sign, "{label}");
        });
        let actual = request.verify(SIGNED_AT).expect(&label);
        assert_eq!(
            (actual.region, actual.service),
            (vector.region.clone(), vector.service.clone()),
            "{label}"
        );
        verified += 1;
    }
    assert!(verified >= 60, "only {verified} vectors ran");
}

#[test]
fn unnormalised_vectors_keep_their_paths_as_s3_does() {
    for vector in vectors().iter().filter(|vector| !vector.normalize) {
        let request = Owned::parse(&vector.signed_request);
        let path = vector.canonical_request.lines().nth(1).expect("a path line");
        assert_eq!(canonical::path_s3(&request.path), path, "{}", vector.name);
    }
}

#[test]
fn no_vector_survives_a_change() {
    for vector in vectors().iter().filter(|vector| applies(vector)) {
        let request = Owned::parse(&vector.signed_request);
        let mut body = request.clone();
        body.body.push(b' ');
        let mut method = request.clone();
        method.method = "PUT".into();
        let mut path = request.clone();
        path.path.push('x');
        let mut query = request.clone();
        query.query.push_str("&x=1");
        let mut host = request.clone();
        host.set("host", "other.amazonaws.com");
        for changed in [body, method, path, query, host] {
            let error = changed.verify(SIGNED_AT).expect_err(&vector.name);
            assert_eq!(error.shape.name, "InvalidSignatureException", "{}", vector.name);
        }
    }
}

#[test]
fn a_region_that_cannot_be_one_is_refused_and_never_repeated() {
    let long = "a".repeat(33);
    let endless = "r".repeat(70_000);
    for region in ["", "US-EAST-1", "us_east_1", "us east 1", "üs", &long, &endless] {
        let mut request = vanilla("header");
        let authorization = request.with(|request| request.header("authorization").unwrap().to_owned());
        request.set("authorization", &authorization.replace("us-east-1", region));
        let error = request.verify(SIGNED_AT).expect_err(region);
        let expected = ("InvalidSignatureException", NOT_A_REGION);
        assert_eq!((error.shape.name, &*error.message), expected, "{region}");
    }
    // One that can be is compared with the signature as before.
    let mut request = vanilla("header");
    let authorization = request.with(|request| request.header("authorization").unwrap().to_owned());
    request.set("authorization", &authorization.replace("us-east-1", &"a".repeat(32)));
    check(&request, SIGNED_AT, "InvalidSignatureException", "does not match");
}

fn vanilla(form: &str) -> Owned {
    let vectors = vectors();
    let vector = vectors.iter().find(|vector| vector.name == "get-vanilla" && vector.form == form);
    Owned::parse(&vector.expect("the vanilla vector").signed_request)
}

#[track_caller]
fn check(request: &Owned, now: i64, shape: &str, text: &str) {
    let error = request.verify(now).expect_err("must be refused");
    assert_eq!((error.shape.name, error.shape.fault), (shape, Fault::Sender), "{}", error.message);
    assert!(error.message.contains(text), "{}", error.message);
}

#[test]
fn time_is_checked_on_both_sides() {
    let header = vanilla("header");
    for offset in [-300, 0, 300] {
        header.verify(SIGNED_AT + offset).expect("within five minutes");
    }
    let expired = "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)";
    check(&header, SIGNED_AT + 301, "InvalidSignatureException", expired);
    let early = "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T123059Z + 5 min.)";
    check(&header, SIGNED_AT - 301, "InvalidSignatureException", early);
    let query = vanilla("query");
    query.verify(SIGNED_AT + 3600).expect("within its life");
    check(&query, SIGNED_AT + 3601, "InvalidSignatureException", "Signature expired");
    check(&query, SIGNED_AT - 301, "InvalidSignatureException", "Signature not yet current");
    for now in [i64::MIN / 2, i64::MAX / 2] {
        assert!(header.verify(now).is_err());
    }
}

#[test]
fn claims_that_are_absent_malformed_or_unknown_are_told_apart() {
    let mut none = vanilla("header");
    none.headers.retain(|(name, _)| name != "Authorization");
    check(&none, SIGNED_AT, "MissingAuthenticationTokenException", "Missing Authentication Token");
    let good = vanilla("header").headers.pop().expect("the authorization").1;
    for (from, to, shape, text) in [
        ("AKIDEXAMPLE", "AKIDOTHER", "UnrecognizedClientException", "security token"),
        ("AWS4-HMAC-SHA256 ", "Bearer ", "IncompleteSignatureException", "requires 'AWS4-HMAC-SHA256'"),
        ("Signature=", "Sign=", "IncompleteSignatureException", "requires 'Signature' parameter"),
        ("Signature=", "Signature=0", "IncompleteSignatureException", "64 hexadecimal digits"),
        ("Signature=5f", "Signature=zz", "IncompleteSignatureException", "64 hexadecimal digits"),
        ("Signature=5f", "Signature=5e", "InvalidSignatureException", "does not match the signature"),
        ("/service/", "/", "IncompleteSignatureException", "exactly 5 slash-delimited"),
        ("aws4_request", "aws5_request", "InvalidSignatureException", "valid terminator"),
        ("/20150830/", "/20150831/", "InvalidSignatureException", "Date in Credential scope"),
        ("us-east-1", "us-east-2", "InvalidSignatureException", "does not match the signature"),
        ("host;", "", "InvalidSignatureException", "'Host' or ':authority' must be"),
        (";x-amz-date", "", "InvalidSignatureException", "'x-amz-date' must be"),
    ] {
        let mut request = vanilla("header");
        assert!(good.contains(from), "{from}");
        request.set("Authorization", &good.replacen(from, to, 1));
        check(&request, SIGNED_AT, shape, text);
    }
    let mut date = vanilla("header");
    date.set("X-Amz-Date", "20150830T1236Z");
    check(&date, SIGNED_AT, "IncompleteSignatureException", "ISO-8601");
    let mut target = vanilla("header");
    target.set("X-Amz-Target", "Logs_20140328.DeleteLogGroup");
    check(&target, SIGNED_AT, "InvalidSignatureException", "'x-amz-target' must be");
    let mut expires = vanilla("query");
    expires.query = expires.query.replace("X-Amz-Expires=3600", "X-Amz-Expires=604801");
    check(&expires, SIGNED_AT, "IncompleteSignatureException", "X-Amz-Expires");
}

#[test]
fn a_given_body_hash_must_be_the_body_s() {
    let empty = hex(&Sha256::digest(b""));
    for (given, accepted) in
        [(empty.as_str(), true), ("UNSIGNED-PAYLOAD", false), ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", false)]
    {
        let mut request = vanilla("header");
        request.set("x-amz-content-sha256", given);
        assert_eq!(request.verify(SIGNED_AT).is_ok(), accepted, "{given}");
    }
}

#[test]
fn s3_may_leave_its_payload_unsigned() {
    let mut request = vanilla("header");
    request.path = "/a%20b//c".into();
    request.body = b"any".to_vec();
    request.set("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
    let parts = "AKIDEXAMPLE/20150830/us-east-1/s3/aws4_request";
    let signed = "host;x-amz-content-sha256;x-amz-date";
    let canonical = format!(
        "GET\n/a%20b//c\n\nhost:example.amazonaws.com\nx-amz-content-sha256:UNSIGNED-PAYLOAD\n\
         x-amz-date:20150830T123600Z\n\n{signed}\nUNSIGNED-PAYLOAD"
    );
    let hash = hex(&Sha256::digest(canonical.as_bytes()));
    let text = format!("AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/s3/aws4_request\n{hash}");
    let scope = Scope {
        access_key: "AKIDEXAMPLE".into(),
        date: "20150830".into(),
        region: "us-east-1".into(),
        service: "s3".into(),
    };
    let signature = hex(&SigningKey::derive(SECRET.as_bytes(), &scope).sign(&text));
    let value = format!("AWS4-HMAC-SHA256 Credential={parts}, SignedHeaders={signed}, Signature={signature}");
    request.set("Authorization", &value);
    request.verify(SIGNED_AT + 900).expect("fifteen minutes for S3");
    assert!(request.verify(SIGNED_AT + 901).is_err());
}
