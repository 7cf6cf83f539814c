//! What stands around a shape in XML? The answers and errors of awsQuery, and those of EC2, which has its own.

use serde::Serialize;

use super::ser::{Escaped, ItemName, write_element};
use crate::aws::error::{AwsError, ErrorDetail};

/// Lists of awsQuery.
const MEMBER: ItemName = ItemName("member");
/// Lists of EC2.
const ITEM: ItemName = ItemName("item");

/// `<OpResponse><OpResult>…</OpResult><ResponseMetadata>…`; no result element for an operation without
/// output. `None` if the shape cannot be XML.
pub(crate) fn write_response(
    operation: &str,
    namespace: &str,
    request_id: &str,
    response: &impl Serialize,
) -> Option<Vec<u8>> {
    let result = write_element(&format!("{operation}Result"), MEMBER, response)?;
    let (namespace, request_id) = (Escaped(namespace), Escaped(request_id));
    let xml = format!(
        "<{operation}Response xmlns=\"{namespace}\">{result}<ResponseMetadata><RequestId>{request_id}</RequestId>\
         </ResponseMetadata></{operation}Response>"
    );
    Some(xml.into_bytes())
}

/// `<ErrorResponse><Error>…</Error><RequestId>…`.
pub(crate) fn write_error(error: &AwsError, namespace: &str, request_id: &str) -> Vec<u8> {
    let namespace =
        if namespace.is_empty() { String::new() } else { format!(" xmlns=\"{}\"", Escaped(namespace)) };
    let error_type = error.shape.fault.as_str();
    let (code, message) = (error.shape.query_code, Escaped(&error.message));
    let (details, request_id) = (details(&error.details), Escaped(request_id));
    format!(
        "<ErrorResponse{namespace}><Error><Type>{error_type}</Type><Code>{code}</Code>\
         <Message>{message}</Message>{details}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    .into_bytes()
}

fn details(details: &[ErrorDetail]) -> String {
    if details.is_empty() {
        return String::new();
    }
    write_element("dashboardValidationMessages", MEMBER, &details).unwrap_or_default()
}

/// `<OpResponse><requestId>…</requestId>` and the members, without a result element between.
/// `None` if the shape cannot be XML.
pub(crate) fn write_ec2_response(
    operation: &str,
    namespace: &str,
    request_id: &str,
    response: &impl Serialize,
) -> Option<Vec<u8>> {
    let element = write_element("result", ITEM, response)?;
    let members = element.strip_prefix("<result>").and_then(|members| members.strip_suffix("</result>"));
    let (namespace, request_id) = (Escaped(namespace), Escaped(request_id));
    let members = members.unwrap_or_default();
    let xml = format!(
        "<{operation}Response xmlns=\"{namespace}\"><requestId>{request_id}</requestId>{members}\
         </{operation}Response>"
    );
    Some(xml.into_bytes())
}

/// `<Response><Errors><Error>…</Error></Errors><RequestID>…`.
pub(crate) fn write_ec2_error(error: &AwsError, request_id: &str) -> Vec<u8> {
    let (code, message) = (error.shape.query_code, Escaped(&error.message));
    let request_id = Escaped(request_id);
    format!(
        "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>\
         <RequestID>{request_id}</RequestID></Response>"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{NoOutput, shapes};

    #[derive(Serialize)]
    struct Shape {
        list: Vec<&'static str>,
    }

    #[track_caller]
    fn check(actual: Vec<u8>, expected: &str) {
        assert_eq!(String::from_utf8(actual).expect("UTF-8"), expected);
    }

    #[test]
    fn answers_stand_in_the_envelope_of_their_protocol() {
        let shape = Shape { list: vec!["a", "b"] };
        check(
            write_response("Op", "urn:x", "<id>", &shape).expect("XML"),
            "<OpResponse xmlns=\"urn:x\"><OpResult><list><member>a</member><member>b</member></list></OpResult>\
             <ResponseMetadata><RequestId>&lt;id&gt;</RequestId></ResponseMetadata></OpResponse>",
        );
        check(
            write_ec2_response("Op", "urn:x", "<id>", &shape).expect("XML"),
            "<OpResponse xmlns=\"urn:x\"><requestId>&lt;id&gt;</requestId><list><item>a</item><item>b</item></list>\
             </OpResponse>",
        );
        check(
            write_ec2_response("Op", "urn:x", "id", &NoOutput).expect("XML"),
            "<OpResponse xmlns=\"urn:x\"><requestId>id</requestId></OpResponse>",
        );
    }

    #[test]
    fn errors_stand_in_the_envelope_of_their_protocol() {
        let error = AwsError::new(&shapes::VALIDATION, "a<b");
        check(
            write_ec2_error(&error, "id"),
            "<Response><Errors><Error><Code>ValidationError</Code><Message>a&lt;b</Message></Error></Errors>\
             <RequestID>id</RequestID></Response>",
        );
        let detail = ErrorDetail { data_path: "/".to_owned(), message: "x & y".to_owned() };
        check(
            write_error(&error.with_details(vec![detail]), "", "id"),
            "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>a&lt;b</Message>\
             <dashboardValidationMessages><member><DataPath>/</DataPath><Message>x &amp; y</Message></member>\
             </dashboardValidationMessages></Error><RequestId>id</RequestId></ErrorResponse>",
        );
    }
}
