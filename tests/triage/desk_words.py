"""The desk of a small publishing house, for the tests of triage: its services, rules and words."""

from mailbot.triage.assessment import Kind, Level, Priority
from mailbot.triage.conditions import make_condition
from mailbot.triage.patterns import compile_pattern
from mailbot.triage.policy import FactWanted, FaqPolicy, Rule, Service, TriagePolicy, Words

ENGLISH = Words(
    language="en",
    disruption=("does not work", "broken", "error*", "no connection", "is down", "no longer works"),
    no_disruption=("no more errors", "works fine", "not broken"),
    request=("i would like", "could you order"),
    question=("how do i", "how can i", "where do i"),
    urgent=("urgent", "deadline today"),
    not_urgent=("not urgent", "no hurry"),
    many_affected=("our team", "# people", "# colleagues"),
    everyone_affected=("everyone", "whole company"),
    already_tried=("already tried", "did not help"),
    work_order=("please create", "please move"),
    negation=("no", "not", "never"),
)
GERMAN = Words(
    language="de",
    disruption=("geht nicht", "störung", "fehler*", "stürzt ab", "keine verbindung"),
    no_disruption=("kein fehler", "läuft einwandfrei"),
    request=("ich hätte gern", "bitte bestellen"),
    question=("wie kann ich", "wie setze ich", "wo finde ich"),
    urgent=("dringend", "eilt"),
    not_urgent=("nicht dringend", "eilt nicht"),
    many_affected=("unsere abteilung", "# kollegen"),
    everyone_affected=("alle standorte", "niemand kann"),
    already_tried=("schon versucht", "schon probiert"),
    work_order=("bitte richten sie", "bitte legen sie"),
    negation=("kein*", "nicht"),
)
SERVICES = {
    service.name: service
    for service in (
        Service(
            "Typesetting",
            {"en": "Typesetting"},
            "prepress",
            words=("typeset*", "layout", "satz*"),
            facts=(
                FactWanted("book", {}, {}, (compile_pattern(r"/\bBK-(\d{4})\b/"),)),
                FactWanted("page", {}, {}, (compile_pattern(r"/page \d+/"),), required=False),
                FactWanted("machine", {}, {}, (compile_pattern("imac-*"),)),
            ),
        ),
        Service("Web site", {"en": "Web site"}, "web", impact=Level.MEDIUM, words=("web site", "webseite")),
        Service("Printing", {"en": "Printing"}, "workplace", words=("printer", "drucker")),
    )
}
RULES = (
    Rule("ISBN", (make_condition("text", ["isbn"]),), kind=Kind.REQUEST, group="rights", urgency=Level.LOW),
    Rule("Printers of the bindery", (make_condition("text", ["bindery"]),), service="Printing", impact=Level.MEDIUM),
    Rule("Anything from the bindery", (make_condition("from", ["@bindery.example"]),), group="web"),
)
LEVELS = (Level.LOW, Level.MEDIUM, Level.HIGH)
_BY_SUM = (Priority.P4, Priority.P4, Priority.P3, Priority.P2, Priority.P1)
MATRIX = {(impact, urgency): _BY_SUM[impact.rank + urgency.rank] for impact in LEVELS for urgency in LEVELS}
POLICY = TriagePolicy(
    services=SERVICES,
    rules=RULES,
    words={"en": ENGLISH, "de": GERMAN},
    matrix=MATRIX,
    default_group="desk",
    faq=FaqPolicy(mode="answer"),
)
GROUPS = {"prepress", "web", "workplace", "rights", "desk"}
