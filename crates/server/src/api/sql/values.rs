//! How is a value of a result written, in JSON and in CSV?
//!
//! A [`Cell`] is made once per column and batch: it has looked at the Arrow type, so that a value costs one call. What
//! it says goes to a [`Sink`], which is JSON or CSV; both agree on every text. JSON has no word for numbers beyond
//! 2^53 and for NaN: they are texts there.

use std::fmt::{self, Display, Write};

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, GenericListArray, OffsetSizeTrait, PrimitiveArray,
    UnionArray,
};
use arrow::datatypes::{
    DataType, Date32Type, Date64Type, Decimal128Type, Decimal256Type, DecimalType, Float16Type, Float32Type,
    Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, Time32MillisecondType, Time32SecondType,
    Time64MicrosecondType, Time64NanosecondType, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow::error::ArrowError;
use arrow::temporal_conversions as temporal;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Whole numbers up to here are exact as JSON numbers.
const EXACT_MAX: u64 = 1 << 53;
/// Digits of a decimal that a JSON number holds exactly.
const EXACT_DIGITS_MAX: usize = 15;

/// Says the value of a row.
pub type Cell<'a> = Box<dyn Fn(usize, &mut dyn Sink) + 'a>;

/// Where values go.
pub trait Sink {
    /// No value.
    fn null(&mut self);
    /// A text from outside.
    fn text(&mut self, text: &str);
    /// What JSON writes as it is: a number, true or false.
    fn bare(&mut self, value: &dyn Display);
    /// What JSON writes in quotes, without anything to escape in it.
    fn quoted(&mut self, value: &dyn Display);
    /// A list or an object, as JSON.
    fn json(&mut self, json: &str);
}

/// Looks at a column.
///
/// # Errors
/// A type has no text.
pub fn cell(array: &dyn Array) -> Result<Cell<'_>, ArrowError> {
    let value = value(array)?;
    if matches!(array.data_type(), DataType::Null) {
        return Ok(Box::new(|_, sink| sink.null()));
    }
    Ok(Box::new(move |row, sink| if array.is_null(row) { sink.null() } else { value(row, sink) }))
}

/// Values of rows that are not null.
fn value(array: &dyn Array) -> Result<Cell<'_>, ArrowError> {
    Ok(match array.data_type() {
        DataType::Utf8 => text(array.as_string::<i32>(), |array, row| array.value(row)),
        DataType::LargeUtf8 => text(array.as_string::<i64>(), |array, row| array.value(row)),
        DataType::Utf8View => text(array.as_string_view(), |array, row| array.value(row)),
        DataType::Boolean => {
            let flags = array.as_boolean();
            Box::new(|row, sink| sink.bare(&flags.value(row)))
        }
        DataType::Binary => bytes(array.as_binary::<i32>(), |array, row| array.value(row)),
        DataType::LargeBinary => bytes(array.as_binary::<i64>(), |array, row| array.value(row)),
        DataType::BinaryView => bytes(array.as_binary_view(), |array, row| array.value(row)),
        DataType::FixedSizeBinary(_) => bytes(array.as_fixed_size_binary(), |array, row| array.value(row)),
        DataType::Float16 => floats::<Float16Type>(array),
        DataType::Float32 => floats::<Float32Type>(array),
        DataType::Float64 => floats::<Float64Type>(array),
        DataType::Decimal128(..) => decimals::<Decimal128Type>(array),
        DataType::Decimal256(..) => decimals::<Decimal256Type>(array),
        DataType::List(_) => list(array.as_list::<i32>())?,
        DataType::LargeList(_) => list(array.as_list::<i64>())?,
        DataType::FixedSizeList(..) => {
            let lists = array.as_fixed_size_list();
            let element = cell(lists.values().as_ref())?;
            let place = |offset: i32| usize::try_from(offset).unwrap_or(0);
            Box::new(move |row, sink| {
                elements(&element, place(lists.value_offset(row)), place(lists.value_length()), sink);
            })
        }
        DataType::Struct(_) => object(array)?,
        DataType::Union(..) => union(array.as_union())?,
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            if dictionary.values().is_empty() {
                return Ok(Box::new(|_, sink| sink.null()));
            }
            let (keys, values) = (dictionary.normalized_keys(), cell(dictionary.values().as_ref())?);
            Box::new(move |row, sink| values(keys[row], sink))
        }
        of => match integers(array, of).or_else(|| times(array, of)) {
            Some(cell) => cell,
            None => other(array)?,
        },
    })
}

fn integers<'a>(array: &'a dyn Array, of: &DataType) -> Option<Cell<'a>> {
    Some(match of {
        DataType::Int8 => numbers::<Int8Type>(array),
        DataType::Int16 => numbers::<Int16Type>(array),
        DataType::Int32 => numbers::<Int32Type>(array),
        DataType::UInt8 => numbers::<UInt8Type>(array),
        DataType::UInt16 => numbers::<UInt16Type>(array),
        DataType::UInt32 => numbers::<UInt32Type>(array),
        DataType::Int64 => large::<Int64Type>(array, i64::unsigned_abs),
        DataType::UInt64 => large::<UInt64Type>(array, |number| number),
        _ => return None,
    })
}

fn times<'a>(array: &'a dyn Array, of: &DataType) -> Option<Cell<'a>> {
    Some(match of {
        DataType::Timestamp(TimeUnit::Second, _) => {
            instants::<TimestampSecondType, _>(array, temporal::timestamp_s_to_datetime)
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            instants::<TimestampMillisecondType, _>(array, temporal::timestamp_ms_to_datetime)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            instants::<TimestampMicrosecondType, _>(array, temporal::timestamp_us_to_datetime)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            instants::<TimestampNanosecondType, _>(array, temporal::timestamp_ns_to_datetime)
        }
        DataType::Date32 => dated::<Date32Type, _>(array, |days| {
            temporal::date32_to_datetime(days).map(|day| Shown(day.date()))
        }),
        DataType::Date64 => dated::<Date64Type, _>(array, |millis| {
            temporal::date64_to_datetime(millis).map(|day| Shown(day.date()))
        }),
        DataType::Time32(TimeUnit::Second) => {
            dated::<Time32SecondType, _>(array, |time| temporal::time32s_to_time(time).map(Shown))
        }
        DataType::Time32(_) => {
            dated::<Time32MillisecondType, _>(array, |time| temporal::time32ms_to_time(time).map(Shown))
        }
        DataType::Time64(TimeUnit::Microsecond) => {
            dated::<Time64MicrosecondType, _>(array, |time| temporal::time64us_to_time(time).map(Shown))
        }
        DataType::Time64(_) => {
            dated::<Time64NanosecondType, _>(array, |time| temporal::time64ns_to_time(time).map(Shown))
        }
        _ => return None,
    })
}

fn text<'a, A: Array>(array: &'a A, get: impl Fn(&'a A, usize) -> &'a str + 'a) -> Cell<'a> {
    Box::new(move |row, sink| sink.text(get(array, row)))
}

fn bytes<'a, A: Array>(array: &'a A, get: impl Fn(&'a A, usize) -> &'a [u8] + 'a) -> Cell<'a> {
    Box::new(move |row, sink| sink.quoted(&STANDARD.encode(get(array, row))))
}

fn numbers<T: ArrowPrimitiveType<Native: Display>>(array: &dyn Array) -> Cell<'_> {
    let numbers: &PrimitiveArray<T> = array.as_primitive();
    Box::new(move |row, sink| sink.bare(&numbers.value(row)))
}

fn large<T: ArrowPrimitiveType<Native: Display>>(array: &dyn Array, size: fn(T::Native) -> u64) -> Cell<'_> {
    let numbers: &PrimitiveArray<T> = array.as_primitive();
    Box::new(move |row, sink| {
        let number = numbers.value(row);
        if size(number) <= EXACT_MAX { sink.bare(&number) } else { sink.quoted(&number) }
    })
}

fn floats<T: ArrowPrimitiveType<Native: Into<f64>>>(array: &dyn Array) -> Cell<'_> {
    let numbers: &PrimitiveArray<T> = array.as_primitive();
    Box::new(move |row, sink| {
        let number = numbers.value(row);
        let double: f64 = number.into();
        if double.is_finite() {
            // Its `Debug` writes a very large or small one with an exponent.
            sink.bare(&Shown(number));
        } else if double.is_nan() {
            sink.quoted(&"NaN");
        } else {
            sink.quoted(&if double > 0.0 { "Infinity" } else { "-Infinity" });
        }
    })
}

fn decimals<T: DecimalType>(array: &dyn Array) -> Cell<'_> {
    let decimals: &PrimitiveArray<T> = array.as_primitive();
    Box::new(move |row, sink| {
        let text = decimals.value_as_string(row);
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        if digits <= EXACT_DIGITS_MAX { sink.bare(&text) } else { sink.quoted(&text) }
    })
}

fn instants<T: ArrowPrimitiveType<Native = i64>, D: fmt::Debug + 'static>(
    array: &dyn Array,
    read: fn(i64) -> Option<D>,
) -> Cell<'_> {
    let instants: &PrimitiveArray<T> = array.as_primitive();
    Box::new(move |row, sink| match read(instants.value(row)) {
        Some(at) => sink.quoted(&format_args!("{at:?}Z")),
        None => sink.quoted(&instants.value(row)),
    })
}

/// Days and times of day; one that no calendar has is its number.
fn dated<'a, T: ArrowPrimitiveType<Native: Display>, D: Display>(
    array: &'a dyn Array,
    read: impl Fn(T::Native) -> Option<D> + 'a,
) -> Cell<'a> {
    let values: &PrimitiveArray<T> = array.as_primitive();
    Box::new(move |row, sink| match read(values.value(row)) {
        Some(shown) => sink.quoted(&shown),
        None => sink.quoted(&values.value(row)),
    })
}

/// What its `Debug` says, which is ISO 8601 for dates and times.
struct Shown<T>(T);

impl<T: fmt::Debug> Display for Shown<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

fn list<O: OffsetSizeTrait>(lists: &GenericListArray<O>) -> Result<Cell<'_>, ArrowError> {
    let element = cell(lists.values().as_ref())?;
    let offsets = lists.value_offsets();
    Ok(Box::new(move |row, sink| {
        let (from, to) = (offsets[row].as_usize(), offsets[row + 1].as_usize());
        elements(&element, from, to - from, sink);
    }))
}

fn elements(element: &Cell<'_>, from: usize, count: usize, sink: &mut dyn Sink) {
    let mut json = Json::default();
    json.0.push('[');
    for place in from..from + count {
        json.comma(place > from);
        element(place, &mut json);
    }
    json.0.push(']');
    sink.json(&json.0);
}

fn object(array: &dyn Array) -> Result<Cell<'_>, ArrowError> {
    let rows = array.as_struct();
    let members: Vec<(&str, Cell<'_>)> = rows
        .column_names()
        .into_iter()
        .zip(rows.columns())
        .map(|(name, column)| Ok((name, cell(column.as_ref())?)))
        .collect::<Result<_, ArrowError>>()?;
    Ok(Box::new(move |row, sink| {
        let mut json = Json::default();
        json.0.push('{');
        for (place, (name, value)) in members.iter().enumerate() {
            json.comma(place > 0);
            json.text(name);
            json.0.push(':');
            value(row, &mut json);
        }
        json.0.push('}');
        sink.json(&json.0);
    }))
}

/// What a function of JSON answers: one type a row.
fn union(array: &UnionArray) -> Result<Cell<'_>, ArrowError> {
    let DataType::Union(fields, _) = array.data_type() else { return other(array) };
    let members: Vec<(i8, Cell<'_>)> = fields
        .iter()
        .map(|(id, _)| Ok((id, cell(array.child(id).as_ref())?)))
        .collect::<Result<_, ArrowError>>()?;
    Ok(Box::new(move |row, sink| {
        let id = array.type_id(row);
        match members.iter().find(|(member, _)| *member == id) {
            Some((_, value)) => value(array.value_offset(row), sink),
            None => sink.null(),
        }
    }))
}

fn other(array: &dyn Array) -> Result<Cell<'_>, ArrowError> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(array, &options)?;
    Ok(Box::new(move |row, sink| sink.text(&formatter.value(row).to_string())))
}

/// Values as JSON.
#[derive(Default)]
pub struct Json(pub String);

impl Json {
    /// A comma, where something stands before.
    pub fn comma(&mut self, is_needed: bool) {
        if is_needed {
            self.0.push(',');
        }
    }

    fn write(&mut self, arguments: fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _written = self.0.write_fmt(arguments);
    }
}

impl Sink for Json {
    fn null(&mut self) {
        self.0.push_str("null");
    }

    fn text(&mut self, text: &str) {
        self.0.push('"');
        let mut from = 0;
        for (place, byte) in text.bytes().enumerate() {
            if byte >= 0x20 && byte != b'"' && byte != b'\\' {
                continue;
            }
            self.0.push_str(&text[from..place]);
            from = place + 1;
            match byte {
                b'"' => self.0.push_str("\\\""),
                b'\\' => self.0.push_str("\\\\"),
                b'\n' => self.0.push_str("\\n"),
                b'\r' => self.0.push_str("\\r"),
                b'\t' => self.0.push_str("\\t"),
                control => self.write(format_args!("\\u{control:04x}")),
            }
        }
        self.0.push_str(&text[from..]);
        self.0.push('"');
    }

    fn bare(&mut self, value: &dyn Display) {
        self.write(format_args!("{value}"));
    }

    fn quoted(&mut self, value: &dyn Display) {
        self.write(format_args!("\"{value}\""));
    }

    fn json(&mut self, json: &str) {
        self.0.push_str(json);
    }
}

/// Columns of a batch, ready to be said.
///
/// # Errors
/// A type has no text.
pub fn cells(columns: &[ArrayRef]) -> Result<Vec<Cell<'_>>, ArrowError> {
    columns.iter().map(|column| cell(column.as_ref())).collect()
}

#[cfg(test)]
mod tests;
