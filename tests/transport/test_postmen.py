"""The postman contract, held by SMTP (to aiosmtpd) and memory."""

import asyncio
from collections.abc import Iterator

import pytest

from mailbot.demo.servers import DemoServers
from mailbot.transport.postman import DeliveryFailed, Envelope, Phase, Postman
from mailbot.transport.security import Security
from mailbot.transport.smtp import SmtpPostman, SmtpSettings
from tests.fakes.transport import MemoryPostman, lost_after_dot, refused
from tests.transport.postman_contract import ANN, PostmanContract, Scene


class SmtpScene:
    def __init__(self, servers: DemoServers, runner: asyncio.Runner, passed: list[Envelope]) -> None:
        self.servers = servers
        self.runner = runner
        self.passed = passed
        self.postman: Postman = SmtpPostman(
            SmtpSettings(servers.host, servers.smtp_port, Security.NONE, "support@demo.test", lambda: servers.password)
        )

    def refuse_next(self, reply: str) -> None:
        self.servers.refuse_once(ANN.rcpt_to, reply)

    def lose_next(self, accepted: bool) -> None:
        self.servers.drop_after_dot(accepted)

    def delivered(self) -> list[Envelope]:
        return list(self.passed)


class TestSmtp(PostmanContract):
    @pytest.fixture
    def scene(self) -> Iterator[Scene]:
        passed: list[Envelope] = []
        with DemoServers(observe=lambda *mail: passed.append(Envelope(*mail))) as servers, asyncio.Runner() as runner:
            scene = SmtpScene(servers, runner, passed)
            yield scene
            runner.run(scene.postman.close())


class MemoryScene:
    def __init__(self, runner: asyncio.Runner) -> None:
        self.runner = runner
        self.memory = MemoryPostman()
        self.postman: Postman = self.memory

    def refuse_next(self, reply: str) -> None:
        self.memory.fail_next(refused(reply))

    def lose_next(self, accepted: bool) -> None:
        self.memory.fail_next(lost_after_dot(), accepted)

    def delivered(self) -> list[Envelope]:
        return list(self.memory.sent)


class TestMemory(PostmanContract):
    @pytest.fixture
    def scene(self) -> Iterator[Scene]:
        with asyncio.Runner() as runner:
            yield MemoryScene(runner)


def test_the_postman_in_memory_refuses_an_address_until_told_otherwise() -> None:
    postman = MemoryPostman()
    postman.refusals[ANN.rcpt_to] = "452 4.2.2 Mailbox full"
    for _ in range(2):
        with pytest.raises(DeliveryFailed) as raised:
            asyncio.run(postman.deliver(ANN, lambda: None))
        assert (raised.value.code, raised.value.permanent, raised.value.phase) == (452, False, Phase.RCPT)
    postman.refusals.clear()
    asyncio.run(postman.deliver(ANN, lambda: None))
    assert postman.sent == [ANN]
