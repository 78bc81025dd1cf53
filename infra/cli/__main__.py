"""`python -m infra.cli` is `interleave` where nothing is installed."""

from infra.cli import app

if __name__ == "__main__":
    app(prog_name="interleave")
