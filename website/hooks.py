"""What the site's build does besides rendering pages. MkDocs calls these functions."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.exceptions import PluginError

from website.foreign import foreign_addresses
from website.tables import with_plain_pipes

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig

_HERE = Path(__file__).parent
_MERMAID = _HERE / "node_modules" / "@mermaid-js" / "tiny" / "dist" / "mermaid.tiny.js"


def on_config(config: "MkDocsConfig") -> "MkDocsConfig":
    """Replaces each `folder/*` of the navigation with the pages of that folder."""
    config.nav = [_with_folders(item, Path(config.docs_dir)) for item in config.nav or []]
    return config


def on_page_markdown(markdown: str, **_: Any) -> str:
    return with_plain_pipes(markdown)


def on_post_build(config: "MkDocsConfig") -> None:
    """Adds the script that draws diagrams. Raises PluginError if a page loads from another host."""
    site = Path(config.site_dir)
    shutil.copyfile(_MERMAID, site / "assets" / "mermaid.js")
    for page in sorted(site.rglob("*.html")):
        for address in foreign_addresses(page.read_text()):
            raise PluginError(f"{page.relative_to(site)} loads {address}; ship a copy instead")


def _with_folders(item: Any, docs: Path) -> Any:
    if isinstance(item, dict):
        return {title: _with_folders(each, docs) for title, each in item.items()}
    if isinstance(item, list):
        return [_with_folders(each, docs) for each in item]
    folder, is_folder, _ = item.partition("/*")
    if not is_folder:
        return item
    return [str(page.relative_to(docs)) for page in sorted((docs / folder).glob("*.md"))]
