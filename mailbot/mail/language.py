"""Which of the configured languages a text is in, by its commonest words and letters.

Function words make up half of any text, so a short list of them decides; a text without enough of them has no language.
"""

from __future__ import annotations

import math
import re

_WORDS = {
    "en": "the and to of is in it you that for on with this have not are be my we can i at please hi hello dear"
    " thanks thank from was or"
    " but has will your as an if do does when what how no any me our would could there cannot can't don't it's"
    " i'm since help",
    "de": "der die das und ist nicht ich sie wir mit auf für ein eine einen dem den des zu von im in es bitte"
    " hallo guten tag danke vielen"
    " dank noch auch kann mein meine meinem meiner bei aber wie wird werden hat habe haben seit nach mehr wenn am"
    " an um uns ihnen ihr sehr"
    " geehrte geehrter damen herren grüße gruß mir keine kein leider als oder nur war wieder sich dass da geht"
    " liebe lieber",
    "fr": "le la les des et est pas je vous nous une un pour avec que qui dans sur bonjour merci mon ma mes ce"
    " cette ne du au aux en il elle plus"
    " mais ou par votre notre depuis être avoir suis ai peut ça cordialement comme très bien aussi fait",
    "es": "el la los las y es no que de en un una por para con mi su se lo hola gracias buenos días pero como más"
    " este esta está he ha tengo"
    " puedo favor saludos desde cuando muy también hay nos usted ustedes estimado quiero del al",
    "it": "il lo la gli le e è non che di in un una per con mi si sono ho ha buongiorno grazie ma come più questo"
    " questa da dal della nel"
    " anche quando saluti vi ci posso essere del al",
    "nl": "de het een en is niet ik u we wij met op voor van in te dat die er zijn hebben heb bedankt hallo"
    " goedemorgen groet vriendelijke maar"
    " ook kan mijn wordt naar aan om bij geen als nog",
    "pt": "o a os as e é não que de em um uma por para com meu minha se obrigado olá bom dia mas como mais este"
    " esta está tenho posso"
    " favor desde quando muito também do da no na ao",
    "sv": "och att det är inte jag en ett på för med som i av den till vi har kan hej tack men om när från min"
    " mitt hälsningar så ni",
    "pl": "i w nie na się z do to że jest jak mam proszę dzień dobry dziękuję ale o od po czy moje mój jestem nam",
}
_LETTERS = {"de": "äöüß", "fr": "éèàçêœ", "es": "ñ¿¡ó", "sv": "åäö", "pt": "ãõç", "pl": "ąęłśżź"}
_SETS = {language: frozenset(words.split()) for language, words in _WORDS.items()}
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_TEXT_LETTERS = 4_000
_LEAST_SHARE = 0.12


def detect_language(text: str, languages: tuple[str, ...] = ("en", "de", "fr", "es")) -> str:
    """ISO 639-1 code of one of `languages`, or "" where the text is too short or none fits."""
    words = [word.replace("’", "'") for word in _WORD.findall(text[:_TEXT_LETTERS].lower())]
    if not words:
        return ""
    scores = {language: _score(language, words, text[:_TEXT_LETTERS]) for language in languages if language in _SETS}
    ranked = sorted(scores, key=lambda language: scores[language], reverse=True)
    if not ranked or scores[ranked[0]] / len(words) < _LEAST_SHARE:
        return ""
    tied = len(ranked) > 1 and scores[ranked[0]] == scores[ranked[1]]
    return "" if tied else ranked[0]


def _score(language: str, words: list[str], text: str) -> float:
    """Hits; a word of few of the languages says more than one of many, and letters of its own speak for a language."""
    hits: float = sum(
        1.0 / math.sqrt(sum(word in one for one in _SETS.values())) for word in words if word in _SETS[language]
    )
    letters = sum(text.lower().count(letter) for letter in _LETTERS.get(language, ""))
    return hits + min(letters, len(words)) * 0.3
