"""The bucket of a team on a real S3 API (moto's server): one machine's artifacts found by the next, uploads
killed, two at once, and one clear error for each thing that can be wrong with a bucket."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flows.cli import app
from muse_core.artifacts import key_of
from muse_core.errors import ArtifactError, ConfigError, TransientError
from muse_core.remote import open_files, open_remote
from muse_core.team_store import TeamStore
from tests.unit.artifacts.test_team_store import KEY, folder, table

pytest.importorskip("s3fs", reason="the extra s3 is not installed")
moto = pytest.importorskip("moto.server", reason="moto's server is not installed")

CANARY = "canary-secret-9f2"
MOTO = "http://127.0.0.1:{}"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    running = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    yield MOTO.format(running.get_host_and_port()[1])
    running.stop()


def connect() -> None:
    """Forgets connections, as another process would have none."""
    import s3fs

    open_files.cache_clear()
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def s3(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    import boto3

    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": CANARY,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": server,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    connect()
    yield boto3.client("s3")
    connect()


@pytest.fixture
def url(s3: Any, tmp_path: Path) -> str:
    s3.create_bucket(Bucket="team-bucket")
    return f"s3://team-bucket/{tmp_path.name}"


def machine(tmp_path: Path, name: str, url: str) -> TeamStore:
    return TeamStore(tmp_path / name / "artifacts", remote=open_remote(url))


def test_a_second_machine_with_an_empty_home(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = machine(tmp_path, "here", url), machine(tmp_path, "there", url)
    refs = [table(here), folder(here)]
    assert there.obtain("model", KEY) is None
    assert [here.share(ref) for ref in refs] == refs
    assert [there.obtain(ref.kind, KEY) for ref in refs] == refs
    assert there.verify() == [] and there.folder(refs[1])
    monkeypatch.setenv("MUSE_ARTIFACTS_URL", url)
    run = CliRunner()
    listed = run.invoke(app, ["artifacts", "ls", "--remote", "--json"])
    assert [one["id"] for one in json.loads(listed.output)["artifacts"]] == [
        f"profiles/{key_of(KEY)}",
        f"model/{key_of(KEY)}",
    ]
    verified = run.invoke(app, ["artifacts", "verify", "--remote"])
    assert verified.exit_code == 0 and "2 artifacts at s3://team-bucket" in " ".join(verified.output.split())
    open_files("s3").pipe_file(f"{url}/model/{key_of(KEY)}/{refs[1].digest[:16]}/folder/config.json", b"[]")
    verified = run.invoke(app, ["artifacts", "verify", "--remote", "--json"])
    assert verified.exit_code == 1 and '"damaged or incomplete"' not in verified.output


def test_no_secret_is_written_anywhere(tmp_path: Path, url: str, s3: Any) -> None:
    here = machine(tmp_path, "here", url)
    with here.lock(KEY):
        here.share(folder(here))
    files = open_files("s3")
    stored = [files.cat_file(name) for name in files.find(url)]
    local = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(stored) == 4
    assert not any(CANARY.encode() in text or b"AKIA" in text for text in stored + local)


SHARE = """
    import sys
    from pathlib import Path
    from muse_core.remote import Remote, open_remote
    from muse_core.team_store import TeamStore
    store = TeamStore(Path(sys.argv[1]), remote=open_remote(sys.argv[2]))
    print("ready", flush=True)
    sys.stdin.readline()
    for ref in store.list():
        print(store.share(ref).digest, flush=True)
"""


def start(root: Path, url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SHARE), str(root), url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_an_upload_killed_in_the_middle(tmp_path: Path, url: str, share: float) -> None:
    here, there = machine(tmp_path, "here", url), machine(tmp_path, "there", url)
    count = 60

    def fill(place: Path) -> None:
        for number in range(count):
            (place / f"shard-{number:02}").write_bytes(os.urandom(20_000))

    ref = here.write_folder("model", fill, KEY)
    files, data = open_files("s3"), f"{url}/model/{key_of(KEY)}/{ref.digest[:16]}"
    process = start(here.root, url)
    assert process.stdin is not None and process.stdout is not None
    process.stdout.readline()
    process.stdin.write("\n")
    process.stdin.flush()
    while process.poll() is None and len(files.find(data)) < share * count:
        pass
    process.send_signal(signal.SIGKILL)
    process.wait()
    sent = len(files.find(data))
    assert share * count <= sent < count, "the kill came too late to prove anything"
    assert there.obtain("model", KEY) is None and there.list() == []
    assert here.share(ref) == ref
    assert there.obtain("model", KEY) == ref and there.verify() == []


def test_two_machines_publish_one_key_at_once(tmp_path: Path, url: str) -> None:
    stores = [machine(tmp_path, name, url) for name in ("here", "there")]
    keys = [f"{number:02x}" * 32 for number in range(8)]
    for number, store in enumerate(stores):
        for key in keys:
            table(store, f"u{number}", key=key)
    both = [start(store.root, url) for store in stores]
    for process in both:
        assert process.stdout is not None
        process.stdout.readline()
    for process in both:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    told = [process.communicate(timeout=120)[0].split() for process in both]
    assert told[0] == told[1] and len(told[0]) == len(keys)
    assert [[ref.digest for ref in store.list()] for store in stores] == [told[0]] * 2
    assert list(stores[0].remote.verify()) == []


def test_a_bucket_that_may_only_be_read(tmp_path: Path, url: str, s3: Any) -> None:
    here, there = machine(tmp_path, "here", url), machine(tmp_path, "there", url)
    ref = here.share(folder(here))
    policy = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::team-bucket/*",
    }
    s3.put_bucket_policy(
        Bucket="team-bucket", Policy=json.dumps({"Version": "2012-10-17", "Statement": [policy]})
    )
    try:
        assert there.obtain("model", KEY) == ref == there.share(ref)
        with pytest.raises(ArtifactError, match="may not be written with these credentials"):
            there.share(table(there))
        assert there.find("profiles", KEY) is not None  # it lies here all the same
        with pytest.raises(ArtifactError, match="may not be written"), there.lock("cd" * 32):
            pytest.fail("a stage that cannot be shared does not begin")
    finally:
        s3.delete_bucket_policy(Bucket="team-bucket")


def test_a_bucket_that_does_not_exist(tmp_path: Path, s3: Any) -> None:
    store = machine(tmp_path, "here", "s3://no-such-bucket/x")
    for look in (
        lambda: store.obtain("model", KEY),
        lambda: store.share(folder(store)),
        lambda: store.remote.manifests(),
        lambda: store.lock(KEY).__enter__(),
    ):
        with pytest.raises(ArtifactError, match="there is no such bucket"):
            look()


def test_wrong_and_missing_credentials(
    tmp_path: Path, url: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = machine(tmp_path, "here", url)
    after(server, b"0")
    try:
        with pytest.raises(ArtifactError, match="may not be read with these credentials"):
            store.obtain("model", KEY)
        with pytest.raises(ArtifactError, match="may not be"):
            store.share(folder(store))
    finally:
        after(server, b"inf")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    connect()
    with pytest.raises(ArtifactError, match=r"may not be read .*Unable to locate credentials"):
        store.obtain("model", KEY)


def after(server: str, count: bytes) -> None:
    """From how many requests on moto looks at credentials."""
    asked = urllib.request.Request(
        f"{server}/moto-api/reset-auth", count, {"Content-Type": "text/plain"}, method="POST"
    )
    urllib.request.urlopen(asked).close()


def test_a_network_that_is_away(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    connect()
    store = machine(tmp_path, "here", url)
    with pytest.raises(TransientError, match=r"does not answer.*unset it"):
        store.obtain("model", KEY)
    ref = folder(store)
    with pytest.raises(TransientError, match="does not answer"):
        store.share(ref)
    assert store.verify() == [] and store.list() == [ref]


def test_the_command_line_without_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MUSE_ARTIFACTS_URL", raising=False)
    found = CliRunner().invoke(app, ["artifacts", "ls", "--remote"])
    assert found.exit_code != 0 and isinstance(found.exception, ConfigError | SystemExit)
