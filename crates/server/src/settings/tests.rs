//! Settings as data: a file's text in, what the server would run by or the refusal out.

use super::*;

fn read(text: &str) -> Result<Settings, SettingsError> {
    read_file(Path::new("w.toml"), text).and_then(Settings::new)
}

fn refusal(text: &str) -> String {
    read(text).map(|settings| panic!("{text} is accepted: {settings:?}")).unwrap_err().to_string()
}

#[test]
fn nothing_given_is_safe_and_complete() {
    let settings = read("").unwrap();
    assert_eq!(settings.data, Path::new("walletscope-data"));
    assert_eq!(settings.listen, "127.0.0.1:7300".parse().unwrap());
    assert_eq!((&*settings.account, &*settings.region), ("123456789012", "us-east-1"));
    assert_eq!(settings.retention().age, Duration::from_seconds(7 * 86_400));
    assert_eq!(settings.retention().bytes, 20 << 30);
    assert_eq!(settings.rules, Rules::default());
    assert!(settings.public_hosts.is_empty() && settings.trusted_proxies.is_empty());
}

#[test]
fn everything_can_be_given() {
    let settings = read(
        "data = '/srv/w'\nlisten = '0.0.0.0:80'\ntrusted-proxy = ['10.0.0.5', 'fd00::/8']\n\
         public-host = ['Logs.Example', 'w']\naccount = '000000000001'\nregion = 'eu-west-1'\n\
         journal-keep = '2d'\njournal-size = '1GiB'\nabandon-after = '90s'\nstep-up-mark-after = '1h'\n\
         step-up-abandon-after = '2h'\nsettle-after = '1m'\nevict-after = '3h'\n\
         placeholder-id = ['TBD', ' no-id', 'tbd']\nlake-memory = '256MiB'\n\
         strict-account = ['123456789012']",
    )
    .unwrap();
    assert_eq!(settings.data, Path::new("/srv/w"));
    assert_eq!(settings.listen, "0.0.0.0:80".parse().unwrap());
    assert_eq!(settings.trusted_proxies, ["10.0.0.5".parse().unwrap(), "fd00::/8".parse().unwrap()]);
    assert_eq!(settings.public_hosts, ["logs.example".into(), "w".into()]);
    assert_eq!((&*settings.account, &*settings.region), ("000000000001", "eu-west-1"));
    assert_eq!(settings.lake.memory_bytes_max, 256 << 20);
    assert_eq!((settings.journal.age, settings.journal.bytes), (Duration::from_seconds(2 * 86_400), 1 << 30));
    let rules = Rules {
        abandon_after: Duration::from_seconds(90),
        step_up_mark_after: Duration::from_seconds(3_600),
        step_up_abandon_after: Duration::from_seconds(7_200),
        settle_after: Duration::from_seconds(60),
        evict_after: Duration::from_seconds(10_800),
        placeholders: vec!["no-id".into(), "tbd".into()],
        strict_accounts: vec!["123456789012".into()],
    };
    assert_eq!(settings.rules, rules);
}

#[test]
fn addresses_of_this_machine_need_no_proxy_and_others_do() {
    for listen in ["127.0.0.1:0", "127.9.9.9:7300", "[::1]:7300", "localhost:7300"] {
        assert!(read(&format!("listen = '{listen}'")).is_ok(), "{listen}");
    }
    for listen in ["0.0.0.0:7300", "[::]:7300", "10.0.0.7:7300", "192.0.2.1:443", "[2001:db8::1]:7300"] {
        let error = refusal(&format!("listen = '{listen}'"));
        assert!(
            error.contains(listen) && error.contains("--trusted-proxy") && error.contains("127.0.0.1"),
            "{error}"
        );
        assert!(read(&format!("listen = '{listen}'\ntrusted-proxy = ['10.0.0.5']")).is_ok());
        assert!(read(&format!("listen = '{listen}'\ntrusted-proxy = []")).is_err());
    }
}

#[test]
fn what_cannot_be_is_refused_with_its_name_value_and_a_way_out() {
    let cases = [
        ("listen = '7300'", "cannot use listen = \"7300\"", "127.0.0.1:7300"),
        ("listen = 'walletscope.example:7300'", "walletscope.example:7300", "127.0.0.1:7300"),
        ("listen = '127.0.0.1:70000'", "127.0.0.1:70000", "127.0.0.1:7300"),
        ("listen = ''", "cannot use listen = \"\"", "127.0.0.1:7300"),
        ("data = ''", "cannot use data = \"\"", "give a folder"),
        ("trusted-proxy = ['proxy.example']", "trusted-proxy = \"proxy.example\"", "10.0.0.0/24"),
        ("public-host = ['https://logs.example']", "https://logs.example", "without scheme"),
        ("public-host = ['logs.example:443']", "logs.example:443", "port"),
        ("public-host = ['10.0.0.5']", "10.0.0.5", "not a host name"),
        ("public-host = ['']", "public-host = \"\"", "not a host name"),
        ("public-host = ['*.example']", "*.example", "not a host name"),
        ("strict-account = ['me']", "strict-account = \"me\"", "twelve digits, or *"),
        ("placeholder-id = ['']", "placeholder-id = \"\"", "where an id is missing"),
        ("placeholder-id = ['4111111111111111']", "(a card number)", "leave it out"),
        ("account = '12345678901'", "account = \"12345678901\"", "12 digits"),
        ("account = 'abcdefghijkl'", "abcdefghijkl", "12 digits"),
        ("region = 'US East'", "US East", "us-east-1"),
        ("region = ''", "region = \"\"", "us-east-1"),
        ("journal-size = '20GB'", "journal-size = \"20GB\"", "20GiB"),
        ("journal-size = '1MiB'", "1MiB", "1GiB or more"),
        ("journal-size = '99999999999TiB'", "99999999999TiB", "20GiB"),
        ("lake-s3 = 'https://bucket'", "lake-s3 = \"https://bucket\"", "s3://bucket/"),
        ("lake-s3 = 's3:///prefix'", "s3:///prefix", "s3://bucket/"),
        ("lake-s3 = 's3://bucket/a//b'", "s3://bucket/a//b", "letters, digits"),
        ("lake-s3 = 's3://bucket/50% off'", "s3://bucket/50% off", "letters, digits"),
        ("lake-s3 = 's3://bucket/../other'", "s3://bucket/../other", "letters, digits"),
        ("lake-s3 = 's3://b'\nlake-s3-endpoint = 'minio:9000'", "minio:9000", "http://127.0.0.1:9000"),
        ("lake-memory = '1GB'", "lake-memory = \"1GB\"", "2GiB"),
        ("lake-memory = '127MiB'", "127MiB", "128MiB or more"),
        ("journal-keep = '7'", "journal-keep = \"7\"", "15m"),
        ("settle-after = '0s'", "settle-after = \"0s\"", "from 1s"),
        ("settle-after = '-1s'", "-1s", "15m"),
        ("settle-after = '+1s'", "+1s", "15m"),
        ("settle-after = '1.5h'", "1.5h", "whole number"),
        ("settle-after = '99999999999999999999d'", "99999999999999999999d", "3650d"),
        ("step-up-mark-after = '31d'", "step-up-mark-after", "step-up-abandon-after"),
        ("evict-after = '30d'", "evict-after", "plus settle-after"),
        ("tls-cert = 'c.pem'", "tls-cert and tls-key", "trusted-proxy"),
        ("lisen = '127.0.0.1:7300'", "w.toml", "unknown field `lisen`"),
        ("account = 123456789012", "w.toml", "invalid type"),
        ("listen = ", "w.toml", "line 1"),
    ];
    for (text, names, way_out) in cases {
        let error = refusal(text);
        assert!(error.contains(names) && error.contains(way_out), "{text}: {error}");
    }
}

#[test]
fn what_is_written_first_counts() {
    let flags = Given { region: Some("eu-west-1".into()), ..Given::default() };
    let file =
        Given { region: Some("us-west-2".into()), account: Some("000000000001".into()), ..Given::default() };
    let settings = Settings::new(flags.or(file)).unwrap();
    assert_eq!((&*settings.region, &*settings.account), ("eu-west-1", "000000000001"));
}

#[test]
fn a_file_is_read_by_its_name_and_a_missing_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.toml");
    let given = || Given { config: Some(path.clone()), ..Given::default() };
    let error = Settings::load(given()).unwrap_err().to_string();
    assert!(error.contains("w.toml") && error.contains("--config"), "{error}");
    std::fs::write(&path, "region = 'eu-west-1'").unwrap();
    assert_eq!(&*Settings::load(given()).unwrap().region, "eu-west-1");
}

#[test]
fn the_table_of_settings_names_every_one() {
    let table = include_str!("../../../../docs/operating/settings.md");
    let command = <Given as clap::Args>::augment_args(clap::Command::new("w"));
    let mut count = 0;
    for argument in command.get_arguments() {
        let (name, variable) = (argument.get_long().unwrap(), argument.get_env().unwrap().to_str().unwrap());
        let row = table.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
        assert!(
            row.is_some_and(|row| row.contains(variable)),
            "{name} and {variable} are no row of settings.md"
        );
        count += 1;
    }
    assert_eq!(table.lines().filter(|line| line.starts_with("| `")).count(), count, "a row is of no setting");
}

#[test]
fn where_events_may_be_delivered_to_is_read_with_the_keys_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    let given = |networks: &[&str]| Given {
        delivery_network: Some(networks.iter().map(|network| (*network).to_owned()).collect()),
        delivery_keys: Some(keys.clone()),
        ..Given::default()
    };
    let refused = |given: Given| Settings::new(given).unwrap_err().to_string();
    let error = refused(given(&[]));
    assert!(error.contains("keys") && error.contains("--delivery-keys"), "{error}");
    std::fs::write(&keys, "# ours\nhttps://siem.example\n").unwrap();
    let error = refused(given(&[]));
    assert!(error.contains("line 2") && error.contains("https://siem.example"), "{error}");
    std::fs::write(&keys, "https://siem.example key\n").unwrap();
    assert!(refused(given(&["10.0.0.0/40"])).contains("delivery-network"));
    let short = Given { delivery_retry: Some("1".to_owned()), ..Given::default() };
    assert!(refused(short).contains("delivery-retry"));
    let settings = Settings::new(given(&["10.0.0.0/8"])).unwrap();
    assert_eq!(settings.delivery.networks.len(), 1);
    assert_eq!(settings.delivery.retry_for.as_seconds(), 86_400.0);
}
