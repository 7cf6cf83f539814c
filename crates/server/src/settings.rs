//! How is this server set? From flags, environment and a file to values that are used as they are.
//!
//! [`Given`] is what somebody wrote, each part optional; [`Settings`] is what the server runs by. A flag goes before
//! the environment, that before the file, that before the default. Every refusal names the setting, its value, why,
//! and what to do. What can be set is listed in `docs/operating/settings.md`.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use walletscope_journal::Retention;
use walletscope_lake::S3Place;
use walletscope_model::Duration;
use walletscope_stream::Rules;
use walletscope_stream::interpret::ID_BYTES_MAX;

use crate::auth::Network;
use crate::delivery::{AccessKeys, DeliverySettings};
use crate::lake::{FLUSH_AFTER, FLUSH_BYTES, LakeSettings, MEMORY_BYTES_MAX, MERGE_AFTER};

/// The settings as somebody wrote them: flags and environment by clap, files by serde.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Given {
    /// TOML file with any of these settings, named as the flags are, without the dashes before
    #[arg(long, env = "WALLETSCOPE_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Folder for everything that is kept; made if missing [default: walletscope-data]
    #[arg(long, env = "WALLETSCOPE_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Address and port for all protocols; port 0 takes a free one [default: 127.0.0.1:7300]
    #[arg(long, env = "WALLETSCOPE_LISTEN", value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// Proxies that end TLS in front of this server, as addresses or networks (10.0.0.5, 10.0.0.0/24); nobody else
    /// but this machine may then connect
    #[arg(long, env = "WALLETSCOPE_TRUSTED_PROXY", value_name = "NETWORK", value_delimiter = ',')]
    pub trusted_proxy: Option<Vec<String>>,
    /// Names by which clients reach this server, without port; the first one is used in sign-in links
    #[arg(long, env = "WALLETSCOPE_PUBLIC_HOST", value_name = "NAME", value_delimiter = ',')]
    pub public_host: Option<Vec<String>>,
    /// Not built yet: TLS certificate
    #[arg(long, env = "WALLETSCOPE_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// Not built yet: TLS key
    #[arg(long, env = "WALLETSCOPE_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// AWS account that answers show, 12 digits [default: 123456789012]
    #[arg(long, env = "WALLETSCOPE_ACCOUNT", value_name = "DIGITS")]
    pub account: Option<String>,
    /// AWS region of what names none [default: us-east-1]
    #[arg(long, env = "WALLETSCOPE_REGION", value_name = "NAME")]
    pub region: Option<String>,
    /// How long received batches are kept at most [default: 7d]
    #[arg(long, env = "WALLETSCOPE_JOURNAL_KEEP", value_name = "DURATION")]
    pub journal_keep: Option<String>,
    /// How much disk received batches may take [default: 20GiB]
    #[arg(long, env = "WALLETSCOPE_JOURNAL_SIZE", value_name = "SIZE")]
    pub journal_size: Option<String>,
    /// A pending attempt without step-up is abandoned after this [default: 15m]
    #[arg(long, env = "WALLETSCOPE_ABANDON_AFTER", value_name = "DURATION")]
    pub abandon_after: Option<String>,
    /// A pending step-up is marked overdue after this [default: 24h]
    #[arg(long, env = "WALLETSCOPE_STEP_UP_MARK_AFTER", value_name = "DURATION")]
    pub step_up_mark_after: Option<String>,
    /// A pending step-up is abandoned after this [default: 30d]
    #[arg(long, env = "WALLETSCOPE_STEP_UP_ABANDON_AFTER", value_name = "DURATION")]
    pub step_up_abandon_after: Option<String>,
    /// An ended attempt is settled after this [default: 15m]
    #[arg(long, env = "WALLETSCOPE_SETTLE_AFTER", value_name = "DURATION")]
    pub settle_after: Option<String>,
    /// A settled attempt leaves the working state this long after its start [default: 31d]
    #[arg(long, env = "WALLETSCOPE_EVICT_AFTER", value_name = "DURATION")]
    pub evict_after: Option<String>,
    /// Bucket and prefix for the lake's files, as s3://bucket/prefix; keys come from the environment as for any AWS
    /// client [default: the data folder]
    #[arg(long, env = "WALLETSCOPE_LAKE_S3", value_name = "URL")]
    pub lake_s3: Option<String>,
    /// Endpoint of an S3 service that is not AWS's
    #[arg(long, env = "WALLETSCOPE_LAKE_S3_ENDPOINT", value_name = "URL")]
    pub lake_s3_endpoint: Option<String>,
    /// Rows wait in memory this long at most before they are in the lake's files [default: 5m]
    #[arg(long, env = "WALLETSCOPE_LAKE_FLUSH_AFTER", value_name = "DURATION")]
    pub lake_flush_after: Option<String>,
    /// Rows that cannot be written take this much memory before calls are throttled, 128MiB or more [default: 1GiB]
    #[arg(long, env = "WALLETSCOPE_LAKE_MEMORY", value_name = "SIZE")]
    pub lake_memory: Option<String>,
    /// Late changes of settled attempts are put into the files this often [default: 1h]
    #[arg(long, env = "WALLETSCOPE_LAKE_MERGE_AFTER", value_name = "DURATION")]
    pub lake_merge_after: Option<String>,
    /// Days older than this leave the lake [default: nothing leaves]
    #[arg(long, env = "WALLETSCOPE_LAKE_KEEP", value_name = "DURATION")]
    pub lake_keep: Option<String>,
    /// Words that sources write where an id is missing, beside -, null, unknown and the like
    #[arg(long, env = "WALLETSCOPE_PLACEHOLDER_ID", value_name = "WORD", value_delimiter = ',')]
    pub placeholder_id: Option<Vec<String>>,
    /// Account whose filter patterns mean only what they mean at AWS, or `*` for every one; repeat for more.
    #[arg(long, env = "WALLETSCOPE_STRICT_ACCOUNT", value_delimiter = ',', value_name = "ACCOUNT")]
    pub strict_account: Option<Vec<String>>,
    /// Networks beside the public internet that subscription filters may deliver to, such as 10.0.0.0/8; only there
    /// without TLS
    #[arg(long, env = "WALLETSCOPE_DELIVERY_NETWORK", value_name = "NETWORK", value_delimiter = ',')]
    pub delivery_network: Option<Vec<String>>,
    /// File with the access keys of endpoints that subscription filters deliver to: on each line an origin such as
    /// https://siem.example and its key
    #[arg(long, env = "WALLETSCOPE_DELIVERY_KEYS", value_name = "FILE")]
    pub delivery_keys: Option<PathBuf>,
    /// What a subscription filter could not deliver for so long is put aside [default: 24h]
    #[arg(long, env = "WALLETSCOPE_DELIVERY_RETRY", value_name = "DURATION")]
    pub delivery_retry: Option<String>,
}

/// What the server runs by.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The data folder.
    pub data: PathBuf,
    /// The address to bind; port 0 means a free one.
    pub listen: SocketAddr,
    /// Who may forward requests for others. Not empty where `listen` is not loopback.
    pub trusted_proxies: Vec<Network>,
    /// Lower-case names.
    pub public_hosts: Vec<Box<str>>,
    /// 12 digits.
    pub account: Box<str>,
    /// Such as `us-east-1`.
    pub region: Box<str>,
    /// How long, and up to which size, the journal is kept.
    pub journal: Retention,
    /// Where the lake lies and how often it is written.
    pub lake: LakeSettings,
    /// The rules of the join. They are journalled by the server, because the stream reads them.
    pub rules: Rules,
    /// Where log events may be delivered to.
    pub delivery: DeliverySettings,
}

/// Why the settings cannot be used.
#[derive(Debug)]
pub enum SettingsError {
    /// A file that a setting names could not be read.
    Unreadable(&'static str, PathBuf, io::Error),
    /// The settings file is not TOML, or has a setting that is none.
    Malformed(PathBuf, Box<toml::de::Error>),
    /// A value that cannot be.
    Value {
        /// The setting, as in the file; `--` before it makes the flag.
        setting: &'static str,
        /// What was given.
        value: String,
        /// Why it cannot be, and what to do.
        why: &'static str,
    },
    /// TLS was asked for.
    TlsNotBuilt,
    /// Others could read along.
    PlainOnNetwork(SocketAddr),
}

/// The folder where none is given.
pub const DATA_DEFAULT: &str = "walletscope-data";
const LISTEN_DEFAULT: &str = "127.0.0.1:7300";
const ACCOUNT_DEFAULT: &str = "123456789012";
const REGION_DEFAULT: &str = "us-east-1";
/// Names and networks in one setting.
const LIST_LEN_MAX: usize = 64;
/// Less would be trimmed while it is still being joined.
const JOURNAL_BYTES_MIN: u64 = 1 << 30;
/// A flush begins at half of it, so that rows go on coming while it is written.
const LAKE_MEMORY_BYTES_MIN: usize = 2 * FLUSH_BYTES;
const DURATION_MIN: Duration = Duration::from_seconds(1);
const DURATION_MAX: Duration = Duration::from_seconds(3_650 * 86_400);

impl Settings {
    /// Reads the settings file if one is named, and makes sense of it all.
    ///
    /// # Errors
    /// The file cannot be read, or a setting cannot be used.
    pub fn load(given: Given) -> Result<Self, SettingsError> {
        let Some(path) = given.config.clone() else { return Self::new(given) };
        let text = std::fs::read_to_string(&path)
            .map_err(|error| SettingsError::Unreadable("config", path.clone(), error))?;
        Self::new(given.or(read_file(&path, &text)?))
    }

    /// Makes sense of what was given; of files it reads that of access keys alone.
    ///
    /// # Errors
    /// A setting cannot be used.
    pub fn new(given: Given) -> Result<Self, SettingsError> {
        if given.tls_cert.is_some() || given.tls_key.is_some() {
            return Err(SettingsError::TlsNotBuilt);
        }
        let listen = listen(given.listen.as_deref().unwrap_or(LISTEN_DEFAULT))?;
        let trusted_proxies = networks("trusted-proxy", given.trusted_proxy.as_deref().unwrap_or_default())?;
        if !listen.ip().is_loopback() && trusted_proxies.is_empty() {
            return Err(SettingsError::PlainOnNetwork(listen));
        }
        let data = folder(given.data.clone())?;
        Ok(Self {
            listen,
            trusted_proxies,
            public_hosts: names(given.public_host.as_deref().unwrap_or_default())?,
            account: account(given.account.as_deref().unwrap_or(ACCOUNT_DEFAULT))?,
            region: region(given.region.as_deref().unwrap_or(REGION_DEFAULT))?,
            journal: retention(&given)?,
            rules: rules(&given)?,
            lake: lake(&given, &data)?,
            delivery: delivery(&given, &data)?,
            data,
        })
    }

    /// How long, and up to which size, the journal is kept.
    pub fn retention(&self) -> Retention {
        self.journal.clone()
    }
}

impl Given {
    /// These settings, and where they say nothing, the others.
    fn or(self, other: Self) -> Self {
        Self {
            config: self.config.or(other.config),
            data: self.data.or(other.data),
            listen: self.listen.or(other.listen),
            trusted_proxy: self.trusted_proxy.or(other.trusted_proxy),
            public_host: self.public_host.or(other.public_host),
            tls_cert: self.tls_cert.or(other.tls_cert),
            tls_key: self.tls_key.or(other.tls_key),
            account: self.account.or(other.account),
            region: self.region.or(other.region),
            journal_keep: self.journal_keep.or(other.journal_keep),
            journal_size: self.journal_size.or(other.journal_size),
            abandon_after: self.abandon_after.or(other.abandon_after),
            step_up_mark_after: self.step_up_mark_after.or(other.step_up_mark_after),
            step_up_abandon_after: self.step_up_abandon_after.or(other.step_up_abandon_after),
            settle_after: self.settle_after.or(other.settle_after),
            evict_after: self.evict_after.or(other.evict_after),
            lake_s3: self.lake_s3.or(other.lake_s3),
            lake_s3_endpoint: self.lake_s3_endpoint.or(other.lake_s3_endpoint),
            lake_flush_after: self.lake_flush_after.or(other.lake_flush_after),
            lake_memory: self.lake_memory.or(other.lake_memory),
            lake_merge_after: self.lake_merge_after.or(other.lake_merge_after),
            lake_keep: self.lake_keep.or(other.lake_keep),
            placeholder_id: self.placeholder_id.or(other.placeholder_id),
            strict_account: self.strict_account.or(other.strict_account),
            delivery_network: self.delivery_network.or(other.delivery_network),
            delivery_keys: self.delivery_keys.or(other.delivery_keys),
            delivery_retry: self.delivery_retry.or(other.delivery_retry),
        }
    }
}

fn lake(given: &Given, data: &Path) -> Result<LakeSettings, SettingsError> {
    let why = "not a length of time from 1s to 3650d; write for example 30s, 5m, 1h or 400d";
    let length = |setting: &'static str, text: &Option<String>, usual: Duration| match text {
        None => Ok(usual),
        Some(text) => parse_duration(text)
            .filter(|length| *length >= DURATION_MIN)
            .ok_or_else(|| refused(setting, text, why)),
    };
    let keep =
        given.lake_keep.is_some().then(|| length("lake-keep", &given.lake_keep, DURATION_MAX)).transpose()?;
    Ok(LakeSettings {
        folder: data.join("lake"),
        s3: s3_place(given)?,
        flush_after: length("lake-flush-after", &given.lake_flush_after, FLUSH_AFTER)?,
        flush_bytes: FLUSH_BYTES,
        memory_bytes_max: lake_memory(given.lake_memory.as_deref())?,
        merge_after: length("lake-merge-after", &given.lake_merge_after, MERGE_AFTER)?,
        keep,
    })
}

fn delivery(given: &Given, data: &Path) -> Result<DeliverySettings, SettingsError> {
    let usual = DeliverySettings::usual(data);
    let why = "not a length of time from 1s to 3650d; write for example 10m or 24h";
    let retry_for = given.delivery_retry.as_ref().map_or(Ok(usual.retry_for), |text| {
        let length = parse_duration(text).filter(|length| *length >= DURATION_MIN);
        length.ok_or_else(|| refused("delivery-retry", text, why))
    })?;
    Ok(DeliverySettings {
        networks: networks("delivery-network", given.delivery_network.as_deref().unwrap_or_default())?,
        keys: given.delivery_keys.as_deref().map_or(Ok(AccessKeys::default()), access_keys)?,
        retry_for,
        ..usual
    })
}

/// The only setting whose value is what a file says: keys are not for command lines, which everybody sees.
fn access_keys(file: &Path) -> Result<AccessKeys, SettingsError> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| SettingsError::Unreadable("delivery-keys", file.to_owned(), error))?;
    let why = "not an origin such as https://siem.example, a blank and a key without blanks";
    AccessKeys::read(&text)
        .map_err(|line| refused("delivery-keys", format!("{}, line {line}", file.display()), why))
}

fn lake_memory(text: Option<&str>) -> Result<usize, SettingsError> {
    let Some(text) = text else { return Ok(MEMORY_BYTES_MAX) };
    let why = "not a size of 128MiB or more; write for example 512MiB or 2GiB";
    let size = parse_size(text).and_then(|size| usize::try_from(size).ok());
    size.filter(|size| *size >= LAKE_MEMORY_BYTES_MIN).ok_or_else(|| refused("lake-memory", text, why))
}

fn s3_place(given: &Given) -> Result<Option<S3Place>, SettingsError> {
    let Some(url) = &given.lake_s3 else { return Ok(None) };
    let why =
        "not a bucket and a prefix of letters, digits and - _ . /; write for example s3://bucket/walletscope";
    let rest = url.strip_prefix("s3://").ok_or_else(|| refused("lake-s3", url, why))?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    // Other characters are encoded by some clients and not by others, who then look for another name.
    let is_part = |part: &str| {
        let has_only = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        has_only && !part.is_empty() && !part.bytes().all(|byte| byte == b'.')
    };
    let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
    if !is_part(bucket) || !(prefix.is_empty() || prefix.split('/').all(is_part)) {
        return Err(refused("lake-s3", url, why));
    }
    let why = "not the URL of a service; write for example https://s3.example or http://127.0.0.1:9000";
    let is_url = |text: &String| text.starts_with("https://") || text.starts_with("http://");
    if let Some(text) = given.lake_s3_endpoint.as_ref().filter(|text| !is_url(text)) {
        return Err(refused("lake-s3-endpoint", text, why));
    }
    Ok(Some(S3Place {
        bucket: bucket.to_owned(),
        prefix: prefix.to_owned(),
        region: given.region.clone().unwrap_or_else(|| REGION_DEFAULT.to_owned()),
        endpoint: given.lake_s3_endpoint.clone(),
        access_key_id: None,
        secret_access_key: None,
    }))
}

/// A length of time as people write it: a whole number and `s`, `m`, `h` or `d`.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let (number, seconds) = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)]
        .into_iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))?;
    let seconds = whole(number)?.checked_mul(seconds)?;
    let duration = Duration::from_seconds(
        i64::try_from(seconds).ok().filter(|seconds| *seconds <= DURATION_MAX.0 / 1_000_000)?,
    );
    Some(duration)
}

/// Bytes as people write them: a whole number and `KiB`, `MiB`, `GiB` or `TiB`.
fn parse_size(text: &str) -> Option<u64> {
    let (number, shift) = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)]
        .into_iter()
        .find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, shift)))?;
    whole(number)?.checked_mul(1 << shift)
}

/// Digits only: `parse` alone would take a sign too.
fn whole(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn read_file(path: &Path, text: &str) -> Result<Given, SettingsError> {
    toml::from_str(text).map_err(|error| SettingsError::Malformed(path.to_owned(), Box::new(error)))
}

fn refused(setting: &'static str, value: impl Into<String>, why: &'static str) -> SettingsError {
    SettingsError::Value { setting, value: value.into(), why }
}

fn folder(given: Option<PathBuf>) -> Result<PathBuf, SettingsError> {
    let folder = given.unwrap_or_else(|| DATA_DEFAULT.into());
    let why = "the name is empty; give a folder, or leave the setting out";
    if folder.as_os_str().is_empty() { Err(refused("data", "", why)) } else { Ok(folder) }
}

fn listen(text: &str) -> Result<SocketAddr, SettingsError> {
    let why = "not an address and a port; write for example 127.0.0.1:7300 or [::1]:7300";
    // A name could mean several addresses, some of them on the network; this one surely means here.
    let text =
        text.strip_prefix("localhost:").map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    text.parse().map_err(|_| refused("listen", text, why))
}

fn networks(setting: &'static str, texts: &[String]) -> Result<Vec<Network>, SettingsError> {
    check_len(setting, texts)?;
    let why = "neither an address nor a network; write for example 10.0.0.5 or 10.0.0.0/24";
    texts.iter().map(|text| text.trim().parse().map_err(|_| refused(setting, text, why))).collect()
}

fn names(texts: &[String]) -> Result<Vec<Box<str>>, SettingsError> {
    let setting = "public-host";
    check_len(setting, texts)?;
    let why = "not a host name; write it without scheme, port and path, for example walletscope.example";
    let is_part = |part: &str| {
        let has_only = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        has_only && (1..=63).contains(&part.len()) && !part.starts_with('-') && !part.ends_with('-')
    };
    let name = |text: &String| {
        let name = text.trim().to_ascii_lowercase();
        let is_name = name.len() <= 253 && name.split('.').all(is_part) && name.parse::<IpAddr>().is_err();
        if is_name { Ok(name.into()) } else { Err(refused(setting, text, why)) }
    };
    texts.iter().map(name).collect()
}

fn check_len(setting: &'static str, texts: &[String]) -> Result<(), SettingsError> {
    let why = "more than 64 of them; a network such as 10.0.0.0/24 stands for many addresses";
    if texts.len() > LIST_LEN_MAX { Err(refused(setting, texts.len().to_string(), why)) } else { Ok(()) }
}

fn account(text: &str) -> Result<Box<str>, SettingsError> {
    let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    let why = "an account has 12 digits, for example 123456789012 (in a file: in quotes)";
    if is_account { Ok(text.into()) } else { Err(refused("account", text, why)) }
}

fn region(text: &str) -> Result<Box<str>, SettingsError> {
    let has_only =
        text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let why = "a region is 1 to 32 small letters, digits and '-', for example us-east-1";
    if has_only && (1..=32).contains(&text.len()) {
        Ok(text.into())
    } else {
        Err(refused("region", text, why))
    }
}

fn retention(given: &Given) -> Result<Retention, SettingsError> {
    let default = Retention::default();
    let size = given.journal_size.as_deref().map_or(Ok(default.bytes), |text| {
        let why = "not a size of 1GiB or more; write for example 20GiB";
        let size = parse_size(text).filter(|size| *size >= JOURNAL_BYTES_MIN);
        size.ok_or_else(|| refused("journal-size", text, why))
    })?;
    let age = duration("journal-keep", given.journal_keep.as_deref(), default.age)?;
    Ok(Retention { age, bytes: size })
}

fn rules(given: &Given) -> Result<Rules, SettingsError> {
    let default = Rules::default();
    let rules = Rules {
        abandon_after: duration("abandon-after", given.abandon_after.as_deref(), default.abandon_after)?,
        step_up_mark_after: duration(
            "step-up-mark-after",
            given.step_up_mark_after.as_deref(),
            default.step_up_mark_after,
        )?,
        step_up_abandon_after: duration(
            "step-up-abandon-after",
            given.step_up_abandon_after.as_deref(),
            default.step_up_abandon_after,
        )?,
        settle_after: duration("settle-after", given.settle_after.as_deref(), default.settle_after)?,
        evict_after: duration("evict-after", given.evict_after.as_deref(), default.evict_after)?,
        placeholders: placeholders(given.placeholder_id.as_deref().unwrap_or_default())?,
        strict_accounts: strict_accounts(given.strict_account.as_deref().unwrap_or_default())?,
    };
    let longest_wait = rules.abandon_after.max(rules.step_up_abandon_after);
    let text = |duration: Duration| format!("{}s", duration.as_seconds());
    if rules.step_up_mark_after > rules.step_up_abandon_after {
        let why = "a step-up would be abandoned before it is marked; make it at most step-up-abandon-after";
        return Err(refused("step-up-mark-after", text(rules.step_up_mark_after), why));
    }
    if rules.evict_after.0 < longest_wait.0 + rules.settle_after.0 {
        let why = "an attempt would be forgotten before it can settle; make it at least the longer of abandon-after and \
                   step-up-abandon-after, plus settle-after";
        return Err(refused("evict-after", text(rules.evict_after), why));
    }
    Ok(rules)
}

/// In one order, as the placeholders.
fn strict_accounts(texts: &[String]) -> Result<Vec<Box<str>>, SettingsError> {
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    let mut accounts = Vec::new();
    for text in texts.iter().map(|text| text.trim()) {
        if text != "*" && !is_account(text) {
            return Err(refused("strict-account", text.to_owned(), "give an account of twelve digits, or *"));
        }
        accounts.push(Box::<str>::from(text));
    }
    accounts.sort_unstable();
    accounts.dedup();
    Ok(accounts)
}

/// In one order whatever the order in which they are given, so that only a change is one.
fn placeholders(texts: &[String]) -> Result<Vec<Box<str>>, SettingsError> {
    let setting = "placeholder-id";
    if texts.len() > LIST_LEN_MAX {
        let why = "more than 64 of them; let the sources leave out an id that they do not know";
        return Err(refused(setting, texts.len().to_string(), why));
    }
    let word = |text: &String| {
        let word = text.trim();
        if walletscope_guard::guard(word).cuts > 0 {
            return Err(refused(
                setting,
                "(a card number)",
                "card numbers are never written down; leave it out",
            ));
        }
        let why = "not a word of 1 to 128 bytes that could stand where an id is missing";
        let is_word = (1..=ID_BYTES_MAX).contains(&word.len());
        if is_word { Ok(word.to_lowercase().into_boxed_str()) } else { Err(refused(setting, word, why)) }
    };
    let mut words: Vec<Box<str>> = texts.iter().map(word).collect::<Result<_, _>>()?;
    words.sort_unstable();
    words.dedup();
    Ok(words)
}

fn duration(setting: &'static str, text: Option<&str>, default: Duration) -> Result<Duration, SettingsError> {
    let Some(text) = text else { return Ok(default) };
    let why = "not a time from 1s to 3650d; write a whole number and s, m, h or d, for example 15m";
    let duration = parse_duration(text).filter(|duration| *duration >= DURATION_MIN);
    duration.ok_or_else(|| refused(setting, text, why))
}

impl fmt::Display for SettingsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(setting, path, error) => {
                write!(formatter, "cannot read the file {}: {error}; check --{setting}", path.display())
            }
            Self::Malformed(path, error) => {
                write!(formatter, "cannot use the settings file {}: {}", path.display(), error.to_string().trim_end())
            }
            Self::Value { setting, value, why } => write!(formatter, "cannot use {setting} = {value:?}: {why}"),
            Self::TlsNotBuilt => formatter.write_str(
                "cannot use tls-cert and tls-key: this version does not speak TLS itself; let a proxy on this machine or \
                 in front of it end TLS, and name the proxy with trusted-proxy",
            ),
            Self::PlainOnNetwork(listen) => write!(
                formatter,
                "cannot use listen = \"{listen}\": others on the network could read what is sent, tokens included, \
                 because this server speaks plain HTTP; listen on 127.0.0.1, or let a proxy end TLS and name it with \
                 --trusted-proxy ADDRESS, which also keeps everybody else out"
            ),
        }
    }
}

impl std::error::Error for SettingsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable(_, _, error) => Some(error),
            Self::Malformed(_, error) => Some(error),
            Self::Value { .. } | Self::TlsNotBuilt | Self::PlainOnNetwork(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
