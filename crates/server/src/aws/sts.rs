//! Who am I? The identity behind an access key, as STS tells it.

use walletscope_wire::aws::Response;
use walletscope_wire::sts::GetCallerIdentityResponse;

use super::Caller;

/// The account, and the source's name as an IAM user.
pub(crate) fn caller_identity(caller: &Caller) -> Response {
    let origin = &caller.origin;
    Response::GetCallerIdentity(GetCallerIdentityResponse {
        user_id: caller.access_key.to_string(),
        account: origin.account.to_string(),
        arn: format!("arn:aws:iam::{}:user/{}", origin.account, origin.source),
    })
}
