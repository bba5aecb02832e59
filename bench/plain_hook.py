"""A sync hook as Metacontroller's examples in Python are written: http.server, json, a function that returns a dict.

It is faster than one that would decide: its children are prepared, and only looked up and put into their namespace.
Two lines are not as in the examples: connections are kept and packets sent at once, as those of its peers are.
"""

import argparse
import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

Manifest = dict[str, Any]
NODE = "vk8s.sktelecom.com/node"


class Templates:
    """The children of a virtual cluster, those of each node apart, and its status, as one answer had them."""

    def __init__(self, answer: Manifest) -> None:
        children = answer["children"]
        self.cluster = [child for child in children if NODE not in child["metadata"]["labels"]]
        self.nodes: dict[str, list[Manifest]] = {}
        for child in children:
            if NODE in child["metadata"]["labels"]:
                self.nodes.setdefault(child["metadata"]["labels"][NODE], []).append(child)
        self.status = answer["status"]
        self.resync = answer["resyncAfterSeconds"]


def sync(parent: Manifest, children: Manifest, templates: Templates) -> Manifest:
    """Desired children and status."""
    namespace = parent["metadata"]["namespace"]
    nodes = [child for node in parent["spec"]["nodes"] for child in templates.nodes[node["name"]]]
    desired = [
        {**child, "metadata": {**child["metadata"], "namespace": namespace}} for child in [*templates.cluster, *nodes]
    ]
    ready = [pod["metadata"]["name"] for pod in children["Pod.v1"].values() if is_ready(pod)]
    status = {
        **templates.status,
        "phase": "Running" if all(node["name"] in ready for node in parent["spec"]["nodes"]) else "Installing",
        "observedGeneration": parent["metadata"]["generation"],
    }
    return {"status": status, "children": desired, "resyncAfterSeconds": templates.resync}


def is_ready(pod: Manifest) -> bool:
    """Whether its status says so."""
    conditions = pod.get("status", {}).get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def build_handler(templates: Templates) -> type[BaseHTTPRequestHandler]:
    """What answers calls out of these templates."""

    class Controller(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            observed = json.loads(self.rfile.read(int(self.headers["content-length"])))
            desired = json.dumps(sync(observed["parent"], observed["children"], templates)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(desired)))
            self.end_headers()
            self.wfile.write(desired)

    return Controller


def main() -> None:
    """Serves on the loopback until it is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answer", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    handler = build_handler(Templates(json.loads(options.answer.read_text())))
    HTTPServer(("127.0.0.1", options.port), handler).serve_forever()


if __name__ == "__main__":
    main()
