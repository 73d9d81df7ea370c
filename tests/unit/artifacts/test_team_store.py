"""Two machines with a bucket between them: found, fetched, agreed on, replaced when damaged."""

from __future__ import annotations

import logging
import pickle
from pathlib import Path

import fsspec
import pytest

from muse_core import records
from muse_core.artifacts import ArtifactStore, check_arrow_schema, key_of
from muse_core.errors import ArtifactError, ConfigError, HardwareError, TransientError
from muse_core.remote import Remote, explain, open_remote
from muse_core.team_store import TeamStore
from tests import builders

KEY, OTHER = "ab" * 32, "cd" * 32


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"memory://team/{tmp_path.name}"


@pytest.fixture
def here(tmp_path: Path, url: str) -> TeamStore:
    return TeamStore(tmp_path / "here", remote=open_remote(url))


@pytest.fixture
def there(tmp_path: Path, url: str) -> TeamStore:
    return TeamStore(tmp_path / "there", remote=open_remote(url))


def table(store: ArtifactStore, *names: str, key: str = KEY) -> object:
    rows = records.to_table("profiles", [builders.profile(profile_id=name) for name in names or ("u1", "u2")])
    return store.for_stage("profiles", {"seed": "1"}).write_table("profiles", rows, key)


def folder(store: ArtifactStore, key: str = KEY, text: str = "weights") -> object:
    def fill(place: Path) -> None:
        (place / "deep").mkdir()
        (place / "deep" / "model.safetensors").write_text(text)
        (place / "config.json").write_text("{}")

    return store.write_folder("model", fill, key)


def objects(store: TeamStore) -> dict[str, bytes]:
    files = fsspec.filesystem("memory")
    names = files.find(store.remote.url)
    return {name.split("/", 3)[3]: files.cat_file(name) for name in names}


def test_another_machine_finds_what_was_made_here(here: TeamStore, there: TeamStore) -> None:
    refs = [table(here), folder(here)]
    assert there.obtain("profiles", KEY) is None  # not shared yet
    assert [here.share(ref) for ref in refs] == refs
    assert there.find("profiles", KEY) == refs[0] and not there.root.exists()
    assert there.manifest(refs[0])["about"]["stage"] == "profiles"
    assert [there.obtain(ref.kind, KEY) for ref in refs] == refs
    assert there.read_table(refs[0]).equals(here.read_table(refs[0]))
    assert (there.folder(refs[1]) / "deep" / "model.safetensors").read_text() == "weights"
    assert there.verify() == [] and there.list() == here.list() and not any((there.root / "tmp").iterdir())
    plain = ArtifactStore(there.root)
    assert plain.manifest(refs[0]) == here.manifest(refs[0]) and plain.find("model", KEY) == refs[1]


def test_what_is_in_the_bucket(here: TeamStore) -> None:
    ref = folder(here)
    here.share(ref)
    base = f"model/{key_of(KEY)}"
    assert set(objects(here)) == {
        f"{base}/manifest.json",
        f"{base}/{ref.digest[:16]}/folder/config.json",
        f"{base}/{ref.digest[:16]}/folder/deep/model.safetensors",
    }
    local = here.root / base / "manifest.json"
    assert objects(here)[f"{base}/manifest.json"] == local.read_bytes()
    before = objects(here)
    assert here.share(ref) == ref and objects(here) == before


def test_the_first_in_the_bucket_counts(here: TeamStore, there: TeamStore) -> None:
    """Two machines have made one key with other bytes."""
    first, second = table(here, "u1"), table(there, "u2")
    assert first.digest != second.digest
    assert here.share(first) == first
    assert there.share(second) == first
    assert there.obtain("profiles", KEY) == first and there.read_table(first).equals(here.read_table(first))
    assert there.verify() == []


def test_both_publish_at_once(here: TeamStore, there: TeamStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other machine's manifest comes between our look and our write: the conditional write tells."""
    first, second = table(here, "u1"), table(there, "u2")
    send = Remote._send

    def and_the_other(self: Remote, root: Path, manifest: dict, is_whole: bool) -> None:
        send(self, root, manifest, is_whole)
        monkeypatch.setattr(Remote, "_send", send)
        here.share(first)

    monkeypatch.setattr(Remote, "_send", and_the_other)
    assert there.share(second) == first
    assert there.find("profiles", KEY) == first == here.share(first)


def test_a_failed_upload_publishes_nothing_and_is_taken_up(
    here: TeamStore, there: TeamStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = folder(here)
    files, sent = fsspec.filesystem("memory"), []
    put = type(files).put_file

    def dies(self: object, local: str, place: str, **more: object) -> None:
        if len(sent) == 1:
            raise ConnectionResetError("reset by peer")
        sent.append(place)
        put(self, local, place, **more)

    monkeypatch.setattr(type(files), "put_file", dies)
    with pytest.raises(TransientError, match="does not answer"):
        here.share(ref)
    assert there.find("model", KEY) is None and len(objects(here)) == 1
    monkeypatch.setattr(
        type(files), "put_file", lambda self, *a, **k: (sent.append(a[1]), put(self, *a, **k))
    )
    assert here.share(ref) == ref
    assert len(sent) == len(set(sent)) == 2  # what was there was not sent again
    assert there.obtain("model", KEY) == ref


@pytest.mark.parametrize("what", ["bytes", "missing", "manifest", "more"])
def test_damage_in_the_bucket_is_missing_until_somebody_makes_it_again(
    here: TeamStore, there: TeamStore, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    ref = folder(here)
    here.share(ref)
    files, base = fsspec.filesystem("memory"), f"{here.remote.url}/model/{key_of(KEY)}"
    data = f"{base}/{ref.digest[:16]}/folder"
    if what == "bytes":
        files.pipe_file(f"{data}/config.json", b"[]")
    elif what == "missing":
        files.rm_file(f"{data}/config.json")
    elif what == "more":
        files.pipe_file(f"{data}/../../evil", b"x")
    else:
        files.pipe_file(f"{base}/manifest.json", b'{"ref": ')
    if what == "more":
        assert there.obtain("model", KEY) == ref
        return
    assert there.obtain("model", KEY) is None
    assert "is ignored" in caplog.text and there.list() == [] and not any(there.root.glob("model/*"))
    assert [one.path for one in here.remote.verify()] == [f"model/{key_of(KEY)}"]
    again = folder(there, text="made again, with other bytes")
    assert there.share(again) == again
    assert list(here.remote.verify()) == []
    if what != "manifest":
        assert "is replaced" in caplog.text
    assert here.obtain("model", KEY) == again  # the one that counts now


def test_local_damage_is_mended_from_the_bucket(here: TeamStore) -> None:
    ref = folder(here)
    here.share(ref)
    (here.root / ref.path / "config.json").write_text("damaged")
    assert here.obtain("model", KEY) == ref and here.folder(ref)


def test_list_and_verify_of_the_bucket(here: TeamStore) -> None:
    assert here.remote.manifests() == [] and list(here.remote.verify()) == []
    for ref in (table(here), folder(here, OTHER)):
        here.share(ref)
    assert [one["ref"]["kind"] for one in here.remote.manifests()] == ["profiles", "model"]
    assert list(here.remote.verify()) == []


def test_the_lock_is_one_for_both_machines(here: TeamStore, there: TeamStore) -> None:
    with here.lock(KEY):
        assert [name for name in objects(there) if name.startswith("claims/")] == [
            f"claims/{key_of(KEY)}/00000001"
        ]
    with there.lock(KEY):
        assert f"claims/{key_of(KEY)}/00000002" in objects(here)
    assert here.remote.manifests() == []


def test_a_store_travels_to_another_process(here: TeamStore) -> None:
    again = pickle.loads(pickle.dumps(TeamStore(here.root, check_arrow_schema, remote=here.remote)))
    assert again.remote == here.remote and again.for_stage("sft", {}).remote == here.remote


@pytest.mark.parametrize(
    "url", ["", "bucket/prefix", "http://host/x", "s3:///x", "s3://", "ftp://h/x", "s3://[x", "/folder"]
)
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(ConfigError, match="expected s3://bucket/prefix"):
        open_remote(url)


@pytest.mark.parametrize("url", ["s3://KEY:CANARY@bucket/x", "s3://b/x?secret=CANARY", "gs://CANARY@b/x"])
def test_an_address_with_a_secret_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigError, match="AWS_ACCESS_KEY_ID") as problem:
        open_remote(url)
    assert "CANARY" not in str(problem.value)


def test_a_missing_package_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(ConfigError, match=r"gs:// cannot be used: gcsfs .*pip install -e '\.\[gcs\]'"):
        open_remote("gs://bucket/x")


class EndpointConnectionError(Exception): ...


class NoCredentialsError(Exception): ...


class HttpResponseError(Exception):
    """Of azure, by its shape."""

    def __init__(self, status_code: int) -> None:
        super().__init__("Server failed\nRequestId: 1")
        self.status_code = status_code


class HttpError(Exception):
    """Of gcsfs, by its shape."""

    def __init__(self, code: int) -> None:
        super().__init__("Invalid Credentials")
        self.code = code


@pytest.mark.parametrize(
    ("problem", "kind", "said"),
    [
        (ConnectionResetError("x"), TransientError, "does not answer"),
        (TimeoutError("x"), TransientError, "does not answer"),
        (OSError(16, "slow down"), TransientError, "does not answer"),
        (EndpointConnectionError("x"), TransientError, "does not answer"),
        (NoCredentialsError("none found"), ArtifactError, "may not be written"),
        (PermissionError("Forbidden"), ArtifactError, "may not be written"),
        (FileNotFoundError("NoSuchBucket"), ArtifactError, "no such bucket"),
        (OSError(22, "odd"), ArtifactError, "cannot be written"),
        (OSError("Forbidden: b/x\nno access"), ArtifactError, "may not be written"),  # of gcsfs
        (HttpResponseError(403), ArtifactError, "may not be written"),
        (HttpResponseError(503), TransientError, "does not answer"),
        (HttpResponseError(400), ArtifactError, "cannot be written (Server failed)"),
        (HttpError(401), ArtifactError, "may not be written"),
        (OSError(28, "no space"), None, ""),
        (HardwareError("x"), None, ""),
        (ValueError("a bug of ours"), None, ""),
    ],
)
def test_what_errors_mean(problem: Exception, kind: type | None, said: str) -> None:
    found = explain(problem, "s3://b/x", "written")
    if kind is None:
        assert found is None
        return
    assert type(found) is kind and said in str(found) and "MUSE_ARTIFACTS_URL" in str(found)


def test_no_space_for_a_download(here: TeamStore, there: TeamStore, monkeypatch: pytest.MonkeyPatch) -> None:
    here.share(folder(here))

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(fsspec.filesystem("memory")), "get_file", full)
    with pytest.raises(HardwareError, match="no space left"):
        there.obtain("model", KEY)
    assert there.list() == [] and not any((there.root / "tmp").iterdir())


def test_a_foreign_fingerprint_under_the_same_key_is_not_taken(
    here: TeamStore, there: TeamStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    here.share(table(here))
    assert there.obtain("profiles", KEY[:16] + "0" * 48) is None
