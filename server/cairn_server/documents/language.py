"""Our files as a language: all features an editor is offered on them. One feature, one file."""

from pygls.lsp.server import LanguageServer

from cairn_server.call import Context
from cairn_server.code_actions import commands as code_commands
from cairn_server.code_actions.offers import Offers
from cairn_server.documents import (
    commands,
    completion,
    definition,
    hints,
    hover,
    lenses,
    outline,
    references,
    rename,
    symbols,
    tokens,
)
from cairn_server.documents.desk import Desk
from cairn_server.documents.diagnostics import Diagnostics
from cairn_server.documents.feature import mount
from cairn_server.documents.progress import Progress
from cairn_server.documents.refresh import Refresh

FEATURES = (
    *hover.FEATURES,
    *definition.FEATURES,
    *references.FEATURES,
    *lenses.FEATURES,
    *hints.FEATURES,
    *completion.FEATURES,
    *rename.FEATURES,
    *symbols.FEATURES,
    *tokens.FEATURES,
)


class Spoken:
    """What goes on by itself for one editor, until `close`."""

    def __init__(self, *parts: Diagnostics | Progress | Offers) -> None:
        self._parts = parts

    async def close(self) -> None:
        for part in self._parts:
            await part.close()


def speak(server: LanguageServer, context: Context) -> Spoken:
    """Mounts all features for one editor. What it returns is to be closed when the editor leaves."""
    desk = Desk(server, context)
    diagnostics, progress, offers = Diagnostics(desk, Refresh(desk)), Progress(desk), Offers(desk)
    mount(server, desk, (*FEATURES, *diagnostics.features, *progress.features, *offers.features))
    commands.offer(server, desk)
    code_commands.offer(server, desk)
    return Spoken(diagnostics, progress, offers)


def speak_more(server: LanguageServer, context: Context, editor: str) -> None:
    """Mounts what an editor of this name has not of its own. To be called before its capabilities are answered."""
    if outline.wanted(editor):
        mount(server, Desk(server, context), outline.FEATURES)
