"""People who write about absence, holidays, automatic mail and bounces stay people; each row is a mail of our own."""

import pytest

from mailbot.mail.model import MailClass
from mailbot.mail.parse import parse
from tests.mail.letters import multipart, with_subject

ANSWER = "In-Reply-To: <x@desk.example>"

ABSENCE = [
    ("Out of office assistant does not work", "How do I switch it on? It says error 5."),
    ("Out of office", "Could you please set my out of office note? I will be away from Monday."),
    ("Out of office reply", "I am out of the office next week. Please switch on my absence note in Outlook."),
    ("Vacation", "I am on vacation from Monday. Please disable my badge until I return."),
    ("On leave", "I will be on leave in May. Can someone look after the shared mailbox?"),
    ("Ann is out of the office", "Who takes her tickets? The printer on floor 3 still waits."),
    ("Automatic reply cannot be set up", "Outlook says no."),
    ("Automatic reply: how do I switch it off?", "It still runs, although I am back. How do I stop it?"),
    ("Problem with automatic replies", "My colleague gets three of them for each mail she sends me."),
    ("Auto-reply loop", "Two mailboxes answer each other since this morning, I need help quickly."),
    ("Vacation calendar shared with the team", "The calendar does not open any more since Tuesday."),
    ("Vacation request form", "The form does not work in the new browser."),
    ("Holiday", "I will be away from Monday; please order the laptop before."),
    ("Holiday list 2025", "Attached is the list for the intranet. Thank you, Bob"),
    ("Sick leave and my account", "I will be on sick leave until June. My manager needs access to my folders."),
    ("Maternity leave", "I am leaving on Friday; please forward my phone to extension 212 and set an absence note."),
    ("Abwesenheitsnotiz einrichten", "Wie richte ich die Notiz ein?"),
    ("Abwesenheitsnotiz", "Können Sie mir bitte eine Abwesenheitsnotiz einrichten? Ich bin ab Montag im Urlaub."),
    ("Abwesenheit", "Ich brauche eine Vertretung im System, ich bin ab Montag nicht im Büro."),
    ("Urlaub", "Ab Montag bin ich im Urlaub, bitte stellen Sie mein Telefon auf Frau Beck um."),
    ("Automatische Antwort geht nicht", "Seit gestern funktioniert die automatische Antwort nicht mehr."),
    ("Nicht im Büro: Zugriff von zu Hause", "Ich möchte von zu Hause auf das Laufwerk zugreifen."),
    ("Absence du bureau", "Pourriez-vous activer mon message d'absence ? Je serai absent lundi."),
    ("Réponse automatique", "La réponse automatique ne fonctionne pas sur mon compte."),
    ("Congés", "Je suis en congés à partir de lundi, j'ai besoin d'un accès pour mon collègue."),
    ("Respuesta automática", "No funciona la respuesta automática. ¿Qué hago?"),
    ("Fuera de la oficina", "Necesito activar el mensaje, estaré de vacaciones desde el lunes."),
    ("Risposta automatica", "La risposta automatica non funziona dal mio telefono."),
    ("Resposta automática", "Preciso desligar a resposta automática, já voltei."),
    ("Afwezig", "Kunt u mijn afwezigheidsbericht aanzetten? Ik ben afwezig vanaf maandag."),
    ("Frånvaro", "Hur ställer jag in frånvaromeddelande? Jag är på semester från måndag."),
    ("Poissaolo", "Miten poissaoloviesti asetetaan? Olen lomalla maanantaista."),
    ("Nieobecność", "Jak ustawić automatyczną odpowiedź? Jestem na urlopie od poniedziałku."),
    ("自動返信について", "自動返信の設定方法を教えてください。来週は不在にします。"),
    ("自动回复", "请问怎么设置自动回复？我下周休假。"),
    (
        "Re: Automatic reply: Printer",
        "I know that she is away. Please send it to somebody else, the printer still waits.",
    ),
    ("Re: Printer", "I am out of the office until Monday, then you can come and look at it."),
    ("Re: Printer", "I will be back on Tuesday at ten. Leave the toner on my desk."),
    ("Re: Out of office", "Thanks, the note works now."),
    ("Re: Vacation", "I will return on 5 May; we can do the update in the week before."),
    ("Absences dataset", "I have to work with presences and absences; the number of absences is much higher."),
    ("Runs automatically", "Can the script be started automatically when the package is loaded?"),
    ("Automatic logout", "The system logs me out automatically after five minutes."),
    ("Fwd: Automatic reply: Invoice", "Why do I get this? I did not write to them."),
    ("Strange mail", "I got a mail that said: this is an automated message, click here. Is it phishing?"),
    ("Contact form", "This message was sent through the contact form.\n\nThe door on floor 2 does not open."),
    ("Your message", "Thank you for your message. Could you come on Thursday instead? I am in a meeting today."),
    ("Thanks", "Thank you for contacting the supplier. It works again."),
]
BOUNCES = [
    ("Undeliverable mail", "Hi, I get such messages when I write to eve@example.net. What is wrong? Ann"),
    ("Mail delivery failed", "Every mail to our partner comes back, user unknown they say. Please help."),
    ("Quota exceeded", "My mailbox is full, please give me more room."),
    ("Re: Delivery failure", "I still get these, see below."),
    ("Bounce", "My mail to bob@example.net bounced.\n\n<bob@example.net>: 550 5.1.1 User unknown"),
    ("Mail returned", "I wrote to a customer and got this:\n\n> <bob@example.net>: host mx said: 550 5.7.1 blocked"),
    (
        "Message not delivered",
        "What does this mean?\n\nYour message could not be delivered to bob@example.net\n550 5.7.1",
    ),
    ("Rejected", "The finance system rejected my expense report again."),
    ("Delivery error", "The parcel with the new monitors went to the wrong building."),
    ("Delivery notification", "The toner arrived today, thank you."),
    ("Undelivered parcel", "The courier could not deliver the parcel to room 210."),
    ("User unknown", "When I log in it says user unknown. My name is bob@example.net"),
    ("Unzustellbar", "Meine Mails an kunde@example.net kommen zurück, was kann ich tun?"),
    ("Mail kommt zurück", "Ihre Nachricht konnte nicht zugestellt werden, steht da. Was heißt das?"),
    ("Échec de remise", "Bonjour, tous mes mails à client@example.net reviennent avec cette erreur."),
    ("Mail no entregado", "Hola, recibo este mensaje cuando escribo a cliente@example.net. ¿Qué pasa?"),
    ("Mailbox full", "Hello, since today I cannot send anything, it says over quota."),
    (
        "Fwd: failure notice",
        "Hello,\n\nmy question did not reach the list, so here it is again: how do I print in color?",
    ),
    ("Message delayed", "My mail to the bank is delayed, they say they still have not got it."),
    ("Spam report", "I got ten of these today. Can you block the sender?"),
    ("DMARC", "Our partner asks for a DMARC report about our domain. Where do I find it?"),
    ("Report from the domain controller", "It shows errors since yesterday, see the picture."),
]


@pytest.mark.parametrize(("subject", "body"), ABSENCE + BOUNCES)
def test_a_person_who_writes_about_machines_stays_a_person(subject: str, body: str) -> None:
    fields = [ANSWER] if subject.startswith("Re:") else []
    assert parse(with_subject(subject, body, *fields)).class_ is MailClass.HUMAN


@pytest.mark.parametrize("sender", ["Max Tanaka <mtanaka@example.org>", "Mia Taylor <mtaylor@example.org>",
                                    "Ron Rooter <rooter@example.org>", "Nora <noreen.plyer@example.org>",
                                    "Cron Bauer <cronbauer@example.org>", "Ute <mailerbau@example.org>"])  # fmt: skip
def test_a_person_whose_address_begins_like_a_machines_stays_a_person(sender: str) -> None:
    assert parse(with_subject("Printer", "It does not print.", sender=sender)).class_ is MailClass.HUMAN


def test_a_person_who_forwards_a_bounce_with_its_parts_stays_a_person() -> None:
    status = "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; " + (
        "eve@example.net\nAction: failed\nStatus: 5.1.1\n"
    )
    field, body = multipart("mixed", "Content-Type: text/plain\n\nWhat is this?", status)
    assert parse(with_subject("Fwd: Undelivered Mail", body, field)).class_ is MailClass.HUMAN
