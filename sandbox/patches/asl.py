"""Step Functions: moto parses a state machine's definition anew for every execution, which AWS does not."""

import functools
from typing import Any

from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor

from sandbox.patches.replaced import replace

_KEPT = 32


def install() -> None:
    """Keep the parsed text; what an execution works on is still built from it for each."""
    replace(AmazonStateLanguageParser, "parse", staticmethod(_parse))


def _parse(definition: str) -> tuple[Any, Any]:
    tree = _tree(definition)
    return Preprocessor().visit(tree), tree


@functools.lru_cache(maxsize=_KEPT)
def _tree(definition: str) -> Any:
    return replace.original(AmazonStateLanguageParser, "parse")(definition)[1]
