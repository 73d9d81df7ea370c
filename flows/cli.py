"""The `muse` command. One file per verb in `commands/`, imported when its verb is used.

Exit codes: 0 done, 1 failed, 2 the user's mistake (one message, no traceback), 130 interrupted. What
nobody expected goes with its traceback into a file, and one line says where.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.artifact_verbs import artifacts_app
from flows.base_verbs import base_app
from flows.bench_verbs import bench_app
from flows.failures import MuseGroup
from flows.feedback_verbs import AcceptedFeedback, feedback_app, with_feedback
from flows.models_verbs import models_app
from flows.report_verbs import compare, report
from flows.server_verbs import doctor, down, up
from flows.talk_verbs import chat, serve
from flows.wordings_verbs import wordings_app
from muse_core.config.load import DEFAULT_PRESET, preset_names
from tasks.parts import PARTS

app = typer.Typer(
    cls=MuseGroup,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)

catalog_app = typer.Typer(no_args_is_help=True, help="Look at a product catalogue.")
app.add_typer(catalog_app, name="catalog")
app.add_typer(artifacts_app, name="artifacts")
human_app = typer.Typer(no_args_is_help=True, help="Let people rate the models' answers.")
app.add_typer(human_app, name="human-eval")
app.add_typer(wordings_app, name="wordings")
app.add_typer(bench_app, name="bench")
app.add_typer(base_app, name="base")
app.add_typer(models_app, name="models")
app.add_typer(feedback_app, name="feedback")
for verb in (report, compare, chat, serve, doctor, up, down):
    app.command()(verb)

CHATS = """Your own chats (JSONL) instead of simulated ones. A line: {"messages": [{"role": "user" or
"assistant" or "tool", "content": "…", "tool_calls": …}, …]} and, if you like, "language" (en, hi, mixed),
"profile" (a line about the shopper) and "id". Calls stand in tool_calls (OpenAI's shape) or, as
<tool>search(query='shirt')</tool>, in the text; results may be left out. Each call is run on the
catalogue. Lines that cannot be used are listed with the reason and left out."""

UTTERANCES = """What your customers type: a search log, a chat export (CSV, JSONL, text); once for each file.
What rules read on your catalogue is trained on, a tenth is held out; the rest is written to a file that
you can label and give back (docs/utterances.md)."""

MODELS = """A folder, an artifact id, models:/muse@candidate; or a foreign model: a hub id, a folder or a
.gguf file of a chat model, asked by its own template, or openai:NAME at MUSE_LLM_BASE_URL."""


def one_of(names: Sequence[str]) -> dict[str, Any]:
    """Shows the names in the help and offers them to the shell. A wrong one is refused where the request is
    checked, together with everything else that is wrong with it."""
    return {"metavar": f"[{'|'.join(names)}]", "autocompletion": lambda: list(names)}


Preset = Annotated[
    str | None,
    typer.Option(
        help=f"Where the settings start from (default: {DEFAULT_PRESET}).", **one_of(preset_names())
    ),
]
CatalogFile = Annotated[
    Path | None, typer.Option("--catalog", metavar="FILE", help="Your products: CSV, JSONL or Parquet.")
]
ConversationsFile = Annotated[Path | None, typer.Option("--conversations", metavar="FILE", help=CHATS)]
UtteranceFiles = Annotated[list[Path] | None, typer.Option("--utterances", metavar="FILE", help=UTTERANCES)]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="TOML or JSON, over the preset.")
]
Settings = Annotated[
    list[str], typer.Option("--set", metavar="KEY=VALUE", help="section.key=value; may be repeated.")
]
Stage = Annotated[
    str,
    typer.Option(help="A stage, or a part of the pipeline; with what it needs upstream.", **one_of(PARTS)),
]
Home = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Where everything is written (default: .muse here).")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, nothing else there.")]
JsonLogs = Annotated[
    bool, typer.Option("--json-logs", help="Progress and messages as JSON, one object a line, on stderr.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress: warnings, errors and the result.")]


def with_files(settings: list[str], conversations: Path | None, utterances: list[Path] | None) -> list[str]:
    """The settings, with the files of `--conversations` and `--utterances` among them."""
    chats = [f"conversations.file={json.dumps(str(conversations))}"] if conversations else []
    logs = [f"conversations.utterances={json.dumps(list(map(str, utterances)))}"] if utterances else []
    return [*settings, *chats, *logs]


def print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"muse {metadata.version('muse')}")
        raise typer.Exit


@app.callback()
def every_verb(
    version: Annotated[
        bool,
        typer.Option("--version", callback=print_version, is_eager=True, help="Say which version this is."),
    ] = False,
) -> None:
    """Turns a product catalogue into a bilingual shopping assistant that calls tools."""


@app.command()
def run(
    preset: Preset = None,
    catalog: CatalogFile = None,
    conversations: ConversationsFile = None,
    utterances: UtteranceFiles = None,
    feedback: AcceptedFeedback = False,
    config: ConfigFile = None,
    settings: Settings = [],  # noqa: B006
    stage: Stage = "all",
    home: Home = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    json_logs: JsonLogs = False,
) -> None:
    """Run the pipeline: data, training, evaluation, export, registry."""
    from flows.commands.run import run as command

    asked = with_feedback(with_files(settings, conversations, utterances), feedback, home)
    command(preset, catalog, config, asked, stage, home, as_json, quiet, json_logs)


@app.command()
def explain(
    preset: Preset = None,
    catalog: CatalogFile = None,
    conversations: ConversationsFile = None,
    utterances: UtteranceFiles = None,
    feedback: AcceptedFeedback = False,
    config: ConfigFile = None,
    settings: Settings = [],  # noqa: B006
    stage: Stage = "all",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Say which stages would run, and why."""
    from flows.commands.explain import explain as command

    asked = with_feedback(with_files(settings, conversations, utterances), feedback, home)
    command(preset, catalog, config, asked, stage, home, as_json)


@app.command("eval")
def evaluate_cases(
    cases: Annotated[Path, typer.Option(metavar="FILE.jsonl", help="One case a line; see docs/judging.md.")],
    model: Annotated[str | None, typer.Option(metavar="REF", help=MODELS)] = None,
    exclude_leaks: Annotated[
        bool, typer.Option("--exclude-leaks", help="Leave out cases whose words are also training words.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Ask again what earlier runs kept in the home folder's eval/.")
    ] = False,
    tools: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A tool of your own (docs/tools.md); once for each."),
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    json_logs: JsonLogs = False,
) -> None:
    """Measure a model (default: the last one trained) on your own cases."""
    from flows.commands.eval import EvalFlags, eval_cases
    from flows.commands.registry import registered_folder
    from muse_core.tools.in_use import InUse, use

    use(InUse(tuple(map(str, tools or ()))))
    flags = EvalFlags(as_json, exclude_leaks, fresh, quiet, json_logs)
    eval_cases(cases, model, home, flags, lambda uri: registered_folder(uri, home))


@human_app.command("make")
def human_eval_make(
    conversations: Annotated[int, typer.Option(min=1, help="How many conversations are rated.")] = 100,
    evaluators: Annotated[int, typer.Option(min=1, max=99, help="How many people rate each of them.")] = 5,
    side: Annotated[
        str, typer.Option(help="test compares base, SFT and DPO; train rates mined pairs, for --pairs.")
    ] = "test",
    output: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where the pages go (the key stays in the home folder)."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Draws the items, their order and their letters.")] = 17,
    home: Home = None,
) -> None:
    """Write one blinded, offline rating page per evaluator."""
    from flows.commands.human_eval import make

    make(conversations, evaluators, side, output, seed, home)


@human_app.command("import")
def human_eval_import(
    ratings: Annotated[list[Path], typer.Argument(metavar="RATINGS…", help="The files the raters saved.")],
    pairs: Annotated[
        bool, typer.Option("--pairs", help="Also write train-side preferences as preference pairs.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Check the ratings files of a study, record them, and say what they show."""
    from flows.commands.human_eval import import_ratings

    import_ratings(ratings, pairs, as_json, home)


@catalog_app.command("check")
def catalog_check(
    file: Annotated[Path, typer.Argument(help="CSV, JSONL or Parquet.")],
    config: ConfigFile = None,
    settings: Settings = [],  # noqa: B006
    as_json: AsJson = False,
) -> None:
    """Show how the loader understands a catalogue."""
    from flows.commands.catalog import check

    check(file, config, settings, as_json)
