"""The program: `kubectl-vk8s`, `vk8s`, and, by the name that it is called by, `kubectl_complete-vk8s`.

kubectl runs `credential` before each request of a context that `connect` wrote, so its way imports nothing that it
does not need, and neither click nor rich.
"""

import os
import sys
from pathlib import Path


def main() -> int:
    """Runs the program; the exit code."""
    arguments = sys.argv[1:]
    if Path(sys.argv[0]).name.startswith("kubectl_complete-"):
        arguments = ["__complete", *arguments]
    try:
        if arguments[:1] == ["credential"]:
            from kubectl_vk8s.tunnel.credential import main as print_credential

            return print_credential(arguments[1:])
        if arguments[:1] == ["tunnel"]:
            from kubectl_vk8s.tunnel.serve import main as serve

            return serve(arguments[1:])
        from kubectl_vk8s.cli import main as cli

        return cli(arguments)
    except BrokenPipeError:
        # Who read it has enough. Without this, Python would complain of it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
