"""The same children by an operator in Kopf, in one handler: `kopf run bench/kopf_operator.py --all-namespaces`.

It decides nothing: the children come from a template, keys and certificates included. It makes them one after the other
and looks at them no more, while the hooks answer for each child that is lost or changed.
"""

import asyncio

import kopf
from lightkube import AsyncClient
from lightkube.codecs import from_dict

from bench.clusters import API_VERSION, build_children

GROUP, _, VERSION = API_VERSION.partition("/")


@kopf.on.startup()
async def prepare(memo: kopf.Memo, **_: object) -> None:
    """One client for all handlers."""
    memo.client = AsyncClient()


@kopf.on.create(GROUP, VERSION, "vk8s")
async def create(body: kopf.Body, memo: kopf.Memo, **_: object) -> None:
    """Makes all children of a Vk8s."""
    children = await asyncio.to_thread(build_children, dict(body))
    kopf.adopt(children, owner=body)
    for child in children:
        await memo.client.create(from_dict(child))
