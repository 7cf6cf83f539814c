//! What do clients ask the Security Token Service? Who they are; nothing else yet.

use serde::{Deserialize, Serialize};

/// `GetCallerIdentity` takes no members.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetCallerIdentityRequest {}

/// The identity behind the access key that signed the request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetCallerIdentityResponse {
    /// Unique identifier of the calling principal.
    pub user_id: String,
    /// The twelve-digit account.
    pub account: String,
    /// Amazon resource name of the principal, 20 to 2,048 characters.
    pub arn: String,
}
