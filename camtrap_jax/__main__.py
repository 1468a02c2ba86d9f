"""Lets `python -m camtrap_jax COMMAND` do what `camtrap COMMAND` does."""

from camtrap_jax.cli.main import launch

if __name__ == "__main__":
    launch()
