"""The report: one page that opens from disk and needs nothing from outside its folder."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from camtrap_jax import __version__
from camtrap_jax.config import Config
from camtrap_jax.report.numbers import FILTERS
from camtrap_jax.report.pictures import Pictures
from camtrap_jax.report.results import Results
from camtrap_jax.report.sections.accuracy import accuracy_section
from camtrap_jax.report.sections.human import human_section
from camtrap_jax.report.sections.images import images_section
from camtrap_jax.report.sections.labels import labels_section
from camtrap_jax.report.sections.maps import maps_section, mistakes_section
from camtrap_jax.report.sections.method import method_section
from camtrap_jax.report.sections.novelty import novelty_section
from camtrap_jax.report.sections.overview import overview_section
from camtrap_jax.report.sections.quality import quality_section
from camtrap_jax.report.sections.tree import tree_section
from camtrap_jax.report.sections.units import units_section
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import replaced_folder

# id of the section and of its template, its title, the command whose results it shows
SECTIONS = {
    "images": ("The images", "prepare", images_section),
    "maps": ("What the network looks at", "evaluate", maps_section),
    "quality": ("Which maps to believe", "quality", quality_section),
    "human": ("What people see", "dice", human_section),
    "mistakes": ("Misclassified images", "evaluate", mistakes_section),
    "units": ("Units of each species", "units", units_section),
    "tree": ("Species tree", "tree", tree_section),
    "novelty": ("Unfamiliar species", "novelty", novelty_section),
    "accuracy": ("Accuracy", "evaluate", accuracy_section),
    "labels": ("Labels in doubt", "evaluate", labels_section),
    "method": ("How it was made", "train", method_section),
}
OPTIONAL = ("human",)  # sections of commands that no study runs: left out where nobody did


def write_report(run: RunFolder, config: Config, *, title: str | None = None) -> None:
    """Writes RUN/report/index.html and its pictures, in place of an older report.

    The page is made in a folder beside it that takes its place when it is whole. A section whose
    stage has not run says so.

    Args:
      run: the run to report on.
      config: its settings; `config.report` says how much is shown.
      title: heading of the page; that of the config if not given.
    """
    with replaced_folder(run.root / "report") as folder:
        heading = config.report.title if title is None else title
        page = render_page(Results(run, config), Pictures(run, folder), title=heading)
        (folder / "index.html").write_text(page, encoding="utf-8")


def render_page(results: Results, pictures: Pictures, *, title: str) -> str:
    """Draws every section's pictures and returns the page."""
    sections = [
        {"id": name, "title": heading, "command": command, "data": make(results, pictures)}
        for name, (heading, command, make) in SECTIONS.items()
    ]
    shown = [one for one in sections if one["data"] is not None or one["id"] not in OPTIONAL]
    return (
        make_environment()
        .get_template("index.html.j2")
        .render(
            title=title,
            version=__version__,
            overview=overview_section(results),
            sections=shown,
            files=results.files,
        )
    )


def make_environment() -> Environment:
    """Sets Jinja up to escape everything: names come from strangers."""
    environment = Environment(
        loader=PackageLoader("camtrap_jax.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {**FILTERS}
    environment.filters.update(filters)
    return environment
