"""Commands of the machine that either do what they are for or are an error."""

import subprocess


def run(*command: str) -> None:
    """Runs it to its end; RuntimeError with what it said where it failed."""
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {result.stderr.strip()}")
