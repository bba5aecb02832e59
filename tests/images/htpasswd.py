"""A fake htpasswd: recognizable hashes of passwords that come by standard input."""

import hashlib
import os
import sys
from pathlib import Path

with (Path(os.environ["CLUSTER"]) / "calls").open("a") as calls:
    calls.write(f"htpasswd {' '.join(sys.argv[1:])}\n")
digest = f"$2y$12${hashlib.sha256(sys.stdin.readline().rstrip().encode()).hexdigest()[:53]}"
if sys.argv[1] == "-vi":
    sys.exit(0 if Path(sys.argv[2]).read_text() == f"{sys.argv[3]}:{digest}\n" else 3)
sys.stdout.write(f"{sys.argv[-1]}:{digest}\n\n")
