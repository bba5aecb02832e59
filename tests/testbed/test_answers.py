"""Answers of hooks: strict where the original is strict, lenient where it is lenient."""

import pytest

from testbed.metacontroller.answers import SyncAnswer, decode_customize, decode_sync
from testbed.metacontroller.errors import SyncError
from testbed.metacontroller.label_selector import LabelSelector, Requirement
from testbed.metacontroller.rules import RelatedRule

FULL_RULE = (
    b'{"apiVersion":"v1","resource":"secrets","namespace":"a","names":["b"],"labelSelector":{"matchLabels":{"c":"d"}},'
    b'"namespaceSelector":{"matchExpressions":[{"key":"e","operator":"In","values":["f"]}]}}'
)
FULL = RelatedRule(
    apiVersion="v1",
    resource="secrets",
    namespace="a",
    names=["b"],
    labelSelector=LabelSelector(matchLabels={"c": "d"}),
    namespaceSelector=LabelSelector(matchExpressions=[Requirement(key="e", operator="In", values=["f"])]),
)


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b"{}", SyncAnswer()),
        (b"null", SyncAnswer()),
        (b'{"children":null,"status":null,"resyncAfterSeconds":null,"finalized":null}', SyncAnswer()),
        (b'{"children":[null]}', SyncAnswer(children=(None,))),
        (b'{"children":[{"kind":"Pod","x":1,"x":2}]}', SyncAnswer(children=({"kind": "Pod", "x": 2},))),
        (b'{"resyncAfterSeconds":1.5,"finalized":true}', SyncAnswer(resync_after_seconds=1.5, finalized=True)),
        (b'{"children":[{"kind":"Pod"}]}', SyncAnswer(children=({"kind": "Pod"},))),
    ],
    ids=[
        "an empty map is an answer",
        "null is an answer",
        "nulls count as absent",
        "a null child passes the decoder",
        "a key twice in a child is not checked",
        "seconds may be fractions",
        "a child needs no apiVersion yet",
    ],
)
def test_valid_answer_is_accepted(body: bytes, answer: SyncAnswer) -> None:
    assert decode_sync(body) == answer


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "unexpected end of JSON input"),
        (b"{", "invalid JSON"),
        (b"{} {}", "invalid JSON"),
        (b'{"resyncAfterSeconds":NaN}', "invalid JSON"),
        (b"[]", "cannot unmarshal array into the answer"),
        (b'{"children":{}}', "cannot unmarshal object into field children"),
        (b'{"status":[]}', "cannot unmarshal array into field status"),
        (b'{"resyncAfterSeconds":"5"}', "cannot unmarshal string into field resyncAfterSeconds"),
        (b'{"finalized":"true"}', "cannot unmarshal string into field finalized"),
        (b'{"children":["a"]}', "cannot unmarshal string into field children[0]"),
        (b'{"children":[{"apiVersion":"v1"}]}', "Object 'Kind' is missing in children[0]"),
        (b'{"Children":[]}', 'strict validation failed: unknown field "Children"'),
        (b'{"children":[],"children":[]}', 'strict validation failed: duplicate field "children"'),
        (b'{"status":{"a":{"b":1,"b":2}}}', 'strict validation failed: duplicate field "status.a.b"'),
    ],
    ids=[
        "nothing",
        "half a body",
        "two bodies",
        "not a number",
        "a list",
        "children as a map",
        "status as a list",
        "seconds as text",
        "finalized as text",
        "a child that is text",
        "a child without kind",
        "a key in another case",
        "a key twice",
        "a key twice in the status",
    ],
)
def test_invalid_answer_is_rejected(body: bytes, sentence: str) -> None:
    with pytest.raises(SyncError) as caught:
        decode_sync(body)
    assert sentence in str(caught.value)


def test_error_never_repeats_the_body() -> None:
    with pytest.raises(SyncError) as caught:
        decode_sync(b'{"status": hunter2}')
    assert "hunter2" not in f"{caught.value}{caught.value.logged}"


@pytest.mark.parametrize(
    ("number", "value"),
    [("1", 1), ("1.0", 1.0), ("9223372036854775808", 9223372036854775808.0)],
    ids=["an integer", "a float stays one", "more than 64 bits become a float"],
)
def test_numbers_are_read_as_go_reads_them(number: str, value: float) -> None:
    found = decode_sync(f'{{"status":{{"n":{number}}}}}'.encode()).status["n"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("body", "rules"),
    [
        (b"{}", ()),
        (b'{"relatedResources":null}', ()),
        (b'{"relatedResources":[{}, null]}', (RelatedRule(), None)),
        (b'{"relatedResources":[%s]}' % FULL_RULE, (FULL,)),
        (b'{"relatedResources":[{"names":[null],"namespace":null,"labelSelector":null}]}', (RelatedRule(names=[""]),)),
        (b'{"relatedResources":[{"labelSelector":{}}]}', (RelatedRule(labelSelector=LabelSelector()),)),
    ],
    ids=[
        "nothing",
        "null",
        "a rule may be empty, and a null one passes the decoder",
        "all fields",
        "nulls count as absent, in lists as empty",
        "an empty selector is one",
    ],
)
def test_valid_rules_are_accepted(body: bytes, rules: tuple[RelatedRule | None, ...]) -> None:
    assert decode_customize(body) == rules


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b'{"relatedResources":{}}', "cannot unmarshal object into field relatedResources"),
        (b'{"relatedResources":["a"]}', "cannot unmarshal string into field relatedResources[0]"),
        (b'{"relatedResources":[{"names":"a"}]}', "relatedResources[0].names: Input should be a valid list"),
        (b'{"relatedResources":[{"names":[1]}]}', "relatedResources[0].names.0: Input should be a valid string"),
        (b'{"relatedResources":[{"name":null}]}', "relatedResources[0].name: Extra inputs are not permitted"),
        (b'{"relatedResources":[{"Names":[]}]}', "relatedResources[0].Names: Extra inputs are not permitted"),
        (b'{"relatedResources":[{"labelSelector":{"a":"b"}}]}', "labelSelector.a: Extra inputs are not permitted"),
        (b'{"relatedResources":[{"resource":"a","resource":"a"}]}', 'duplicate field "relatedResources[0].resource"'),
        (b'{"relatedResources":[null],"related":[]}', 'unknown field "related"'),
    ],
    ids=[
        "rules as a map",
        "a rule that is text",
        "names as text",
        "a name that is a number",
        "an unknown key, be it null",
        "a key in another case",
        "an unknown key in a selector",
        "a key twice",
        "an unknown key next to a null rule",
    ],
)
def test_invalid_rules_are_rejected(body: bytes, sentence: str) -> None:
    with pytest.raises(SyncError) as caught:
        decode_customize(body)
    assert sentence in str(caught.value)
