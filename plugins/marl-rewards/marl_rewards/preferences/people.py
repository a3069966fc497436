"""Questions to people and their answers, as files of a run: `runs/NAME/preferences`.

`questions/NUMBER.npz` has what models see of both segments; `answers.jsonl` a line for each answer, in the order in
which they were given. Nothing is ever changed, so who reads along needs only to know how many lines are known.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np

from marl.blobs import write_atomically
from marl.errors import UserError
from marl_rewards.preferences.model import Pairs

ANSWERS, QUESTIONS = "answers.jsonl", "questions"
LABELS = {"first": 1.0, "second": 0.0, "equal": 0.5, "skip": None}  # what may be answered


def keep_question(folder: Path, group: int, pair: Pairs) -> int:
    """Write down a question about one pair; its number. Raises UserError where that cannot be."""
    place = folder / QUESTIONS
    try:
        place.mkdir(parents=True, exist_ok=True)
        number = 1 + max((int(path.stem) for path in place.glob("*.npz")), default=0)
        file = io.BytesIO()
        np.savez_compressed(file, inputs=pair.inputs, valid=pair.valid, group=group)
        write_atomically(place / f"{number}.npz", file.getvalue())
    except OSError as error:
        raise UserError(f"{place} cannot be written: {error.strerror}") from error
    return number


def keep_answer(folder: Path, number: int, answer: str) -> None:
    """Write down what somebody answered: `first`, `second`, `equal` or `skip`. Raises UserError for anything else."""
    if answer not in LABELS:
        raise UserError(f"{answer!r} is no answer: {', '.join(LABELS)} are")
    if not (folder / QUESTIONS / f"{number}.npz").is_file():
        raise UserError(f"{folder} has no question {number}")
    with (folder / ANSWERS).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"question": number, "answer": answer}) + "\n")


def answered(folder: str, known: int) -> tuple[list[tuple[int, Pairs]], int]:
    """The answers after the first `known`, each with its group, and how many there are by now.

    Those that skipped a question are counted only. A line that is being written is left for later.
    """
    place = Path(folder)
    if not (place / ANSWERS).is_file():
        return [], known
    lines = (place / ANSWERS).read_text(encoding="utf-8").split("\n")[:-1]
    found = []
    for line in lines[known:]:
        said = json.loads(line)
        if (label := LABELS.get(said["answer"])) is not None:
            with np.load(place / QUESTIONS / f"{said['question']}.npz") as file:
                found.append((int(file["group"]), Pairs(file["inputs"], file["valid"], np.array([label], np.float32))))
    return found, max(known, len(lines))
