"""What whoever carries on finds at the top of the checkout: forms, checks, citation, promises."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

import zgcgis

ROOT = Path(__file__).parents[1]
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
FORMS.remove(ROOT / ".github" / "ISSUE_TEMPLATE" / "config.yml")
INPUTS = {"textarea", "input", "dropdown", "checkboxes"}
ATTRIBUTES = {
    "markdown": {"value"},
    "textarea": {"label", "description", "placeholder", "value", "render"},
    "input": {"label", "description", "placeholder", "value"},
    "dropdown": {"label", "description", "multiple", "options", "default"},
    "checkboxes": {"label", "description", "options"},
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def read(*parts: str) -> str:
    return ROOT.joinpath(*parts).read_text(encoding="utf-8")


def in_both_languages(text: str) -> bool:
    return bool(re.search(r"[\u4e00-\u9fff]", text) and re.search(r"[A-Za-z]{3}", text))


# --- issue forms, by the schema of GitHub ----------------------------------------------------------


def test_there_are_three_forms():
    assert [form.stem for form in FORMS] == ["bug", "data", "method"]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_a_form_is_one_that_github_shows(form):
    told = yaml.safe_load(form.read_text(encoding="utf-8"))
    assert set(told) <= {"name", "description", "title", "labels", "assignees", "projects", "type", "body"}  # fmt: skip
    assert all(isinstance(told[key], str) and told[key] for key in ("name", "description"))
    assert in_both_languages(told["name"])
    assert in_both_languages(told["description"])
    body = told["body"]
    assert any(part["type"] in INPUTS for part in body)
    ids = [part["id"] for part in body if "id" in part]
    labels = [part["attributes"]["label"] for part in body if part["type"] in INPUTS]
    assert len(set(ids)) == len(ids)
    assert len(set(labels)) == len(labels)
    for part in body:
        asks = part["type"] in INPUTS
        assert set(part) <= {"type", "id", "attributes", "validations"}
        assert set(part["attributes"]) <= ATTRIBUTES[part["type"]]
        assert asks == ("label" in part["attributes"])
        assert in_both_languages(part["attributes"]["label" if asks else "value"])
        if asks:
            assert re.fullmatch(r"[A-Za-z0-9_-]+", part["id"])
            assert all(isinstance(v, bool) for v in part.get("validations", {}).values())
        if part["type"] == "dropdown":
            options = part["attributes"]["options"]
            assert len(set(options)) == len(options) > 1
            assert all(isinstance(option, str) and option.lower() != "none" for option in options)


def test_whoever_fits_no_form_can_still_write():
    assert yaml.safe_load(read(".github", "ISSUE_TEMPLATE", "config.yml")) == {
        "blank_issues_enabled": True
    }


# --- checks before a commit ------------------------------------------------------------------------


def test_a_commit_is_checked_as_make_lint_does():
    recipe = re.search(r"^lint:.*\n((?:\t.+\n)+)", read("Makefile"), re.MULTILINE)
    lint = [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe[1].splitlines()]
    (repo,) = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    assert repo["repo"] == "local"
    assert [hook["entry"] for hook in repo["hooks"]] == lint
    for hook in repo["hooks"]:
        assert hook["language"] == "system"
        assert hook["pass_filenames"] is False
        assert "args" not in hook


# --- citation and promises -------------------------------------------------------------------------


def test_the_citation_is_of_this_version():
    told = yaml.safe_load(read("CITATION.cff"))
    assert told["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(told)
    assert told["type"] == "software"
    assert str(told["version"]) == zgcgis.__version__
    assert told["license"] == PROJECT["project"]["license"]
    (author,) = told["authors"]
    assert author["name"].lower() in read("LICENSE").lower()


@pytest.mark.parametrize("page", ["SECURITY.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_a_page_is_in_both_languages_and_its_links_lead_somewhere(page):
    text = read(page)
    assert in_both_languages(text)
    links = re.findall(r"\]\(([^)#]+)\)", text)
    local = [link for link in links if not link.startswith("https://")]
    assert all(((ROOT / page).parent / link).exists() for link in local)
    assert not re.search(r"[\w.]+@[\w-]+\.\w+", text)  # no address of anyone


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
@pytest.mark.parametrize("name", ["docs/architecture.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_the_readme_leads_there(page, name):
    assert f"]({name})" in read(page)


def test_all_of_it_goes_along_with_the_source():
    include = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    for name in ("CONTRIBUTING.md", "SECURITY.md", "CITATION.cff", ".github", ".pre-commit-config.yaml"):  # fmt: skip
        assert f"/{name}" in include
        assert (ROOT / name).exists()
