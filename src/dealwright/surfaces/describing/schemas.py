"""The JSON schemas of the declared models, as the component schemas of the OpenAPI document.

Pydantic writes them; what is changed here is what the wire knows better: a body lacks the fields that travel in the
query or path, a query parameter cannot be null, an absent member of a partial update has no default, and a shaped
answer may leave any member out.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from dealwright.kernel import json_schema
from dealwright.kernel.fields import Patch
from dealwright.kernel.operations import Operation

Schema: TypeAlias = dict[str, Any]

_REF: Final = "#/components/schemas/"


def ref(name: str) -> Schema:
    return {"$ref": _REF + name}


def name_of(schema: Mapping[str, Any]) -> str | None:
    """The component that a schema refers to."""
    target = schema.get("$ref")
    return target.removeprefix(_REF) if isinstance(target, str) else None


class Schemas:
    """All component schemas of the operations; ``components()`` gives those that something refers to."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        models: dict[type[BaseModel], None] = {}
        for operation in operations:
            models[operation.input] = None
            if operation.result is not None:
                models[operation.result] = None
        keyed, definitions = models_json_schema(
            [(model, "validation") for model in models], ref_template=_REF + "{model}"
        )
        found: dict[str, Schema] = definitions.get("$defs", {})
        names = _short_names(found)
        self._schemas = {
            names[name]: _tidied(_renamed(json_schema.standard(schema), names)) for name, schema in found.items()
        }
        self._name = {model: names[str(name_of(keyed[model, "validation"]))] for model in models}
        for model in models:
            if issubclass(model, Patch):
                self._schemas[self._name[model]] = _without_defaults(self._schemas[self._name[model]])

    def __getitem__(self, name: str) -> Schema:
        return self._schemas[name]

    def resolved(self, schema: Schema) -> Schema:
        """The schema itself, or the component that it refers to."""
        name = name_of(schema)
        return self._schemas[name] if name is not None else schema

    def fields(self, model: type[BaseModel]) -> tuple[dict[str, Schema], frozenset[str]]:
        """The members of an input model and the names of the required ones."""
        schema = self._schemas[self._name[model]]
        return schema.get("properties", {}), frozenset(schema.get("required", ()))

    def body(self, operation: Operation) -> Schema | None:
        """What a write reads from its body; None when nothing."""
        name = self._name[operation.input]
        schema = self._schemas[name]
        properties = {
            key: each for key, each in schema.get("properties", {}).items() if key not in operation.query_fields
        }
        if not properties:
            return None
        if len(properties) == len(schema["properties"]):
            return ref(name)
        cut = f"{name}Body"
        if cut not in self._schemas:
            required = [key for key in schema.get("required", ()) if key in properties]
            self._schemas[cut] = {**schema, "title": cut, "properties": properties, "required": required}
            if not required:
                del self._schemas[cut]["required"]
        return ref(cut)

    def result(self, operation: Operation) -> Schema:
        """The schema of an answer's data before it is shaped; anything, where the operation declares none."""
        return ref(self._name[operation.result]) if operation.result is not None else {}

    def answered(self, operation: Operation) -> Schema:
        """The schema of the data that may come over the wire, after shaping."""
        schema = self.result(operation)
        name = name_of(schema)
        return ref(self._shaped(name)) if operation.shaped and name is not None else schema

    def _shaped(self, name: str) -> str:
        """The component for what ``fields``, ``exclude`` and ``format`` may leave of a record, or of each in a list."""
        shaped = f"Shaped{name}"
        if shaped in self._schemas:
            return shaped
        schema = copy.deepcopy(self._schemas[name])
        self._schemas[shaped] = schema
        schema["title"] = shaped
        if "pagination" in schema["properties"]:
            for each in schema["properties"].values():
                item = name_of(each.get("items", {}))
                if item is not None:
                    each["items"] = ref(self._shaped(item))
        else:
            schema["required"] = ["id"]
            schema["description"] = f"{name}, of which the caller may have asked for a part; id is always there."
        return shaped

    def components(self, document: Any) -> dict[str, Schema]:
        """The components that ``document`` refers to, directly or through one another, by name."""
        found: dict[str, Schema] = {}
        waiting = [document]
        while waiting:
            for name in _references(waiting.pop()):
                if name not in found and name in self._schemas:
                    found[name] = self._schemas[name]
                    waiting.append(found[name])
        return dict(sorted(found.items()))


def parameter_schema(schema: Schema) -> Schema:
    """The schema of a query or path parameter: text on the line cannot be null."""
    if "anyOf" not in schema:
        return {
            key: value for key, value in schema.items() if key not in ("description", "default") or value is not None
        }
    choices = [each for each in schema["anyOf"] if each.get("type") != "null"]
    rest = {key: value for key, value in schema.items() if key != "anyOf" and (key != "default" or value is not None)}
    return {**choices[0], **rest} if len(choices) == 1 else {"anyOf": choices, **rest}


def _short_names(schemas: Iterable[str]) -> dict[str, str]:
    """Component names free of module paths: models of one name in two modules get their module's name in front."""
    names = {}
    for name in schemas:
        rooms = name.split("__")
        room = rooms[2].title().replace("_", "") if len(rooms) > 2 else ""
        names[name] = re.sub(r"[^A-Za-z0-9._-]", "_", room + rooms[-1])
    if len(set(names.values())) != len(names):
        raise ValueError("two models get the same schema name")
    return names


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        target = name_of(value)
        return {
            key: _REF + names[target] if key == "$ref" and target is not None else _renamed(each, names)
            for key, each in value.items()
        }
    return [_renamed(each, names) for each in value] if isinstance(value, list) else value


def _tidied(schema: Schema) -> Schema:
    """Without the titles that only repeat the names of members, and with defaults in the form of the wire."""
    for each in schema.get("properties", {}).values():
        each.pop("title", None)
        if "default" in each and each["default"] is None:
            del each["default"]
        elif each.get("type") == "number" and isinstance(each.get("default"), str):
            each["default"] = float(each["default"])
    return schema


def _without_defaults(schema: Schema) -> Schema:
    properties = {
        name: {key: value for key, value in each.items() if key != "default"}
        for name, each in schema.get("properties", {}).items()
    }
    return {**schema, "properties": properties}


def _references(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        if (name := name_of(value)) is not None and value["$ref"].startswith(_REF):
            yield name
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)
