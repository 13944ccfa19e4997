// An SLI calculator: the share of events whose status code is below a limit.

// The codes of the contract.
const kind = { unsupplied: 0, integer: 1 };
const mark = { notValid: 0, good: 1, bad: 2, unknown: 3 };
const allValid = 4294967295;

// What an SLI may say under `params`. The host checks it before any call.
const parameters = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  properties: {
    field: {
      description: "The field that holds the status code.",
      type: "string",
      default: "data.status",
    },
    "bad-from": {
      description: "The first status code that is bad.",
      type: "integer",
      minimum: 0,
      maximum: 999,
      default: 500,
    },
  },
  additionalProperties: false,
};

function read(params) {
  const { field = "data.status", "bad-from": badFrom = 500 } = JSON.parse(params);
  return { field, badFrom: BigInt(badFrom) };
}

export const calculator = {
  describe() {
    return {
      name: "my-plugin",
      version: "0.1.0",
      summary: "share of events whose status code is below a limit",
      parameters: JSON.stringify(parameters),
      reads: ["data.status, or the field that `field` names"],
      facts: [],
    };
  },

  prepare(params) {
    return {
      fields: [{ name: read(params).field, kind: kind.integer }],
      settles: false,
      latest: undefined,
      facts: [],
    };
  },

  classify(params, batch) {
    const { badFrom } = read(params);
    // The first column is the first field of the plan. A row without a value is unknown, neither good nor bad.
    const column = batch.columns[0];
    const marks = new Uint8Array(batch.rows).fill(mark.unknown);
    if (column.kind !== kind.integer) {
      return marks;
    }
    for (let row = 0; row < batch.rows; row++) {
      if (column.validity === allValid || batch.bytes[column.validity + row] === 1) {
        marks[row] = batch.integers[column.start + row] < badFrom ? mark.good : mark.bad;
      }
    }
    return marks;
  },

  // Never called: the plan says that the calculator does not settle.
  settle() {
    throw { tag: "unprocessable", val: "this calculator judges events, not slices" };
  },
};
