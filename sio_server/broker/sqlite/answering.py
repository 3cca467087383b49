"""What users answer, as the core sees it."""

from __future__ import annotations

from sio_server.broker.answers import Acted, Answers, AnswersPage
from sio_server.broker.log import View
from sio_server.broker.signals import Answered, InboxChanged
from sio_server.broker.sqlite import answers, inbox
from sio_server.broker.sqlite.parts import MS, Parts
from sio_server.broker.sqlite.writer import Step


class Answering(Parts):
    """`Answers` on SQLite."""

    async def answer(self, view: View, notification_id: str, action: str) -> Acted:
        """See `Answers.answer`."""
        now = self._milliseconds()
        # as for any mark: what there is to walk is walked by the reading thread, and kept for the writer's
        await self._read(lambda connection: inbox.counts_at_head(connection, view, self._overlaps, now=now))
        at = int(self._wall() * MS)

        def change(step: Step) -> Acted:
            return answers.answer(step, view, notification_id, action, self._overlaps, at=at)

        def tell(acted: Acted) -> None:
            self._nodes.signal(InboxChanged(view.user, "read", acted.marked.ids, None))
            self._nodes.signal(Answered(view.user, notification_id, action, at))

        return await self._writer.change(change, tell)

    async def answers(self, notification_id: str, *, limit: int, after: str | None = None) -> AnswersPage | None:
        """See `Answers.answers`."""
        return await self._read(
            lambda connection: answers.answers(connection, notification_id, limit=limit, after=after)
        )


_: type[Answers] = Answering
