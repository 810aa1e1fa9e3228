"""The Web API: `/api/<method>` for one app in one workspace, by family of methods.

`METHODS` is the whole list; `server` answers them over HTTP. A new method is a function in its family and
a line in that family's `METHODS`.
"""

from handlers.demo.slack.webapi import apps, chat, conversations, people, views
from handlers.demo.slack.webapi.call import Method

METHODS: dict[str, Method] = {
    method.name: method
    for methods in (apps.METHODS, chat.METHODS, conversations.METHODS, people.METHODS, views.METHODS)
    for method in methods
}
