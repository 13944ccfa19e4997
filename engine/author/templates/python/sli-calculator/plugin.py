"""An SLI calculator: the share of events whose status code is below a limit."""

import json

import wit_world
from componentize_py_types import Err
from wit_world.exports.calculator import Field, Plan
from wit_world.imports import types

# The codes of the contract.
INTEGER = 1
NOT_VALID, GOOD, BAD, UNKNOWN = range(4)
ALL_VALID = 4294967295

# What an SLI may say under `params`. The host checks it before any call.
PARAMETERS = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "field": {
            "description": "The field that holds the status code.",
            "type": "string",
            "default": "data.status",
        },
        "bad-from": {
            "description": "The first status code that is bad.",
            "type": "integer",
            "minimum": 0,
            "maximum": 999,
            "default": 500,
        },
    },
    "additionalProperties": False,
}


class Calculator(wit_world.exports.Calculator):
    def describe(self):
        return types.Info(
            name="my-plugin",
            version="0.1.0",
            summary="share of events whose status code is below a limit",
            parameters=json.dumps(PARAMETERS),
            reads=["data.status, or the field that `field` names"],
            facts=[],
        )

    def prepare(self, params):
        field = json.loads(params).get("field", "data.status")
        return Plan(fields=[Field(name=field, kind=INTEGER)], settles=False, latest=None, facts=[])

    def classify(self, params, rows):
        bad_from = json.loads(params).get("bad-from", 500)
        # The first column is the first field of the plan. A row without a value is unknown, neither good nor bad.
        column = rows.columns[0]
        marks = bytearray([UNKNOWN]) * rows.rows
        if column.kind != INTEGER:
            return bytes(marks)
        for row in range(rows.rows):
            if column.validity == ALL_VALID or rows.bytes[column.validity + row] == 1:
                marks[row] = GOOD if rows.integers[column.start + row] < bad_from else BAD
        return bytes(marks)

    def settle(self, params, merged):
        # Never called: the plan says that the calculator does not settle.
        raise Err(types.Problem_Unprocessable("this calculator judges events, not slices"))
