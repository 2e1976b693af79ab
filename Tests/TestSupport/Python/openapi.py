"""Checks an OpenAPI description, and that answers are what it says: python openapi.py DESCRIPTION ANSWERS

ANSWERS is a JSON array of {"operation", "status", "mediaType", "body"}; a JSON body is a value, another one absent.
"""

import json
import sys

import jsonschema
import openapi_spec_validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

description = json.load(open(sys.argv[1]))
openapi_spec_validator.validate(description)


def closed(value):
    """The same schema without members that nobody documents."""
    if isinstance(value, list):
        return [closed(item) for item in value]
    if not isinstance(value, dict):
        return value
    copy = {key: closed(item) for key, item in value.items()}
    if copy.get("type") == "object" and "properties" in copy:
        copy.setdefault("additionalProperties", False)
    return copy


base = "urn:akashi:description"
closed_description = closed(description)
registry = Registry().with_resource(base, Resource(contents=closed_description, specification=DRAFT202012))
wrong = []


def resolved(value):
    while "$ref" in value:
        found = description
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        value = found
    return value


for answer in json.load(open(sys.argv[2])):
    name = f"{answer['operation']} {answer['status']}"
    method, path = answer["operation"].split(" ")
    operation = description["paths"].get(path, {}).get(method.lower())
    if operation is None:
        wrong.append(f"{name}: no such operation")
        continue
    response = operation["responses"].get(str(answer["status"]))
    if response is None:
        wrong.append(f"{name}: no such status")
        continue
    content = resolved(response).get("content", {})
    if set(content) != ({answer["mediaType"]} if answer.get("mediaType") else set()):
        wrong.append(f"{name}: media type {answer.get('mediaType')}, described {list(content)}")
        continue
    if "body" not in answer:
        continue
    text = json.dumps(closed(content[answer["mediaType"]]["schema"]))
    schema = json.loads(text.replace('"#/', f'"{base}#/'))
    validator = jsonschema.Draft202012Validator(schema, registry=registry, format_checker=jsonschema.FormatChecker())
    wrong += [f"{name}: {error.json_path}: {error.message}" for error in validator.iter_errors(answer["body"])]

print("\n".join(wrong))
sys.exit(1 if wrong else 0)
