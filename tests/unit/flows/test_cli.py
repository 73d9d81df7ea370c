from __future__ import annotations

import resource
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from flows import cli
from muse_core.config.load import preset_names
from muse_core.errors import ArtifactError
from tasks.parts import PARTS

ROOT = Path(__file__).resolve().parents[3]


def muse(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, list(arguments))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MUSE_HOME", str(tmp_path))
    monkeypatch.setattr("flows.environment._last_home", [])
    return tmp_path


def test_help_lists_the_verbs() -> None:
    text = muse("--help").stdout
    assert all(
        verb in text for verb in ("run", "explain", "eval", "report", "doctor", "catalog", "artifacts")
    )


VERBS = [
    [], ["run"], ["explain"], ["eval"], ["chat"], ["serve"],
    ["report"], ["compare"], ["doctor"], ["catalog"], ["catalog", "check"],
    ["human-eval"], ["human-eval", "make"], ["human-eval", "import"],
    ["artifacts"], ["artifacts", "ls"], ["artifacts", "show"], ["artifacts", "export"],
    ["artifacts", "verify"], ["artifacts", "gc"], ["up"], ["down"], ["bench"], ["bench", "convert"],
    ["models"], ["models", "ls"], ["models", "promote"], ["models", "rollback"],
]  # fmt: skip


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_every_verb_helps_with_h(verb: list[str]) -> None:
    short, long = muse(*verb, "-h"), muse(*verb, "--help")
    assert short.exit_code == long.exit_code == 0
    assert short.stdout == long.stdout and "Usage" in short.stdout


def test_no_verb_is_missing_above() -> None:
    groups = {
        "": cli.app,
        "catalog": cli.catalog_app,
        "human-eval": cli.human_app,
        "bench": cli.bench_app,
        "models": cli.models_app,
        "artifacts": cli.artifacts_app,
    }
    found = [
        [*([name] if name else []), command.name or command.callback.__name__]
        for name, group in groups.items()
        for command in group.registered_commands
    ]
    assert all(verb in VERBS for verb in found)


def test_the_version_is_the_packages() -> None:
    result = muse("--version")
    assert (result.exit_code, result.stdout) == (0, f"muse {version('muse')}\n")


@pytest.mark.parametrize("verb", ["run", "explain"])
def test_presets_and_stages_are_shown(verb: str) -> None:
    text = CliRunner(env={"COLUMNS": "300"}).invoke(cli.app, [verb, "-h"]).stdout
    assert f"[{'|'.join(preset_names())}]" in text
    assert f"[{'|'.join(PARTS)}]" in text


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("muse ex", {"explain"}),
        ("muse run --preset ", set(preset_names())),
        ("muse run --stage d", {"data", "dpo"}),
        ("muse explain --stage cat", {"catalog"}),
        ("muse artifacts ", {"ls", "show", "export", "verify", "gc"}),
    ],
)
def test_the_shell_completes(words: str, offered: set[str]) -> None:
    count = str(len(words.split()) - (not words.endswith(" ")))
    env = {"_MUSE_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": count}
    result = CliRunner().invoke(cli.app, [], prog_name="muse", env=env)
    assert set(result.stdout.split()) == offered


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--preset", "fast"], "unknown preset 'fast'"),
        (["--preset", "quickstar"], "did you mean quickstart"),
        (["--preset", "quickstart", "--stage", "train"], "unknown stage 'train'"),
        (["--preset", "quickstart", "--set", "sft.batchsize=3"], "unknown key sft.batchsize, did you mean"),
        (["--preset", "quickstart", "--set", "sft"], "expected section.key=value"),
        (["--preset", "quickstart", "--catalog", "no-such.csv"], "no-such.csv is not a file"),
        (["--preset", "quickstart", "--config", "no-such.toml"], "no-such.toml cannot be read"),
        (["--preset", "full"], "--set execution.device=cpu"),
        (["--colour"], "No such option"),
    ],
)
def test_a_mistake_of_the_user_is_exit_code_2(
    arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muse_core.models.device.gpu_works", lambda: False)
    result = muse("run", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_three_mistakes_are_all_named() -> None:
    settings = ("--set", "sft.foo=1", "--set", "dpo.beta=-3", "--set", "conversations.count=many")
    result = muse("run", "--preset", "quickstart", *settings)
    assert result.exit_code == 2
    assert "3 mistakes" in result.stderr
    assert all(key in result.stderr for key in ("sft.foo", "dpo.beta", "conversations.count"))


@pytest.mark.parametrize(
    ("error", "code"),
    [(ArtifactError("it is damaged"), 1), (KeyboardInterrupt(), 130), (ZeroDivisionError("oops"), 1)],
)
def test_errors_become_one_message(
    error: BaseException, code: int, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("flows.commands.doctor.doctor", fail)
    result = muse("doctor")
    assert result.exit_code == code
    assert result.stderr.startswith("muse: ")
    assert "Traceback" not in result.stderr
    logs = list(home.glob("muse-error-*.log"))
    assert [("ZeroDivisionError: oops" in log.read_text()) for log in logs] == (
        [True] if "oops" in str(error) else []
    )


def test_a_reader_that_leaves_is_no_error(home: Path) -> None:
    """`muse … | head -0`: nothing on stderr, no log of a crash."""
    command = [sys.executable, "-c", "from flows.cli import app; app()", "explain", "--preset", "quickstart"]
    process = subprocess.Popen(
        [*command, "--home", str(home)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout and process.stderr
    process.stdout.close()
    told = process.stderr.read().decode()
    assert process.wait() == 1 and "muse:" not in told and "Traceback" not in told
    assert not list(home.glob("muse-error-*.log"))


def test_help_is_quick_and_explain_stays_light(tmp_path: Path) -> None:
    """In CPU seconds of importing the libraries that both need: a slow machine slows both."""
    code = (
        "import sys\nfrom flows.cli import app\n"
        "try:\n    app(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "assert not {'torch', 'prefect', 'mlflow', 'great_expectations'} & set(sys.modules)"
    )
    imports_s = user_s("import pandas, pyarrow.parquet, pydantic")
    assert user_s(code, "--help") < 2.5 * imports_s
    assert user_s(code, "explain", "--preset", "quickstart", "--home", str(tmp_path)) < 7 * imports_s


def user_s(code: str, *arguments: str) -> float:
    """User CPU seconds of a process that runs `code`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, check=True, capture_output=True)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
