// A check: does every service have a runbook with the sections that people look for at night?

import { read } from "weir:policy/evidence@0.1.0";

// The codes of the contract.
const outcome = { pass: 0, fail: 1, notApplicable: 2, unknown: 3 };
const weight = { required: 1, advised: 2 };
const refusal = { missing: 1 };

// What a policy may say under `[params]`. The host checks it before any call.
const parameters = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  properties: {
    folder: {
      description: "The folder of runbooks; the policy has to grant it.",
      type: "string",
      default: "runbooks",
    },
    headings: {
      description: "The headings that a runbook must have, whatever their case and level.",
      type: "array",
      items: { type: "string", minLength: 1 },
      default: ["Rollback", "Escalation"],
    },
  },
  additionalProperties: false,
};

export const checker = {
  describe() {
    return {
      name: "my-plugin",
      version: "0.1.0",
      summary: "whether a service has a runbook with the sections that people look for",
      parameters: JSON.stringify(parameters),
      reads: ["runbooks/<service>.md"],
      facts: [],
    };
  },

  assess(params, subject) {
    const { folder = "runbooks", headings = ["Rollback", "Escalation"] } = JSON.parse(params);
    const file = `${folder}/${subject.service}.md`;
    let text;
    try {
      text = read(file);
    } catch (error) {
      // A refusal is thrown, with its record as the payload.
      return report([refused(file, error.payload ?? error)]);
    }
    const findings = [finding("runbook", outcome.pass, `${file} is there`, file)];
    const lines = text.split("\n");
    for (const heading of headings) {
      findings.push(section(file, lines, heading));
    }
    return report(findings);
  },
};

// There is no runbook, or, where it is not granted or too large, nobody can tell.
function refused(file, { code, text }) {
  if (code !== refusal.missing) {
    return finding("runbook", outcome.unknown, text, file);
  }
  return { ...finding("runbook", outcome.fail, `there is no ${file}`, file), remedy: `write ${file}` };
}

// Looks for a section.
function section(file, lines, heading) {
  const rule = `section-${kebabCase(heading)}`;
  const wanted = heading.toLowerCase();
  const line = lines.findIndex((line) => line.startsWith("#") && title(line) === wanted);
  if (line < 0) {
    const remedy = `add a section ${heading} to ${file}`;
    return { ...finding(rule, outcome.fail, `${file} has no section ${heading}`, file), remedy };
  }
  return { ...finding(rule, outcome.pass, `${file} has a section ${heading}`, file), line: line + 1 };
}

function title(line) {
  return line.replace(/^#+/, "").trim().toLowerCase();
}

// A heading as a part of a rule's name.
function kebabCase(heading) {
  return heading.toLowerCase().split(/[^a-z0-9]+/).filter((word) => word !== "").join("-");
}

function finding(rule, outcome, text, file) {
  return { rule, outcome, weight: weight.required, text, remedy: "", file, line: 0, facts: [] };
}

function report(findings) {
  return { findings, facts: [] };
}
