"""Tapes of whole conversations with a platform, as R's vcr, vcrpy and betamax write them."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml


def exchanges(path: Path) -> list[dict[str, Any]]:
    """Each request with its response; empty where the file is no tape."""
    content, tape = path.read_bytes(), None
    with suppress(ValueError, yaml.YAMLError, RecursionError):
        if path.suffix in (".yml", ".yaml"):
            tape = yaml.load(content, yaml.CSafeLoader)
        elif b'interactions"' in content[:200]:
            tape = json.loads(content)
    found: list[dict[str, Any]] = (tape.get("http_interactions") or tape.get("interactions") or []) if isinstance(tape, dict) else []
    return found


def body(exchange: dict[str, Any]) -> bytes:
    """What was answered."""
    said = exchange["response"]["body"]
    if isinstance(said, dict) and "base64_string" in said:
        return base64.b64decode(said["base64_string"])
    text = said.get("string") if isinstance(said, dict) else said
    return text if isinstance(text, bytes) else (text or "").encode()
