//! For how many days may a group keep its events? Shapes and limits of the retention operations.
//!
//! A group without a policy keeps its events for ever; that is said by deleting the policy, never by a number.

use serde::{Deserialize, Serialize};

use super::violations::Violations;
use crate::aws::AwsError;

/// The only days a policy may say
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html>).
pub const RETENTION_DAYS: [i32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// Says how long a group keeps its events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PutRetentionPolicyRequest {
    /// The group.
    pub log_group_name: String,
    /// One of [`RETENTION_DAYS`].
    pub retention_in_days: i32,
}

/// Lets a group keep its events for ever.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteRetentionPolicyRequest {
    /// The group.
    pub log_group_name: String,
}

impl PutRetentionPolicyRequest {
    /// Checks the name and that the days are among those allowed.
    ///
    /// # Errors
    /// `InvalidParameterException` in the service's words.
    pub fn validate(&self) -> Result<(), AwsError> {
        let mut violations = Violations::default();
        violations.group(&self.log_group_name, "logGroupName");
        if !RETENTION_DAYS.contains(&self.retention_in_days) {
            let allowed = RETENTION_DAYS.map(|days| days.to_string()).join(", ");
            violations
                .add("retentionInDays", format_args!("Member must satisfy enum value set: [{allowed}]"));
        }
        violations.into_result()
    }
}

impl DeleteRetentionPolicyRequest {
    /// Checks the name.
    ///
    /// # Errors
    /// `InvalidParameterException` in the service's words.
    pub fn validate(&self) -> Result<(), AwsError> {
        let mut violations = Violations::default();
        violations.group(&self.log_group_name, "logGroupName");
        violations.into_result()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(group: &str, days: i32) -> Result<(), AwsError> {
        let request = PutRetentionPolicyRequest { log_group_name: group.into(), retention_in_days: days };
        request.validate()
    }

    #[test]
    fn only_the_days_of_the_service_are_allowed() {
        for days in RETENTION_DAYS {
            assert_eq!(check("g", days), Ok(()), "{days}");
        }
        let expected = "InvalidParameterException: 1 validation error detected: Value at 'retentionInDays' failed to \
             satisfy constraint: Member must satisfy enum value set: [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, \
             400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]";
        for days in [i32::MIN, -1, 0, 2, 364, 366, 3654, i32::MAX] {
            assert_eq!(check("g", days).expect_err("refused").to_string(), expected, "{days}");
        }
        let both = check("a b", 2).expect_err("refused").to_string();
        assert!(both.contains("2 validation errors detected: Value at 'logGroupName'"), "{both}");
        let nameless = DeleteRetentionPolicyRequest::default().validate().expect_err("no name").to_string();
        assert!(nameless.contains("Value at 'logGroupName'"), "{nameless}");
    }
}
