"""Terms: what is left of a sentence for matching (information retrieval): folded words without stop words, stemmed.

The stemmer strips inflection only ("passwords" → "password", "Druckern" → "druck"), both sides alike; it need not be
right, only equal. Words that ask ("when", "how") stay, they tell
one need from another. Stop words and endings are the only words of a language that stand in code; all others are the
admin's lists.
"""

from __future__ import annotations

from mailbot.triage.words import split_words

_STOP_WORDS = {
    "en": """a about after again all also am an and any are as at be because been before being but by can could
        did do does doing for from get give go had has have he her here hi hello dear his i if in
        into is it its just ll let like m me more much my now of off on once one only or our out
        over own please re s she should so some such t than thank thanks that the their them then
        there these they this those to too under up ve very want was we were what while whom will
        with would you your yours help need know tell regards best kind""",
    "de": """ab aber alle als also am an auch auf aus bei beim bin bis bist bitte da dann das dass de dein dem
        den denn der des die dies diese dieser dieses doch du durch ein eine einem einen einer eines
        er es etwas euch fuer gibt habe haben hallo hat hatte ich ihm ihn ihr ihre im in ins ist ja
        jetzt kann koennen koennt man mein meine meinem meinen meiner mich mir mit nach noch nun nur
        ob oder ohne schon sehr sein seit sich sie sind so ueber um und uns unser unsere vom von vor
        war was wenn werde werden wie wieder will wir wird wollen wurde zu zum zur danke gruesse
        gruss guten tag freundlichen liebe viele moechte muss geht""",
}
_STOP = {language: frozenset(words.split()) for language, words in _STOP_WORDS.items()}
_STOP_ANY = frozenset().union(*_STOP.values())
_ENDINGS = {
    "en": ("ingly", "edly", "ings", "ies", "ing", "ed", "ly", "es", "s", "e"),
    "de": ("ungen", "ern", "ung", "em", "en", "er", "es", "st", "e", "n", "s", "t"),
}
_STEM_LENGTH_MIN = 3


def find_terms(text: str, language: str) -> tuple[str, ...]:
    """The terms of `text`, in their order, repeated as they repeat."""
    stop = _STOP.get(language, _STOP_ANY)
    words = (word.text for word in split_words(text))
    return tuple(stem(word, language) for word in words if word[0].isalnum() and word not in stop)


def stem(word: str, language: str) -> str:
    """`word` without its inflection; words with digits and languages without a table stay as they are."""
    if any(letter.isdigit() for letter in word):
        return word
    for ending in _ENDINGS.get(language, ()):
        if word.endswith(ending) and len(word) - len(ending) >= _STEM_LENGTH_MIN:
            return _undouble(word[: -len(ending)] + ("y" if ending == "ies" else ""))
    return word


def _undouble(stemmed: str) -> str:
    """ "dropp" (from "dropping") and "drop" are one term."""
    if len(stemmed) > _STEM_LENGTH_MIN and stemmed[-1] == stemmed[-2] and stemmed[-1] not in "aeiou":
        return stemmed[:-1]
    return stemmed
