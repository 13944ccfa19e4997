"""A check: does every service have a runbook with the sections that people look for at night?"""

import json
import re

import wit_world
from componentize_py_types import Err
from wit_world.exports.checker import Finding, Report
from wit_world.imports import evidence, types

# The codes of the contract.
PASS, FAIL, NOT_APPLICABLE, UNKNOWN = range(4)
REQUIRED, ADVISED = 1, 2
MISSING = 1

# What a policy may say under `[params]`. The host checks it before any call.
PARAMETERS = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "folder": {
            "description": "The folder of runbooks; the policy has to grant it.",
            "type": "string",
            "default": "runbooks",
        },
        "headings": {
            "description": "The headings that a runbook must have, whatever their case and level.",
            "type": "array",
            "items": {"type": "string", "minLength": 1},
            "default": ["Rollback", "Escalation"],
        },
    },
    "additionalProperties": False,
}


class Checker(wit_world.exports.Checker):
    def describe(self):
        return types.Info(
            name="my-plugin",
            version="0.1.0",
            summary="whether a service has a runbook with the sections that people look for",
            parameters=json.dumps(PARAMETERS),
            reads=["runbooks/<service>.md"],
            facts=[],
        )

    def assess(self, params, service):
        params = json.loads(params)
        file = f"{params.get('folder', 'runbooks')}/{service.service}.md"
        try:
            text = evidence.read(file)
        except Err as error:
            return Report(findings=[refused(file, error.value)], facts=[])
        lines = text.split("\n")
        findings = [finding("runbook", PASS, f"{file} is there", file)]
        for heading in params.get("headings", ["Rollback", "Escalation"]):
            findings.append(section(file, lines, heading))
        return Report(findings=findings, facts=[])


def refused(file, refusal):
    """There is no runbook, or, where it is not granted or too large, nobody can tell."""
    if refusal.code != MISSING:
        return finding("runbook", UNKNOWN, refusal.text, file)
    return finding("runbook", FAIL, f"there is no {file}", file, remedy=f"write {file}")


def section(file, lines, heading):
    """Looks for a section."""
    rule = f"section-{kebab_case(heading)}"
    for number, line in enumerate(lines, start=1):
        if line.startswith("#") and line.lstrip("#").strip().lower() == heading.lower():
            return finding(rule, PASS, f"{file} has a section {heading}", file, line=number)
    remedy = f"add a section {heading} to {file}"
    return finding(rule, FAIL, f"{file} has no section {heading}", file, remedy=remedy)


def kebab_case(heading):
    """A heading as a part of a rule's name."""
    return "-".join(re.findall("[a-z0-9]+", heading.lower()))


def finding(rule, outcome, text, file, remedy="", line=0):
    return Finding(
        rule=rule, outcome=outcome, weight=REQUIRED, text=text, remedy=remedy, file=file, line=line, facts=[]
    )
