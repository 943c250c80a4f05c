"""What a request says, as the model of it that a route names; what is no such thing is refused in words.

FastAPI would do this and more; importing it takes four times as long as Starlette, which a start would wait for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

Said = TypeVar("Said", bound=BaseModel)
_MOST = 1_000  # characters of a refusal


async def read_body(request: Request, kind: type[Said]) -> Said:
    """The JSON that a request brings.

    Only what says of itself that it is JSON is read: another site's form cannot, unless this server allowed it.

    Raises:
        HTTPException: 422 for what is no JSON or not of this kind, 400 for what never came whole.
    """
    try:
        content = await request.body()
    except ClientDisconnect as error:
        raise HTTPException(400, "the request was not sent whole") from error
    if not _is_json(request.headers.get("content-type", "")):
        raise HTTPException(422, "body: it must be JSON, with Content-Type: application/json")
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise HTTPException(422, "body: it is no JSON") from error
    return _check(kind, value, "body")


def read_query(request: Request, kind: type[Said]) -> Said:
    """What stands in a request's address after the question mark.

    Raises:
        HTTPException: 422.
    """
    return _check(kind, dict(request.query_params), "query")


def _is_json(content_type: str) -> bool:
    name = content_type.partition(";")[0].strip().lower()
    return name == "application/json" or (name.startswith("application/") and name.endswith("+json"))


def _check(kind: type[Said], value: object, where: str) -> Said:
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise HTTPException(422, reasons(error, where)) from error


def reasons(error: ValidationError, where: str) -> str:
    """What is wrong, each with its field; with `where` what is wrong of the whole."""
    # Without the input, which may be long, or no valid Unicode to answer in.
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(_reasons(details, where))[:_MOST]


def _reasons(details: Sequence[Any], where: str) -> list[str]:
    """What is wrong, a reason a line; of what may be of several kinds, the kinds that it is not are none."""
    valued = {one["loc"][:1] for one in details if not one["type"].endswith("_type")}
    told = [one for one in details if one["loc"][:1] not in valued or not one["type"].endswith("_type")]
    return list(
        dict.fromkeys(f"{(where, *one['loc'])[:2][-1]}: {one['msg'].removeprefix('Value error, ')}" for one in told)
    )
