//! Which groups and streams may be named, created and listed, and in which words does Logs refuse the others?

use super::violations::{Violations, one_group};
use super::{
    CreateLogGroupRequest, CreateLogStreamRequest, DeleteLogGroupRequest, DeleteLogStreamRequest,
    DescribeLogGroupsRequest, DescribeLogStreamsRequest, INVALID_PARAMETER,
};
use crate::aws::AwsError;

/// Largest page of the Describe operations, and the default.
pub const DESCRIBE_LIMIT_MAX: i32 = 50;
/// Most groups named in one `DescribeLogGroups`.
const IDENTIFIERS_MAX: usize = 50;

const CLASSES: &[&str] = &["STANDARD", "INFREQUENT_ACCESS", "DELIVERY", "ESSENTIALS"];
const ORDERS: &[&str] = &["LogStreamName", "LastEventTime"];

impl CreateLogGroupRequest {
    /// Checks every constraint of the model, and that the name does not start with `aws/`.
    ///
    /// # Errors
    /// `InvalidParameterException` in the service's words.
    pub fn validate(&self) -> Result<(), AwsError> {
        let mut violations = Violations::default();
        violations.group(&self.log_group_name, "logGroupName");
        violations.one_of(self.log_group_class.as_deref(), "logGroupClass", CLASSES);
        violations.tags(&self.tags, 0);
        violations.into_result()?;
        if self.log_group_name.starts_with("aws/") {
            let message = "Log groups starting with AWS/ are reserved for AWS.";
            return Err(AwsError::new(&INVALID_PARAMETER, message));
        }
        Ok(())
    }
}

impl DeleteLogGroupRequest {
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

impl CreateLogStreamRequest {
    /// Checks both names.
    ///
    /// # Errors
    /// `InvalidParameterException` in the service's words.
    pub fn validate(&self) -> Result<(), AwsError> {
        let mut violations = Violations::default();
        violations.group(&self.log_group_name, "logGroupName");
        violations.stream(&self.log_stream_name, "logStreamName");
        violations.into_result()
    }
}

impl DeleteLogStreamRequest {
    /// Checks both names.
    ///
    /// # Errors
    /// `InvalidParameterException` in the service's words.
    pub fn validate(&self) -> Result<(), AwsError> {
        let mut violations = Violations::default();
        violations.group(&self.log_group_name, "logGroupName");
        violations.stream(&self.log_stream_name, "logStreamName");
        violations.into_result()
    }
}

impl DescribeLogGroupsRequest {
    /// Checks names, class and page; prefix and pattern exclude each other.
    ///
    /// # Errors
    /// `InvalidParameterException` in the service's words.
    pub fn validate(&self) -> Result<(), AwsError> {
        let mut violations = Violations::default();
        if let Some(prefix) = &self.log_group_name_prefix {
            violations.group(prefix, "logGroupNamePrefix");
        }
        if let Some(pattern) = self.log_group_name_pattern.as_deref().filter(|pattern| !pattern.is_empty()) {
            violations.group(pattern, "logGroupNamePattern");
        }
        violations.one_of(self.log_group_class.as_deref(), "logGroupClass", CLASSES);
        violations.next_token(self.next_token.as_deref());
        violations.limit(self.limit, DESCRIBE_LIMIT_MAX);
        violations.count(self.log_group_identifiers.len(), "logGroupIdentifiers", 0..=IDENTIFIERS_MAX);
        for identifier in self.log_group_identifiers.iter().take(IDENTIFIERS_MAX) {
            violations.identifier(identifier, "logGroupIdentifiers");
        }
        violations.into_result()?;
        if self.log_group_name_prefix.is_some() && self.log_group_name_pattern.is_some() {
            let message = "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.";
            return Err(AwsError::new(&INVALID_PARAMETER, message));
        }
        Ok(())
    }
}

impl DescribeLogStreamsRequest {
    /// Checks names, order and page, and that exactly one of name and identifier is given.
    ///
    /// # Errors
    /// `InvalidParameterException` in the service's words.
    pub fn validate(&self) -> Result<(), AwsError> {
        let mut violations = Violations::default();
        if let Some(name) = &self.log_group_name {
            violations.group(name, "logGroupName");
        }
        if let Some(identifier) = &self.log_group_identifier {
            violations.identifier(identifier, "logGroupIdentifier");
        }
        if let Some(prefix) = &self.log_stream_name_prefix {
            violations.stream(prefix, "logStreamNamePrefix");
        }
        violations.one_of(self.order_by.as_deref(), "orderBy", ORDERS);
        violations.next_token(self.next_token.as_deref());
        violations.limit(self.limit, DESCRIBE_LIMIT_MAX);
        violations.into_result()?;
        one_group(self.log_group_name.as_deref(), self.log_group_identifier.as_deref())?;
        if self.by_last_event() && self.log_stream_name_prefix.is_some() {
            let message = "Cannot order by LastEventTime with a logStreamNamePrefix.";
            return Err(AwsError::new(&INVALID_PARAMETER, message));
        }
        Ok(())
    }

    /// Whether streams come by their last event instead of by name.
    pub fn by_last_event(&self) -> bool {
        self.order_by.as_deref() == Some("LastEventTime")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn check(actual: Result<(), AwsError>, expected: &str) {
        let actual = actual.err().map_or(String::new(), |error| error.to_string());
        assert_eq!(actual, expected);
    }

    #[test]
    fn names_are_refused_in_the_words_of_the_service() {
        const AT: &str = "failed to satisfy constraint: Member must";
        let (long, stars) = ("g".repeat(513), "*".repeat(513));
        let group_pattern =
            format!(r"Value at 'logGroupName' {AT} satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+");
        let group_short = format!("Value at 'logGroupName' {AT} have length greater than or equal to 1");
        let group_long = format!("Value at 'logGroupName' {AT} have length less than or equal to 512");
        let stream_pattern =
            format!("Value at 'logStreamName' {AT} satisfy regular expression pattern: [^:*]*");
        let stream_short = format!("Value at 'logStreamName' {AT} have length greater than or equal to 1");
        let stream_long = format!("Value at 'logStreamName' {AT} have length less than or equal to 512");
        let one = "InvalidParameterException: 1 validation error detected:";
        let two = "InvalidParameterException: 2 validation errors detected:";
        let three = "InvalidParameterException: 3 validation errors detected:";
        for (group, stream, expected) in [
            ("/aws/lambda/a_b.c-d#1", "2026/11/22/[$LATEST]é", String::new()),
            ("a*", "s", format!("{one} {group_pattern}")),
            ("", "s", format!("{two} {group_pattern}; {group_short}")),
            (&long, "s", format!("{one} {group_long}")),
            (&stars, "s", format!("{two} {group_pattern}; {group_long}")),
            ("g", "", format!("{one} {stream_short}")),
            ("g", "a:b", format!("{one} {stream_pattern}")),
            ("g", &stars, format!("{two} {stream_pattern}; {stream_long}")),
            ("", "*", format!("{three} {group_pattern}; {group_short}; {stream_pattern}")),
        ] {
            let request =
                CreateLogStreamRequest { log_group_name: group.into(), log_stream_name: stream.into() };
            check(request.validate(), &expected);
        }
        let reserved = CreateLogGroupRequest { log_group_name: "aws/x".into(), ..Default::default() };
        check(
            reserved.validate(),
            "InvalidParameterException: Log groups starting with AWS/ are reserved for AWS.",
        );
    }

    #[test]
    fn tags_are_as_long_as_the_service_allows() {
        let tagged = |key: &str, value: &str| {
            let tags =
                BTreeMap::from([("fine".to_owned(), String::new()), (key.to_owned(), value.to_owned())]);
            CreateLogGroupRequest { log_group_name: "g".into(), tags, ..Default::default() }.validate()
        };
        check(tagged(&"é".repeat(128), &"é".repeat(256)), "");
        let keys = "InvalidParameterException: 1 validation error detected: Value at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1]";
        check(tagged(&"k".repeat(129), ""), keys);
        check(tagged("", "v"), keys);
        let values = "InvalidParameterException: 1 validation error detected: Value at 'tags' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 256, Member must have length greater than or equal to 0]";
        check(tagged("k", &"v".repeat(257)), values);
    }

    #[test]
    fn pages_orders_and_classes_are_checked() {
        let groups = DescribeLogGroupsRequest {
            limit: Some(51),
            log_group_class: Some("X".into()),
            ..Default::default()
        };
        let text = groups.validate().expect_err("two violations").to_string();
        assert!(text.contains("2 validation errors detected: Value at 'logGroupClass'"), "{text}");
        assert!(text.contains("Value at 'limit' failed to satisfy constraint: Member must have value less than or equal to 50"), "{text}");
        check(DescribeLogGroupsRequest { limit: Some(50), ..Default::default() }.validate(), "");
        let token = "InvalidParameterException: 1 validation error detected: Value at 'nextToken' failed to satisfy constraint: Member must have length greater than or equal to 1";
        let no_token = Some(String::new());
        check(
            DescribeLogGroupsRequest { next_token: no_token.clone(), ..Default::default() }.validate(),
            token,
        );
        check(DescribeLogStreamsRequest { next_token: no_token, ..Default::default() }.validate(), token);
        let name = Some("g".to_owned());
        let by_name = DescribeLogStreamsRequest { log_group_name: name.clone(), ..Default::default() };
        check(by_name.validate(), "");
        check(
            DescribeLogStreamsRequest::default().validate(),
            "InvalidParameterException: Either logGroupName or logGroupIdentifier must be specified",
        );
        let order = DescribeLogStreamsRequest {
            order_by: Some("LastEventTime".into()),
            log_stream_name_prefix: Some("p".into()),
            ..by_name
        };
        check(
            order.validate(),
            "InvalidParameterException: Cannot order by LastEventTime with a logStreamNamePrefix.",
        );
    }
}
