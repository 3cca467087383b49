"""What the core asks of a broker: protocols, a file for each ability. Their docstrings are what every broker promises.

`opening.open_broker` is the only place that knows which brokers there are.
"""

from sio_server.broker.amendments import Amended, Amendment, Amendments, Happened
from sio_server.broker.answers import Acted, Answers, AnswersPage
from sio_server.broker.broker import Broker
from sio_server.broker.copies import CopiedLog, Copies, Told
from sio_server.broker.follows import MAX_FOLLOWED, Follow, FollowersPage, Follows
from sio_server.broker.groups import MARKED_AT_ONCE, Group, Groups, GroupsPage
from sio_server.broker.inbox import MAX_PAGE, Action, Answer, Counts, Inbox, InboxItem, InboxPage, Marked, Status
from sio_server.broker.log import BrokerHandler, Former, Log, Published, Stretch, View
from sio_server.broker.nodes import LEASE, Nodes, NodeState
from sio_server.broker.once import Once
from sio_server.broker.people import People, Revocations
from sio_server.broker.personal import Part, PersonalData
from sio_server.broker.presence import Here, HerePage, Presence
from sio_server.broker.receipts import Carrier, Receipt, Receipts, Stored, StoredPage, UserReceipt
from sio_server.broker.schedule import MAX_GIST, Booked, Fate, Gist, Round, Schedule, Scheduled, SchedulePage
from sio_server.broker.signals import (
    Answered,
    Close,
    DueChanged,
    Ended,
    Erased,
    Followed,
    InboxChanged,
    Revoked,
    Signal,
    Signals,
    Spent,
    Ticketed,
)
from sio_server.broker.trails import Hop, KnownRoom, Trail, Trails
from sio_server.broker.upkeep import HealthCheck, LogSize, Measured, Retention, Secrets
from sio_server.broker.words import Words, fold

__all__ = [
    "LEASE",
    "MARKED_AT_ONCE",
    "MAX_FOLLOWED",
    "MAX_GIST",
    "MAX_PAGE",
    "Acted",
    "Action",
    "Amended",
    "Amendment",
    "Amendments",
    "Answer",
    "Answered",
    "Answers",
    "AnswersPage",
    "Booked",
    "Broker",
    "BrokerHandler",
    "Carrier",
    "Close",
    "CopiedLog",
    "Copies",
    "Counts",
    "DueChanged",
    "Ended",
    "Erased",
    "Fate",
    "Follow",
    "Followed",
    "FollowersPage",
    "Follows",
    "Former",
    "Gist",
    "Group",
    "Groups",
    "GroupsPage",
    "Happened",
    "HealthCheck",
    "Here",
    "HerePage",
    "Hop",
    "Inbox",
    "InboxChanged",
    "InboxItem",
    "InboxPage",
    "KnownRoom",
    "Log",
    "LogSize",
    "Marked",
    "Measured",
    "NodeState",
    "Nodes",
    "Once",
    "Part",
    "People",
    "PersonalData",
    "Presence",
    "Published",
    "Receipt",
    "Receipts",
    "Retention",
    "Revocations",
    "Revoked",
    "Round",
    "Schedule",
    "SchedulePage",
    "Scheduled",
    "Secrets",
    "Signal",
    "Signals",
    "Spent",
    "Status",
    "Stored",
    "StoredPage",
    "Stretch",
    "Ticketed",
    "Told",
    "Trail",
    "Trails",
    "UserReceipt",
    "View",
    "Words",
    "fold",
]
