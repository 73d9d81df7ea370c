"""The same bucket on Azure's and Google's API, where their emulators are installed: `npm install -g azurite`
with the extra azure, `pip install gcp-storage-emulator` with the extra gcs."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from muse_core.errors import ArtifactError, ConfigError
from muse_core.remote import open_files, open_remote
from muse_core.team_store import TeamStore
from tests.unit.artifacts.test_team_store import KEY, OTHER, folder, table

# The account that every Azurite has; Microsoft documents it.
ACCOUNT = "devstoreaccount1"
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
START_S = 60.0


@contextmanager
def emulator(*command: str, port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + START_S
        while not listens(port):
            assert process.poll() is None and time.monotonic() < end, f"{command[0]} did not start"
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def needs(command: str, package: str) -> None:
    if not shutil.which(command) or not importlib.util.find_spec(package):
        pytest.skip(f"{command} or {package} is not installed")


def azure(port: int, key: str = ACCOUNT_KEY) -> str:
    at = f"BlobEndpoint=http://127.0.0.1:{port}/{ACCOUNT};"
    return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={key};{at}"


def connect(monkeypatch: pytest.MonkeyPatch, connection: str | None) -> None:
    """As another process with these credentials would; None: without any."""
    import adlfs

    for name in [one for one in os.environ if one.startswith("AZURE_")]:
        monkeypatch.delenv(name)
    if connection:
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", connection)
    open_files.cache_clear()
    adlfs.AzureBlobFileSystem.clear_instance_cache()


@pytest.fixture(scope="module")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    needs("azurite-blob", "adlfs")
    from azure.storage.blob import BlobServiceClient

    port, data = free_port(), str(tmp_path_factory.mktemp("azurite"))
    words = ("azurite-blob", "--silent", "--skipApiVersionCheck", "--location", data)
    with emulator(*words, "--blobHost", "127.0.0.1", "--blobPort", str(port), port=port):
        BlobServiceClient.from_connection_string(azure(port)).create_container("team")
        yield port


@pytest.fixture(scope="module")
def google() -> Iterator[int]:
    needs("gcp-storage-emulator", "gcsfs")
    port = free_port()
    with emulator(
        "gcp-storage-emulator", "start", "--host=127.0.0.1", f"--port={port}", "--in-memory", port=port
    ):
        asked = urllib.request.Request(
            f"http://127.0.0.1:{port}/storage/v1/b?project=x", json.dumps({"name": "team"}).encode(),
            {"Content-Type": "application/json"}, method="POST",
        )  # fmt: skip
        urllib.request.urlopen(asked).close()
        yield port


@pytest.fixture(params=["azurite", "google"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    port = request.getfixturevalue(request.param)
    if request.param == "azurite":
        connect(monkeypatch, azure(port))
        yield f"abfs://team/{tmp_path.name}"
    else:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{port}")
        yield f"gs://team/{tmp_path.name}"
    open_files.cache_clear()


def test_what_one_machine_has_made_the_next_one_finds(tmp_path: Path, url: str) -> None:
    here, there = (TeamStore(tmp_path / name, remote=open_remote(url)) for name in ("here", "there"))
    assert there.obtain("model", KEY) is None and there.remote.manifests() == []
    with here.lock(KEY):
        refs = [here.share(table(here)), here.share(folder(here))]
    assert [there.obtain(ref.kind, KEY) for ref in refs] == refs
    assert (there.folder(refs[1]) / "deep" / "model.safetensors").read_text() == "weights"
    assert list(there.remote.verify()) == [] and there.list() == here.list()


def test_the_first_one_counts(tmp_path: Path, url: str) -> None:
    here, there = (TeamStore(tmp_path / name, remote=open_remote(url)) for name in ("here", "there"))
    first, second = folder(here, OTHER, "one"), folder(there, OTHER, "two")
    assert here.share(first) == first and there.share(second) == first
    if url.startswith("abfs"):  # Google's emulator takes the condition and ignores it
        with pytest.raises(FileExistsError):
            open_files("abfs").pipe_file(f"{url}/model/{OTHER[:16]}/manifest.json", b"x", mode="create")


def test_a_bucket_that_is_not_there(tmp_path: Path, url: str) -> None:
    store = TeamStore(tmp_path / "here", remote=open_remote(url.replace("team", "nobody")))
    for look in (
        lambda: store.share(folder(store)),
        lambda: store.remote.manifests(),
        lambda: store.lock(KEY).__enter__(),
    ):
        with pytest.raises(ArtifactError, match="there is no such bucket"):
            look()


def test_a_wrong_and_a_missing_key_of_azure(
    tmp_path: Path, azurite: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, azure(azurite, "AAAA" + ACCOUNT_KEY[4:]))
    store = TeamStore(tmp_path / "here", remote=open_remote("abfs://team/x"))
    with pytest.raises(ArtifactError, match="may not be read with these credentials"):
        store.obtain("model", KEY)
    connect(monkeypatch, None)
    with pytest.raises(ConfigError, match=r"abfs:// cannot be used.*AZURE_STORAGE_CONNECTION_STRING"):
        open_remote("abfs://team/x")
