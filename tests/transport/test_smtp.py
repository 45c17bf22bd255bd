"""SMTP phase by phase against a server that says what it is told: the outcome table, and the life of a connection."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from mailbot.transport.postman import DeliveryFailed, Envelope, Phase, Sent
from mailbot.transport.security import Auth, Security
from mailbot.transport.smtp import SmtpPostman, SmtpSettings
from tests.fakes.transport_smtp import DROP, GREETING, HANG, VERDICT, ScriptedSmtp
from tests.transport.postman_contract import ANN, HELLO


def settings(server: ScriptedSmtp, **changes: Any) -> SmtpSettings:
    quick = {"connect_timeout_seconds": 5, "command_timeout_seconds": 0.3, "data_timeout_seconds": 0.3}
    return SmtpSettings("127.0.0.1", server.port, **{"security": Security.NONE, **quick, **changes})


def play(
    story: Callable[[ScriptedSmtp, SmtpPostman], Coroutine[Any, Any, None]],
    server: ScriptedSmtp | None = None,
    **changes: Any,
) -> ScriptedSmtp:
    """Run a story between a postman and a scripted server; returns the server with what it heard."""
    scripted = server or ScriptedSmtp()

    async def run() -> None:
        async with scripted:
            postman = SmtpPostman(settings(scripted, **changes))
            await story(scripted, postman)
            await postman.close()

    asyncio.run(run())
    return scripted


async def fails(postman: SmtpPostman, envelope: Envelope = ANN) -> tuple[DeliveryFailed, int]:
    """The failure of a delivery, and how often the caller was asked."""
    asked: list[None] = []
    with pytest.raises(DeliveryFailed) as raised:
        await postman.deliver(envelope, lambda: asked.append(None))
    return raised.value, len(asked)


async def succeeds(postman: SmtpPostman, envelope: Envelope = ANN) -> Sent:
    return await postman.deliver(envelope, lambda: None)


# where, what the server does -> permanent, unknown, phase, code, asked
OUTCOMES = [
    (GREETING, "554 5.3.2 closed", True, False, Phase.CONNECT, 554, 0),
    (GREETING, DROP, False, False, Phase.CONNECT, None, 0),
    (GREETING, "421 4.3.2 too busy", False, False, Phase.CONNECT, 421, 0),
    ("MAIL", "450 4.1.8 sender later", False, False, Phase.MAIL, 450, 0),
    ("MAIL", "553 5.1.8 sender never", True, False, Phase.MAIL, 553, 0),
    ("MAIL", "421 4.7.0 closing", False, False, Phase.MAIL, 421, 0),
    ("MAIL", "530 5.7.0 log in first", True, False, Phase.CONNECT, 530, 0),
    ("RCPT", "530 5.7.0 log in first", True, False, Phase.CONNECT, 530, 0),
    ("MAIL", DROP, False, False, Phase.MAIL, None, 0),
    ("MAIL", HANG, False, False, Phase.MAIL, None, 0),
    ("RCPT", "450 4.2.1 later", False, False, Phase.RCPT, 450, 0),
    ("RCPT", "550 5.1.1 never", True, False, Phase.RCPT, 550, 0),
    ("RCPT", "what?", False, False, Phase.RCPT, None, 0),
    ("RCPT", DROP, False, False, Phase.RCPT, None, 0),
    ("DATA", "451 4.3.0 later", False, False, Phase.DATA, 451, 1),
    ("DATA", "554 5.5.1 never", True, False, Phase.DATA, 554, 1),
    ("DATA", "250 what?", False, False, Phase.DATA, None, 1),
    ("DATA", DROP, False, False, Phase.DATA, None, 1),
    ("DATA", HANG, False, False, Phase.DATA, None, 1),
    (VERDICT, "452 4.3.1 disk full", False, False, Phase.DATA, 452, 1),
    (VERDICT, "552 5.3.4 too big", True, False, Phase.DATA, 552, 1),
    (VERDICT, "421 4.3.0 closing", False, False, Phase.DATA, 421, 1),
    (VERDICT, DROP, False, True, Phase.DATA, None, 1),
    (VERDICT, HANG, False, True, Phase.DATA, None, 1),
    (VERDICT, "garbage", False, True, Phase.DATA, None, 1),
    (VERDICT, "354 what?", False, True, Phase.DATA, None, 1),
]


@pytest.mark.parametrize(("where", "what", "permanent", "unknown", "phase", "code", "asked"), OUTCOMES)
def test_the_outcome_table(
    where: str, what: str, permanent: bool, unknown: bool, phase: Phase, code: int | None, asked: int
) -> None:
    async def story(server: ScriptedSmtp, postman: SmtpPostman) -> None:
        server.replies[where] = [what]
        failure, times = await fails(postman)
        assert (failure.permanent, failure.unknown, failure.phase, failure.code) == (permanent, unknown, phase, code)
        assert times == asked
        assert await succeeds(postman) == Sent("2.0.0 Ok: queued as S1")

    play(story)


def test_any_success_after_the_dot_is_success() -> None:
    async def story(server: ScriptedSmtp, postman: SmtpPostman) -> None:
        server.replies[VERDICT] = ["251 2.0.0 will forward"]
        assert await succeeds(postman) == Sent("2.0.0 will forward")

    play(story)


def test_one_connection_carries_many_mails_and_refusals() -> None:
    async def story(server: ScriptedSmtp, postman: SmtpPostman) -> None:
        await succeeds(postman)
        server.replies["RCPT"] = ["550 5.1.1 never"]
        await fails(postman)
        await succeeds(postman)

    server = play(story)
    assert server.connections == 1
    assert server.verbs() == ["EHLO", "MAIL", "RCPT", "DATA", "MAIL", "RCPT", "RSET", "MAIL", "RCPT", "DATA", "QUIT"]


def test_a_connection_that_went_stale_is_replaced_unseen() -> None:
    async def story(server: ScriptedSmtp, postman: SmtpPostman) -> None:
        await succeeds(postman)
        server.hang_up()
        await succeeds(postman)
        server.replies["MAIL"] = ["421 4.4.2 idle too long"]
        await succeeds(postman)

    server = play(story)
    assert (server.connections, len(server.messages)) == (3, 3)


def test_a_caller_that_cannot_commit_takes_the_transaction_back() -> None:
    async def story(server: ScriptedSmtp, postman: SmtpPostman) -> None:
        def no_database() -> None:
            raise RuntimeError("no database")

        with pytest.raises(RuntimeError):
            await postman.deliver(ANN, no_database)
        await succeeds(postman)

    server = play(story)
    assert server.verbs() == ["EHLO", "MAIL", "RCPT", "RSET", "MAIL", "RCPT", "DATA", "QUIT"]


@pytest.mark.parametrize("goodbye", [DROP, "502 5.5.1 what?", "garbage"])
def test_a_quit_that_fails_does_not_undo_a_sent_mail(goodbye: str) -> None:
    async def story(server: ScriptedSmtp, postman: SmtpPostman) -> None:
        server.replies["QUIT"] = [goodbye]
        assert (await succeeds(postman)).reply == "2.0.0 Ok: queued as S1"
        await postman.close()

    assert len(play(story).messages) == 1


@pytest.mark.parametrize(
    ("raw", "wire"),
    [
        (b"Subject: a\r\n\r\n.\r\n..\r\nend", b"Subject: a\r\n\r\n..\r\n...\r\nend\r\n.\r\n"),
        (b"Subject: a\n\nbare\n.\nlines\r", b"Subject: a\r\n\r\nbare\r\n..\r\nlines\r\n.\r\n"),
        (b"Subject: a\r\n\r\nx\n.\r\ny\r.\ny", b"Subject: a\r\n\r\nx\r\n..\r\ny\r\n..\r\ny\r\n.\r\n"),
    ],
)
def test_no_line_inside_a_mail_can_end_it(raw: bytes, wire: bytes) -> None:
    async def story(server: ScriptedSmtp, postman: SmtpPostman) -> None:
        await succeeds(postman, Envelope(ANN.mail_from, ANN.rcpt_to, raw))

    server = play(story)
    assert (server.messages, server.verbs()[-1]) == ([wire], "QUIT")


EIGHT_BIT = b"Subject: hello\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\n"
UTF8_HEADER = "Subject: Grüße\r\n\r\nhello\r\n".encode()


@pytest.mark.parametrize(
    ("raw", "recipient", "options"),
    [
        (HELLO, "ann@demo.test", f"SIZE={len(HELLO)}"),
        (EIGHT_BIT, "ann@demo.test", "SIZE=27 BODY=8BITMIME"),
        (UTF8_HEADER, "ann@demo.test", "SIZE=27 BODY=8BITMIME SMTPUTF8"),
        (HELLO, "änn@demo.test", f"SIZE={len(HELLO)} SMTPUTF8"),
    ],
)
def test_the_server_is_told_what_a_mail_needs(raw: bytes, recipient: str, options: str) -> None:
    async def story(server: ScriptedSmtp, postman: SmtpPostman) -> None:
        await succeeds(postman, Envelope(ANN.mail_from, recipient, raw))

    assert play(story).lines[1:3] == [f"MAIL FROM:<{ANN.mail_from}> {options}", f"RCPT TO:<{recipient}>"]


@pytest.mark.parametrize(
    ("raw", "recipient", "reason"),
    [
        (HELLO + b"x" * 200, "ann@demo.test", "the server takes 100"),
        (EIGHT_BIT, "ann@demo.test", "8BITMIME"),
        (b"Subject: x\r\n\r\n", "änn@demo.test", "SMTPUTF8"),
    ],
)
def test_what_the_server_cannot_take_fails_for_good_before_it_is_asked(raw: bytes, recipient: str, reason: str) -> None:
    async def story(server: ScriptedSmtp, postman: SmtpPostman) -> None:
        failure, asked = await fails(postman, Envelope(ANN.mail_from, recipient, raw))
        assert (failure.permanent, failure.phase, asked) == (True, Phase.MAIL, 0)
        assert reason in failure.reason
        await succeeds(postman)

    assert play(story, ScriptedSmtp(["SIZE 100"])).verbs().count("MAIL") == 1


@pytest.mark.parametrize(
    ("reply", "needs_person"), [("535 5.7.8 wrong", True), ("454 4.7.0 Temporary authentication failure", False)]
)
def test_a_refused_login_is_about_the_desk_and_the_mail_waits(reply: str, needs_person: bool) -> None:
    async def story(server: ScriptedSmtp, postman: SmtpPostman) -> None:
        server.replies["AUTH"] = [reply]
        failure, asked = await fails(postman)
        assert (failure.permanent, failure.phase, failure.code) == (needs_person, Phase.CONNECT, int(reply[:3]))
        assert asked == 0

    play(story, ScriptedSmtp(["AUTH PLAIN"]), user="support", password="secret")


def test_a_server_without_login_is_for_a_person_where_a_login_is_set() -> None:
    async def story(server: ScriptedSmtp, postman: SmtpPostman) -> None:
        failure, _ = await fails(postman)
        assert (failure.permanent, failure.phase) == (True, Phase.CONNECT)

    assert "MAIL" not in play(story, user="support", password="secret").verbs()


def test_the_token_is_asked_for_at_each_login() -> None:
    tokens = iter(["first", "second"])

    async def story(server: ScriptedSmtp, postman: SmtpPostman) -> None:
        await succeeds(postman)
        await postman.close()
        await succeeds(postman)

    server = play(
        story, ScriptedSmtp(["AUTH XOAUTH2"]), user="support", password=lambda: next(tokens), auth=Auth.XOAUTH2
    )
    logins = [line for line in server.lines if line.startswith("AUTH XOAUTH2")]
    assert len(set(logins)) == 2


def test_where_starttls_was_stripped_no_credential_is_said() -> None:
    async def story(server: ScriptedSmtp, postman: SmtpPostman) -> None:
        failure, _ = await fails(postman)
        assert (failure.permanent, failure.phase, "STARTTLS" in failure.reason) == (True, Phase.CONNECT, True)

    server = play(story, ScriptedSmtp(["AUTH PLAIN"]), security=Security.STARTTLS, user="support", password="secret")
    assert set(server.verbs()) <= {"EHLO", "QUIT"}


def test_a_server_that_is_not_there_is_a_passing_failure() -> None:
    failure, asked = asyncio.run(fails(SmtpPostman(SmtpSettings("127.0.0.1", 1, Security.NONE))))
    assert (failure.permanent, failure.unknown, failure.phase, asked) == (False, False, Phase.CONNECT, 0)


def test_two_mails_at_once_take_turns_on_one_connection() -> None:
    async def story(server: ScriptedSmtp, postman: SmtpPostman) -> None:
        await asyncio.gather(succeeds(postman), succeeds(postman))

    server = play(story)
    assert server.verbs() == ["EHLO", *["MAIL", "RCPT", "DATA"] * 2, "QUIT"]


def test_a_cancelled_delivery_does_not_confuse_the_next() -> None:
    async def story(server: ScriptedSmtp, postman: SmtpPostman) -> None:
        server.replies["RCPT"] = [HANG]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(succeeds(postman), 0.05)
        await succeeds(postman)

    assert play(story).connections == 2
