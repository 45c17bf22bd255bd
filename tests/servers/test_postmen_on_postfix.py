"""The postman contract over Postfix, by every way into it, with the mail seen at the other end."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from mailbot.transport.postman import Envelope, Postman
from mailbot.transport.security import Auth, Security
from mailbot.transport.smtp import SmtpPostman, SmtpSettings
from tests.servers.certificates import Authority
from tests.servers.dovecot import PASSWORD
from tests.servers.oauth import OAuth
from tests.servers.policy import Policy
from tests.servers.postfix import Postfix
from tests.servers.process import wait_until
from tests.servers.proxy import Proxy
from tests.servers.sinks import Sink
from tests.transport.postman_contract import ANN, PostmanContract, Scene

USER = "support@box.test"


class PostfixScene:
    """A postman, a network that can fail, Postfix with its policy, and the world beyond."""

    def __init__(self, proxy: Proxy, policy: Policy, sink: Sink, runner: asyncio.Runner, settings: SmtpSettings):
        self.proxy, self.policy, self.sink, self.runner = proxy, policy, sink, runner
        self.postman: Postman = SmtpPostman(settings)
        self._before = policy.accepted, len(self._arrived())

    def refuse_next(self, reply: str) -> None:
        self.policy.refuse_next(reply)

    def lose_next(self, accepted: bool) -> None:
        self.policy.at_dot(accepted, self.proxy.drop_all)

    def delivered(self) -> list[Envelope]:
        accepted, came = self._before
        expected = came + self.policy.accepted - accepted
        wait_until(lambda: len(self._arrived()) >= expected, "what the server accepted has left it")
        return self._arrived()[came:]

    def _arrived(self) -> list[Envelope]:
        # Stragglers of other tests have other recipients.
        return [mail for mail in self.sink.mails if mail.rcpt_to == ANN.rcpt_to]


class PostfixContract(PostmanContract):
    """The contract; each way says by which port and with which settings."""

    @pytest.fixture
    def port(self, postfix: Postfix) -> int:
        return postfix.submission_port

    @pytest.fixture
    def changes(self) -> dict[str, Any]:
        raise NotImplementedError

    @pytest.fixture
    def scene(self, port: int, changes: dict[str, Any], policy: Policy, sink: Sink) -> Iterator[Scene]:
        with Proxy(port) as proxy, asyncio.Runner() as runner:
            scene = PostfixScene(proxy, policy, sink, runner, SmtpSettings("localhost", proxy.port, **changes))
            yield scene
            runner.run(scene.postman.close())
            scene.delivered()  # so that nothing comes late into the next scene


class TestPlainLoopback(PostfixContract):
    @pytest.fixture
    def port(self, postfix: Postfix) -> int:
        return postfix.port

    @pytest.fixture
    def changes(self) -> dict[str, Any]:
        return {"security": Security.NONE}


class TestStarttls(PostfixContract):
    @pytest.fixture
    def changes(self, authority: Authority) -> dict[str, Any]:
        login = {"user": USER, "password": PASSWORD}
        return {"ca_file": str(authority.ca_file), "security": Security.STARTTLS, **login}


class TestTls(PostfixContract):
    @pytest.fixture
    def port(self, postfix: Postfix) -> int:
        return postfix.smtps_port

    @pytest.fixture
    def changes(self, authority: Authority) -> dict[str, Any]:
        return {"ca_file": str(authority.ca_file), "user": USER, "password": PASSWORD}


class TestXoauth2(PostfixContract):
    @pytest.fixture
    def changes(self, authority: Authority, oauth: OAuth) -> dict[str, Any]:
        login = {"user": USER, "password": oauth.issue(USER), "auth": Auth.XOAUTH2}
        return {"ca_file": str(authority.ca_file), "security": Security.STARTTLS, **login}
