//! Credentials files as data: a text before, the text after, or the refusal.

use super::*;

const COMPLETE: &str = "[default]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = s\n\
                        walletscope_api_token = ws_t\n";

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn text_of(folder: &Path) -> String {
    fs::read_to_string(folder.join(FILE_NAME)).unwrap()
}

#[test]
fn the_first_start_makes_a_file_for_its_owner_and_the_second_uses_it() {
    let parent = folder();
    let folder = parent.path().join("a/b");
    let (first, warnings) = Credentials::open(&folder).unwrap();
    assert_eq!(warnings, []);
    assert_eq!((mode(&folder), mode(&folder.join(FILE_NAME))), (0o700, 0o600));
    let text = text_of(&folder);
    let (second, _) = Credentials::open(&folder).unwrap();
    assert_eq!(text, text_of(&folder));
    assert_eq!(first.access_key_id, second.access_key_id);
    assert_eq!(first.secret_access_key.expose(), second.secret_access_key.expose());
    assert_eq!(first.api_token.expose(), second.api_token.expose());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing is left beside the file");
}

#[test]
fn a_file_that_exists_is_used_as_it_is() {
    let folder = folder();
    let text = format!("# mine\r\n[other]\r\naws_access_key_id = X\r\n{}", COMPLETE.replace('\n', "\r\n"));
    fs::write(folder.path().join(FILE_NAME), &text).unwrap();
    let (credentials, _) = Credentials::open(folder.path()).unwrap();
    assert_eq!(text_of(folder.path()), text);
    assert_eq!(&*credentials.access_key_id, "AKIAEXAMPLE");
    assert_eq!(credentials.secret_access_key.expose(), "s");
    assert_eq!(credentials.api_token.expose(), "ws_t");
}

#[test]
fn only_what_is_missing_is_added() {
    let folder = folder();
    fs::write(folder.path().join(FILE_NAME), "[default]\naws_access_key_id = AKIAEXAMPLE").unwrap();
    let (credentials, _) = Credentials::open(folder.path()).unwrap();
    assert_eq!(&*credentials.access_key_id, "AKIAEXAMPLE");
    let expected = format!(
        "[default]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = {}\nwalletscope_api_token = {}\n",
        credentials.secret_access_key.expose(),
        credentials.api_token.expose()
    );
    assert_eq!(text_of(folder.path()), expected);
    assert_eq!(mode(&folder.path().join(FILE_NAME)), 0o600);
}

#[test]
fn a_link_is_followed_and_stays() {
    let (folder, elsewhere) = (folder(), folder());
    let target = elsewhere.path().join("mine");
    fs::write(&target, "[default]\n").unwrap();
    std::os::unix::fs::symlink(&target, folder.path().join(FILE_NAME)).unwrap();
    Credentials::open(folder.path()).unwrap();
    assert!(fs::symlink_metadata(folder.path().join(FILE_NAME)).unwrap().is_symlink());
    assert!(fs::read_to_string(target).unwrap().contains(API_TOKEN));
}

#[test]
fn a_file_open_to_others_is_closed_and_named() {
    let folder = folder();
    let path = folder.path().join(FILE_NAME);
    for bits in [0o644, 0o640, 0o666, 0o604] {
        fs::write(&path, COMPLETE).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(bits)).unwrap();
        let (_, warnings) = Credentials::open(folder.path()).unwrap();
        assert_eq!(warnings, [Warning::WasOpenToOthers { path: path.clone(), mode: bits }]);
        assert_eq!(mode(&path), 0o600);
    }
    fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
    assert_eq!(Credentials::open(folder.path()).unwrap().1, []);
}

#[test]
fn what_cannot_be_used_is_refused_and_left_alone() {
    let cases: [(&[u8], &str); 5] = [
        (b"[default]\naws_access_key_id =\n", "line 2: aws_access_key_id has no value"),
        (b"[default]\naws_access_key_id\n", "line 2: neither a [profile], a comment nor name = value"),
        (
            b"[default]\nwalletscope_api_token = a\nWALLETSCOPE_API_TOKEN=b\n",
            "line 3: walletscope_api_token is there twice",
        ),
        (b"[default]\naws_access_key_id = AKIA/1\n", "line 2: aws_access_key_id has a character that"),
        (b"\xff\xfe", "it is not UTF-8 text"),
    ];
    for (text, expected) in cases {
        let folder = folder();
        let path = folder.path().join(FILE_NAME);
        fs::write(&path, text).unwrap();
        let error = Credentials::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("credentials"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), text);
    }
}

#[test]
fn a_place_that_cannot_be_written_is_named_with_a_way_out() {
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Credentials::open(&file.join("data")).unwrap_err().to_string();
    assert!(error.starts_with("cannot create ") && error.contains("file/data"), "{error}");
    let denied = failed("write", &file)(io::ErrorKind::PermissionDenied.into()).to_string();
    assert!(denied.ends_with("--data names a folder that this user can write to"), "{denied}");
}

#[test]
fn a_folder_without_write_permission_is_refused() {
    let folder = folder();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o500)).unwrap();
    // The super-user writes anywhere, so there the permission means nothing.
    let may_write_anyway = File::create(folder.path().join("probe")).is_ok();
    let opened = Credentials::open(folder.path());
    fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
    assert_eq!(opened.is_ok(), may_write_anyway);
}

#[test]
fn reading_makes_nothing() {
    let folder = folder();
    let error = Credentials::read(folder.path()).unwrap_err().to_string();
    assert!(error.contains("`walletscope serve` makes the file"), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    fs::write(folder.path().join(FILE_NAME), "[default]\naws_access_key_id = A\n").unwrap();
    let error = Credentials::read(folder.path()).unwrap_err().to_string();
    assert!(error.contains("no aws_secret_access_key in [default]"), "{error}");
}

#[test]
fn secrets_are_not_in_debug() {
    let credentials = Credentials::parse(COMPLETE, Path::new("c")).unwrap();
    let shown = format!("{credentials:?}");
    assert!(shown.contains("AKIAEXAMPLE") && !shown.contains("ws_t"), "{shown}");
}
