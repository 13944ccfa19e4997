"""Checks the syntax of the Jenkinsfile, and writes the shell scripts in the files for pipelines to a folder for ShellCheck."""

import sys
from pathlib import Path

import tree_sitter
import tree_sitter_groovy
from ruamel.yaml import YAML

JENKINSFILE = Path("ci/jenkins/Jenkinsfile")


def groovy(source: bytes) -> tree_sitter.Node:
    """The syntax tree of a Groovy file."""
    language = tree_sitter.Language(tree_sitter_groovy.language())
    return tree_sitter.Parser(language).parse(source).root_node


def every(node: tree_sitter.Node):
    """The node and all beneath it."""
    yield node
    for child in node.children:
        yield from every(child)


def first_error(root: tree_sitter.Node) -> str:
    """Where the syntax is wrong; the innermost place that is known."""
    wrong = [node for node in every(root) if node.is_error or node.is_missing]
    row, column = min(wrong, key=lambda node: node.end_byte - node.start_byte).start_point
    return f"{JENKINSFILE}:{row + 1}:{column + 1}: this is no Groovy"


def checked_jenkinsfile() -> tree_sitter.Node:
    """The syntax tree of the Jenkinsfile."""
    source = JENKINSFILE.read_bytes()
    root = groovy(source)
    if root.has_error:
        sys.exit(first_error(root))
    # A parser that lets everything through checks nothing.
    if not groovy(source.rstrip().removesuffix(b"}")).has_error:
        sys.exit("the parser of Groovy doesn't notice a brace that is not there")
    return root


def of_jenkins(root: tree_sitter.Node) -> list[str]:
    """The first text that each call of `sh` gets: in single quotes, so that Groovy leaves it as it is."""
    calls = [node for node in every(root) if node.type in ("method_invocation", "juxt_function_call")]
    scripts = []
    for call in calls:
        if call.children[0].text == b"sh":
            texts = (node for node in every(call) if node.type in ("string_literal", "character_literal"))
            scripts.append(next(texts).text.decode().strip("'"))
    return scripts


def of_steps(steps: list[dict]) -> list[str]:
    """The scripts of steps of GitHub or Tekton."""
    return [step[key] for step in steps for key in ("run", "script") if key in step]


def main(folder: Path) -> None:
    read = YAML(typ="safe").load
    gitlab = read(Path("ci/gitlab/weir-gate.gitlab-ci.yml"))[".weir-gate"]
    workflow = read(Path("ci/github/deploy.yml"))
    scripts = {
        "action.yml": of_steps(read(Path("action.yml"))["runs"]["steps"]),
        "github": [script for job in workflow["jobs"].values() for script in of_steps(job["steps"])],
        "gitlab": ["\n".join(gitlab["before_script"] + gitlab["script"])],
        "tekton": of_steps(read(Path("ci/tekton/task.yaml"))["spec"]["steps"]),
        "jenkins": of_jenkins(checked_jenkinsfile()),
    }
    folder.mkdir(parents=True)
    for name, texts in scripts.items():
        if not texts:
            sys.exit(f"{name}: there is no script in it")
        # What runs them says which shell it is, and stops at the first failure, unless they say themselves.
        shell = "bash" if name in ("action.yml", "github") else "sh"
        for number, text in enumerate(texts, 1):
            head = "" if text.startswith("#!") else f"#!/usr/bin/env {shell}\nset -e\n"
            (folder / f"{name}-{number}").write_text(f"{head}{text.rstrip()}\n")


main(Path(sys.argv[1]))
