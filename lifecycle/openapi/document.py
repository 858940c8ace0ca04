"""The OpenAPI 3.1 document of a table at one microversion."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from lifecycle.bodies.documents import class_name, standard
from lifecycle.bodies.schema import edition, schema
from lifecycle.engine import microversion
from lifecycle.openapi.about import about, words
from lifecycle.openapi.requests import PARAMETER, by_address, collect

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from lifecycle.bodies.schema import Schema
    from lifecycle.engine.microversion import Microversion
    from lifecycle.engine.rules import Rules
    from lifecycle.openapi.requests import Asked, Rule

JSON = "application/json"
THING = "id"
REFUSAL = "Refusal"
REFUSAL_SCHEMA = {
    "title": REFUSAL,
    "description": "Why a request was refused, under one key that names the kind of refusal.",
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": {
        "type": "object",
        "properties": {"code": {"type": "integer"}, "message": {"type": "string"}},
        "required": ["message"],
    },
}


def openapi(rules: Rules, reading: str, version: Microversion | None, rule: Rule) -> dict[str, Any]:
    """All actions that are there at a microversion, as one document; `rule` gives the rule that a caller meets."""
    book = _Book(rules, version)
    asked = collect(rules, version, rule)
    paths = {
        path: {method: book.operation(path, method, group) for method, group in methods.items()}
        for path, methods in by_address(asked).items()
    }
    _link(rules, paths)
    components: dict[str, Any] = {"schemas": dict(sorted(book.schemas.items()))}
    if any(check.asks == "token" for check in rules.checks):
        components["securitySchemes"] = {"token": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"}}
    return {
        "openapi": "3.1.0",
        "info": _info(rules, reading, version),
        **({"security": [{"token": []}]} if "securitySchemes" in components else {}),
        "paths": paths,
        "components": components,
    }


def _info(rules: Rules, reading: str, version: Microversion | None) -> dict[str, Any]:
    at = f" at microversion {microversion.text(version)}" if version else ""
    about_it = (
        f"What may be done to a {rules.thing}{at}, by whom, when, and what becomes of it, as the table `{rules.name}` has it."
    )
    return {
        "title": rules.title,
        "version": microversion.text(version) if version else "1",
        "description": about_it,
        "x-lifecycle": {"table": rules.name, "reading": reading, "states": [*rules.states], "callers": [*rules.callers]},
    }


def _link(rules: Rules, paths: Mapping[str, Any]) -> None:
    """Says of what makes a thing that its answer has the name by which all else is asked of it."""
    document = rules.data["document"]
    making = [operation for path, methods in paths.items() if "{" not in path for operation in methods.values()]
    if document is None or not making:
        return
    name = {THING: f"$response.body#/{document['within']}/{THING}"}
    asked = [one["operationId"] for path, methods in paths.items() if "{" + THING + "}" in path for one in methods.values()]
    for code, response in making[0]["responses"].items():
        if int(code) < HTTPStatus.BAD_REQUEST and asked:
            response["links"] = {operation: {"operationId": operation, "parameters": name} for operation in asked}


class _Book:
    """What the operations of one document share: its components, and the names that are taken."""

    def __init__(self, rules: Rules, version: Microversion | None) -> None:
        self.rules = rules
        self.version = version
        self.schemas: dict[str, Schema] = {REFUSAL: REFUSAL_SCHEMA}
        self._operations: set[str] = set()

    def operation(self, path: str, method: str, group: list[Asked]) -> dict[str, Any]:
        """One operation for all the requests of one path and method."""
        name = group[0].name if len(group) == 1 else f"{method} {path}"
        made: dict[str, Any] = {
            "operationId": self._unique(re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-") or "request", self._operations),
            "summary": group[0].action["title"] if len(group) == 1 else f"Do something to a {self.rules.thing}",
            "parameters": self._parameters(path),
        }
        if len(group) > 1:
            made["description"] = "One of these, told apart by the body's key: " + ", ".join(one.name for one in group) + "."
        requests = [(one, document) for one in group if (document := self._body(one)) is not None]
        if requests:
            made["requestBody"] = _request_body(requests, required=len(requests) == len(group))
        made["responses"] = self._responses(group)
        if len(group) == 1:
            made |= {"x-lifecycle": about(group[0])}
        if all(_gone(one) for one in group):
            made["deprecated"] = True
        return made

    def _body(self, asked: Asked) -> Schema | None:
        """A reference to the request's schema; of several actions at one address it has the rule as well."""
        made = asked.documents("request")
        if made is None:
            return None
        if asked.action["body"]:
            made = {**made, "x-lifecycle": about(asked), **({"deprecated": True} if _gone(asked) else {})}
        return self._component(made, class_name("request", asked.name))

    def _component(self, made: Schema, name: str) -> Schema:
        """Keeps a schema under a name of its own, and refers to it."""
        plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)
        unique = self._unique(plain, self.schemas)
        self.schemas[unique] = made
        return {"$ref": f"#/components/schemas/{unique}"}

    def _unique(self, name: str, taken: Any) -> str:
        found, number = name, 1
        while found in taken:
            number += 1
            found = f"{name}{number}"
        if isinstance(taken, set):
            taken.add(found)
        return found

    def _parameters(self, path: str) -> list[dict[str, Any]]:
        said = {"in": "path", "required": True, "schema": {"type": "string"}}
        made: list[dict[str, Any]] = [{"name": name, **said} for name in dict.fromkeys(PARAMETER.findall(path))]
        if self.version is None:
            return made
        value = f"{self.rules.name} {microversion.text(self.version)}"
        asks = {"name": "OpenStack-API-Version", "in": "header", "required": self.version != self.rules.oldest}
        return [*made, {**asks, "schema": {"type": "string", "const": value}, "example": value}]

    def _responses(self, group: list[Asked]) -> dict[str, Any]:
        """By code what answers: first what was accepted, then why it is refused."""
        accepted: dict[str, list[Asked]] = {}
        for one in group:
            for code in dict.fromkeys(str(row["answers"]) for row in one.outcomes()):
                accepted.setdefault(code, []).append(one)
        made = {code: self._accepted(code, some, alone=len(group) == 1) for code, some in sorted(accepted.items())}
        for code, reasons in sorted(_reasons(group).items()):
            refused = {"description": reasons, "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{REFUSAL}"}}}}
            known = made.get(code)
            made[code] = {**known, "description": f"{known['description']}; or {reasons}"} if known else refused
        return made

    def _accepted(self, code: str, some: list[Asked], *, alone: bool) -> dict[str, Any]:
        what = _phrase(code) if alone else f"{_phrase(code)}: {', '.join(one.name for one in some)}"
        made: dict[str, Any] = {"description": what}
        answers = [self._answer(one) for one in some]
        schemas = [answer for answer in answers if answer is not None]
        if schemas:
            made["content"] = {JSON: {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}}
        told = [self._headers(one) for one in some]
        headers = {name: header for one in told for name, header in one.items()}
        always = {name for name in headers if all(one.get(name, {}).get("required") for one in told)}
        if headers:
            made["headers"] = {name: _needed(header, always=name in always) for name, header in headers.items()}
        return made

    def _answer(self, asked: Asked) -> Schema | None:
        made = asked.documents("response")
        name = class_name("response", asked.name)
        if made is None or name in self.schemas:
            return made and {"$ref": f"#/components/schemas/{name}"}
        return self._component(made, name)

    def _headers(self, asked: Asked) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for rulings in asked.rulings.values():
            for name, editions in rulings[0].rule["headers"].items():
                field = edition(editions, self.version)
                if field is not None:
                    header = standard(schema(self.rules.types, field, self.version))
                    made[name] = {"schema": header, **({"required": True} if field.get("required") else {})}
        return made


def _needed(header: dict[str, Any], *, always: bool) -> dict[str, Any]:
    """A header as it is said of all the requests of one address: whether it always comes with this code."""
    return {**header, "required": True} if always else {word: value for word, value in header.items() if word != "required"}


def _gone(asked: Asked) -> bool:
    """Whether it is gone for good in all its variants."""
    return all(rulings[0].rule["removed"] for rulings in asked.rulings.values())


def _request_body(requests: list[tuple[Asked, Schema]], *, required: bool) -> dict[str, Any]:
    """The body of one request, or one of several."""
    kind = "oneOf" if all(one.action["body"] for one, _ in requests) else "anyOf"
    schemas = [document for _, document in requests]
    content: dict[str, Any] = {"schema": schemas[0] if len(schemas) == 1 else {kind: schemas}}
    examples = {
        name if name == one.name or len(requests) == 1 else f"{one.name}-{name}": {"value": value}
        for one, _ in requests
        for name, value in one.examples().items()
    }
    if examples:
        content["examples"] = {re.sub(r"[^A-Za-z0-9._-]", "_", name): example for name, example in examples.items()}
    return {"required": required, "content": {JSON: content}}


def _reasons(group: list[Asked]) -> dict[str, str]:
    """By code the rules that refuse with it, each with the words that most of them say; of several actions no name is in."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for one in group:
        for gate, value, refusal in one.refusals():
            said = found.setdefault(str(refusal.code), {}).setdefault(refusal.rule, {})
            text = (gate.template(value) if len(group) > 1 else None) or words(gate, value)
            said[text] = said.get(text, 0) + 1
    return {code: "; ".join(_reason(rule, said) for rule, said in rules.items()) for code, rules in found.items()}


def _reason(rule: str, said: dict[str, int]) -> str:
    ranked = sorted(said, key=lambda text: -said[text])
    return f"{rule}: {' | '.join(ranked[:FEW])}" + (" | …" if len(ranked) > FEW else "")


FEW = 3  # different words of one rule that the description of a code has; all of them are in x-lifecycle


def _phrase(code: str) -> str:
    """What HTTP calls a code."""
    try:
        return HTTPStatus(int(code)).phrase
    except ValueError:
        return code
