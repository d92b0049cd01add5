"""The files of ``dealwright_client.groups``: one for each group of operations, one for the types that groups share."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from typing import Final

from codegen.methods import Method
from codegen.types import Types
from dealwright.kernel.operations import Operation
from dealwright.surfaces.describing.schemas import Schemas
from dealwright.surfaces.describing.spelling import title

SHARED: Final = "shared_types"
_HEAD: Final = '"""{about}\n\nGenerated from the registry of operations; change those and run `make client`.\n"""\n\n'
_IMPORTS: Final = """\
from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NotRequired, TypeAlias, TypedDict

from dealwright_client.calling import AsyncCaller, AsyncGroup, Caller, Group
from dealwright_client.core import Endpoint
from dealwright_client.streams import ServerEvent
from dealwright_client.values import UNSET, Day, File, Instant, Number, Unset
"""
"""Everything that a file may need; what it does not use is taken out afterwards."""

_INDEX_IMPORTS: Final = """\
from __future__ import annotations

from functools import cached_property

from dealwright_client.calling import AsyncCaller, Caller
"""

_KEYS: Final = frozenset({"secret_key", "publishable_key", "public", "customer_token"})
"""Credentials that a client can send. What only a signed-in person may do has no method, nor has what only machines
send in forms of their own (operations that take the body as it comes)."""


def modules(registry: Iterable[Operation]) -> dict[str, str]:
    """The text of every file by its name, before it is formatted."""
    operations = sorted(
        (each for each in registry if each.auth & _KEYS and each.body_field is None), key=lambda each: each.id
    )
    schemas = Schemas(operations)
    types = Types(schemas, _taken({each.group for each in operations}))
    methods = [Method(operation, schemas, types) for operation in operations]
    types.prepare(
        {name for method in methods for name in method.answered}, {name for method in methods for name in method.taken}
    )
    groups: dict[str, list[Method]] = {}
    for method in methods:
        group = method.operation.group
        groups.setdefault(group, []).append(method)
        for name in method.answered:
            types.used_by(group, name, False)
        for name in method.taken:
            types.used_by(group, name, True)
    shared = types.ordered(name for name, users in types.uses.items() if len(users) > 1)
    files = {f"{_module(group)}.py": _group_file(group, found, types, shared) for group, found in groups.items()}
    files[f"{SHARED}.py"] = _shared_file(types, shared)
    files["__init__.py"] = _index_file(sorted(groups))
    return files


def _taken(groups: Iterable[str]) -> frozenset[str]:
    """Names that a type must not take from the file that it stands in."""
    imported = re.findall(r"\b[A-Z]\w+", _IMPORTS)
    return frozenset([*imported, *(f"{prefix}{_class(group)}" for group in groups for prefix in ("", "Async"))])


def _module(group: str) -> str:
    return f"{group}_" if keyword.iskeyword(group) else group


def _class(group: str) -> str:
    return f"{group.title().replace('_', '')}Group"


def _shared_file(types: Types, shared: list[str]) -> str:
    about = "Types that several groups of operations share."
    return _HEAD.format(about=about) + _IMPORTS + "\n" + "\n\n".join(types.definition(name) for name in shared)


def _group_file(group: str, methods: list[Method], types: Types, shared: list[str]) -> str:
    own = types.ordered(name for name, users in types.uses.items() if users == {group})
    borrowed = [name for name in shared if group in types.uses[name]]
    parts = [_HEAD.format(about=f"{title(group)}: operations and their types."), _IMPORTS]
    if borrowed:
        parts.append(f"from dealwright_client.groups.{SHARED} import {', '.join(borrowed)}\n")
    parts += ["\n\n".join(["", *(types.definition(name) for name in own)]), "\n\n"]
    parts += [method.endpoint() for method in methods]
    for asynchronous in (False, True):
        base, prefix = ("AsyncGroup", "Async") if asynchronous else ("Group", "")
        about = f"``client.{_module(group)}``" + (", asynchronously." if asynchronous else ".")
        parts.append(f'\n\nclass {prefix}{_class(group)}({base}):\n    """{about}"""\n\n')
        parts.append("\n".join(method.definition(asynchronous=asynchronous) for method in methods))
    return "".join(parts)


def _index_file(groups: list[str]) -> str:
    parts = [_HEAD.format(about="Every group of operations as an attribute of the client."), _INDEX_IMPORTS]
    for group in groups:
        name = _class(group)
        parts.append(f"from dealwright_client.groups.{_module(group)} import Async{name}, {name}\n")
    for prefix, base in (("", "Caller"), ("Async", "AsyncCaller")):
        parts.append(f'\n\nclass {prefix}Groups({base}):\n    """The groups of a client."""\n\n')
        for group in groups:
            name = f"{prefix}{_class(group)}"
            parts.append(
                f"    @cached_property\n    def {_module(group)}(self) -> {name}:\n        return {name}(self)\n\n"
            )
    return "".join(parts)
