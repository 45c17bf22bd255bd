"""What every postman promises. A transport passes by inheriting this and giving a `scene`."""

import asyncio
from typing import Protocol

import pytest

from mailbot.transport.postman import DeliveryFailed, Envelope, Phase, Postman

HELLO = b"From: support@demo.test\r\nSubject: hello\r\n\r\nGood day.\r\n.A line with a dot.\r\n"
ANN = Envelope("support+b1@demo.test", "ann@demo.test", HELLO)


class Scene(Protocol):
    """A postman, the loop that it runs in, and the server beyond."""

    postman: Postman
    runner: asyncio.Runner

    def refuse_next(self, reply: str) -> None:
        """Answer the next RCPT so."""

    def lose_next(self, accepted: bool) -> None:
        """Break the next connection after the final dot, with or without the mail taken."""

    def delivered(self) -> list[Envelope]: ...


class Hook:
    """Stands for the commit of `phase=data`; remembers what was delivered when it was called."""

    def __init__(self, scene: Scene, error: Exception | None = None) -> None:
        self.scene = scene
        self.error = error
        self.saw: list[int] = []

    def __call__(self) -> None:
        self.saw.append(len(self.scene.delivered()))
        if self.error:
            raise self.error


class PostmanContract:
    """Promises of `mailbot.transport.postman`."""

    @pytest.fixture
    def scene(self) -> Scene:
        raise NotImplementedError

    def test_a_mail_arrives_byte_for_byte_and_the_reply_is_kept(self, scene: Scene) -> None:
        sent = scene.runner.run(scene.postman.deliver(ANN, lambda: None))
        assert scene.delivered() == [ANN]
        assert "queued as" in sent.reply

    def test_the_caller_is_asked_once_before_anything_is_delivered(self, scene: Scene) -> None:
        hook = Hook(scene)
        scene.runner.run(scene.postman.deliver(ANN, hook))
        assert hook.saw == [0]

    def test_when_the_caller_cannot_commit_nothing_is_sent_and_the_next_mail_is(self, scene: Scene) -> None:
        with pytest.raises(RuntimeError, match="database is gone"):
            scene.runner.run(scene.postman.deliver(ANN, Hook(scene, RuntimeError("database is gone"))))
        assert scene.delivered() == []
        scene.runner.run(scene.postman.deliver(ANN, lambda: None))
        assert scene.delivered() == [ANN]

    @pytest.mark.parametrize(
        ("reply", "permanent"), [("550 5.1.1 User unknown", True), ("451 4.7.1 Greylisted, come back", False)]
    )
    def test_a_refused_recipient_fails_before_the_caller_is_asked(
        self, scene: Scene, reply: str, permanent: bool
    ) -> None:
        hook = Hook(scene)
        scene.refuse_next(reply)
        with pytest.raises(DeliveryFailed) as raised:
            scene.runner.run(scene.postman.deliver(ANN, hook))
        failure = raised.value
        assert (failure.permanent, failure.phase, failure.code) == (permanent, Phase.RCPT, int(reply[:3]))
        # Some servers put the address between the code and the words.
        code, words = reply[:9], reply[10:]
        assert (failure.unknown, failure.reason[:9], failure.reason.endswith(words)) == (False, code, True)
        assert hook.saw == []

    def test_after_a_refusal_the_next_mail_is_delivered(self, scene: Scene) -> None:
        scene.refuse_next("550 5.1.1 User unknown")
        with pytest.raises(DeliveryFailed):
            scene.runner.run(scene.postman.deliver(ANN, lambda: None))
        scene.runner.run(scene.postman.deliver(ANN, lambda: None))
        assert scene.delivered() == [ANN]

    @pytest.mark.parametrize("accepted", [True, False])
    def test_a_connection_lost_after_the_dot_leaves_the_outcome_unknown(self, scene: Scene, accepted: bool) -> None:
        scene.lose_next(accepted)
        hook = Hook(scene)
        with pytest.raises(DeliveryFailed) as raised:
            scene.runner.run(scene.postman.deliver(ANN, hook))
        failure = raised.value
        assert (failure.unknown, failure.permanent, failure.phase) == (True, False, Phase.DATA)
        assert hook.saw == [0]
        assert scene.delivered() == [ANN][: int(accepted)]

    def test_after_a_lost_connection_the_next_mail_is_delivered(self, scene: Scene) -> None:
        scene.lose_next(accepted=False)
        with pytest.raises(DeliveryFailed):
            scene.runner.run(scene.postman.deliver(ANN, lambda: None))
        scene.runner.run(scene.postman.deliver(ANN, lambda: None))
        assert scene.delivered() == [ANN]

    def test_the_null_sender_may_send(self, scene: Scene) -> None:
        scene.runner.run(scene.postman.deliver(Envelope("", "ann@demo.test", HELLO), lambda: None))
        assert [envelope.mail_from for envelope in scene.delivered()] == [""]

    @pytest.mark.parametrize(
        "hostile",
        [
            "ann@demo.test>\r\nRCPT TO:<eve@evil.test",
            "ann@demo.test\nDATA",
            "ann@demo.test NOTIFY=NEVER",
            "<ann@demo.test>",
            "ann@demo.test\x00",
            "ann@de\u2028mo.test",
            "ann@demo.test,eve@evil.test",
            "ann",
            "",
            "@demo.test",
        ],
    )
    def test_an_address_that_could_become_a_command_is_refused_for_good(self, scene: Scene, hostile: str) -> None:
        hook = Hook(scene)
        with pytest.raises(DeliveryFailed) as raised:
            scene.runner.run(scene.postman.deliver(Envelope("support@demo.test", hostile, HELLO), hook))
        assert (raised.value.permanent, raised.value.unknown) == (True, False)
        if hostile:  # the empty sender is the null sender
            with pytest.raises(DeliveryFailed):
                scene.runner.run(scene.postman.deliver(Envelope(hostile, "ann@demo.test", HELLO), hook))
        assert (scene.delivered(), hook.saw) == ([], [])

    def test_closing_may_be_repeated_and_the_next_mail_opens_again(self, scene: Scene) -> None:
        scene.runner.run(scene.postman.close())
        scene.runner.run(scene.postman.deliver(ANN, lambda: None))
        scene.runner.run(scene.postman.close())
        scene.runner.run(scene.postman.close())
        scene.runner.run(scene.postman.deliver(ANN, lambda: None))
        assert scene.delivered() == [ANN, ANN]
