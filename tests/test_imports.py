"""What is imported before a function knows what it is called for."""

from __future__ import annotations

import subprocess
import sys

NOT_YET = (
    "chalicelib.handlers.deliver",
    "chalicelib.handlers.doorbell",
    "chalicelib.handlers.schedule",
    "chalicelib.handlers.stream",
    "chalicelib.configuration.checks",
    "chalicelib.http.areas",
    "chalicelib.http.authentication",
    "chalicelib.http.openapi",
    "chalicelib.http.people",
    "Crypto",
    "boto3",
    "aws_xray_sdk",
)


def test_what_not_every_function_needs_is_imported_by_those_that_do() -> None:
    program = f"import sys, app; print([name for name in {NOT_YET!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
