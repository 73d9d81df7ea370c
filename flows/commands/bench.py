"""`muse bench convert SET FILE…`: files of a public set as cases, and what of them became none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from muse_core.durable import explained, write_text
from muse_core.errors import ConfigError
from muse_core.evaluation.public_sets.harvest import Harvest
from muse_core.evaluation.public_sets.registry import PublicSet, as_lines, convert_files, set_named


def convert(
    name: str, files: list[Path], output: Path, catalog_output: Path | None, force: bool, as_json: bool
) -> None:
    """Writes the cases, and the set's products where asked for; prints the report."""
    chosen = set_named(name)
    _require_free(files, {"--output": output, "--catalog-output": catalog_output}, force)
    harvest = convert_files(name, files)
    if catalog_output is not None and not harvest.shop:
        raise ConfigError(
            f"--catalog-output {catalog_output}: none of these files of {chosen.title} holds products; leave "
            f"it out, or give a file of products as well ({chosen.files})"
        )
    for path, rows in ((catalog_output, harvest.shop), (output, harvest.cases)):
        if path is not None:
            with explained(path.parent):
                write_text(path, as_lines(rows))
    if as_json:
        print(json.dumps(_report(chosen, harvest), ensure_ascii=False))
    else:
        _show(chosen, harvest, output, catalog_output)


def _require_free(files: list[Path], outputs: Mapping[str, Path | None], force: bool) -> None:
    """ConfigError with every output that cannot be written."""
    problems = []
    for flag, path in outputs.items():
        if path is None:
            continue
        if path.resolve() in {file.resolve() for file in files}:
            problems.append(f"{flag} {path} is one of the files to convert; name another file")
        elif path.is_dir():
            problems.append(f"{flag} {path} is a folder; name a file in it")
        elif path.exists() and not force:
            problems.append(f"{flag} {path} exists; add --force to replace it, or name another file")
        elif not path.absolute().parent.is_dir():
            problems.append(f"{flag} {path}: there is no folder {path.absolute().parent}; make it first")
    named = [path.resolve() for path in outputs.values() if path is not None]
    if len(set(named)) < len(named):
        problems.append("--output and --catalog-output are one file; name two")
    if problems:
        raise ConfigError("nothing was converted:", problems)


def _report(chosen: PublicSet, harvest: Harvest) -> dict[str, object]:
    return {
        "set": chosen.name,
        "licence": chosen.licence,
        "source": chosen.source,
        "cases": len(harvest.cases),
        "by_tool": harvest.tools(),
        "by_language": harvest.languages(),
        "arguments_judged": sum("expected_args" in case for case in harvest.cases),
        "products": len(harvest.shop),
        "decision_only": dict(harvest.unjudged.most_common()),
        "left_out": dict(harvest.left_out.most_common()),
    }


def _show(chosen: PublicSet, harvest: Harvest, output: Path, catalog_output: Path | None) -> None:
    report = _report(chosen, harvest)
    print(f"{chosen.title} ({chosen.source}, {chosen.licence}): {len(harvest.cases)} cases in {output}")
    print(f"  by tool: {_counts(harvest.tools())}; by language: {_counts(harvest.languages())}")
    print(f"  arguments judged in {report['arguments_judged']}")
    if catalog_output is not None:
        print(f"  {len(harvest.shop)} products in {catalog_output}: muse run --catalog {catalog_output}")
    for title, reasons in (("only the decision is judged", harvest.unjudged), ("left out", harvest.left_out)):
        for why, count in reasons.most_common():
            print(f"  {title}: {count:,}, {why}")
    print(
        f"Its licence is {chosen.licence} (docs/bench.md). To judge by these cases, keep them out of training"
    )


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())
