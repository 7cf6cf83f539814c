//! How are derived metric data written down until the lake's files hold them?
//!
//! They follow from an entry and from definitions that may be gone when the entry is read again, so they are kept beside
//! the state, in the batch that applies the entry, under the entry's offset.

use prost::Message;
use walletscope_model::{DerivedDatum, Origin, Provenance};

use crate::body::{DatumMessage, datum_from, datum_message, message};
use crate::record::RecordError;

/// The data of one entry.
#[derive(Clone, PartialEq, Message)]
struct DerivedMessage {
    #[prost(message, repeated, tag = "1")]
    data: Vec<DerivedDatumMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct DerivedDatumMessage {
    #[prost(message, required, tag = "1")]
    datum: DatumMessage,
    #[prost(uint32, tag = "2")]
    provenance: u32,
    #[prost(message, optional, tag = "3")]
    origin: Option<OriginMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct OriginMessage {
    #[prost(string, tag = "1")]
    account: String,
    #[prost(string, tag = "2")]
    region: String,
    #[prost(string, tag = "3")]
    source: String,
    #[prost(string, tag = "4")]
    tenant: String,
}

/// The data that follow from one entry.
pub fn encode_derived(data: &[DerivedDatum]) -> Vec<u8> {
    let origin = |origin: &Origin| OriginMessage {
        account: origin.account.to_string(),
        region: origin.region.to_string(),
        source: origin.source.to_string(),
        tenant: origin.tenant.to_string(),
    };
    let each = data.iter().map(|derived| DerivedDatumMessage {
        datum: datum_message(&derived.datum),
        provenance: derived.provenance as u32,
        origin: derived.origin.as_ref().map(origin),
    });
    DerivedMessage { data: each.collect() }.encode_to_vec()
}

/// The data that [`encode_derived`] wrote.
///
/// # Errors
/// The bytes are damaged or of a newer version.
pub fn decode_derived(bytes: &[u8]) -> Result<Vec<DerivedDatum>, RecordError> {
    let origin = |origin: OriginMessage| Origin {
        account: origin.account.into(),
        region: origin.region.into(),
        source: origin.source.into(),
        tenant: origin.tenant.into(),
    };
    let each = message::<DerivedMessage>(bytes)?.data.into_iter().map(|derived| {
        let provenance = Provenance::ALL.into_iter().find(|each| *each as u32 == derived.provenance);
        Ok(DerivedDatum {
            datum: datum_from(derived.datum)?,
            provenance: provenance.ok_or(RecordError::Malformed("provenance"))?,
            origin: derived.origin.map(origin),
        })
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use walletscope_model::{MetricDatum, MetricValue, Timestamp};

    #[test]
    fn what_was_written_is_read() {
        let datum = MetricDatum {
            namespace: "TokenProvisioning".into(),
            name: "TokenProvisioningLatency".into(),
            dimensions: vec![("Issuer".into(), "ABC_Bank".into())],
            timestamp: Timestamp(1_700_000_040_000_000),
            unit: None,
            storage_resolution_seconds: 60,
            value: MetricValue::Values(vec![(1.245, 1.0), (2.0, 3.0)]),
        };
        let data = Provenance::ALL.map(|provenance| DerivedDatum {
            datum: datum.clone(),
            provenance,
            origin: (provenance == Provenance::Filter).then(Origin::own),
        });
        let bytes = encode_derived(&data);
        assert_eq!(decode_derived(&bytes).as_deref(), Ok(&data[..]));
        assert!(decode_derived(&bytes[..bytes.len() - 1]).is_err());
    }
}
