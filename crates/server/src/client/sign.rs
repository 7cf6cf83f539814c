//! How is a call of ours signed? AWS Signature Version 4 over exactly the headers we send.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use sha2::{Digest, Sha256};
use walletscope_model::Timestamp;
use walletscope_wire::aws::sigv4::{Scope, SigningKey};

/// An access key and its secret.
#[derive(Clone)]
pub struct Credentials {
    /// The access key id.
    pub access_key: String,
    /// The secret.
    pub secret: String,
}

/// Everything a signature depends on besides the request.
pub struct Signing<'a> {
    /// Who signs.
    pub credentials: &'a Credentials,
    /// The region of the scope.
    pub region: &'a str,
    /// The service of the scope, such as `logs`.
    pub service: &'a str,
    /// When.
    pub now: Timestamp,
}

impl Signing<'_> {
    /// The headers of a signed `POST /`, the signature included.
    pub fn headers(
        &self,
        host: &str,
        content_type: &str,
        target: &str,
        body: &[u8],
    ) -> Vec<(&'static str, String)> {
        let seconds = self.now.floor_seconds(1).rfc3339();
        let at: String =
            seconds.trim_end_matches(".000Z").chars().filter(|each| !matches!(each, '-' | ':')).collect();
        let at = format!("{at}Z");
        let payload = hex(&Sha256::digest(body));
        let scope = Scope {
            access_key: self.credentials.access_key.clone(),
            date: at[..8].to_owned(),
            region: self.region.to_owned(),
            service: self.service.to_owned(),
        };
        let scope_text = format!("{}/{}/{}/aws4_request", scope.date, scope.region, scope.service);
        let names = "content-type;host;x-amz-content-sha256;x-amz-date;x-amz-target";
        let canonical = format!(
            "POST\n/\n\ncontent-type:{content_type}\nhost:{host}\nx-amz-content-sha256:{payload}\n\
             x-amz-date:{at}\nx-amz-target:{target}\n\n{names}\n{payload}"
        );
        let hashed = hex(&Sha256::digest(canonical.as_bytes()));
        let key = SigningKey::derive(self.credentials.secret.as_bytes(), &scope);
        let signature = hex(&key.sign(&format!("AWS4-HMAC-SHA256\n{at}\n{scope_text}\n{hashed}")));
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope_text}, SignedHeaders={names}, Signature={signature}",
            self.credentials.access_key
        );
        vec![
            ("content-type", content_type.to_owned()),
            ("host", host.to_owned()),
            ("x-amz-content-sha256", payload),
            ("x-amz-date", at),
            ("x-amz-target", target.to_owned()),
            ("authorization", authorization),
        ]
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
        .map(char::from)
        .collect()
}
