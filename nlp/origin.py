"""Origin: how a model was made, as its config.json tells, so that its card and its baseline can be made again.

The rule to know: it changes no judgement, so it is no part of the model's fingerprint; and it names no folder of a machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from nlp.apart import check_apart
from nlp.aspects import read_aspects
from nlp.classifier import ModelError, read_config
from nlp.labels import ROOT
from nlp.material import Material, read_material

OPTIONS = ("share", "start", "seeds", "epochs", "until", "tweets", "composed", "marks", "frozen", "only")
"""What of a recipe the command `train` takes, beside the seed."""
UNSAID = (("share", 1.0), ("seeds", 1), ("frozen", 0), ("marks", 1))
"""Options that a command leaves out, as what they say is so without them."""


class Origin(BaseModel):
    """What a training knew of itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipe: dict[str, Any]
    """The fields of `nlp.course.Recipe`; files and folders as `named` names them."""
    records: dict[str, int]
    """Part of the material -> how many records; of the annotated ones those that tell sarcasm alone are counted apart (`marks`)."""
    minutes: int
    """Of learning, since it was last continued."""
    more: tuple[str, ...] = ()
    """Files of records beside the labelled posts."""
    aspects: tuple[str, ...] = ()
    """Files of posts that speak of several products."""
    earlier: tuple[str, ...] = ()
    """The commands that made the model that it began with, in their order."""
    blend: str = ""
    """The command that made it of two models, where that is what came last."""

    def command(self, name: str) -> str:
        """The command that makes such a model again."""
        if self.blend:
            return f"{self.blend} --out models/{name}"
        files = {"corrections": self.more, "aspects": self.aspects}
        words = (f"--{option} {each}" for option, named in files.items() for each in named)
        return " ".join([f"python -m nlp train --out models/{name}", options_of(self.recipe), *words])


def options_of(recipe: Mapping[str, Any]) -> str:
    """The fields of a recipe as options of the commands that train."""
    words = [f"--seed {recipe['seed']}"]
    for option, value in {"composed": 0, **recipe}.items():
        if option in OPTIONS and value not in (None, "") and (option, value) not in UNSAID:
            words.append(f"--{option} {value}")
    return " ".join(words)


def named(path: Path) -> str:
    """The path within the project, or the bare name of what lies elsewhere."""
    whole = path.resolve()
    return whole.relative_to(ROOT).as_posix() if whole.is_relative_to(ROOT) else whole.name


def read_origin(folder: Path) -> Origin:
    """The origin of the model in the folder. Raises ModelError where it tells none."""
    try:
        return Origin.model_validate_json(json.dumps(read_config(folder).get("origin")))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(("origin", *map(str, first["loc"])))
        raise ModelError(f"{folder / 'config.json'} does not tell how the model was made ({where}: {first['msg']})") from error


def commands_of(folder: Path) -> tuple[str, ...]:
    """The commands that make the model in the folder anew, the last its own. Raises ModelError where it tells none."""
    origin = read_origin(folder)
    return (*origin.earlier, origin.command(folder.name))


def material_of(origin: Origin, labels: Path, more: Sequence[Path] | None = None, *, stars: int = 0, star_length: int = 0) -> Material:
    """The records of a training, without stars unless told; `more` where its other files of records lie elsewhere by now.

    A share of them where it learned no more; what began with a trained model has learned that one's too, so all of them. Raises
    TrainingError for a missing file or a text of a test file, RecordError for a malformed record.
    """
    files = [ROOT / name for name in origin.more] if more is None else more
    material = read_material(labels, seed=int(origin.recipe["seed"]), stars=stars, star_length=star_length, more=files)
    material = replace(material, aspects=[record for name in origin.aspects for record in read_aspects(ROOT / name)])
    if not origin.recipe.get("start"):
        material = material.cut(origin.recipe.get("share", 1.0))
    check_apart(material, labels)
    return material
