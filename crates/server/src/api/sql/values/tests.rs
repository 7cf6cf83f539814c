//! Arrays as data: what JSON and CSV say of them.

use std::sync::Arc;

use arrow::array::{
    BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float64Array, Int32Array,
    Int64Array, IntervalMonthDayNanoArray, ListArray, NullArray, StringArray, StringViewArray, StructArray,
    Time64MicrosecondArray, TimestampMicrosecondArray, TimestampNanosecondArray, UInt64Array,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{Field, Int32Type as KeyType, IntervalMonthDayNano};

use super::super::csv::Csv;
use super::*;

fn json(array: &dyn Array) -> String {
    let cell = cell(array).unwrap();
    let mut json = Json::default();
    for row in 0..array.len() {
        json.comma(row > 0);
        cell(row, &mut json);
    }
    let text = format!("[{}]", json.0);
    serde_json::from_str::<serde_json::Value>(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    json.0
}

fn csv(array: &dyn Array) -> String {
    let cell = cell(array).unwrap();
    let mut csv = Csv::default();
    for row in 0..array.len() {
        csv.comma(row > 0);
        cell(row, &mut csv);
    }
    csv.0
}

#[test]
fn texts_are_escaped_and_come_back() {
    let texts = ["plain", "a\"b\\c", "line\nend\ttab\r\u{1}", "größe €🎉", ""];
    for array in [
        Arc::new(StringArray::from(texts.to_vec())) as ArrayRef,
        Arc::new(StringViewArray::from(texts.to_vec())),
    ] {
        let read: Vec<String> = serde_json::from_str(&format!("[{}]", json(&array))).unwrap();
        assert_eq!(read, texts);
    }
    assert_eq!(
        csv(&StringArray::from(vec![Some("=1+1"), None, Some(""), Some("a,\"b\"")])),
        "'=1+1,,\"\",\"a,\"\"b\"\"\""
    );
}

#[test]
fn numbers_that_json_cannot_hold_are_texts() {
    let exact = i64::try_from(EXACT_MAX).unwrap();
    assert_eq!(
        json(&Int64Array::from(vec![1, exact, exact + 1, -exact - 1])),
        format!("1,{exact},\"{}\",\"-{}\"", exact + 1, exact + 1)
    );
    assert_eq!(json(&UInt64Array::from(vec![u64::MAX])), format!("\"{}\"", u64::MAX));
    assert_eq!(csv(&Int64Array::from(vec![exact + 1, -2])), format!("{},-2", exact + 1));
    assert_eq!(json(&Float64Array::from(vec![1.0, 0.1, 1e300, -5e-324])), "1.0,0.1,1e300,-5e-324");
    assert_eq!(
        json(&Float64Array::from(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY])),
        "\"NaN\",\"Infinity\",\"-Infinity\""
    );
    let decimal =
        Decimal128Array::from(vec![150, 1_234_567_890_123_456_789]).with_precision_and_scale(20, 2).unwrap();
    assert_eq!(json(&decimal), "1.50,\"12345678901234567.89\"");
    assert_eq!(json(&Int32Array::from(vec![Some(7), None])), "7,null");
    assert_eq!(json(&BooleanArray::from(vec![true, false])), "true,false");
}

#[test]
fn times_have_as_many_digits_as_they_need() {
    let micros = TimestampMicrosecondArray::from(vec![1_795_349_070_812_000, 1_795_349_070_000_000, -1]);
    let expected = "\"2026-11-22T12:04:30.812Z\",\"2026-11-22T12:04:30Z\",\"1969-12-31T23:59:59.999999Z\"";
    assert_eq!(json(&micros.with_timezone("+00:00")), expected);
    assert_eq!(json(&TimestampNanosecondArray::from(vec![1])), "\"1970-01-01T00:00:00.000000001Z\"");
    assert_eq!(json(&TimestampMicrosecondArray::from(vec![i64::MAX])), format!("\"{}\"", i64::MAX));
    assert_eq!(json(&Date32Array::from(vec![20_779, -1])), "\"2026-11-22\",\"1969-12-31\"");
    assert_eq!(json(&Time64MicrosecondArray::from(vec![1_500_000])), "\"00:00:01.500\"");
    assert_eq!(csv(&Date32Array::from(vec![20_779])), "2026-11-22");
    let month = IntervalMonthDayNanoArray::from(vec![IntervalMonthDayNano::new(1, 2, 0)]);
    assert_eq!(json(&month), "\"1 mons 2 days\"");
}

#[test]
fn what_holds_values_is_json_of_them() {
    let texts = Arc::new(StringArray::from(vec![Some("a"), None, Some("b\"")]));
    let field = Arc::new(Field::new("element", DataType::Utf8, true));
    let offsets = OffsetBuffer::new(vec![0, 2, 2, 3].into());
    let nulls = Some(vec![true, true, true].into());
    let lists = ListArray::new(field, offsets, texts, nulls);
    assert_eq!(json(&lists), "[\"a\",null],[],[\"b\\\"\"]");
    assert_eq!(json(&lists.slice(2, 1)), "[\"b\\\"\"]");
    assert_eq!(csv(&lists.slice(0, 1)), "\"[\"\"a\"\",null]\"");
    let object = StructArray::from(vec![(
        Arc::new(Field::new("n", DataType::Int32, true)),
        Arc::new(Int32Array::from(vec![Some(1), None])) as ArrayRef,
    )]);
    assert_eq!(json(&object), "{\"n\":1},{\"n\":null}");
    let words: DictionaryArray<KeyType> = vec![Some("x"), None, Some("x")].into_iter().collect();
    assert_eq!(json(&words), "\"x\",null,\"x\"");
    assert_eq!(json(&BinaryArray::from(vec![&b"\x00\xff"[..]])), "\"AP8=\"");
    assert_eq!(json(&NullArray::new(2)), "null,null");
}
