"""YAML that Kubernetes' programs read as it was meant."""

import pytest
import yaml

from hooks.kubernetes.yaml_text import Dumper


@pytest.mark.parametrize("text", ["y", "N", "1e3", "1_0.5E+2", ".5e1", "0o17", "-0o7"])
def test_text_that_kubernetes_would_misread_is_quoted(text: str) -> None:
    written = yaml.dump({"a": text}, Dumper=Dumper)
    assert written == f'a: "{text}"\n'
    assert yaml.safe_load(written) == {"a": text}


@pytest.mark.parametrize("text", ["yes", "true", "12", "null", "", "2026-01-01"])
def test_text_that_yaml_itself_would_misread_is_quoted(text: str) -> None:
    written = yaml.dump({"a": text}, Dumper=Dumper)
    assert written == f"a: '{text}'\n"


@pytest.mark.parametrize("text", ["demo", "ye", "1e", "v1.34.4", "0o8"])
def test_other_text_has_no_quotes(text: str) -> None:
    assert yaml.dump({"a": text}, Dumper=Dumper) == f"a: {text}\n"
