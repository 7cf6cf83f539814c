//! How do lists become maps, and what is at a place of either?
//!
//! `map_agg` and `histogram` are rewritten to a list of what a group holds and one of these functions over it. A map
//! has each key once, in the order of the keys, so that equal groups give equal maps; the first value of a key stays.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, ListArray, MapArray, StructArray, UInt32Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Int64Type};
use arrow::row::{RowConverter, SortField};

use super::clock;
use super::rule::{Rule, count};

pub(super) fn rules() -> Vec<Rule> {
    vec![
        Rule::new("map_of_entries", takes_list, map_of_entries_gives, map_of_entries),
        Rule::new("map_of_counts", takes_list, map_of_counts_gives, map_of_counts),
        Rule::new("element_at", element_takes, element_gives, element_at),
    ]
}

fn takes_list(types: &[DataType]) -> Result<Vec<DataType>, String> {
    count(types, 1, 1)?;
    match &types[0] {
        DataType::List(_) => Ok(types.to_vec()),
        other => Err(format!("takes a list, not {other}")),
    }
}

fn element_of(types: &[DataType]) -> Result<&FieldRef, String> {
    match types.first() {
        Some(DataType::List(field)) => Ok(field),
        _ => Err("takes a list".to_owned()),
    }
}

fn map_type(key: &DataType, value: &DataType) -> DataType {
    let fields = vec![Field::new("key", key.clone(), false), Field::new("value", value.clone(), true)];
    DataType::Map(Arc::new(Field::new("entries", DataType::Struct(fields.into()), false)), false)
}

fn map_of_entries_gives(types: &[DataType], _: &[Option<&str>]) -> Result<DataType, String> {
    match element_of(types)?.data_type() {
        DataType::Struct(fields) if fields.len() == 2 => {
            Ok(map_type(fields[0].data_type(), fields[1].data_type()))
        }
        other => Err(format!("takes a list of keys and values, not of {other}")),
    }
}

fn map_of_counts_gives(types: &[DataType], _: &[Option<&str>]) -> Result<DataType, String> {
    Ok(map_type(element_of(types)?.data_type(), &DataType::Int64))
}

fn map_of_entries(arrays: &[ArrayRef], given: &DataType) -> Result<ArrayRef, String> {
    let lists = arrays[0].as_list::<i32>();
    let entries = lists.values().as_struct();
    let grouped = group(lists, entries.column(0))?;
    let values = take(entries.column(1), &grouped.firsts, None).map_err(|error| error.to_string())?;
    grouped.map(lists, entries.column(0), values, given)
}

fn map_of_counts(arrays: &[ArrayRef], given: &DataType) -> Result<ArrayRef, String> {
    let lists = arrays[0].as_list::<i32>();
    let grouped = group(lists, lists.values())?;
    let counts: ArrayRef = Arc::new(Int64Array::from(grouped.counts.clone()));
    grouped.map(lists, lists.values(), counts, given)
}

/// The different keys of each list, sorted.
struct Grouped {
    /// Where each key stands first among the elements of all lists.
    firsts: UInt32Array,
    /// How often it stands in its list.
    counts: Vec<i64>,
    /// How many keys each list has.
    lengths: Vec<usize>,
}

fn group(lists: &ListArray, keys: &ArrayRef) -> Result<Grouped, String> {
    let converter = RowConverter::new(vec![SortField::new(keys.data_type().clone())]);
    let rows = converter.and_then(|converter| converter.convert_columns(&[Arc::clone(keys)]));
    let rows = rows.map_err(|error| error.to_string())?;
    let (mut firsts, mut counts, mut lengths) = (Vec::new(), Vec::new(), Vec::new());
    for list in 0..lists.len() {
        let from = lists.value_offsets()[list] as usize;
        let to = if lists.is_null(list) { from } else { lists.value_offsets()[list + 1] as usize };
        let mut places: Vec<usize> = (from..to).filter(|place| keys.is_valid(*place)).collect();
        // A stable sort: of equal keys the first stays first.
        places.sort_by(|one, other| rows.row(*one).cmp(&rows.row(*other)));
        let before = firsts.len();
        for key in places.chunk_by(|one, other| rows.row(*one) == rows.row(*other)) {
            firsts.push(u32::try_from(key[0]).map_err(|error| error.to_string())?);
            counts.push(i64::try_from(key.len()).unwrap_or(i64::MAX));
        }
        lengths.push(firsts.len() - before);
    }
    Ok(Grouped { firsts: UInt32Array::from(firsts), counts, lengths })
}

impl Grouped {
    fn map(
        &self,
        lists: &ListArray,
        keys: &ArrayRef,
        values: ArrayRef,
        given: &DataType,
    ) -> Result<ArrayRef, String> {
        let DataType::Map(field, _) = given else { return Err(format!("gives {given}")) };
        let DataType::Struct(fields) = field.data_type() else { return Err(format!("gives {given}")) };
        let keys = take(keys, &self.firsts, None).map_err(|error| error.to_string())?;
        let entries = StructArray::try_new(Fields::clone(fields), vec![keys, values], None);
        let entries = entries.map_err(|error| error.to_string())?;
        let offsets = OffsetBuffer::from_lengths(self.lengths.iter().copied());
        let map = MapArray::try_new(Arc::clone(field), offsets, entries, lists.nulls().cloned(), false);
        Ok(Arc::new(map.map_err(|error| error.to_string())?))
    }
}

fn element_takes(types: &[DataType]) -> Result<Vec<DataType>, String> {
    count(types, 2, 2)?;
    match &types[0] {
        DataType::List(_) => Ok(vec![types[0].clone(), clock::whole_type(&types[1])?]),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => Ok(vec![types[0].clone(), fields[0].data_type().clone()]),
            other => Err(format!("takes a list or a map, not {other}")),
        },
        other => Err(format!("takes a list or a map, not {other}")),
    }
}

fn element_gives(types: &[DataType], _: &[Option<&str>]) -> Result<DataType, String> {
    match &types[0] {
        DataType::List(field) => Ok(field.data_type().clone()),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => Ok(fields[1].data_type().clone()),
            other => Err(format!("takes a list or a map, not {other}")),
        },
        other => Err(format!("takes a list or a map, not {other}")),
    }
}

/// Places count from 1, from the end below zero; what is not there is null.
fn element_at(arrays: &[ArrayRef], _: &DataType) -> Result<ArrayRef, String> {
    let (values, places): (ArrayRef, UInt32Array) = match arrays[0].data_type() {
        DataType::Map(..) => {
            let maps = arrays[0].as_map();
            (Arc::clone(maps.values()), places_of_keys(maps, &arrays[1])?)
        }
        _ => {
            let lists = arrays[0].as_list::<i32>();
            let numbers = arrays[1].as_primitive::<Int64Type>();
            let place = |list: usize| {
                let (from, to) =
                    (i64::from(lists.value_offsets()[list]), i64::from(lists.value_offsets()[list + 1]));
                let number =
                    numbers.is_valid(list).then(|| numbers.value(list)).filter(|_| lists.is_valid(list))?;
                let place = if number > 0 { from.checked_add(number - 1)? } else { to.checked_add(number)? };
                ((from..to).contains(&place) && number != 0).then(|| u32::try_from(place).ok())?
            };
            (Arc::clone(lists.values()), (0..lists.len()).map(place).collect())
        }
    };
    take(&values, &places, None).map_err(|error| error.to_string())
}

fn places_of_keys(maps: &MapArray, wanted: &ArrayRef) -> Result<UInt32Array, String> {
    let converter = RowConverter::new(vec![SortField::new(maps.key_type().clone())]);
    let converter = converter.map_err(|error| error.to_string())?;
    let keys = converter.convert_columns(&[Arc::clone(maps.keys())]).map_err(|error| error.to_string())?;
    let wanted = cast(wanted, maps.key_type()).map_err(|error| error.to_string())?;
    let wanted_rows = converter.convert_columns(&[Arc::clone(&wanted)]).map_err(|error| error.to_string())?;
    let place = |map: usize| {
        if maps.is_null(map) || wanted.is_null(map) {
            return None;
        }
        let (from, to) = (maps.value_offsets()[map] as usize, maps.value_offsets()[map + 1] as usize);
        let found = (from..to).find(|place| keys.row(*place) == wanted_rows.row(map))?;
        u32::try_from(found).ok()
    };
    Ok((0..maps.len()).map(place).collect())
}
