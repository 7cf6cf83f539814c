//! Command lines as data: words in, the typed command or the refusal out.

use super::*;

fn parse(line: &str) -> Result<Command, String> {
    let words = std::iter::once("walletscope").chain(line.split_whitespace());
    CommandLine::try_parse_from(words).map(|line| line.command).map_err(|error| error.to_string())
}

fn simulate(line: &str) -> Simulate {
    match parse(line) {
        Ok(Command::Simulate(simulate)) => simulate,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn every_command_explains_itself_with_examples() {
    CommandLine::command().debug_assert();
    let mut waiting = vec![CommandLine::command()];
    while let Some(mut command) = waiting.pop() {
        let help = command.render_long_help().to_string();
        assert!(help.contains("Examples:"), "{help}");
        assert!(command.get_about().is_some(), "{help}");
        for argument in command.get_arguments().filter(|argument| argument.get_id() != "help") {
            assert!(argument.get_help().is_some(), "{argument}");
        }
        waiting.extend(command.get_subcommands().filter(|command| command.get_name() != "help").cloned());
    }
}

#[test]
fn the_contract_for_scripts_holds() {
    let Ok(Command::Serve(given)) = parse("serve --data d --listen 127.0.0.1:7301") else {
        panic!("no serve")
    };
    assert_eq!(given.data, Some("d".into()));
    assert_eq!(given.listen.as_deref(), Some("127.0.0.1:7301"));
    let Ok(Command::Serve(given)) = parse("serve --trusted-proxy 10.0.0.5,10.0.0.6 --trusted-proxy ::1")
    else {
        panic!("no serve")
    };
    assert_eq!(given.trusted_proxy.unwrap(), ["10.0.0.5", "10.0.0.6", "::1"]);
    assert!(matches!(parse("demo"), Ok(Command::Demo(_))));
    assert!(matches!(parse("openapi"), Ok(Command::Openapi)));
    assert!(matches!(parse("sign-in-link --data d"), Ok(Command::SignInLink(_))));
}

#[test]
fn traffic_is_described_in_full() {
    let simulate = simulate(
        "simulate --endpoint http://h:1 --data d --seed 7 --rate 0.5 --even --history 6h --past 60d --for 10m \
         --incident issuer-outage=DEMO_Bank@+5m..+15m --incident bin-attack=555555@-2h..-1h",
    );
    let incident = |incident, from, to| PlannedIncident {
        incident,
        from: Duration::from_seconds(from),
        to: Duration::from_seconds(to),
    };
    let expected = Play {
        seed: 7,
        attempts_per_second: 0.5,
        is_even: true,
        history: Duration::from_seconds(6 * 3_600),
        incidents: vec![
            incident(Incident::IssuerOutage { issuer: "DEMO_Bank".into() }, 300, 900),
            incident(Incident::BinAttack { bin: "555555".into() }, -7_200, -3_600),
        ],
    };
    assert_eq!(simulate.play, expected);
    assert_eq!(simulate.past, Duration::from_seconds(60 * 86_400));
    assert_eq!(simulate.live, Some(Duration::from_seconds(600)));
    assert!(simulate.key_source() == KeySource::Folder("d".into()));
}

#[test]
fn given_keys_come_together_and_never_show() {
    let all = simulate("simulate --access-key-id AKIA1 --secret-access-key hidden --api-token ws_hidden");
    let expected = KeySource::Given {
        access_key_id: "AKIA1".into(),
        secret_access_key: "hidden".into(),
        api_token: "ws_hidden".into(),
    };
    assert!(all.key_source() == expected);
    assert!(!format!("{all:?}").contains("hidden"));
    for part in ["--access-key-id AKIA1", "--secret-access-key hidden", "--api-token t"] {
        let error = parse(&format!("simulate {part}")).unwrap_err();
        assert!(error.contains("required arguments"), "{error}");
    }
}

#[test]
fn imports_name_their_files_and_hide_their_token() {
    let import = |line: &str| match parse(line) {
        Ok(Command::Import(import)) => import,
        other => panic!("{line}: {other:?}"),
    };
    let usual = import("import a.json b.csv");
    assert_eq!(usual.files, [PathBuf::from("a.json"), "b.csv".into()]);
    assert_eq!((&*usual.source, &*usual.group), ("import", "/aws/lambda/token-provisioning-service"));
    assert!(!usual.skip_bad && !usual.dry_run && !usual.again && usual.server.is_none());
    let named = import("import --server http://h:1 --api-token ws_hidden --source x --data d --skip-bad a");
    assert_eq!((named.server.as_deref(), named.api_token()), (Some("http://h:1"), Some("ws_hidden")));
    assert!(named.skip_bad && named.settings.data == Some("d".into()));
    assert!(!format!("{named:?}").contains("hidden"));
}

#[test]
fn keys_are_added_listed_and_revoked() {
    let action = |line: &str| match parse(line) {
        Ok(Command::Keys(keys)) => (keys.data, keys.action),
        other => panic!("{line}: {other:?}"),
    };
    let add = |kind| KeyAction::Add { source: "gateway".into(), kind };
    assert_eq!(action("keys add gateway").1, add(KeyKind::Access));
    assert_eq!(action("keys add gateway --kind ingest").1, add(KeyKind::Ingest));
    assert_eq!(action("keys list --data d"), ("d".into(), KeyAction::List));
    assert_eq!(action("keys --data d revoke X"), ("d".into(), KeyAction::Revoke { id: "X".into() }));
}

#[test]
fn what_means_nothing_is_refused_with_an_example() {
    let cases = [
        ("simulate --rate 0", "above 0, up to"),
        ("simulate --rate NaN", "above 0, up to"),
        ("simulate --rate inf", "above 0, up to"),
        ("demo --history 24", "for example 24h"),
        ("demo --history -1h", "unexpected argument"),
        ("demo --history 14d", "13d at most"),
        ("demo --past 60", "for example 24h"),
        ("simulate --past 0", "for example 24h"),
        ("simulate --past 401d", "400d at most"),
        ("demo --seed -1", "unexpected argument"),
        ("demo --incident fire=DEMO_Bank@0s..1m", "for example issuer-outage"),
        ("demo --incident tsp-fast=VISA@0s..1m", "tsp-slow=NETWORK"),
        ("demo --incident issuer-outage=@0s..1m", "for example issuer-outage"),
        ("demo --incident issuer-outage@0s..1m", "for example issuer-outage"),
        ("demo --incident issuer-outage=A@1m..1m", "FROM before TO"),
        ("demo --incident issuer-outage=A@1m", "for example issuer-outage"),
        ("demo --incident issuer-outage=A@+-1m..5m", "for example issuer-outage"),
        ("import", "required arguments"),
        ("keys add", "required arguments"),
        ("keys add a --kind root", "possible values: access, ingest"),
        ("keys revoke", "required arguments"),
        ("completions cmd", "possible values"),
        ("serve --lisen x", "--listen"),
        ("", "Usage:"),
    ];
    for (line, expected) in cases {
        let error = parse(line).err().unwrap_or_else(|| panic!("{line} is accepted"));
        assert!(error.contains(expected), "{line}: {error}");
    }
}

#[test]
fn completions_know_the_commands() {
    let script = String::from_utf8(completions(clap_complete::Shell::Bash)).unwrap();
    assert!(script.contains("sign-in-link") && script.contains("--trusted-proxy"));
}
